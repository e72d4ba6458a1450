"""Persons of a set: draws of the kind's population for a condition."""

from __future__ import annotations

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.kinds.circulation.actions import Patient
from vitruvian.kinds.circulation.model import Circulation

KIND = Circulation()


def persons(condition: str, count: int, seed: int) -> tuple[Forcing, dict[str, np.ndarray]]:
    """A day's forcing and theta (count,) of persons of this set; the first is its median."""
    case = Case(Patient(condition=condition))
    forcing = KIND.compile(case, Record.empty(), 0.0, 86400.0, 0.0)
    layout = Latents.of(KIND.parameters, forcing)
    prior: PopulationPrior = KIND.population(case)
    mean, covariance = prior.moments(layout.names)
    normals = generator(seed, "circ.persons", condition).standard_normal((count, len(mean)))
    normals[0] = 0.0
    return forcing, layout.theta(mean + normals @ np.linalg.cholesky(covariance).T)
