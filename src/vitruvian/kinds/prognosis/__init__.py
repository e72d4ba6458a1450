"""The prognostic score of a trial: a stacked learner of what becomes of control patients (super covariate)."""

from vitruvian.kinds.prognosis.model import Prognosis
from vitruvian.kinds.prognosis.shipped import shipped_stack
from vitruvian.kinds.prognosis.stack import History

__all__ = ["KIND", "History", "Prognosis"]

KIND = Prognosis(shipped_stack())
