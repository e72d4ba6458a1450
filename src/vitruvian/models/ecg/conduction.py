"""A heart as the reaction-eikonal engine takes it: speeds with a fast layer and a scar, paths, what the leads see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.eikonal import arrival
from vitruvian.engines.monodomain import Tissue
from vitruvian.engines.reaction_eikonal import Blocks, Muscle, Paths
from vitruvian.models.cells import TenTusscherPanfilov
from vitruvian.models.ecg.leads import free
from vitruvian.models.ecg.sites import SEGMENTS, Site, segments
from vitruvian.models.ecg.template import template
from vitruvian.models.ecg.torso import STANDARD, sources
from vitruvian.models.heart import SEPTUM, Anatomy

RATIO, FAST = 0.4, 2.5  # middle of what `shape` spans: speed across over along fibres, fast layer over the rest
# solved shapes (ratio, fast), a triangle of slownesses around the middle
SOLVED = np.array([(RATIO * 1.1, FAST * 1.15), (RATIO / 1.15, FAST), (RATIO, FAST / 1.2)])
LAYER = 2.0  # mm from an endocardium: the layer that the conduction system drives; thickness assumed
ALONG, ACROSS = 0.13342 / 1.4, 0.017606 / 1.4  # mm2/ms: what a potential's slope drives; Niederer et al. 2011
CORE_SPEED, BORDER_SPEED = 0.2, 0.5  # of the healthy: assumed; a core lets a front through late, and makes no potential
BORDER_SOURCE = 0.5  # assumed
TILT = 15.0  # degrees between the solved turns of the heart in the chest
SPAN, BEFORE = 300, 20.0  # samples of a beat; ms of rest before its first arrival


@dataclass(frozen=True)
class Scar:
    """An infarct's core fills a segment from the inside to this share of the wall; the rest of the segment borders."""

    segment: int = 0
    transmurality: float = 0.0

    @property
    def there(self) -> bool:
        return self.segment > 0 and self.transmurality > 0


def shape(ratio: np.ndarray, fast: np.ndarray) -> np.ndarray:
    """(member, term): weights of the solved shapes. Along a given way time is linear in slowness, so nearly is it over
    all ways: 0.1 to 0.5 ms off on average in a large heart, 2 at the edge of the prior."""
    corners = np.column_stack([np.ones(len(SOLVED)), 1.0 / SOLVED])
    wanted = np.column_stack([np.ones(len(ratio)), 1.0 / np.clip(ratio, 0.2, 0.8), 1.0 / np.clip(fast, 1.2, 6.0)])
    to = np.linalg.inv(corners)
    return np.stack([sum(wanted[:, j] * to[j, k] for j in range(3)) for k in range(3)], axis=1)


def view(degrees: np.ndarray) -> np.ndarray:
    """(member, view) of the quadratic between solved turns of the heart in the frontal plane."""
    u = degrees / TILT
    return np.stack([np.ones_like(u), u, u * u], axis=1)


@dataclass(frozen=True, eq=False)
class Conduction:
    """A heart with its scar; `wide` voxels a block; `cell` whose action potential it has."""

    heart: Anatomy
    scar: Scar = Scar()
    wide: int = 2
    cell: AbstractCell = field(default_factory=TenTusscherPanfilov)
    electrodes: np.ndarray = field(default_factory=lambda: STANDARD)

    @cached_property
    def tissue(self) -> Tissue:
        """With the conductivities that drive currents."""
        return self.heart.tissue(ALONG, ACROSS)

    @cached_property
    def segment(self) -> np.ndarray:
        """(voxel,)."""
        return segments(self.heart)

    @cached_property
    def fast(self) -> np.ndarray:
        """(voxel,) bool: the layer under both endocardia, not under the lids at the base."""
        from scipy.spatial import KDTree

        faces = [self.heart.surfaces[name].points for name in ("lv_endo", "rv_endo")]
        far = KDTree(np.concatenate(faces)).query(self.tissue.centres)[0]
        inner = np.where(
            self.heart.wall == SEPTUM, np.minimum(self.heart.depth, 1 - self.heart.depth), self.heart.depth
        )
        return (far < max(LAYER, 0.9 * max(self.heart.spacing))) & (inner < 0.5)

    @cached_property
    def core(self) -> np.ndarray:
        """(voxel,) bool: dead muscle."""
        return self._within & (self.heart.depth <= self.scar.transmurality)

    @cached_property
    def _within(self) -> np.ndarray:
        return (self.segment == self.scar.segment) & self.scar.there

    def speeds(self, ratio: float, fast: float) -> np.ndarray:
        """(voxel, 3, 3) squared, (mm/ms)2 at 1 mm/ms along healthy fibres."""
        each = np.where(self.fast, fast, 1.0)
        each = each * np.where(self.core, CORE_SPEED, np.where(self._within, BORDER_SPEED, 1.0))
        return self.heart.tensors(each**2, (ratio * each) ** 2)

    def node(self, site: Site) -> int:
        """The node nearest to a site."""
        return int(self.tissue.nearest(self.tissue.centres[site.voxel(self.heart)])[0])

    def arrival(self, sites: Sequence[Site], ratio: float, fast: float) -> np.ndarray:
        """(node,) from all sites at once, ms at 1 mm/ms along fibres."""
        return arrival(self.tissue, dict.fromkeys([self.node(s) for s in sites], 0.0), self.speeds(ratio, fast))

    def paths(self, sites: Sequence[Site]) -> Paths:
        """Of one group of sites, for each solved shape."""
        terms = [self.blocks.linear(self.arrival(sites, ratio, fast)) for ratio, fast in SOLVED.tolist()]
        return Paths(np.ascontiguousarray(np.stack(terms)[None], dtype=np.float32))

    def path(self, nodes: np.ndarray) -> Paths:
        """Of arrivals (node,) that are given: one term."""
        return Paths(np.ascontiguousarray(self.blocks.linear(nodes)[None, None], dtype=np.float32))

    @cached_property
    def blocks(self) -> Blocks:
        """Voxels by wall and segment."""
        return Blocks.group(self.tissue, self.segment * 3 + self.heart.wall, self.wide)

    @cached_property
    def muscle(self) -> Muscle:
        """What the twelve leads see of it."""
        shown = template(self.cell)
        seen = [self._seen(angle, shown.swing) for angle in (0.0, TILT, -TILT)]
        middle, plus, minus = seen
        S = np.stack([middle, 0.5 * (plus - minus), 0.5 * (plus + minus) - middle], axis=1)
        where = np.rint(self.blocks.mean(self.segment.astype(float))).astype(np.int64)
        return Muscle(
            np.ascontiguousarray(S, dtype=np.float32),
            np.ascontiguousarray(self._late(), dtype=np.float32),
            self.wide * float(np.mean(self.heart.spacing)),
            where,
            len(SEGMENTS),
            shown.up,
            shown.down,
            shown.lead_in,
            SPAN,
            BEFORE,
        )

    def _seen(self, angle: float, swing: float) -> np.ndarray:
        """(block, 3, lead): I, II, V1 to V6 of a heart turned by so much, mV for an arrival's slope of 1 ms/mm."""
        each = -swing * sources(self.tissue, self.electrodes, angle)
        each = np.moveaxis(free(np.moveaxis(each, 1, 0)), 0, 2)
        alive = np.where(self.core, 0.0, np.where(self._within, BORDER_SOURCE, 1.0))
        return self.blocks.total(each * alive[:, None, None])

    def _late(self) -> np.ndarray:
        """(block, part, 4): the duration itself, from apex to base, from endocardium to epicardium."""
        across = np.where(self.heart.wall == SEPTUM, 0.5, self.heart.depth)  # a septum has no epicardium
        parts = [self.blocks.linear(self.blocks.at_nodes(v) - 0.5) for v in (self.heart.height, across)]
        whole = np.tile([1.0, 0.0, 0.0, 0.0], (self.blocks.count, 1))
        return np.stack([whole, *parts], axis=1)
