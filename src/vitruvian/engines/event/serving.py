"""When an event is over: jobs on units are made, what is free is given to those who wait, in order. Compiled code.

Who is next: least (priority - ageing x wait), then who came first, then the lower number. A set of needs is met at once
or not at all; those whose needs cannot be met do not hold up others.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import place_at, present
from vitruvian.engines.event.heap import remove
from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.interrupt import in_use, interrupt, standing, worse
from vitruvian.engines.event.lists import unlink
from vitruvian.engines.event.patients import begin, born, go_on, has_room, join, length_of, seen, table_of
from vitruvian.engines.event.units import allocate, supplied, take


@hot
def urgency(ti: Any, tf: Any, f: Any, q: int, i: Any, e: int, t: float) -> float:
    """Priority of e, who waits in list q, less what it has aged."""
    c = i[q + at.LIST_CLASS]
    base = f[ti[at.M_CLASSES] + c] + tf[table_of(ti, i[q + at.LIST_STEP]) + at.PRIORITY_F]
    return base - tf[ti[at.T_CLASSES] + at.CLASS_SIZE * c + at.AGEING_F] * (t - f[e + at.SINCE_F])


@hot
def grant(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """What was allocated to e is its own: the wait is over."""
    length = length_of(ti, tf, i, f, e)
    unlink(i, e)
    i[at.URGENT] -= ti[ti[at.T_CLASSES] + at.CLASS_SIZE * i[e + at.CLASS] + at.PREEMPTS]
    remove(i, f, e)
    take(i, f, e, t)
    seen(ti, tf, i, f, e, t)
    begin(ti, tf, i, f, e, length, t)


@hot
def serve(ti: Any, tf: Any, i: Any, f: Any, g: int, t: float) -> None:
    """Give what group or supply g has to the heads of the lists that need it, the most urgent first."""
    i[at.STAMP] += 1
    lists = ti[i[g + at.TAB] + at.LISTS]
    bulk = g >= ti[at.M_GROUPS] + at.GROUP * ti[at.N_GROUPS]
    while bulk or i[g + at.FREE_N] > 0:
        best, least = 0, np.inf
        for k in range(1, ti[lists] + 1):
            q = ti[lists + k]
            e = i[q + at.HEAD]
            if e == 0 or i[q + at.TRIED] == i[at.STAMP]:
                continue
            u = urgency(ti, tf, f, q, i, e, t)
            if best == 0 or u < least or (u == least and earlier(i, f, e, i[best + at.HEAD])):
                best, least = q, u
        if best == 0:
            return
        e = i[best + at.HEAD]
        if allocate(ti, tf, i, f, e, table_of(ti, i[best + at.LIST_STEP]), i[best + at.NEEDS]):
            grant(ti, tf, i, f, e, t)
        else:
            i[best + at.TRIED] = i[at.STAMP]


@hot
def earlier(i: Any, f: Any, a: int, b: int) -> bool:
    """Did a come before b?"""
    return f[a + at.SINCE_F] < f[b + at.SINCE_F] or (
        f[a + at.SINCE_F] == f[b + at.SINCE_F] and i[a + at.NUMBER] < i[b + at.NUMBER]
    )


@hot
def settle(ti: Any, tf: Any, i: Any, f: Any, t: float) -> None:
    """Until nothing more can be given."""
    while True:
        if i[at.JOBS_FIRST] != 0:
            make_jobs(ti, tf, i, f, t)
        elif i[at.DIRTY_FIRST] != 0:
            g = i[at.DIRTY_FIRST]
            i[at.DIRTY_FIRST] = i[g + at.DIRTY]
            if i[at.DIRTY_FIRST] == 0:
                i[at.DIRTY_LAST] = 0
            i[g + at.DIRTY] = -1
            serve(ti, tf, i, f, g, t)
        elif not (i[at.BLOCKED] > 0 and unblock(ti, tf, i, f, t)) and not (
            i[at.URGENT] > 0 and preempt(ti, tf, i, f, t)
        ):
            return


@numba.njit
def make_jobs(ti: Any, tf: Any, i: Any, f: Any, t: float) -> None:
    """Each unit out of use gets its job: repair first, else turnaround."""
    while i[at.JOBS_FIRST] != 0:
        u = i[at.JOBS_FIRST]
        i[at.JOBS_FIRST] = i[u + at.JOB_NEXT]
        if i[at.JOBS_FIRST] == 0:
            i[at.JOBS_LAST] = 0
        g = i[u + at.GROUP_OF]
        group, place = (g - ti[at.M_GROUPS]) // at.GROUP, (u - i[g + at.UNITS]) // at.UNIT_SIZE
        number = (((ti[at.N_SOURCES] + group) << (at.LAYER_BITS + at.INDEX_BITS)) | (place << 22)) | (
            i[u + at.JOBS] & 0x3FFFFF
        )
        number |= 1 << at.INDEX_BITS  # a layer of its own: deliveries of a supply use layer 0
        i[u + at.JOBS] += 1
        e = born(i, f, number, ti[at.WORK], t)
        i[e + at.UNIT] = u
        p = place_at(ti, ti[at.N_PLACES], ti[at.WORK])
        present(f, p, 1.0, t)
        f[p + at.P_ENTERED] += 1.0
        step = ti[i[g + at.TAB] + at.TURN_STEP]
        if i[u + at.FAILED] == 1:
            i[u + at.FAILED] = 0
            step = ti[i[g + at.TAB] + at.REPAIR_STEP]
        join(ti, tf, i, f, e, step, t)


@numba.njit
def unblock(ti: Any, tf: Any, i: Any, f: Any, t: float) -> bool:
    """The first who is blocked before a step that has room goes on."""
    for step in range(ti[at.N_STEPS]):
        m = ti[at.M_STEPS] + at.STEP_SIZE * step
        if i[m + at.BLOCK_N] > 0:
            e = i[m + at.BLOCK_FIRST]
            if has_room(ti, tf, i, f, e, step):
                i[m + at.BLOCK_FIRST] = i[e + at.NEXT]
                i[m + at.BLOCK_N] -= 1
                i[at.BLOCKED] -= 1
                i[e + at.GOAL] = -1
                go_on(ti, tf, i, f, e, step, t)
                return True
    return False


@numba.njit
def preempt(ti: Any, tf: Any, i: Any, f: Any, t: float) -> bool:
    """The head of a list whose class preempts takes units from the less urgent, if that meets all its needs."""
    for n in range(ti[at.N_LISTS]):
        q = ti[at.M_LISTS] + at.LIST_SIZE * n
        e = i[q + at.HEAD]
        if e == 0 or ti[ti[at.T_CLASSES] + at.CLASS_SIZE * i[q + at.LIST_CLASS] + at.PREEMPTS] == 0:
            continue
        s = table_of(ti, i[q + at.LIST_STEP])
        found = find_units(ti, tf, i, f, e, q, s)
        if found < 0:
            continue
        for k in range(found):
            u = i[at.SCRATCH + k]
            if i[u + at.STATE] == at.BUSY:
                interrupt(ti, tf, i, f, i[u + at.HOLDER], t, 0.0)
        for k in range(found):
            u = i[at.SCRATCH + k]
            i[u + at.STATE] = at.BUSY
            i[i[u + at.GROUP_OF] + at.FREE_N] -= 1
            i[e + at.HELD + i[e + at.HELD_N] + k] = u
        i[e + at.OWN] = i[e + at.HELD_N] + found
        grant(ti, tf, i, f, e, t)
        return True
    return False


@numba.njit
def find_units(ti: Any, tf: Any, i: Any, f: Any, e: int, q: int, s: int) -> int:
    """Units that meet e's needs, free or taken from others, into SCRATCH; how many, -1 if it cannot be."""
    needs = i[q + at.NEEDS]
    if not supplied(ti, tf, f, s) or i[e + at.HELD_N] + ti[needs] > at.MOST_HELD:
        return -1
    i[at.STAMP] += 1
    mine = f[ti[at.M_CLASSES] + i[q + at.LIST_CLASS]] + tf[s + at.PRIORITY_F]
    k = needs + 1
    for n in range(ti[needs]):
        u = pick(ti, tf, i, f, k, mine)
        k += ti[k] + 1
        if u == 0:
            return -1
        i[u + at.PICK] = i[at.STAMP]
        i[at.SCRATCH + n] = u
    return ti[needs]


@numba.njit
def pick(ti: Any, tf: Any, i: Any, f: Any, need: int, mine: float) -> int:
    """For one need: a free unit, else that of the least urgent who may be interrupted; 0 if none."""
    worst = 0
    for j in range(1, ti[need] + 1):
        u = i[ti[need + j] + at.UNITS]
        for _ in range(i[ti[need + j] + at.COUNT]):
            if i[u + at.PICK] != i[at.STAMP]:
                if i[u + at.STATE] == at.FREE:
                    return u
                if (
                    i[u + at.STATE] == at.BUSY
                    and yields(ti, tf, i, f, u, mine)
                    and (worst == 0 or worse(ti, tf, i, f, i[u + at.HOLDER], i[worst + at.HOLDER]))
                ):
                    worst = u
            u += at.UNIT_SIZE
    return worst


@numba.njit
def yields(ti: Any, tf: Any, i: Any, f: Any, u: int, mine: float) -> bool:
    """May the unit be taken from who holds it, by somebody of this priority?"""
    from_whom = i[u + at.HOLDER]
    s = table_of(ti, i[from_whom + at.STEP])
    if i[u + at.LEAVING] == 1 or i[u + at.FAILED] == 1:
        return False
    return ti[s + at.PREEMPTIBLE] == 1 and in_use(i, u) and standing(ti, tf, i, f, from_whom) > mine
