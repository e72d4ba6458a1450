"""Vitruvian: the open platform for healthcare digital twins. Research use."""

__version__ = "0.1.0"
