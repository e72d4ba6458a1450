"""Interim looks: group-sequential boundaries by alpha spending, two-sided and symmetric, with optional futility.

    P(cross at look k, not before) = alpha*(t_k) - alpha*(t_{k-1}),   Z(t) sqrt(t) a Brownian motion at information t
    O'Brien-Fleming type 4 - 4 Phi(z_{a/4} / sqrt(t)) (a / 2 a side); Pocock type a log(1 + (e - 1) t); power family
      a t^g

Lan & DeMets, Biometrika 70:659 (1983); Kim & DeMets, Biometrika 74:149 (1987); recursive integration of Armitage,
McPherson & Rowe, JRSS A 132:235 (1969). ANCOVA on a score keeps independent increments asymptotically, so
boundaries hold unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova.root import root

POINTS = 401  # of the grid between the boundaries: fifth digit of published tables


def spent(kind: str, t: float, alpha: float, gamma: float = 3.0) -> float:
    """alpha*(t) at information fraction t."""
    if kind == "obrien-fleming":
        return float(4 - 4 * ndtr(ndtri(1 - alpha / 4) / math.sqrt(t)))
    if kind == "pocock":
        return alpha * math.log(1 + (math.e - 1) * t)
    if kind == "power":
        return alpha * t**gamma
    raise InferenceError(f"no spending function '{kind}'", where="interim looks", fix="obrien-fleming, pocock or power")


@dataclass(frozen=True)
class Looks:
    """At each look: information fraction, |z| to stop, alpha spent by then, and power spent by then at the drift."""

    information: tuple[float, ...]
    boundary: tuple[float, ...]
    alpha: tuple[float, ...]
    power: tuple[float, ...]
    expected: float  # information used on average at the planned effect, as a share of the final
    inflation: float  # of the fixed design's size, for the same power

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Looks:
        """Back from `to_json`."""
        rows = {n: tuple(data[n]) for n in ("information", "boundary", "alpha", "power")}
        return cls(**rows, expected=data["expected"], inflation=data["inflation"])


def looks(
    information: tuple[float, ...],
    *,
    alpha: float = 0.05,
    power: float = 0.9,
    spending: str = "obrien-fleming",
    gamma: float = 3.0,
) -> Looks:
    """Boundaries of a design that looks at these fractions of its final information (the last is 1)."""
    if not information or abs(information[-1] - 1) > 1e-12 or not np.all(np.diff((0.0, *information)) > 0):
        raise InferenceError(
            f"looks at {information}", where="interim looks", fix="ascending fractions that end with 1"
        )
    told = [spent(spending, t, alpha, gamma) for t in information]
    bounds: list[float] = []
    for k in range(len(information)):
        step = told[k] - (told[k - 1] if k else 0.0)
        if step < 1e-12:
            bounds.append(8.0)
            continue
        bounds.append(root(lambda c, s=step: crossing(information, (*bounds, c), 0.0)[-1] - s, 0.0, 8.5))
    fixed = float(ndtri(1 - alpha / 2) + ndtri(power))
    drift = root(lambda d: sum(crossing(information, tuple(bounds), d)) - power, 0.1, 12.0)
    crossed = np.cumsum(crossing(information, tuple(bounds), drift))
    stop = np.diff(np.append(0.0, crossed))
    expected = float(stop @ np.array(information) + (1 - crossed[-1]))
    return Looks(information, tuple(bounds), tuple(told), tuple(crossed.tolist()), expected, (drift / fixed) ** 2)


def crossing(information: tuple[float, ...], bounds: tuple[float, ...], drift: float) -> list[float]:
    """P(|Z| >= bound for the first time) at each look with a bound; E Z(1) = drift."""
    out: list[float] = []
    grid = density = None
    before = 0.0
    for t, c in zip(information, bounds, strict=False):
        sd, edge = math.sqrt(t - before), c * math.sqrt(t)
        if grid is None:
            up, down = ndtr((drift * t - edge) / math.sqrt(t)), ndtr((-edge - drift * t) / math.sqrt(t))
            out.append(float(up + down))
            new = np.linspace(-edge, edge, POINTS)
            new_density = np.exp(-0.5 * (new - drift * t) ** 2 / t) / math.sqrt(2 * math.pi * t)
        else:
            w = _simpson(grid) * density
            move = drift * (t - before)
            out.append(float(w @ (ndtr((grid + move - edge) / sd) + ndtr((-edge - grid - move) / sd))))
            new = np.linspace(-edge, edge, POINTS)
            kernel = np.exp(-0.5 * ((new[:, None] - grid - move) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
            new_density = kernel @ w
        grid, density, before = new, new_density, t
    return out


def _simpson(grid: np.ndarray) -> np.ndarray:
    w = np.full(len(grid), 2.0)
    w[1::2] = 4.0
    w[0] = w[-1] = 1.0
    return w * (grid[1] - grid[0]) / 3.0
