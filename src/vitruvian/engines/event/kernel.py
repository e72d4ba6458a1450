"""The event kernel: one compiled loop that interprets any model's tables for many members.

At equal times: units open and close, rules change, units fail, stocks arrive, holds end, patients arrive, then what is
asked is read (an action holds from its time on).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.compiled import compiled
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import note, place_at, stayed, touch_supply
from vitruvian.engines.event.hashing import member_key
from vitruvian.engines.event.heap import close, first, push, remove
from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.interrupt import fail, lives, set_open
from vitruvian.engines.event.patients import finish, give_up, gone, send, table_of, waits_at
from vitruvian.engines.event.pointers import floats, ints
from vitruvian.engines.event.serving import settle
from vitruvian.engines.event.sources import arrival, arrive, edge_of, level_of, passed, sources_end, sources_start
from vitruvian.engines.event.stuck import stuck
from vitruvian.engines.event.units import after_work, dirty, give_back, give_supplies


@numba.njit
def start(ti: Any, tf: Any, i: Any, f: Any, d: Any, t1: float) -> None:
    """Take up the run: what is in force now, and what comes next."""
    t0, new = f[at.TIME_F], i[at.BEGUN] == at.FRESH
    for m in range(ti[at.N_MODES]):
        a, c = ti[at.M_MODES] + at.MODE_SIZE * m, ti[at.N_GROUPS] + m
        remove(i, f, a)
        k = passed(d, c, t0)
        i[a + at.MODE_ON] = 1 if level_of(d, c, k) > 0.0 else 0
        follow(i, f, a, at.MODE, at.MODE_EDGE, k, d, c, t1)
    priorities(ti, tf, i, f)
    for g in range(ti[at.N_GROUPS]):
        a = ti[at.M_GROUPS] + at.GROUP * g
        remove(i, f, a)
        k = passed(d, g, t0)
        set_open(ti, tf, i, f, a, int(level_of(d, g, k)), t0)
        follow(i, f, a, at.CALENDAR, at.EDGE, k, d, g, t1)
    if new:
        for g in range(ti[at.N_GROUPS] + ti[at.N_SUPPLIES]):
            dirty(i, ti[at.M_GROUPS] + at.GROUP * g)  # a census may have left somebody waiting
        for n in range(ti[at.N_UNITS]):
            u = ti[at.M_UNITS] + at.UNIT_SIZE * n
            if ti[i[i[u + at.GROUP_OF] + at.TAB] + at.EVERY] > 0:
                lives(ti, tf, i, f, u, t0)
    sources_start(ti, tf, i, f, d, t0, t1, new)
    settle(ti, tf, i, f, t0)


@numba.njit
def follow(i: Any, f: Any, a: int, what: int, field: int, k: int, d: Any, c: int, t1: float) -> None:
    """The next edge of a schedule is an event."""
    i[a + field] = k
    t = edge_of(d, c, k)
    if t <= t1:
        i[a + at.WHAT] = what
        push(i, f, a, t)


@numba.njit
def priorities(ti: Any, tf: Any, i: Any, f: Any) -> None:
    """Priority of every class under the modes that are on; the last mode that says something decides."""
    for c in range(ti[at.N_CLASSES]):
        a = ti[at.T_CLASSES] + at.CLASS_SIZE * c
        f[ti[at.M_CLASSES] + c] = tf[a + at.CLASS_PRIORITY_F]
        for m in range(ti[at.N_MODES]):
            if ti[a + at.UNDER] > 0 and i[ti[at.M_MODES] + at.MODE_SIZE * m + at.MODE_ON] > 0:
                under = tf[ti[a + at.UNDER] + m]
                if not np.isnan(under):
                    f[ti[at.M_CLASSES] + c] = under


@hot
def end(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """A hold ends: of work on a unit, or of a patient and those served together."""
    give_supplies(ti, tf, i, f, table_of(ti, i[e + at.STEP]), t)
    if i[e + at.UNIT] != 0:
        work_done(ti, tf, i, f, e, t)
        return
    while e != 0:
        mate = i[e + at.MATE]
        i[e + at.MATE] = 0
        finish(ti, tf, i, f, e, t)
        e = mate


@numba.njit
def work_done(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """A unit is clean or repaired."""
    u, w = i[e + at.UNIT], waits_at(ti, i[e + at.STEP], i[e + at.CLASS])
    f[w + at.W_ENDED] += 1.0
    f[w + at.W_HOLDING] -= 1.0
    note(i, f, t, at.ENDS, i[e + at.NUMBER], i[e + at.STEP], -1)
    give_back(ti, i, f, e, 0, i[e + at.HELD_N], 0, False, t, True)
    stayed(ti, tf, f, place_at(ti, ti[at.N_PLACES], i[e + at.CLASS]), t, t - f[e + at.CAME_F], ti[at.N_PLACES])
    repaired = i[e + at.STEP] == ti[i[i[u + at.GROUP_OF] + at.TAB] + at.REPAIR_STEP]
    gone(i, e)
    after_work(ti, i, f, u, t)
    if repaired:
        lives(ti, tf, i, f, u, t)


@hot
def happen(ti: Any, tf: Any, i: Any, f: Any, d: Any, a: int, t: float, t1: float) -> None:
    """What the thing at address a does now."""
    what = i[a + at.WHAT]
    if what == at.END:
        end(ti, tf, i, f, a, t)
    elif what == at.SOURCE:
        arrival(ti, tf, i, f, a, d, t, t1)
    elif what == at.RENEGE:
        give_up(ti, tf, i, f, a, t)
    elif what == at.CALENDAR:
        g = (a - ti[at.M_GROUPS]) // at.GROUP
        k = i[a + at.EDGE] + 1
        set_open(ti, tf, i, f, a, int(level_of(d, g, k)), t)
        follow(i, f, a, at.CALENDAR, at.EDGE, k, d, g, t1)
    elif what == at.COMING:
        arrive(ti, tf, i, f, a, t)
    elif what == at.BATCH:
        send(ti, tf, i, f, i[a + at.STEP], t)
    elif what == at.FAIL:
        fail(ti, tf, i, f, a, t)
    elif what == at.DELIVERY:
        touch_supply(f, a, t)
        f[a + at.ORDERED_F] += f[a + at.CAPACITY_F] - f[a + at.LEVEL_F]
        f[a + at.LEVEL_F] = f[a + at.CAPACITY_F]
        dirty(i, a)
        note(i, f, t, at.DELIVERED, 0, (a - ti[at.M_GROUPS]) // at.GROUP, -1)
    else:
        c = ti[at.N_GROUPS] + (a - ti[at.M_MODES]) // at.MODE_SIZE
        k = i[a + at.MODE_EDGE] + 1
        i[a + at.MODE_ON] = 1 if level_of(d, c, k) > 0.0 else 0
        priorities(ti, tf, i, f)
        follow(i, f, a, at.MODE, at.MODE_EDGE, k, d, c, t1)


@hot
def read(f: Any, i: Any, t: float, reads: Any, seen: Any) -> None:
    """Values asked for at t: a word, brought up to date by its level and its time where it is an area."""
    for k in range(reads.shape[0]):
        value = f[reads[k, 0]]
        if reads[k, 1] >= 0:
            value += f[reads[k, 1]] * (t - f[reads[k, 2]])
        seen[k] = value


@hot
def lacks_room(ti: Any, i: Any) -> bool:
    """Might the next event need more room than there is? One arrival, and a job for every unit that can need one."""
    if i[at.ROOM] - i[at.ALIVE] < ti[at.MAKERS] + 1:
        i[at.STATUS] = at.FULL
        return True
    if i[at.TRACE_ROOM] > 0 and i[at.TRACE_ROOM] - i[at.TRACED] < 64 + 8 * (i[at.ALIVE] + ti[at.N_UNITS]):
        i[at.STATUS] = at.TRACE_FULL
        return True
    return False


@numba.njit
def go(ti: Any, tf: Any, i: Any, f: Any, d: Any, t1: float, asked: Any, reads: Any, seen: Any) -> None:
    """One member to t1, or until it needs more room or is stuck."""
    if i[at.BEGUN] != at.RUNNING:
        if lacks_room(ti, i):
            return
        start(ti, tf, i, f, d, t1)
        i[at.BEGUN] = at.RUNNING
    n = i[at.TAKEN]
    while True:
        t = f[i[at.HEAP]]
        while n < len(asked) and asked[n] < t:
            read(f, i, asked[n], reads, seen[n])
            n += 1
            i[at.TAKEN] = n
        if t > t1:
            break
        if lacks_room(ti, i):
            return
        f[at.TIME_F] = t
        happen(ti, tf, i, f, d, first(i, f), t, t1)
        settle(ti, tf, i, f, t)
        close(i, f)
        if i[at.CHECK] == 1:
            i[at.CHECK] = 0
            if ti[at.CYCLES] == 1 and stuck(ti, i, f, t):
                return
    while n < len(asked):
        read(f, i, asked[n], reads, seen[n])
        n += 1
    sources_end(ti, tf, i, f, d, t1)
    f[at.TIME_F] = t1
    i[at.STATUS] = at.DONE


@compiled(
    "void(int64[::1], int64[:,::1], uint64[::1], int64[::1], float64[:,::1], float64[::1], float64, float64[::1],"
    " int64[:,::1], float64[:,:,::1], int64[::1])"
)
def advance(
    words: Any, memory: Any, seeds: Any, which: Any, drives: Any, offsets: Any, t1: float, asked: Any, reads: Any,
    seen: Any, todo: Any,
) -> None:  # fmt: skip
    """Members `todo` to t1. memory (member, word); drives (forcing, word); seen (member, asked, reads)."""
    ti, tf = ints(words.ctypes.data), floats(words.ctypes.data)
    for m in todo:
        address = memory.ctypes.data + 8 * memory.shape[1] * m
        i, f = ints(address), floats(address)
        d = floats(drives.ctypes.data + 8 * drives.shape[1] * which[m])
        i[at.KEY] = member_key(seeds[m])
        f[at.OFFSET_F] = offsets[which[m]]
        go(ti, tf, i, f, d, t1, asked, reads, seen[m])
