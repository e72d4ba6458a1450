"""A person's glucose over hours to days: the Dalla Man meal model with what daily life adds (per min, mg/kg, pmol/kg).

    d(core)/dt = models.dallaman.equations.rate, for the published set of the person's diagnosis, with
                 Vmx, kp3 x sensitivity;  K, beta x secretion;  kmax, kmin x emptying;  carbohydrate x portion
    d(rest)/dt = kinds.metabolic_fast.physiology: mixed food, effort, sleep, clock, long-acting insulin

The sets: DallaMan2007 normal and type 2, halfway for prediabetes, UVA/Padova 2008 by age for type 1. Gb is the
person's. The basal state is computed for every member, so that a fast stands still whatever the parameters.

References: Dalla Man, Rizza & Cobelli, IEEE Trans Biomed Eng 54:1740 (2007); Kovatchev et al., J Diabetes Sci Technol
3:44 (2009). Holds for adults of those papers over a day or so; leaves out glucagon, drugs by mouth, illness, stress,
alcohol, the dawn phenomenon, loss of beta cells. Type 1: the pump gives the own basal rate unless series say otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Causal, ContextOfUse, Envelope, Example
from vitruvian.core.noise import Discrepancy, Gaussian
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.metabolic_fast import parameters as par
from vitruvian.kinds.metabolic_fast import physiology
from vitruvian.kinds.metabolic_fast.example import example
from vitruvian.kinds.metabolic_fast.inputs import compiled
from vitruvian.kinds.metabolic_fast.questions import QUESTIONS
from vitruvian.models import insulin_labels
from vitruvian.models.dallaman import NUMBERS, STATES, Basal, Now, ParameterSet, basal, begin, eat, rate
from vitruvian.models.glucose_actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.models.glucose_observables import OBSERVABLES, QUANTITIES
from vitruvian.models.glycaemia.artefacts import doubted
from vitruvian.models.glycaemia.sections import sections

HOUR = 3600.0
WHITE = 2.0  # mg/dL, white part of a sensor's error
CORE = len(STATES)
DERIVED = tuple(f.name for f in dataclasses.fields(Basal))
FACTORS = {"sensitivity": ("Vmx", "kp3"), "emptying": ("kmax", "kmin"), "secretion": ("K", "beta")}


class MetabolicFast(AbstractOdeKind, Causal):
    """A person's glucose by the published physiology."""

    name, version = "metabolic_fast", "1"
    states, step, time_unit = (*STATES, *physiology.ROWS), 60.0, 60.0
    window, warmup = 24 * HOUR, 6 * HOUR
    context_of_use = ContextOfUse(
        "What do this meal, its order, this dose, walk or night do to glucose, by published physiology?",
        "researchers and developers; in-silico trials of virtual people",
        "medium: a wrong answer could suggest a wrong meal or dose, so none may be acted on without a clinician",
        "treatment decisions, dosing, alarms, forecasts of a person's own sensor (use `metabolic`); research use only",
    )
    envelope = Envelope(
        {
            "Person.weight": (23, 130),
            "Person.age": (7, 75),
            "Person.fasting_glucose": (70, 250),
            "Meal.carbohydrate": (0, 120),
            "Meal.fat": (0, 60),
            "Meal.protein": (0, 60),
            "Insulin.units": (0, 20),
            "Exercise.mets": (1, 8),
            "Exercise.duration": (0, 90),
            "Sleep.hours": (3.5, 9),
        },
        "subjects and meals of the papers that the sets are of; food beside carbohydrate, effort and sleep: see README",
    )
    parameters = par.PARAMETERS
    observables, quantities = OBSERVABLES, QUANTITIES
    actions, subject, questions = (Meal, Insulin, Exercise, Sleep), Person, QUESTIONS
    noises = (
        Gaussian("glucose", sd=WHITE),  # white part of a sensor's error: CGMacros, as in the kind `metabolic`
        Gaussian("glucose", "libre", "libre_bias", sd=2.0, sd_ar=12.0, tau=4500.0),  # CGMacros, Libre less Dexcom
        Gaussian("glucose", "libre_scan", "libre_bias", sd=2.0, sd_ar=12.0, tau=4500.0),  # the same sensor
        Gaussian("blood_glucose", sd=6.0),  # a meter: within 15 % in 95 % (ISO 15197:2013), about 6 at 90 mg/dL
    )
    discrepancies = {"glucose": Discrepancy(25.0, 7200.0, "assumed: as of the kind `metabolic` on CGMacros")}

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        assert isinstance(case.subject, Person)
        return compiled(case, case.subject, t0, t1, known_at)

    def population(self, case: Case) -> PopulationPrior:
        assert isinstance(case.subject, Person)
        return par.population(case.subject)

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        """Likely compression lows are given a larger error, unless rapid insulin acts: then a fall may be real."""
        dosed = len(forcing.impulses["fast"][0]) or forcing.arrays["S1"] + forcing.arrays["S2"] > 0
        return record if dosed else doubted(record, forcing.schedules["offset"], WHITE)

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        return sections(case, record)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        return insulin_labels.refusals(case, plan)

    def derived(self, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        """The person's set and its basal state."""
        p = {n: u[n] for n in NUMBERS} | {"Gb": th["Gb"]}
        for factor, names in FACTORS.items():
            p |= {n: p[n] * th[factor] for n in names}
        state = basal(ParameterSet(name="", source="", **p))
        return {f"set.{n}": v for n, v in p.items()} | {f"basal.{n}": v for n, v in vars(state).items()}

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        p, b = _person(th)
        x = list(begin(b))
        factor = jnp.exp(th["start"])
        for row in ("Gp", "Gt", "Gs"):
            x[STATES.index(row)] *= factor
        x[STATES.index("S1")] = x[STATES.index("S1")] * u["own_pump"] + u["S1"]
        x[STATES.index("S2")] = x[STATES.index("S2")] * u["own_pump"] + u["S2"]
        # insulin of doses before the start, in balance with what its depots give now
        given = p.ka1 * u["S1"] + p.ka2 * u["S2"] + par.KB * u["B"] - (1.0 - u["own_pump"]) * b.ub
        more = given / (p.m2 + p.m4 - p.m2 * (1.0 - p.HEb))
        x[STATES.index("Ip")] += more
        x[STATES.index("Il")] += more * p.m2 * (1.0 - p.HEb) / p.m1
        x[STATES.index("X")] += more / p.VI
        x[STATES.index("I1")] += more / p.VI
        x[STATES.index("Id")] += more / p.VI
        return (*x, u["B"], *(0.0 for _ in physiology.ROWS[1:]))

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        core = list(eat(tuple(x[:CORE]), u["sits_down"]))
        core[STATES.index("S1")] += u["fast"]
        return (*core, x[CORE] + u["basal"], *x[CORE + 1 :])

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        B, N, _, A2, _, F2, E1, E2 = x[CORE:]
        p, b = _person(th, physiology.gain(A2))
        G = x[STATES.index("Gp")] / p.VG
        eaten = {n: th["portion"] * u[n] for n in ("carbohydrate", *par.ENERGY)}
        now = Now(
            eaten=1000.0 * eaten["carbohydrate"],
            infused=u["own_pump"] * b.ub + u["pump"],
            reaching=par.KB * B,
            emptying=physiology.emptying(N),
            action=physiology.action(F2, E2, u["rested"], th["morning"], t + u["offset"]),
            uptake=1.0 + th["walk"] * E1,
            production=physiology.production(A2, G, p.Gb, p.BW),
        )
        rows = list(rate(tuple(x[:CORE]), p, b, now))
        rows[STATES.index("D")] = now.eaten + 0.0 * G
        return (*rows, *physiology.rates(tuple(x[CORE:]), eaten, u["effort"]))

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"glucose": x[STATES.index("Gs")] / u["VG"], "blood_glucose": x[STATES.index("Gp")] / u["VG"]}

    def example(self) -> Example:
        return example()


def _person(th: Any, gain: Any = 1.0) -> tuple[ParameterSet, Basal]:
    """What `derived` made of the person; gain: factor of secretion's answer now."""
    p = {n: th[f"set.{n}"] for n in NUMBERS}
    p |= {n: p[n] * gain for n in FACTORS["secretion"]}
    return ParameterSet(name="", source="", **p), Basal(**{n: th[f"basal.{n}"] for n in DERIVED})
