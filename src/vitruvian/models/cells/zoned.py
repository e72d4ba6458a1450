"""Mitchell-Schaeffer cells that differ from place to place, and what theory says of their fronts and their rest.

For a gate h that stands still while a front passes, u_t = D u_xx + h u^2 (1 - u) / tau_in - u / tau_out is a cubic with
the roots 0 and u = (1 -+ s) / 2, s = sqrt(1 - h_min / h); its front is as fast as (Murray, Mathematical Biology I,
2002, 13.4; Mitchell & Schaeffer, Bull Math Biol 2003;65:767)

    c = sqrt(D h / (2 tau_in)) (3 s - 1) / 2        above 0 only for h > 9/8 h_min

so tissue carries no beat earlier than tau_open ln((1 - h_min) / (1 - 9/8 h_min)) after an action potential has ended.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vitruvian.engines.cell import AbstractCell, AbstractStepper
from vitruvian.engines.compiled import compiled
from vitruvian.engines.jaxsetup import jnp
from vitruvian.models.cells.mitchell_schaeffer import SPAN, MitchellSchaeffer


def shape(cell: MitchellSchaeffer, h: float = 1.0) -> float:
    """(3 s - 1) / 2: below 0 where no front can go."""
    return (3.0 * math.sqrt(max(0.0, 1.0 - cell.h_min / h)) - 1.0) / 2.0


def speed(cell: MitchellSchaeffer, D: float, h: float = 1.0) -> float:
    """mm/ms of a plane front in tissue of diffusivity D, mm2/ms."""
    return math.sqrt(D * h / (2.0 * cell.tau_in)) * shape(cell, h)


def diffusivity(cell: MitchellSchaeffer, speed: float) -> float:
    """mm2/ms at which a front in rested tissue has this speed, mm/ms."""
    return 2.0 * cell.tau_in * (speed / shape(cell)) ** 2


def recovery(cell: MitchellSchaeffer) -> float:
    """ms of rest, from the end of the plateau, before which no front is carried."""
    return cell.tau_open * math.log((1.0 - cell.h_min) / (1.0 - 1.125 * cell.h_min))


def lasting(cell: MitchellSchaeffer, ms: float) -> MitchellSchaeffer:
    """The same with an action potential of so many ms to 90 % of repolarisation, from rest (integrated, within 1 %)."""
    close = ms / math.log(1.0 / cell.h_min)  # leading order: without the upstroke and the end, some tau_out each
    for _ in range(4):
        made = dataclasses.replace(cell, tau_close=close)
        close *= 1.0 + (ms - duration(made)) / (ms + 4.0 * cell.tau_out)
    return dataclasses.replace(cell, tau_close=close)


@lru_cache(maxsize=256)
def duration(cell: MitchellSchaeffer) -> float:
    """ms from half of the upstroke to 90 % of repolarisation, of a rested cell that is lifted to u = 0.3."""
    dt = cell.tau_in / 6.0
    u, h, up, t, high = 0.3, 1.0, math.nan, 0.0, 0.3
    while t < 5000.0:
        h = 1.0 + (h - 1.0) * math.exp(-dt / cell.tau_open) if u < cell.u_gate else h * math.exp(-dt / cell.tau_close)
        u += dt * (h * u * u * (1.0 - u) / cell.tau_in - u / cell.tau_out)
        t, high = t + dt, max(high, u)
        if math.isnan(up) and u >= 0.5:
            up = t
        if not math.isnan(up) and u < 0.1 * high:
            return t - up
    return math.nan


def slower(cell: MitchellSchaeffer, times: float) -> MitchellSchaeffer:
    """Both currents `times` weaker: the upstroke is as much longer, the duration stays, to leading order."""
    return dataclasses.replace(cell, tau_in=times * cell.tau_in, tau_out=times * cell.tau_out)


@dataclass(frozen=True)
class Zoned(AbstractCell):
    """A node's variant is the number of its zone."""

    zones: tuple[MitchellSchaeffer, ...]

    states = ("V", "h")
    threshold, rest, peak = MitchellSchaeffer.threshold, MitchellSchaeffer.rest, MitchellSchaeffer.peak

    def start(self, variant: np.ndarray) -> np.ndarray:
        return self.zones[0].start(variant)

    def step(self, y: Any, variant: Any, flow: Any, dt: float) -> Any:
        numbers = jnp.asarray(self.numbers(dt), dtype=y.dtype)[variant].T
        rise, fall, opened, closed, gate = numbers
        v, h = y[0] - self.rest, y[1]
        u = v / SPAN
        h = jnp.where(y[0] < gate, 1.0 + (h - 1.0) * opened, h * closed)
        return jnp.stack([y[0] + rise * h * u * u * (1.0 - u) - fall * v + dt * flow, h])

    def stepper(self, variant: np.ndarray, dt: float) -> Stepper:
        return Stepper(self, variant, dt)

    def numbers(self, dt: float) -> np.ndarray:
        """(zone, 5): what a step of dt ms needs of each."""
        rows = [
            (
                dt / z.tau_in * SPAN,
                dt / z.tau_out,
                math.exp(-dt / z.tau_open),
                math.exp(-dt / z.tau_close),
                z.rest + SPAN * z.u_gate,
            )
            for z in self.zones
        ]
        return np.array(rows)


class Stepper(AbstractStepper):
    """The processor's step, float32; each node's numbers lie beside its states."""

    def __init__(self, cell: Zoned, variant: np.ndarray, dt: float) -> None:
        self.load(cell.start(variant))
        self._numbers = np.ascontiguousarray(cell.numbers(dt)[variant].T, dtype=np.float32)
        self._rest, self._dt = np.float32(cell.rest), np.float32(dt)

    def load(self, y: np.ndarray) -> None:
        self.V, self.h = y[0].astype(np.float32), y[1].astype(np.float32)

    def save(self) -> np.ndarray:
        return np.stack([self.V, self.h]).astype(np.float64)

    def step(self, flow: np.ndarray) -> None:
        _step(self.V, self.h, flow, self._numbers, self._rest, self._dt)


@compiled("void(f4[::1],f4[::1],f4[::1],f4[:,::1],f4,f4)")
def _step(V: np.ndarray, h: np.ndarray, flow: np.ndarray, k: np.ndarray, rest: float, dt: float) -> None:
    """One step of every node, in place; without a branch, so that the compiler takes eight at a time."""
    one, per = np.float32(1.0), np.float32(1.0 / SPAN)
    for n in range(len(V)):
        v, a = V[n], h[n]
        u = (v - rest) * per
        a = one + (a - one) * k[2, n] if v < k[4, n] else a * k[3, n]
        h[n] = a
        V[n] = v + (k[0, n] * a * u * u * (one - u) - k[1, n] * (v - rest) + dt * flow[n])
