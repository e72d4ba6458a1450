"""Priors: maps from z ~ N(0, 1) to values, so that every verb works in one space.

Each map is elementwise, increasing, and takes numpy or JAX arrays.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError


def namespace(x: Any) -> Any:
    """The array library of x: numpy, or jax.numpy when x is a JAX array or tracer."""
    return np if isinstance(x, (float, int, np.ndarray, np.generic)) else x.__array_namespace__()


def _ndtr(z: Any) -> Any:
    """Standard normal distribution function, from the array library's own special functions."""
    xp = namespace(z)
    library = "scipy" if xp is np else f"{xp.__name__.partition('.')[0]}.scipy"
    return import_module(f"{library}.special").ndtr(z)


class AbstractPrior(ABC):
    """A strictly increasing map from z ~ N(0, 1) to the parameter's value."""

    @abstractmethod
    def value(self, z: Any) -> Any:
        """Value at z; shape kept."""

    @abstractmethod
    def z(self, value: float) -> float:
        """Inverse of `value` for one number."""


@dataclass(frozen=True)
class Normal(AbstractPrior):
    """mean + sd z."""

    mean: float
    sd: float

    def value(self, z: Any) -> Any:
        return self.mean + self.sd * z

    def z(self, value: float) -> float:
        return (value - self.mean) / self.sd


@dataclass(frozen=True)
class LogNormal(AbstractPrior):
    """exp(mu + sigma z); `median` = exp(mu)."""

    mu: float
    sigma: float

    @classmethod
    def around(cls, median: float, sigma: float) -> LogNormal:
        """Lognormal with this median and this log-sd."""
        return cls(math.log(median), sigma)

    def value(self, z: Any) -> Any:
        return namespace(z).exp(self.mu + self.sigma * z)

    def z(self, value: float) -> float:
        if value <= 0:
            raise KindError(f"a lognormal value must be > 0 (got {value:g})", fix="check the unit")
        return (math.log(value) - self.mu) / self.sigma


@dataclass(frozen=True)
class Uniform(AbstractPrior):
    """low + (high - low) Phi(z)."""

    low: float
    high: float

    def value(self, z: Any) -> Any:
        return self.low + (self.high - self.low) * _ndtr(z)

    def z(self, value: float) -> float:
        from scipy.special import ndtri

        return float(ndtri((value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class LogitNormal(AbstractPrior):
    """low + (high - low) / (1 + exp(-(mu + sigma z))): a soft-bounded normal."""

    low: float
    high: float
    mu: float
    sigma: float

    @classmethod
    def around(cls, low: float, high: float, median: float, sigma: float) -> LogitNormal:
        """Bounded prior with this median; sigma on the logit scale."""
        p = (median - low) / (high - low)
        return cls(low, high, math.log(p / (1 - p)), sigma)

    def value(self, z: Any) -> Any:
        return self.low + (self.high - self.low) / (1.0 + namespace(z).exp(-(self.mu + self.sigma * z)))

    def z(self, value: float) -> float:
        p = (value - self.low) / (self.high - self.low)
        return (math.log(p / (1 - p)) - self.mu) / self.sigma


@dataclass(frozen=True)
class Gamma(AbstractPrior):
    """Gamma(shape, scale) by its quantile function, tabulated on z in [-6, 6] (step 0.01, error < 1e-6 relative)."""

    shape: float
    scale: float

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        from scipy.special import gammaincinv, ndtr

        grid = np.linspace(-6.0, 6.0, 1201)
        return grid, np.log(self.scale * gammaincinv(self.shape, ndtr(grid)))

    def value(self, z: Any) -> Any:
        grid, logq = self._table
        xp = namespace(z)
        return xp.exp(xp.interp(xp.clip(z, -6.0, 6.0), grid, logq))

    def z(self, value: float) -> float:
        grid, logq = self._table
        return float(np.interp(math.log(value), logq, grid))


@dataclass(frozen=True)
class Fixed(AbstractPrior):
    """A known constant: z has no effect and nothing is learned."""

    constant: float

    def value(self, z: Any) -> Any:
        return self.constant + 0.0 * z

    def z(self, value: float) -> float:
        return 0.0
