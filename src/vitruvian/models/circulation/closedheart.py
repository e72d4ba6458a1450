"""Four chambers and the lungs as one block of a network: the closed loop of Tran et al., J Comput Phys 330:1119 (2017).

    p_A = a Emax (V - V_so) + (1 - a) Kxp (exp(Kxv (V - V_so)) - 1)      atria, a(t) a raised cosine
    p_V = E(t) (V - V_u)                                               ventricles, E(t) by 25 Fourier modes
    L Q' = p_up - p_down - R Q;  a valve shuts when its pressure drop and its flow are both at or below nothing
    Cp p_pul' = Q_RV - (p_pul - p_LA) / Rpd

Parameters by their names in svZeroDSolver's JSON (MIT); mL, mmHg, s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jnp

# (cosine, sine) coefficients of the ventricles' elastance over a beat: svZeroDSolver, ClosedLoopHeartPulmonary
MODES = np.array(
    [
        (0.283748803, 0.0), (0.031830626, -0.374299825), (-0.2094724, -0.01812777), (0.020520047, 0.073971113),
        (0.008316883, -0.047249597), (-0.04167766, 0.003212163), (0.000867323, 0.019441411),
        (-0.001675379, -0.005565534), (-0.011252277, 0.003401432), (-0.000414677, 0.008376795),
        (0.000253749, -0.00007188), (-0.002584966, 0.001566861), (0.000584752, 0.003143555),
        (0.000028502, -0.000024787), (0.000022961, -0.000007476), (0.000018735, -0.000001281),
        (0.000015573, 0.000001781), (0.000013133, 0.000003494), (0.000011199, 0.000004507),
        (0.000009634, 0.000005117), (0.000008343, 0.000005481), (0.000007265, 0.000005687),
        (0.000006354, 0.000005789), (0.000005575, 0.000005821), (0.000004903, 0.000005805),
    ]
)  # fmt: skip
NAMES = (
    "P_RA", "Q_VC", "P_AO", "Q_AO", "V_RA", "Q_RA", "P_RV", "V_RV",
    "Q_RV", "P_pul", "P_LA", "V_LA", "Q_LA", "P_LV", "V_LV", "Q_LV",
)  # fmt: skip
FLOWS = ("Q_RA", "Q_RV", "Q_LA", "Q_LV")
DROPS = (("P_RA", "P_RV"), ("P_RV", "P_pul"), ("P_LA", "P_LV"), ("P_LV", "P_AO"))


@dataclass
class Heart:
    """The block: its parameters and the beat's length, s."""

    parameters: Mapping[str, float]
    period: float
    where: dict[str, int] = field(default_factory=dict)

    def atrium(self, t: Any) -> Any:
        """Activation of the atria, which contract across the beat's end."""
        p, s = self.parameters, jnp.mod(t, self.period)
        Tsa, wave = self.period * p["Tsa"], self.period / p["tpwave"]
        early = 0.5 * (1.0 - jnp.cos(2.0 * math.pi * (s - wave + Tsa) / Tsa))
        late = 0.5 * (1.0 - jnp.cos(2.0 * math.pi * (s - wave - self.period + Tsa) / Tsa))
        return jnp.where(s <= wave, early, jnp.where(s >= self.period - Tsa + wave, late, 0.0))

    def ventricle(self, t: Any) -> Any:
        """Elastance of the ventricles over their own scale."""
        phase = 2.0 * math.pi * jnp.arange(len(MODES)) * jnp.mod(t, self.period) / self.period
        return jnp.cos(phase) @ MODES[:, 0] - jnp.sin(phase) @ MODES[:, 1]

    def equations(self, unknown: Callable[[str], int]) -> list[Callable[[Any, Any, Any, Any], Any]]:
        """Fourteen equations; its ends are P_RA, Q_VC (in) and P_AO, Q_AO (out)."""
        w = self.where = {n: unknown(n) for n in NAMES}
        p = self.parameters

        def chamber(P: str, V: str, side: str) -> Callable[[Any, Any, Any, Any], Any]:
            def eq(y: Any, yd: Any, t: Any, v: Any) -> Any:
                a, over = self.atrium(t), y[w[V]] - p[f"Vaso_{side}"]
                rest = p[f"Kxp_{side}"] * (jnp.exp(p[f"Kxv_{side}"] * over) - 1.0)
                return y[w[P]] - a * p[f"Emax_{side}"] * over - (1.0 - a) * rest

            return eq

        def pump(P: str, V: str, scale: str, V0: str) -> Callable[[Any, Any, Any, Any], Any]:
            return lambda y, yd, t, v: y[w[P]] - self.ventricle(t) * p[scale] * (y[w[V]] - p[V0])

        def through(k: int, L: str, R: str) -> Callable[[Any, Any, Any, Any], Any]:
            Q, (up, down) = FLOWS[k], DROPS[k]
            return lambda y, yd, t, v: p[L] * yd[w[Q]] + p[R] * v[k] * y[w[Q]] - y[w[up]] + y[w[down]]

        def lungs(y: Any, yd: Any, t: Any, v: Any) -> Any:
            return p["Cp"] * yd[w["P_pul"]] + (y[w["P_pul"]] - y[w["P_LA"]]) / p["Rpd"] - v[1] * y[w["Q_RV"]]

        def left(y: Any, yd: Any, t: Any, v: Any) -> Any:
            return yd[w["V_LA"]] - v[1] * y[w["Q_RV"]] + v[2] * y[w["Q_LA"]]

        return [
            chamber("P_RA", "V_RA", "ra"),
            lambda y, yd, t, v: p["Cpa"] * yd[w["P_AO"]] + y[w["Q_AO"]] - v[3] * y[w["Q_LV"]],
            lambda y, yd, t, v: yd[w["V_RA"]] - y[w["Q_VC"]] + v[0] * y[w["Q_RA"]],
            through(0, "Lra_v", "Rra_v"),
            pump("P_RV", "V_RV", "Erv_s", "Vrv_u"),
            lambda y, yd, t, v: yd[w["V_RV"]] - v[0] * y[w["Q_RA"]] + v[1] * y[w["Q_RV"]],
            through(1, "Lrv_a", "Rrv_a"),
            lungs,
            chamber("P_LA", "V_LA", "la"),
            left,
            through(2, "Lla_v", "Rla_v"),
            pump("P_LV", "V_LV", "Elv_s", "Vlv_u"),
            lambda y, yd, t, v: yd[w["V_LV"]] - v[2] * y[w["Q_LA"]] + v[3] * y[w["Q_LV"]],
            through(3, "Llv_a", "Rlv_ao"),
        ]

    def valves(self, y: Any) -> Any:
        """1 where a valve is open, (4,)."""
        shut = [
            (y[self.where[a]] <= y[self.where[b]]) & (y[self.where[q]] <= 0.0)
            for q, (a, b) in zip(FLOWS, DROPS, strict=True)
        ]
        return 1.0 - jnp.stack(shut).astype(jnp.float64)

    def shut(self, y: Any, valves: Any) -> Any:
        """No flow through a valve that is shut."""
        index = jnp.array([self.where[q] for q in FLOWS])
        return y.at[index].set(jnp.where(valves > 0.5, y[index], 0.0))
