"""What the readings of one moment say about an ensemble: in the space of Gaussian errors, or as a density.

Errors that last from moment to moment (the kind's discrepancy of an observable, the correlated error of a sensor) are
Ornstein-Uhlenbeck processes carried exactly, one path a member; what is left of each reading's error is independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.kind import AbstractKind
from vitruvian.core.noise import SEPARATOR, AbstractGaussianNoise, Discrepancy, clip_residual, lasting_error
from vitruvian.core.record import Record


@dataclass(frozen=True)
class Sensed:
    """An ensemble at one moment: outputs {observable: (member, 1)}, theta, and the lasting errors, (member,) each."""

    kind: AbstractKind
    outputs: Mapping[str, np.ndarray]
    theta: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Readings:
    """Readings of one moment in the space of Gaussian errors: mean (member, m), y (m,), covariance (m, m)."""

    mean: np.ndarray
    y: np.ndarray
    covariance: np.ndarray
    limit: np.ndarray


def in_gaussian_space(p: Sensed, rows: Record) -> Readings:
    """Discrepancy and sensor error are in the mean; what is left of each reading's error is independent."""
    mean, y, variance = np.empty((_members(p), len(rows))), np.empty(len(rows)), np.empty(len(rows))
    for name, sensor in rows.groups():
        noise = p.kind.noise(name, sensor)
        if not isinstance(noise, AbstractGaussianNoise):
            raise InferenceError(
                f"the noise of '{name}' is {type(noise).__name__}, not Gaussian", where="EnKF", fix="method='particle'"
            )
        mine = (rows.observable == name) & (rows.sensor == sensor)
        correlated, white = lasting_error(noise), noise.covariance(rows.valid_time[:1])[0, 0]
        mean[:, mine] = noise.location(p.outputs[name], p.theta) + _shift(p, name)
        if correlated is not None:
            mean[:, mine] += p.errors[_key(name, sensor)][:, None]
            white -= correlated.sd**2
        y[mine] = noise.transform(rows.value[mine])
        variance[mine] = np.where(np.isfinite(rows.sd[mine]), rows.sd[mine] ** 2, white)
    if bad := int((~np.isfinite(mean)).any(axis=1).sum()):
        where = f"kind '{p.kind.name}' at {rows.valid_time[0]:g} s"
        raise InferenceError(f"{bad} of {len(mean)} members predict no finite value", where=where, fix="recalibrate")
    return Readings(mean, y, np.diag(variance), rows.limit)


def log_density(p: Sensed, rows: Record) -> np.ndarray:
    """log p(readings | member), (member,), under any noise."""
    kind, density = p.kind, np.zeros(_members(p))
    for name, sensor in rows.groups():
        noise, mine = kind.noise(name, sensor), rows.only(name, sensor)
        if isinstance(noise, AbstractGaussianNoise):
            seen = in_gaussian_space(p, mine)
            variance = np.diag(seen.covariance)
            residual = clip_residual(seen.y - seen.mean, seen.limit)
            density += -0.5 * (residual**2 / variance + np.log(2 * np.pi * variance)).sum(axis=1)
            density += np.log(np.abs(noise.slope(mine.value))).sum()
        else:
            mean = np.repeat(p.outputs[name] + _shift(p, name), len(mine), axis=1)
            density += noise.log_likelihood(mine.value, mean, mine.valid_time, p.theta, mine.limit)
    return density


def _shift(p: Sensed, name: str) -> np.ndarray:
    """The discrepancy of this observable, (member, 1)."""
    return p.errors.get(name, np.zeros(_members(p)))[:, None]


def lasting(
    kind: AbstractKind, belief: Belief, rows: Record, at: float, beside: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Discrepancies and correlated sensor errors carried to this moment; those met for the first time are drawn.

    beside (member, k): all else the filter moves. With it the draws are `uncorrelated`, and add no sampling error to an
    ensemble Kalman filter; without it they are independent, as a particle filter needs them.
    """
    processes: dict[str, Discrepancy] = dict(kind.discrepancies)
    groups = [*rows.groups(), *(tuple(n.split(SEPARATOR, 1)) for n in belief.residual if SEPARATOR in n)]
    for name, sensor in groups:
        if (process := lasting_error(kind.noise(name, sensor))) is not None:
            processes[_key(name, sensor)] = process
    if not processes:
        return {}
    draws = np.stack(
        [generator(belief.seed, "filter", n, at).standard_normal(belief.members) for n in processes], axis=1
    )
    if beside is not None:
        held = [belief.residual[n][:, None] for n in processes if n in belief.residual]
        draws = uncorrelated(draws, np.hstack([beside, *held]))
    out = {}
    for k, (name, process) in enumerate(processes.items()):
        now, keep = belief.residual.get(name), np.exp(-(at - belief.at) / process.tau)
        fresh = process.sd * draws[:, k]
        out[name] = fresh if now is None else keep * now + np.sqrt(1.0 - keep**2) * fresh
    return out


def lasting_names(kind: AbstractKind, record: Record) -> tuple[str, ...]:
    """The kind's discrepancies, and "observable|sensor" of each sensor of the record whose error lasts."""
    sensors = [_key(o, s) for o, s in record.groups() if lasting_error(kind.noise(o, s)) is not None]
    return (*kind.discrepancies, *sensors)


def uncorrelated(draws: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Draws (member, p) with sample mean 0, covariance 1 and none with `beside`, if there are members enough.

    Second-order exact sampling (Pham, Monthly Weather Review 2001;129:1194): with a deterministic linear kind the
    ensemble Kalman filter is then the Kalman filter, with no sampling error at all.
    """
    count, needed = len(draws), draws.shape[1] + beside.shape[1] + 1
    if count <= 2 * needed:
        return draws
    centred = beside - beside.mean(axis=0)
    left, s, _ = np.linalg.svd(centred / np.maximum(np.abs(centred).max(axis=0), 1e-300), full_matrices=False)
    left = left[:, s > 1e-10 * s[0]]
    draws = draws - draws.mean(axis=0)
    draws = draws - left @ (left.T @ draws)
    root = np.linalg.cholesky(draws.T @ draws / (count - 1))
    return np.linalg.solve(root, draws.T).T


def _key(observable: str, sensor: str) -> str:
    return f"{observable}{SEPARATOR}{sensor}"


def _members(p: Sensed) -> int:
    return len(next(iter(p.outputs.values())))
