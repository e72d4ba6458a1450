"""simulate: what a kind's own sensors would have recorded of a subject with known latents.

Truth for calibrating an algorithm, for examples and demonstrations; never evidence that a model is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Example
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record


@dataclass(frozen=True)
class Simulated:
    """A record and the truth behind it: z (latent,) over `names`."""

    record: Record
    names: tuple[str, ...]
    z: np.ndarray


def simulate(
    kind: AbstractKind,
    case: Case,
    observed: Mapping[str, np.ndarray],
    t0: float,
    *,
    seed: int,
    z: np.ndarray | None = None,
    sensor: str = "",
) -> Simulated:
    """Readings of `observed` {observable: times (n,), s} for a subject that starts at t0.

    z (latent,): the subject; None draws it from the kind's population. The model's discrepancy and the sensor's noise
    are added. The model's own random streams are keyed apart from those of any calibration with the same seed.
    """
    times = {name: np.atleast_1d(np.asarray(t, dtype=np.float64)) for name, t in observed.items() if np.size(t)}
    if not times:
        raise KindError("nothing is observed", where=f"kind '{kind.name}'", fix="give times for an observable")
    last = max(float(t.max()) for t in times.values())
    forcing = kind.compile(case, Record.empty(), t0, last, last)
    layout = Latents.of(kind.parameters, forcing)
    if z is None:
        mean, covariance = kind.population(case).moments(layout.names)
        z = mean + np.linalg.cholesky(covariance) @ generator(seed, "truth").standard_normal(len(layout.names))
    theta = layout.theta(layout.pad(z[None, :]))
    outputs, _ = kind.run(theta, forcing, Request(times), member_seeds(seed, 1, "truth"))
    parts = []
    for name, when in times.items():
        mean = np.asarray(outputs[name], dtype=np.float64) + _discrepancy(kind, name, when, seed)
        value = kind.noise(name, sensor).sample(generator(seed, "sensor", name), mean, when, theta)
        parts.append(Record.of(name, when, value[0], sensor=sensor))
    return Simulated(Record.join(parts), layout.names, z)


def simulate_example(kind: AbstractKind, *, seed: int, z: np.ndarray | None = None) -> tuple[Example, Simulated]:
    """The kind's example case and a record with the data density it declares."""
    example = kind.example()
    told = simulate(kind, example.case, example.observed, example.t0, seed=seed, z=z, sensor=example.sensor)
    return example, told


def _discrepancy(kind: AbstractKind, name: str, times: np.ndarray, seed: int) -> np.ndarray:
    """One path of the observable's Ornstein-Uhlenbeck discrepancy, (1, n), in its unit; zero if there is none."""
    if name not in kind.discrepancies:
        return np.zeros((1, len(times)))
    process = kind.discrepancies[name]
    # a relative 1e-10 on the diagonal: readings at the same moment share the path's value
    cov = process.covariance(times, times) + 1e-10 * process.sd**2 * np.eye(len(times))
    return (np.linalg.cholesky(cov) @ generator(seed, "discrepancy", name).standard_normal(len(times)))[None, :]
