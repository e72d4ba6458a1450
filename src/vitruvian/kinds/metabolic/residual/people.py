"""The population that the filter starts each person from, learned from people who were followed with no population.

Each person's end is N(m_i, P_i) under z ~ N(0, 1): its likelihood is Gaussian with precision P_i^-1 - 1. Regression B
and covariance C of z_i ~ N(B'x_i, C) by expectation-maximisation over these (Laird & Ware, Biometrics 38:963, 1982),
ridged and shrunk, since people are few. Nobody who is tested takes part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.kinds.metabolic.actions import Person
from vitruvian.kinds.metabolic.population import Population, covariates
from vitruvian.kinds.metabolic.residual.tracking import FOLLOWED, Tracked

RIDGE = np.array([0.5, 4.0, 4.0, 4.0])  # pseudo-persons at no effect (assumed)
SHRINK, TOWARDS = 10.0, 0.3  # pseudo-persons of variance TOWARDS in C (assumed)
ROUNDS = 60


def population(people: Sequence[Person], tracked: Sequence[Tracked], source: str) -> Population:
    """B and C from people followed under the parameters' own priors."""
    x = np.stack([covariates(p) for p in people])
    width = len(FOLLOWED)
    told = []
    for one in tracked:
        mean, covariance = one.person()
        precision = np.linalg.inv(covariance)
        told.append((precision - np.eye(width), precision @ mean))
    regression, spread = np.zeros((x.shape[1], width)), np.eye(width)
    for _ in range(ROUNDS):
        inverse = np.linalg.inv(spread)
        left = [np.linalg.inv(precision + inverse) for precision, _ in told]
        z = np.stack([c @ (pull + inverse @ (xi @ regression)) for c, (_, pull), xi in zip(left, told, x, strict=True)])
        regression = np.linalg.solve(x.T @ x + np.diag(RIDGE), x.T @ z)
        error = z - x @ regression
        total = sum(left) + error.T @ error + SHRINK * TOWARDS * np.eye(width)
        spread = total / (len(people) + SHRINK)
    return Population(FOLLOWED, regression, spread, source)
