"""Membrane models of the heart's cells."""

from vitruvian.models.cells.mitchell_schaeffer import MitchellSchaeffer
from vitruvian.models.cells.tp06 import TenTusscherPanfilov

__all__ = ["MitchellSchaeffer", "TenTusscherPanfilov"]
