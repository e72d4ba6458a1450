"""The monodomain equation on voxels: dV/dt = div(D grad V) - I_ion(V, ...) + I_stim."""

from vitruvian.engines.monodomain.solve import Stimulus, solve
from vitruvian.engines.monodomain.tissue import Tissue
from vitruvian.engines.monodomain.wave import Wave

__all__ = ["Stimulus", "Tissue", "Wave", "solve"]
