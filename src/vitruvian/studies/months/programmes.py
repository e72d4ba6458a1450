"""Programmes side by side: weight, HbA1c, time in range, remission, and what each costs by the user's own prices."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import ParseError
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic_slow.questions import Programme
from vitruvian.models.glucose_medicines import MEDICINES
from vitruvian.verbs.compare import AS_PLANNED, compare
from vitruvian.verbs.result import Forecast

DAY, MONTH = 86400.0, 30.4 * 86400.0
REMISSION = 6.5  # % HbA1c without medicines for glucose: Riddle, Diabetes Care 44:2438 (2021)
SHOWN = ("weight", "hba1c", "time_in_range", "triglycerides")


@dataclass(frozen=True)
class Prices:
    """What a month of each action costs, by its name in small letters, whatever its dose."""

    month: Mapping[str, float]
    currency: str = ""

    @classmethod
    def read(cls, text: str, currency: str = "") -> Prices:
        """From CSV with the columns item and month: item names an action (metformin, diet, move, nights)."""
        known = {m.__name__.lower() for m in MEDICINES} | {"diet", "move", "nights"}
        month: dict[str, float] = {}
        for line, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
            item = (row.get("item") or "").strip().lower()
            if item not in known:
                names = ", ".join(sorted(known))
                raise ParseError(f"'{item}' has no price here", where=f"prices, line {line}", fix=f"use {names}")
            try:
                month[item] = float(row.get("month") or "")
            except ValueError:
                raise ParseError("has no number under 'month'", where=f"prices, line {line}", fix="e.g. 4.50") from None
        if not month:
            raise ParseError("no price is there", where="prices", fix="head the columns item,month")
        return cls(month, currency)

    def of(self, case: Case, start: float, end: float) -> float:
        """Cost of what is taken and done from start to end (s); what has no price counts as 0: see `lacking`."""
        total = 0.0
        for spans in _held(case, start, end).values():
            total += sum(self.month.get(name, 0.0) * (b - a) / MONTH for name, a, b in spans)
        return total

    def lacking(self, case: Case, start: float, end: float) -> tuple[str, ...]:
        """What is done and has no price."""
        names = {name for spans in _held(case, start, end).values() for name, _, _ in spans}
        return tuple(sorted(names - set(self.month)))


@dataclass(frozen=True)
class Row:
    """One programme at the end: median and 90 % of each of SHOWN, probability of remission, cost."""

    name: str
    values: Mapping[str, tuple[float, float, float]]
    remission: float
    cost: float | None
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Programmes:
    """All programmes, the lowest median HbA1c first; what may not be done last."""

    months: float
    currency: str
    rows: tuple[Row, ...]
    units: Mapping[str, str]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        rows = [
            {
                "name": r.name,
                **{n: dict(zip(("q05", "q50", "q95"), v, strict=True)) for n, v in r.values.items()},
                "remission": r.remission,
                "cost": r.cost,
                "refused": list(r.refused),
            }
            for r in self.rows
        ]
        units = dict(self.units)
        return {
            "months": self.months,
            "currency": self.currency,
            "unit": units,
            "programmes": rows,
            "notes": self.notes,
        }

    def plot(self, name: str = "hba1c", ax: Any = None) -> Any:
        """Median and 90 % of one value under each programme (matplotlib axes)."""
        import matplotlib.pyplot as plt

        axes = plt.subplots()[1] if ax is None else ax
        low, middle, high = np.array([r.values[name] for r in self.rows]).T
        axes.errorbar(middle, [r.name for r in self.rows], xerr=[middle - low, high - middle], fmt="o")
        axes.set_xlabel(f"{name.replace('_', ' ')} ({self.units[name]}) after {self.months:g} months")
        return axes


@dataclass(frozen=True)
class Outlook:
    """As planned, at so many months: {name: {months: (5 %, median, 95 %)}}, and probability of remission."""

    values: Mapping[str, Mapping[float, tuple[float, float, float]]]
    remission: Mapping[float, float]
    units: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        told = {
            n: {f"{m:g}": dict(zip(("q05", "q50", "q95"), v, strict=True)) for m, v in by.items()}
            for n, by in self.values.items()
        }
        remission = {f"{m:g}": p for m, p in self.remission.items()}
        return {
            "unit": dict(self.units),
            "months": told,
            "remission": remission,
            "label": "a simulation for research use",
        }


def outlook(twin: Twin, months: Sequence[float] = (3.0, 6.0, 12.0), *, seed: int = 0) -> Outlook:
    """Weight, HbA1c, time in range and triglycerides ahead, as planned."""
    start = twin.believed().at
    times = [start + m * MONTH for m in months]
    told = _told(twin, {}, times, seed)[AS_PLANNED]
    values = {n: {m: _band(told[n].values[:, k], told[n].weights) for k, m in enumerate(months)} for n in SHOWN}
    remission = {m: _remission(told, k) for k, m in enumerate(months)}
    return Outlook(values, remission, {n: twin.kind.unit_of(n) for n in SHOWN})


def programmes(twin: Twin, asked: Programme, prices: Prices | None = None, *, seed: int = 0) -> Programmes:
    """The options of the ready question `Programme` beside what is planned."""
    start = twin.believed().at
    choice = asked.choice(twin.case, start)
    end = start + choice.horizon
    told = _told(twin, choice.options, [end], seed)
    rows, lacking = [], set()
    for name, forecast in told.items():
        plan = choice.options.get(name, ())
        case = twin.case.plus(*plan)
        if prices is not None:
            lacking |= set(prices.lacking(case, start, end))
        values = {n: _band(forecast[n].values[:, 0], forecast[n].weights) for n in SHOWN}
        cost = None if prices is None else prices.of(case, start, end)
        rows.append(Row(name, values, _remission(forecast, 0), cost, twin.kind.refusals(case, plan)))
    rows.sort(key=lambda r: (bool(r.refused), r.values["hba1c"][1]))
    notes = [f"Remission: HbA1c below {REMISSION:g} % with no medicine for glucose."]
    if prices is None:
        notes.append("No prices were given: say --prices FILE with the columns item,month.")
    elif lacking:
        notes.append("Counted as 0, since no price was given: " + ", ".join(sorted(lacking)))
    units = {n: twin.kind.unit_of(n) for n in SHOWN}
    return Programmes(asked.months, prices.currency if prices else "", tuple(rows), units, tuple(notes))


def _told(
    twin: Twin, options: Mapping[str, Sequence[Action]], times: Sequence[float], seed: int
) -> Mapping[str, Forecast]:
    request = Request.of({n: list(times) for n in (*SHOWN, "medicines")})
    return compare(twin, options, request, seed=seed).options


def _remission(told: Forecast, k: int) -> float:
    well = (told["hba1c"].values[:, k] < REMISSION) & (told["medicines"].values[:, k] < 0.5)
    return float(told["hba1c"].weights @ well)


def _band(values: np.ndarray, weights: np.ndarray) -> tuple[float, float, float]:
    from vitruvian.verbs.result import weighted_quantile

    low, middle, high = (float(weighted_quantile(values, weights, q)) for q in (0.05, 0.5, 0.95))
    return low, middle, high


def _held(case: Case, start: float, end: float) -> dict[str, list[tuple[str, float, float]]]:
    """By type of action: (name, from, to) in which it is done between start and end."""
    out: dict[str, list[tuple[str, float, float]]] = {}
    kinds = sorted({type(a) for a in case.timeline}, key=lambda t: t.__name__)
    for one in kinds:
        mine = case.actions(one)
        name = one.__name__.lower()
        for k, a in enumerate(mine):
            until = mine[k + 1].at if k + 1 < len(mine) else end
            first, last = max(a.at, start), min(until, end)
            if last > first and _done(a):
                out.setdefault(name, []).append((name, first, last))
    return out


def _done(action: Action) -> bool:
    """Whether it is something at all: a dose, minutes, a diet that is kept."""
    for name in ("dose", "minutes", "hours", "change"):
        if hasattr(action, name):
            return getattr(action, name) != 0 or getattr(action, "control", 0.0) > 0
    return True
