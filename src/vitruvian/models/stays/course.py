"""Simulated stays hour by hour: the hidden course under treatment, the events in it, and how it ends.

The staff react to what they see: fluid and then noradrenaline for a low pressure, oxygen for a low saturation,
antibiotics some hours after signs of infection. Ends compete: death, discharge, and on a ward transfer to intensive
care; in an hour each has probability 1 - exp(-hazard). Events by the definitions of the field:

    circulatory   MAP <= 65 or a vasopressor, with lactate >= 2 mmol/L         Hyland et al., Nat Med 2020;26:364
    respiratory   PaO2 / FiO2 < 200 mmHg in two hours running                  Huser et al., medRxiv 2024.01.23 (HiRID)
    aki           KDIGO 2012 stage 1: creatinine +0.3 mg/dL in 48 h or 1.5 times its own, urine < 0.5 mL/kg/h for 6 h
    sepsis        infection with organ failure: true inflammation >= 1 with one of the three above, or lactate >= 2

Hazards, insults and the staff's habits are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models.stays.physiology import STEP, Body, Care, Insults, Person, step

EVENTS = ("circulatory", "respiratory", "aki", "sepsis")
ENDS = ("death", "discharge", "icu_transfer")
HABITS = ("icu", "ward")


@dataclass(frozen=True)
class Courses:
    """Hidden truth of n stays over hours (h,) since admission: states and treatment (h, n), events and ends.

    onset: {event: (n,) h, NaN where it did not come}; end (n,) h and ended (n,) one of ENDS or "watched"; hazard:
    {end: (h, n) an hour}. Values after the end mean nothing.
    """

    unit: str
    who: Person
    clock: np.ndarray  # (n,) local hour of admission
    bodies: tuple[Body, ...]
    care: tuple[Care, ...]
    hazard: dict[str, np.ndarray]
    onset: dict[str, np.ndarray]
    end: np.ndarray
    ended: np.ndarray
    severity: np.ndarray


def courses(count: int, seed: int, *, hours: int = 96, unit: str = "icu") -> Courses:
    """The first n stays are the same whatever `count` is."""
    draws = [generator(seed, "stay", unit, i) for i in range(count)]
    who, hit = _people(draws, unit), _insults(draws, unit)
    steps = round(hours / STEP)
    noise = np.stack([d.standard_normal((steps, 3)) for d in draws], axis=2)
    chance = np.stack([d.uniform(size=(hours, 4)) for d in draws], axis=2)
    clock = np.array([float(d.uniform(0.0, 24.0)) for d in draws])
    body, care = Body.at_rest(who), _untreated(count)
    bodies, cares = [], []
    given = np.zeros(count)
    for hour in range(hours):
        care, given = _treated(body, care, given, chance[hour, 3], unit)
        for half in range(round(1.0 / STEP)):
            k = hour * round(1.0 / STEP) + half
            body = step(body, who, hit, care, k * STEP, noise[k])
        bodies.append(body)
        cares.append(care)
    severity = np.stack([_severity(b, c) for b, c in zip(bodies, cares, strict=True)])
    hazard = _hazards(bodies, severity, who, unit)
    end, ended = _ends(hazard, chance[:, :3], hours)
    onset = {k: np.where(v < end, v, np.nan) for k, v in _onsets(bodies, cares, who).items()}
    return Courses(unit, who, clock, tuple(bodies), tuple(cares), hazard, onset, end, ended, severity)


def _people(draws: list[np.random.Generator], unit: str) -> Person:
    """Adults, older on the ward; resting values by age."""
    middle = 62.0 if unit == "icu" else 70.0
    z = np.stack([d.standard_normal(8) for d in draws], axis=1)
    age = np.clip(middle + 16.0 * z[0], 18.0, 95.0)
    female = (z[1] > 0.15).astype(float)  # 44 % women, as in intensive care
    weight = np.clip(82.0 - 12.0 * female + 15.0 * z[2], 40.0, 160.0)
    return Person(age, female, weight, 76.0 + 9.0 * z[3], 84.0 + 0.1 * (age - 60.0) + 8.0 * z[4],
                  np.exp(np.log(0.95 - 0.2 * female) + 0.004 * (age - 60.0) + 0.2 * z[5]), 15.0 + 1.5 * z[6],
                  0.22 * np.exp(0.4 * z[7]))  # fmt: skip


def _insults(draws: list[np.random.Generator], unit: str) -> Insults:
    """Rarer on the ward by a third."""
    u = np.stack([d.uniform(size=12) for d in draws], axis=1)
    often = 1.0 if unit == "icu" else 0.65

    def when(chance: float, row: int, last: float) -> np.ndarray:
        return np.where(u[row] < often * chance, np.maximum(-30.0 + (last + 30.0) * u[row + 1], 0.0), np.inf)

    bleeding = when(0.15, 4, 60.0)
    return Insults(
        infection=when(0.5, 0, 60.0), heart=when(0.2, 2, 60.0), heart_loss=0.3 + 0.4 * u[8], bleeding=bleeding,
        bleeding_rate=0.03 + 0.06 * u[9], bleeding_ends=bleeding + 4.0 + 6.0 * u[10], lung=when(0.3, 6, 60.0),
        lung_size=0.12 + 0.33 * u[11],
    )  # fmt: skip


def _untreated(count: int) -> Care:
    none = np.zeros(count)
    return Care(none, none, np.full(count, 0.21), none)


def _treated(body: Body, before: Care, given: np.ndarray, chance: np.ndarray, unit: str) -> tuple[Care, np.ndarray]:
    """The next hour's treatment, and fluid given so far (L). Noradrenaline is for the intensive care unit."""
    low = body.pressure < 65.0
    fluid = np.where(low & (given < 3.0), 500.0, 0.0)
    more = low & ((given >= 1.0) | (body.volume > 1.03))
    drug = before.noradrenaline + np.where(more, 0.06, np.where(body.pressure > 76.0, -0.04, 0.0))
    drug = np.clip(drug, 0.0, 0.8) * (unit == "icu")
    oxygen = before.oxygen + np.where(body.saturation < 0.92, 0.1, np.where(body.saturation > 0.97, -0.05, 0.0))
    oxygen = np.clip(oxygen, 0.21, 1.0 if unit == "icu" else 0.6)
    signs = (body.inflammation > 0.8) & (chance < 0.2)
    return Care(fluid, drug, oxygen, np.maximum(before.antibiotic, signs)), given + fluid / 1000.0


def _severity(body: Body, care: Care) -> np.ndarray:
    """How ill patients are, in one number: 0 well, 3 very ill."""
    low = np.maximum((75.0 - body.pressure) / 12.0, 0.0)
    acid = 0.3 * np.maximum(body.lactate - 1.2, 0.0)
    lungs = 5.0 * np.maximum(body.shunt - 0.1, 0.0)
    fast = np.maximum(body.heart_rate - 95.0, 0.0) / 40.0
    return low + acid + lungs + fast + 0.3 * body.inflammation + 2.0 * care.noradrenaline


def _hazards(bodies: list[Body], severity: np.ndarray, who: Person, unit: str) -> dict[str, np.ndarray]:
    """An hour, (h, n)."""
    pressure = np.stack([b.pressure for b in bodies])
    lactate = np.stack([b.lactate for b in bodies])
    starved = np.stack([np.maximum(0.86 - b.saturation, 0.0) for b in bodies])
    log = -7.8 + 1.1 * np.maximum((58.0 - pressure) / 10.0, 0.0) + 0.3 * np.maximum(lactate - 2.0, 0.0)
    death = np.exp(np.minimum(log + 9.0 * starved + 0.6 * severity + 0.03 * (who.age - 65.0), 1.0))
    since = np.arange(len(bodies))[:, None]
    home = np.exp(-4.1 - 1.6 * severity) * (since >= 12)
    moved = np.exp(np.minimum(-6.9 + 1.7 * severity, 0.0)) if unit == "ward" else np.zeros_like(death)
    return {"death": death, "discharge": home, "icu_transfer": moved}


def _ends(hazard: dict[str, np.ndarray], chance: np.ndarray, hours: int) -> tuple[np.ndarray, np.ndarray]:
    """When each stay ends (h) and how: the first of the competing ends, in the order of ENDS within an hour."""
    count = chance.shape[2]
    end, ended = np.full(count, float(hours)), np.full(count, "watched", dtype=object)
    for k, name in reversed(list(enumerate(ENDS))):
        struck = chance[:, k] < -np.expm1(-hazard[name])
        first = np.where(struck.any(axis=0), struck.argmax(axis=0) + 1.0, np.inf)
        sooner = first <= end
        end, ended = np.where(sooner, first, end), np.where(sooner & np.isfinite(first), name, ended)
    return end, ended


def _onsets(bodies: list[Body], cares: list[Care], who: Person) -> dict[str, np.ndarray]:
    """First hour (n,) of each event, inf where it does not come; patients who have it on admission have it at 1 h."""
    pressure, lactate, creatinine, urine, inflammation, arterial = (
        np.stack([f(b) for b in bodies])
        for f in (lambda b: b.pressure, lambda b: b.lactate, lambda b: b.creatinine, Body.urine,
                  lambda b: b.inflammation, lambda b: b.oxygen_pressure)
    )  # fmt: skip
    drug = np.stack([c.noradrenaline for c in cares])
    ratio = arterial / np.stack([c.oxygen for c in cares])
    circulatory = ((pressure <= 65.0) | (drug > 0.0)) & (lactate >= 2.0)
    poor = ratio < 200.0
    respiratory = poor & np.vstack([np.zeros((1, poor.shape[1]), dtype=bool), poor[:-1]])
    lowest = np.stack([creatinine[max(0, k - 47) : k + 1].min(axis=0) for k in range(len(creatinine))])
    dry = np.apply_along_axis(lambda x: np.convolve(x, np.ones(6))[: len(x)] >= 6.0, 0, (urine < 0.5).astype(float))
    aki = (creatinine >= lowest + 0.3) | (creatinine >= 1.5 * who.creatinine) | dry
    sepsis = (inflammation >= 1.0) & (circulatory | respiratory | aki | (lactate >= 2.0))
    found = {"circulatory": circulatory, "respiratory": respiratory, "aki": aki, "sepsis": sepsis}
    return {k: np.where(v.any(axis=0), v.argmax(axis=0) + 1.0, np.inf) for k, v in found.items()}
