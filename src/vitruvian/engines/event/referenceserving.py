"""The reference's rules of who is served next, who yields, who goes on after a block, and when nobody ever will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.referencethings import Line, Patient, Resource, Unit

if TYPE_CHECKING:
    from vitruvian.engines.event.reference import Reference


def settle(house: Reference) -> None:
    """Until nothing more can be given."""
    while True:
        if house.jobs:
            house.make_job(house.jobs.popleft())
        elif house.dirty:
            serve(house, house.dirty.popleft())
        elif not unblock(house) and not preempt(house):
            return


def serve(house: Reference, r: Resource) -> None:
    """Give what a resource has to the heads of the lists that need it, the most urgent first."""
    tried: set[int] = set()
    while r.supply or r.free():
        heads = [line for line in r.lists if line.waiting and id(line) not in tried]
        if not heads:
            return
        line = min(heads, key=lambda q: (urgency(house, q), q.waiting[0].since, q.waiting[0].number))
        units = house.can_allocate(line.waiting[0], line)
        if units is None:
            tried.add(id(line))
        else:
            grant(house, line.waiting[0], units)


def urgency(house: Reference, line: Line) -> float:
    """Priority of a list's head less what it has aged."""
    base = house.standing(line.class_, house.steps[line.step])
    return base - line.class_.ageing / 3600.0 * (house.t - line.waiting[0].since)


def grant(house: Reference, p: Patient, units: list[Unit]) -> None:
    """The wait is over."""
    assert p.line is not None
    p.line.waiting.remove(p)
    p.line = None
    for u in units:
        u.state, u.holder = "busy", p
    p.own = units
    house.waiting[p.at] -= 1 + len(p.mates)
    house.begin(p)


def unblock(house: Reference) -> bool:
    """The first who is blocked before a step that has room goes on."""
    for step, queue in enumerate(house.blocked):
        if queue and house.has_room(queue[0], step):
            p = queue.popleft()
            p.goal = -1
            house.go_on(p, step)
            return True
    return False


def preempt(house: Reference) -> bool:
    """The head of a list whose class preempts takes units from the less urgent, if that meets all its needs."""
    for line in house.lines.values():
        if not line.waiting or not line.class_.preempts:
            continue
        p = line.waiting[0]
        units = units_for(house, p, line)
        if units is None:
            continue
        for u in units:
            if u.state == "busy" and u.holder is not None:
                house.interrupt(u.holder, 0.0)
        grant(house, p, units)
        return True
    return False


def units_for(house: Reference, p: Patient, line: Line) -> list[Unit] | None:
    """For each need a free unit, else that of the least urgent who may be interrupted; None if it cannot be."""
    if any(r.level < amount for r, amount in line.supplies):
        return None
    if len(p.older) + len(p.own) + len(line.needs) > at.MOST_HELD:
        return None
    mine = house.standing(line.class_, house.steps[line.step])
    found: list[Unit] = []
    for alternatives in line.needs:
        there = [u for r in alternatives for u in r.units if u not in found]
        free = next((u for u in there if u.state == "free"), None)
        u = free or house.worst([u for u in there if yields(house, u, mine)])
        if u is None:
            return None
        found.append(u)
    return found


def yields(house: Reference, u: Unit, mine: float) -> bool:
    """May the unit be taken from who holds it, by somebody of this priority?"""
    p = u.holder
    if u.state != "busy" or u.leaving or u.failed or p is None or p.step is None or not house.in_use(u):
        return False
    return p.step.preemptible and house.standing(p.class_, p.step) > mine


def look_for_deadlock(house: Reference) -> None:
    """Note everybody who holds something and will never go on, and stop."""
    waiting = [p for line in house.lines.values() for p in line.waiting]
    blocked = [p for queue in house.blocked for p in queue]
    able: set[int] = set()
    while True:
        more = {id(p) for p in waiting if p.patient_leaves or possible(p.line, able)}
        more |= {id(p) for p in blocked if blocked_can(house, p, able | more, waiting)}
        if more <= able:
            break
        able |= more
    for p in [*waiting, *blocked]:
        if id(p) not in able and p.holds:
            house.note(at.STICKS, p.number, p.at if p.line else p.goal)
            house.dead = True


def possible(line: Line | None, able: set[int]) -> bool:
    """Will there be a unit for every need?"""
    assert line is not None
    return all(any(comes(u, able) for r in alternatives for u in r.units) for alternatives in line.needs)


def comes(u: Unit, able: set[int]) -> bool:
    """Is the unit not held for ever?"""
    p = u.holder
    if u.state != "busy" or p is None or p.in_hold or p.patient_leaves:
        return True
    return id(p) in able or (p.line is None and p.goal < 0)


def blocked_can(house: Reference, p: Patient, able: set[int], waiting: list[Patient]) -> bool:
    """Somebody who waits before the step can go on, or nobody waits and it can start."""
    before = [q for q in waiting if q.at == p.goal]
    if before:
        return any(id(q) in able for q in before)
    return possible(house.line_of(house.blocked[p.goal][0], p.goal), able)
