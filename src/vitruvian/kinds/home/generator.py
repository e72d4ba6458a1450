"""Simulated persons at home. Their truth is not the fitted model: illness grows, days differ, people move and forget.

    severity      u' = u (2 - u) / 2 tau, a logistic curve that reaches 1 at the event: a hospital visit
    heart failure weight + 0.5 to 2.6 u kg (some hardly gain), pulse + 9 u, SpO2 - 2.5 u, steps x (1 - 0.5 u)
    COPD          SpO2 - 5 u, pulse + 12 u, steps x (1 - 0.6 u), temperature + 0.5 u
    operation     temperature + 1.3 u^1.5, pulse + 16 u, SDNN x (1 - 0.35 u), steps x (1 - 0.5 u)
    days          every person's level wanders (AR(1) of days, t-distributed), weekends differ, spells of heat or a cold

Walks come as a Poisson process and last minutes; the pulse follows with a lag; readings while moving jump (motion). The
watch is off for hours or days, more often when ill; weights are missed; someone else steps on the scale, one scale
shows pounds. All numbers are assumed. Every person is named simulated-...
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.kinds.home.model import Person

HOUR, DAY = 3600.0, 86400.0
DAYS = 60
EVENTS = 0.6  # share of persons with an event
TAU = {"heart_failure": (2.0, 5.0), "copd": (0.8, 2.0), "postoperative": (0.5, 1.5)}  # d, of the growth
MOVES = {  # at full severity: pulse, SpO2, temperature, log SDNN, share of steps lost
    "heart_failure": (9.0, -2.5, 0.0, -0.25, 0.5),
    "copd": (12.0, -5.0, 0.5, -0.1, 0.6),
    "postoperative": (16.0, -1.2, 1.3, -0.43, 0.5),
}
MISSED = {"heart_rate": 0.12, "hrv": 0.15, "steps": 0.05, "spo2": 0.3, "temperature": 0.25, "weight": 0.15,
          "systolic": 0.35, "diastolic": 0.35}  # fmt: skip


@dataclass(frozen=True)
class Life:
    """A simulated person: case, record, the event (s, NaN without one), and the ids of readings that are artefacts."""

    name: str
    case: Case
    record: Record
    event: float
    artefacts: frozenset[str]
    end: float


def lives(count: int, seed: int, programme: str, days: int = DAYS) -> list[Life]:
    """Simulated persons of a programme; the first n are the same whatever `count` is."""
    return [_life(f"simulated-{programme}-{seed}-{i}", generator(seed, "home", programme, i), programme, days)
            for i in range(count)]  # fmt: skip


def _life(name: str, rng: np.random.Generator, programme: str, days: int) -> Life:
    z = rng.standard_normal(12)
    age, weight = float(np.clip(71 + 10 * z[0], 40, 95)), float(np.clip(82 + 16 * z[1], 45, 140))
    has, when = rng.uniform() < EVENTS, rng.uniform(0.35, 0.97) * days * DAY
    event = float(when) if has else np.nan
    low, high = TAU[programme]
    tau = rng.uniform(low, high) * DAY
    end = event if has else days * DAY
    hours = np.arange(int(end // HOUR))
    t = hours * HOUR
    ill = 1.0 / (1.0 + np.exp(-np.clip((t - event) / tau, -40.0, 40.0))) * 2.0 if has else np.zeros(len(t))
    pulse, sat, warm, beat, lost = MOVES[programme]
    clock = (hours % 24).astype(float)
    day = _days(rng, days + 2)
    walks = rng.poisson(0.9 * np.clip(1 - lost * ill, 0.1, 1.0) * _awake(clock) * np.exp(0.3 * z[2]), len(t))
    steps = np.minimum(walks * rng.gamma(2.0, 190.0, len(t)), 6000.0)
    spell = _spells(rng, t)
    index = (t // DAY).astype(int)
    lagged = 0.6 * steps + 0.4 * np.concatenate([[0.0], steps[:-1]]) if len(t) else steps
    gain = 1.65 * np.exp(rng.uniform(np.log(0.3), np.log(1.6))) * (programme == "heart_failure")  # kg
    night = np.cos(2 * np.pi * (clock - 3.5) / 24.0) + 0.25 * np.cos(4 * np.pi * (clock - 3.5) / 24.0)
    true = {
        "heart_rate": 71 + 8 * z[3] - 5 * night + 10 * np.sqrt(lagged / 1000.0) + 2.2 * day[0][index] + pulse * ill
        + 4 * spell,
        "hrv": np.exp(4.4 + 0.3 * z[4] + 0.15 * night + 0.12 * day[1][index] + beat * ill - 0.1 * spell),
        "steps": steps,
        "spo2": np.minimum({"copd": 92.3}.get(programme, 96.2) + 1.0 * z[5] + 0.5 * day[2][index] + sat * ill, 99.6),
        "temperature": 36.5 + 0.2 * z[6] - 0.3 * night + 0.1 * day[3][index] + warm * np.minimum(ill, 1.2) ** 1.5
        + 0.35 * spell,
        "weight": weight * (1 + 0.015 * z[7]) + 0.45 * day[4][index] + 0.008 * (t / DAY) * z[8]
        + 0.35 * (index % 7 >= 5) + gain * ill,
        "systolic": 127 + 12 * z[9] - 5 * night + 4 * day[5][index],
        "diastolic": 73 + 7 * z[10] - 3 * night + 2.5 * day[5][index],
    }  # fmt: skip
    off = _off(rng, t, ill)
    record, wrong = _readings(true, steps, off, clock, rng)
    case = Case(Person(age=round(age), weight=round(weight, 1), programme=programme))
    return Life(name, case, record, event, frozenset(wrong), float(end))


def _awake(clock: np.ndarray) -> np.ndarray:
    return np.where((clock >= 7) & (clock < 22), 1.0, 0.05)


def _days(rng: np.random.Generator, days: int) -> np.ndarray:
    """Six signals' days (6, days): AR(1) with t-distributed steps, sd near 1."""
    out = np.zeros((6, days))
    pushes = rng.standard_t(5, size=(6, days)) * 0.55
    for k in range(1, days):
        out[:, k] = 0.7 * out[:, k - 1] + pushes[:, k]
    return out


def _spells(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """A cold, or heat: for two days, once in six weeks; it comes and goes and is no event."""
    out = np.zeros(len(t))
    for at in rng.uniform(0.0, 42.0 * DAY, 2):
        out += np.exp(-0.5 * ((t - at) / DAY) ** 2) * (rng.uniform() < 0.7)
    return np.minimum(out, 1.0)


def _off(rng: np.random.Generator, t: np.ndarray, ill: np.ndarray) -> np.ndarray:
    """Whether the watch is off in each hour: stays off for half a day on average, more often when ill."""
    on, out = True, np.zeros(len(t), dtype=bool)
    for k, u in enumerate(rng.uniform(size=len(t)).tolist()):
        on = (u >= (1.0 + 2.0 * ill[k]) / 100.0) if on else (u < 1.0 / 12.0)
        out[k] = not on
    return out


def _readings(
    true: dict[str, np.ndarray], steps: np.ndarray, off: np.ndarray, clock: np.ndarray, rng: np.random.Generator
) -> tuple[Record, set[str]]:
    """What reaches the record, and which readings are artefacts."""
    scale = rng.uniform(size=3)
    sd = {"heart_rate": 3.0, "hrv": 0.0, "steps": 0.0, "spo2": 0.9, "temperature": 0.15, "weight": 0.2, "systolic": 6.0,
          "diastolic": 4.0}  # fmt: skip
    at = {"heart_rate": ~off, "steps": ~off, "hrv": ~off & (clock == 4), "spo2": np.isin(clock, (8, 20)),
          "temperature": np.isin(clock, (8, 20)), "weight": clock == 7, "systolic": clock == 8,
          "diastolic": clock == 8}  # fmt: skip
    parts, wrong = [], set()
    for name, value in true.items():
        k = np.flatnonzero(at[name] & (rng.uniform(size=len(clock)) >= MISSED[name]))
        y = value[k] * np.exp(0.12 * rng.standard_normal(len(k))) if name == "hrv" else value[k]
        y = y + sd[name] * rng.standard_t(6, size=len(k)) / np.sqrt(1.5)
        u = rng.uniform(size=len(k))
        bad = np.zeros(len(k), dtype=bool)
        if name in ("heart_rate", "spo2"):  # motion
            bad = (u < 0.15) & (steps[k] > 700) if name == "heart_rate" else u < 0.02
            jump = rng.uniform(35.0, 80.0, len(k)) if name == "heart_rate" else -rng.uniform(7.0, 18.0, len(k))
            y = np.where(bad, y + jump, y)
        if name == "weight":
            other = u < 0.025 if scale[0] < 0.5 else np.zeros(len(k), dtype=bool)
            pounds = (u > 0.97) if scale[1] < 0.1 else np.zeros(len(k), dtype=bool)
            y = np.where(other, y * rng.choice([0.72, 1.3]), np.where(pounds, y * 2.20462, y))
            bad = other | pounds
        if name == "temperature" and scale[2] < 0.1:
            bad = u < 0.05
            y = np.where(bad, y * 1.8 + 32.0, y)
        if name == "spo2":
            y = np.minimum(y, 100.0)
        y = np.maximum(np.round(y, 0 if name in ("heart_rate", "steps", "spo2", "systolic", "diastolic") else 1), 0.0)
        rows = Record.of(name, k * HOUR + (0.0 if name == "steps" else 60.0 * rng.integers(0, 50, len(k))), y)
        order = np.argsort(k, kind="stable")
        wrong |= {str(i) for i in rows.id[bad[order]]}
        parts.append(rows)
    return Record.join(parts), wrong
