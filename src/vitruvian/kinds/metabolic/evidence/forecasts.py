"""Forecasts of real sensors from every native reading, cross-validated by subject: mechanism, hybrid, and what to beat.

Everything learned across people (population, forests, bands) is learned on the other folds, or on `data` when `test`
names other people (`others`). "own": the first three days of those who are tested join the forests; scored after them.
Computed once a process, for all claims of the family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.engines.boosting import Growth
from vitruvian.kinds.metabolic.evidence.asked import SENSOR, asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.lines import second_order
from vitruvian.kinds.metabolic.residual.columns import LEADS, Told, Wearer, origins
from vitruvian.kinds.metabolic.residual.correction import LEVELS, Ahead
from vitruvian.kinds.metabolic.residual.learning import Rows, learn_ahead, people_known, told_of

DAY, OWN = 86400.0, 3 * 86400.0
FOLDS, SEED = 5, 1
FEW = 10  # people of --quick
BOOSTING = Growth(trees=250, rate=0.04, leaves=31, least=60, columns=0.4)  # the baseline, tuned on the same data
LOW, HIGH = (int(np.argmin(np.abs(LEVELS - q))) for q in (0.05, 0.95))
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Scored:
    """Forecasts of one person at one lead (n,): origin, truth, and by method; bands (n,); after day 3 with own days."""

    subject: str
    status: str
    origin: np.ndarray
    now: np.ndarray
    truth: np.ndarray
    said: dict[str, np.ndarray]
    low: np.ndarray
    high: np.ndarray

    @property
    def late(self) -> np.ndarray:
        """Origins after the third day."""
        return self.origin >= self.origin[0] + OWN


@dataclass(frozen=True)
class Area:
    """Two-hour incremental areas of one person's meals (n,), mg/dL h: as it came, and by method; when."""

    subject: str
    at: np.ndarray
    came: np.ndarray
    said: dict[str, np.ndarray]


@dataclass(frozen=True)
class Family:
    """Everything that was forecast: by lead, one entry a person; meals' areas; what to say of who was asked."""

    scored: dict[float, list[Scored]]
    areas: list[Area]
    notes: tuple[str, ...] = ()

    def joined(self, lead: float, method: str, late: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Errors (n,) of a method at a lead, and whose they are."""
        parts = [(s.said[method] - s.truth, s.late, s.subject) for s in self.scored[lead]]
        errors = [e[m] if late else e for e, m, _ in parts]
        who = np.concatenate(
            [np.full(len(e), name, dtype=object) for e, (_, _, name) in zip(errors, parts, strict=True)]
        )
        return np.concatenate(errors), who

    def rmse(self, lead: float, method: str, late: bool = False) -> float:
        """Root mean square error, mg/dL."""
        return float(np.sqrt(np.mean(self.joined(lead, method, late)[0] ** 2)))


@cache
def family(data: Path, test: Path | None, quick: bool) -> Family:
    """All forecasts. Quick: ten people in two folds, four days each, every sixth origin."""
    cast = asked(data, test).few(FEW) if quick else asked(data, test)
    out = Family({lead: [] for lead in LEADS}, [], cast.notes)
    known, tested = wearers(cast.known, quick), wearers(cast.people, quick)
    for learners, mine in cast.parts(2 if quick else FOLDS):
        _fold(out, [known[i] for i in learners], [tested[i] for i in mine], quick)
    return out


def wearers(people: Sequence[Subject], quick: bool) -> list[Wearer]:
    """Dexcom wearers of CGMacros; quick: their first days."""
    out = [Wearer.of(s.name, s.case, s.sensor(SENSOR)) for s in people]
    if not quick:
        return out
    return [replace(w, times=w.times[:1400], values=w.values[:1400]) for w in out]


def _fold(out: Family, others: Sequence[Wearer], asked: Sequence[Wearer], quick: bool) -> None:
    among = people_known(others, "training folds")
    learners, tested = told_of(others, among), told_of(asked, among)
    learned: dict[str, dict[float, Ahead]] = {"hybrid": {}, "own hybrid": {}}
    for lead in LEADS:
        rows, own = Rows.of(learners, lead), Rows.of(tested, lead, until=OWN)
        learned["hybrid"][lead] = learn_ahead(rows, lead, SEED)
        learned["own hybrid"][lead] = learn_ahead(rows, lead, SEED, own)
        width = len(tested[0].base(np.array([12]), lead)[0])
        plain, plain_own = (_base(r, width).grown(BOOSTING, SEED) for r in (rows, rows.plus(own)))
        line = second_order(others, lead)
        for told in tested:
            w = told.wearer
            at = origins(w, lead)[:: 6 if quick else 1]
            x, now = told.columns(at, lead)[1], w.values[at]
            mine, owned = learned["hybrid"][lead], learned["own hybrid"][lead]
            said = {
                "persistence": now,
                "AR2": line(w, at),
                "boosting": now + plain.predict(x[:, :width]),
                "own boosting": now + plain_own.predict(x[:, :width]),
                "mechanism": told.mechanism(lead)[at],
                "hybrid": now + mine.mean(x),
                "own hybrid": now + owned.mean(x),
            }
            truth = w.trace.target(w.times[at], lead)
            scale = mine.scale(x)
            scale *= mine.own(np.abs(said["hybrid"] - truth) / scale, w.times[at], w.times[at], w.trace.interval)
            low, high = (said["hybrid"] + mine.errors[k] * scale for k in (LOW, HIGH))
            out.scored[lead].append(Scored(w.name, w.person.diabetes, w.times[at], now, truth, said, low, high))
    out.areas.extend(_areas(told, learned) for told in tested)


def _base(rows: Rows, width: int) -> Rows:
    """The columns that need no mechanism come first."""
    return Rows(rows.names[:width], rows.x[:, :width], rows.y, rows.who)


def _areas(told: Told, learned: dict[str, dict[float, Ahead]]) -> Area:
    """Areas over two hours from each meal, logs less than 30 min apart as one, above the last reading before it."""
    w = told.wearer
    at, first = [], -np.inf
    for time, carb in told.tracked.timeline.meals[:, :2]:
        if carb >= 5.0 and time - first >= 1800.0:  # g: less is a taste, not a meal (assumed)
            at.append(time)
            first = time
    index = w.trace.index(np.array(at))
    grid = np.arange(25)
    usable = [i for i in index.tolist() if 11 <= i < len(w.times) - 24 and w.times[i + 24] - w.times[i] <= 7260.0]
    chosen = np.array(usable, dtype=int)
    came = area(np.arange(25) * 300.0, w.values[chosen[:, None] + grid] - w.values[chosen][:, None])
    said = {"mechanism": _mechanism_area(told, chosen)}
    for name, by in learned.items():
        steps = np.column_stack(
            [np.zeros(len(chosen)), *(by[lead].mean(told.columns(chosen, lead)[1]) for lead in LEADS)]
        )
        said[name] = area(np.array([0.0, *LEADS]), steps)
    carb = told.meals().within(w.times[chosen] - 1.0, w.times[chosen] + 1801.0, "carb")
    said["carbohydrate"] = carb
    return Area(w.name, w.times[chosen], came, said)


def _mechanism_area(told: Told, chosen: np.ndarray) -> np.ndarray:
    from vitruvian.kinds.metabolic.residual.columns import ALONG

    steps = np.column_stack([np.zeros(len(chosen)), told.path[chosen] - told.wearer.values[chosen][:, None]])
    return area(np.array([0.0, *ALONG]), steps)


def area(times: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Area (n,) in mg/dL h of the part above 0 of paths over (n, k) at times (k,) s: trapezoids of the clipped path."""
    fine = np.arange(0.0, times[-1] + 1.0, 300.0)
    path = (
        np.maximum(np.stack([np.interp(fine, times, p) for p in over]), 0.0) if len(over) else np.zeros((0, len(fine)))
    )
    return np.asarray(np.trapezoid(path, fine, axis=1)) / 3600.0
