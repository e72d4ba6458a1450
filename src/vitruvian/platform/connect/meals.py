"""Meals, insulin doses and exercise from a CSV table: a time and any of the amounts below, by their usual names.

    time,carbs_g,protein_g,fat_g,fibre_g,insulin_units,insulin_type,mets,duration_min,known_at,id

`food` may stand for the amounts of a meal: "Rice 100 g, egg 50 g" (models/food.py), where carbohydrate is not given.
A row may hold a meal and a dose. Amounts of zero and empty fields say nothing. `id` makes a row correctable: the same
id with another time or amount replaces it. Grams, international units and minutes are what the names mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vitruvian.core.errors import ParseError
from vitruvian.models.food import NUTRIENTS, parse_food
from vitruvian.platform.connect import number
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import Event, How, Item, Timed
from vitruvian.platform.connect.table import Row, Table, plain
from vitruvian.platform.connect.times import Times

_GRAMS = ("", " g", " (g)", " grams", " (grams)", " in g")
_UNITS = ("", " units", " unit", " u", " iu", " (u)", " (iu)", " (units)")


def _named(
    names: Sequence[str], endings: Sequence[str], meaning: tuple[str, str, str]
) -> dict[str, tuple[str, str, str]]:
    return {name + ending: meaning for name in names for ending in endings}


# plain column name -> (event, field, unit)
AMOUNTS = {
    **_named(("carbs", "carb", "carbohydrate", "carbohydrates", "cho"), _GRAMS, ("Meal", "carbohydrate", "g")),
    **_named(("protein", "proteins"), _GRAMS, ("Meal", "protein", "g")),
    **_named(("fat", "fats"), _GRAMS, ("Meal", "fat", "g")),
    **_named(("fibre", "fiber", "dietary fibre", "dietary fiber"), _GRAMS, ("Meal", "fibre", "g")),
    **_named(
        ("insulin", "bolus", "insulin dose", "fast insulin", "rapid insulin"), _UNITS, ("Insulin", "units", "[iU]")
    ),
    **_named(("mets", "met"), ("",), ("Exercise", "mets", "1")),
    **_named(("duration", "exercise"), (" min", " (min)", " minutes", " (minutes)"), ("Exercise", "duration", "min")),
    **_named(("duration", "exercise"), (" h", " (h)", " hours", " (hours)"), ("Exercise", "duration", "h")),
}
BASAL = tuple(
    name + end for name in ("basal", "basal insulin", "long insulin", "long acting insulin") for end in _UNITS
)
FORMULATION = ("insulin type", "insulin kind", "formulation", "insulin formulation")
FAST = ("fast", "rapid", "bolus", "fast acting", "rapid acting", "short", "meal", "correction")
SLOW = ("basal", "long", "long acting", "slow")
FOOD = ("food", "foods", "diet", "food text", "food eaten", "meal text", "meal description")
INTENSITY, KNOWN, ID = ("intensity", "exercise intensity"), ("known at", "logged at", "entered at"), ("id", "event id")


@dataclass(frozen=True)
class Amounts:
    """Where a table's amounts stand."""

    amounts: dict[int, tuple[str, str, str]]
    basal: int | None
    formulation: int | None
    intensity: int | None
    known: int | None
    id: int | None
    food: int | None

    @classmethod
    def of(cls, table: Table) -> Amounts:
        """By the columns' names."""
        found = {i: AMOUNTS[plain(h)] for i, h in enumerate(table.header) if plain(h) in AMOUNTS}
        others = (BASAL, FORMULATION, INTENSITY, KNOWN, ID, FOOD)
        return cls(found, *(table.column(*names) for names in others))

    @property
    def used(self) -> set[int]:
        """All columns that are read."""
        others = (self.basal, self.formulation, self.intensity, self.known, self.id, self.food)
        return {*self.amounts, *(c for c in others if c is not None)}

    def events(self, row: Row, wall: int, times: Times) -> Iterator[Event]:
        """The events of a row; ParseError names what cannot be read."""
        known = times.known(row, self.known) if row.get(self.known) else None
        made: dict[str, dict[str, tuple[float, str]]] = {}
        for column, (kind, name, unit) in self.amounts.items():
            if (value := _amount(row, column)) is not None:
                made.setdefault(kind, {})[name] = (value, unit)
        if row.get(self.food) and "carbohydrate" not in made.get("Meal", {}):
            made["Meal"] = {**eaten(row.get(self.food)), **made.get("Meal", {})}
        for kind, fields in made.items():
            if not any(value for value, _ in fields.values()):
                continue
            words = {}
            if kind == "Insulin":
                words = {"formulation": formulation(row.get(self.formulation))}
            elif kind == "Exercise" and row.get(self.intensity):
                words = {"intensity": row.get(self.intensity).lower()}
            yield Event(wall, 0, kind, fields, words, row.get(self.id), known, row.line, row.raw)
        if units := _amount(row, self.basal):
            dose = {"units": (units, "[iU]")}
            yield Event(wall, 0, "Insulin", dose, {"formulation": "basal"}, row.get(self.id), known, row.line, row.raw)


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are a time and amounts."""
    names = [plain(f) for f in fields]
    return Times.found(fields) and any(n in AMOUNTS or n in BASAL or n in FOOD for n in names)


class Meals:
    """The events of one table."""

    name = "meals and doses"

    def __init__(self, table: Table, how: How) -> None:
        self.table = table
        self._times = Times(table, how)
        self._amounts = Amounts.of(table)
        self._cut = Cut(table)
        self.notes: tuple[str, ...] = unused(table, self._times.used | self._amounts.used)

    def items(self) -> Iterator[Item]:
        """Every row as events, or kept aside."""
        self._times.settle()
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
                continue
            self._times.check_subject(row)
            if row.cut and self._cut.broken(row) is not None:
                self.notes += (f"line {row.line} has no line end: read as it stands, '{row.raw}'",)
            try:
                wall, offset = self._times.read(row)
                events = list(self._amounts.events(row, wall, self._times))
                if not events:
                    raise ParseError("no amount of carbohydrate, insulin or exercise", fix="give one, or leave it out")
                for event in events:
                    yield Timed(wall, offset, "events", None, event)
            except ParseError as err:
                yield self.table.aside(row, self._times.column, err.what, err.fix)


def eaten(text: str) -> dict[str, tuple[float, str]]:
    """Nutrients of food in grams; ParseError names foods that are not in the table: half a meal is no meal."""
    found = parse_food(text)
    if found.unknown:
        raise ParseError(
            f"not found in the food table, or without an amount: {', '.join(found.unknown)}",
            fix="give grams and a plainer name, or the carbohydrate itself",
        )
    return {name: (getattr(found, name), "g") for name in NUTRIENTS} if found.portions else {}


def formulation(said: str) -> str:
    """ "fast" or "basal"; nothing said means fast."""
    word = plain(said)
    if word in SLOW:
        return "basal"
    if word in FAST or not word:
        return "fast"
    raise ParseError(f"insulin type '{said}' is not known", fix="write fast or basal")


def unused(table: Table, used: set[int]) -> tuple[str, ...]:
    """A note on the columns that nobody reads."""
    names = [h for i, h in enumerate(table.header) if i not in used and h]
    return (f"columns not read: {', '.join(names)}",) if names else ()


def _amount(row: Row, column: int | None) -> float | None:
    text = row.get(column)
    if not text:
        return None
    value = number.number(text)
    if value < 0:
        raise ParseError(f"'{text}' is negative", fix="check the row")
    return value
