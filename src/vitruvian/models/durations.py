"""Laws of durations: services, stays, delays, times to the next step; and what is left of one in progress.

    exponential(mean)                      S(t) = exp(-t / mean)
    gamma(mean, cv)                        shape 1 / cv^2, scale mean cv^2
    weibull(shape, scale)                  S(t) = exp(-(t / scale)^shape)
    lognormal(median, sigma)               log t ~ N(log median, sigma^2)
    hyperexponential(share, short, long)   S(t) = share exp(-t / short) + (1 - share) exp(-t / long)
    constant(value)
    empirical(q0, ..., qn)                 quantiles at probabilities 0, 1/n, ..., 1, straight between them

    remaining after e:  S(e + r) / S(e),  so  r = Q(1 - u S(e)) - e  for a uniform u

Reference: Law, Simulation Modeling and Analysis, 5th ed. 2015, chapter 6; conditional laws: Cox & Oakes, Analysis of
Survival Data, 1984, chapter 2. Times in one unit throughout, none below zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import FieldError

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "exponential": ("mean",),
    "gamma": ("mean", "cv"),
    "weibull": ("shape", "scale"),
    "lognormal": ("median", "sigma"),
    "hyperexponential": ("share", "short", "long"),
    "constant": ("value",),
    "empirical": (),
}


@dataclass(frozen=True)
class Law:
    """One of the families with its parameters, in their order there."""

    family: str
    parameters: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise FieldError(f"there is no law '{self.family}'", fix=f"use one of {', '.join(FAMILIES)}")
        if self.family == "empirical":
            self._check_quantiles()
            return
        names = FAMILIES[self.family]
        if len(names) != len(self.parameters):
            raise FieldError(f"law '{self.family}' has {', '.join(names)}", where=str(self.parameters))
        for name, value in zip(names, self.parameters, strict=True):
            if not (math.isfinite(value) and (value > 0 or (self.family == "constant" and value == 0))):
                raise FieldError(f"must be above 0 (got {value:g})", where=f"law '{self.family}', {name}")

    def _check_quantiles(self) -> None:
        q = self.parameters
        if len(q) < 2 or list(q) != sorted(q) or q[0] < 0 or not math.isfinite(q[-1]):
            raise FieldError("needs two or more rising quantiles, none below 0", where="law 'empirical'")

    def to_json(self) -> dict[str, object]:
        """Family and named parameters."""
        if self.family == "empirical":
            return {"law": self.family, "values": list(self.parameters)}
        return {"law": self.family, **dict(zip(FAMILIES[self.family], self.parameters, strict=True))}

    @property
    def mean(self) -> float:
        """Expectation."""
        p = self.parameters
        match self.family:
            case "weibull":
                return p[1] * math.gamma(1.0 + 1.0 / p[0])
            case "lognormal":
                return p[0] * math.exp(0.5 * p[1] ** 2)
            case "hyperexponential":
                return p[0] * p[1] + (1.0 - p[0]) * p[2]
            case "empirical":
                return float(np.mean(0.5 * (np.array(p[1:]) + np.array(p[:-1]))))
        return p[0]

    @property
    def sd(self) -> float:
        """Standard deviation."""
        p = self.parameters
        match self.family:
            case "exponential":
                return p[0]
            case "gamma":
                return p[0] * p[1]
            case "weibull":
                return math.sqrt(max(p[1] ** 2 * math.gamma(1.0 + 2.0 / p[0]) - self.mean**2, 0.0))
            case "lognormal":
                return self.mean * math.sqrt(math.expm1(p[1] ** 2))
            case "hyperexponential":
                return math.sqrt(2.0 * (p[0] * p[1] ** 2 + (1.0 - p[0]) * p[2] ** 2) - self.mean**2)
            case "empirical":
                a, b = np.array(p[:-1]), np.array(p[1:])
                return math.sqrt(max(float(np.mean((a * a + a * b + b * b) / 3.0)) - self.mean**2, 0.0))
        return 0.0

    def log_survival(self, t: np.ndarray) -> np.ndarray:
        """log P(T > t)."""
        return log_survival(self.family, np.array(self.parameters), np.asarray(t, dtype=float))

    def survival(self, t: np.ndarray) -> np.ndarray:
        """P(T > t)."""
        return np.exp(self.log_survival(t))

    def quantile(self, p: np.ndarray) -> np.ndarray:
        """The duration below which a share p falls."""
        return self._beyond(np.log1p(-np.asarray(p, dtype=float)))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Durations."""
        return self._beyond(np.log(1.0 - rng.random(size)))

    def remaining(self, elapsed: np.ndarray, u: np.ndarray) -> np.ndarray:
        """What is left of stays that have lasted `elapsed`, by uniform u of the same shape."""
        if self.family == "constant":
            return np.maximum(self.parameters[0] - np.asarray(elapsed, dtype=float), 0.0)
        e = np.asarray(elapsed, dtype=float)
        return np.maximum(self._beyond(np.log1p(-np.asarray(u, dtype=float)) + self.log_survival(e)) - e, 0.0)

    def _beyond(self, log_s: np.ndarray) -> np.ndarray:
        """t with log S(t) = log_s."""
        from scipy.special import gammainccinv, ndtri_exp

        p = self.parameters
        match self.family:
            case "exponential":
                return -p[0] * log_s
            case "gamma":
                return p[0] * p[1] ** 2 * gammainccinv(p[1] ** -2, np.exp(log_s))
            case "weibull":
                return p[1] * (-log_s) ** (1.0 / p[0])
            case "lognormal":
                return p[0] * np.exp(-p[1] * ndtri_exp(log_s))
            case "hyperexponential":
                return _bisected(self, log_s)
            case "empirical":
                return np.interp(-np.expm1(log_s), np.linspace(0.0, 1.0, len(p)), p)
        return np.full(np.shape(log_s), p[0])


def log_survival(family: str, p: np.ndarray, t: np.ndarray) -> np.ndarray:
    """log P(T > t) of a family with raw parameters."""
    from scipy.special import gammaincc, log_ndtr

    with np.errstate(divide="ignore"):
        match family:
            case "exponential":
                return -t / p[0]
            case "gamma":
                return np.log(gammaincc(p[1] ** -2, t / (p[0] * p[1] ** 2)))
            case "weibull":
                return -((t / p[1]) ** p[0])
            case "lognormal":
                return log_ndtr(-np.log(t / p[0]) / p[1])
            case "hyperexponential":
                return np.logaddexp(np.log(p[0]) - t / p[1], np.log1p(-p[0]) - t / p[2])
            case "empirical":
                rising = p + np.arange(len(p)) * 1e-12 * max(p[-1], 1e-300)  # equal quantiles are an atom
                return np.log1p(-np.interp(t, rising, np.linspace(0.0, 1.0, len(p))))
        return np.where(t < p[0], 0.0, -np.inf)


def log_density(family: str, p: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Log density of a family with raw parameters; t > 0."""
    from scipy.special import gammaln

    match family:
        case "exponential":
            return -np.log(p[0]) - t / p[0]
        case "gamma":
            shape, scale = p[1] ** -2, p[0] * p[1] ** 2
            return (shape - 1.0) * np.log(t) - t / scale - gammaln(shape) - shape * np.log(scale)
        case "weibull":
            z = np.log(t / p[1])
            return np.log(p[0] / p[1]) + (p[0] - 1.0) * z - np.exp(p[0] * z)
        case "lognormal":
            return -np.log(t * p[1] * math.sqrt(2.0 * math.pi)) - 0.5 * (np.log(t / p[0]) / p[1]) ** 2
        case "hyperexponential":
            return np.logaddexp(np.log(p[0] / p[1]) - t / p[1], np.log1p(-p[0]) - np.log(p[2]) - t / p[2])
    raise FieldError(f"law '{family}' has no density")


def _bisected(law: Law, log_s: np.ndarray) -> np.ndarray:
    """Survival lies between those of the two exponentials; 60 halvings are exact to 1e-16 of the longer mean."""
    target = np.asarray(log_s, dtype=float)
    low, high = np.zeros_like(target), -max(law.parameters[1:]) * target
    for _ in range(60):
        middle = 0.5 * (low + high)
        beyond = law.log_survival(middle) > target
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return 0.5 * (low + high)
