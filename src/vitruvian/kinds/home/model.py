"""A person at home: own level, day rhythm and activity of each signal, and fluid that is retained or lost.

    dF/dt = r - s E/40 - F/10        F kg of fluid above the usual, r kg/d retained, E mg/d furosemide more than usual
    weight = w W + F                 W kg on record, w the person's own factor
    steps  = a 60 g(h)               in the hour before; g: half a sine from 7 to 22 h
    heart rate = H + H_d cos(h - 15 h) + H_s a g(h) + F        SDNN = V (1 - 0.2 cos(h - 15 h))
    SpO2 = 100 - softplus(100 - (S - 0.4 F - 0.3 cos(h - 5 h)))    temperature = T + 0.35 cos(h - 17 h)
    pressures = P + P_d cos(h - 15 h) + 2 F,  D + 0.6 P_d cos(h - 15 h) + F

and for each signal an Ornstein-Uhlenbeck departure of days (its discrepancy): the local level. Linear mixed model with
a circadian harmonic: Cornelissen, Theor Biol Med Model 2014;11:16. Holds for adults in everyday life; leaves out what
causes a departure, drugs other than a changed loop diuretic, and sleep. Effects of fluid on pulse, pressure and
saturation are assumed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case, Subject
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.kind import Causal, ContextOfUse, Effect, Envelope, Example
from vitruvian.core.noise import Discrepancy, Gaussian, LogNormal
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal as Positive
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Final, Maximum, Mean, Minimum, Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.home.artefacts import doubted
from vitruvian.kinds.home.programmes import PROGRAMMES
from vitruvian.kinds.home.reasons import reasons
from vitruvian.models.alarms.reasons import Reasoned, Reasons

HOUR, DAY = 3600.0, 86400.0
SPO2 = {"heart_failure": 96.0, "copd": 92.5, "postoperative": 96.5}  # %, usual at rest; assumed
# Felker et al., N Engl J Med 2011;364:797 (DOSE): 2.5 against 1 times the oral dose (131 mg/d on average), intravenous,
# lost 8.7 against 6.1 lb in 72 h: 0.39 kg/d for 197 mg/d more. Inpatients; by mouth about half is absorbed: wide prior
DOSE = "DOSE, N Engl J Med 2011;364:797: 0.39 kg/d for 197 mg/d more, intravenous"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person(Subject):
    """Who is at home, in which programme."""

    age: float = field_("a", 18, 100, typical=72, meaning="age", default=72.0)
    weight: float = field_("kg", 35, 220, typical=80, meaning="usual weight on record", default=80.0)
    programme: str = field_(choices=PROGRAMMES, meaning="what is watched for", default="heart_failure")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeDiuretic(Action):
    """Another daily dose of a loop diuretic from now on, for a while."""

    change: float = field_("mg/d", -120, 160, typical=80, meaning="furosemide by mouth, more (or less) than usual")
    duration: float = field_("d", 0, 30, typical=5, meaning="how long")


def _usual(name: str, unit: str, mean: float, sd: float, meaning: str, source: str = "assumed") -> Parameter:
    return Parameter(name, unit, Normal(mean, sd), source, meaning)


class Home(AbstractOdeKind, Causal, Reasoned):
    """Signals of a person in everyday life."""

    name, version = "home", "1"
    states, step, time_unit = ("fluid",), HOUR, DAY
    window = 21 * DAY  # long enough for a baseline, short enough to follow its drift; assumed
    context_of_use = ContextOfUse(
        "What is usual for this person at home, does anything depart from it, and where will it be in days?",
        "researchers and engineers of remote-monitoring programmes",
        "medium: a missed departure delays a visit, a false one costs a call; nobody is treated by it",
        "emergencies, diagnosis, dosing without a clinician; research use, not clinically validated",
    )
    envelope = Envelope(
        {"Person.age": (40, 95), "Person.weight": (45, 140), "ChangeDiuretic.change": (-40, 120)},
        "range of the simulated persons (generator.py); assumed",
    )
    parameters = (
        Parameter("own_weight", "1", Positive.around(1.0, 0.02), "assumed", "weight as a share of that on record"),
        Parameter("retention", "kg/d", Normal(0.0, 0.1), "assumed", "fluid retained a day"),
        Parameter("response", "kg/d", Positive.around(0.08, 0.6), DOSE, "fluid lost a day for 40 mg/d more"),
        _usual("pulse", "/min", 72.0, 9.0, "usual heart rate: middle of the day's rhythm, at rest"),
        _usual("pulse_day", "/min", 5.0, 2.0, "heart rate by day above the middle"),
        Parameter("pulse_step", "/min", Positive.around(0.6, 0.4), "assumed", "heart rate for a step a minute"),
        Parameter("variability", "ms", Positive.around(90.0, 0.35),
                  "Task Force, Eur Heart J 1996;17:354: SDNN, ill [from memory]", "usual SDNN"),
        _usual("saturation", "%", 0.0, 1.2, "usual SpO2, above that of the programme"),
        _usual("warmth", "Cel", 36.5, 0.25, "usual temperature", "Obermeyer et al., BMJ 2017;359:j5468; sd assumed"),
        _usual("systolic_own", "mm[Hg]", 126.0, 13.0, "usual systolic pressure"),
        _usual("diastolic_own", "mm[Hg]", 73.0, 8.0, "usual diastolic pressure"),
        _usual("pressure_day", "mm[Hg]", 6.0, 3.0, "systolic pressure by day above the middle"),
        Parameter("active", "/min", Positive.around(8.0, 0.5), "assumed", "steps a minute in the middle of the day"),
    )  # fmt: skip
    observables = (
        Observable("heart_rate", "/min", "8867-4", low=25, high=220, meaning="heart rate"),
        Observable("hrv", "ms", "80404-7", low=1, high=500, meaning="heart rate variability (SDNN)"),
        Observable("steps", "1", "55423-8", low=0, high=9000, meaning="steps in the hour before"),
        Observable("spo2", "%", "59408-5", low=60, high=100, meaning="oxygen saturation by pulse oximetry"),
        Observable("temperature", "Cel", "8310-5", low=34, high=42, meaning="body temperature"),
        Observable("weight", "kg", "29463-7", low=30, high=260, meaning="body weight"),
        Observable("systolic", "mm[Hg]", "8480-6", low=60, high=250, meaning="systolic pressure, cuff"),
        Observable("diastolic", "mm[Hg]", "8462-4", low=30, high=150, meaning="diastolic pressure, cuff"),
        Observable("fluid", "kg", low=-12, high=12, meaning="fluid above the usual, as the model sees it"),
    )
    quantities = (
        Quantity("weight_at_end", "kg", "weight at the end of the window", "weight", Final()),
        Quantity("mean_heart_rate", "/min", "mean heart rate", "heart_rate", Mean()),
        Quantity("lowest_spo2", "%", "lowest saturation", "spo2", Minimum()),
        Quantity("highest_temperature", "Cel", "highest temperature", "temperature", Maximum()),
    )
    actions, subject = (ChangeDiuretic,), Person
    noises = (  # assumed; SpO2: 2 % is the accuracy devices are cleared for (ISO 80601-2-61)
        Gaussian("heart_rate", sd=4.0),
        LogNormal("hrv", sigma=0.2),
        Gaussian("steps", sd=220.0),
        Gaussian("spo2", sd=1.0),
        Gaussian("temperature", sd=0.2),
        Gaussian("weight", sd=0.3),
        Gaussian("systolic", sd=7.0),
        Gaussian("diastolic", sd=5.0),
    )
    discrepancies = {
        "heart_rate": Discrepancy(3.0, 2 * DAY),
        "spo2": Discrepancy(0.8, 2 * DAY),
        "temperature": Discrepancy(0.15, 1.5 * DAY),
        "weight": Discrepancy(0.6, 4 * DAY),
        "systolic": Discrepancy(5.0, 3 * DAY),
        "diastolic": Discrepancy(3.0, 3 * DAY),
    }

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        assert isinstance(case.subject, Person)
        doses = [a for a in case.until(known_at).actions(ChangeDiuretic) if isinstance(a, ChangeDiuretic)]
        edges = sorted({t for a in doses for t in (a.at, a.at + a.duration * DAY)})
        extra = [sum(a.change for a in doses if a.at <= t < a.at + a.duration * DAY) for t in edges]
        zero = case.origin.clock(0.0)  # summer time is that of the origin throughout
        arrays = {
            "weight": np.array(case.subject.weight),
            "clock": np.array(zero),
            "saturation": np.array(SPO2[case.subject.programme]),
        }
        return Forcing(t0, t1, arrays=arrays, schedules={"extra": Schedule(np.array(edges), np.array(extra))})

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        return doubted(record)

    def reasons(self, case: Case, record: Record, at: float) -> Reasons:
        return reasons(case, record, at, {o.name: o.unit for o in self.observables})

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (0.0 * th["retention"],)

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (th["retention"] - th["response"] * u["extra"] / 40.0 - x[0] / 10.0,)

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        hour = (t + u["clock"]) / HOUR
        fluid = x[0]

        def wave(peak: float) -> Any:
            return jnp.cos(2 * jnp.pi * (hour - peak) / 24.0)

        moving = th["active"] * jnp.maximum(jnp.sin(jnp.pi * (hour % 24.0 - 7.0) / 15.0), 0.0)
        saturation = u["saturation"] + th["saturation"] - 0.4 * fluid - 0.3 * wave(5.0)
        return {
            "heart_rate": th["pulse"] + th["pulse_day"] * wave(15.0) + th["pulse_step"] * moving + fluid,
            "hrv": th["variability"] * (1.0 - 0.2 * wave(15.0)),
            "steps": 60.0 * moving,
            "spo2": 100.0 - jax.nn.softplus(100.0 - saturation),
            "temperature": th["warmth"] + 0.35 * wave(17.0),
            "weight": th["own_weight"] * u["weight"] + fluid,
            "systolic": th["systolic_own"] + th["pressure_day"] * wave(15.0) + 2.0 * fluid,
            "diastolic": th["diastolic_own"] + 0.6 * th["pressure_day"] * wave(15.0) + fluid,
            "fluid": fluid,
        }

    def example(self) -> Example:
        case = Case(Person())
        often = np.arange(3.0, 10 * 24.0, 3.0) * HOUR
        mornings = np.arange(10) * DAY + 8 * HOUR
        effect = Effect(
            ChangeDiuretic(at=5 * DAY, change=80.0, duration=5.0), "weight_at_end", 5 * DAY, -1.6, -0.3, DOSE
        )
        seen = {"heart_rate": often, "hrv": mornings, "steps": often, "spo2": mornings, "temperature": mornings,
                "weight": mornings, "systolic": mornings, "diastolic": mornings}  # fmt: skip
        return Example(case, 0.0, 10 * DAY, seen, (effect,))
