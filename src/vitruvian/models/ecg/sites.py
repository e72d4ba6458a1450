"""Places on a heart: the 17 segments of the left ventricle, where its conduction system breaks through, pacing sites.

Segments: Cerqueira et al., Circulation 2002;105:539, from height and turn. Breakthroughs: of seven isolated human
hearts (Durrer et al., Circulation 1970;41:899) within 5 ms high on the front wall beside the septum, in the middle of
the left septum, and on the back wall beside it a third of the way from apex to base; the right ventricle 5 to 10 ms
later, near its anterior papillary muscle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.models.heart import LEFT, RIGHT, SEPTUM, Anatomy

_WALLS = ("anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral")
_APICAL = ("apical anterior", "apical septal", "apical inferior", "apical lateral", "apex")
SEGMENTS = ("right ventricle", *(f"basal {w}" for w in _WALLS), *(f"mid {w}" for w in _WALLS), *_APICAL)
_LOW, _MIDDLE, _CAP = 1.0 / 3.0, 2.0 / 3.0, 0.1  # of the height; the cap's share assumed


def segments(heart: Anatomy) -> np.ndarray:
    """(voxel,) number of its segment; 0 is the right ventricle's free wall."""
    sixth = np.mod(np.floor(np.degrees(heart.turn) / 60.0).astype(int), 6)
    ring = np.array([2, 1, 6, 5, 4, 3])[sixth]  # from the septum's middle towards the front
    quarter = np.mod(np.floor((np.degrees(heart.turn) + 45.0) / 90.0).astype(int), 4)
    apical = np.array([14, 13, 16, 15])[quarter]
    number = np.where(heart.height > _MIDDLE, ring, np.where(heart.height > _LOW, ring + 6, apical))
    number = np.where(heart.height < _CAP, 17, number)
    return np.where(heart.wall == RIGHT, 0, number)


def segment(name: str) -> int:
    """Its number; KindError names those there are."""
    if name not in SEGMENTS:
        raise KindError(f"there is no segment '{name}'", where="segments", fix=f"use {', '.join(SEGMENTS)}")
    return SEGMENTS.index(name)


@dataclass(frozen=True)
class Site:
    """A place in a wall: height 0 to 1 from the apex, turn (degrees, towards the front), depth as in Anatomy."""

    wall: int
    height: float
    turn: float
    depth: float

    def voxel(self, heart: Anatomy) -> int:
        """The voxel closest to it, in lengths of a heart: 90 mm high, 30 mm to a radian, walls 10 mm thick."""
        turned = np.angle(np.exp(1j * (heart.turn - np.radians(self.turn))))
        far = (90.0 * (heart.height - self.height)) ** 2 + (30.0 * turned) ** 2
        far = far + (10.0 * (heart.depth - self.depth)) ** 2 + np.where(heart.wall == self.wall, 0.0, 1e6)
        return int(np.argmin(far))


# Near Durrer's spots, each fascicle of two or more; heights and turns assumed so that a normal heart's QRS axis is
# normal: the posterior one is higher here than his, a spot on the right septum is added.
FASCICLES = {
    "septal": (Site(SEPTUM, 0.6, 0.0, 0.0),),
    "anterior": (Site(LEFT, 0.8, 70.0, 0.0), Site(LEFT, 0.6, 150.0, 0.0)),
    "posterior": (Site(LEFT, 0.6, -60.0, 0.0), Site(LEFT, 0.6, -140.0, 0.0)),
    "right": (
        Site(SEPTUM, 0.35, 10.0, 1.0),
        Site(RIGHT, 0.4, 20.0, 0.0),
        Site(RIGHT, 0.65, 35.0, 0.0),
        Site(RIGHT, 0.6, -30.0, 0.0),
    ),
}
RV_APEX = Site(SEPTUM, 0.15, 0.0, 1.0)
_RING = {"anterior": 90.0, "anterolateral": 150.0, "inferolateral": 210.0, "inferior": 270.0}
LEADS_LV = {
    **{f"basal {w}": Site(LEFT, 0.8, a, 1.0) for w, a in _RING.items()},
    **{f"mid {w}": Site(LEFT, 0.5, a, 1.0) for w, a in _RING.items()},
    "apical lateral": Site(LEFT, 0.22, 180.0, 1.0),
}  # what veins of the heart reach: sites of coronary-sinus leads; the inferior one stands for the middle vein
