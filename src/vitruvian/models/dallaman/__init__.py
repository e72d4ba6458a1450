"""The Dalla Man meal model: equations, basal state, parameter sets, virtual patients, and runs of many at once."""

from vitruvian.models.dallaman.basal import Basal, basal
from vitruvian.models.dallaman.equations import STATES, Fluxes, Now, begin, eat, fluxes, kempt, rate
from vitruvian.models.dallaman.many import Day, run
from vitruvian.models.dallaman.sets import NORMAL, NUMBERS, PREDIABETES, TYPE2, ParameterSet, averaged, between, stacked
from vitruvian.models.dallaman.virtual import average, patient, patients

__all__ = [
    "NORMAL",
    "NUMBERS",
    "PREDIABETES",
    "STATES",
    "TYPE2",
    "Basal",
    "Day",
    "Fluxes",
    "Now",
    "ParameterSet",
    "average",
    "averaged",
    "basal",
    "begin",
    "between",
    "eat",
    "fluxes",
    "kempt",
    "patient",
    "patients",
    "rate",
    "run",
    "stacked",
]
