"""The course that comes with the package: fitted on synthetic patients at a fixed seed, checked against its hash."""

from __future__ import annotations

import json
from importlib.resources import files

from vitruvian.core.errors import KindError
from vitruvian.kinds.progression.generator import HORIZON, visits
from vitruvian.kinds.progression.population import Population, fit_population

PATIENTS, SEED = 300, 20260302
FILE = "weights.json"  # what fit_shipped() gave: {"digest": ..., "population": ...}


def fit_shipped() -> Population:
    """The population of the shipped file, fitted again."""
    return fit_population(visits(PATIENTS, SEED), HORIZON, ("1", "U/L"))


def shipped_population() -> Population:
    """From the file beside this one; KindError if it is not what was fitted."""
    stored = json.loads((files("vitruvian.kinds.progression") / FILE).read_text(encoding="utf-8"))
    population = Population.from_json(stored["population"])
    if population.digest != stored["digest"]:
        raise KindError("is not what was fitted", where=f"progression/{FILE}", fix="reinstall the package")
    return population
