"""An infarct's scar by segment and depth: a core from the inside out, and a border zone of a given width around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from vitruvian.core.errors import KindError
from vitruvian.models.ecg.sites import SEGMENTS, segment, segments
from vitruvian.models.heart.anatomy import Anatomy

HEALTHY, BORDER, CORE = 0, 1, 2
# Which segments an artery feeds in most people: Cerqueira et al., Circulation 2002;105:539.
TERRITORIES = {
    "left anterior descending": (1, 2, 7, 8, 13, 14, 17),
    "right coronary": (3, 4, 9, 10, 15),
    "circumflex": (5, 6, 11, 12, 16),
}
BORDER_WIDTH = 4.0  # mm, assumed: late-enhancement grey zones are 3 to 10 mm wide


def scar(heart: Anatomy, names: Sequence[str | int], transmurality: float, border: float = BORDER_WIDTH) -> np.ndarray:
    """(voxel,) HEALTHY, BORDER or CORE. The core fills the segments from the endocardium to this share of the wall.

    names: of segments, or their numbers 1 to 17. Errors: KindError for others, or a share beyond 0 to 1.
    """
    if not 0 < transmurality <= 1:
        raise KindError(f"transmurality must be above 0, at most 1 (got {transmurality:g})", where="scar")
    numbers = [segment(n) if isinstance(n, str) else int(n) for n in names]
    wrong = [n for n in numbers if not 1 <= n < len(SEGMENTS)]
    if wrong or not numbers:
        raise KindError(f"segments {wrong} are none of the left ventricle's", where="scar", fix="use 1 to 17")
    core = np.isin(segments(heart), numbers) & (heart.depth <= transmurality)
    grid = np.ones(heart.voxels.shape, dtype=bool)
    grid[heart.voxels] = ~core
    far = distance_transform_edt(grid, sampling=heart.spacing)
    assert isinstance(far, np.ndarray)
    return np.where(core, CORE, np.where(far[heart.voxels] <= border, BORDER, HEALTHY))
