"""Noise of a sensor on an observable, and the discrepancy of a model from its real thing.

y_i = h(t_i; theta) + bias_s + d(t_i) + e_i: the bias and e belong to sensor s, the Ornstein-Uhlenbeck process d (if the
kind declares one) to the observable, because it is the model that is wrong, not the sensor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.core.prior import namespace


@dataclass(frozen=True)
class Discrepancy:
    """Ornstein-Uhlenbeck structural error of an observable: stationary sd (its unit) and time constant tau (s)."""

    sd: float
    tau: float
    source: str = "assumed"

    def covariance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """sd^2 exp(-|a - b| / tau), shape (len(a), len(b))."""
        return self.sd**2 * np.exp(-np.abs(a[:, None] - b[None, :]) / self.tau)


@dataclass(frozen=True)
class AbstractNoise(ABC):
    """Noise of one sensor ("" = any sensor) on one observable."""

    observable: str
    sensor: str = ""

    @abstractmethod
    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        """log p(y | mean), summed over the last axis: y (n,), mean (..., n), limit (n,) in {-1, 0, 1} -> (...)."""

    @abstractmethod
    def sample(
        self,
        rng: np.random.Generator,
        mean: np.ndarray,
        times: np.ndarray,
        theta: Mapping[str, Any],
    ) -> np.ndarray:
        """One draw of readings for each mean: (..., n) -> (..., n)."""


@dataclass(frozen=True)
class AbstractGaussianNoise(AbstractNoise):
    """Gaussian after a transform: the only noise that ES-MDA, EnKF and Laplace accept."""

    bias: str = ""  # name of the parameter added to the transformed mean; "" = none

    @abstractmethod
    def transform(self, value: Any) -> Any:
        """To the space in which errors are Gaussian."""

    @abstractmethod
    def inverse(self, value: Any) -> Any:
        """Back to the observable's unit."""

    @abstractmethod
    def slope(self, value: Any) -> Any:
        """Derivative of the transform."""

    @abstractmethod
    def covariance(self, times: np.ndarray, theta: Mapping[str, Any] | None = None) -> np.ndarray:
        """Covariance (n, n) of the transformed errors at these times."""

    def location(self, mean: Any, theta: Mapping[str, Any]) -> Any:
        """Transformed mean with the sensor's bias: (..., n)."""
        mu = self.transform(mean)
        if not self.bias:
            return mu
        shift = theta[self.bias]
        return mu + (shift[..., None] if getattr(shift, "ndim", 0) else shift)

    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        xp = namespace(mean)
        residual = clip_residual(self.transform(y) - self.location(mean, theta), limit)
        chol = np.linalg.cholesky(self.covariance(times, theta))
        white = residual @ np.linalg.inv(chol).T
        logdet = 2 * np.log(np.diag(chol)).sum()
        return -0.5 * (xp.sum(white**2, axis=-1) + logdet + len(y) * np.log(2 * np.pi))

    def sample(
        self,
        rng: np.random.Generator,
        mean: np.ndarray,
        times: np.ndarray,
        theta: Mapping[str, Any],
    ) -> np.ndarray:
        chol = np.linalg.cholesky(self.covariance(times, theta))
        draws = rng.standard_normal(np.shape(mean)) @ chol.T
        return self.inverse(self.location(mean, theta) + draws)


def clip_residual(residual: Any, limit: np.ndarray | None) -> Any:
    """A reading at a sensor's lower (-1) or upper (+1) limit says nothing against a mean beyond that limit."""
    if limit is None or not np.any(limit):
        return residual
    xp = namespace(residual)
    low, high = limit < 0, limit > 0
    return xp.where(low, xp.minimum(residual, 0.0), xp.where(high, xp.maximum(residual, 0.0), residual))


@dataclass(frozen=True)
class Gaussian(AbstractGaussianNoise):
    """Independent errors, sd in the observable's unit, and an optional AR(1) part of the sensor (sd_ar, tau s)."""

    sd: float = 1.0
    sd_ar: float = 0.0
    tau: float = 1.0

    def transform(self, value: Any) -> Any:
        return value

    def inverse(self, value: Any) -> Any:
        return value

    def slope(self, value: Any) -> Any:
        return 0.0 * value + 1.0

    def covariance(self, times: np.ndarray, theta: Mapping[str, Any] | None = None) -> np.ndarray:
        return _white_and_ar(times, self.sd, self.sd_ar, self.tau)


SEPARATOR = "|"  # between observable and sensor in the name of a sensor's lasting error


def lasting_error(noise: AbstractNoise) -> Discrepancy | None:
    """The correlated part of a sensor's error as a process of its own, if it has one."""
    return Discrepancy(noise.sd_ar, noise.tau) if isinstance(noise, Gaussian) and noise.sd_ar > 0 else None


@dataclass(frozen=True)
class LogNormal(AbstractGaussianNoise):
    """Independent multiplicative errors: log y = log mean + N(0, sigma^2)."""

    sigma: float = 0.1

    def transform(self, value: Any) -> Any:
        return namespace(value).log(value)

    def inverse(self, value: Any) -> Any:
        return namespace(value).exp(value)

    def slope(self, value: Any) -> Any:
        return 1.0 / value

    def covariance(self, times: np.ndarray, theta: Mapping[str, Any] | None = None) -> np.ndarray:
        return _white_and_ar(times, self.sigma, 0.0, 1.0)

    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        return super().log_likelihood(y, mean, times, theta, limit) - np.log(y).sum()


@dataclass(frozen=True)
class Count(AbstractNoise):
    """Poisson counts with the observable as their mean."""

    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        from scipy.special import gammaln

        xp = namespace(mean)
        mu = xp.maximum(mean, 1e-12)
        return xp.sum(y * xp.log(mu) - mu - gammaln(np.asarray(y) + 1.0), axis=-1)

    def sample(
        self,
        rng: np.random.Generator,
        mean: np.ndarray,
        times: np.ndarray,
        theta: Mapping[str, Any],
    ) -> np.ndarray:
        return rng.poisson(np.maximum(mean, 0.0)).astype(float)


@dataclass(frozen=True)
class Binary(AbstractNoise):
    """Zero or one with the observable as the probability of one."""

    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        xp = namespace(mean)
        p = xp.clip(mean, 1e-12, 1 - 1e-12)
        return xp.sum(y * xp.log(p) + (1 - y) * xp.log1p(-p), axis=-1)

    def sample(
        self,
        rng: np.random.Generator,
        mean: np.ndarray,
        times: np.ndarray,
        theta: Mapping[str, Any],
    ) -> np.ndarray:
        return (rng.uniform(size=np.shape(mean)) < mean).astype(float)


@dataclass(frozen=True)
class Hazard(AbstractNoise):
    """Discrete-time event with the observable as hazard rate per `interval` seconds: p = 1 - exp(-rate)."""

    interval: float = 3600.0

    def log_likelihood(
        self,
        y: np.ndarray,
        mean: Any,
        times: np.ndarray,
        theta: Mapping[str, Any],
        limit: np.ndarray | None = None,
    ) -> Any:
        xp = namespace(mean)
        rate = xp.maximum(mean, 1e-12)
        return xp.sum(y * xp.log(-xp.expm1(-rate)) - (1 - y) * rate, axis=-1)

    def sample(
        self,
        rng: np.random.Generator,
        mean: np.ndarray,
        times: np.ndarray,
        theta: Mapping[str, Any],
    ) -> np.ndarray:
        return (rng.uniform(size=np.shape(mean)) < -np.expm1(-np.asarray(mean))).astype(float)


def _white_and_ar(times: np.ndarray, sd: float, sd_ar: float, tau: float) -> np.ndarray:
    if sd <= 0:
        raise KindError(f"noise sd must be > 0 (got {sd:g})", fix="give a positive sd")
    cov = np.eye(len(times)) * sd**2
    if sd_ar:
        cov += Discrepancy(sd_ar, tau).covariance(times, times)
    return cov
