"""Networks of vessels, boundaries and a closed loop, from svZeroDSolver's own JSON; mmHg, mL, s.

    vessel           P_in - P_out = (R + S |Q_in|) Q_in + L Q_out',  Q_in - Q_out = C (P_in - (R + S |Q_in|) Q_in)'
    FLOW, PRESSURE   a periodic table;  RESISTANCE  P = Pd + R Q
    ClosedLoopRCR    Q_in - Q_out = C P_c',  P_in - P_c = Rp Q_in,  P_c - P_out = Rd Q_out
    ClosedLoopCoronaryLeft/Right   as `coronary`;  ClosedLoopHeartAndPulmonary   models/circulation/closedheart.py
    joints           one pressure, flows sum to nothing

Time steps as that solver's: generalised alpha (Jansen, Whiting & Hulbert, Comput Methods Appl Mech Eng 190:305, 2000)
at a spectral radius of 0.5, so that the same coarse steps may be compared. Elements not listed are refused by name.
Verified against results of svZeroDSolver 3.2 (MIT, SimVascular). For checking elements; patients are in `loop.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.models.circulation import closedheart

RHO = 0.5  # spectral radius at infinite frequency: svZeroDSolver's default
MOST, TOLERANCE = 30, 1e-8  # Newton steps; residual at which they end unless the case says: svZeroDSolver's own

Equation = Callable[[Any, Any, Any, Any], Any]  # (y, y', t, open valves) -> residual


@dataclass
class Network:
    """Unknowns by name, and the equations between them."""

    period: float
    names: list[str] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    heart: closedheart.Heart | None = None

    def unknown(self, name: str) -> int:
        """Position of an unknown, made when first named."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def residual(self, y: Any, yd: Any, t: Any, valves: Any) -> Any:
        """Of all equations, (equation,)."""
        return jnp.stack([jnp.asarray(e(y, yd, t, valves)) for e in self.equations])


def vessel(net: Network, name: str, values: Mapping[str, float]) -> None:
    """A segment with resistance, compliance, inertance and a narrowing."""
    R, S = values.get("R_poiseuille", 0.0), values.get("stenosis_coefficient", 0.0)
    C, L = values.get("C", 0.0), values.get("L", 0.0)
    pi, qi, po, qo = (net.unknown(f"{what}:{name}") for what in ("pressure_in", "flow_in", "pressure_out", "flow_out"))

    def momentum(y: Any, yd: Any, t: Any, valves: Any) -> Any:
        return y[pi] - y[po] - (R + S * jnp.abs(y[qi])) * y[qi] - L * yd[qo]

    def mass(y: Any, yd: Any, t: Any, valves: Any) -> Any:
        return y[qi] - y[qo] - C * (yd[pi] - (R + 2.0 * S * jnp.abs(y[qi])) * yd[qi])

    net.equations += [momentum, mass]


def boundary(net: Network, bc: Mapping[str, Any], P: int, Q: int) -> None:
    """A prescribed flow or pressure, or a resistance to a pressure, at (P, Q)."""
    kind, values = bc["bc_type"], bc["bc_values"]
    if kind == "RESISTANCE":
        net.equations.append(lambda y, yd, t, v: y[P] - values["Pd"] - values["R"] * y[Q])
        return
    if kind not in ("FLOW", "PRESSURE"):
        raise FieldError(
            f"boundary '{bc['bc_name']}' is a {kind}", where="network", fix="use FLOW, PRESSURE, RESISTANCE"
        )
    times, table = np.array(values["t"]), np.array(values["Q" if kind == "FLOW" else "P"])
    which = Q if kind == "FLOW" else P
    net.equations.append(lambda y, yd, t, v: y[which] - jnp.interp(jnp.mod(t, net.period), times, table))


def rcr(net: Network, values: Mapping[str, float], P: int, Q: int, name: str) -> tuple[int, int]:
    """A windkessel whose outlet flows on; (P, Q) of it."""
    Po, Qo, Pc = net.unknown(f"P_out:{name}"), net.unknown(f"Q_out:{name}"), net.unknown(f"P_c:{name}")
    net.equations += [
        lambda y, yd, t, v: values["C"] * yd[Pc] - y[Q] + y[Qo],
        lambda y, yd, t, v: y[P] - y[Pc] - values["Rp"] * y[Q],
        lambda y, yd, t, v: y[Pc] - y[Po] - values["Rd"] * y[Qo],
    ]
    return Po, Qo


def coronary(net: Network, values: Mapping[str, float], P: int, Q: int, name: str, side: str) -> tuple[int, int]:
    """Coronary bed squeezed by its ventricle: Ra, Ca, Ram, Cim (against a share of its pressure), Rv.

    Kim et al., Ann Biomed Eng 38:3195 (2010).
    """
    assert net.heart is not None
    Po, Qo, Vim = net.unknown(f"P_out:{name}"), net.unknown(f"Q_out:{name}"), net.unknown(f"volume_im:{name}")
    Ra, Ram, Rv, Ca, Cim = (values[k] for k in ("Ra", "Ram", "Rv", "Ca", "Cim"))
    share = net.heart.parameters["iml" if side == "Left" else "imr"]
    ventricle = net.unknown(f"P_{'LV' if side == 'Left' else 'RV'}")
    net.equations += [
        lambda y, yd, t, v: Ram * Ca * (Ra * yd[Q] - yd[P]) - y[P] + (Ra + Ram) * y[Q] + y[Po] + Rv * y[Qo],
        lambda y, yd, t, v: Ca * (Ra * yd[Q] - yd[P]) - yd[Vim] + y[Q] - y[Qo],
        # the ventricle's pressure stays out of Newton's slope, as there: a valve's flow depends on the iterations taken
        lambda y, yd, t, v: Cim * (y[Po] + Rv * y[Qo] - share * jax.lax.stop_gradient(y[ventricle])) - y[Vim],
    ]
    return Po, Qo


def joint(net: Network, inflow: list[tuple[int, int]], outflow: list[tuple[int, int]]) -> None:
    """One pressure at all ends (P, Q); what flows in flows out."""
    first, rest = inflow[0][0], [P for P, _ in (*inflow[1:], *outflow)]
    for P in rest:
        net.equations.append(lambda y, yd, t, v, P=P: y[P] - y[first])
    net.equations.append(lambda y, yd, t, v: sum(y[Q] for _, Q in inflow) - sum(y[Q] for _, Q in outflow))


def read(case: Mapping[str, Any]) -> Network:
    """The network of a case as svZeroDSolver writes it."""
    loops = case.get("closed_loop_blocks", [])
    tables = [b["bc_values"]["t"][-1] for b in case["boundary_conditions"] if "t" in b["bc_values"]]
    net = Network(loops[0]["cardiac_cycle_period"] if loops else max(tables, default=1.0))
    if loops:
        net.heart = closedheart.Heart(loops[0]["parameters"], net.period)
        net.equations += net.heart.equations(net.unknown)
    bcs = {b["bc_name"]: b for b in case["boundary_conditions"]}
    starts: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    for v in case["vessels"]:
        name, at = v["vessel_name"], v.get("boundary_conditions", {})
        vessel(net, name, v["zero_d_element_values"])
        inlet = net.unknown(f"pressure_in:{name}"), net.unknown(f"flow_in:{name}")
        outlet = net.unknown(f"pressure_out:{name}"), net.unknown(f"flow_out:{name}")
        if "inlet" in at:
            boundary(net, bcs[at["inlet"]], *inlet)
        else:
            starts.append(inlet)
        if "outlet" not in at:
            raise FieldError(f"vessel '{name}' has no outlet", where="network", fix="branching trees are not read")
        bc = bcs[at["outlet"]]
        if bc["bc_type"] == "ClosedLoopRCR":
            ends.append(rcr(net, bc["bc_values"], *outlet, bc["bc_name"]))
        elif bc["bc_type"].startswith("ClosedLoopCoronary"):
            side = bc["bc_type"].removeprefix("ClosedLoopCoronary")
            ends.append(coronary(net, bc["bc_values"], *outlet, bc["bc_name"], side))
        else:
            boundary(net, bc, *outlet)
    if loops:
        joint(net, [(net.unknown("P_AO"), net.unknown("Q_AO"))], starts)
        joint(net, ends, [(net.unknown("P_RA"), net.unknown("Q_VC"))])
    if len(net.names) != len(net.equations):
        raise FieldError(
            f"{len(net.equations)} equations for {len(net.names)} unknowns",
            where="network",
            fix="check the case's ends",
        )
    return net


def solve(case: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Times (n,) of the last cycle from 0, and every unknown there (n,), at the case's own steps and start."""
    net, told = read(case), case["simulation_parameters"]
    points, cycles = told["number_of_time_pts_per_cardiac_cycle"], told["number_of_cardiac_cycles"]
    dt, start = net.period / (points - 1), case.get("initial_condition", {})
    y = np.zeros(len(net.names))
    for name, value in start.items():
        y[net.unknown(name.removesuffix(":CLH"))] = value
    if net.heart is None:
        y = steady(net, y)
    tolerance = told.get("absolute_tolerance", TOLERANCE)
    ys = np.asarray(_march(net, jnp.asarray(y), dt, (points - 1) * cycles, tolerance))
    if not np.isfinite(ys).all():
        k = int(np.argmax(~np.isfinite(ys).all(axis=1)))
        raise FieldError(
            f"'{net.names[int(np.argmax(~np.isfinite(ys[k])))]}' is not finite after {(k + 1) * dt:g} s",
            where="network.solve",
            fix=f"give more than {points} time points a cycle, or check the case's values",
        )
    last = np.concatenate([y[None], ys])[-points:]
    return np.arange(points) * dt, dict(zip(net.names, last.T, strict=True))


def steady(net: Network, y: np.ndarray) -> np.ndarray:
    """Where nothing changes while the boundaries stay as they are at the start."""

    def residual(y: Any) -> Any:
        return net.residual(y, jnp.zeros_like(y), 0.0, jnp.ones(0))

    slope = jax.jit(jax.jacfwd(residual))
    for _ in range(MOST):
        r = np.asarray(residual(jnp.asarray(y)))
        if np.abs(r).max() < TOLERANCE:
            break
        y = y - np.linalg.lstsq(np.asarray(slope(jnp.asarray(y))), r, rcond=None)[0]
    return y


def _march(net: Network, y: Any, dt: float, steps: int, tolerance: float) -> Any:
    """Every step's unknowns. A valve's flow is set to nothing within Newton's iteration, as svZeroDSolver does it."""
    am, af = 0.5 * (3.0 - RHO) / (1.0 + RHO), 1.0 / (1.0 + RHO)
    gamma = 0.5 + am - af

    def residual(d: Any, new: Any, old: Any, t: Any, valves: Any) -> Any:
        (y, yd), (y0, yd0) = new, old
        y, yd = y + gamma * dt * d, yd + d
        return net.residual(y0 + af * (y - y0), yd0 + am * (yd - yd0), t, valves)

    def step(old: Any, n: Any) -> Any:
        y0, yd0 = old
        t = (n + af) * dt

        def newton(state: Any) -> Any:
            (y, yd), _, k = state
            valves = jnp.ones(0) if net.heart is None else net.heart.valves(y0 + af * (y - y0))
            at = jnp.zeros_like(y), (y, yd), old, t, valves
            r = residual(*at)
            d = -jnp.linalg.solve(jax.jacfwd(residual)(*at), r)
            held = y if net.heart is None else net.heart.shut(y, valves)
            size = jnp.abs(r).max()
            done = size < tolerance
            moved = jnp.where(done, y, held + gamma * dt * d), jnp.where(done, yd, yd + d)
            return moved, size, k + 1

        first = y0, yd0 * (gamma - 1.0) / gamma
        new, _, _ = jax.lax.while_loop(lambda s: (s[1] >= tolerance) & (s[2] < MOST), newton, (first, jnp.inf, 0))
        return new, new[0]

    return jax.jit(lambda: jax.lax.scan(step, (y, jnp.zeros_like(y)), jnp.arange(steps)))()[1]
