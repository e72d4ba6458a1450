"""Readings and events of an export as the observables and actions of a kind: units converted once, nothing lost.

A reading goes to the observable with its LOINC code whose noise serves the sensor; an event to the action type of its
name, field by field. What the kind has no place for is kept aside with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.core.action import Action
from vitruvian.core.errors import KindError, ParseError, VitruvianError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import Observable
from vitruvian.core.units import convert
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, Reading
from vitruvian.platform.instant import text
from vitruvian.platform.store import Deed, Observation

# LOINC: 99504-3 glucose in interstitial fluid; 2339-0 in blood, 41653-7 in capillary blood by glucometer, 2345-7 plasma
CODES = {INTERSTITIAL: ("99504-3", "2339-0"), BLOOD: ("41653-7", "2339-0", "2345-7")}
NAMES = {INTERSTITIAL: ("glucose",), BLOOD: ("blood_glucose", "capillary_glucose")}
# the same field under other names
ALIASES = (
    frozenset({"carbohydrate", "carbohydrates", "carbs"}),
    frozenset({"fibre", "fiber"}),
    frozenset({"units", "dose", "amount"}),
    frozenset({"formulation", "kind", "insulin_type"}),
    frozenset({"mets", "intensity"}),
)
WORDS = (frozenset({"fast", "rapid", "bolus"}), frozenset({"basal", "long", "slow"}))
# Classes: light 1.6 to 2.9, moderate 3.0 to 5.9, vigorous 6.0 METs and more (Ainsworth et al., Med Sci Sports Exerc
# 2011;43:1575); the values within them are assumed.
METS = {"light": 2.3, "medium": 4.5, "moderate": 4.5, "heavy": 8.0, "vigorous": 8.0}


@dataclass(frozen=True)
class Rows:
    """A batch, mapped."""

    observations: tuple[Observation, ...]
    deeds: tuple[Deed, ...]
    kept_aside: tuple[Aside, ...]


class Mapper:
    """Maps the items of one file for one kind; remembers what it could not use."""

    def __init__(self, kind: AbstractKind, file: str) -> None:
        self.kind, self.file = kind, file
        self.mapped = 0
        self.refused: Aside | None = None  # the first
        self._unused: Counter[str] = Counter()
        self._assumed: set[str] = set()
        self._seen: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
        self._observables: dict[tuple[str, str], Observable | KindError] = {}
        self._doubled = 0

    def batch(self, readings: Sequence[Reading], events: Sequence[Event]) -> Rows:
        """The rows to be stored."""
        made = [self.map(item) for item in (*readings, *events)]
        return Rows(
            tuple(m for m in made if isinstance(m, Observation)),
            tuple(m for m in made if isinstance(m, Deed)),
            tuple(m for m in made if isinstance(m, Aside)),
        )

    def map(self, item: Reading | Event) -> Observation | Deed | Aside | None:
        """One item; None for an event that the file says twice."""
        try:
            made = self._reading(item) if isinstance(item, Reading) else self._event(item)
        except VitruvianError as err:
            column = item.type if isinstance(item, Event) else "glucose" if item.what in CODES else item.what
            aside = Aside(self.file, item.line, column, item.raw, err.what, err.fix or "nothing to do")
            self.refused = self.refused or aside
            return aside
        self.mapped += 1
        return made

    def check(self) -> None:
        """ParseError when something was refused and nothing mapped."""
        first = self.refused
        if first is not None and not self.mapped:
            raise ParseError(
                f"nothing in it is for a {self.kind.name} twin: {first.reason}",
                where=f"{self.file}, line {first.line}",
                fix=first.fix,
            )

    def notes(self) -> tuple[str, ...]:
        """For the report."""
        said = [f"{count} x {name}: the kind has no such field" for name, count in self._unused.items()]
        said += [f"{self._doubled} events stand twice in the file, with the same time and amounts"] * bool(
            self._doubled
        )
        return (*said, *sorted(self._assumed))

    def _reading(self, item: Reading) -> Observation:
        observable = self._observable(item.what, item.sensor)
        return Observation(
            reading_id="|".join((observable.name, item.sensor, item.device, text(item.utc_us))),
            observable=observable.name,
            valid_us=item.utc_us,
            value=float(convert(item.value, item.unit, observable.unit, "glucose" if item.what in CODES else "")),
            unit=observable.unit,
            known_us=item.known_us,
            limit=item.limit,
            sensor=item.sensor,
            device=item.device,
            row=str(item.line),
            raw=item.raw,
        )

    def _observable(self, what: str, sensor: str) -> Observable:
        if (what, sensor) not in self._observables:
            try:
                self._observables[what, sensor] = observable(self.kind, what, sensor)
            except KindError as err:
                self._observables[what, sensor] = err
        found = self._observables[what, sensor]
        if isinstance(found, KindError):
            raise found
        return found

    def _event(self, item: Event) -> Deed | None:
        cls = self.kind.action_type(item.type)
        body = self._body(cls, item)
        same = self._seen.setdefault((item.type, item.utc_us), [])
        if not item.id and body in same:
            self._doubled += 1
            return None
        same.append(body)
        place = f"{text(item.utc_us)}#{len(same)}" if len(same) > 1 else text(item.utc_us)
        return Deed(
            action_id=f"{item.type}|{item.id or place}",
            type=item.type,
            at_us=item.utc_us,
            body=body,
            known_us=item.known_us,
            row=str(item.line),
            raw=item.raw,
        )

    def _body(self, cls: type[Action], item: Event) -> dict[str, Any]:
        known = infos(cls)
        given: dict[str, Any] = {}
        for name, (value, unit) in item.amounts.items():
            own = _own(name, known)
            if own is None:
                self._unused[f"{item.type} {name}"] += 1
            else:
                given[own] = float(convert(value, unit or known[own].unit, known[own].unit))
        for name, word in item.words.items():
            given |= self._word(cls, name, word, given)
        body = cls.from_json({**given, "at": 0.0}).to_json()
        return {name: value for name, value in body.items() if name not in ("type", "at", "known_at")}

    def _word(self, cls: type[Action], name: str, word: str, given: Mapping[str, Any]) -> dict[str, Any]:
        known = infos(cls)
        own = _own(name, known)
        if name == "intensity" and own is not None and not known[own].choices:
            return {} if own in given else {own: self._mets(word)}
        if own is None:
            if name == "formulation" and word in WORDS[1]:
                raise ParseError(f"a {cls.__name__} of this kind has no long-acting form", fix="nothing to do")
            return {}
        fits = next((group for group in WORDS if word in group), frozenset({word}))
        choice = next((c for c in known[own].choices if c in fits), word)
        return {own: choice}

    def _mets(self, word: str) -> float:
        if word not in METS:
            raise ParseError(f"exercise intensity '{word}' is not known", fix="give it in METs, column mets")
        self._assumed.add(f"'{word}' exercise is taken as {METS[word]:g} METs (assumed)")
        return METS[word]


def observable(kind: AbstractKind, what: str, sensor: str) -> Observable:
    """The observable of this kind that such a reading is of; KindError when there is none or no noise serves it."""
    if what not in CODES:  # a table that names the kind's own observables
        named = kind.observable(what)
        kind.noise(what, sensor)
        return named
    by_code = [o for code in CODES[what] for o in kind.observables if o.code == code]
    by_name = [o for name in NAMES[what] for o in kind.observables if o.name == name]
    for found in (*by_code, *by_name):
        if any(n.observable == found.name and n.sensor in (sensor, "") for n in kind.noises):
            return found
    raise KindError(
        f"kind '{kind.name}' does not see {what} by sensor '{sensor}'",
        where=f"kind '{kind.name}'",
        fix="nothing to do" if by_code or by_name else "choose a kind that observes glucose",
    )


def _own(name: str, known: Mapping[str, Any]) -> str | None:
    """The kind's name of a field."""
    if name in known:
        return name
    return next((own for group in ALIASES if name in group for own in group if own in known), None)
