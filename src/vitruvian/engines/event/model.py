"""The declarative model of a place where patients flow: what there is, who works when, who comes, which way they go.

A value, read from YAML or JSON (`text.read_model`), checked (`checks.check_model`), compiled to tables (`tables`).
Durations are laws with their own unit; times of day are "HH:MM" on the local clock; rates are per hour.
A model's time 0 is a Monday at midnight unless a case gives it a date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from vitruvian.engines.event.law import Law
from vitruvian.engines.event.said import said

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFF_SHIFT = ("finish", "handover", "suspend")
INTERRUPTED = ("resume", "restart", "resample", "reroute")
LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Hours of the week in which `count` members of a group are there; an end at or before the start is next day's."""

    days: tuple[str, ...] = said("days on which it starts", DAYS, choices=DAYS)
    start: str = said("HH:MM")
    end: str = said("HH:MM")
    count: int | None = said("how many; all of the group where none is given", None, low=0)


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Who is on when, week after week; shifts that overlap add up."""

    name: str = said("name")
    shifts: tuple[Shift, ...] = said("its shifts")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Interchangeable units of a pool: beds of one bay, nurses of one training and one roster."""

    name: str = said("name, unique in its pool")
    count: int = said("units", low=0)
    skills: tuple[str, ...] = said("what they can do or are equipped for", ())
    attributes: Mapping[str, str] = said("what patients are matched on: sex, isolation", {})
    roster: str | None = said("when they are there; always where none is given", None)


@dataclass(frozen=True, kw_only=True)
class Turnaround:
    """What happens to a unit after each use: cleaning, setting up."""

    hold: Law = said("how long")
    by: str | None = said("pool of those who do it; nobody's time where none is given", None)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """Each unit on its own fails and is repaired; who is using it is interrupted as their step says."""

    every: Law = said("time from the last repair to the next failure")
    repair: Law = said("how long a repair takes")
    by: str | None = said("pool of those who repair", None)


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Planned: `units` of a group are out for a while, week after week."""

    group: str | None = said("group; the pool's first where none is given", None)
    days: tuple[str, ...] = said("days", DAYS, choices=DAYS)
    start: str = said("HH:MM")
    end: str = said("HH:MM")
    units: int = said("how many are out", 1, low=1)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Beds, staff, rooms or equipment that patients hold one at a time."""

    name: str = said("name")
    kind: str = said("what it is", "other", choices=("bed", "staff", "room", "equipment", "other"))
    place: str = said("unit of the hospital it belongs to", "")
    capacity: int | None = said("units, where there are no groups", None, low=0)
    roster: str | None = said("when they are there, where there are no groups", None)
    groups: tuple[Group, ...] = said("units by bay, training or roster; tried in this order", ())
    off_shift: str = said("what happens to what is in hand at the end of a shift", "finish", choices=OFF_SHIFT)
    handover: float = said("time a handover adds to what is handed over", 0.0, unit="min", low=0.0)
    turnaround: Turnaround | None = said("between two uses", None)
    breakdown: Breakdown | None = said("failures", None)
    maintenance: tuple[Maintenance, ...] = said("planned downtime", ())
    cost_hour: float = said("cost of a unit for every hour it is there", 0.0)
    cost_busy_hour: float = said("further cost for every hour in use", 0.0)
    cost_overtime_hour: float = said("further cost for every hour beyond the shift", 0.0)

    @cached_property
    def parts(self) -> tuple[Group, ...]:
        """The groups, or one of the whole pool."""
        return self.groups or (Group(name=self.name, count=self.capacity or 0, roster=self.roster),)


@dataclass(frozen=True, kw_only=True)
class Supply:
    """What is used by amounts. `stock`: used up, ordered again; else a flow (oxygen, air) given back after use."""

    name: str = said("name")
    capacity: float = said("the most there is, and what there is at first", low=0.0)
    stock: bool = said("used up (true) or given back (false)", False)
    reorder_at: float = said("a stock is ordered up to capacity when it is at or below this", 0.0, low=0.0)
    lead: Law | None = said("from order to delivery", None)
    cost: float = said("cost of a unit used", 0.0)


@dataclass(frozen=True, kw_only=True)
class PatientClass:
    """A triage category or patient group."""

    name: str = said("name")
    priority: float = said("less is more urgent", 0.0)
    ageing: float = said("urgency gained by an hour of waiting", 0.0, low=0.0)
    preempts: bool = said("takes units from less urgent patients whose step allows it", False)
    under: Mapping[str, float] = said("priority while a mode is on: {mode: priority}", {})
    cost_wait_hour: float = said("cost of an hour of waiting", 0.0)
    cost_left: float = said("cost of a patient who leaves unseen", 0.0)


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """What is drawn for every patient on arrival: sex, need of isolation, insurance."""

    name: str = said("name")
    chances: Mapping[str, float] = said("{value: chance}")
    classes: Mapping[str, Mapping[str, float]] = said("chances for some classes: {class: {value: chance}}", {})


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a step seizes from a pool, all at once with the step's other needs."""

    pool: str = said("pool")
    amount: int = said("units", 1, low=1)
    skill: str | None = said("only groups with this skill", None)
    attributes: Mapping[str, str] = said("only groups with these attributes", {})
    match: str | None = said("only groups whose attribute equals the patient's", None)
    groups: tuple[str, ...] = said("only these groups, tried in this order", ())


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How many may wait for a step, and what happens to one too many: leaves, waits upstream, or goes elsewhere."""

    limit: int = said("the most who wait", low=0)
    full: str = said("leave | block | the name of a step", LEAVE)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Who has waited this long for a step gives up."""

    after: Law = said("how long")
    to: str = said("where to: a step, or leave", LEAVE)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Patients or samples that are served together."""

    size: int = said("how many", low=2)
    most_wait: float | None = said("goes with fewer when the first has waited this long", None, unit="min", low=0.0)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where to next. Chances {step or leave: p}; those of a class, an attribute's value or a mode come first."""

    to: Mapping[str, float] = said("{step: chance}; what is lacking to 1 leaves", {})
    classes: Mapping[str, Mapping[str, float]] = said("{class: {step: chance}}", {})
    attribute: str | None = said("attribute that decides", None)
    values: Mapping[str, Mapping[str, float]] = said("{value: {step: chance}}", {})
    mode: str | None = said("mode that decides while it is on", None)
    under: Mapping[str, float] = said("{step: chance} while that mode is on", {})


@dataclass(frozen=True, kw_only=True)
class Step:
    """Wait for what is needed, hold it, give it back, go on. A later step, or leaving, gives back what is kept."""

    name: str = said("name, unique in the model")
    place: str = said("unit of the hospital in which it happens; where the patient was before if none is given", "")
    seize: tuple[Need, ...] = said("all at once", ())
    use: Mapping[str, float] = said("supplies: {supply: amount}", {})
    free: tuple[str, ...] = said("pools given back as soon as the step's needs are met", ())
    hold: Law = said("how long")
    holds: Mapping[str, Law] = said("for some classes", {})
    keep: tuple[str, ...] = said("pools of this step not given back at its end", ())
    release: tuple[str, ...] = said("pools kept from earlier steps, given back at the end", ())
    priority: float = said("added to the class's priority", 0.0)
    queue: Queue | None = said("limit of those who wait", None)
    patience: Patience | None = said("leaving without being seen", None)
    batch: Batch | None = said("together with others", None)
    preemptible: bool = said("its units may be taken by those who preempt", True)
    interrupted: str = said("after an interruption", "resume", choices=INTERRUPTED)
    reroute: str = said("where to, if interrupted = reroute", LEAVE)
    target: float | None = said("waits longer than this are counted", None, unit="min", low=0.0)
    boarding: bool = said("waiting for it is boarding", False)
    cost: float = said("cost of each time", 0.0)
    route: Route | None = said("where to next; the pathway's next step where none is given", None)


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """Steps in order."""

    name: str = said("name")
    steps: tuple[Step, ...] = said("steps")


@dataclass(frozen=True, kw_only=True)
class Appointments:
    """A template of the week: at each time `count` patients are booked."""

    days: tuple[str, ...] = said("days", ("mon", "tue", "wed", "thu", "fri"), choices=DAYS)
    times: tuple[str, ...] = said("HH:MM")
    count: int = said("patients at each time", 1, low=1)
    no_show: float = said("chance not to come", 0.0, low=0.0, high=1.0)
    early: float = said("mean time before the appointment", 0.0, unit="min")
    spread: float = said("standard deviation of the time of arrival", 0.0, unit="min", low=0.0)


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Who comes: Poisson at `rates`, or by appointment. Every source has a number of its own and so its own draws."""

    name: str = said("name")
    pathway: str = said("pathway they start")
    classes: Mapping[str, float] = said("{class: share}; the only class where none is given", {})
    rates: tuple[float, ...] = said("per hour, on equal parts of the period", (), low=0.0)
    period: str = said("what the rates repeat over", "day", choices=("day", "week"))
    weekdays: tuple[float, ...] = said("factor of Monday to Sunday", (), low=0.0)
    months: tuple[float, ...] = said("factor of January to December", (), low=0.0)
    holiday: float = said("factor on the model's holidays", 1.0, low=0.0)
    once: bool = said("only over the first period", False)
    appointments: Appointments | None = said("by appointment", None)
    elective: bool = said("may be cancelled", False)
    only: str | None = said("only while this mode is on: another appointment template, an outreach clinic", None)
    unless: str | None = said("not while this mode is on", None)
    driven: bool = said("an input x of the twin multiplies its rate by 1 + slope x", False)


@dataclass(frozen=True, kw_only=True)
class Uncertain:
    """A number that multiplies rates or durations and is not known exactly: a parameter of the twin."""

    name: str = said("name")
    median: float = said("median", 1.0, low=1e-6)
    log_sd: float = said("standard deviation of its logarithm", low=0.0)
    arrivals: tuple[str, ...] = said("multiplies these sources", ())
    steps: tuple[str, ...] = said("multiplies the holds of these steps", ())
    source: str = said("where the numbers are from", "assumed")
    meaning: str = said("what it is", "")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A hospital, or a part of one."""

    name: str = said("name")
    label: str = said("what it is and where its numbers are from; synthetic ones say so")
    pools: tuple[Pool, ...] = said("beds, staff, rooms, equipment", ())
    supplies: tuple[Supply, ...] = said("stocks and flows", ())
    rosters: tuple[Roster, ...] = said("rosters", ())
    classes: tuple[PatientClass, ...] = said("patient classes", (PatientClass(name="all"),))
    attributes: tuple[Attribute, ...] = said("what is drawn on arrival", ())
    modes: tuple[str, ...] = said("switches of rules: a triage rule, a fast track", ())
    pathways: tuple[Pathway, ...] = said("pathways")
    arrivals: tuple[Arrivals, ...] = said("who comes")
    holidays: tuple[str, ...] = said("dates YYYY-MM-DD", ())
    stay_targets: Mapping[str, float] = said("{place: min}: stays longer than this are counted", {})
    cycles: str = said(
        "pools that wait for each other: refuse, or detect a deadlock", "refuse", choices=("refuse", "detect")
    )
    uncertain: tuple[Uncertain, ...] = said("what multiplies rates and durations", ())

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order of the pathways."""
        return tuple(s for p in self.pathways for s in p.steps)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Units of the hospital in order of their first step."""
        return tuple(dict.fromkeys(s.place for s in self.steps if s.place))

    @cached_property
    def groups(self) -> tuple[tuple[Pool, Group], ...]:
        """All groups with their pools, in order."""
        return tuple((p, g) for p in self.pools for g in p.parts)

    def next_step(self, name: str) -> str:
        """The step after `name` in its pathway, or leave."""
        for pathway in self.pathways:
            names = [s.name for s in pathway.steps]
            if name in names:
                return names[names.index(name) + 1] if name != names[-1] else LEAVE
        return LEAVE
