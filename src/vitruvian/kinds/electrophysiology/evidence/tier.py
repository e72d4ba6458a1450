"""The fast tier beside the slow one on one small heart, and the kind's own coarse grid beside a fine one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.eikonal import arrival
from vitruvian.engines.monodomain import Stimulus, solve
from vitruvian.engines.monodomain.solve import Watch
from vitruvian.engines.reaction_eikonal import STEP, Paths, traces
from vitruvian.models.cells import TenTusscherPanfilov
from vitruvian.models.ecg.conduction import ACROSS, ALONG, BEFORE, FAST, RATIO, Conduction, view
from vitruvian.models.ecg.leads import free, whole
from vitruvian.models.ecg.measure import bounds
from vitruvian.models.ecg.sites import FASCICLES
from vitruvian.models.ecg.torso import lead_field
from vitruvian.models.heart import Anatomy, Surface
from vitruvian.models.heart.ideal import IdealBiventricle

SPEED_ALONG, SPEED_ACROSS = 0.6155, 0.2226  # mm/ms of plane fronts at ALONG and ACROSS: tests/science/test_monodomain
SMALL = 0.2  # of a human heart's size, and 1.5 mm voxels of it: 0.3 mm, which the monodomain scheme holds on
BALL = 0.8  # mm around a spot that is stimulated
LATENCY = 1.2  # ms from the stimulus to activation: the benchmark slab's first point


def shrunk(heart: Anatomy, share: float) -> Anatomy:
    """The same voxels, smaller."""
    h, o = np.array(heart.spacing) * share, np.array(heart.origin) * share
    surfaces = {n: Surface(s.points * share, s.triangles) for n, s in heart.surfaces.items()}
    return dataclasses.replace(heart, spacing=tuple(h), origin=tuple(o), surfaces=surfaces)


def both(spots: tuple[str, ...]) -> dict[str, float]:
    """Arrival and QRS of one small heart by both tiers, from these fascicles at once."""
    heart = Conduction(shrunk(IdealBiventricle(rv_wall=4.0).anatomy(1.5), SMALL), wide=1)
    layer = heart.fast
    fast = np.where(layer, FAST, 1.0)
    tissue = heart.heart.tissue(ALONG * fast**2, ACROSS * fast**2)
    sites = [tissue.nodes[heart.node(site)] for name in spots for site in FASCICLES[name]]
    near = np.min([np.linalg.norm(tissue.nodes - s, axis=1) for s in sites], axis=0) <= BALL
    row = free(lead_field(heart.tissue))
    until = 60.0
    wave = solve(
        tissue, TenTusscherPanfilov(), [Stimulus(near.astype(float))], until, dt=0.02, watch=Watch(row, STEP), stop=True
    )
    squared = heart.heart.tensors((SPEED_ALONG * fast) ** 2, (SPEED_ACROSS * fast) ** 2)
    a = arrival(tissue, dict.fromkeys(np.flatnonzero(near).tolist(), LATENCY), squared)
    one = np.ones((1, 1))
    late = np.array([[300.0, 0.0, 0.0]])
    leads, _, first = traces(heart.path(a), one, 0.0 * one, one[0], view(np.zeros(1)), late, heart.muscle)
    t = np.arange(wave.watched.shape[0]) * STEP  # the trace begins BEFORE ms before its first block's arrival
    grid = np.arange(leads.shape[2]) * STEP - BEFORE + first[0]
    slow = wave.watched.T - wave.watched[:1].T
    away = ~near & np.isfinite(wave.activation)
    gap = a[away] - wave.activation[away]
    own = np.stack([np.interp(t, grid, lead) for lead in leads[0]])
    quick = np.stack([np.interp(t, grid - gap.mean(), lead) for lead in leads[0]])
    return {
        "mean_ms": float(np.abs(gap).mean()),
        "p95_ms": float(np.quantile(np.abs(gap), 0.95)),
        "bias_ms": float(gap.mean()),
        "last_slow_ms": float(np.nanmax(wave.activation)),
        "last_fast_ms": float(a.max()),
        "reached": wave.reached,
        "correlation": float(np.corrcoef(slow[:, 1:].ravel(), quick[:, 1:].ravel())[0, 1]),
        "correlation_unaligned": float(np.corrcoef(slow[:, 1:].ravel(), own[:, 1:].ravel())[0, 1]),
        "amplitude_ratio": float(np.abs(quick).max() / np.abs(slow[:, 1:]).max()),
    }


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Both conduction patterns. Quick: the blocked left bundle alone."""
    patterns = {"LBBB": ("right",)} if quick else {"LBBB": ("right",), "normal": tuple(FASCICLES)}
    rows = {}
    for k, (name, spots) in enumerate(patterns.items()):
        rows[name] = both(spots)
        progress((k + 1) / len(patterns))
    worst = min(r["correlation"] for r in rows.values())
    late = max(r["mean_ms"] for r in rows.values())
    return {
        "measured": worst,
        "met": worst >= 0.9 and late < 3.0,
        "n": len(rows),
        "baseline": None,
        "detail": rows | {"worst_mean_ms": late},
    }


HEARTS = {
    "usual": IdealBiventricle(lv_wall=8.0, rv_wall=4.0),
    "large": IdealBiventricle(lv_volume=260.0, rv_volume=170.0, long_axis=105.0, lv_wall=8.0, rv_wall=4.0),
    "small": IdealBiventricle(lv_volume=110.0, rv_volume=120.0, long_axis=84.0, lv_wall=9.0, rv_wall=4.0),
}


def _beat(heart: Conduction, spots: tuple[str, ...]) -> tuple[np.ndarray, float, float]:
    """Twelve leads, QRS duration and last arrival, at the middle of the shapes."""
    delays = {"septal": 0.0, "anterior": 0.0, "posterior": 2.0, "right": 7.0}
    each = [heart.path(heart.arrival(FASCICLES[name], RATIO, FAST)).terms for name in spots]
    one = np.ones(1)
    times = np.array([[delays[name] for name in spots]])
    late = np.array([[300.0, 15.0, -25.0]])
    leads, seen, first = traces(
        Paths(np.concatenate(each)), one[:, None], times, 0.6 * one, view(0.0 * one), late, heart.muscle
    )
    told = whole(leads)
    last = seen[:, :, 2].max(axis=1) - first
    begin, end = bounds(told, STEP, last + BEFORE + 16.0)[0]
    return told[0], float(end - begin), float(last[0])


def grid(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """2 mm in blocks of 4 against 1 mm in its own voxels. Quick: one heart against 4/3 mm."""
    hearts = dict(list(HEARTS.items())[1:2]) if quick else HEARTS
    fine_ = 4.0 / 3.0 if quick else 1.0
    rows = {}
    for k, (name, form) in enumerate(hearts.items()):
        coarse, fine = Conduction(form.anatomy(2.0)), Conduction(form.anatomy(fine_), wide=1)
        for pattern, spots in (("LBBB", ("right",)), ("normal", tuple(FASCICLES))):
            a, b = _beat(coarse, spots), _beat(fine, spots)
            rows[f"{name} {pattern}"] = {
                "correlation": float(np.corrcoef(a[0].ravel(), b[0].ravel())[0, 1]),
                "qrs_ms": [a[1], b[1]],
                "last_ms": [a[2], b[2]],
            }
        progress((k + 1) / len(hearts))
    worst = min(r["correlation"] for r in rows.values())
    off = max(abs(r["qrs_ms"][0] - r["qrs_ms"][1]) for r in rows.values())
    return {
        "measured": worst,
        "met": worst >= 0.95 and off < 10.0,
        "n": len(rows),
        "baseline": None,
        "detail": rows | {"worst_qrs_ms": off},
    }
