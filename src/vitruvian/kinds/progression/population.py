"""What one history taught about the untreated course: a Course a marker, their correlation, and the hazard of leaving.

Leaving (death or dropout) in a month has hazard exp(c0 + c1 log(1 + months) + c' w + d' y): y the markers'
standardised present value, so that twins of those still seen at a visit are twins of survivors. Fitted as a Poisson
model of patient-months with the last value carried forward (Whitehead, Appl Stat 29:268, 1980).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.progression.latent import Course, basis, fit_course, fixed, reshaped
from vitruvian.kinds.progression.visits import Visits, backward, forward, step_of, transform_of
from vitruvian.models.trialtable import Frame

MONTH = 30.4375  # d
NODES = 41  # of the quadrature over a marker's residual
PENALTY = 5.0  # on standardised coefficients of the hazard: assumed


@dataclass(frozen=True)
class Coding:
    """Baseline columns to w: (name, level or "", centre, scale, transform); a missing number counts as the centre."""

    items: tuple[tuple[str, str, float, float, str], ...]

    @classmethod
    def learned(cls, base: Frame, markers: Mapping[str, str]) -> Coding:
        """Of all columns of a baseline frame; markers {name: transform}."""
        out: list[tuple[str, str, float, float, str]] = []
        for name, column in base.columns.items():
            if column.dtype == object:
                levels = sorted(set(column.tolist()))
                for level in levels[1:]:
                    share = float((column == level).mean())
                    out.append((name, level, share, max(float(np.sqrt(share * (1 - share))), 0.1), "identity"))
            else:
                how = markers.get(name, "identity")
                x = forward(how, column[np.isfinite(column)])
                sd = float(x.std())
                out.append((name, "", float(x.mean()), sd if sd > 1e-9 else 1.0, how))
        return cls(tuple(out))

    def w(self, base: Frame) -> np.ndarray:
        """(n, k + 1), intercept first."""
        columns = [np.ones(len(base))]
        for name, level, centre, scale, how in self.items:
            if level:
                value = (base.factor(name) == level).astype(np.float64)
            else:
                value = forward(how, base.number(name))
            columns.append(np.where(np.isfinite(value), (value - centre) / scale, 0.0))
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Population:
    """See above. hazard: coefficients on (1, log(1 + months), w without intercept, standardised markers)."""

    coding: Coding
    courses: tuple[Course, ...]
    correlation: np.ndarray
    hazard: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    horizon: float
    unit: tuple[str, ...]
    origin: str

    @property
    def markers(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(c.marker for c in self.courses)

    def mean(self, w: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Fixed part on the transformed scale, (n, time, marker), for w (n, k) and times (time,)."""
        h = basis(t, self.horizon)
        shape = (h.shape[1], w.shape[1])
        return np.stack([np.einsum("tj,jk,nk->nt", h, c.coefficients.reshape(shape), w) for c in self.courses], axis=2)

    def expected(self, base: Frame, t: np.ndarray) -> np.ndarray:
        """Mean course (n, time, marker) in the markers' units, by quadrature: the prognostic score,
        without drawing noise.
        """
        mean = self.mean(self.coding.w(base), t)
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        out = np.empty_like(mean)
        for j, course in enumerate(self.courses):
            sd = np.sqrt(course.spread.covariance(t[:, None], self.horizon)[:, 0, 0])
            around = sd[:, None] * reshaped(nodes, course.shape)  # (time, node)
            values = backward(course.transform, mean[..., j, None] + around)
            out[..., j] = values @ (weights / weights.sum())
        return out

    def fixed_part(self, w: np.ndarray, t: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """(n, draw, time) of coefficients (draw, 3 k)."""
        h = basis(t, self.horizon)
        return np.einsum("tj,djk,nk->ndt", h, coefficients.reshape(len(coefficients), h.shape[1], -1), w, optimize=True)

    def draws(self, base: Frame, t: np.ndarray, count: int, seed: int) -> Twins:
        """`count` courses of each patient at times t (time,) d, ascending, from the baseline alone."""
        w, rng = self.coding.w(base), generator(seed, "progression.draws")
        mean, root = self.mean(w, t), np.linalg.cholesky(self.correlation)
        n, k, d = len(w), len(t), len(self.courses)
        shared = rng.standard_normal((n, count, k, d)) @ root.T  # one column a marker, correlated by R
        y = np.empty_like(shared)
        for j, course in enumerate(self.courses):
            v = course.spread.covariance(t, self.horizon)
            sd = np.sqrt(np.diag(v))
            z = shared[..., j] @ np.linalg.cholesky(v / np.outer(sd, sd)).T
            open_ = rng.standard_normal((count, course.coefficients.size)) @ np.linalg.cholesky(course.uncertainty).T
            y[..., j] = mean[:, None, :, j] + sd * reshaped(z, course.shape) + self.fixed_part(w, t, open_)
        hazard = self._hazard(w, t, y)
        gap = np.diff(np.append(0.0, t)) / MONTH
        staying = np.exp(-np.cumsum(hazard * gap, axis=2))
        left = rng.exponential(size=(n, count, 1)) < np.cumsum(hazard * gap, axis=2)
        values = np.stack([recorded(c, y[..., j]) for j, c in enumerate(self.courses)], axis=3)
        return Twins(self.markers, t, values, staying, left)

    def _hazard(self, w: np.ndarray, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        z = (y - self.centre) / self.scale
        k, d = w.shape[1] - 1, len(self.courses)
        eta = self.hazard[0] + self.hazard[1] * np.log1p(t / MONTH)
        eta = eta + (w[:, 1:] @ self.hazard[2 : 2 + k])[:, None, None] + z @ self.hazard[2 + k : 2 + k + d]
        return np.exp(np.clip(eta, -20.0, 2.0))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        arrays = {n: getattr(self, n).tolist() for n in ("correlation", "hazard", "centre", "scale")}
        courses = [c.to_json() for c in self.courses]
        rest = {"horizon": self.horizon, "unit": list(self.unit), "origin": self.origin}
        return {"coding": [list(i) for i in self.coding.items], "courses": courses, **arrays, **rest}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Population:
        """Back from `to_json`."""
        arrays = {n: np.array(data[n]) for n in ("correlation", "hazard", "centre", "scale")}
        coding = Coding(tuple((i[0], i[1], i[2], i[3], i[4]) for i in data["coding"]))
        courses = tuple(Course.from_json(c) for c in data["courses"])
        rest = {"horizon": data["horizon"], "unit": tuple(data["unit"]), "origin": data["origin"]}
        return cls(coding, courses, **arrays, **rest)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def recorded(course: Course, y: np.ndarray) -> np.ndarray:
    """On the marker's own scale, in the steps it is recorded in: digits must not tell twins from patients."""
    value = backward(course.transform, y)
    return np.round(value / course.step) * course.step if course.step else value


@dataclass(frozen=True)
class Twins:
    """Draws: values (patient, draw, time, marker) in the markers' units; staying: P(still seen); left:
    drawn as gone.
    """

    markers: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray
    staying: np.ndarray
    left: np.ndarray

    def band(self, marker: str, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end (patient, time) of those still seen."""
        j = self.markers.index(marker)
        ends = [weighted_quantile(self.values[..., j], self.staying, p) for p in ((1 - level) / 2, (1 + level) / 2)]
        return ends[0], ends[1]

    def expected(self, marker: str) -> np.ndarray:
        """Mean (patient, time) of those still seen: the prognostic score of that visit."""
        y = self.values[..., self.markers.index(marker)]
        return (y * self.staying).sum(axis=1) / self.staying.sum(axis=1)


def weighted_quantile(y: np.ndarray, weight: np.ndarray, p: float) -> np.ndarray:
    """Over axis 1: y, weight (n, draw, ...) -> (n, ...)."""
    order = np.argsort(y, axis=1)
    ordered = np.take_along_axis(weight, order, axis=1)
    total = np.cumsum(ordered, axis=1)
    index = (total < p * total[:, -1:]).sum(axis=1, keepdims=True)
    return np.take_along_axis(np.take_along_axis(y, order, axis=1), np.minimum(index, y.shape[1] - 1), axis=1)[:, 0]


def fit_population(visits: Visits, horizon: float, unit: tuple[str, ...] = ()) -> Population:
    """From the visits of control patients."""
    transforms = {}
    for j, m in enumerate(visits.markers):
        first = visits.base.number(m)[visits.patient]
        seen = np.isfinite(visits.values[:, j]) & np.isfinite(first)
        transforms[m] = transform_of(visits.values[seen, j], first[seen], visits.time[seen] / horizon)
    coding = Coding.learned(visits.base, transforms)
    w = coding.w(visits.base)
    courses, residuals = [], np.full(visits.values.shape, np.nan)
    inside = visits.time <= 1.5 * horizon
    for j, marker in enumerate(visits.markers):
        seen = np.isfinite(visits.values[:, j]) & inside
        y = forward(transforms[marker], visits.values[seen, j])
        rows = (visits.patient[seen], visits.time[seen])
        own = 1 + [item[0] for item in coding.items].index(marker)
        course = fit_course(marker, transforms[marker], w, own, *rows, y, horizon)
        sd = np.sqrt(course.spread.covariance(rows[1][:, None], horizon)[:, 0, 0])
        residuals[seen, j] = (y - fixed(w[rows[0]], rows[1], horizon) @ course.coefficients) / sd
        courses.append(dataclasses.replace(course, step=step_of(visits.values[seen, j])))
    hazard, centre, scale = _fit_hazard(visits, w, transforms, horizon)
    unit = unit or ("1",) * len(courses)
    return Population(coding, tuple(courses), _correlation(residuals), hazard, centre, scale, horizon, unit,
                      f"{visits.base.source}: {len(visits)} patients")  # fmt: skip


def _correlation(residuals: np.ndarray) -> np.ndarray:
    d = residuals.shape[1]
    whole = residuals[np.isfinite(residuals).all(axis=1)]
    if d == 1 or len(whole) < 3 * d:
        return np.eye(d)
    return 0.98 * np.corrcoef(whole, rowvar=False) + 0.02 * np.eye(d)


def _fit_hazard(
    visits: Visits, w: np.ndarray, transforms: Mapping[str, str], horizon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poisson regression on patient-months with the last value carried forward."""
    y = np.stack([forward(transforms[m], visits.values[:, j]) for j, m in enumerate(visits.markers)], axis=1)
    first = np.stack([forward(transforms[m], visits.base.number(m)) for m in visits.markers], axis=1)
    centre, scale = np.nanmean(y, axis=0), np.maximum(np.nanstd(y, axis=0), 1e-9)
    rows, exposure, event = [], [], []
    for i in range(len(visits)):
        mine = np.flatnonzero(visits.patient == i)
        mine = mine[np.argsort(visits.time[mine])]
        at = np.append(0.0, visits.time[mine])
        last = first[i]
        for k, start in enumerate(at):
            if k:
                last = np.where(np.isfinite(y[mine[k - 1]]), y[mine[k - 1]], last)
            final = k == len(at) - 1
            stop = min(visits.end[i] if final else at[k + 1], 1.5 * horizon)
            if stop <= start:
                continue
            z = np.where(np.isfinite(last), (last - centre) / scale, 0.0)
            rows.append(np.concatenate([[1.0, np.log1p((start + stop) / 2 / MONTH)], w[i, 1:], z]))
            exposure.append((stop - start) / MONTH)
            event.append(float(final and visits.gone[i] == 1 and visits.end[i] <= 1.5 * horizon))
    x, months, d = np.array(rows), np.array(exposure), np.array(event)
    b = np.zeros(x.shape[1])
    b[0] = np.log(max(d.sum(), 0.5) / months.sum())
    penalty = np.append([1e-6, 1.0], np.full(x.shape[1] - 2, PENALTY))
    for _ in range(30):
        mu = months * np.exp(np.clip(x @ b, -20, 5))
        step = np.linalg.solve(
            (x * mu[:, None]).T @ x + np.diag(penalty), x.T @ (d - mu) - penalty * b * (np.arange(len(b)) > 0)
        )
        b = b + np.clip(step, -2, 2)
    return b, centre, scale
