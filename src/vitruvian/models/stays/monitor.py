"""What is seen of a hidden course: irregular, noisy, more often the worse the patient, with gaps and artefacts.

    rounds of vital signs an hour ~ Poisson(rate e^{0.5 severity} at night x 0.6);  laboratory at 6 o'clock and when ill
    noise: Student t with 4 degrees of freedom, so that a far value is not yet an artefact

Artefacts, each told in `Stay.artefacts`: the arterial line is flat (one value for hours), two patients on one monitor
(another's values for hours), temperature in degF under degC, pressure in kPa under mmHg, single spikes. Gaps: the
monitor is off for hours. Missing is information here: who is well is seldom measured. Rates are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.models.stays.course import Courses, courses
from vitruvian.models.stays.physiology import Body

HOUR = 3600.0
RATE = {"icu": 1.0, "ward": 0.22}  # rounds an hour at severity 0
NIGHT, HASTE = 0.6, 0.5  # share of rounds from 23 to 6 h; log rate a unit of severity
LABS = {"icu": 0.05, "ward": 0.015}  # extra draws an hour at severity 0
UNITS = {"heart_rate": "/min", "map": "mm[Hg]", "systolic": "mm[Hg]", "diastolic": "mm[Hg]", "respiratory_rate": "/min",
         "spo2": "%", "temperature": "Cel", "gcs": "1", "urine": "mL/h", "lactate": "mmol/L", "creatinine": "mg/dL",
         "wbc": "10*3/uL", "fio2": "%"}  # fmt: skip
SPREAD = {"heart_rate": 2.5, "map": 2.5, "systolic": 4.0, "diastolic": 3.0, "respiratory_rate": 1.5, "spo2": 0.8,
          "temperature": 0.15, "gcs": 0.4, "urine": 12.0, "lactate": 0.12, "creatinine": 0.04, "wbc": 0.8,
          "fio2": 0.0}  # sd in the unit  # fmt: skip
VITALS = (
    "heart_rate",
    "map",
    "systolic",
    "diastolic",
    "respiratory_rate",
    "spo2",
    "temperature",
    "gcs",
    "urine",
    "fio2",
)
LABORATORY = ("lactate", "creatinine", "wbc")
TAKEN = {"temperature": 0.4, "gcs": 0.35, "urine": 0.5}  # share of rounds in which it is taken, else 0.93
WHOLE = ("heart_rate", "respiratory_rate", "spo2", "gcs", "systolic", "diastolic", "map")
ARTEFACTS = {"flat line": 0.10, "two patients": 0.04, "degF": 0.05, "kPa": 0.03, "spikes": 0.3}  # share of stays


@dataclass(frozen=True)
class Artefact:
    """What is wrong with the readings of `of` in [start, stop) s."""

    what: str
    of: tuple[str, ...]
    start: float
    stop: float


@dataclass(frozen=True)
class Treatment:
    """What was given from `at` (s): norepinephrine ug/kg/min, fluid mL/h, oxygen share, antibiotic 0 or 1."""

    of: str
    at: float
    amount: float


@dataclass(frozen=True)
class Stay:
    """A simulated stay: what was recorded of it, and the truth. Times: s since admission; onset {event: s, NaN}."""

    name: str
    unit: str
    age: float
    sex: str
    weight: float
    clock: float  # local s after midnight of the admission
    record: Record
    treatments: tuple[Treatment, ...]
    onset: dict[str, float]
    end: float
    ended: str
    artefacts: tuple[Artefact, ...]
    truth: dict[str, np.ndarray]  # hourly, by name as in UNITS
    hazard: dict[str, np.ndarray]  # an hour, of the three ends


def stays(count: int, seed: int, *, hours: int = 96, unit: str = "icu") -> list[Stay]:
    """Simulated stays; the first n are the same whatever `count` is, but for whose values "two patients" shows."""
    found = courses(count, seed, hours=hours, unit=unit)
    truth = [_truth(b, found, k) for k, b in enumerate(found.bodies)]
    hourly = {name: np.stack([t[name] for t in truth]) for name in truth[0]}
    return [_stay(found, hourly, i, (i + 1) % count, seed) for i in range(count)]


def _truth(body: Body, found: Courses, hour: int) -> dict[str, np.ndarray]:
    """What monitor and laboratory would show without noise, {name: (n,)}."""
    pulse = 0.6 * body.stroke * (1.0 + (found.who.age - 60.0) / 200.0)
    return {
        "heart_rate": body.heart_rate,
        "map": body.pressure,
        "systolic": body.pressure + 2.0 / 3.0 * pulse,
        "diastolic": body.pressure - pulse / 3.0,
        "respiratory_rate": body.respiration,
        "spo2": 100.0 * body.saturation,
        "temperature": body.temperature,
        "gcs": body.coma(),
        "urine": body.urine() * found.who.weight,
        "lactate": body.lactate,
        "creatinine": body.creatinine,
        "wbc": 8.5 + 4.5 * body.inflammation,
        "fio2": 100.0 * found.care[hour].oxygen,
    }


def _stay(found: Courses, hourly: dict[str, np.ndarray], i: int, other: int, seed: int) -> Stay:
    rng = generator(seed, "monitor", found.unit, i)
    hours = int(found.end[i])
    seen = _seen(found, hourly, i, hours, rng)
    artefacts = _spoiled(seen, {k: v[:, other] for k, v in hourly.items()}, hours, rng)
    record = Record.join([Record.of(name, t, v) for name, (t, v) in seen.items() if len(t)])
    return Stay(
        f"simulated-{found.unit}-{seed}-{i}", found.unit, float(found.who.age[i]),
        "female" if found.who.female[i] else "male", float(found.who.weight[i]), float(found.clock[i]) * HOUR, record,
        _treatments(found, i, hours), {k: float(v[i]) * HOUR for k, v in found.onset.items()}, hours * HOUR,
        str(found.ended[i]), tuple(artefacts), {k: v[:hours, i] for k, v in hourly.items()},
        {k: v[:hours, i] for k, v in found.hazard.items()},
    )  # fmt: skip


def _seen(
    found: Courses, hourly: dict[str, np.ndarray], i: int, hours: int, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{name: (times s, values)} without artefacts."""
    hour = np.arange(hours)
    local = (hour + found.clock[i]) % 24.0
    night = np.where((local >= 23.0) | (local < 6.0), NIGHT, 1.0)
    ill = np.minimum(found.severity[:hours, i], 4.0)
    rounds = rng.poisson(RATE[found.unit] * night * np.exp(HASTE * ill)) * _watched(hours, rng)
    labs = (local // 1.0 == 6.0) | (rng.uniform(size=hours) < LABS[found.unit] * np.exp(0.8 * ill))
    labs[:1] = True
    times = np.sort(np.repeat(hour, rounds) + rng.uniform(size=int(rounds.sum()))) * HOUR
    drawn = (hour[labs] + rng.uniform(size=int(labs.sum()))) * HOUR
    own = {name: rng.standard_normal() for name in LABORATORY}
    out = {}
    for name in (*VITALS, *LABORATORY):
        at = drawn if name in LABORATORY else times[rng.uniform(size=len(times)) < TAKEN.get(name, 0.93)]
        true = hourly[name][np.minimum((at / HOUR).astype(int), hours - 1), i]
        if name == "wbc":
            true = true * np.exp(0.25 * own[name])
        value = true + SPREAD[name] * rng.standard_t(4, size=len(at)) / np.sqrt(2.0)  # sd 1
        out[name] = at, _rounded(name, value)
    return out


def _watched(hours: int, rng: np.random.Generator) -> np.ndarray:
    """1 while the monitor is on: it goes off once in two days, for four hours on average."""
    on, out = True, np.ones(hours, dtype=np.int64)
    for k, u in enumerate(rng.uniform(size=hours)):
        on = (u >= 1.0 / 48.0) if on else (u < 0.25)
        out[k] = on
    return out


def _rounded(name: str, value: np.ndarray) -> np.ndarray:
    low, high = {"gcs": (3.0, 15.0), "spo2": (40.0, 100.0), "fio2": (21.0, 100.0)}.get(name, (0.0, np.inf))
    return np.round(np.clip(value, low, high), 0 if name in WHOLE else 2 if name == "creatinine" else 1)


def _spoiled(
    seen: dict[str, tuple[np.ndarray, np.ndarray]], other: dict[str, np.ndarray], hours: int, rng: np.random.Generator
) -> list[Artefact]:
    """Put artefacts into the values, and say which."""
    out = []
    u, place = rng.uniform(size=len(ARTEFACTS)), rng.uniform(size=(len(ARTEFACTS), 2))
    line = ("map", "systolic", "diastolic")
    whole = ("heart_rate", "respiratory_rate", "spo2", *line)
    ways = {"flat line": line, "two patients": whole, "degF": ("temperature",),
            "kPa": line, "spikes": ("heart_rate", *line)}  # fmt: skip
    for k, (what, share) in enumerate(ARTEFACTS.items()):
        start = place[k, 0] * max(hours - 2, 0) * HOUR
        stop = min(start + (2.0 + 6.0 * place[k, 1]) * HOUR, hours * HOUR)
        if u[k] >= share:
            continue
        touched = False
        for name in ways[what]:
            t, v = seen[name]
            inside = (t >= start) & (t < stop)
            if inside.any():
                v[inside] = _wrong(what, name, t[inside], v[inside], other, rng)
                touched = True
        if touched:
            out.append(Artefact(what, ways[what], float(start), float(stop)))
    return out


def _wrong(
    what: str, name: str, t: np.ndarray, v: np.ndarray, other: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    if what == "flat line":
        return np.full(len(v), v[0])
    if what == "two patients":
        theirs = other[name][np.minimum((t / HOUR).astype(int), len(other[name]) - 1)]
        return _rounded(name, theirs + SPREAD[name] * rng.standard_normal(len(v)))
    if what == "degF":
        return np.round(v * 1.8 + 32.0, 1)
    if what == "kPa":
        return np.round(v * 0.133322, 1)
    hit = rng.uniform(size=len(v)) < 0.2
    return np.where(hit, np.round(v * rng.uniform(1.6, 3.0, len(v))), v)


def _treatments(found: Courses, i: int, hours: int) -> tuple[Treatment, ...]:
    """Changes of dose, at the start of the hour from which they hold."""
    out = []
    for name in ("fluid", "noradrenaline", "oxygen", "antibiotic"):
        dose = np.array([getattr(found.care[k], name)[i] for k in range(hours)])
        before = np.concatenate([[0.21 if name == "oxygen" else 0.0], dose[:-1]])
        out += [Treatment(name, k * HOUR, float(dose[k])) for k in np.flatnonzero(dose != before).tolist()]
    return tuple(sorted(out, key=lambda t: (t.at, t.of)))
