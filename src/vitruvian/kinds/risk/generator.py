"""Synthetic patients on a ward. Their truth is not the fitted model: a hidden severity and another link function.

Severity s is an Ornstein-Uhlenbeck process (sd 1, 24 h) around the patient's own level; vital signs follow it with
noise and are taken more often the worse it is; deterioration in an hour has probability 1 - exp(-exp(a + b s + c age)).
Every number is assumed, chosen so that about one patient in five deteriorates within three days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.engines.table import HOUR, FollowUp
from vitruvian.kinds.risk.patient import EVENT, VITALS, Patient

HOURS = 72  # longest stay followed: assumed
RELAX = np.exp(-1.0 / 24.0)  # an hour's share of what remains of severity
LEVEL = 0.6  # sd between patients of their own level
BASE, STEEP, AGE = -6.6, 1.2, 0.02  # log hazard per h at severity 0 and 65 years; per sd of severity; per year
RATE, HASTE = 0.3, 0.5  # rounds per h at severity 0; log rate per sd of severity
TAKEN = 0.85  # share of vital signs taken in a round
MOVES = {"heart_rate": 11.0, "respiratory_rate": 3.0, "spo2": -1.7, "systolic": -9.0, "temperature": 0.3}  # per sd
OWN = {"heart_rate": 9.0, "respiratory_rate": 1.5, "spo2": 1.0, "systolic": 14.0, "temperature": 0.25}  # sd, patients


@dataclass(frozen=True)
class Ward:
    """Synthetic patients and, for each, the true probability of deterioration in the hour after each full hour."""

    patients: tuple[FollowUp, ...]
    hazard: dict[str, np.ndarray]


def ward(count: int, seed: int) -> Ward:
    """`count` synthetic patients; the first n are the same whatever `count` is."""
    patients, hazards = [], {}
    for i in range(count):
        name = f"synthetic-{seed}-{i}"
        patient, hazards[name] = _patient(name, generator(seed, "ward", i))
        patients.append(patient)
    return Ward(tuple(patients), hazards)


def _patient(name: str, rng: np.random.Generator) -> tuple[FollowUp, np.ndarray]:
    age = float(np.clip(rng.normal(65.0, 16.0), 20.0, 95.0))
    level, pushes = LEVEL * rng.standard_normal(), rng.standard_normal(HOURS)
    severity = np.empty(HOURS)
    s = level + pushes[0]
    for t in range(HOURS):
        s = s if t == 0 else level + RELAX * (s - level) + np.sqrt(1.0 - RELAX**2) * pushes[t]
        severity[t] = s
    hazard = -np.expm1(-np.exp(BASE + STEEP * severity + AGE * (age - 65.0)))
    struck = np.flatnonzero(rng.uniform(size=HOURS) < hazard)
    hours = int(struck[0]) + 1 if len(struck) else HOURS
    outcome = np.zeros(hours)
    outcome[-1] = float(len(struck) > 0)
    events = Record.of(EVENT, np.arange(1, hours + 1) * HOUR, outcome)
    record = Record.join([events, *_rounds(severity[:hours], rng)])
    return FollowUp(name, Case(Patient(age=age)), record, 0.0, hours * HOUR), hazard


def _rounds(severity: np.ndarray, rng: np.random.Generator) -> list[Record]:
    """Readings of every vital sign at the rounds it was taken in; the worse the patient, the more rounds."""
    rounds = rng.poisson(RATE * np.exp(HASTE * severity))
    hour = np.repeat(np.arange(len(severity)), rounds)
    times = (hour + rng.uniform(size=len(hour))) * HOUR
    out = []
    for vital in VITALS:
        name = vital.observable.name
        rest = vital.rest + OWN[name] * rng.standard_normal()
        value = rest + MOVES[name] * severity[hour] + vital.sd * rng.standard_normal(len(hour))
        taken = rng.uniform(size=len(hour)) < TAKEN
        value = np.clip(value, vital.observable.low, 100.0 if name == "spo2" else vital.observable.high)
        out.append(Record.of(name, times[taken], value[taken]))
    return out
