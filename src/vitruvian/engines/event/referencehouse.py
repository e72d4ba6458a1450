"""The reference's house: its resources, what happens when, and how units come, go, fail and are given back."""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from vitruvian.core.forcing import Forcing
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.model import LEAVE, PatientClass, Step
from vitruvian.engines.event.referencedraws import LIFE, Stream
from vitruvian.engines.event.referencethings import Line, Patient, Resource, Unit
from vitruvian.engines.event.tables import Tables

WORK = PatientClass(name="(work)")
Row = tuple[float, int, int, int, int]


class AbstractHouse(ABC):
    """One member of a model: what is there. What patients do is in `Reference`."""

    def __init__(
        self,
        tables: Tables,
        forcing: Forcing,
        seed: int,
        gains: Mapping[str, float] | None = None,
        slopes: Mapping[str, float] | None = None,
    ) -> None:
        self.tables, self.model, self.forcing, self.seed = tables, tables.model, forcing, int(seed)
        self.gains, self.slopes = gains or {}, slopes or {}
        self.steps, self.t, self.t1 = tables.steps, forcing.t0, forcing.t1
        self.heap: list[tuple] = []
        self.trace: list[Row] = []
        self.pushed = 0
        self.dirty: deque[Resource] = deque()
        self.jobs: deque[Unit] = deque()
        self.waiting = [0] * len(self.steps)
        self.batches: list[list[Patient]] = [[] for _ in self.steps]
        self.blocked: list[deque[Patient]] = [deque() for _ in self.steps]
        self.modes = dict.fromkeys(self.model.modes, False)
        self.check = self.dead = False
        groups = len(self.model.groups)
        self.resources = [Resource(k, pool, group) for k, (pool, group) in enumerate(self.model.groups)]
        self.resources += [Resource(groups + k, supply=s, level=s.capacity) for k, s in enumerate(self.model.supplies)]
        place = 0
        for resource, count in zip(self.resources, tables.units, strict=False):
            for k in range(count):
                resource.units.append(Unit(resource, k, place))
                place += 1
        self.lines: dict[tuple[int, str, str], Line] = {}
        for step, value, c in tables.lists:
            self._line(step, value, c)

    def _line(self, number: int, value: int, c: int) -> None:
        step = self.steps[number]
        match = self.tables.match(step)
        values = list(next(a.chances for a in self.model.attributes if a.name == match)) if match else [""]
        chosen = values[value]
        needs = [
            [self.resources[g] for g in self.tables.alternatives(n, chosen)]
            for n in step.seize
            for _ in range(n.amount)
        ]
        named = {r.supply.name: r for r in self.resources if r.supply}
        uses = [(named[n], amount) for n, amount in step.use.items()]
        class_ = self.model.classes[c] if c < len(self.model.classes) else WORK
        line = Line(number, class_, needs, uses)
        self.lines[number, chosen, class_.name] = line
        for resource in dict.fromkeys([r for n in needs for r in n] + [r for r, _ in uses]):
            resource.lists.append(line)

    @abstractmethod
    def join(self, p: Patient, step: int) -> None: ...

    @abstractmethod
    def wait(self, p: Patient) -> None: ...

    @abstractmethod
    def leave(self, p: Patient) -> None: ...

    @abstractmethod
    def give_supplies(self, p: Patient) -> None: ...

    def at(self, t: float, rank: tuple[int, int], what: Callable[[], object], patient: Patient | None = None) -> None:
        """`what` happens at t; a patient has one event to come at most."""
        self.pushed += 1
        if patient is not None:
            patient.event += 1
        heapq.heappush(self.heap, (t, rank, self.pushed, patient, patient.event if patient else 0, what))

    def patient_at(self, t: float, patient: Patient, what: Callable[[], object]) -> None:
        self.at(t, (4, patient.number), what, patient)

    def note(self, what: int, who: int, where: int, unit: int = -1) -> None:
        self.trace.append((self.t, what, who, where, unit))

    # ----------------------------------------------------------------------------------------------------- units
    def mark(self, r: Resource) -> None:
        if r not in self.dirty:
            self.dirty.append(r)

    def give_back(self, units: list[Unit], which: Callable[[str], bool], clean: bool) -> list[Unit]:
        """Give back those whose pool's name is wanted; the rest."""
        kept = []
        for u in units:
            assert u.group.pool is not None
            if which(u.group.pool.name):
                self.out_of_hand(u, clean)
            else:
                kept.append(u)
        return kept

    def out_of_hand(self, u: Unit, clean: bool) -> None:
        pool = u.group.pool
        assert pool is not None
        u.holder = None
        if (u.failed and pool.breakdown) or (clean and pool.turnaround):
            u.state = "down"
            self.jobs.append(u)
        else:
            self.to_next(u)

    def to_next(self, u: Unit) -> None:
        if u.leaving:
            u.state, u.leaving = "off", False
        else:
            u.state = "free"
            self.mark(u.group)

    def make_job(self, u: Unit) -> None:
        source = len(self.model.arrivals) + u.group.index
        number = (source << (at.LAYER_BITS + at.INDEX_BITS)) | (1 << at.INDEX_BITS) | (u.index << 22) | u.jobs
        u.jobs += 1
        job = Patient(number, WORK, Stream.of(self.seed, number), unit=u)
        what = "repair" if u.failed else "turnaround"
        u.failed = False
        assert u.group.pool is not None
        self.join(job, self.tables.step_index[f"{what} of {u.group.pool.name}"])

    def work_done(self, job: Patient, u: Unit) -> None:
        self.note(at.ENDS, job.number, job.at)
        self.give_back([*job.older, *job.own], lambda name: True, clean=True)
        if u.failed:
            self.jobs.append(u)
        else:
            self.note(at.REPAIRED, 0, u.group.index, u.index)
            self.to_next(u)
        assert job.step is not None
        if job.step.name.startswith("repair of "):
            self.lives(u)

    def lives(self, u: Unit) -> None:
        source = len(self.model.arrivals) + u.group.index
        number = (source << (at.LAYER_BITS + at.INDEX_BITS)) | (2 << at.INDEX_BITS) | (u.index << 22) | u.fails
        u.fails += 1
        assert u.group.pool is not None
        assert u.group.pool.breakdown is not None
        life = Stream.of(self.seed, number).duration(u.group.pool.breakdown.every, LIFE)
        self.at(self.t + life, (2, u.place), lambda: self.fail(u))

    def fail(self, u: Unit) -> None:
        if u.state == "off":
            self.lives(u)
            return
        self.note(at.FAILS_NOW, 0, u.group.index, u.index)
        u.failed = True
        if u.state == "free":
            u.state = "down"
            self.jobs.append(u)
        elif u.state == "busy" and u.holder is not None and self.in_use(u):
            self.interrupt(u.holder, 0.0)

    # --------------------------------------------------------------------------------- interruptions and shifts
    def in_use(self, u: Unit) -> bool:
        p = u.holder
        return p is not None and p.in_hold and p.unit is None and u in p.own

    def standing(self, class_: PatientClass, step: Step) -> float:
        """Priority without ageing."""
        base = class_.priority
        for mode in self.model.modes:
            if self.modes[mode]:
                base = class_.under.get(mode, base)
        return base + step.priority

    def worst(self, units: list[Unit]) -> Unit | None:
        """That of the least urgent, who began last, of the highest number; the first unit of that patient."""

        def rank(u: Unit) -> tuple[float, float, int]:
            p = u.holder
            assert p is not None
            assert p.step is not None
            return (self.standing(p.class_, p.step), p.began, p.number)

        return max(units, key=rank, default=None)

    def interrupt(self, p: Patient, more: float) -> None:
        assert p.step is not None
        policy = p.step.interrupted
        if policy == "resume":
            p.left = max(p.ends - self.t, 0.0) + more
        elif policy == "restart":
            p.left = p.length + more
        else:
            p.left = math.nan
            p.repeat += 1
        p.ends, p.event = math.nan, p.event + 1
        self.note(at.INTERRUPTS, p.number, p.at)
        self.give_supplies(p)
        self.give_back(p.own, lambda name: True, clean=False)
        p.own = []
        if policy != "reroute":
            self.waiting[p.at] += 1 + len(p.mates)
            self.wait(p)
        elif p.step.reroute == LEAVE:
            self.leave(p)
        else:
            self.join(p, self.tables.step_index[p.step.reroute])

    def set_open(self, r: Resource, n: int) -> None:
        n = min(max(n, 0), len(r.units))
        if n == r.open:
            return
        self.note(at.CAPACITY, 0, r.index, n)
        while r.open < n:
            staying = next((u for u in r.units if u.leaving), None)
            if staying:
                staying.leaving = False
            else:
                u = next(u for u in r.units if u.state == "off")
                u.state = "free"
                self.mark(r)
            r.open += 1
        while r.open > n:
            r.open -= 1
            self.one_fewer(r)

    def one_fewer(self, r: Resource) -> None:
        pool = r.pool
        assert pool is not None
        for state in ("free", "down"):
            there = [u for u in r.units if u.state == state and not u.leaving]
            if there and state == "free":
                there[-1].state = "off"
                return
            if there:
                there[-1].leaving = True
                return
        busy = [u for u in r.units if u.state == "busy" and not u.leaving]
        u = None
        if pool.off_shift != "finish":
            u = self.worst([b for b in busy if self.in_use(b)])
        stopped, u = u.holder if u else None, u or busy[-1]
        u.leaving = True
        if stopped is not None:
            self.interrupt(stopped, pool.handover * 60.0 if pool.off_shift == "handover" else 0.0)
