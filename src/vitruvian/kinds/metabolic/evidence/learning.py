"""The population learned: one hierarchical fit of many people, by Gauss-Newton and empirical Bayes.

Each person's shared latents z_i ~ N(B'x_i, C); each window of their sensor adds its own latents (its start, each meal's
delay and size), which are eliminated by their Schur complement. Rounds alternate a damped Gauss-Newton step of all z_i
with the update of B (ridge) and C (shrunk): Laplace-EM, Lindstrom & Bates, Biometrics 46:673 (1990).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.kinds.metabolic import KIND
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.model import DAY, HOUR
from vitruvian.kinds.metabolic.population import Population, covariates
from vitruvian.verbs.posterior import Problem, linearised

# what differs between persons and a sensor with logged meals can tell
SHARED = tuple(
    p.name for p in KIND.parameters if not p.dims and p.name not in ("dose_action", "walk", "libre_bias", "start")
)
WINDOW, APART = 44 * HOUR, 1.9 * DAY  # a window's length, and from start to start
RIDGE = np.array([0.5, 4.0, 4.0, 4.0])  # pseudo-persons at no effect: assumed, scores of half the subjects are flat
SHRINK, TOWARDS = 10.0, 0.3  # pseudo-persons of variance TOWARDS in C: assumed likewise
ROUNDS = 10
LIMIT = 6.0  # |z| beyond it is no person of this model


@dataclass
class _Window:
    """A window's latents and its normal equations at them; the shared latents come first."""

    linearise: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    own: np.ndarray
    residual: np.ndarray
    slope: np.ndarray
    order: np.ndarray  # column of each latent, shared first

    def at(self, shared: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """White residuals and their slopes in this order."""
        z = np.empty(len(self.order))
        z[self.order] = np.concatenate([shared, own])
        residual, slope = self.linearise(z[None, :])
        return residual[0], slope[0][:, self.order]


@dataclass
class _Person:
    """One person's shared latents, windows, damping, objective."""

    windows: list[_Window]
    shared: np.ndarray
    damping: float = 1e-3
    value: float = np.inf


def learn(people: Sequence[Subject], source: str, progress: Callable[[float], None] = lambda _: None) -> Population:
    """The population of these subjects."""
    x = np.stack([covariates(s.person) for s in people])
    mean, covariance = np.zeros((len(people), len(SHARED))), np.eye(len(SHARED))
    regression = np.zeros((x.shape[1], len(SHARED)))
    fits = [_Person(_windows(s), np.zeros(len(SHARED))) for s in people]
    for turn in range(ROUNDS):
        precision = np.linalg.inv(covariance)
        spread = np.zeros_like(covariance)
        for fit, m in zip(fits, mean, strict=True):
            fit.value = _objective(fit, fit.shared, [(w.own, w.residual) for w in fit.windows], m, precision)
            for _ in range(2 if turn == 0 else 0):
                _step(fit, m, precision)
            spread += _step(fit, m, precision)
        z = np.stack([f.shared for f in fits])
        regression = np.linalg.solve(x.T @ x + np.diag(RIDGE), x.T @ z)
        mean = x @ regression
        scatter = (z - mean).T @ (z - mean)
        covariance = (spread + scatter + SHRINK * TOWARDS * np.eye(len(SHARED))) / (len(people) + SHRINK)
        progress((turn + 1) / ROUNDS)
    return Population(SHARED, regression, covariance, source)


def _windows(subject: Subject) -> list[_Window]:
    record = subject.sensor("dexcom")
    first, last = float(record.valid_time[0]), float(record.valid_time[-1])
    out = []
    for start in np.arange(first, last - WINDOW / 2, APART):
        inside = record.between(float(start), float(start) + WINDOW)
        if len(inside) < 100:
            continue
        end = float(inside.valid_time[-1])
        forcing = KIND.compile(subject.case, inside, float(inside.valid_time[0]) - KIND.warmup, end, np.inf)
        problem = Problem(KIND, subject.case, inside, forcing, np.inf, PopulationPrior(), 0, 1)
        names = problem.layout.names
        order = np.array(sorted(range(len(names)), key=lambda i: (names[i] not in SHARED, i)))
        window = _Window(linearised(problem)[0], np.zeros(len(names) - len(SHARED)), np.zeros(0), np.zeros(0), order)
        window.residual, window.slope = window.at(np.zeros(len(SHARED)), window.own)
        out.append(window)
    return out


def _objective(
    fit: _Person, shared: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]], m: np.ndarray, precision: np.ndarray
) -> float:
    own = sum(float(r @ r + o @ o) for o, r in parts)
    return 0.5 * (own + float((shared - m) @ precision @ (shared - m)))


def _step(fit: _Person, m: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """One damped step of a person; returns the posterior covariance of the shared latents."""
    n = len(SHARED)
    total, pull = precision.copy(), precision @ (fit.shared - m)
    solved = []
    for w in fit.windows:
        hessian, gradient = w.slope.T @ w.slope, w.slope.T @ w.residual
        mine = hessian[n:, n:] + np.eye(len(w.own))
        mine[np.diag_indices(len(w.own))] *= 1 + fit.damping
        cross = hessian[n:, :n]
        both = np.linalg.solve(mine, np.column_stack([cross, gradient[n:] + w.own]))
        total += hessian[:n, :n] - cross.T @ both[:, :n]
        pull += gradient[:n] - cross.T @ both[:, n]
        solved.append(both)
    damped = total + fit.damping * np.diag(np.diag(total))
    move = -np.linalg.solve(damped, pull)
    shared = np.clip(fit.shared + move, -LIMIT, LIMIT)
    owns = [np.clip(w.own - b[:, n] - b[:, :n] @ move, -LIMIT, LIMIT) for w, b in zip(fit.windows, solved, strict=True)]
    tried = [w.at(shared, own) for w, own in zip(fit.windows, owns, strict=True)]
    value = _objective(fit, shared, [(o, r) for o, (r, _) in zip(owns, tried, strict=True)], m, precision)
    if np.isfinite(value) and value < fit.value:
        fit.shared, fit.value, fit.damping = shared, value, max(fit.damping / 4, 1e-6)
        for w, own, (residual, slope) in zip(fit.windows, owns, tried, strict=True):
            w.own, w.residual, w.slope = own, residual, slope
    else:
        fit.damping = min(4 * max(fit.damping, 0.05), 1e6)
    return np.linalg.inv(total)
