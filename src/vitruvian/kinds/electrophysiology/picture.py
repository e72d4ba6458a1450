"""When the front reaches every place of one heart: the activation map, voxel by voxel, painted on its surfaces."""

from __future__ import annotations

import numpy as np

from vitruvian.core.kind import Theta
from vitruvian.kinds.electrophysiology.beat import Anatomies, State, conduction, paths, sites, times
from vitruvian.models.ecg.conduction import shape
from vitruvian.models.ecg.sites import SEGMENTS
from vitruvian.models.heart.mesh import Painted, painted


def arrivals(anatomies: Anatomies, form: tuple[float, ...], state: State, theta: Theta) -> np.ndarray:
    """(voxel,) ms after the first, of one member: a block's arrival and its slope, as the leads see them."""
    heart = conduction(anatomies, form, state.scar)
    when = times(state, theta)
    fired = np.array([float(when[name][0]) for name in sites(state)])
    terms = paths(anatomies, form, state).terms.astype(float)
    T = np.einsum("k,skbc->sbc", shape(theta["ratio"], theta["fast"])[0], terms) / float(theta["cv"][0])
    at = fired[:, None] + np.maximum(T[..., 0], 0.0)
    site = np.argmin(at, axis=0)
    block = np.arange(at.shape[1])
    middle, slope = at[site, block], T[site, block, 1:]
    centres, of = heart.tissue.centres, heart.blocks.of
    off = centres - heart.blocks.mean(centres)[of]
    t = middle[of] + np.einsum("vi,vi->v", slope[of], off)
    return t - middle.min()


def picture(anatomies: Anatomies, form: tuple[float, ...], state: State, theta: Theta) -> Painted:
    """On endocardia and epicardium, with the mean of each segment and where scar is."""
    heart = conduction(anatomies, form, state.scar)
    t = arrivals(anatomies, form, state, theta)
    count = np.bincount(heart.segment, minlength=len(SEGMENTS))
    mean = np.bincount(heart.segment, t, minlength=len(SEGMENTS)) / np.maximum(count, 1)
    scar = np.where(heart.core, 2, np.where((heart.segment == state.scar.segment) & state.scar.there, 1, 0))
    regions = {name: float(mean[k]) for k, name in enumerate(SEGMENTS) if count[k]}
    return painted(heart.heart, np.maximum(t, 0.0), scar, regions, "ms", "activation after the first")
