"""What loops answers: courses over a beat with bands, loops, and numbers with intervals, an option beside another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError
from vitruvian.core.section import Section
from vitruvian.models.beats import Loop, Told, Trace
from vitruvian.verbs.compare import AS_PLANNED
from vitruvian.verbs.result import Basis, weighted_quantile

DRAWN = 12  # members whose loops are drawn, in JSON and pictures
HEAD = ("of one beat", "median (90 % interval)", "unit", "usual")
BANDS = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


@dataclass(frozen=True, eq=False)
class Shown:
    """One option's beats: traces (step, member), period and numbers (member,)."""

    period: np.ndarray
    traces: Mapping[str, np.ndarray]
    numbers: Mapping[str, np.ndarray]
    moved: float


@dataclass(frozen=True, eq=False)
class Loops:
    """The beat at time `at` under each option, for the same members. moved: mL by which a beat still changed."""

    kind: str
    at: float
    origin: Origin
    traces: tuple[Trace, ...]
    loops: tuple[Loop, ...]
    told: tuple[Told, ...]
    options: Mapping[str, Shown]
    weights: np.ndarray
    basis: Basis
    warnings: tuple[str, ...] = ()
    source: str = ""
    points: int = 100
    disclaimer: str = field(default="A simulation for research use.", repr=False)

    def number(self, name: str, option: str = AS_PLANNED) -> np.ndarray:
        """A number that the beat tells, (member,)."""
        values = self._option(option).numbers
        if name not in values:
            raise FieldError(f"the beat tells no '{name}'", where="loops", fix=f"use {', '.join(values)}")
        return values[name]

    def interval(self, name: str, option: str = AS_PLANNED) -> tuple[float, float, float]:
        """Its median and 90 % interval: (5 %, 50 %, 95 %)."""
        return self._quantiles(self.number(name, option))

    def difference(self, name: str, option: str) -> tuple[float, float, float]:
        """The option's number less that as planned, member by member: (5 %, 50 %, 95 %)."""
        return self._quantiles(self.number(name, option) - self.number(name))

    def band(self, trace: str, option: str = AS_PLANNED, points: int | None = None) -> dict[str, np.ndarray]:
        """Quantiles over members of a course, at `points` even shares of the beat (default: the kind's own)."""
        values = self._thinned(self._option(option).traces[trace], points or self.points)
        ranked = np.moveaxis(values, 1, 0)
        return {name: weighted_quantile(ranked, self.weights, q) for name, q in BANDS.items()}

    def members(self, trace: str, option: str = AS_PLANNED, points: int | None = None) -> np.ndarray:
        """Courses (member, point) of the DRAWN members that lie evenly through the ensemble."""
        values = self._thinned(self._option(option).traces[trace], points or self.points)
        return values[:, self.drawn].T

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the members that are drawn, by their first number, from low to high."""
        first = next(iter(self._option(AS_PLANNED).numbers.values()))
        places = np.linspace(0.5, len(first) - 0.5, min(DRAWN, len(first)), endpoint=False)
        return np.unique(np.argsort(first, kind="stable")[places.astype(int)])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: per option courses with bands, members' courses, and numbers with 90 % intervals."""
        out = {}
        for option, shown in self.options.items():
            numbers = {t.name: _named(self.interval(t.name, option)) for t in self.told}
            told: dict[str, Any] = {
                "period": self._quantiles(shown.period)[1],
                "traces": {t.name: _rounded(self.band(t.name, option)) for t in self.traces},
                "members": {t.name: np.round(self.members(t.name, option), 2).tolist() for t in self.traces},
                "numbers": numbers,
                "moved": shown.moved,
            }
            if option != AS_PLANNED:
                told["differences"] = {t.name: _named(self.difference(t.name, option)) for t in self.told}
            out[option] = told
        return {
            "kind": self.kind,
            "at": self.origin.moment(self.at).isoformat(),
            "traces": [vars(t) for t in self.traces],
            "loops": [vars(p) for p in self.loops],
            "told": [{**vars(t), "usual": None if t.usual is None else list(t.usual)} for t in self.told],
            "options": out,
            "members": len(self.weights),
            "basis": self.basis.to_json(),
            "warnings": list(self.warnings),
            "source": self.source,
            "disclaimer": self.disclaimer,
        }

    def sections(self) -> tuple[Section, ...]:
        """Of a report: a section a loop, with its picture and numbers as planned, and the whole circulation's."""
        out = []
        for loop in (*self.loops, None):
            of = "" if loop is None else loop.name
            rows = tuple(self._row(t) for t in self.told if t.of == of)
            if loop is None:
                out.append(Section("The beat as a whole", (self.source,), HEAD, rows))
                continue
            shows = f"Pressure against volume over one beat of the {loop.meaning}: median and members"
            title, said = f"Pressure-volume loop: {loop.meaning}", (f"{len(self.weights)} members of the belief.",)
            out.append(Section(title, said, HEAD, rows, partial(self.plot, loop.name), shows))
        return tuple(out)

    def _row(self, told: Told) -> tuple[str, ...]:
        low, middle, high = self.interval(told.name)
        usual = "" if told.usual is None else f"{told.usual[0]:g} to {told.usual[1]:g}"
        unit = "" if told.unit == "1" else told.unit
        return (told.meaning.partition(":")[0], f"{middle:.3g} ({low:.3g} to {high:.3g})", unit, usual)

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Each option's loop: the median heart's, and some members' behind it (matplotlib axes)."""
        from vitruvian.verbs.plots import COLOURS, axes

        ax = axes(ax)
        chosen = next((p for p in self.loops if p.name == name), self.loops[0])
        units = {t.name: t.unit for t in self.traces}
        for colour, option in zip(COLOURS * len(self.options), self.options, strict=False):
            for x, y in zip(self.members(chosen.x, option), self.members(chosen.y, option), strict=True):
                ax.plot(*_closed(x, y), color=colour, lw=0.6, alpha=0.3)
            x, y = self.band(chosen.x, option)["q50"], self.band(chosen.y, option)["q50"]
            ax.plot(*_closed(x, y), color=colour, lw=2, label=option)
        ax.set(xlabel=f"volume [{units[chosen.x]}]", ylabel=f"pressure [{units[chosen.y].replace('[Hg]', 'Hg')}]")
        ax.set_title(f"{self.kind}: {chosen.meaning}, median and members. {self.disclaimer}", fontsize=9)
        ax.legend(frameon=False)
        return ax

    def _option(self, name: str) -> Shown:
        if name not in self.options:
            raise FieldError(f"there is no option '{name}'", where="loops", fix=f"use {', '.join(self.options)}")
        return self.options[name]

    def _quantiles(self, values: np.ndarray) -> tuple[float, float, float]:
        low, middle, high = (float(weighted_quantile(values, self.weights, q)) for q in (0.05, 0.5, 0.95))
        return low, middle, high

    def _thinned(self, values: np.ndarray, points: int) -> np.ndarray:
        """(point, member): linear in time between the beat's steps."""
        at = np.arange(points) * (len(values) / points)
        low = at.astype(int)
        share = (at - low)[:, None]
        return (1.0 - share) * values[low] + share * values[(low + 1) % len(values)]


def _closed(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.append(x, x[0]), np.append(y, y[0])


def _named(interval: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("q05", "q50", "q95"), interval, strict=True))


def _rounded(bands: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: np.round(values, 2).tolist() for name, values in bands.items()}
