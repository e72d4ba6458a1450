"""Weight, mean glucose and HbA1c of a person with type 2 diabetes over months to years (per day).

    body       models.bodyweight, with dEI = diet + appetite + unsaid + (1 - control) hunger (W0 - W)
               and 4 kcal lost a gram of glucose in urine
    H'       = (H* - H) / 10,  H* = (F / F0)^3 exp(0.9 surplus / intake) (1 - medicines)            liver fat
    (ln G)'  = (ln G* - ln G) / 1 day, G* = models.betacell.balance of                              a day's mean glucose
               appearance = 0.45 eaten + 0.55 production (1 + liver (H - 1)),  given insulin, loss in urine,
               S = sensitivity (F / F0)^-slope exp(medicines + moving + nights),  B phi exp(medicines)
    (ln phi)' = (most c / (c + most) + 0.45 ln(G0 / G) - ln phi) / 56                               beta-cell function
               c = recovery (loss / 0.1)^3,  loss = 1 - W / W0
    B'       = -decline B                                                                           cells lost for good
    HbA1c      models.redcells, + gap;  triglycerides, fatty acids: models.fasting_lipids;
    in range   models.dayrange: the spread of a day as the fast layer has it

W, F: weight and fat; B at the start is what holds the starting glucose. Medicines: models.glucose_medicines, against
those taken at the start. References there and in README. Holds for adults with type 2 diabetes over weeks to two
years; leaves out hypoglycaemia beyond its share of a day, LDL and HDL, anaemia, illness. `coupled.py` runs the same
slow equations on the minutes of the fast layer instead of the balance, and is what `dayrange` was learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Causal, ContextOfUse, Envelope, Example
from vitruvian.core.noise import Gaussian
from vitruvian.core.quantity import Final, Maximum, Mean, Minimum, Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.metabolic_slow import parameters as par
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights, Patient
from vitruvian.kinds.metabolic_slow.example import example
from vitruvian.kinds.metabolic_slow.inputs import TAKEN, compiled
from vitruvian.kinds.metabolic_slow.questions import QUESTIONS
from vitruvian.models import betacell, dayrange, fasting_lipids, redcells
from vitruvian.models import bodyweight as body
from vitruvian.models.glucose_medicines import DOING, MEDICINES, Empagliflozin, refused

DAY = 86400.0
BODY = body.Body._fields
CHAIN = tuple(f"age_{k + 1}" for k in range(redcells.CLASSES))
USUAL = tuple(f"usual_{n}" for n in TAKEN)  # the same at the start: constants of a course
STATES = (*BODY, "liver", "function", "cells", "log_glucose", *CHAIN, *USUAL, "first_cells", "first_action")
LEVEL, FUNCTION = STATES.index("log_glucose"), STATES.index("function")
CHAINED = slice(STATES.index(CHAIN[0]), STATES.index(CHAIN[-1]) + 1)
SETTLING = 1.0  # days in which glucose comes to its balance: assumed; it makes the step of a day stable
FAST = 0.95  # share of intake that can be left out
ACTION2 = 0.4 * betacell.SI  # insulin's action and working cells at which the fast layer is its published type 2 set
GLUCOSE2 = 164.0  # mg/dL, its basal glucose: models.dallaman.sets.TYPE2
CELLS2 = float(betacell.mass(GLUCOSE2, ACTION2))
CARBOHYDRATE2 = 250.0  # g/day at which `dayrange` is meant


GOAL = 0.7  # share of a day in range: Battelino, Diabetes Care 42:1593 (2019)
URINE = DOING[Empagliflozin].urine  # g/day of a full dose


class Day(NamedTuple):
    """What a day of glucose gives the slow layer: mean (mg/dL), log fall against the start, kcal lost in urine, eaten
    over usual, insulin given beside the own (uU/mL), level below which the liver makes more (mg/dL)."""

    G: Any
    fall: Any
    lost: Any
    eaten: Any
    insulin: Any
    floor: Any


class Now(NamedTuple):
    """What holds at a moment beside the states: energy eaten (kcal/day) and its change, walking, action, cells."""

    change: Any
    eating: Any
    moving: Any
    fat: Any
    gone: Any
    S: Any
    B: Any


class MetabolicSlow(AbstractOdeKind, Causal):
    """A person's weight, mean glucose and HbA1c over months."""

    name, version = "metabolic_slow", "2"
    states, step, time_unit = STATES, DAY, DAY
    context_of_use = ContextOfUse(
        "What will weight and HbA1c be in 3, 6, 12 months under this programme, and which medicine could go?",
        "clinicians and researchers comparing programmes; people with type 2 diabetes together with them",
        "medium: a wrong answer could stop a medicine that is needed, so none may be acted on without a clinician",
        "type 1 diabetes, pregnancy, dosing, hypoglycaemia; research use only: drug effects are means of cohorts",
    )
    envelope = Envelope(
        {
            "Patient.weight": (60, 180),
            "Patient.age": (20, 75),
            "Patient.years": (0, 15),
            "Patient.hba1c": (5.7, 10.5),
            "Diet.change": (-1500, 500),
            "Diet.carbohydrate": (0.2, 0.6),
            "Move.minutes": (0, 60),
        },
        "adults of the trials whose means the medicines were set to, and of DiRECT",
    )
    parameters = par.PARAMETERS
    observables = (
        Observable("weight", "kg", "29463-7", low=30, high=400, meaning="body weight"),
        Observable("hba1c", "%", "4548-4", low=3, high=25, meaning="glycated haemoglobin (NGSP)"),
        Observable("mean_glucose", "mg/dL", "97507-8", low=20, high=900, meaning="mean of a day's glucose"),
        Observable("beta_cells", "1", low=0, high=50, meaning="beta-cell function over that at the start"),
        Observable("time_in_range", "%", "97510-2", low=0, high=100, meaning="share of a day at 70 to 180 mg/dL"),
        Observable("time_below_range", "%", low=0, high=100, meaning="share of a day below 70 mg/dL"),
        Observable("triglycerides", "mg/dL", "2571-8", low=5, high=5000, meaning="fasting triglycerides"),
        Observable("fatty_acids", "mmol/L", low=0, high=5, meaning="fasting free fatty acids"),
        Observable("kept_target", "%", low=3, high=100, meaning="HbA1c, and 100 where time in range is below 70 %"),
        Observable("medicines", "1", low=0, high=len(MEDICINES), meaning="medicines taken for glucose"),
    )
    quantities = (
        Quantity("weight_then", "kg", "weight at the end", "weight", Final()),
        Quantity("hba1c_then", "%", "HbA1c at the end", "hba1c", Final()),
        Quantity("highest_hba1c", "%", "highest HbA1c", "hba1c", Maximum()),
        Quantity("mean_glucose_over", "mg/dL", "mean glucose", "mean_glucose", Mean()),
        Quantity("time_in_range_then", "%", "time in range at the end", "time_in_range", Final()),
        Quantity("lowest_time_in_range", "%", "lowest time in range", "time_in_range", Minimum()),
        Quantity("highest_time_below_range", "%", "highest time below 70 mg/dL", "time_below_range", Maximum()),
        Quantity("triglycerides_then", "mg/dL", "triglycerides at the end", "triglycerides", Final()),
        Quantity("target_kept", "%", "HbA1c target kept with 70 % in range; 100: none", "kept_target", Maximum()),
        Quantity("medicines_over", "1", "medicines taken, mean", "medicines", Mean()),
    )
    actions, subject, questions = (*MEDICINES, Diet, Move, Nights), Patient, QUESTIONS
    noises = (
        Gaussian("weight", sd=0.7),  # kg from day to day: assumed, 0.5 to 1 % in adults on their own scales
        Gaussian("hba1c", sd=0.2),  # %: NGSP, within 0.4 in 95 %
        Gaussian("time_in_range", sd=8.0),  # %, one day against its weeks: assumed, a fifth of a person's spread
        Gaussian("mean_glucose", sd=15.0),  # mg/dL, one day's mean against that of its weeks: CGMacros, about 12 %
    )

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return compiled(case, t0, t1, known_at)

    def population(self, case: Case) -> PopulationPrior:
        assert isinstance(case.subject, Patient)
        return par.population(case.subject)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        said = [refused(type(a), case.subject) for a in plan if type(a) in DOING and getattr(a, "dose", 0.0) > 0]
        said += [hungry(a, case.subject) for a in plan if isinstance(a, Diet)]
        return tuple(dict.fromkeys(s for s in said if s))

    def derived(self, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return body.build(u["weight"], u["height"], u["age"], u["male"], u["activity"])._asdict()

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        leak, insulin = leaking(th["response"] * u["urine"], u), th["response"] * u["insulin"]
        cells = betacell.mass(th["glucose"], th["sensitivity"], insulin, leak)
        one, chain = 0.0 * cells + 1.0, redcells.begin(th["glucose"])
        held, usual = body.begin(_build(th)), (u[n] * one for n in TAKEN)
        first = th["sensitivity"] * (betacell.insulin(th["glucose"], cells) + insulin)
        return (*held, one, 0.0 * one, cells, jnp.log(th["glucose"]), *chain, *usual, cells, first)

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        new, r, G = self.new(x, u), th["response"], jnp.exp(x[LEVEL])
        now = self.now(x, th, u)
        eaten = jnp.exp(r * new["absorption"]) * now.eating / (body.CARBOHYDRATE * th["intake"])
        lost = par.KCAL * r * new["urine"] * u["kidneys"] * G / par.URINE_AT
        return self.moved(x, th, u, Day(G, jnp.log(th["glucose"] / G), lost, eaten, r * u["insulin"], par.FLOOR))

    def new(self, x: Any, u: Mapping[str, Any]) -> dict[str, Any]:
        """What is done now beyond what was done at the start."""
        return {n: u[n] - usual for n, usual in zip(TAKEN, x[CHAINED.stop : -2], strict=True)}

    def now(self, x: Any, th: Any, u: Mapping[str, Any]) -> Now:
        """What holds at this moment."""
        b, held = _build(th), body.Body(*x[:4])
        new, r = self.new(x, u), th["response"]
        gone = 1.0 - body.weight(b, held) / b.weight
        hunger = (1.0 - u["control"]) * th["hunger"] * gone * b.weight
        change = jnp.maximum(u["change"] + r * new["appetite"] + th["unsaid"] + hunger, -FAST * b.intake)
        fat = body.fat(b, held) / b.fat
        acting = r * new["sensitivity"] + par.WALK_ACTION * new["moving"] / 30.0 + new["rested"]
        S = th["sensitivity"] * jnp.exp(acting - th["slope"] * jnp.log(fat))
        B = jnp.exp(x[FUNCTION] + r * new["secretion"]) * x[FUNCTION + 1]
        moving = 1.0 + par.WALK * new["moving"] / b.delta
        return Now(change, u["carbohydrate"] * (b.intake + change), moving, fat, gone, S, B)

    def moved(self, x: Any, th: Any, u: Mapping[str, Any], day: Day) -> tuple[Any, ...]:
        """The slow layer's rates, given a day of glucose."""
        b, held, now, new, r = _build(th), body.Body(*x[:4]), self.now(x, th, u), self.new(x, u), th["response"]
        liver, function, cells = x[4:7]
        surplus = body.surplus(b, held, now.change, day.lost, now.moving) / b.intake
        settled = now.fat**par.LIVER_FAT_POWER * jnp.exp(par.LIVER_ENERGY * surplus + r * new["liver_fat"])
        alarm = par.ALARM * jnp.maximum(0.0, jnp.log(day.floor) - x[LEVEL])
        made = jnp.exp(r * new["production"] + alarm) * (1.0 + th["liver"] * (liver - 1.0))
        appears = par.EATEN * day.eaten + (1.0 - par.EATEN) * made
        wanted = regained(now.gone, th["recovery"], u["most"]) + par.TOXICITY * day.fall
        leak = leaking(r * u["urine"], u)
        return (
            *body.rate(b, held, now.change, now.eating, 0.0, day.lost, now.moving),
            (settled - liver) / par.LIVER_DAYS,
            (wanted - function) / par.RECOVERY_DAYS,
            -th["decline"] / 365.25 * cells,
            betacell.pull(x[LEVEL], appears, now.S, now.B, day.insulin, leak) / SETTLING,
            *redcells.rate(x[CHAINED], day.G),
            *(0.0 * cells for _ in (*USUAL, "first_cells", "first_action")),
        )

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        now, G, r = self.now(x, th, u), jnp.exp(x[LEVEL]), th["response"]
        shape = self.shape(now, G, r, u)
        day = dayrange.shares(G, dayrange.spread(shape, th["swing"]))
        # by logarithms: a quotient of a quotient is folded otherwise in every program, and costs the last bit
        acting = jnp.exp(jnp.log(now.S) + jnp.log(betacell.insulin(G, now.B) + r * u["insulin"]) - jnp.log(x[-1]))
        V, hba1c = fasting_lipids.secreted(x[4]), redcells.hba1c(redcells.seen(x[CHAINED]), th["gap"])
        return {
            "weight": body.weight(_build(th), body.Body(*x[:4])),
            "hba1c": hba1c,
            "mean_glucose": G,
            "beta_cells": jnp.exp(x[FUNCTION]) * x[FUNCTION + 1] / x[-2],
            "time_in_range": 100.0 * day.inside,
            "time_below_range": 100.0 * day.below,
            "triglycerides": fasting_lipids.triglycerides(u["fasting_triglycerides"], V, acting),
            "fatty_acids": fasting_lipids.fatty_acids(V, acting),
            "kept_target": jnp.where(day.inside >= GOAL, hba1c, 100.0),
            "medicines": u["taken"],
        }

    def shape(self, now: Now, G: Any, r: Any, u: Mapping[str, Any]) -> dayrange.Shape:
        """What shapes a day, as `dayrange` wants it."""
        return dayrange.Shape(
            level=jnp.log(G / GLUCOSE2),
            action=jnp.log(now.S / ACTION2),
            secretion=jnp.log(now.B / CELLS2),
            eaten=jnp.log(now.eating / par.KCAL / CARBOHYDRATE2) + r * u["absorption"],
            slowed=r * u["slowed"],
            urine=r * u["urine"] * u["kidneys"] / URINE,
        )

    def example(self) -> Example:
        return example()


def _build(th: Any) -> body.Build:
    return body.Build(**{n: th[n] for n in body.Build._fields})


def hungry(diet: Diet, subject: Any) -> str:
    """Why less is not to be eaten by this subject; "" where nothing is told."""
    if diet.change < 0 and subject.pregnant == "yes":
        return "diet: no deficit in pregnancy (ADA, Standards of Care 2024, section 15)"
    return ""


def leaking(urine: Any, u: Mapping[str, Any]) -> Any:
    """Glucose lost in urine (g/day at 150 mg/dL and an eGFR of 90) as clearance in Topp's units, /day."""
    return (1.0 - par.COMPENSATED) * urine * u["kidneys"] / par.GRAMS * betacell.R0 / par.URINE_AT


def regained(loss: Any, recovery: Any, most: Any) -> Any:
    """Log factor of beta-cell function regained in the end by this share of weight lost."""
    c = recovery * (jnp.maximum(loss, 0.0) / par.LOSS) ** par.POWER
    return most * c / (c + most)
