"""From a case to arrays: the only place that sees both. What is done holds until the next of its type."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.kinds.metabolic_slow import parameters as par
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights, Patient
from vitruvian.models.glucose_medicines import ADDED, MEDICINES, OF_A_DAY, SHARES, together

DIET = {"change": 0.0, "carbohydrate": 0.5, "control": 0.0}  # and what holds before the first diet
TAKEN = (*SHARES, *ADDED, "moving", "rested")  # what is in balance at the start if it is done then


def compiled(case: Case, t0: float, t1: float, known_at: float) -> Forcing:
    """Arrays and schedules for [t0, t1] from what was known by `known_at`."""
    patient, known = case.subject, case.until(known_at)
    assert isinstance(patient, Patient)
    schedules = _medicines(known)
    schedules |= {n: held(known.actions(Diet), n, before) for n, before in DIET.items()}
    schedules["moving"] = held(known.actions(Move), "minutes", 0.0)
    nights = held(known.actions(Nights), "hours", par.NIGHT)
    schedules["rested"] = Schedule(nights.times, np.array([rested(h) for h in nights.values.tolist()]))
    numbers = {
        "weight": patient.weight,
        "height": patient.height / 100.0,
        "age": patient.age,
        "male": float(patient.sex == "male"),
        "activity": patient.activity,
        "kidneys": (par.USUAL_EGFR if patient.egfr is None else patient.egfr) / par.EGFR_AT,
        "most": par.regained(patient.years),
        "fasting_triglycerides": par.USUAL_TRIGLYCERIDES if patient.triglycerides is None else patient.triglycerides,
    }
    return Forcing(t0, t1, arrays={k: np.array(v) for k, v in numbers.items()}, schedules=schedules)


def rested(hours: float) -> float:
    """Logarithm of insulin's action after nights of so many hours."""
    return math.log(max(1.0 - par.SHORT * max(par.NIGHT - hours, 0.0), par.LEAST_ACTION))


def held(actions: Sequence[Action], name: str, before: float) -> Schedule:
    """Each action's field from its time on until the next."""
    return Schedule(np.array([a.at for a in actions]), np.array([float(getattr(a, name)) for a in actions]), before)


def _medicines(case: Case) -> dict[str, Schedule]:
    """What all medicines do together, and how many are taken: each dose holds until the next of its medicine."""
    doses = {m: held(case.actions(m), "dose", 0.0) for m in MEDICINES}
    times = np.unique(np.concatenate([d.times for d in doses.values()]))
    given = {m: d.at(times) for m, d in doses.items()}
    now = [{m: float(h[k]) for m, h in given.items()} for k in range(len(times))]
    effects = [together(d) for d in now]
    channels = {n: Schedule(times, np.array([e[n] for e in effects])) for n in (*SHARES, *ADDED, *OF_A_DAY)}
    return channels | {"taken": Schedule(times, np.array([float(sum(d > 0 for d in n.values())) for n in now]))}
