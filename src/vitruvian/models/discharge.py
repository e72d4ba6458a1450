"""When will this patient leave: what remains of a stay, given what has passed and who the patient is.

    T = exp(x' beta) T0,   T0 from one of the families of durations.py       accelerated failure time
    P(T > e + h | T > e) = S0((e + h) / s) / S0(e / s),   s = exp(x' beta)

beta and the family are learned by censored maximum likelihood (stays in progress count, stays first seen late enter
late); covariates are centred and scaled by their spread; a weak N(0, 1) prior on beta per spread keeps small logs sane.

Reference: Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. 2002, chapter 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models import survival
from vitruvian.models.durations import Law
from vitruvian.models.survival import Durations, LearnedLaw

Z95 = 1.959963984540054
FAMILIES = ("exponential", "gamma", "weibull", "lognormal")
ROUNDS = 6  # of learning the law of the scaled stays and the factors in turn


@dataclass(frozen=True)
class DischargeModel:
    """The law of a stay at mean covariates, and by what factor a stay is longer per unit of each covariate."""

    law: LearnedLaw
    names: tuple[str, ...]
    beta: np.ndarray
    sd: np.ndarray
    centre: np.ndarray

    def factor(self, covariates: Mapping[str, float]) -> float:
        """How much longer this stay is than that of the mean patient; a covariate not given is at its mean."""
        x = np.array([covariates.get(n, c) for n, c in zip(self.names, self.centre, strict=True)])
        return float(np.exp(self.beta @ (x - self.centre)))

    def gone(self, elapsed: float, hours: np.ndarray, covariates: Mapping[str, float]) -> np.ndarray:
        """Chance to have left within these times from now."""
        s = self.factor(covariates)
        log_s = self.law.law.log_survival((elapsed + np.asarray(hours, dtype=float)) / s)
        start = float(self.law.law.log_survival(np.array([elapsed / s]))[0])
        return -np.expm1(log_s - start) if np.isfinite(start) else np.ones_like(log_s)

    def remaining(self, elapsed: float, covariates: Mapping[str, float], p: np.ndarray) -> np.ndarray:
        """Quantiles of what is left."""
        s, u = self.factor(covariates), np.asarray(p, dtype=float)
        return s * self.law.law.remaining(np.full(u.shape, elapsed / s), u)

    def to_json(self) -> dict[str, Any]:
        """Law, and factors per unit of each covariate with 95 % intervals."""
        rows = zip(self.names, self.beta, self.sd, strict=True)
        return {
            "law_at_mean": self.law.to_json(),
            "factors": {
                n: {"factor": float(np.exp(b)), "interval95": [float(np.exp(b - Z95 * s)), float(np.exp(b + Z95 * s))]}
                for n, b, s in rows
            },
        }


def learn(stays: Durations, covariates: Mapping[str, Sequence[float]]) -> DischargeModel:
    """The law and the factors, maximised in turn until neither moves."""
    names = tuple(covariates)
    x = np.array([covariates[n] for n in names], dtype=float).T.reshape(len(stays.time), len(names))
    if not np.isfinite(x).all():
        bad = names[int(np.flatnonzero(~np.isfinite(x).all(axis=0))[0])]
        raise InferenceError(f"'{bad}' is missing for a stay", where="discharge.learn", fix="leave that stay or it out")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    if (spread == 0).any():
        raise InferenceError(
            f"'{names[int(np.argmin(spread))]}' is the same for all", where="discharge.learn", fix="leave it out"
        )
    z = (x - centre) / spread
    beta, cov = np.zeros(len(names)), np.eye(len(names))
    law = survival.learn(stays, FAMILIES, quantiles=False)
    for _ in range(ROUNDS):
        before = beta
        beta, cov = _factors(stays, z, law.law, beta)
        s = np.exp(z @ beta)
        scaled = Durations(stays.time / s, stays.ended, stays.entry / s, stays.resolution)
        law = survival.learn(scaled, FAMILIES, quantiles=False)
        if np.abs(beta - before).max(initial=0.0) < 1e-4:
            break
    return DischargeModel(law, names, beta / spread, np.sqrt(np.diag(cov)) / spread, centre)


def _factors(stays: Durations, z: np.ndarray, law: Law, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """beta of the scaled covariates and its covariance, the law held."""
    from scipy.optimize import minimize

    from vitruvian.models.durations import log_density, log_survival

    p = np.array(law.parameters)

    def cost(beta: np.ndarray) -> float:
        s = np.exp(np.clip(z @ beta, -20.0, 20.0))
        t, e = np.maximum(stays.time / s, 1e-12), stays.ended
        total = (log_density(law.family, p, t[e]) - np.log(s[e])).sum() + log_survival(law.family, p, t[~e]).sum()
        late = stays.entry > 0
        total -= log_survival(law.family, p, stays.entry[late] / s[late]).sum()
        return float(-total + 0.5 * beta @ beta) if np.isfinite(total) else 1e30

    found = minimize(cost, start, method="BFGS", options={"gtol": 1e-4}).x
    n, h = len(found), 1e-3
    info = np.array(
        [
            [
                sum(a * b * cost(found + h * (a * i + b * j)) for a in (1, -1) for b in (1, -1)) / (4 * h * h)
                for j in np.eye(n)
            ]
            for i in np.eye(n)
        ]
    )
    return found, np.linalg.inv(info)
