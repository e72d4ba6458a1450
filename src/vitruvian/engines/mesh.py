"""The time mesh of one run: every action, sample and question is a step's end, so action times are exact.

The past does not know the horizon: a later breakpoint never moves an earlier step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.forcing import Forcing
from vitruvian.core.quantity import Request


@dataclass(frozen=True)
class Mesh:
    """times (n + 1,): step i goes from times[i] to times[i + 1]."""

    times: np.ndarray

    def position(self, when: np.ndarray) -> np.ndarray:
        """Index into `times` of breakpoints (they are in it exactly)."""
        return np.searchsorted(self.times, when)


def build(forcing: Forcing, asked: np.ndarray, step: float) -> Mesh:
    """Mesh from t0 to t1 with all breakpoints, gaps between them cut evenly into pieces of at most `step` s."""
    points = [np.array([forcing.t0, forcing.t1]), asked, np.array(forcing.breaks)]
    points += [times for times, _ in forcing.impulses.values()]
    points += [schedule.times for schedule in forcing.schedules.values()]
    inner = np.unique(np.concatenate([np.asarray(p, dtype=np.float64) for p in points]))
    inner = inner[(inner >= forcing.t0) & (inner <= forcing.t1)]
    gaps = np.diff(inner)
    pieces = np.maximum(1, np.ceil(gaps / step - 1e-9).astype(int))
    start = np.repeat(inner[:-1], pieces)
    part = np.concatenate([np.arange(p) for p in pieces]) if len(pieces) else np.zeros(0)
    times = start + np.repeat(gaps / pieces, pieces) * part if len(pieces) else np.zeros(0)
    return Mesh(np.append(times, inner[-1]))


def asked_times(request: Request, observables: set[str]) -> np.ndarray:
    """All times a request names, windows' ends included."""
    parts = [np.zeros(0)]
    for name in request.items:
        parts.append(request.times(name) if name in observables else request.windows(name).ravel())
    return np.concatenate(parts)


def step_inputs(meshes: Sequence[Mesh], forcings: Sequence[Forcing], chunk: int) -> tuple[int, dict[str, np.ndarray]]:
    """Per-step inputs of several forcings, (steps, forcing), padded with at least one step of h = 0 to whole chunks.

    Keys "t", "h", and one per impulse and schedule channel.
    """
    longest = max(len(m.times) - 1 for m in meshes)
    steps = math.ceil((longest + 1) / chunk) * chunk
    width = len(forcings)
    out = {"t": np.zeros((steps, width)), "h": np.zeros((steps, width))}
    channels = forcings[0].impulses.keys(), forcings[0].schedules.keys()
    for name in (*channels[0], *channels[1]):
        out[name] = np.zeros((steps, width))
    for j, (mesh, forcing) in enumerate(zip(meshes, forcings, strict=True)):
        n = len(mesh.times) - 1
        out["t"][:, j] = mesh.times[-1]
        out["t"][:n, j] = mesh.times[:-1]
        out["h"][:n, j] = np.diff(mesh.times)
        _impulses(out, j, mesh, forcing.impulses)
        for name, schedule in forcing.schedules.items():
            out[name][:, j] = schedule.at(out["t"][:, j])
    return steps, out


def _impulses(
    out: dict[str, np.ndarray], j: int, mesh: Mesh, impulses: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    """An impulse acts at the start of the step at its time; at t1 the answers see it, the state does not."""
    for name, (times, amounts) in impulses.items():
        inside = (times >= mesh.times[0]) & (times <= mesh.times[-1])
        np.add.at(out[name][:, j], mesh.position(times[inside]), amounts[inside])
