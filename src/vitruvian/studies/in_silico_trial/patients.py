"""Virtual patients: what would become of each under every arm, from the same latents and the same luck.

Patients are drawn from the kind's population for each subject given; every arm is run with the same draws and
random streams, so the difference between arms of a patient is the treatment's alone (common random numbers). The
endpoint is a quantity of the kind over a window before each visit; the baseline is the same quantity before
treatment. `without` names a quantity that must be 0 for an outcome to count (medicines taken, for a remission). What
is simulated says what the model says: it plans a trial, it does not replace one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, InferenceError
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Causal
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record


@dataclass(frozen=True)
class Course:
    """Baseline (patient,), outcomes {arm: (patient, visit)}, visits (s after treatment starts), what was measured."""

    kind: str
    endpoint: str
    unit: str
    baseline: np.ndarray
    outcomes: Mapping[str, np.ndarray]
    visits: np.ndarray
    seed: int
    spared: Mapping[str, np.ndarray] | None = None  # by arm (patient, visit): nothing of `without` is taken then

    def effect(self, treated: str, control: str) -> np.ndarray:
        """Average effect at each visit (visit,) among all these patients: the truth a trial estimates."""
        return (self.outcomes[treated] - self.outcomes[control]).mean(axis=0)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: means and sds, no single patient."""
        arms = {n: {"mean": y.mean(axis=0).tolist(), "sd": y.std(axis=0).tolist()} for n, y in self.outcomes.items()}
        told = {"kind": self.kind, "endpoint": self.endpoint, "unit": self.unit, "patients": len(self.baseline)}
        return {**told, "visits_s": self.visits.tolist(), "baseline_mean": float(self.baseline.mean()), "arms": arms}

    def plot(self, ax: Any = None) -> Any:
        """Mean of every arm by visit (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(layout="constrained")[1]
        for name, y in self.outcomes.items():
            ax.plot(self.visits / 3600.0, y.mean(axis=0), "o-", label=name)
        ax.set_xlabel("hours since treatment began")
        ax.set_ylabel(f"{self.endpoint} ({self.unit})")
        ax.legend()
        return ax


def courses(
    kind: AbstractKind,
    subjects: Sequence[Case],
    arms: Mapping[str, Sequence[Action]],
    endpoint: str,
    *,
    start: float,
    visits: Sequence[float],
    window: float,
    each: int,
    seed: int,
    without: str = "",
) -> Course:
    """`each` virtual patients of every case; treatment starts at `start` s, visits are that many s later.

    The baseline is the endpoint over the `window` s before `start`; at a visit, over the `window` s before it.
    """
    if not isinstance(kind, Causal):
        fix = "use a kind whose actions are interventions"
        raise CapabilityError("a predictive kind cannot be a trial's patient", where=f"kind '{kind.name}'", fix=fix)
    quantity = kind.quantity(endpoint)
    when = np.asarray(visits, dtype=np.float64)
    if len(arms) < 2 or not len(when) or (np.diff(when) <= 0).any() or (when < window).any():
        fix = "two arms or more, ascending visits, none earlier than the window after the start"
        raise InferenceError("no trial", where="in-silico trial", fix=fix)
    for name, actions in arms.items():
        early = [a for a in actions if a.at < start]
        if early:
            where = f"arm '{name}', {type(early[0]).__name__} at {early[0].at:g} s"
            raise InferenceError(f"treats before the start ({start:g} s)", where=where, fix="move it behind the start")
    windows = np.array([[start - window, start], *([start + v - window, start + v] for v in when)])
    end = start + float(when[-1])
    asked = tuple(kind.quantity(q).name for q in (endpoint, *([without] if without else ())))
    parts: dict[str, list[np.ndarray]] = {name: [] for name in arms}
    for k, case in enumerate(subjects):
        for name, actions in arms.items():
            parts[name].append(_run(kind, case.plus(*actions), asked, windows, end, each, (seed, k)))
    whole = {name: np.concatenate(p, axis=1) for name, p in parts.items()}
    first = next(iter(whole.values()))[0, :, 0]
    spared = {n: y[1, :, 1:] == 0.0 for n, y in whole.items()} if without else None
    return Course(
        kind.name, endpoint, quantity.unit, first, {n: y[0, :, 1:] for n, y in whole.items()}, when, seed, spared
    )


def _run(
    kind: AbstractKind,
    case: Case,
    asked: tuple[str, ...],
    windows: np.ndarray,
    end: float,
    each: int,
    key: tuple[int, int],
) -> np.ndarray:
    """(quantity, patient, window)."""
    forcing = kind.compile(case, Record.empty(), float(min(0.0, windows.min())), end, end)
    layout = Latents.of(kind.parameters, forcing)
    mean, covariance = kind.population(case).moments(layout.names)
    root = np.linalg.cholesky(covariance)
    draws = [generator(*key, "virtual patient", name).standard_normal(each) for name in layout.names]
    z = mean + (np.stack(draws, axis=1) @ root.T if draws else np.zeros((each, 0)))
    theta = layout.theta(layout.pad(z))
    wanted = Request(dict.fromkeys(asked, windows))
    outputs, _ = kind.run(theta, forcing, wanted, member_seeds(key[0], each, f"trial {key[1]}"))
    shape = (each, len(windows))
    return np.stack([np.broadcast_to(np.asarray(outputs[q], dtype=np.float64), shape) for q in asked])
