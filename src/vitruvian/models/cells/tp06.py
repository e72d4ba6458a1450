"""The human ventricular cell of ten Tusscher & Panfilov 2006 in a tissue: 19 states, three layers, scar border.

Gates move by Rush & Larsen's exact exponential (IEEE Trans Biomed Eng 1978;25:389), pools and V by forward Euler; the
currents see the gates already moved. JAX computes the equations as they stand; the processor's step reads what depends
on V alone from a table (0.05 mV apart, linear between), which a test holds against the equations.
"""

from __future__ import annotations

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
    """The processor's step: gates (12, node) float32, pools (6, node) float64."""

    def __init__(self, cell: TenTusscherPanfilov, variant: np.ndarray, dt: float) -> None:
        self.cell, self.dt = cell, dt
        self.variant = np.asarray(variant, dtype=np.int8)
        self._table, self._rectifier = _tables(dt), _rectifier_table()
        self._scales = cell.scales
        self.load(cell.start(self.variant))

    def load(self, y: np.ndarray) -> None:
        self.V = y[0].astype(np.float32)
        self.gates = np.ascontiguousarray(y[1:13], dtype=np.float32)
        self.pools = np.ascontiguousarray(y[13:], dtype=np.float64)

    def save(self) -> np.ndarray:
        return np.concatenate([self.V[None], self.gates, self.pools]).astype(np.float64)

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


_balance = numba.njit(error_model="numpy", inline="always")(eq.balance)
WIDE = 64  # nodes in a block: what the currents of a block need stays in the first-level cache
# rows of a block's work space, WIDE numbers each: 12 gates, 6 pools, 6 factors, 6 scales, 4 reversals, then
GATE, POOL, FACTOR, SCALE, REVERSAL, RECTIFIER, POTENTIAL, OUT = 0, 12, 18, 24, 30, 34, 35, 36
ROWS = OUT + 9


@numba.njit(inline="always")
def _ln(x):
    """log(x) within 2e-16 for a normal x > 0, in arithmetic alone (fdlibm's e_log.c): it is done eight abreast."""
    bits = np.float64(x).view(np.int64)
    k = (bits - np.int64(4604544269498187776)) >> np.int64(52)  # m within sqrt(1/2) to sqrt(2)
    f = np.int64(bits - (k << np.int64(52))).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    R = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
    R = 1.818357216161805012e-01 + z * R
    R = 2.222219843214978396e-01 + z * R
    R = 2.857142874366239149e-01 + z * R
    R = 3.999999999940941908e-01 + z * R
    R = 6.666666666666735130e-01 + z * R
    half, e = 0.5 * f * f, np.float64(k)
    return e * 6.93147180369123816490e-01 - ((half - (s * (half + z * R) + e * 1.90821492927058770002e-10)) - f)


@numba.njit(inline="always")
def _exp(x):
    """exp(x) within 3e-16 of itself for -700 < x <= 0, the same way: 2^k by the exponent's bits."""
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # k + 1.5 x 2^52: its low bits are k
    k = shifted - 6755399441055744.0
    r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10
    p = 1.0 / 39916800.0 + r * (1.0 / 479001600.0 + r / 6227020800.0)
    p = 1.0 / 5040.0 + r * (1.0 / 40320.0 + r * (1.0 / 362880.0 + r * (1.0 / 3628800.0 + r * p)))
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * p))))))
    return p * np.int64((np.float64(shifted).view(np.int64) << 52) + np.int64(4607182418800017408)).view(np.float64)


@numba.njit(error_model="numpy")
def _look_up(V, first, count, table, now, lost):
    """What V alone decides: the table's 32 columns (column, node) of a block, linear between its rows."""
    for i in range(count):
        x = (V[first + i] - np.float32(LOW)) * np.float32(1.0 / APART)
        lost[i] = not (x >= np.float32(0.0) and x <= np.float32(len(table) - 2))
        if lost[i]:
            continue
        k = int(x)
        share = x - np.float32(k)
        for c in range(32):
            now[c * WIDE + i] = table[k, c] + share * (table[k + 1, c] - table[k, c])


@numba.njit(error_model="numpy")
def _gather(gates, pools, first, count, now, w):
    """Gates moved on, and all that the currents need laid out in the block's work space."""
    for c in range(11):
        for i in range(count):
            g = gates[c, first + i]
            g += (now[c * WIDE + i] - g) * now[(12 + c) * WIDE + i]
            gates[c, first + i] = g
            w[(GATE + c) * WIDE + i] = g
    for i in range(count):
        w[(GATE + 11) * WIDE + i] = gates[11, first + i]
    for c in range(6):
        for i in range(count):
            w[(POOL + c) * WIDE + i] = pools[c, first + i]
        for i in range(WIDE):
            w[(FACTOR + c) * WIDE + i] = now[(24 + c) * WIDE + i]


@numba.njit(error_model="numpy")
def _reversals(w):
    """Of the block, mV: eq.reversal with the logarithm that is done eight abreast."""
    for i in range(WIDE):
        Na, K = w[(POOL + 3) * WIDE + i], w[(POOL + 4) * WIDE + i]
        w[REVERSAL * WIDE + i] = eq.RTF * _ln(eq.NA_O / Na)
        w[(REVERSAL + 1) * WIDE + i] = eq.RTF * _ln(eq.K_O / K)
        w[(REVERSAL + 2) * WIDE + i] = eq.RTF * _ln((eq.K_O + 0.03 * eq.NA_O) / (K + 0.03 * Na))
        w[(REVERSAL + 3) * WIDE + i] = 0.5 * eq.RTF * _ln(eq.CA_O / w[POOL * WIDE + i])


@numba.njit(error_model="numpy")
def _currents(w, dt):
    """The block's current and rates of the pools; the steady value of fCass and its share of the way there."""
    for i in range(WIDE):
        out = _balance(
            w[POTENTIAL * WIDE + i],
            (
                w[i], w[WIDE + i], w[2 * WIDE + i], w[3 * WIDE + i], w[4 * WIDE + i], w[5 * WIDE + i],
                w[6 * WIDE + i], w[7 * WIDE + i], w[8 * WIDE + i], w[9 * WIDE + i], w[10 * WIDE + i], w[11 * WIDE + i],
            ),
            (
                w[POOL * WIDE + i], w[(POOL + 1) * WIDE + i], w[(POOL + 2) * WIDE + i],
                w[(POOL + 3) * WIDE + i], w[(POOL + 4) * WIDE + i], w[(POOL + 5) * WIDE + i],
            ),
            (
                w[REVERSAL * WIDE + i], w[(REVERSAL + 1) * WIDE + i],
                w[(REVERSAL + 2) * WIDE + i], w[(REVERSAL + 3) * WIDE + i],
            ),
            w[RECTIFIER * WIDE + i],
            (
                w[FACTOR * WIDE + i], w[(FACTOR + 1) * WIDE + i], w[(FACTOR + 2) * WIDE + i],
                w[(FACTOR + 3) * WIDE + i], w[(FACTOR + 4) * WIDE + i], w[(FACTOR + 5) * WIDE + i],
            ),
            (
                w[SCALE * WIDE + i], w[(SCALE + 1) * WIDE + i], w[(SCALE + 2) * WIDE + i],
                w[(SCALE + 3) * WIDE + i], w[(SCALE + 4) * WIDE + i], w[(SCALE + 5) * WIDE + i],
            ),
        )  # fmt: skip
        w[OUT * WIDE + i], w[(OUT + 1) * WIDE + i], w[(OUT + 2) * WIDE + i] = out[0], out[1], out[2]
        w[(OUT + 3) * WIDE + i], w[(OUT + 4) * WIDE + i], w[(OUT + 5) * WIDE + i] = out[3], out[4], out[5]
        w[(OUT + 6) * WIDE + i], w[(OUT + 7) * WIDE + i] = out[6], out[7]
        w[(OUT + 8) * WIDE + i] = 1.0 - _exp(-dt / out[8])


@numba.njit(error_model="numpy")
def _scatter(V, gates, pools, first, count, flow, dt, w, lost):
    """One Euler step of potential and pools, and fCass moved on."""
    for c in range(6):
        for i in range(count):
            pools[c, first + i] += dt * w[(OUT + 1 + c) * WIDE + i]
    for i in range(count):
        g = w[(GATE + 11) * WIDE + i]
        gates[11, first + i] += (w[(OUT + 7) * WIDE + i] - g) * w[(OUT + 8) * WIDE + i]
        moved = np.float32(w[POTENTIAL * WIDE + i] + dt * (flow[first + i] - w[OUT * WIDE + i]))
        V[first + i] = np.float32(np.nan) if lost[i] else moved


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
    """One step of every node, in place. A V beyond the table, or not finite, becomes NaN: the tissue says so.

    By blocks of nodes: what is looked up node by node, then the block in loops without a branch, eight nodes at a time.
    """
    now, w = np.zeros(32 * WIDE, dtype=np.float32), np.ones(ROWS * WIDE)
    lost, slow = np.zeros(WIDE, dtype=np.bool_), np.zeros(WIDE, dtype=np.bool_)
    held = np.full(WIDE, -1, dtype=np.int64)  # whose scales lie in the work space
    for first in range(0, len(V), WIDE):
        count = min(WIDE, len(V) - first)
        _look_up(V, first, count, table, now, lost)
        for i in range(count):
            w[POTENTIAL * WIDE + i] = 0.0 if lost[i] else V[first + i]  # what is lost runs along with any potential
            if variant[first + i] != held[i]:
                held[i] = variant[first + i]
                for c in range(6):
                    w[(SCALE + c) * WIDE + i] = scales[held[i], c]
                slow[i] = scales[held[i], 5] > 0
            if slow[i]:  # the endocardial s gate
                now[7 * WIDE + i], now[19 * WIDE + i] = now[11 * WIDE + i], now[23 * WIDE + i]
        _gather(gates, pools, first, count, now, w)
        _reversals(w)
        for i in range(count):
            u = (w[POTENTIAL * WIDE + i] - w[(REVERSAL + 1) * WIDE + i] - (LOW + 80.0)) / APART
            u = min(max(u, 0.0), len(rectifier) - 2.0)
            k = int(u)
            w[RECTIFIER * WIDE + i] = rectifier[k] + (u - k) * (rectifier[k + 1] - rectifier[k])
        _currents(w, dt)
        _scatter(V, gates, pools, first, count, flow, dt, w, lost)
