"""The loop of loop.py, compiled for the processor: many hearts at once, beat after beat, float64.

The same equations and the same RK4 steps; what is the same in every beat (activation at every half step) is worked out
once. Hearts go in blocks of WIDE that stay in the first-level cache; every loop over a block has no branch, so the
compiler takes eight hearts at a time, the exponential too.

A step must be shorter than the loop's fastest mode: where a valve is open, two chambers or a chamber and a vessel level
at (E_1 + E_2) / R_valve a second, and RK4 grows beyond 2.785 of that (Hairer & Wanner, Solving ODEs II, IV.2). Fewer
steps are refused, and a result that is not finite is never given.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.engines.compiled import compiled
from vitruvian.models.circulation import loop
from vitruvian.models.circulation.loop import Heart

WIDE = 32  # hearts in a block
STEPS = 200  # a beat
STABLE = 2.785  # RK4's real stability limit: Hairer & Wanner
INPUTS = len(Heart._fields)
ROWS = 8  # compartments: la, lv, sa, sv, ra, rv, pa, pv

# rows of a block's work space, WIDE numbers each
X, Y, SUM, STEP, V0L, V0R, EL, AL, ER, AR, RS, CS, RP, CP = 0, 8, 16, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34
WORK = 35
FULL = 45.0  # mmHg, the highest filling pressure that hearts live with (learn.PHYSIOLOGICAL)


class Shown(NamedTuple):
    """One beat: volumes and pressures (step, 8, heart) at every step's start, mL and mmHg."""

    volumes: np.ndarray
    pressures: np.ndarray


def steps_needed(h: Heart) -> np.ndarray:
    """Steps a beat (heart,) below which the loop may be unstable."""
    h = Heart(*(np.asarray(v, dtype=np.float64) for v in h))
    filled_l, filled_r = loop.K_LV * (FULL + h.A_lv), loop.K_RV * (FULL + h.A_rv)  # slope of A (exp(k V) - 1) at FULL
    fastest = np.maximum.reduce(
        [
            (h.E_lv + 1.0 / h.C_sys) / loop.R_AORTIC,
            (h.E_rv + 1.0 / h.C_pul) / loop.R_PULMONIC,
            (loop.E_LA_REST + loop.E_LA + filled_l) / loop.R_MITRAL,
            (loop.E_RA_REST + loop.E_RA + filled_r) / loop.R_TRICUSPID,
            (1.0 / h.C_pul + 1.0 / loop.C_PV) / h.R_pul,
        ]
    )
    return np.ceil(60.0 / h.rate * fastest / STABLE)


def columns(h: Heart) -> np.ndarray:
    """Inputs (13, heart) of hearts, checked: FieldError for what no heart can have, with the first one's number."""
    rows = np.stack(np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in h)))
    if rows.ndim != 2:
        raise FieldError(f"inputs have shape {rows.shape[1:]}", where="loop", fix="give each input one value a heart")
    for name, row in zip(Heart._fields, rows, strict=True):
        least = -np.inf if name.startswith("V0") else 0.0
        bad = ~np.isfinite(row) | (row < least if name == "delay" else row <= least)
        if bad.any():
            k = int(np.argmax(bad))
            want = "finite" if least < 0 else "0 or more, and finite" if name == "delay" else "above 0, and finite"
            raise FieldError(f"must be {want} (got {row[k]:g} for heart {k})", where=f"Heart.{name}")
    return np.ascontiguousarray(rows)


def march(
    h: Heart, x: np.ndarray, beats: int, steps: int = STEPS, *, tolerance: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Volumes (8, heart) after so many beats from x at a beat's start, and by how much the last beat moved them (mL).

    tolerance: mL a beat at which a block of hearts is on its limit cycle and stops. Errors: FieldError for inputs that
    no heart can have, for steps at which the loop is unstable, and for volumes that leave what is finite.
    """
    rows = columns(h)
    if beats < 1 or steps < 1:
        raise FieldError(f"{beats} beats of {steps} steps", where="loop", fix="give at least one of each")
    least = steps_needed(Heart(*rows))
    if (least > steps).any():
        k = int(np.argmax(least))
        raise FieldError(
            f"{steps} steps a beat are unstable for heart {k} (E_lv {rows[2, k]:.3g}, rate {rows[0, k]:.3g} /min)",
            where="loop",
            fix=f"take at least {int(least[k])}",
        )
    out, moved = np.ascontiguousarray(x, dtype=np.float64).copy(), np.zeros(rows.shape[1])
    _march(rows, out, moved, beats, steps, tolerance)
    if not np.isfinite(out).all():
        k = int(np.argmax(~np.isfinite(out).all(axis=0)))
        raise FieldError(f"heart {k} left what is finite", where="loop", fix="take more steps, or check its inputs")
    return out, moved


def start(h: Heart) -> np.ndarray:
    """A first guess of the volumes (8, heart) at the beat's start, as loop.start."""
    rows = loop.start(Heart(*(np.asarray(v, dtype=np.float64) for v in h)))
    return np.stack(np.broadcast_arrays(*(np.asarray(r, dtype=np.float64) for r in rows)))


def shown(h: Heart, x: np.ndarray, steps: int = STEPS) -> Shown:
    """The beat that starts from volumes x (8, heart)."""
    rows = columns(h)
    V = np.empty((steps, ROWS, rows.shape[1]))
    p = np.empty_like(V)
    _trace(rows, np.ascontiguousarray(x, dtype=np.float64), V, p)
    return Shown(V, p)


@numba.njit(inline="always")
def _exp(x):
    """exp(x) within 2e-16 of itself for -700 < x < 700, in arithmetic alone: 2^k by the exponent's bits."""
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # k + 1.5 x 2^52: its low bits are k
    k = shifted - 6755399441055744.0
    r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10  # ln 2 in two parts: Cody & Waite
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = (p * r) * r + r + 1.0
    bits = (np.float64(shifted).view(np.int64) << 52) + np.int64(4607182418800017408)
    return p * np.int64(bits).view(np.float64)


@numba.njit(inline="always")
def _open(up, down, per):
    """softvalve of elements.py: half of dp + sqrt(dp^2 + width^2), over the open valve's resistance."""
    dp = up - down
    return (dp + math.sqrt(dp * dp + 0.0025)) * per


@numba.njit(inline="always")
def _pressed(la, lv, ra, rv, fl, fr, fa, EL_, V0L_, AL_, ER_, V0R_, AR_):
    """Pressures of (la, lv, ra, rv), mmHg: loop.pressures."""
    overl, overr = lv - V0L_, rv - V0R_
    el = AL_ * _exp(min(max(loop.K_LV * overl, -20.0), 8.0))
    er = AR_ * _exp(min(max(loop.K_RV * overr, -20.0), 8.0))
    pl = fl * EL_ * overl + (1.0 - fl) * (el - AL_)
    pr = fr * ER_ * overr + (1.0 - fr) * (er - AR_)
    sl = fl * EL_ + (1.0 - fl) * loop.K_LV * el
    sr = fr * ER_ + (1.0 - fr) * loop.K_RV * er
    S = (pl - pr) / (fr * loop.E_SEPTUM + (1.0 - fr) * loop.E_SEPTUM_REST + sl + sr)
    inside = (la + lv + ra + rv - (loop.PERICARDIUM_V0 + V0L_ + V0R_)) / loop.PERICARDIUM_W
    sac = loop.PERICARDIUM_K * (_exp(min(max(inside, -20.0), 8.0)) - 1.0)
    pla = (loop.E_LA_REST + loop.E_LA * fa) * (la - loop.V0_ATRIUM) + sac
    pra = (loop.E_RA_REST + loop.E_RA * fa) * (ra - loop.V0_ATRIUM) + sac
    return pla, pl - sl * S + sac, pra, pr + sr * S + sac


@numba.njit(error_model="numpy")
def _stage(w, f, j, weight, ahead):
    """One of RK4's four slopes at half step j: into the sum by `weight`, and the next stage's volumes `ahead` of it."""
    for i in range(WIDE):
        la, lv, sa, sv = w[Y * WIDE + i], w[(Y + 1) * WIDE + i], w[(Y + 2) * WIDE + i], w[(Y + 3) * WIDE + i]
        ra, rv, pa, pv = w[(Y + 4) * WIDE + i], w[(Y + 5) * WIDE + i], w[(Y + 6) * WIDE + i], w[(Y + 7) * WIDE + i]
        at = j * 3 * WIDE + i
        pla, plv, pra, prv = _pressed(
            la, lv, ra, rv, f[at], f[at + WIDE], f[at + 2 * WIDE],
            w[EL * WIDE + i], w[V0L * WIDE + i], w[AL * WIDE + i],
            w[ER * WIDE + i], w[V0R * WIDE + i], w[AR * WIDE + i],
        )  # fmt: skip
        psa, psv = sa * w[CS * WIDE + i], sv * (1.0 / loop.C_SV)
        ppa, ppv = pa * w[CP * WIDE + i], pv * (1.0 / loop.C_PV)
        mv = _open(pla, plv, 0.5 / loop.R_MITRAL)
        av = _open(plv, psa, 0.5 / loop.R_AORTIC)
        tv = _open(pra, prv, 0.5 / loop.R_TRICUSPID)
        pu = _open(prv, ppa, 0.5 / loop.R_PULMONIC)
        qs, qv = (psa - psv) * w[RS * WIDE + i], (psv - pra) * (1.0 / loop.R_SV)
        qp, ql = (ppa - ppv) * w[RP * WIDE + i], (ppv - pla) * (1.0 / loop.R_PV)
        dt = w[STEP * WIDE + i]
        a, s = ahead * dt, weight * dt
        k0, k1, k2, k3, k4, k5, k6, k7 = ql - mv, mv - av, av - qs, qs - qv, qv - tv, tv - pu, pu - qp, qp - ql
        w[SUM * WIDE + i] += s * k0
        w[(SUM + 1) * WIDE + i] += s * k1
        w[(SUM + 2) * WIDE + i] += s * k2
        w[(SUM + 3) * WIDE + i] += s * k3
        w[(SUM + 4) * WIDE + i] += s * k4
        w[(SUM + 5) * WIDE + i] += s * k5
        w[(SUM + 6) * WIDE + i] += s * k6
        w[(SUM + 7) * WIDE + i] += s * k7
        w[Y * WIDE + i] = w[X * WIDE + i] + a * k0
        w[(Y + 1) * WIDE + i] = w[(X + 1) * WIDE + i] + a * k1
        w[(Y + 2) * WIDE + i] = w[(X + 2) * WIDE + i] + a * k2
        w[(Y + 3) * WIDE + i] = w[(X + 3) * WIDE + i] + a * k3
        w[(Y + 4) * WIDE + i] = w[(X + 4) * WIDE + i] + a * k4
        w[(Y + 5) * WIDE + i] = w[(X + 5) * WIDE + i] + a * k5
        w[(Y + 6) * WIDE + i] = w[(X + 6) * WIDE + i] + a * k6
        w[(Y + 7) * WIDE + i] = w[(X + 7) * WIDE + i] + a * k7


@numba.njit
def _step(w, f, k):
    """One RK4 step from half step 2 k."""
    for i in range(ROWS * WIDE):
        w[Y * WIDE + i] = w[X * WIDE + i]
        w[SUM * WIDE + i] = 0.0
    _stage(w, f, 2 * k, 1.0 / 6.0, 0.5)
    _stage(w, f, 2 * k + 1, 1.0 / 3.0, 0.5)
    _stage(w, f, 2 * k + 1, 1.0 / 3.0, 1.0)
    _stage(w, f, 2 * k + 2, 1.0 / 6.0, 0.0)
    for i in range(ROWS * WIDE):
        w[X * WIDE + i] += w[SUM * WIDE + i]


@numba.njit
def _active(t, period, tC, TC, TR):
    """activation of elements.py."""
    s = (t - tC) % period
    if s < TC:
        return 0.5 * (1.0 - math.cos(math.pi * s / TC))
    if s < TC + TR:
        return 0.5 * (1.0 + math.cos(math.pi * (s - TC) / TR))
    return 0.0


@numba.njit
def _fill(rows, x, w, f, first, steps):
    """A block's inputs and its activations (half step, left | right | atria, heart); the last heart fills it up."""
    last = rows.shape[1] - 1
    for i in range(WIDE):
        n = min(first + i, last)
        for r in range(ROWS):
            w[(X + r) * WIDE + i] = x[r, n]
        T = 60.0 / rows[0, n]
        w[STEP * WIDE + i] = T / steps
        w[EL * WIDE + i], w[V0L * WIDE + i], w[AL * WIDE + i] = rows[2, n], rows[3, n], rows[4, n]
        w[ER * WIDE + i], w[V0R * WIDE + i], w[AR * WIDE + i] = rows[6, n], rows[7, n], rows[8, n]
        w[RS * WIDE + i], w[CS * WIDE + i] = 1.0 / rows[9, n], 1.0 / rows[10, n]
        w[RP * WIDE + i], w[CP * WIDE + i] = 1.0 / rows[11, n], 1.0 / rows[12, n]
        TC, TR = 0.30 * math.sqrt(T), 0.15 * math.sqrt(T)
        for j in range(2 * steps + 1):
            t = 0.5 * j * T / steps
            r = _active(t, T, 0.16, TC, TR)
            late = _active(t, T, 0.16 + rows[5, n], TC, TR)
            f[(3 * j) * WIDE + i] = 0.5 * (r + late)
            f[(3 * j + 1) * WIDE + i] = r
            f[(3 * j + 2) * WIDE + i] = _active(t, T, 0.0, 0.10, 0.12)


@compiled("void(f8[:,::1],f8[:,::1],f8[::1],i8,i8,f8)")
def _march(rows, x, moved, beats, steps, tolerance):
    """Beats of every heart, in place."""
    count = rows.shape[1]
    w, f = np.zeros(WORK * WIDE), np.zeros((2 * steps + 1) * 3 * WIDE)
    before = np.zeros(ROWS * WIDE)
    for first in range(0, count, WIDE):
        _fill(rows, x, w, f, first, steps)
        for _ in range(beats):
            for i in range(ROWS * WIDE):
                before[i] = w[X * WIDE + i]
            for k in range(steps):
                _step(w, f, k)
            most = 0.0
            for i in range(ROWS * WIDE):
                most = max(most, abs(w[X * WIDE + i] - before[i]))
            if most < tolerance:
                break
        for i in range(min(WIDE, count - first)):
            for r in range(ROWS):
                x[r, first + i] = w[(X + r) * WIDE + i]
                moved[first + i] = max(moved[first + i], abs(w[(X + r) * WIDE + i] - before[r * WIDE + i]))


@compiled("void(f8[:,::1],f8[:,::1],f8[:,:,::1],f8[:,:,::1])")
def _trace(rows, x, V, p):
    """Volumes and pressures (step, 8, heart) over one beat from x."""
    count, steps = rows.shape[1], V.shape[0]
    w, f = np.zeros(WORK * WIDE), np.zeros((2 * steps + 1) * 3 * WIDE)
    for first in range(0, count, WIDE):
        _fill(rows, x, w, f, first, steps)
        for k in range(steps):
            for i in range(min(WIDE, count - first)):
                n, at = first + i, 6 * k * WIDE + i
                for r in range(ROWS):
                    V[k, r, n] = w[(X + r) * WIDE + i]
                pla, plv, pra, prv = _pressed(
                    w[i], w[WIDE + i], w[4 * WIDE + i], w[5 * WIDE + i], f[at], f[at + WIDE], f[at + 2 * WIDE],
                    w[EL * WIDE + i], w[V0L * WIDE + i], w[AL * WIDE + i],
                    w[ER * WIDE + i], w[V0R * WIDE + i], w[AR * WIDE + i],
                )  # fmt: skip
                p[k, 0, n], p[k, 1, n], p[k, 4, n], p[k, 5, n] = pla, plv, pra, prv
                p[k, 2, n], p[k, 3, n] = V[k, 2, n] * w[CS * WIDE + i], V[k, 3, n] / loop.C_SV
                p[k, 6, n], p[k, 7, n] = V[k, 6, n] * w[CP * WIDE + i], V[k, 7, n] / loop.C_PV
            _step(w, f, k)
