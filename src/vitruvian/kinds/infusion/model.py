"""Theophylline in one compartment: the teaching ODE kind.

    dA/dt = R(t) - (CL / V) A,   C = A / V,   A(0) = 0

A mg in the body, R mg/h infused, CL L/h clearance, V L volume, C mg/L in plasma. Reference: US label of theophylline in
5 % dextrose, clinical pharmacology. Holds for linear kinetics at therapeutic levels; leaves out absorption, the
saturable metabolism of toxic levels, and interactions (smoking, age, macrolides).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case, Subject
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.kind import Causal, ContextOfUse, Effect, Envelope, Example
from vitruvian.core.noise import Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import AreaAbove, Maximum, Mean, Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.ode import AbstractOdeKind

LABEL = "US label, theophylline in 5 % dextrose"
HOUR = 3600.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person(Subject):
    """Who receives the drug."""

    weight: float = field_("kg", 30, 200, typical=70, meaning="body weight", default=70.0)


THEOPHYLLINE: Mapping[str, Mapping[str, str]] = {"http://www.nlm.nih.gov/research/umls/rxnorm|10438": {}}  # RxNorm


@dataclasses.dataclass(frozen=True, kw_only=True)
class Infuse(Action):
    """A constant-rate infusion."""

    codes: ClassVar = THEOPHYLLINE
    amount: ClassVar = "rate"

    rate: float = field_("mg/h", 0, 100, typical=30, meaning="infusion rate")
    duration: float = field_("h", 0, 72, typical=12, meaning="how long")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bolus(Action):
    """A loading dose, given at once."""

    codes: ClassVar = THEOPHYLLINE
    amount: ClassVar = "dose"

    dose: float = field_("mg", 0, 600, typical=300, meaning="dose")


class Infusion(AbstractOdeKind, Causal):
    """One compartment, linear elimination."""

    name, version = "infusion", "1"
    states, step, time_unit = ("amount",), 600.0, HOUR
    warmup = 72 * HOUR  # five half-lives and more: what was given before is gone (label: 8.7 h)
    context_of_use = ContextOfUse(
        "What will the plasma level be under this infusion?",
        "engineers learning the contract",
        "none: teaching",
        "care",
    )
    envelope = Envelope({"Person.weight": (40, 120), "Infuse.rate": (0, 60), "Bolus.dose": (0, 500)}, LABEL)
    parameters = (  # population ranges of the label taken as 95 % intervals of a lognormal
        Parameter("CL", "L/h/kg", LogNormal.around(0.039, 0.34), f"{LABEL}: 0.65 (0.27-1.03) mL/min/kg", "clearance"),
        Parameter("V", "L/kg", LogNormal.around(0.45, 0.21), f"{LABEL}: 0.45 (0.3-0.7) L/kg", "volume of distribution"),
    )
    observables = (Observable("concentration", "mg/L", "4049-3", low=0, high=100, meaning="plasma theophylline"),)
    quantities = (
        Quantity("mean_level", "mg/L", "mean concentration", "concentration", Mean()),
        Quantity("peak_level", "mg/L", "highest concentration", "concentration", Maximum()),
        Quantity("exposure", "mg.h/L", "area under the concentration", "concentration", AreaAbove(0.0), 1 / HOUR),
    )
    actions, subject = (Infuse, Bolus), Person
    noises = (Gaussian("concentration", sd=0.5),)  # assumed assay sd, mg/L

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        known = case.until(known_at)
        given = [a for a in known.actions(Infuse) if isinstance(a, Infuse)]
        edges = sorted({t for a in given for t in (a.at, a.at + a.duration * HOUR)})
        rates = [sum(a.rate for a in given if a.at <= t < a.at + a.duration * HOUR) for t in edges]
        doses = [(a.at, a.dose) for a in known.actions(Bolus) if isinstance(a, Bolus)]
        assert isinstance(case.subject, Person)
        return Forcing(
            t0,
            t1,
            arrays={"weight": np.array(case.subject.weight)},
            impulses={"dose": (np.array([t for t, _ in doses]), np.array([d for _, d in doses]))},
            schedules={"R": Schedule(np.array(edges), np.array(rates))},
        )

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (0.0 * th["V"],)

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (x[0] + u["dose"],)

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (u["R"] - th["CL"] / th["V"] * x[0],)

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"concentration": x[0] / (th["V"] * u["weight"])}

    def example(self) -> Example:
        case = Case(Person(), (Bolus(at=0.0, dose=300.0), Infuse(at=0.0, rate=30.0, duration=24.0)))
        effects = (  # 300 mg / (0.45 L/kg x 70 kg) = 9.5 mg/L; 30 mg/h for 12 h adds less than 360 mg / 31.5 L
            Effect(Bolus(at=12 * HOUR, dose=300.0), "peak_level", 6 * HOUR, 5.0, 15.0, LABEL),
            Effect(Infuse(at=12 * HOUR, rate=30.0, duration=12.0), "mean_level", 12 * HOUR, 2.0, 7.0, LABEL),
        )
        return Example(case, 0.0, 24 * HOUR, {"concentration": np.arange(1.0, 25.0, 2.0) * HOUR}, effects)
