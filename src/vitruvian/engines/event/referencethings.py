"""What the reference moves about: patients, units, groups, supplies and waiting lists, as plain objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from vitruvian.engines.event.model import Group, PatientClass, Pool, Step, Supply
from vitruvian.engines.event.referencedraws import Stream


@dataclass(eq=False)
class Unit:
    """A bed, a nurse, a scanner."""

    group: Resource
    index: int
    place: int  # among all units
    state: str = "off"  # off, free, busy, down
    holder: Patient | None = None
    leaving: bool = False
    failed: bool = False
    fails: int = 0
    jobs: int = 0


@dataclass(eq=False)
class Resource:
    """A group of a pool, or a supply."""

    index: int
    pool: Pool | None = None
    group: Group | None = None
    supply: Supply | None = None
    units: list[Unit] = field(default_factory=list)
    open: int = 0
    lists: list[Line] = field(default_factory=list)
    level: float = 0.0
    orders: int = 0
    on_order: bool = False

    def free(self) -> list[Unit]:
        return [u for u in self.units if u.state == "free"]


@dataclass(eq=False)
class Patient:
    """A patient, or work on a unit."""

    number: int
    class_: PatientClass
    stream: Stream
    traits: dict[str, str] = field(default_factory=dict)
    step: Step | None = None
    at: int = -1  # number of its step
    round: int = 0
    repeat: int = 0
    since: float = 0.0
    began: float = math.nan
    length: float = 0.0
    left: float = math.nan
    line: Line | None = None
    mates: list[Patient] = field(default_factory=list)
    goal: int = -1
    unit: Unit | None = None
    older: list[Unit] = field(default_factory=list)  # held from earlier steps
    own: list[Unit] = field(default_factory=list)  # seized by this step
    ends: float = math.nan  # when its hold ends
    patient_leaves: bool = False  # will give up, or goes when its batch does: something is to come
    event: int = 0  # version of its event: an event of an older version does not happen

    @property
    def holds(self) -> bool:
        return bool(self.older or self.own)

    @property
    def in_hold(self) -> bool:
        return not math.isnan(self.ends)


@dataclass(eq=False)
class Line:
    """Those of one class who wait for one set of needs, in order."""

    step: int
    class_: PatientClass
    needs: list[list[Resource]]  # alternatives of every unit needed
    supplies: list[tuple[Resource, float]]
    waiting: list[Patient] = field(default_factory=list)

    def insert(self, patient: Patient) -> None:
        """In order of arrival, then of number."""
        patient.line = self
        self.waiting.append(patient)
        self.waiting.sort(key=lambda p: (p.since, p.number))
