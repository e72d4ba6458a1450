"""Two currents that make an action potential: Mitchell & Schaeffer, Bull Math Biol 2003;65:767.

    du/dt = h u^2 (1 - u) / tau_in - u / tau_out
    dh/dt = (1 - h) / tau_open  if u < u_gate,  else  -h / tau_close

u 0 at rest to 1, V = -80 + 100 u mV. To leading order in small tau_in, tau_out an action potential after a diastolic
interval DI lasts tau_close ln(h(DI) / h_min), h(DI) = 1 - (1 - h_min) exp(-DI / tau_open), h_min = 4 tau_in / tau_out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.engines.cell import AbstractCell, AbstractStepper
from vitruvian.engines.compiled import compiled
from vitruvian.engines.jaxsetup import jnp

SPAN = 100.0  # mV of u = 1


@dataclass(frozen=True)
class MitchellSchaeffer(AbstractCell):
    """The paper's constants (ms); V is given in mV."""

    tau_in: float = 0.3
    tau_out: float = 6.0
    tau_open: float = 120.0
    tau_close: float = 150.0
    u_gate: float = 0.13

    states = ("V", "h")
    threshold, rest, peak = -30.0, -80.0, 15.0  # u = 0.5

    @property
    def h_min(self) -> float:
        """The gate at which the plateau ends."""
        return 4.0 * self.tau_in / self.tau_out

    def duration(self, diastole: float) -> float:
        """Leading-order duration (ms) after this diastolic interval (ms)."""
        h = 1.0 - (1.0 - self.h_min) * math.exp(-diastole / self.tau_open)
        return self.tau_close * math.log(h / self.h_min)

    def start(self, variant: np.ndarray) -> np.ndarray:
        return np.stack([np.full(len(variant), self.rest), np.ones(len(variant))])

    def step(self, y: Any, variant: Any, flow: Any, dt: float) -> Any:
        u, h = (y[0] - self.rest) / SPAN, y[1]
        opening = 1.0 + (h - 1.0) * math.exp(-dt / self.tau_open)
        h = jnp.where(u < self.u_gate, opening, h * math.exp(-dt / self.tau_close))
        u = u + dt * (h * u * u * (1.0 - u) / self.tau_in - u / self.tau_out + flow / SPAN)
        return jnp.stack([self.rest + SPAN * u, h])

    def rates(self, y: np.ndarray, stimulus: float = 0.0) -> np.ndarray:
        """dy/dt of one cell, (state,), for a reference integrator; stimulus in mV/ms."""
        u, h = (y[0] - self.rest) / SPAN, y[1]
        du = h * u * u * (1.0 - u) / self.tau_in - u / self.tau_out
        dh = (1.0 - h) / self.tau_open if u < self.u_gate else -h / self.tau_close
        return np.array([SPAN * du + stimulus, dh])

    def stepper(self, variant: np.ndarray, dt: float) -> TwoCurrents:
        return TwoCurrents(self, variant, dt)


class TwoCurrents(AbstractStepper):
    """The processor's step, float32."""

    def __init__(self, cell: MitchellSchaeffer, variant: np.ndarray, dt: float) -> None:
        self.load(cell.start(variant))
        opened, closed = math.exp(-dt / cell.tau_open), math.exp(-dt / cell.tau_close)
        gate = cell.rest + SPAN * cell.u_gate
        self._numbers = np.array(
            [cell.rest, 1.0 / SPAN, dt / cell.tau_in * SPAN, dt / cell.tau_out, opened, closed, gate, dt], np.float32
        )

    def load(self, y: np.ndarray) -> None:
        self.V, self.h = y[0].astype(np.float32), y[1].astype(np.float32)

    def save(self) -> np.ndarray:
        return np.stack([self.V, self.h]).astype(np.float64)

    def step(self, flow: np.ndarray) -> None:
        _step(self.V, self.h, flow, self._numbers)


@compiled("void(f4[::1],f4[::1],f4[::1],f4[::1])")
def _step(V: np.ndarray, h: np.ndarray, flow: np.ndarray, k: np.ndarray) -> None:
    """One step of every node, in place; without a branch, so that the compiler takes eight at a time."""
    rest, per, rise, fall, opened, closed, gate, dt = k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]
    one = np.float32(1.0)
    for n in range(len(V)):
        v, a = V[n], h[n]
        u = (v - rest) * per
        a = one + (a - one) * opened if v < gate else a * closed
        h[n] = a
        V[n] = v + (rise * a * u * u * (one - u) - fall * (v - rest) + dt * flow[n])
