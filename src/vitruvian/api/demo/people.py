"""Six synthetic persons and what their sensors, pens and diaries say, minute by minute, for as long as it is asked.

They are simulated by the published meal model (models.dallaman), not by the equations of the metabolic kind: a twin has
to learn them. Their days, the sensors' errors and what happens around the start are assumed. The same start gives the
same course; what was said of a time does not change when more time is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models.dallaman.sets import ParameterSet
from vitruvian.platform.synthetic import MARK

SEED = 2026
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEFORE = timedelta(days=4)  # simulated before the start: two days of run-up, two of history
EATING = 15  # min that a meal takes
UNIT = 6000.0  # pmol in one unit of insulin: Kovatchev et al. 2009
SENSOR_SD, SENSOR_TAU, WHITE_SD = 4.0, 25.0, 1.5  # mg/dL, min, mg/dL; assumed


@dataclass(frozen=True)
class Person:
    """Who it is: the model's numbers by name, the day's meals as (local hour, g of carbohydrate), g covered by one U.

    now: what is eaten (g) and injected (U) at minutes before the start, as logged; that is what they are here to show.
    """

    id: str
    name: str
    numbers: str
    zone: str
    fields: dict[str, str]
    meals: tuple[tuple[float, float], ...]
    ratio: float = 0.0
    now: tuple[tuple[float, float, float], ...] = ()
    by: str = "mqtt"  # how the sensor's readings come: mqtt, fhir, http
    faults: bool = False  # its gateway sends rows that cannot be used
    late: int = 0  # min for which readings are held back and then sent together

    @property
    def subject(self) -> str:
        """The twin's name, with the mark of what is synthetic."""
        return f"{self.name} {MARK}"


THREE = ((7.3, 45.0), (12.6, 60.0), (18.8, 65.0))
PEOPLE = (
    Person("demo-ada", "Ada, no diabetes: steady", "normal", "Europe/Berlin",
           {"weight": "78 kg", "diabetes": "none", "age": "41"}, THREE),
    Person("demo-ben", "Ben, type 2: high after meals", "type2", "America/Chicago",
           {"weight": "91 kg", "diabetes": "type2", "age": "58", "hba1c": "8.1 %"},
           ((7.6, 70.0), (12.9, 85.0), (18.6, 95.0)), now=((35.0, 95.0, 0.0),), by="fhir"),
    Person("demo-cleo", "Cleo, type 1: heading low", "adult#002", "Europe/London",
           {"weight": "111 kg", "diabetes": "type1", "age": "33"}, THREE, ratio=14.0,
           now=((100.0, 0.0, 10.0), (-40.0, 25.0, 0.0))),
    Person("demo-dov", "Dov, prediabetes: late snacks", "prediabetes", "Asia/Jerusalem",
           {"weight": "85 kg", "diabetes": "prediabetes", "age": "52"},
           (*THREE, (21.8, 40.0)), by="http", faults=True),
    Person("demo-elif", "Elif, prediabetes: eats every few hours", "between", "Europe/Istanbul",
           {"weight": "81 kg", "diabetes": "prediabetes", "age": "47"},
           ((7.0, 30.0), (10.0, 25.0), (13.0, 40.0), (16.0, 25.0), (19.0, 40.0))),
    Person("demo-finn", "Finn, type 1: readings come late", "adult#003", "America/New_York",
           {"weight": "82 kg", "diabetes": "type1", "age": "27"}, THREE, ratio=10.0, late=30),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A reading of the sensor (mg/dL), a logged meal (g) or dose (U, "fast" or "basal"), and when it becomes known."""

    person: Person
    what: str  # "glucose", "meal", "fast", "basal"
    at: datetime
    value: float
    known_at: datetime


@dataclass
class Course:
    """The persons' course around `start` (UTC, whole minutes are used)."""

    start: datetime
    people: Sequence[Person] = PEOPLE
    _days: int = field(default=0, init=False)  # simulated after the start
    _sensor: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)), init=False)  # (minute, person), mg/dL

    def __post_init__(self) -> None:
        self.start = self.start.astimezone(UTC).replace(second=0, microsecond=0)
        self.begin = self.start - BEFORE

    def between(self, first: datetime, last: datetime) -> list[Said]:
        """What is known from after `first` to `last`, in the order in which it becomes known."""
        self._simulate(last)
        said = [s for k, p in enumerate(self.people) for s in (*self._readings(k, p, first, last), *self._logged(p))]
        return sorted((s for s in said if first < s.known_at <= last), key=lambda s: (s.known_at, s.person.id))

    def _readings(self, k: int, person: Person, first: datetime, last: datetime) -> Iterator[Said]:
        held = timedelta(minutes=person.late)
        low, high = (int((t - self.begin) / MINUTE) for t in (first - held, last))
        for minute in range(max(low, 0), min(high + 1, len(self._sensor))):
            if minute % 5 == k % 5:
                at = self.begin + minute * MINUTE
                until = at if not person.late else self.begin + -(-minute // person.late) * held
                yield Said(person, "glucose", at, float(self._sensor[minute, k]), until)

    def _logged(self, person: Person) -> Iterator[Said]:
        for minute, carbohydrate, units in self._events(person):
            at = self.begin + minute * MINUTE
            if carbohydrate:
                yield Said(person, "meal", at, round(carbohydrate), at)
            if units:
                yield Said(person, "fast", at, units, at)
        if person.ratio:
            daily = round(24 * 60 * self._basal[self.people.index(person)], 1)
            for day in range(self.total // 1440):
                yield Said(person, "basal", (at := self.begin + day * DAY), daily, at)

    @property
    def total(self) -> int:
        """Minutes simulated, or to be."""
        return int((BEFORE + self._days * DAY) / MINUTE)

    @cached_property
    def _sets(self) -> tuple[ParameterSet, ...]:
        from vitruvian.models.dallaman import NORMAL, PREDIABETES, TYPE2, between, patient

        mixed = between("half way", "between two published sets", NORMAL, PREDIABETES, 0.5)
        known = {"normal": NORMAL, "type2": TYPE2, "prediabetes": PREDIABETES, "between": mixed}
        return tuple(known[p.numbers] if p.numbers in known else patient(p.numbers) for p in self.people)

    @cached_property
    def _basal(self) -> list[float]:
        """U/min of those who do not secrete, 0 for the others."""
        from vitruvian.models.dallaman import basal

        return [float(basal(s).ub) * float(s.BW) / UNIT for s in self._sets]

    def _events(self, person: Person) -> list[tuple[int, float, float]]:
        """(minute, g, U) of every meal and dose as logged; nothing usual in the three hours before the start."""
        zone, out = ZoneInfo(person.zone), []
        first = self.begin.astimezone(zone).date()
        for day in range(self.total // 1440 + 2):
            date = first + day * DAY
            rng = generator(SEED, "demo meals", person.id, date.toordinal())
            for hour, grams in person.meals:
                at = datetime(date.year, date.month, date.day, tzinfo=zone) + timedelta(hours=hour + rng.normal(0, 0.4))
                carbohydrate = grams * float(np.exp(rng.normal(0, 0.2)))
                minute = int((at.astimezone(UTC) - self.begin) / MINUTE)
                quiet = int(BEFORE / MINUTE) - 180 <= minute <= int(BEFORE / MINUTE) + 60
                if 0 <= minute < self.total and not (quiet and person.now):
                    units = round(2 * carbohydrate / person.ratio) / 2 if person.ratio else 0.0
                    out.append((minute, carbohydrate, units))
        out += [(int(BEFORE / MINUTE - before), grams, units) for before, grams, units in person.now]
        return sorted(out)

    def _simulate(self, until: datetime) -> None:
        if self._days and until < self.begin + (self.total - 10) * MINUTE:
            return
        from vitruvian.models.dallaman import run, stacked

        self._days = max(1, 2 * self._days, int((until - self.start) / DAY) + 1)
        eaten = np.zeros((self.total, len(self.people)))
        infused = np.tile(np.array(self._basal), (self.total, 1))
        for k, person in enumerate(self.people):
            for minute, carbohydrate, units in self._events(person):
                rng = generator(SEED, "demo plate", person.id, minute)
                misjudged = float(np.exp(rng.normal(0, 0.15)))
                eaten[minute : minute + EATING, k] += carbohydrate * misjudged / EATING
                infused[minute, k] += units
        glucose = run(stacked(self._sets), eaten, infused).sensor[: self.total]
        self._sensor = np.clip(np.round(glucose + self._errors()), 40, 400)

    def _errors(self) -> np.ndarray:
        """The sensors' errors, (minute, person): AR(1) and white."""
        out = np.empty((self.total, len(self.people)))
        decay = float(np.exp(-1 / SENSOR_TAU))
        for k, person in enumerate(self.people):
            rng = generator(SEED, "demo sensor", person.id, self.start.toordinal())
            drawn = rng.standard_normal((self.total, 2))
            error = 0.0
            for minute in range(self.total):
                error = decay * error + SENSOR_SD * (1 - decay**2) ** 0.5 * drawn[minute, 0]
                out[minute, k] = error + WHITE_SD * drawn[minute, 1]
        return out
