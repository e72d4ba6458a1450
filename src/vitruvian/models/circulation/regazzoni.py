"""The closed loop of Regazzoni et al. (arXiv:2011.15040, 2020): four elastance chambers, four valves, two R-L-C beds.

    dV_LA = Q_VENPUL - Q_MV    dV_LV = Q_MV - Q_AV    dV_RA = Q_VENSYS - Q_TV    dV_RV = Q_TV - Q_PV
    C_AR dp_AR = Q_valve - Q_AR    C_VEN dp_VEN = Q_AR - Q_VEN    L dQ = p_up - p_down - R Q

Its parameters come as the JSON of the package `circulation`. It verifies the elements; the kind uses `loop.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.solvers import RK4, AbstractSolver
from vitruvian.models.circulation.elements import Timing, activation, valve

STATES = (
    "V_LA", "V_LV", "V_RA", "V_RV", "p_AR_SYS", "p_VEN_SYS", "p_AR_PUL", "p_VEN_PUL",
    "Q_AR_SYS", "Q_VEN_SYS", "Q_AR_PUL", "Q_VEN_PUL",
)  # fmt: skip
CHAMBERS = ("LA", "LV", "RA", "RV")


def pressures(t: Any, x: tuple[Any, ...], par: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of the chambers in the order of CHAMBERS, mmHg."""
    period, out = 1.0 / par["HR"], []
    for name, V in zip(CHAMBERS, x[:4], strict=True):
        c = par["chambers"][name]
        f = activation(t, period, Timing(c["tC"], c["TC"], c["TR"]))
        out.append((c["EA"] * f + c["EB"]) * (V - c["V0"]))
    return tuple(out)


def rate(t: Any, x: tuple[Any, ...], par: Mapping[str, Any]) -> tuple[Any, ...]:
    """dx/dt of STATES."""
    la, lv, ra, rv = pressures(t, x, par)
    p_as, p_vs, p_ap, p_vp, q_as, q_vs, q_ap, q_vp = x[4:]
    s, p = par["circulation"]["SYS"], par["circulation"]["PUL"]
    mv, av, tv, pv = valve(la, lv), valve(lv, p_as), valve(ra, rv), valve(rv, p_ap)
    return (
        q_vp - mv,
        mv - av,
        q_vs - tv,
        tv - pv,
        (av - q_as) / s["C_AR"],
        (q_as - q_vs) / s["C_VEN"],
        (pv - q_ap) / p["C_AR"],
        (q_ap - q_vp) / p["C_VEN"],
        (p_as - p_vs - s["R_AR"] * q_as) / s["L_AR"],
        (p_vs - ra - s["R_VEN"] * q_vs) / s["L_VEN"],
        (p_ap - p_vp - p["R_AR"] * q_ap) / p["L_AR"],
        (p_vp - la - p["R_VEN"] * q_vp) / p["L_VEN"],
    )


def volume(x: np.ndarray, par: Mapping[str, Any]) -> np.ndarray:
    """All blood, mL: x (..., 12)."""
    s, p = par["circulation"]["SYS"], par["circulation"]["PUL"]
    weights = np.array([1, 1, 1, 1, s["C_AR"], s["C_VEN"], p["C_AR"], p["C_VEN"], 0, 0, 0, 0])
    return x @ weights


def run(
    par: Mapping[str, Any], start: Mapping[str, float], beats: int, dt: float, *, solver: AbstractSolver | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """States at every beat's end (beat + 1, 12), and over the last beat at every step (step + 1, 12).

    Errors: FieldError for steps that are too long to be stable.
    """
    steps, solver = round(1.0 / par["HR"] / dt), solver or RK4()

    def step(x: Any, k: Any) -> Any:
        new = solver.step(lambda t, y: rate(t, y, par), k * dt, x, dt)
        return new, jnp.stack(new)

    @jax.jit
    def beat(x: Any) -> Any:
        return jax.lax.scan(step, x, jnp.arange(steps, dtype=jnp.float64))

    x = tuple(jnp.asarray(float(start[name])) for name in STATES)
    ends, trace = [np.array(x)], np.zeros((0, len(STATES)))
    for _ in range(beats):
        before = np.array(x)
        x, ys = beat(x)
        ends.append(np.array(x))
        if not np.isfinite(ends[-1]).all():
            raise FieldError(
                f"steps of {dt:g} s are unstable: nothing finite is left after beat {len(ends) - 1}",
                where="regazzoni.run",
                fix=f"take shorter steps, {dt / 2:g} s or less",
            )
        trace = np.concatenate([before[None], np.asarray(ys)])
    return np.stack(ends), trace
