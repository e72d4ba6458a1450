"""What is believed of a person before any reading: learned from a data set, shifted by what is known of the person.

    z ~ N(B'x, C),   x = (1, log fasting glucose, log fasting insulin, log HbA1c)  centred and scaled

B and C are empirical Bayes estimates (evidence/learning.py) over the latents named; others keep their own priors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.actions import Person

# centre and scale of each covariate's logarithm: rounded means and sd of CGMacros
COVARIATES = {"fasting_glucose": (110.0, 0.2), "fasting_insulin": (12.0, 0.6), "hba1c": (6.0, 0.15)}
# what stands in for a value that is not known, by diagnosis: means of the groups of CGMacros
USUAL = {
    "none": {"fasting_glucose": 97.0, "fasting_insulin": 10.0, "hba1c": 5.3},
    "prediabetes": {"fasting_glucose": 119.0, "fasting_insulin": 16.0, "hba1c": 6.0},
    "type2": {"fasting_glucose": 148.0, "fasting_insulin": 17.0, "hba1c": 7.2},
    "type1": {"fasting_glucose": 148.0, "fasting_insulin": 2.0, "hba1c": 7.5},
}
NO_SECRETION = 2e-5  # /min/(mg/dL), D without beta cells: a tenth of the lowest of CGMacros (assumed)


@dataclass(frozen=True)
class Population:
    """Regression B (covariate, latent) and covariance C (latent, latent) of z between persons, with their source."""

    names: tuple[str, ...]
    regression: np.ndarray
    covariance: np.ndarray
    source: str

    def prior(self, person: Person) -> PopulationPrior:
        """The prior of this person. In type 1 diabetes secretion is taken to be gone, not learned."""
        mean, covariance = covariates(person) @ self.regression, self.covariance.copy()
        if person.diabetes == "type1" and "D" in self.names:
            at = self.names.index("D")
            prior = next(p.prior for p in par.PARAMETERS if p.name == "D")
            mean[at] = prior.z(NO_SECRETION)
            covariance[at, :] = covariance[:, at] = 0.0
            covariance[at, at] = 0.25
        return PopulationPrior(self.names, mean, covariance, self.source)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, rounded to what the estimate is worth."""
        return {
            "names": list(self.names),
            "regression": np.round(self.regression, 4).tolist(),
            "covariance": np.round(self.covariance, 5).tolist(),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Population:
        """Back from `to_json`."""
        regression, covariance = np.array(data["regression"]), np.array(data["covariance"])
        return cls(tuple(data["names"]), regression, covariance, data["source"])


def covariates(person: Person) -> np.ndarray:
    """x of this person, (4,)."""
    out = [1.0]
    for name, (centre, scale) in COVARIATES.items():
        value = getattr(person, name)
        out.append(math.log((USUAL[person.diabetes][name] if value is None else value) / centre) / scale)
    return np.array(out)


@cache
def shipped() -> Population:
    """Learned from all shared subjects of CGMacros: population.json."""
    text = (files("vitruvian.kinds.metabolic") / "population.json").read_text(encoding="utf-8")
    return Population.from_json(json.loads(text))
