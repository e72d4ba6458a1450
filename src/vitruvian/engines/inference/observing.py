"""What a record says about a kind's outputs: whitened residuals, their slopes, and what the discrepancy is at the end.

For each observable the rows of all sensors are taken together: y = h(mean) + bias_s + d + e, covariance = discrepancy
(shared by the sensors) + noise of each sensor. Rows with their own sd use it instead of the sensor's white noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import AbstractKind
from vitruvian.core.latents import Latents
from vitruvian.core.noise import SEPARATOR, AbstractGaussianNoise, clip_residual, lasting_error
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record


@dataclass(frozen=True)
class Block:
    """All rows of one observable: y (n,), transformed; where each row's mean stands among the asked times."""

    observable: str
    times: np.ndarray
    y: np.ndarray
    limit: np.ndarray
    position: np.ndarray
    noises: tuple[AbstractGaussianNoise, ...]
    which: np.ndarray  # (n,) which noise each row has
    covariance: np.ndarray
    sensors: tuple[str, ...] = ()

    @cached_property
    def whitener(self) -> np.ndarray:
        """Inverse Cholesky factor W: W C W' = 1."""
        from scipy.linalg import solve_triangular

        return solve_triangular(np.linalg.cholesky(self.covariance), np.eye(len(self.y)), lower=True)

    def location(self, mean: np.ndarray, theta: Mapping[str, Any]) -> np.ndarray:
        """Transformed mean with bias, (member, n)."""
        out = np.empty_like(mean)
        for k, noise in enumerate(self.noises):
            out[:, self.which == k] = noise.location(mean[:, self.which == k], theta)
        return out

    def lasting(self, at: float) -> Iterator[tuple[str, np.ndarray]]:
        """Of each sensor with an error that lasts: "observable|sensor" and its whitened covariance at `at` (n,)."""
        for k, (sensor, noise) in enumerate(zip(self.sensors, self.noises, strict=True)):
            if (process := lasting_error(noise)) is not None:
                there = process.covariance(np.array([at]), self.times)[0] * (self.which == k)
                yield f"{self.observable}{SEPARATOR}{sensor}", there @ self.whitener.T

    def lasting_sd(self, key: str) -> float:
        """Stationary sd of a sensor's lasting error."""
        process = lasting_error(self.noises[self.sensors.index(key.split(SEPARATOR, 1)[1])])
        return 0.0 if process is None else process.sd

    def residual(self, mean: np.ndarray, theta: Mapping[str, Any]) -> np.ndarray:
        """y - location with censored rows clipped, not yet white, (member, n)."""
        return clip_residual(self.y - self.location(mean, theta), self.limit)


@dataclass(frozen=True)
class Observing:
    """A record seen through a kind on one window."""

    layout: Latents
    forcing: Forcing
    request: Request
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, kind: AbstractKind, forcing: Forcing, record: Record) -> Observing:
        """Rows of the record inside the forcing's window; only Gaussian noise is accepted."""
        inside = record.between(forcing.t0, forcing.t1)
        blocks = [_block(kind, inside.only(name), name) for name in sorted(set(inside.observable.tolist()))]
        request = Request({b.observable: np.unique(b.times) for b in blocks})
        return cls(Latents.of(kind.parameters, forcing), forcing, request, tuple(blocks))

    @property
    def rows(self) -> int:
        """Number of readings used."""
        return sum(len(b.y) for b in self.blocks)

    def residuals(self, outputs: Mapping[str, np.ndarray], theta: Mapping[str, Any]) -> np.ndarray:
        """White residuals (member, rows)."""
        parts = [
            b.residual(np.asarray(outputs[b.observable])[:, b.position], theta) @ b.whitener.T for b in self.blocks
        ]
        return np.concatenate(parts, axis=1)

    def slopes(
        self, outputs: Mapping[str, np.ndarray], derivatives: Mapping[str, np.ndarray], z: np.ndarray
    ) -> np.ndarray:
        """d white residual / d padded z: (member, rows, width). z (member, width)."""
        theta = self.layout.theta(z)
        parts = []
        for b in self.blocks:
            mean = np.asarray(outputs[b.observable])[:, b.position]
            slope = np.asarray(derivatives[b.observable])[:, b.position, :].copy()
            bias = np.zeros_like(slope)
            for k, noise in enumerate(b.noises):
                rows = b.which == k
                slope[:, rows] *= noise.slope(mean[:, rows])[..., None]
                if noise.bias:
                    bias[:, rows] += self._theta_slope(noise.bias, z)[:, None, :]
            raw = b.residual(mean, theta)
            live = (b.limit == 0) | (raw != 0.0)
            parts.append(b.whitener @ (-(slope + bias) * live[..., None]))
        return np.concatenate(parts, axis=1)

    def predictions(self, outputs: Mapping[str, np.ndarray], theta: Mapping[str, Any]) -> np.ndarray:
        """Transformed means with bias, (member, rows): what an ensemble smoother compares with `y`."""
        parts = [b.location(np.asarray(outputs[b.observable])[:, b.position], theta) for b in self.blocks]
        return np.concatenate(parts, axis=1)

    @property
    def y(self) -> np.ndarray:
        """Transformed readings, (rows,)."""
        return np.concatenate([b.y for b in self.blocks])

    @property
    def limit(self) -> np.ndarray:
        """Which readings stand at a sensor's limit, (rows,)."""
        return np.concatenate([b.limit for b in self.blocks])

    @property
    def covariance(self) -> np.ndarray:
        """Block-diagonal covariance of the readings, (rows, rows)."""
        from scipy.linalg import block_diag

        return np.asarray(block_diag(*[b.covariance for b in self.blocks]))

    @property
    def log_normaliser(self) -> float:
        """log of (2 pi)^(n/2) sqrt(det C) over all blocks; log p = -|r|^2 / 2 - this."""
        parts = [0.5 * len(b.y) * np.log(2 * np.pi) - np.log(np.diag(b.whitener)).sum() for b in self.blocks]
        return float(sum(parts))

    def remaining(
        self,
        kind: AbstractKind,
        outputs: Mapping[str, np.ndarray],
        theta: Mapping[str, Any],
        at: float,
        draws: Mapping[str, np.ndarray],
    ) -> dict[str, np.ndarray]:
        """The discrepancy of each observable at time `at` given its residuals, one draw a member (transformed unit).

        draws: standard normals per observable, (member,); with one named "observable|sensor" also that sensor's lasting
        error, given the residuals and the discrepancy drawn.
        """
        out: dict[str, np.ndarray] = {}
        for name, discrepancy in kind.discrepancies.items():
            block = next((b for b in self.blocks if b.observable == name), None)
            if block is None:
                out[name] = discrepancy.sd * draws[name]
                continue
            gain = discrepancy.covariance(np.array([at]), block.times)[0] @ block.whitener.T
            raw = block.residual(np.asarray(outputs[name])[:, block.position], theta)
            mean = (raw @ block.whitener.T) @ gain
            sd = np.sqrt(max(discrepancy.sd**2 - gain @ gain, 0.0))
            out[name] = mean + sd * draws[name]
            white = raw @ block.whitener.T
            for key, part in block.lasting(at):
                if key in draws:
                    slope = -float(part @ gain) / sd**2 if sd > 0 else 0.0
                    left = block.lasting_sd(key) ** 2 - part @ part - (slope * sd) ** 2
                    out[key] = white @ part + slope * sd * draws[name] + np.sqrt(max(left, 0.0)) * draws[key]
        return out

    def _theta_slope(self, name: str, z: np.ndarray) -> np.ndarray:
        """d theta[name] / d z, (member, width); priors are elementwise, so a central difference is exact enough."""
        h = 1e-5
        out = np.zeros_like(z)
        start = 0
        for p in self.layout.parameters:
            size = self.layout.capacity[p.dims[0]] if p.dims else 1
            if p.name == name:
                column = z[:, start]
                out[:, start] = (p.prior.value(column + h) - p.prior.value(column - h)) / (2 * h)
            start += size
        return out


def _block(kind: AbstractKind, rows: Record, name: str) -> Block:
    sensors = sorted(set(rows.sensor.tolist()))
    noises: list[AbstractGaussianNoise] = []
    which = np.zeros(len(rows), dtype=int)
    covariance, lasting = np.zeros((len(rows), len(rows))), np.zeros(len(rows))
    for k, sensor in enumerate(sensors):
        noise = kind.noise(name, sensor)
        if not isinstance(noise, AbstractGaussianNoise):
            raise InferenceError(
                f"the noise of '{name}' is {type(noise).__name__}, not Gaussian",
                where=f"kind '{kind.name}'",
                fix="use an exact likelihood, a particle filter or tempered SMC",
            )
        noises.append(noise)
        mine = rows.sensor == sensor
        which[mine] = k
        covariance[np.ix_(mine, mine)] = noise.covariance(rows.valid_time[mine])
        process = lasting_error(noise)
        lasting[mine] = 0.0 if process is None else process.sd**2
    own = np.isfinite(rows.sd)
    covariance[own, own] = rows.sd[own] ** 2 + lasting[own]
    if name in kind.discrepancies:
        covariance += kind.discrepancies[name].covariance(rows.valid_time, rows.valid_time)
    y = np.empty(len(rows))
    for k, noise in enumerate(noises):
        y[which == k] = noise.transform(rows.value[which == k])
    position = np.searchsorted(np.unique(rows.valid_time), rows.valid_time)
    return Block(name, rows.valid_time, y, rows.limit, position, tuple(noises), which, covariance, tuple(sensors))
