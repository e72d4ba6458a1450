"""A heart as programmed stimulation takes it: scar taken out, a slow border zone, fronts that the grid carries.

    speed      along and across fibres as asked, D from the closed form of the front (models/cells/zoned.py)
    duration   of the action potential as asked, with its gradients, in bands of 10 ms
    border     half the speed: half of D and half of the currents; 9 % longer (ten Tusscher-Panfilov cells with and
               without the border's currents, this package's, at 1 Hz: 333 and 306 ms)
    grid       a front of c mm/ms in a cell of tau_in ms is some c tau_in wide. On coarse voxels fronts are fast, and no
               D makes them slower; so both currents are weakened until the slowest front is RESOLVED voxels wide. An
               upstroke is longer then, and a front stops on a tighter bend: D / c, said with every answer.

Leaves out: the conduction system, stretch, drugs, and what a cell of two currents does not do: above all, its action
potential shortens as far as a circuit asks, so long ones protect less than in muscle. Research use only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import label

from vitruvian.core.errors import FieldError, KindError
from vitruvian.engines.induction import Stimulation
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.scheme import Scheme
from vitruvian.models.cells.mitchell_schaeffer import MitchellSchaeffer
from vitruvian.models.cells.zoned import Zoned, diffusivity, lasting, shape, slower
from vitruvian.models.ecg.sites import LEADS_LV, RV_APEX, Site, segments
from vitruvian.models.heart.anatomy import RIGHT, SEPTUM, Anatomy
from vitruvian.models.heart.scar import BORDER, BORDER_WIDTH, CORE, HEALTHY, scar

SITES = {  # the right ones are the usual places of a catheter (Josephson 2008, chapter 11); heights and turns assumed
    "right apex": RV_APEX,
    "right outflow": Site(RIGHT, 0.85, 45.0, 0.0),
    **LEADS_LV,
}
BORDER_CURRENTS, BORDER_D, BORDER_LONGER = 2.0, 0.5, 333.0 / 306.0
RESOLVED = 7.5  # voxels a slowest front may be short of c tau_in; speeds are then within a tenth (`carried` measures)
BAND = 10.0  # ms between two durations
ROUND = 5.0  # mm around a place that a stimulus drives, at least: an electrode's tip and what it reaches; assumed
NEAR = 8.0  # mm beyond it, where a captured beat must be seen; assumed
BENDS = 4.0  # and at least so many of the front's tightest bends, D / c, or it drives nothing; assumed
LOOSE = 0.01  # share of the muscle that may lie loose beyond a scar, and is left out
LIMITS = {  # of what can be asked, with the unit's name and how a mistaken unit is put right
    "cycle": (200.0, 2000.0, "ms", "0.6 s is 600"),
    "first": (100.0, 1900.0, "ms", "0.4 s is 400"),
    "step": (5.0, 100.0, "ms", "0.02 s is 20"),
    "lasting": (200.0, 10000.0, "ms", "1 s is 1000"),
    "drive": (1, 10, "beats", "whole numbers"),
    "extra": (1, 3, "beats", "S2, S3, S4"),
    "cv": (0.1, 1.5, "m/s", "60 cm/s is 0.6"),
    "ratio": (0.15, 1.0, "1", "across over along"),
    "apd": (100.0, 500.0, "ms", "0.3 s is 300"),
    "transmurality": (0.0, 1.0, "1", "70 % is 0.7"),
    "border": (0.0, 20.0, "mm", "0.4 cm is 4"),
    "isthmus": (0.0, 30.0, "mm", "1 cm is 10"),
}


def _within(given: object, *names: str) -> None:
    for name in names:
        low, high, unit, fix = LIMITS[name]
        value = getattr(given, name)
        if not low <= value <= high:
            said = f"is {value:g} {unit}; {low:g} to {high:g} {unit} can be"
            raise FieldError(said, where=name, fix=f"give {unit}: {fix}")


@dataclass(frozen=True)
class Protocol:
    """Where, and when: `drive` beats `cycle` ms apart, then `extra` ones, each from `first` ms down by `step`."""

    site: str = "right apex"
    cycle: float = 600.0
    drive: int = 4
    extra: int = 2
    first: float = 400.0
    step: float = 20.0
    lasting: float = 1000.0

    def __post_init__(self) -> None:
        if self.site not in SITES:
            raise FieldError(f"there is no place '{self.site}'", where="site", fix=f"use {', '.join(SITES)}")
        _within(self, "cycle", "first", "step", "lasting", "drive", "extra")
        if self.first >= self.cycle:
            said = f"the first extra beat, {self.first:g} ms, does not come before the next of the drive"
            raise FieldError(said, where="first", fix=f"give less than the cycle, {self.cycle:g} ms")
        if self.first <= self.step:
            raise FieldError("is not above one step", where="first", fix=f"give more than {self.step:g} ms")


@dataclass(frozen=True)
class Muscle:
    """Speeds, durations (ms, mid wall; longer at the base and the epicardium), and a scar in a segment of the left.

    isthmus: mm of muscle, all border, that runs through the middle of the scar from apex to base; 0 none.
    """

    cv: float = 0.6
    ratio: float = 0.4
    apd: float = 300.0
    apex_base: float = 0.0
    transmural: float = 0.0
    segment: str = "none"
    transmurality: float = 0.0
    border: float = BORDER_WIDTH
    isthmus: float = 0.0

    def __post_init__(self) -> None:
        _within(self, "cv", "ratio", "apd", "transmurality", "border", "isthmus")
        if self.isthmus > 0 and not self.scarred:
            raise FieldError("there is no scar for it to run through", where="isthmus", fix="name a scar's segment")

    @property
    def scarred(self) -> bool:
        return self.segment != "none" and self.transmurality > 0

    def labels(self, heart: Anatomy) -> np.ndarray:
        """(voxel,) HEALTHY, BORDER or CORE."""
        if not self.scarred:
            return np.full(len(heart.wall), HEALTHY)
        out = scar(heart, [self.segment], self.transmurality, self.border)
        if self.isthmus > 0 and (out == CORE).any():
            core = out == CORE
            middle = np.angle(np.exp(1j * heart.turn[core]).mean())
            at = (np.argwhere(heart.voxels) + 0.5) * np.array(heart.spacing)
            off = np.abs(np.angle(np.exp(1j * (heart.turn - middle))))
            axis = at[core].mean(axis=0) - at[heart.wall != RIGHT].mean(axis=0)
            radius = float(np.linalg.norm(axis))  # of the wall, about the left ventricle's middle
            out = np.where(core & (off * radius <= self.isthmus / 2), BORDER, out)
        return out


@dataclass(frozen=True, eq=False)
class Preparation:
    """A heart ready to be stimulated. dt: ms a step; none: as long as is stable and exact."""

    heart: Anatomy
    muscle: Muscle = Muscle()
    protocol: Protocol = Protocol()
    dt: float | None = None

    def __post_init__(self) -> None:
        longest = BORDER_LONGER * (self.muscle.apd + abs(self.muscle.apex_base) / 2 + abs(self.muscle.transmural) / 2)
        if self.protocol.lasting < 1.5 * longest + 200.0:
            raise FieldError(
                f"{self.protocol.lasting:g} ms is no longer than one beat stays in this heart",
                where="lasting",
                fix=f"give at least {1.5 * longest + 200.0:.0f} ms",
            )

    @cached_property
    def labels(self) -> np.ndarray:
        """(voxel of the heart,)."""
        return self.muscle.labels(self.heart)

    @cached_property
    def alive(self) -> np.ndarray:
        """(voxel of the heart,) bool: conducts, and hangs together. KindError when more than a sliver is cut off."""
        living = self.labels != CORE
        grid = np.zeros(self.heart.voxels.shape, dtype=bool)
        grid[self.heart.voxels] = living
        pieces = np.empty(grid.shape, dtype=np.int32)
        if not label(grid, output=pieces):
            raise KindError("there is no muscle beside the scar", where="stimulate", fix="a smaller scar")
        number = pieces[self.heart.voxels]
        sizes = np.bincount(number)[1:]
        largest = int(np.argmax(sizes)) + 1
        loose = int(sizes.sum() - sizes[largest - 1])
        if loose > LOOSE * sizes.sum():
            raise KindError(
                f"{loose} of {sizes.sum()} voxels share no face with the rest: no wave can reach them",
                where="stimulate",
                fix="repair the mask, or smaller voxels, or another scar",
            )
        return number == largest

    @cached_property
    def cell(self) -> MitchellSchaeffer:
        """Of the healthy muscle, with currents as weak as the grid asks."""
        standard = MitchellSchaeffer()
        wanted = max(self.heart.spacing) / (RESOLVED * self.muscle.cv * self.muscle.ratio)
        return lasting(slower(standard, max(1.0, wanted / standard.tau_in)), self.muscle.apd)

    @cached_property
    def _zones(self) -> tuple[Zoned, np.ndarray, np.ndarray]:
        """The cell, (node,) its zones, (voxel,) border."""
        heart, alive, corners = self.heart, self.alive, self._bare.corners
        border = self.labels[alive] == BORDER
        across = np.where(heart.wall == SEPTUM, 0.5, heart.depth)
        apd = self.muscle.apd + self.muscle.apex_base * (heart.height - 0.5) + self.muscle.transmural * (across - 0.5)
        band = np.round(apd[alive] / BAND)
        count = np.bincount(corners.ravel())
        ill = np.bincount(corners.ravel(), np.repeat(border, 8)) / count >= 0.5
        bands = np.round(np.bincount(corners.ravel(), np.repeat(band, 8)) / count)
        each, variant = np.unique(np.stack([ill, bands], axis=1), axis=0, return_inverse=True)
        weak = slower(self.cell, BORDER_CURRENTS)
        zones = tuple(
            lasting(weak, BORDER_LONGER * BAND * b) if sick else lasting(self.cell, BAND * b) for sick, b in each
        )
        return Zoned(zones), np.ascontiguousarray(variant.reshape(-1)), border

    @cached_property
    def _bare(self) -> Tissue:
        """The living voxels, before they conduct."""
        grid = np.zeros(self.heart.voxels.shape, dtype=bool)
        grid[self.heart.voxels] = self.alive
        return Tissue(grid, self.heart.spacing, np.eye(3), self.heart.origin)

    @property
    def diffusivities(self) -> tuple[float, float]:
        """mm2/ms along and across healthy fibres."""
        return diffusivity(self.cell, self.muscle.cv), diffusivity(self.cell, self.muscle.cv * self.muscle.ratio)

    @cached_property
    def tissue(self) -> Tissue:
        """What conducts."""
        along, across = self.diffusivities
        weaker = np.where(self._zones[2], BORDER_D, 1.0)
        tensors = self.heart.tensors(along, across)[self.alive] * weaker[:, None, None]
        return dataclasses.replace(self._bare, D=tensors)

    @cached_property
    def step(self) -> float:
        """ms: given, or the shorter of a third of tau_in and what is stable."""
        if self.dt is not None:
            return self.dt
        longest = 0.9 * min(Scheme.of(self.tissue).longest, self.cell.tau_in / 2.7)
        return max(0.01, np.floor(longest * 20.0) / 20.0)

    @property
    def weight(self) -> np.ndarray:
        """(node,) 1 around the place."""
        return (self._far <= self._reach).astype(float)

    @property
    def near(self) -> np.ndarray:
        """(node,) bool: around what is stimulated."""
        return (self._far > self._reach) & (self._far <= self._reach + NEAR)

    @property
    def _reach(self) -> float:
        return max(ROUND, BENDS * self.diffusivities[0] / self.muscle.cv, 2.0 * max(self.heart.spacing))

    @cached_property
    def _far(self) -> np.ndarray:
        """(node,) mm from the place. KindError where it lies in scar."""
        site = SITES[self.protocol.site]
        voxel = site.voxel(self.heart)
        if not self.alive[voxel]:
            raise KindError(
                f"the place '{self.protocol.site}' lies in scar, which nothing excites",
                where="stimulate",
                fix=f"use another: {', '.join(n for n in SITES if n != self.protocol.site)}",
            )
        place = (np.argwhere(self.heart.voxels)[voxel] + 0.5) * np.array(self.heart.spacing)
        return np.linalg.norm(self.tissue.nodes - place - np.array(self.heart.origin), axis=1)

    @cached_property
    def stimulation(self) -> Stimulation:
        """The protocol on this tissue."""
        p, (cell, variant, _) = self.protocol, self._zones
        weights = [self.weight] * (1 + p.extra)
        return Stimulation(
            self.tissue, cell, weights, variant, p.cycle, p.drive, p.first, p.step, p.lasting, self.step, self.near
        )

    def carried(self) -> dict[str, tuple[float, float]]:
        """{which way: (asked, carried by this grid)} mm/ms, of plane fronts on a row of voxels in rested muscle."""
        weak = slower(self.cell, BORDER_CURRENTS)
        along, across = self.diffusivities
        cases = {"along": (self.cell, along), "across": (self.cell, across)}
        if self.muscle.scarred:
            cases |= {"border along": (weak, BORDER_D * along), "border across": (weak, BORDER_D * across)}
        return {name: (np.sqrt(D / (2.0 * c.tau_in)) * shape(c), self._row(c, D)) for name, (c, D) in cases.items()}

    def _row(self, cell: MitchellSchaeffer, D: float) -> float:
        h, count = max(self.heart.spacing), 40
        row = Tissue(np.ones((count, 1, 1), dtype=bool), (h, h, h), D * np.eye(3))
        begin = Stimulus((row.nodes[:, 0] <= max(ROUND, 2.0 * h)).astype(float))
        wave = solve(row, cell, [begin], count * h / 0.03, dt=min(self.step, 0.9 * Scheme.of(row).longest), stop=True)
        arrived = wave.activation.reshape(count + 1, 4).mean(axis=1)
        first, last = count // 2, count - 4
        return float((last - first) * h / (arrived[last] - arrived[first]))

    def regions(self, values: np.ndarray) -> Iterator[tuple[int, float]]:
        """Number and mean of a value a node over each segment that has it anywhere; 0 is the right free wall."""
        each = segments(self.heart)[self.alive]
        there = np.isfinite(values)[self.tissue.corners]
        total = np.nan_to_num(values)[self.tissue.corners].sum(axis=1)
        voxel = np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
        for number in np.unique(each):
            mine = voxel[each == number]
            if np.isfinite(mine).any():
                yield int(number), float(np.nanmean(mine))
