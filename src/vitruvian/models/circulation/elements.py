"""Lumped elements of the circulation: chambers, valves, vessels, septum, pericardium; mL, mmHg, s, elementwise.

    activation    f = (1 - cos(pi s / TC)) / 2 while 0 <= s < TC, s = (t - tC) mod T
                  f = (1 + cos(pi (s - TC) / TR)) / 2 while TC <= s < TC + TR       [1]
    chamber       p = (EA f + EB) (V - V0), or with an exponential end-diastolic relation
                  p = f E (V - V0) + (1 - f) A (exp(k (V - V0)) - 1)                [2]
    valve         Q = dp / R, log R from open to closed by atan(-100 pi dp)         [3]
    stenosis      dp = (R + S |Q|) Q                                                [4]
    septum        p_l = p_lf(V_l - S), p_r = p_rf(V_r + S), p_l - p_r = E_s S, to first order in its displacement S
    pericardium   p = K (exp((V - V0) / w) - 1), on all that lies inside            [2]

[1] Blanco & Feijoo, Mec Comput 29:5887 (2010); [2] Smith et al., Med Eng Phys 26:131 (2004); [3] Regazzoni et al.,
arXiv:2011.15040 (2020); [4] Young & Tsai, J Biomech 6:395 (1973). Holds for beat-averaged and waveform questions of a
loop without waves; leaves out wave travel, gas, gravity, and what lies within a chamber's wall.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from vitruvian.engines.jaxsetup import jnp

SHARPNESS = 200.0 * math.pi / 2.0  # /mmHg: how suddenly a valve opens, Regazzoni 2020 as in the package `circulation`
R_OPEN, R_CLOSED = 0.0075, 75006.2  # mmHg s/mL: Regazzoni 2020


class Timing(NamedTuple):
    """When a chamber contracts: onset tC after the beat's start, contraction TC and relaxation TR, s."""

    tC: Any
    TC: Any
    TR: Any


def activation(t: Any, period: Any, timing: Timing) -> Any:
    """f in [0, 1] at t (s) of beats `period` (s) long."""
    s = jnp.mod(t - timing.tC, period)
    rising = 0.5 * (1.0 - jnp.cos(math.pi * s / timing.TC))
    falling = 0.5 * (1.0 + jnp.cos(math.pi * (s - timing.TC) / timing.TR))
    return jnp.where(s < timing.TC, rising, jnp.where(s < timing.TC + timing.TR, falling, 0.0))


def valve(upstream: Any, downstream: Any, r_open: Any = R_OPEN, r_closed: Any = R_CLOSED) -> Any:
    """Flow through a valve whose resistance changes smoothly from open to closed, mL/s."""
    dp = upstream - downstream
    closed = jnp.arctan(-SHARPNESS * dp) / math.pi + 0.5
    return dp * jnp.exp(-(jnp.log(r_open) + (jnp.log(r_closed) - jnp.log(r_open)) * closed))


def softvalve(upstream: Any, downstream: Any, r_open: Any, width: float = 0.05) -> Any:
    """Flow through a valve that opens over `width` mmHg and never flows back, smooth in both pressures."""
    dp = upstream - downstream
    return 0.5 * (dp + jnp.sqrt(dp * dp + width * width)) / r_open


def passive(V: Any, V0: Any, A: Any, k: Any) -> tuple[Any, Any]:
    """Exponential end-diastolic pressure and its slope dp/dV."""
    e = A * jnp.exp(jnp.clip(k * (V - V0), -20.0, 8.0))
    return e - A, k * e


def wall(f: Any, V: Any, V0: Any, E: Any, A: Any, k: Any) -> tuple[Any, Any]:
    """Pressure of a contracting wall (f in [0, 1]) and its slope: elastance E in systole, exponential at rest."""
    p, slope = passive(V, V0, A, k)
    return f * E * (V - V0) + (1.0 - f) * p, f * E + (1.0 - f) * slope


def across_septum(left: tuple[Any, Any], right: tuple[Any, Any], E_s: Any) -> tuple[Any, Any, Any]:
    """(p_l, p_r, S): pressures of ventricles that share a septum of elastance E_s, given both free walls (p, dp/dV)."""
    (pl, el), (pr, er) = left, right
    S = (pl - pr) / (E_s + el + er)
    return pl - el * S, pr + er * S, S


def pericardium(V: Any, V0: Any, K: Any, w: Any) -> Any:
    """Pressure on everything inside, given its volume."""
    return K * (jnp.exp(jnp.clip((V - V0) / w, -20.0, 8.0)) - 1.0)


def stenosis(Q: Any, R: Any, S: Any) -> Any:
    """Pressure lost over a narrowing."""
    return (R + S * jnp.abs(Q)) * Q
