"""Interruptions: who is stopped, what they lose, how units go off at the end of a shift or fail. Compiled code."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import more_wait, note, touch, waits_at
from vitruvian.engines.event.hashing import draw, entity_hash, purpose
from vitruvian.engines.event.heap import push, remove, when
from vitruvian.engines.event.patients import join, leave, table_of, unseen, wait
from vitruvian.engines.event.units import dirty, freed, give_back, give_supplies, lowest, to_work


@numba.njit
def in_hold(i: Any, e: int) -> bool:
    """Is entity e being served: will its hold end?"""
    return i[e + at.POS] >= 0 and i[e + at.WHAT] == at.END


@numba.njit
def in_use(i: Any, u: int) -> bool:
    """Is the unit used by its holder's present step, which is not work on a unit?"""
    e = i[u + at.HOLDER]
    if not in_hold(i, e) or i[e + at.UNIT] != 0:
        return False
    used = False
    for k in range(i[e + at.OWN], i[e + at.HELD_N]):
        used = used or i[e + at.HELD + k] == u
    return used


@numba.njit
def standing(ti: Any, tf: Any, i: Any, f: Any, e: int) -> float:
    """Priority of e at its step, without ageing."""
    return f[ti[at.M_CLASSES] + i[e + at.CLASS]] + tf[table_of(ti, i[e + at.STEP]) + at.PRIORITY_F]


@numba.njit
def worse(ti: Any, tf: Any, i: Any, f: Any, a: int, b: int) -> bool:
    """Is a stopped before b? The less urgent, then who began last, then the higher number."""
    x, y = standing(ti, tf, i, f, a), standing(ti, tf, i, f, b)
    if x != y:
        return x > y
    if f[a + at.BEGAN_F] != f[b + at.BEGAN_F]:
        return f[a + at.BEGAN_F] > f[b + at.BEGAN_F]
    return i[a + at.NUMBER] > i[b + at.NUMBER]


@numba.njit
def interrupt(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float, more: float) -> None:
    """Stop the hold of e: its step says what is left. It waits again at its old place, or goes elsewhere."""
    step = i[e + at.STEP]
    s = table_of(ti, step)
    policy = ti[s + at.INTERRUPTED]
    if policy == at.RESUME:
        f[e + at.LEFT_F] = max(when(i, f, e) - t, 0.0) + more
    elif policy == at.RESTART:
        f[e + at.LEFT_F] = f[e + at.LENGTH_F] + more
    else:
        f[e + at.LEFT_F] = np.nan
        i[e + at.REPEAT] += 1
    remove(i, f, e)
    note(i, f, t, at.INTERRUPTS, i[e + at.NUMBER], step, -1)
    give_supplies(ti, tf, i, f, s, t)
    for k in range(i[e + at.OWN], i[e + at.HELD_N]):
        f[i[i[e + at.HELD + k] + at.GROUP_OF] + at.INTERRUPTS_F] += 1.0
    give_back(ti, i, f, e, i[e + at.OWN], i[e + at.HELD_N], 0, False, t, False)
    again = policy <= at.RESAMPLE
    m = e
    while m != 0:
        w = waits_at(ti, step, i[m + at.CLASS])
        f[w + at.W_HOLDING] -= 1.0
        if again:
            more_wait(f, w, 1.0, t)
            i[ti[at.M_STEPS] + at.STEP_SIZE * step + at.WAITING] += 1
            f[m + at.FROM_F] = t
        m = i[m + at.MATE]
    if again:
        wait(ti, tf, i, f, e, t)
    elif ti[s + at.REROUTE] >= 0:
        join(ti, tf, i, f, e, ti[s + at.REROUTE], t)
    else:
        unseen(ti, f, i, e)
        leave(ti, tf, i, f, e, t)


@numba.njit
def set_open(ti: Any, tf: Any, i: Any, f: Any, g: int, n: int, t: float) -> None:
    """Bring a group to n units in service, by its pool's policy."""
    touch(f, g, t)
    n = min(max(n, 0), i[g + at.COUNT])
    if n == i[g + at.OPEN_N]:
        return
    note(i, f, t, at.CAPACITY, 0, (g - ti[at.M_GROUPS]) // at.GROUP, n)
    while i[g + at.OPEN_N] < n:
        one_more(i, f, g)
        i[g + at.OPEN_N] += 1
    while i[g + at.OPEN_N] > n:
        i[g + at.OPEN_N] -= 1
        one_fewer(ti, tf, i, f, g, t)
    f[g + at.OPEN_F] = n


@numba.njit
def one_more(i: Any, f: Any, g: int) -> None:
    """A unit comes into service: first one that was about to go, else one that is off, the lowest number first."""
    u = i[g + at.UNITS]
    for _ in range(i[g + at.COUNT]):
        if i[u + at.LEAVING] == 1:
            i[u + at.LEAVING] = 0
            if i[u + at.STATE] == at.BUSY:
                f[g + at.OVER_F] -= 1.0
            return
        u += at.UNIT_SIZE
    u = lowest(i, g, at.OFF)
    freed(i, g, u)
    dirty(i, g)


@numba.njit
def one_fewer(ti: Any, tf: Any, i: Any, f: Any, g: int, t: float) -> None:
    """A unit goes: a free one, else one that is cleaned or repaired, else by policy; the highest number first."""
    u = highest(i, g, at.FREE)
    if u != 0:
        i[u + at.STATE] = at.OFF
        i[g + at.FREE_N] -= 1
        return
    u = highest(i, g, at.DOWN)
    if u != 0:
        i[u + at.LEAVING] = 1
        return
    table = i[g + at.TAB]
    u = 0 if ti[table + at.OFF_SHIFT] == at.FINISH else stopped(ti, tf, i, f, g)
    stop = u != 0
    if not stop:
        u = highest(i, g, at.BUSY)
    i[u + at.LEAVING] = 1
    f[g + at.OVER_F] += 1.0
    if stop:
        interrupt(ti, tf, i, f, i[u + at.HOLDER], t, tf[table + at.HANDOVER_F])


@numba.njit
def highest(i: Any, g: int, state: int) -> int:
    """The last unit of a group in this state that is not about to go, 0 if none."""
    u = i[g + at.UNITS] + at.UNIT_SIZE * (i[g + at.COUNT] - 1)
    for _ in range(i[g + at.COUNT]):
        if i[u + at.STATE] == state and i[u + at.LEAVING] == 0:
            return u
        u -= at.UNIT_SIZE
    return 0


@numba.njit
def stopped(ti: Any, tf: Any, i: Any, f: Any, g: int) -> int:
    """The unit in use whose holder is stopped first, 0 if nobody can be."""
    worst = 0
    u = i[g + at.UNITS]
    for _ in range(i[g + at.COUNT]):
        if (
            i[u + at.STATE] == at.BUSY
            and i[u + at.LEAVING] == 0
            and in_use(i, u)
            and (worst == 0 or worse(ti, tf, i, f, i[u + at.HOLDER], i[worst + at.HOLDER]))
        ):
            worst = u
        u += at.UNIT_SIZE
    return worst


@numba.njit
def lives(ti: Any, tf: Any, i: Any, f: Any, u: int, t: float) -> None:
    """Draw when a unit fails next."""
    g = i[u + at.GROUP_OF]
    group, place = (g - ti[at.M_GROUPS]) // at.GROUP, (u - i[g + at.UNITS]) // at.UNIT_SIZE
    number = ((ti[at.N_SOURCES] + group) << (at.LAYER_BITS + at.INDEX_BITS)) | (2 << at.INDEX_BITS) | (place << 22)
    start = entity_hash(i[at.KEY], number | (i[u + at.FAILS] & 0x3FFFFF))
    i[u + at.FAILS] += 1
    i[u + at.WHAT] = at.FAIL
    push(i, f, u, t + draw(ti, tf, ti[i[g + at.TAB] + at.EVERY], start, purpose(0, 0, 0, at.LIFE)))


@numba.njit
def fail(ti: Any, tf: Any, i: Any, f: Any, u: int, t: float) -> None:
    """A unit fails. One that is off is sound when it comes back; one kept or in work is repaired later."""
    g = i[u + at.GROUP_OF]
    if i[u + at.STATE] == at.OFF:
        lives(ti, tf, i, f, u, t)
        return
    note(i, f, t, at.FAILS_NOW, 0, (g - ti[at.M_GROUPS]) // at.GROUP, (u - i[g + at.UNITS]) // at.UNIT_SIZE)
    touch(f, g, t)
    f[g + at.FAILS_F] += 1.0
    i[u + at.FAILED] = 1
    if i[u + at.STATE] == at.FREE:
        i[g + at.FREE_N] -= 1
        i[u + at.STATE] = at.DOWN
        f[g + at.DOWN_F] += 1.0
        to_work(i, u)
    elif i[u + at.STATE] == at.BUSY and in_use(i, u):
        interrupt(ti, tf, i, f, i[u + at.HOLDER], t, 0.0)
