"""Conformance: the laws that every kind obeys, for kinds of this package and of anyone else's."""

from __future__ import annotations

from vitruvian.conformance.answers import ANSWERS
from vitruvian.conformance.calibration import CALIBRATION
from vitruvian.conformance.declared import DECLARED
from vitruvian.conformance.effects import EFFECTS
from vitruvian.conformance.gradient import GRADIENT
from vitruvian.conformance.law import Law, LawBroken
from vitruvian.conformance.restart import RESTART
from vitruvian.conformance.sameness import SAMENESS
from vitruvian.conformance.timing import TIMING
from vitruvian.conformance.trial import FULL, QUICK, Size, Trial

__all__ = ["FULL", "LAWS", "QUICK", "Law", "LawBroken", "Size", "Trial"]

LAWS: tuple[Law, ...] = (
    *DECLARED,
    *ANSWERS,
    *SAMENESS,
    *TIMING,
    *RESTART,
    *EFFECTS,
    *GRADIENT,
    *CALIBRATION,
)
