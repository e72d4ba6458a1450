"""The human ventricular cell of ten Tusscher & Panfilov 2006 in a tissue: 19 states, three layers, scar border.

Gates move by Rush & Larsen's exact exponential (IEEE Trans Biomed Eng 1978;25:389), pools and V by forward Euler; the
currents see the gates already moved. JAX computes the equations as they stand; the processor's step reads what depends
on V alone from a table (0.05 mV apart, linear between), which a test holds against the equations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np

from vitruvian.engines.cell import AbstractCell, AbstractStepper
from vitruvian.engines.compiled import compiled
from vitruvian.engines.jaxsetup import jnp
from vitruvian.models.cells import tp06equations as eq

# Border zone of an infarct: g_Na x 0.38, g_CaL x 0.31, g_Kr x 0.3, g_Ks x 0.2; Arevalo et al., Nat Commun 2016;7:11437
_ILL = np.array([0.38, 0.31, 0.3, 0.2, 1.0, 1.0])
LOW, HIGH, APART = -130.0, 100.0, 0.05  # mV: the tables' range; a potential beyond it is no cell's


@dataclass(frozen=True)
class TenTusscherPanfilov(AbstractCell):
    """Variants: epicardial, mid-myocardial, endocardial, and each of them in a border zone."""

    states = ("V", *eq.GATES, *eq.POOLS)
    variants = ("epi", "mid", "endo", "epi border", "mid border", "endo border")
    threshold, rest, peak = 0.0, -85.23, 35.0
    gain = 1.0

    @property
    def scales(self) -> np.ndarray:
        """g_Na, g_CaL, g_Kr, g_Ks, g_to and whether the s gate is endocardial, (variant, 6)."""
        well = np.array([eq.EPI, eq.MID, eq.ENDO])
        return np.concatenate([well, well * _ILL])

    def start(self, variant: np.ndarray) -> np.ndarray:
        return np.tile(np.array([[eq.REST[s]] for s in self.states]), (1, len(variant)))

    def step(self, y: Any, variant: Any, flow: Any, dt: float) -> Any:
        V, gates, pools = y[0], y[1:13], y[13:]
        scale = jnp.asarray(self.scales.T, dtype=y.dtype)[:, variant]
        *kinetics, slow = eq.gates(V, jnp)
        (fast, wait), endo = kinetics[7], scale[5] > 0
        kinetics[7] = (jnp.where(endo, slow[0], fast), jnp.where(endo, slow[1], wait))
        g = [inf + (x - inf) * jnp.exp(-dt / tau) for x, (inf, tau) in zip(gates, kinetics, strict=False)]
        E = eq.reversal(pools[0], pools[3], pools[4], jnp.log)
        current, *rates, inf, tau = eq.balance(
            V, (*g, gates[11]), pools, E, eq.rectifier(V - E[1], jnp), eq.factors(V, jnp), scale
        )
        g.append(inf + (gates[11] - inf) * jnp.exp(-dt / tau))
        moved = [p + dt * r for p, r in zip(pools, rates, strict=True)]
        return jnp.stack([V + dt * (flow - current), *g, *moved])

    def stepper(self, variant: np.ndarray, dt: float) -> Tabled:
        return Tabled(self, variant, dt)

    def rates(self, y: np.ndarray, variant: int = 0, stimulus: float = 0.0) -> np.ndarray:
        """dy/dt of one cell, (state,), for a reference integrator; stimulus in pA/pF, inwards positive."""
        V, gates, pools, scale = y[0], y[1:13], y[13:], self.scales[variant]
        *kinetics, slow = eq.gates(V, np)
        kinetics[7] = slow if scale[5] > 0 else kinetics[7]
        E = eq.reversal(pools[0], pools[3], pools[4], np.log)
        current, *moved, inf, tau = eq.balance(V, gates, pools, E, eq.rectifier(V - E[1], np), eq.factors(V, np), scale)
        kinetics.append((inf, tau))
        g = [(a - x) / t for x, (a, t) in zip(gates, kinetics, strict=True)]
        return np.array([stimulus - current, *g, *moved])


class Tabled(AbstractStepper):
    """The processor's step: gates (node, 12) float32, pools (node, 6) float64."""

    def __init__(self, cell: TenTusscherPanfilov, variant: np.ndarray, dt: float) -> None:
        self.cell, self.dt = cell, dt
        self.variant = np.asarray(variant, dtype=np.int8)
        self._table, self._rectifier = _tables(dt), _rectifier_table()
        self._scales = cell.scales
        self.load(cell.start(self.variant))

    def load(self, y: np.ndarray) -> None:
        self.V = y[0].astype(np.float32)
        self.gates = np.ascontiguousarray(y[1:13].T, dtype=np.float32)
        self.pools = np.ascontiguousarray(y[13:].T, dtype=np.float64)

    def save(self) -> np.ndarray:
        return np.concatenate([self.V[None], self.gates.T, self.pools.T]).astype(np.float64)

    def step(self, flow: np.ndarray) -> None:
        _step(self.V, self.gates, self.pools, self.variant, flow, self._table, self._rectifier, self._scales, self.dt)


@cache
def _tables(dt: float) -> np.ndarray:
    """Rows of V, float32: 12 steady values, 12 shares of the way there in dt (the last of each the endocardial s gate),
    6 factors, 2 empty."""
    V = LOW + APART * np.arange(round((HIGH - LOW) / APART) + 2)
    pairs = eq.gates(V, np)
    columns = [inf for inf, _ in pairs] + [-np.expm1(-dt / tau) for _, tau in pairs] + list(eq.factors(V, np))
    return np.ascontiguousarray(np.stack([*columns, 0 * V, 0 * V], axis=1), dtype=np.float32)


@cache
def _rectifier_table() -> np.ndarray:
    """i_K1 at V - E_K from LOW + 80 mV on."""
    u = LOW + 80.0 + APART * np.arange(round((HIGH - LOW) / APART) + 2)
    return eq.rectifier(u, np).astype(np.float32)


_balance = numba.njit(eq.balance, error_model="numpy")
_reversal = numba.njit(eq.reversal, error_model="numpy")
_log = numba.njit(lambda x: math.log(x))


@compiled("void(f4[::1],f4[:,::1],f8[:,::1],i1[::1],f4[::1],f4[:,::1],f4[::1],f8[:,::1],f8)")
def _step(
    V: np.ndarray,
    gates: np.ndarray,
    pools: np.ndarray,
    variant: np.ndarray,
    flow: np.ndarray,
    table: np.ndarray,
    rectifier: np.ndarray,
    scales: np.ndarray,
    dt: float,
) -> None:
    """One step of every node, in place. A V beyond the table, or not finite, becomes NaN: the tissue says so."""
    now = np.empty(32, dtype=np.float32)
    per, top = np.float32(1.0 / APART), np.float32(len(table) - 2)
    for n in range(len(V)):
        x = (V[n] - np.float32(LOW)) * per
        if not (x >= np.float32(0.0) and x <= top):
            V[n] = np.float32(np.nan)
            continue
        k = int(x)
        w = x - np.float32(k)
        for c in range(32):
            now[c] = table[k, c] + w * (table[k + 1, c] - table[k, c])
        if scales[variant[n], 5] > 0:
            now[7], now[19] = now[11], now[23]
        for c in range(11):
            gates[n, c] += (now[c] - gates[n, c]) * now[12 + c]
        v, p, g = float(V[n]), pools[n], gates[n]
        E = _reversal(p[0], p[3], p[4], _log)
        u = min(max((v - E[1] - (LOW + 80.0)) / APART, 0.0), len(rectifier) - 2.0)
        k = int(u)
        K1 = rectifier[k] + (u - k) * (rectifier[k + 1] - rectifier[k])
        s = scales[variant[n]]
        out = _balance(
            v,
            (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10], g[11]),
            (p[0], p[1], p[2], p[3], p[4], p[5]),
            E,
            K1,
            (now[24], now[25], now[26], now[27], now[28], now[29]),
            (s[0], s[1], s[2], s[3], s[4], s[5]),
        )
        gates[n, 11] += (out[7] - g[11]) * (1.0 - math.exp(-dt / out[8]))
        for c in range(6):
            pools[n, c] += dt * out[1 + c]
        V[n] = np.float32(v + dt * (flow[n] - out[0]))
