"""A column of perfused tissue heated by a probe (mild hyperthermia): the teaching field kind.

    dT/dt = D d2T/dx2 - w (T - Ta) + eta P(t) g(x - xp) / (rho c A),   0 < x < L,   T(0) = Ta everywhere

T deg C, D diffusivity, w perfusion, Ta arterial blood, eta share of the power P absorbed, g a Gaussian around the probe
at xp, rho c heat capacity, A cross-section; ends held at Ta or insulated. Reference: Pennes, J Appl Physiol 1948;1:93.
Holds for heat that varies along one axis and below coagulation; leaves out large vessels, flow that rises with heat,
and metabolism (below 1 kW/m3 in muscle).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing, bucket, padded
from vitruvian.core.kind import Causal, ContextOfUse, Effect, Envelope, Example
from vitruvian.core.noise import Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogitNormal, LogNormal
from vitruvian.core.quantity import Maximum, Mean, Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.crossing import TimeAbove
from vitruvian.engines.field import AbstractFieldKind
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.stencil import Field, Side, Sides, probe
from vitruvian.kinds.rod.actions import Heat, Rod

TABLE = "Cancers 2019;11:1183, table 1, muscle"
RHO_C = 1050.0 * 3639.0  # J/m3/K, TABLE
BLOOD = 37.0  # deg C, arterial, assumed
WIDTH = 3e-3  # m, s of the heated zone: assumed
MM2, CM, MIN = 1e-6, 1e-2, 60.0
FLOW = f"{TABLE}: 12,960 W/m3/K at four-fold flow, a quarter of it at rest; the mean in logs, one sd to each"


class HeatedRod(AbstractFieldKind, Causal):
    """Pennes' bio-heat equation in one dimension, 64 cells."""

    name, version = "rod", "1"
    shape, step = (64,), 15.0
    context_of_use = ContextOfUse(
        "How hot does the tissue get, where and for how long?",
        "engineers learning the contract",
        "none: teaching",
        "treatment planning",
    )
    envelope = Envelope({"Rod.length": (4, 12), "Heat.power": (0, 1)}, "range of evidence/claims.toml")
    parameters = (
        Parameter("D", "mm2/s", LogNormal.around(0.1466, 0.1), f"{TABLE}: 0.56 W/m/K; spread assumed", "diffusivity"),
        Parameter("w", "/min", LogNormal.around(0.102, math.log(2.0)), FLOW, "perfusion"),
        Parameter("eta", "1", LogitNormal.around(0.0, 1.0, 0.7, 0.5), "assumed", "share of power absorbed"),
    )
    observables = (
        Observable("temperature", "Cel", dims=("x",), low=30, high=100, meaning="tissue temperature along the rod"),
        Observable("thermocouple", "Cel", low=30, high=100, meaning="temperature at the thermocouple"),
        Observable("hottest", "Cel", low=30, high=100, meaning="temperature of the hottest cell"),
        Observable("time_above_43", "min", axis="none", dims=("x",), low=0, meaning="time at or above 43 deg C"),
    )
    maps = (Quantity("time_above_43", "min", "map of heating", "temperature", TimeAbove(43.0), 1 / MIN),)
    quantities = (
        Quantity("peak_temperature", "Cel", "hottest anywhere", "hottest", Maximum()),
        Quantity("mean_thermocouple", "Cel", "mean at the thermocouple", "thermocouple", Mean()),
        Quantity("minutes_above_43", "min", "time any cell is at 43 or more", "hottest", TimeAbove(43.0), 1 / MIN),
    )
    actions, subject = (Heat,), Rod
    noises = (Gaussian("thermocouple", sd=0.1),)  # deg C, assumed

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        rod = case.subject
        assert isinstance(rod, Rod)
        given = [a for a in case.until(known_at).actions(Heat) if isinstance(a, Heat)]
        room = bucket(len(given))
        off = [a.at + a.duration * MIN for a in given]
        arrays = {
            "L": np.array(rod.length * CM),
            "A": np.array(rod.area * CM**2),
            "seen": np.array(rod.thermocouple),
            "resistance": np.array(0.0 if rod.ends == "body" else math.inf),
            "on": padded([a.at for a in given], room),
            "off": padded(off, room),
            "P": padded([a.power for a in given], room),
            "xp": padded([a.position * rod.length * CM for a in given], room),
        }
        return Forcing(t0, t1, arrays=arrays, breaks=(*(a.at for a in given), *off))

    def spacing(self, f: Mapping[str, Any]) -> tuple[Any, ...]:
        return (f["L"] / self.shape[0],)

    def initial(self, th: Any, f: Mapping[str, Any]) -> Field:
        return {"T": BLOOD}

    def diffusivity(self, th: Any, f: Mapping[str, Any]) -> Field:
        return {"T": th["D"] * MM2}

    def sides(self, th: Any, f: Mapping[str, Any]) -> Mapping[str, Sides]:
        return {"T": ((Side(f["resistance"], BLOOD), Side(f["resistance"], BLOOD)),)}

    def rate(self, t: Any, u: Field, th: Any, f: Mapping[str, Any]) -> Field:
        x = (jnp.arange(self.shape[0]) + 0.5) * f["L"] / self.shape[0]
        power = jnp.where((f["on"] <= f["t"]) & (f["t"] < f["off"]), f["P"], 0.0)
        g = jnp.exp(-0.5 * ((x[:, None] - f["xp"]) / WIDTH) ** 2) / (WIDTH * math.sqrt(2 * math.pi))
        heating = th["eta"] / (RHO_C * f["A"]) * jnp.sum(power * g, axis=1)
        return {"T": heating - th["w"] / MIN * (u["T"] - BLOOD)}

    def outputs(self, t: Any, u: Field, th: Any, f: Mapping[str, Any]) -> Mapping[str, Any]:
        T = u["T"]
        return {"temperature": T, "thermocouple": probe(T, (f["seen"],)), "hottest": jnp.max(T)}

    def example(self) -> Example:
        case = Case(Rod(), (Heat(at=0.0, power=0.6, duration=20.0, position=0.5),))
        more = Heat(at=30 * MIN, power=0.6, duration=20.0, position=0.5)
        effects = (Effect(more, "mean_thermocouple", 20 * MIN, 1.0, 7.0, "4.6 K in the steady state: README"),)
        return Example(case, 0.0, 40 * MIN, {"thermocouple": np.arange(1.0, 41.0) * MIN}, effects)
