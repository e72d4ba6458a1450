"""Thousands of hearts: a family of idealised bi-ventricles drawn from published sizes, by sex and by what ails them.

Volumes and mass are log-normal and correlated, the wall follows from the mass, length from the volume and a spread of
roundness. Why no modes of a shape atlas: two bi-ventricles with a licence are at hand (a template and one patient), and
two shapes span one direction; an atlas fits where `Shape.heart` stands. Every heart is synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.core.keys import generator
from vitruvian.models.ecg.sites import SEGMENTS
from vitruvian.models.heart.ideal import CUT, IdealBiventricle
from vitruvian.models.heart.scar import TERRITORIES

DENSITY = 1.05  # g/mL of muscle
PETERSEN = "Petersen et al., J Cardiovasc Magn Reson 2017;19:18 [absolute values from memory]"
_TAIL = 2.5  # sd beyond which nobody is drawn


@dataclass(frozen=True)
class Population:
    """Means and sds of volumes (mL), mass (g) and right wall (mm), septal flattening, and how many have an infarct."""

    lv: tuple[float, float]
    rv: tuple[float, float]
    mass: tuple[float, float]
    rv_wall: tuple[float, float] = (3.0, 0.4)
    flat: tuple[float, float] = (0.0, 0.04)
    infarct: float = 0.0
    source: str = "assumed"


POPULATIONS = {
    "men": Population((166, 32), (182, 36), (103, 21), source=PETERSEN),
    "women": Population((124, 21), (130, 24), (70, 13), source=PETERSEN),
    "dilated": Population((265, 60), (205, 50), (155, 35), infarct=0.5, source="assumed: HFrEF of either cause"),
    "hypertrophic": Population((135, 28), (150, 30), (190, 45), source="assumed: hypertension or HCM"),
    "pulmonary hypertension": Population(
        (115, 25), (230, 55), (95, 20), (6.0, 1.2), (0.35, 0.12), source="assumed: a septum flattened by the right side"
    ),
}
# Correlations of volumes and mass, assumed: hearts are large or small as a whole.
_TOGETHER = np.array([[1.0, 0.85, 0.7], [0.85, 1.0, 0.6], [0.7, 0.6, 1.0]])
ROUND = 0.07  # sd of the log of length over that of the mean shape; assumed
LENGTH = (92.0, 166.0)  # mm at mL: typical, assumed; length goes with the cube root of volume
ANGLES = ((50.0, 10.0), (30.0, 8.0), (5.0, 10.0))  # azimuth, dip, roll, degrees: about patient_1 of biv-me; sd assumed


@dataclass(frozen=True)
class Shape:
    """One drawn heart. mass: of the left ventricle, g. scar: its segment's name, "none", and how much of the wall."""

    lv_volume: float
    rv_volume: float
    mass: float
    long_axis: float
    lv_wall: float
    rv_wall: float
    flat: float
    azimuth: float
    dip: float
    roll: float
    scar: str
    transmurality: float

    @property
    def heart(self) -> IdealBiventricle:
        """As an idealised bi-ventricle."""
        names = {f.name for f in fields(IdealBiventricle)}
        return IdealBiventricle(**{n: v for n, v in vars(self).items() if n in names})


def draw(population: str, count: int, seed: int = 0) -> list[Shape]:
    """Hearts of a population; heart k is the same whatever the count.

    Errors: FieldError for a population there is not.
    """
    if population not in POPULATIONS:
        raise FieldError(f"no population '{population}'", where="heart family", fix=f"use {', '.join(POPULATIONS)}")
    p = POPULATIONS[population]
    z = generator(seed, "heart family", population).standard_normal((count, 12))
    z = np.clip(z, -_TAIL, _TAIL)
    sizes = z[:, :3] @ np.linalg.cholesky(_TOGETHER).T
    lv, rv, mass = (_lognormal(mean, sd, x) for (mean, sd), x in zip((p.lv, p.rv, p.mass), sizes.T, strict=True))
    long_axis = LENGTH[0] * np.cbrt(lv / LENGTH[1]) * np.exp(ROUND * z[:, 3])
    flat = np.clip(np.abs(p.flat[0] + p.flat[1] * z[:, 4]), 0.0, 0.7)
    rv_wall = np.clip(p.rv_wall[0] + p.rv_wall[1] * z[:, 5], 2.0, 12.0)
    angles = [mean + sd * x for (mean, sd), x in zip(ANGLES, z[:, 6:9].T, strict=True)]
    wall = np.array([wall_of(*one) for one in zip(lv, long_axis, flat, mass, strict=True)])
    hit, place, depth = (_share(x) for x in z[:, 9:].T)
    segments = [n for territory in TERRITORIES.values() for n in territory]
    out = []
    for k in range(count):
        there = bool(hit[k] < p.infarct)
        name = SEGMENTS[segments[min(int(place[k] * len(segments)), len(segments) - 1)]] if there else "none"
        azimuth, dip, roll = (float(angle[k]) for angle in angles)
        out.append(
            Shape(
                lv_volume=float(lv[k]),
                rv_volume=float(rv[k]),
                mass=float(mass[k]),
                long_axis=float(long_axis[k]),
                lv_wall=float(wall[k]),
                rv_wall=float(rv_wall[k]),
                flat=float(flat[k]),
                azimuth=azimuth,
                dip=dip,
                roll=roll,
                scar=name,
                transmurality=0.25 + 0.75 * float(depth[k]) if there else 0.0,
            )
        )
    return out


def wall_of(volume: float, long_axis: float, flat: float, mass: float) -> float:
    """mm: the left wall whose shell between truncated ellipsoids weighs `mass` g, by bisection."""
    inner = IdealBiventricle(lv_volume=volume, long_axis=long_axis, flat=flat)
    low, high = 3.0, 30.0
    for _ in range(40):
        wall = 0.5 * (low + high)
        low, high = (wall, high) if shell(inner, wall) * DENSITY < mass else (low, wall)
    return 0.5 * (low + high)


def shell(inner: IdealBiventricle, wall: float) -> float:
    """mL between the left endocardium and what lies `wall` mm outside it, septum included."""
    a, c = inner.radius, inner.half
    septal, t = a * (1 - inner.flat), CUT * c / (c + wall)
    outer = np.pi * (a + wall) * (c + wall) * (2 / 3 + t - t**3 / 3) * (a + septal + 2 * wall) / 2
    return float(outer) / 1e3 - inner.lv_volume


def _lognormal(mean: float, sd: float, z: np.ndarray) -> np.ndarray:
    s2 = np.log1p((sd / mean) ** 2)
    return np.exp(np.log(mean) - s2 / 2 + np.sqrt(s2) * z)


def _share(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))
