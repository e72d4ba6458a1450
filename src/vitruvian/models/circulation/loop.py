"""A patient's closed loop: four chambers with septum and pericardium, four valves, two beds. 8 volumes; mL, mmHg, s.

    V_la' = Q_pv - Q_mv   V_lv' = Q_mv - Q_av   V_sa' = Q_av - Q_s   V_sv' = Q_s - Q_vs
    V_ra' = Q_vs - Q_tv   V_rv' = Q_tv - Q_pu   V_pa' = Q_pu - Q_p   V_pv' = Q_p - Q_pv
    p_bed = V_bed / C (stressed volume);  Q = dp / R;  chambers, septum, valves, pericardium: elements.py

The left ventricle's lateral half contracts `delay` after septum and right ventricle (left bundle branch block): two
halves of one wall, each with half of its elastance, so that pressure rises more slowly, its peak is lower and filling
shorter; without the delay dP/dt max rises by a fifth, about what is seen when the left wall is paced (Auricchio et al.,
Circulation 99:2993, 1999 [from memory]). Contraction lasts TC = 0.30 sqrt(T), TR = 0.15 sqrt(T) (assumed, after Bazett,
Heart 7:353, 1920), atria 0.16 s before ventricles.
Volumes add up as far as a sum keeps its bits. All scales with body size: a
body s times as large has volumes, flows, compliances s times, elastances and resistances 1/s times these, at the same
pressures. Leaves out waves, coronaries, gas, and reflexes, which over months are reset (baroreflex.py).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.models.circulation.elements import Timing, across_septum, activation, pericardium, softvalve, wall


class Heart(NamedTuple):
    """Inputs of one loop, each (member,): rate /min, volumes mL, elastances mmHg/mL, resistances mmHg s/mL."""

    rate: Any
    stressed: Any
    E_lv: Any
    V0_lv: Any
    A_lv: Any
    delay: Any
    E_rv: Any
    V0_rv: Any
    A_rv: Any
    R_sys: Any
    C_sys: Any
    R_pul: Any
    C_pul: Any


K_LV, K_RV = 0.024, 0.016  # /mL: steepness of the end-diastolic relations at A about 1 mmHg; assumed, after Smith 2004
E_SEPTUM, E_SEPTUM_REST = (
    20.0,
    1.5,
)  # mmHg/mL in systole, at rest: assumed, Smith 2004 has 48.8
R_MITRAL, R_AORTIC, R_TRICUSPID, R_PULMONIC = 0.008, 0.010, 0.008, 0.006  # mmHg s/mL: Regazzoni 2020 has 0.0075
E_LA, E_LA_REST, E_RA, E_RA_REST, V0_ATRIUM = 0.12, 0.15, 0.08, 0.07, 10.0  # as Regazzoni 2020, left a little stiffer
C_SV, R_SV, C_PV, R_PV = 45.0, 0.04, 12.0, 0.012  # veins: assumed within Regazzoni 2020 (16-130) and Smith 2004
PERICARDIUM_K, PERICARDIUM_W, PERICARDIUM_V0 = 0.5, 60.0, 470.0  # mmHg, mL, mL beside both V0: assumed after Smith 2004


def timings(h: Heart) -> tuple[Any, Timing, Timing, Timing]:
    """Beat length, and when septum and right ventricle, left free wall, and atria contract."""
    T = 60.0 / h.rate
    root = jnp.sqrt(T)
    TC, TR = 0.30 * root, 0.15 * root
    return T, Timing(0.16, TC, TR), Timing(0.16 + h.delay, TC, TR), Timing(0.0, 0.10 + 0.0 * T, 0.12 + 0.0 * T)


def pressures(t: Any, x: tuple[Any, ...], h: Heart) -> tuple[Any, ...]:
    """(la, lv, sa, sv, ra, rv, pa, pv), mmHg."""
    la, lv, sa, sv, ra, rv, pa, pv = x
    T, right, left, atria = timings(h)
    f_r, f_w, f_a = activation(t, T, right), activation(t, T, left), activation(t, T, atria)
    f_l = 0.5 * (f_r + f_w)  # septal and lateral half
    sac = pericardium(la + lv + ra + rv, PERICARDIUM_V0 + h.V0_lv + h.V0_rv, PERICARDIUM_K, PERICARDIUM_W)
    p_l = wall(f_l, lv, h.V0_lv, h.E_lv, h.A_lv, K_LV)
    p_r = wall(f_r, rv, h.V0_rv, h.E_rv, h.A_rv, K_RV)
    p_lv, p_rv, _ = across_septum(p_l, p_r, f_r * E_SEPTUM + (1.0 - f_r) * E_SEPTUM_REST)
    p_la = (E_LA_REST + E_LA * f_a) * (la - V0_ATRIUM)
    p_ra = (E_RA_REST + E_RA * f_a) * (ra - V0_ATRIUM)
    return p_la + sac, p_lv + sac, sa / h.C_sys, sv / C_SV, p_ra + sac, p_rv + sac, pa / h.C_pul, pv / C_PV


def flows(p: tuple[Any, ...], h: Heart) -> tuple[Any, ...]:
    """(mv, av, s, vs, tv, pu, p, pv) out of the compartments in the order of `pressures`, mL/s."""
    la, lv, sa, sv, ra, rv, pa, pv = p
    return (
        softvalve(la, lv, R_MITRAL),
        softvalve(lv, sa, R_AORTIC),
        (sa - sv) / h.R_sys,
        (sv - ra) / R_SV,
        softvalve(ra, rv, R_TRICUSPID),
        softvalve(rv, pa, R_PULMONIC),
        (pa - pv) / h.R_pul,
        (pv - la) / R_PV,
    )


def rate(t: Any, x: tuple[Any, ...], h: Heart) -> tuple[Any, ...]:
    """dV/dt in the order of `pressures`: what flows in less what flows out."""
    q = flows(pressures(t, x, h), h)
    return tuple(q[k - 1] - q[k] for k in range(8))


def start(h: Heart) -> tuple[Any, ...]:
    """A first guess of the volumes at the beat's start; they add up to the stressed volume and the chambers' V0."""
    share = h.stressed / 1100.0
    one = 0.0 * h.rate + 1.0
    chambers = (70.0 * share, h.V0_lv + 90.0 * share, 60.0 * share, h.V0_rv + 90.0 * share)
    sa, pa, pv = 75.0 * h.C_sys * share, 15.0 * h.C_pul * share, 120.0 * share * one
    total = h.stressed + h.V0_lv + h.V0_rv + 2 * V0_ATRIUM
    sv = total - sum(chambers) - sa - pa - pv
    return chambers[0], chambers[1], sa, sv, chambers[2], chambers[3], pa, pv


def beats(h: Heart, x: tuple[Any, ...], count: int, steps: int) -> tuple[Any, ...]:
    """Volumes after `count` beats of `steps` equal steps (RK4), from those at a beat's start."""
    dt = 60.0 / h.rate / steps

    def step(k: Any, y: Any) -> Any:
        return _rk4(h, (k % steps) * dt, y, dt)

    return jax.lax.fori_loop(0, count * steps, step, x)


def trace(h: Heart, x: tuple[Any, ...], steps: int) -> tuple[Any, Any]:
    """One beat: volumes and pressures (step, 8, member) at every step's start."""
    dt = 60.0 / h.rate / steps

    def step(y: Any, k: Any) -> Any:
        return _rk4(h, k * dt, y, dt), (jnp.stack(y), jnp.stack(pressures(k * dt, y, h)))

    return jax.lax.scan(step, x, jnp.arange(steps))[1]


def _rk4(h: Heart, t: Any, x: tuple[Any, ...], dt: Any) -> tuple[Any, ...]:
    def ahead(k: Any, by: Any) -> tuple[Any, ...]:
        return tuple(a + by * b for a, b in zip(x, k, strict=True))

    k1 = rate(t, x, h)
    k2 = rate(t + 0.5 * dt, ahead(k1, 0.5 * dt), h)
    k3 = rate(t + 0.5 * dt, ahead(k2, 0.5 * dt), h)
    k4 = rate(t + dt, ahead(k3, dt), h)
    return tuple(a + dt / 6.0 * (b + 2.0 * c + 2.0 * d + e) for a, b, c, d, e in zip(x, k1, k2, k3, k4, strict=True))


def seen(h: Heart, x: tuple[Any, ...], steps: int) -> dict[str, Any]:
    """What a beat shows, each (member,): volumes mL, pressures mmHg (mean unless named), stroke volume mL."""
    V, p = trace(h, x, steps)
    lv, rv = V[:, 1], V[:, 5]
    return {
        "lv_edv": lv.max(axis=0),
        "lv_esv": lv.min(axis=0),
        "rv_edv": rv.max(axis=0),
        "rv_esv": rv.min(axis=0),
        "stroke": ((p[:, 2] - p[:, 3]).mean(axis=0) / h.R_sys) * 60.0 / h.rate,
        "sbp": p[:, 2].max(axis=0),
        "dbp": p[:, 2].min(axis=0),
        "map": p[:, 2].mean(axis=0),
        "svp": p[:, 3].mean(axis=0),
        "pasp": p[:, 6].max(axis=0),
        "padp": p[:, 6].min(axis=0),
        "mpap": p[:, 6].mean(axis=0),
        "rap": p[:, 4].mean(axis=0),
        "lap": p[:, 0].mean(axis=0),
        "pvp": p[:, 7].mean(axis=0),
        "drift": jnp.abs(V.sum(axis=1)[-1] / V.sum(axis=1)[0] - 1.0),
    }
