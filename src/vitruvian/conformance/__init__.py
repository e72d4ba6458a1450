"""Conformance: the laws that every kind obeys, for kinds of this package and of anyone else's."""

from __future__ import annotations

from vitruvian.conformance.examine import LAWS, Verdict, examine
from vitruvian.conformance.law import Law, LawBroken
from vitruvian.conformance.trial import FULL, QUICK, Size, Trial

__all__ = ["FULL", "LAWS", "QUICK", "Law", "LawBroken", "Size", "Trial", "Verdict", "examine"]
