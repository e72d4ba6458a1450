"""The deprescribing ladder: which medicine could go first, which next, and with what probability both targets hold.

A rung stops one medicine more. Of those that are still taken the one goes next whose absence keeps HbA1c below its
target and time in range above its own, over all months asked, with the highest probability (both in the same draw);
the ladder ends before the first rung that is less likely than asked. Medicines with a use beside glucose (heart,
kidneys) are named and kept. `confirmed` is the same probability by the coupled twin, whose minutes tell time in range
themselves.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.forcing import Forcing
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic_slow import coupled
from vitruvian.kinds.metabolic_slow.questions import Deprescribe, taken
from vitruvian.models.glucose_medicines import WATCH
from vitruvian.verbs.compare import compare

DAY, MONTH = 86400.0, 30.4 * 86400.0
EVERY = 7  # days between the coupled twin's days
MEMBERS = 60  # of the belief that the coupled twin runs


@dataclass(frozen=True)
class Rung:
    """One medicine more that is stopped, with those of the rungs before. Probabilities over all months asked."""

    stops: str
    stopped: tuple[str, ...]
    hba1c_kept: float
    range_kept: float
    both_kept: float
    hba1c: tuple[float, float, float]  # % at the end: 5 %, median, 95 %
    time_in_range: tuple[float, float, float]  # %
    watch: str
    source: str
    holds: bool
    confirmed: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        told = dataclasses.asdict(self)
        return told | {n: dict(zip(("q05", "q50", "q95"), told[n], strict=True)) for n in ("hba1c", "time_in_range")}


@dataclass(frozen=True)
class Ladder:
    """Rungs in order; the last may not hold (then it is where to stop). kept: medicines that stay, and why."""

    asked: Deprescribe
    planned: Rung
    rungs: tuple[Rung, ...]
    kept: dict[str, str]
    notes: tuple[str, ...]

    @property
    def may_go(self) -> tuple[str, ...]:
        """Medicines of the rungs that hold."""
        return tuple(r.stops for r in self.rungs if r.holds)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "target": {"hba1c": self.asked.target, "time_in_range": self.asked.in_range, "unit": "%"},
            "months": self.asked.months,
            "certainty": self.asked.certainty,
            "as_planned": self.planned.to_json(),
            "rungs": [r.to_json() for r in self.rungs],
            "may_go": list(self.may_go),
            "kept": self.kept,
            "notes": list(self.notes),
            "label": "a calculation for research; drug effects are means of cohorts; stop no medicine on it alone",
        }

    def plot(self, ax: Any = None) -> Any:
        """Probability of both targets at each rung (matplotlib axes)."""
        import matplotlib.pyplot as plt

        axes = plt.subplots()[1] if ax is None else ax
        names = ["as planned", *(f"and without {r.stops}" for r in self.rungs)]
        axes.barh(names[::-1], [r.both_kept for r in (self.planned, *self.rungs)][::-1])
        axes.axvline(self.asked.certainty, linestyle="--")
        axes.set_xlabel("probability that HbA1c and time in range stay at target")
        return axes


def ladder(twin: Twin, asked: Deprescribe, *, seed: int = 0, confirm: bool = True) -> Ladder:
    """Rungs for this twin from its belief on; confirm: ask the coupled twin too (seconds)."""
    held, kept = taken(twin.case, asked.at), {}
    for a in list(held):
        if why := _needed(a, twin):
            kept[type(a).__name__.lower()] = why
            held.remove(a)
    gone: list[Action] = []
    planned, rungs = _rung(twin, asked, (), "", seed), []
    while held:
        tried = [_rung(twin, asked, (*gone, _stop(a, asked.at)), type(a).__name__.lower(), seed) for a in held]
        best = int(np.argmax([r.both_kept + 1e-3 * (r.hba1c_kept + r.range_kept) for r in tried]))
        rung = tried[best]
        gone.append(_stop(held.pop(best), asked.at))
        rungs.append(dataclasses.replace(rung, confirmed=_confirmed(twin, asked, gone) if confirm else None))
        if not rung.holds:
            break
    notes = (
        f"Each rung needs both targets with a probability of {asked.certainty:g} over {asked.months:g} months.",
        "Time in range is that of regular days of the fast layer; drug effects are means of trials: yours may differ.",
    )
    return Ladder(asked, planned, tuple(rungs), kept, notes)


def _needed(action: Action, twin: Twin) -> str:
    """Why this medicine is not one to stop for glucose's sake."""
    rule = WATCH[type(action)]
    subject = twin.case.subject
    for condition in rule.stays_for:
        if getattr(subject, condition, "unknown") == "yes":
            return f"{condition.replace('_', ' ')} ({rule.source})"
    egfr = getattr(subject, "egfr", None)
    return f"an eGFR of {egfr:g} ({rule.source})" if rule.egfr and egfr is not None and egfr < rule.egfr else ""


def _stop(action: Action, at: float) -> Action:
    return dataclasses.replace(action, at=at, known_at=None, dose=0.0)


def _rung(twin: Twin, asked: Deprescribe, plan: tuple[Action, ...], stops: str, seed: int) -> Rung:
    start = twin.believed().at
    window = (start, asked.at + asked.months * MONTH)
    names = ("highest_hba1c", "lowest_time_in_range", "hba1c_then", "time_in_range_then")
    told = compare(twin, {"so": plan}, Request.of({n: [window] for n in names}), seed=seed).options["so"]
    weights = twin.believed().weights
    level = told["highest_hba1c"].values[:, 0] <= asked.target
    inside = told["lowest_time_in_range"].values[:, 0] >= asked.in_range
    both = float(weights @ (level & inside))
    hba1c, in_range = (tuple(float(told[n].quantile(q)[0]) for q in (0.05, 0.5, 0.95)) for n in names[2:])
    rule = WATCH[type(plan[-1])] if plan else None
    return Rung(
        stops,
        tuple(type(a).__name__.lower() for a in plan),
        float(weights @ level),
        float(weights @ inside),
        both,
        (hba1c[0], hba1c[1], hba1c[2]),
        (in_range[0], in_range[1], in_range[2]),
        rule.watch if rule else "",
        rule.source if rule else "",
        both >= asked.certainty,
    )


def _confirmed(twin: Twin, asked: Deprescribe, plan: list[Action]) -> float:
    """P(both targets) by the coupled twin, from the belief's window on, counted from now."""
    belief, case = (
        twin.believed(),
        twin.case.plus(*(dataclasses.replace(a, known_at=twin.believed().known_at) for a in plan)),
    )
    t0, end = belief.window[0], asked.at + asked.months * MONTH
    forcing = twin.kind.compile(case, twin.record, t0, end, np.inf)
    theta, weights = _members(twin, belief, forcing)
    days = int(np.ceil((end - t0) / DAY))
    found = coupled.averaged(theta, forcing, days + 1, every=EVERY)
    later = t0 + DAY * found.days >= belief.at
    level = found["hba1c"][later].max(axis=0) <= asked.target
    inside = found["time_in_range"][later].min(axis=0) >= asked.in_range
    return float(weights @ (level & inside))


def _members(twin: Twin, belief: Belief, forcing: Forcing) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Theta of the first members of the belief, as many as the coupled twin runs, and their weights."""
    layout = Latents.of(twin.kind.parameters, forcing)
    theta = layout.theta(layout.carry(belief.names, belief.z, belief.seed))
    weights = belief.weights[:MEMBERS]
    return {n: np.asarray(v)[:MEMBERS] for n, v in theta.items()}, weights / weights.sum()
