"""Weight, mean glucose and HbA1c of a person with type 2 diabetes over months to years (per day).

    body       models.bodyweight, with dEI = diet + appetite + unsaid + (1 - control) hunger (W0 - W)
               and 4 kcal lost a gram of glucose in urine
    H'       = (H* - H) / 10,  H* = (F / F0)^3 exp(0.9 surplus / intake) (1 - medicines)            liver fat
    (ln G)'  = (ln G* - ln G) / 1 day, G* = models.betacell.balance of                              a day's mean glucose
               appearance = 0.45 eaten + 0.55 production (1 + liver (H - 1)),  given insulin, loss in urine,
               S = sensitivity (F / F0)^-slope exp(medicines + moving),  B phi exp(medicines)
    (ln phi)' = (recovery [c(loss) - c(0)] + 0.45 ln(G0 / G) - ln phi) / 56                          beta-cell function
               c(l) = 1 / (1 + exp(-(l - threshold) / 0.02)),  loss = 1 - W / W0
    B'       = -decline B                                                                           cells lost for good
    HbA1c      models.redcells, + gap

W, F: weight and fat; B at the start is what holds the starting glucose. Medicines: models.glucose_medicines, against
those taken at the start. References there and in README. Holds for adults with type 2 diabetes over weeks to two
years; leaves out the day's course of glucose (kinds `metabolic`, `metabolic_fast`), hypoglycaemia, lipids, anaemia,
illness. The mean of a day is that of a day at rest with itself: what a change does within hours is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.kind import Causal, ContextOfUse, Envelope, Example
from vitruvian.core.noise import Gaussian
from vitruvian.core.quantity import Final, Maximum, Mean, Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.metabolic_slow import parameters as par
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Patient
from vitruvian.kinds.metabolic_slow.example import example
from vitruvian.kinds.metabolic_slow.questions import QUESTIONS
from vitruvian.models import betacell, redcells
from vitruvian.models import bodyweight as body
from vitruvian.models.glucose_medicines import ADDED, DOING, MEDICINES, SHARES, refused, together

DAY = 86400.0
BODY = body.Body._fields
CHAIN = tuple(f"age_{k + 1}" for k in range(redcells.CLASSES))
TAKEN = (*SHARES, *ADDED, "moving")  # schedules: what medicines and moving do, at a response of 1
USUAL = tuple(f"usual_{n}" for n in TAKEN)  # the same at the start: constants of a course
STATES = (*BODY, "liver", "function", "cells", "log_glucose", *CHAIN, *USUAL, "first_cells")
CHAINED = slice(STATES.index(CHAIN[0]), STATES.index(CHAIN[-1]) + 1)
DIET = ("change", "carbohydrate", "control")
SETTLING = 1.0  # days in which glucose comes to its balance: assumed; it makes the step of a day stable
FAST = 0.95  # share of intake that can be left out


class MetabolicSlow(AbstractOdeKind, Causal):
    """A person's weight, mean glucose and HbA1c over months."""

    name, version = "metabolic_slow", "1"
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
        Observable("medicines", "1", low=0, high=len(MEDICINES), meaning="medicines taken for glucose"),
    )
    quantities = (
        Quantity("weight_then", "kg", "weight at the end", "weight", Final()),
        Quantity("hba1c_then", "%", "HbA1c at the end", "hba1c", Final()),
        Quantity("highest_hba1c", "%", "highest HbA1c", "hba1c", Maximum()),
        Quantity("mean_glucose_over", "mg/dL", "mean glucose", "mean_glucose", Mean()),
        Quantity("medicines_over", "1", "medicines taken, mean", "medicines", Mean()),
    )
    actions, subject, questions = (*MEDICINES, Diet, Move), Patient, QUESTIONS
    noises = (
        Gaussian("weight", sd=0.7),  # kg from day to day: assumed, 0.5 to 1 % in adults on their own scales
        Gaussian("hba1c", sd=0.2),  # %: NGSP, within 0.4 in 95 %
        Gaussian("mean_glucose", sd=15.0),  # mg/dL, one day's mean against that of its weeks: CGMacros, about 12 %
    )

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        patient, known = case.subject, case.until(known_at)
        assert isinstance(patient, Patient)
        schedules = _medicines(known)
        schedules |= {n: _holding(known.actions(Diet), n, 0.5 if n == "carbohydrate" else 0.0) for n in DIET}
        schedules["moving"] = _holding(known.actions(Move), "minutes", 0.0)
        numbers = {
            "weight": patient.weight,
            "height": patient.height / 100.0,
            "age": patient.age,
            "male": float(patient.sex == "male"),
            "activity": patient.activity,
            "kidneys": (par.USUAL_EGFR if patient.egfr is None else patient.egfr) / par.EGFR_AT,
        }
        return Forcing(t0, t1, arrays={k: np.array(v) for k, v in numbers.items()}, schedules=schedules)

    def population(self, case: Case) -> PopulationPrior:
        assert isinstance(case.subject, Patient)
        return par.population(case.subject)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        said = [refused(type(a), case.subject) for a in plan if type(a) in DOING and getattr(a, "dose", 0.0) > 0]
        return tuple(dict.fromkeys(s for s in said if s))

    def derived(self, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return body.build(u["weight"], u["height"], u["age"], u["male"], u["activity"])._asdict()

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        leak, insulin = _leak(th["response"] * u["urine"], u), th["response"] * u["insulin"]
        cells = betacell.mass(th["glucose"], th["sensitivity"], insulin, leak)
        one, chain = 0.0 * cells + 1.0, redcells.begin(th["glucose"])
        held = body.begin(_build(th))
        return (*held, one, 0.0 * one, cells, jnp.log(th["glucose"]), *chain, *(u[n] * one for n in TAKEN), cells)

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        b, now = _build(th), body.Body(*x[:4])
        liver, function, cells, level = x[4:8]
        G, r = jnp.exp(level), th["response"]
        new = {n: u[n] - usual for n, usual in zip(TAKEN, x[CHAINED.stop : -1], strict=True)}
        moving = 1.0 + par.WALK * new["moving"] / b.delta
        gone = 1.0 - body.weight(b, now) / b.weight
        hunger = (1.0 - u["control"]) * th["hunger"] * gone * b.weight
        change = jnp.maximum(u["change"] + r * new["appetite"] + th["unsaid"] + hunger, -FAST * b.intake)
        eating = u["carbohydrate"] * (b.intake + change)
        lost = par.KCAL * r * new["urine"] * u["kidneys"] * G / par.URINE_AT
        moved = body.rate(b, now, change, eating, 0.0, lost, moving)
        surplus = body.surplus(b, now, change, lost, moving) / b.intake
        fat = body.fat(b, now) / b.fat
        settled = fat**par.LIVER_FAT_POWER * jnp.exp(par.LIVER_ENERGY * surplus + r * new["liver_fat"])
        made = jnp.exp(r * new["production"]) * (1.0 + th["liver"] * (liver - 1.0))
        eaten = jnp.exp(r * new["absorption"]) * eating / (body.CARBOHYDRATE * b.intake)
        appears = par.EATEN * eaten + (1.0 - par.EATEN) * made
        S = th["sensitivity"] * jnp.exp(
            r * new["sensitivity"] + par.WALK_ACTION * new["moving"] / 30.0 - th["slope"] * jnp.log(fat)
        )
        B = jnp.exp(function + r * new["secretion"]) * cells
        regained = th["recovery"] * (_crossed(gone, th["threshold"]) - _crossed(0.0, th["threshold"]))
        wanted = regained + par.TOXICITY * jnp.log(th["glucose"] / G)
        return (
            *moved,
            (settled - liver) / par.LIVER_DAYS,
            (wanted - function) / par.RECOVERY_DAYS,
            -th["decline"] / 365.25 * cells,
            betacell.pull(level, appears, S, B, r * u["insulin"], _leak(r * u["urine"], u)) / SETTLING,
            *redcells.rate(x[CHAINED], G),
            *(0.0 * cells for _ in (*USUAL, "first_cells")),
        )

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "weight": body.weight(_build(th), body.Body(*x[:4])),
            "hba1c": redcells.hba1c(redcells.seen(x[CHAINED]), th["gap"]),
            "mean_glucose": jnp.exp(x[STATES.index("log_glucose")]),
            "beta_cells": jnp.exp(x[STATES.index("function")]) * x[STATES.index("cells")] / x[-1],
            "medicines": u["taken"],
        }

    def example(self) -> Example:
        return example()


def _holding(actions: Sequence[Action], name: str, before: float) -> Schedule:
    """Each action's field from its time on until the next."""
    return Schedule(np.array([a.at for a in actions]), np.array([float(getattr(a, name)) for a in actions]), before)


def _build(th: Any) -> body.Build:
    return body.Build(**{n: th[n] for n in body.Build._fields})


def _medicines(case: Case) -> dict[str, Schedule]:
    """What all medicines do together, and how many are taken: each dose holds until the next of its medicine."""
    doses = {m: _holding(case.actions(m), "dose", 0.0) for m in MEDICINES}
    times = np.unique(np.concatenate([d.times for d in doses.values()]))
    held = {m: d.at(times) for m, d in doses.items()}
    now = [{m: float(h[k]) for m, h in held.items()} for k in range(len(times))]
    effects = [together(d) for d in now]
    channels = {n: Schedule(times, np.array([e[n] for e in effects])) for n in (*SHARES, *ADDED)}
    return channels | {"taken": Schedule(times, np.array([float(sum(d > 0 for d in n.values())) for n in now]))}


def _leak(urine: Any, u: Mapping[str, Any]) -> Any:
    """Glucose lost in urine (g/day at 150 mg/dL and an eGFR of 90) as clearance in Topp's units, /day."""
    return (1.0 - par.COMPENSATED) * urine * u["kidneys"] / par.GRAMS * betacell.R0 / par.URINE_AT


def _crossed(loss: Any, threshold: Any) -> Any:
    return 1.0 / (1.0 + jnp.exp(-(loss - threshold) / par.WIDTH))
