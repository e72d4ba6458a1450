"""Nine electrodes on a chest, and what they see of the muscle: the lead field of a uniform conducting sphere.

    phi(x) = -K sum over the muscle of D grad V . grad_y N(x, y) dV,   K = chi C_m / (4 pi sigma_b)
    N(x, y) = 2 / d - ln((R^2 - x . y + R d) / 2 R^2) / R,   d = |x - y|,   |x| = R

N is Neumann's function of the sphere on its surface (the potential of a source whose current cannot leave; Wilson &
Bayley, Circulation 1950;1:84). In an unbounded conductor N is 1 / d, and limb leads come out ten times too small. Axes
of the patient: x to the left, y to the back, z to the head, mm from the sphere's middle. Sites are standard (Kligfield
et al., Circulation 2007;115:1306: V1 and V2 in the fourth intercostal space, V4 in the fifth on the midclavicular line,
V6 on the midaxillary one), put on the sphere; its size and where the heart lies in it are assumed: no torso was imaged.
Leaves out the torso's form, lungs, blood and bone.
"""

from __future__ import annotations

import numpy as np

from vitruvian.engines.monodomain import Tissue
from vitruvian.engines.monodomain.elements import neighbours, rows

ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
R = 140.0  # mm: half of a chest's width and depth, 320 and 240, on average; assumed
HEART = np.array([30.0, -45.0, -10.0])  # mm: the middle of the ventricles, left of the middle and to the front; assumed
_TOWARDS = np.array(
    [
        (-0.75, 0.0, 0.66),
        (0.75, 0.0, 0.66),
        (0.25, -0.05, -0.95),
        (-22.0, -137.0, 18.0),
        (22.0, -137.0, 18.0),
        (55.0, -128.0, 0.0),
        (88.0, -106.0, -22.0),
        (120.0, -68.0, -22.0),
        (137.0, 0.0, -22.0),
    ]
)
STANDARD = R * _TOWARDS / np.linalg.norm(_TOWARDS, axis=1, keepdims=True)
# chi 140 /mm, C_m 0.01 uF/mm2 (Niederer 2011); sigma_b 0.2 S/m: blood, muscle and lung together, rounded, assumed
K = 140.0 * 0.01 / (4.0 * np.pi * 0.2)  # for D in mm2/ms and V in mV: mV


def _turn(degrees: float) -> np.ndarray:
    """(3, 3): clockwise in the frontal plane, seen from the front."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([(c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c)])


def _placed(places: np.ndarray, middle: np.ndarray, degrees: float) -> np.ndarray:
    """The heart put where hearts lie, turned around its middle."""
    return HEART + (places - middle) @ _turn(degrees).T


def neumann(places: np.ndarray, electrodes: np.ndarray) -> np.ndarray:
    """(electrode, place) N, /mm."""
    d = np.linalg.norm(electrodes[:, None] - places[None], axis=2)
    return 2.0 / d - np.log((R * R - electrodes @ places.T + R * d) / (2.0 * R * R)) / R


def slopes(places: np.ndarray, electrodes: np.ndarray) -> np.ndarray:
    """(place, electrode, 3): gradient of N by place, /mm2."""
    way = electrodes[None] - places[:, None]
    d = np.linalg.norm(way, axis=2)[..., None]
    inner = R * R - (places @ electrodes.T)[..., None] + R * d
    return 2.0 * way / d**3 + (electrodes[None] / R + way / d) / inner


def sources(tissue: Tissue, electrodes: np.ndarray = STANDARD, degrees: float = 0.0) -> np.ndarray:
    """(voxel, electrode, 3): mV that a slope of V of 1 mV/mm in that voxel makes at an electrode, heart turned."""
    placed = _placed(tissue.centres, tissue.centres.mean(axis=0), degrees)
    seen = slopes(placed, electrodes) @ _turn(degrees)
    return -K * float(np.prod(tissue.spacing)) * np.einsum("vij,vej->vei", tissue.tensors, seen)


def lead_field(tissue: Tissue, electrodes: np.ndarray = STANDARD) -> np.ndarray:
    """(electrode, node): mV at the electrode for 1 mV at that node alone: rows for a monodomain run's Watch."""
    seen = neumann(_placed(tissue.nodes, tissue.centres.mean(axis=0), 0.0), electrodes)
    stiff, around = rows(tissue, tissue.tensors), neighbours(tissue)
    return -K * np.stack([np.einsum("nk,nk->n", stiff, row[around]) for row in seen])
