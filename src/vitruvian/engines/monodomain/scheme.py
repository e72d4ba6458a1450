"""How a step of the monodomain equation is made on a grid as coarse as the wave is thin.

    w = M^-1 K_D V                                  what flows away, lumped mass
    r = dt (stimulus - I_ion)                       what the membranes add at every node
    V <- V - dt w + (1 - M^-1 K_B) r                B = 1/6 sum_k h^2 b(h^2 / d_k) e_k e_k^T,  D = sum_k d_k e_k e_k^T

Along one axis 1 - b M^-1 K h^2 / 6 is the mass matrix: b = 0 lumps the reaction's mass, b = 1 keeps it consistent. A
lumped reaction makes fronts of a voxel's width too slow, until they stop; a consistent one too fast (Pathmanathan et
al., Int J Numer Method Biomed Eng 2012;28:890). b between, by how coarse the voxel is for a front in that direction,
p = h^2 / d in ms, gives the speed of the limit: b = 1 - 0.44 / sqrt(0.72 + p), chosen on planar waves of ten
Tusscher-Panfilov cells, within 1.2 % at p < 5 (0.25 mm across fibres) and 10 % at p = 20 (0.5 mm). Both terms of B go
with h^2, so the order stays two. The time step is forward Euler's in V.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.monodomain.operators import AbstractOperator, operator
from vitruvian.engines.monodomain.tissue import Tissue


@dataclass(frozen=True, eq=False)
class Scheme:
    """The two operators of a tissue and the longest stable step (ms) of its diffusion."""

    flow: AbstractOperator
    blend: AbstractOperator
    longest: float

    @classmethod
    def of(cls, tissue: Tissue, *, blended: bool = True) -> Scheme:
        """blended=False lumps the reaction: the plain scheme, for comparison."""
        if tissue.full:
            tensors = tissue.D.reshape(-1, 3, 3)[:1]
        else:
            tensors = tissue.tensors
        flow = operator(tissue, tensors)
        blend = operator(tissue, blending(tensors, tissue.spacing) if blended else 0.0 * tensors)
        return cls(flow, blend, 2.0 / flow.largest(len(tissue.nodes)))

    def checked(self, dt: float) -> None:
        """KindError if a step of dt ms is unstable."""
        if not 0 < dt <= self.longest:
            raise KindError(
                f"a step of {dt:g} ms is unstable on this grid",
                where="monodomain",
                fix=f"take dt <= {0.95 * self.longest:.3g} ms, or larger voxels",
            )


def blending(tensors: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """B of each D, mm2."""
    d, e = np.linalg.eigh(tensors)
    h2 = np.einsum("vpk,p->vk", e**2, np.array(spacing) ** 2)
    weight = h2 / 6.0 * (1.0 - 0.44 / np.sqrt(0.72 + h2 / d))
    return np.einsum("vpk,vk,vqk->vpq", e, weight, e)
