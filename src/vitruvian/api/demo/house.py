"""A synthetic hospital's day as its admission system tells it: HL7 v2 ADT messages, one an event.

Patients come at the hourly rates of the shipped emergency department, walk through its steps and are admitted to its
wards; times of steps are lognormal with waiting in them, not those of the event engine. Every number is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.platform.synthetic import MARK

SITE = f"Demonstration hospital {MARK}"
SEED = 2026
RUN_UP = timedelta(days=6)  # so that the wards are as full as usual
RATES = (4, 3, 2.5, 2, 2, 2.5, 4, 6, 9, 11, 12, 12, 11, 11, 10.5, 10.5, 11, 11, 10.5, 10, 9, 8, 6.5, 5)  # an hour
URGENCY = {"red": 0.03, "orange": 0.17, "yellow": 0.45, "green": 0.35}
MINUTES = {  # median of a step, waiting in it included
    "triage": 12, "first look": 22, "assessment": 45, "tests": 80, "treatment": 40, "decision": 14,
    "bed request": 45, "resuscitation": 60, "minor treatment": 45, "discharge": 30,
    "ward stay": 36 * 60, "elective stay": 28 * 60,
}  # fmt: skip
ADMITTED = {"red": 0.85, "orange": 0.42, "yellow": 0.18, "green": 0.04}
ELECTIVES = (7.5, 8.0, 8.5, 11.0, 12.5)  # hours at which two are admitted
HEAD = "MSH|^~\\&|ADT|{site}|VITRUVIAN|HERE|{at}||ADT^{event}|{id}|T|2.5.1||||||UNICODE UTF-8"


@dataclass(frozen=True)
class Event:
    """What happened to a visit: A04 registered, A01 admitted, A02 moved, A03 gone; `step`: where it is."""

    at: datetime
    visit: str
    code: str
    step: str
    urgency: str

    @property
    def message(self) -> str:
        """As HL7 v2.5.1; MSH-11 says T: training."""
        at = self.at.strftime("%Y%m%d%H%M%S+0000")
        head = HEAD.format(site=SITE, at=at, event=self.code, id=f"{self.visit}-{self.code}-{at[2:14]}")
        place = "wards" if self.step in ("ward stay", "elective stay", "discharge") else "emergency"
        pv1 = [""] * 45
        pv1[0], pv1[1] = "1", "I" if place == "wards" else "E"
        pv1[2], pv1[18], pv1[24] = f"{place}^{self.step}^^{SITE}", f"{self.visit}^^^{SITE}^VN", self.urgency
        patient = f"PID|1||{self.visit}^^^{SITE}^MR||{MARK}^Patient {self.visit}"
        return "\r".join([head, f"EVN|{self.code}|{at}", patient, "PV1|" + "|".join(pv1)]) + "\r"


class House:
    """The events of the hospital around `start`, the same for the same start."""

    def __init__(self, start: datetime) -> None:
        self.start = start.astimezone(UTC)
        self._hour = (self.start - RUN_UP).replace(minute=0, second=0, microsecond=0)
        self._events: list[Event] = []

    def between(self, first: datetime, last: datetime) -> list[Event]:
        """What happens from after `first` to `last`."""
        while self._hour <= last:
            self._events += [e for visit in self._visits(self._hour) for e in visit]
            self._hour += timedelta(hours=1)
        self._events.sort(key=lambda e: (e.at, e.visit))
        return [e for e in self._events if first < e.at <= last]

    def present(self, at: datetime) -> list[Event]:
        """All events up to `at` of the visits that are not over then."""
        known = self.between(self.start - RUN_UP, at)
        gone = {e.visit for e in known if e.code == "A03"}
        return [e for e in known if e.visit not in gone]

    def arrivals(self, hour: datetime) -> int:
        """Walk-ins of the hour that begins then."""
        return sum(e.code == "A04" for e in self.between(hour, hour + timedelta(hours=1)))

    def count(self, at: datetime) -> int:
        """Patients in the house then."""
        return len({e.visit for e in self.present(at)})

    def _visits(self, hour: datetime) -> Iterator[list[Event]]:
        rng = generator(SEED, "demo house", int(hour.timestamp()) // 3600)
        for k in range(int(rng.poisson(RATES[hour.hour]))):
            at = hour + timedelta(hours=float(rng.uniform()))
            urgency = str(rng.choice(list(URGENCY), p=list(URGENCY.values())))
            yield self._visit(rng, f"E{int(hour.timestamp()) // 3600}-{k}", at, urgency, self._way(rng, urgency))
        for k, planned in enumerate(ELECTIVES):
            if int(planned) == hour.hour and hour.weekday() < 5:
                at = hour + timedelta(hours=planned % 1)
                for n in range(2):
                    name = f"P{int(hour.timestamp()) // 3600}-{k}{n}"
                    yield self._visit(rng, name, at, "green", ["elective stay", "discharge"])

    def _way(self, rng: np.random.Generator, urgency: str) -> list[str]:
        """The steps that this patient takes."""
        way = ["triage"]
        if urgency == "red":
            way += ["resuscitation"]
        elif urgency == "green" and rng.random() < 0.5:
            return [*way, "minor treatment"]
        else:
            way += ["first look", "assessment", *(["tests"] if rng.random() < 0.55 else []), "treatment", "decision"]
        return [*way, "bed request", "ward stay", "discharge"] if rng.random() < ADMITTED[urgency] else way

    def _visit(self, rng: np.random.Generator, visit: str, at: datetime, urgency: str, way: list[str]) -> list[Event]:
        out = []
        for k, step in enumerate(way):
            code = ("A04" if step == "triage" else "A01") if k == 0 else "A02"
            out.append(Event(at.replace(microsecond=0), visit, code, step, urgency))
            at += timedelta(minutes=MINUTES[step] * float(np.exp(rng.normal(0, 0.5))))
        return [*out, Event(at.replace(microsecond=0), visit, "A03", way[-1], urgency)]
