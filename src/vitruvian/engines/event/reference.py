"""The event engine in plain Python, to read and to check the compiled kernel by: same draws, same trace, bit for bit.

Written from the model and not from its tables: objects and names, one method a rule, no care for speed.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import final

import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.model import LEAVE, Batch
from vitruvian.engines.event.referencearrivals import Door
from vitruvian.engines.event.referencedraws import HOLD, LEAD_TIME, PATIENT, ROUTE, Stream
from vitruvian.engines.event.referencehouse import AbstractHouse, Row
from vitruvian.engines.event.referenceserving import look_for_deadlock, settle
from vitruvian.engines.event.referencethings import Line, Patient, Resource, Unit


@final
class Reference(AbstractHouse):
    """One member of a model: what patients do."""

    # ----------------------------------------------------------------------------------------------------- events
    def follow(self, channel: str, rank: tuple[int, int], apply: Callable[[float], object]) -> None:
        """What a schedule says now, and at each of its edges."""
        schedule, t0 = self.forcing.schedules[channel], self.forcing.t0
        apply(float(schedule.at(np.array([t0]))[0]))
        for when, value in zip(schedule.times.tolist(), schedule.values.tolist(), strict=True):
            if t0 < when <= self.t1:
                self.at(when, rank, lambda v=value: apply(v))

    def run(self) -> list[Row]:
        """All events to t1 in order."""
        for k, m in enumerate(self.model.modes):
            self.follow(f"mode:{m}", (1, k), lambda v, m=m: self.modes.update({m: v > 0}))
        groups = self.resources[: len(self.model.groups)]
        for k, r in enumerate(groups):
            self.follow(f"open:{self.tables.group_names[k]}", (0, k), lambda v, r=r: self.set_open(r, int(v)))
        for r in groups:
            if r.pool and r.pool.breakdown:
                for u in r.units:
                    self.lives(u)
        for k in range(len(self.model.arrivals)):
            Door(self, k).open()
        settle(self)
        while self.heap and self.heap[0][0] <= self.t1 and not self.dead:
            self.t, _, _, patient, version, what = heapq.heappop(self.heap)
            if patient is None or patient.event == version:
                what()
                settle(self)
                if self.check and self.tables.words[at.CYCLES]:
                    look_for_deadlock(self)
                self.check = False
        return self.trace

    # ------------------------------------------------------------------------------------------------ a step
    def line_of(self, p: Patient, step: int) -> Line:
        match = self.tables.match(self.steps[step])
        return self.lines[step, p.traits[match] if match else "", p.class_.name]

    def can_allocate(self, p: Patient, line: Line) -> list[Unit] | None:
        """A free unit for each need, the first alternative that has one; None if some need or supply is lacking."""
        if any(r.level < amount for r, amount in line.supplies):
            return None
        taken: list[Unit] = []
        for alternatives in line.needs:
            free = next((f for r in alternatives if (f := [u for u in r.free() if u not in taken])), None)
            if free is None or len(p.older) + len(p.own) + len(taken) >= at.MOST_HELD:
                return None
            taken.append(free[0])
        return taken

    def has_room(self, p: Patient, step: int) -> bool:
        queue = self.steps[step].queue
        if queue is None or self.waiting[step] < queue.limit:
            return True
        if queue.limit > 0 or self.waiting[step] > 0:
            return False
        return self.can_allocate(p, self.line_of(p, step)) is not None

    def join(self, p: Patient, step: int) -> None:
        tries = 0
        while not self.has_room(p, step):
            self.note(at.TURNED_AWAY, p.number, step)
            queue = self.steps[step].queue
            full = queue.full if queue else LEAVE
            tries += 1
            if full in (LEAVE, "block") or tries > 8:
                self.leave(p)
                return
            step = self.tables.step_index[full]
        p.round += step <= p.at
        p.step, p.at, p.repeat, p.left, p.since, p.began = self.steps[step], step, 0, math.nan, self.t, math.nan
        self.note(at.JOINS, p.number, step)
        plain = not p.step.seize and not p.step.use
        if p.step.batch:
            self.gather(p, step, p.step.batch, plain)
        elif plain:
            self.begin(p)
        else:
            self.waiting[step] += 1
            self.wait(p)
            if p.step.patience:
                patience = p.stream.duration(p.step.patience.after, PATIENT, step=step, round_=p.round)
                self.patient_at(self.t + patience, p, lambda: self.give_up(p))
                p.patient_leaves = True

    def wait(self, p: Patient) -> None:
        line = self.line_of(p, p.at)
        line.insert(p)
        self.check = self.check or p.holds
        if not line.needs:
            self.mark(line.supplies[0][0])
            return
        for r in line.needs[0]:
            if r.free():
                self.mark(r)

    def gather(self, p: Patient, step: int, wanted: Batch, plain: bool) -> None:
        self.waiting[step] += 1
        batch = self.batches[step]
        batch.append(p)
        if len(batch) == 1 and wanted.most_wait is not None:
            self.patient_at(self.t + wanted.most_wait * 60.0, p, lambda: self.send(step, plain))
        if len(batch) >= wanted.size:
            self.send(step, plain)

    def send(self, step: int, plain: bool) -> None:
        first, *mates = self.batches[step]
        first.mates, first.event, self.batches[step] = mates, first.event + 1, []
        if plain:
            self.waiting[step] -= 1 + len(mates)
            self.begin(first)
        else:
            self.wait(first)

    def begin(self, p: Patient) -> None:
        step = p.step
        assert step is not None
        p.older = self.give_back(p.older, lambda name: name in step.free, clean=True)
        for r, amount in self.line_of(p, p.at).supplies:
            self.use(r, amount)
        length = p.left
        if math.isnan(length):
            law = step.holds.get(p.class_.name, step.hold)
            drawn = p.stream.duration(law, HOLD, step=p.at, round_=p.round, repeat=p.repeat)
            length = p.length = self.gains.get(step.name, 1.0) * drawn
        p.began = self.t
        for m in p.mates:
            m.began = self.t
        p.ends, p.patient_leaves = self.t + length, False
        self.patient_at(p.ends, p, lambda: self.end(p))
        self.note(at.STARTS, p.number, p.at, p.own[0].place if p.own else -1)

    def use(self, r: Resource, amount: float) -> None:
        r.level -= amount
        supply = r.supply
        if supply and supply.stock and not r.on_order and r.level <= supply.reorder_at:
            number = ((len(self.model.arrivals) + r.index) << (at.LAYER_BITS + at.INDEX_BITS)) | r.orders
            r.orders += 1
            r.on_order = True
            lead = Stream.of(self.seed, number).duration(supply.lead, LEAD_TIME) if supply.lead else 0.0
            self.at(self.t + lead, (3, r.index), lambda: self.deliver(r))

    def deliver(self, r: Resource) -> None:
        r.level, r.on_order = r.supply.capacity if r.supply else 0.0, False
        self.mark(r)
        self.note(at.DELIVERED, 0, r.index)

    def give_supplies(self, p: Patient) -> None:
        for r, amount in self.line_of(p, p.at).supplies:
            if r.supply and not r.supply.stock:
                r.level = min(r.level + amount, r.supply.capacity)
                self.mark(r)

    def end(self, p: Patient) -> None:
        p.ends = math.nan
        self.give_supplies(p)
        if p.unit is not None:
            self.work_done(p, p.unit)
            return
        mates, p.mates = p.mates, []
        for m in [p, *mates]:
            self.note(at.ENDS, m.number, m.at)
            goal = self.route(m)
            queue = self.steps[goal].queue if goal >= 0 else None
            if queue is not None and queue.full == "block" and not self.has_room(m, goal):
                m.goal = goal
                self.blocked[goal].append(m)
                self.check = True
                self.note(at.BLOCKS, m.number, goal)
            else:
                self.go_on(m, goal)

    def route(self, p: Patient) -> int:
        assert p.step is not None
        r = p.step.route
        if r is None:
            name = self.model.next_step(p.step.name)
            return -1 if name == LEAVE else self.tables.step_index[name]
        row = r.classes.get(p.class_.name, r.to)
        if r.mode is not None and self.modes[r.mode]:
            row = r.under
        elif r.attribute is not None:
            row = r.values.get(p.traits[r.attribute], row)
        possible = [(name, chance) for name, chance in row.items() if chance > 0]
        total = 0.0
        u = p.stream.uniform(ROUTE, step=p.at, round_=p.round)
        for name, chance in possible:
            total += chance
            if u < total or total > 1 - 1e-9:
                return -1 if name == LEAVE else self.tables.step_index[name]
        return -1

    def go_on(self, p: Patient, goal: int) -> None:
        step = p.step
        assert step is not None
        if goal < 0:
            self.leave(p)
            return
        kept = self.give_back(p.own, lambda name: name not in step.keep, clean=True)
        older = self.give_back(p.older, lambda name: name in step.release, clean=True)
        p.older, p.own = [*older, *kept], []
        self.join(p, goal)

    def leave(self, p: Patient) -> None:
        self.note(at.LEAVES, p.number, p.at)
        self.give_back([*p.older, *p.own], lambda name: True, clean=True)
        p.older, p.own = [], []

    def give_up(self, p: Patient) -> None:
        assert p.step is not None
        assert p.step.patience is not None
        assert p.line is not None
        p.patient_leaves = False
        p.line.waiting.remove(p)
        p.line = None
        self.waiting[p.at] -= 1
        self.note(at.GIVES_UP, p.number, p.at)
        if p.step.patience.to == LEAVE:
            self.leave(p)
        else:
            self.join(p, self.tables.step_index[p.step.patience.to])
