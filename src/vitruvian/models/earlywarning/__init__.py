"""Scores of acute illness that wards and intensive care count by hand: NEWS2, qSOFA, SAPS-I, SOFA."""

from vitruvian.models.earlywarning.news2 import news2
from vitruvian.models.earlywarning.qsofa import qsofa
from vitruvian.models.earlywarning.saps1 import saps1
from vitruvian.models.earlywarning.score import Score
from vitruvian.models.earlywarning.sofa import sofa

__all__ = ["Score", "news2", "qsofa", "saps1", "sofa"]
