"""Census and bed demand from now: who is here with what they have stayed already, and who will come; in closed form.

    Q_uv(s) = [u = v] S_u(s) + int_0^s f_u(x) sum_w R_uw Q_wv(s - x) dx        in v, s after entering u (semi-Markov)
    A_iv(h) = [u_i = v] S_u(e_i + h) / S_u(e_i) + int_0^h f_u(e_i + x) / S_u(e_i) sum_w R_uw Q_wv(h - x) dx
    census of v at h  =  sum_i Bernoulli(A_iv(h))  +  Poisson(int_0^h lambda(t + x) sum_u r_u Q_uv(h - x) dx)

Patients move independently of each other (M(t)/G/infinity at every unit: nobody waits for a bed), so the census of a
unit is exactly Poisson-binomial plus Poisson; its distribution is one Fourier transform. For a single ward this is the
exact conditional law. The integrals are trapezia on a grid, second order in its step. Where arrivals vary more than
Poisson's, their count is negative binomial with that dispersion.

Reference: Eick, Massey & Whitt, Oper Res 1993;41:731 (M(t)/G/infinity); Hong, Comput Stat Data Anal 2013;59:41
(Poisson-binomial by DFT). Leaves out: full units, and everything that makes one patient's stay depend on another's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models.durations import Law


@dataclass(frozen=True)
class Present:
    """One patient now: which unit, of which group, and for how long already (h)."""

    case: str
    unit: str
    elapsed: float
    group: str = ""


@dataclass(frozen=True)
class Stays:
    """How a group moves: laws (h) by unit, chances {unit: {next: p}} (what lacks to 1 leaves), and where they start."""

    laws: Mapping[str, Law]
    moves: Mapping[str, Mapping[str, float]]
    starts: Mapping[str, float]


@dataclass(frozen=True)
class BedForecast:
    """Distribution of the census: pmf {unit: (hour, count)}; and of each patient, the chance to be in hospital."""

    hours: np.ndarray
    pmf: Mapping[str, np.ndarray]
    patients: tuple[Present, ...]
    in_hospital: np.ndarray

    def cdf(self, unit: str) -> np.ndarray:
        """(hour, count)."""
        return np.minimum(np.cumsum(self.pmf[unit], axis=1), 1.0)

    def mean(self, unit: str) -> np.ndarray:
        """Expected census (hour,)."""
        return self.pmf[unit] @ np.arange(self.pmf[unit].shape[1])

    def quantile(self, unit: str, p: float) -> np.ndarray:
        """The least count with at least this probability below or at it, (hour,)."""
        return np.argmax(self.cdf(unit) >= p - 1e-12, axis=1)

    def more_than(self, unit: str, beds: int) -> np.ndarray:
        """Chance that more are there than this, (hour,)."""
        below = self.cdf(unit)
        return 1.0 - below[:, min(beds, below.shape[1] - 1)]

    def pit(self, unit: str, truth: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Randomised PIT of the counts that came, (hour,): uniform where the forecast is right."""
        below, at = self.cdf(unit), np.minimum(truth.astype(int), self.pmf[unit].shape[1] - 1)
        rows = np.arange(len(at))
        upto = below[rows, at]
        return upto - (1.0 - uniforms) * self.pmf[unit][rows, at]

    def crps(self, unit: str, truth: np.ndarray) -> np.ndarray:
        """Ranked probability score of the counts that came, in beds (hour,)."""
        count = np.arange(self.pmf[unit].shape[1])
        return np.sum((self.cdf(unit) - (count[None, :] >= truth[:, None])) ** 2, axis=1)

    def discharges(self, hours: float) -> list[dict[str, Any]]:
        """Of each patient: unit, elapsed h, and the chance to have left the hospital within `hours`."""
        j = int(np.argmin(np.abs(self.hours - hours)))
        return [
            {"case": p.case, "unit": p.unit, "elapsed_h": p.elapsed, "gone": float(1.0 - self.in_hospital[i, j])}
            for i, p in enumerate(self.patients)
        ]

    def to_json(self) -> dict[str, Any]:
        """Mean and 90 % band by unit and hour."""
        return {
            "hours": self.hours.tolist(),
            "units": {
                u: {
                    "mean": np.round(self.mean(u), 3).tolist(),
                    "p05": self.quantile(u, 0.05).tolist(),
                    "p50": self.quantile(u, 0.5).tolist(),
                    "p95": self.quantile(u, 0.95).tolist(),
                }
                for u in self.pmf
            },
        }

    def plot(self, ax: Any = None) -> Any:
        """Census bands of the units."""
        from vitruvian.models.flowplots import plot_census

        return plot_census(self, ax)


def forecast(
    present: Sequence[Present],
    stays: Mapping[str, Stays],
    arrivals: Mapping[str, Callable[[float], float]],
    hours: np.ndarray,
    *,
    step: float = 0.25,
    dispersion: float = 1.0,
) -> BedForecast:
    """Census of every unit at these hours from now; arrivals {group: rate an hour, of hours from now}.

    step: of the grid, h; it must divide the hours. dispersion: variance over mean of the count of arrivals.
    """
    at = np.round(np.asarray(hours, dtype=float) / step).astype(int)
    if not len(at) or at.min() < 0 or np.abs(at * step - hours).max() > 1e-9:
        raise InferenceError(
            f"hours {list(hours)[:5]} are not multiples of {step:g} h from now on",
            where="beds.forecast",
            fix="use such",
        )
    units = list(dict.fromkeys(u for s in stays.values() for u in s.laws))
    chance = np.zeros((len(present), len(units), len(at)))
    coming = np.zeros((len(units), len(at)))
    for group, how in stays.items():
        later = _Later.of(how, units, int(at.max()), step)
        mine = [i for i, p in enumerate(present) if p.group == group]
        chance[mine] = later.of_present([present[i] for i in mine], at)
        coming += later.of_coming(arrivals.get(group, lambda t: 0.0), at)
    unknown = {p.group for p in present} - set(stays)
    if unknown:
        raise InferenceError(f"no law for patients of group {sorted(unknown)}", where="beds.forecast", fix="give one")
    pmf = {u: _counts(chance[:, v], coming[v], dispersion) for v, u in enumerate(units)}
    return BedForecast(np.asarray(hours, dtype=float), pmf, tuple(present), np.minimum(chance.sum(axis=1), 1.0))


@dataclass(frozen=True)
class _Later:
    """Q on the grid: moved (s, u, v) = sum_w R_uw Q_wv(s), and entered (s, v) = sum_u r_u Q_uv(s)."""

    how: Stays
    units: list[str]
    step: float
    moved: np.ndarray
    entered: np.ndarray

    @staticmethod
    def of(how: Stays, units: list[str], most: int, step: float) -> _Later:
        index = {u: i for i, u in enumerate(units)}
        moves = np.zeros((len(units), len(units)))
        for u, row in how.moves.items():
            for v, p in row.items():
                moves[index[u], index[v]] = p
        grid = np.arange(most + 1) * step
        stay = np.stack([how.laws[u].survival(grid) if u in how.laws else np.zeros(most + 1) for u in units], axis=1)
        leave = stay[:-1] - stay[1:]  # in each step
        n = len(units)
        moved = np.zeros((most + 1, n, n))
        q = np.diag(stay[0])
        moved[0] = moves @ q
        first = leave[0][:, None] if most else np.zeros((n, 1))
        inverse = np.linalg.inv(np.eye(n) - 0.5 * first * moves)
        out = [q]
        for s in range(1, most + 1):  # who left in step k entered elsewhere half a step earlier or later
            back = moved[s - 1 :: -1]
            later = np.einsum("ku,kuv->uv", leave[:s], back)
            sooner = np.einsum("ku,kuv->uv", leave[1:s], moved[s - 1 : 0 : -1]) if s > 1 else 0.0
            q = inverse @ (np.diag(stay[s]) + 0.5 * (later + sooner))
            out.append(q)
            moved[s] = moves @ q
        starts = np.array([how.starts.get(u, 0.0) for u in units])
        return _Later(how, units, step, moved, np.stack([starts @ q for q in out]))

    def of_present(self, present: Sequence[Present], at: np.ndarray) -> np.ndarray:
        """(patient, unit, hour): the chance to be there."""
        out = np.zeros((len(present), len(self.units), len(at)))
        grid = np.arange(int(at.max()) + 1) * self.step
        for i, p in enumerate(present):
            if p.unit not in self.how.laws:
                raise InferenceError(f"no law for unit '{p.unit}'", where=f"patient {p.case}", fix="learn or give one")
            u, log_s = self.units.index(p.unit), self.how.laws[p.unit].log_survival(p.elapsed + grid)
            start = log_s[0]
            stay = (
                np.exp(log_s - start) if np.isfinite(start) else np.zeros(len(grid))
            )  # longer than any seen: goes now
            leave = -np.diff(stay, prepend=1.0) if not np.isfinite(start) else np.r_[0.0, stay[:-1] - stay[1:]]
            for j, s in enumerate(at):
                back = self.moved[s::-1, u]  # at elapsed k, s - k are left
                mass = leave[: s + 1]
                mean = 0.5 * (back[1:] + back[:-1])  # left in step k: between s - k and s - k + 1 ago
                out[i, :, j] = mass[1:] @ mean + mass[0] * back[0]
                out[i, u, j] += stay[s]
        return out

    def of_coming(self, rate: Callable[[float], float], at: np.ndarray) -> np.ndarray:
        """(unit, hour): expected number of those who come from now on and are there."""
        most = int(at.max())
        rates = np.array([rate((k + 0.5) * self.step) for k in range(most)]) * self.step
        between = 0.5 * (self.entered[1:] + self.entered[:-1])
        return np.stack([rates[:s] @ between[s - 1 :: -1] if s else np.zeros(len(self.units)) for s in at], axis=1)


def _counts(chance: np.ndarray, mean: np.ndarray, dispersion: float) -> np.ndarray:
    """(hour, count): the sum of Bernoullis (patient, hour) and a Poisson or negative binomial number."""
    most = float(np.max(mean + chance.sum(axis=0))) if len(mean) else 0.0
    size = math.ceil(most + 12.0 * math.sqrt(dispersion * most + 1.0) + 12.0)
    z = np.exp(-2j * np.pi * np.arange(size) / size)
    log = np.sum(np.log(1.0 + chance[:, :, None] * (z - 1.0) + 1e-300), axis=0) if len(chance) else 0.0
    if dispersion > 1.0:
        log = log - (mean[:, None] / (dispersion - 1.0)) * np.log(dispersion - (dispersion - 1.0) * z)
    else:
        log = log + mean[:, None] * (z - 1.0)
    pmf = np.maximum(np.fft.ifft(np.exp(log), axis=1).real, 0.0)
    return pmf / pmf.sum(axis=1, keepdims=True)
