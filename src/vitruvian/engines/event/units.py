"""Units: found free, taken by a set of needs all at once, given back, taken out of and into service. Compiled code."""

from __future__ import annotations

from typing import Any

import numba

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import note, touch, touch_supply
from vitruvian.engines.event.inline import hot


@hot
def dirty(i: Any, g: int) -> None:
    """A group or supply has something to give: it is served when the event is over, in the order of these calls."""
    if i[g + at.DIRTY] == -1:
        i[g + at.DIRTY] = 0
        if i[at.DIRTY_LAST] == 0:
            i[at.DIRTY_FIRST] = g
        else:
            i[i[at.DIRTY_LAST] + at.DIRTY] = g
        i[at.DIRTY_LAST] = g


@numba.njit
def lowest(i: Any, g: int, state: int) -> int:
    """The first unit of a group in this state, 0 if none."""
    u = i[g + at.UNITS]
    for _ in range(i[g + at.COUNT]):
        if i[u + at.STATE] == state:
            return u
        u += at.UNIT_SIZE
    return 0


@hot
def first_free(i: Any, g: int) -> int:
    """The first free unit of a group that has one."""
    u = i[g + at.HINT]
    while i[u + at.STATE] != at.FREE:
        u += at.UNIT_SIZE
    i[g + at.HINT] = u
    return u


@hot
def freed(i: Any, g: int, u: int) -> None:
    """A unit of a group is free."""
    i[u + at.STATE] = at.FREE
    i[g + at.FREE_N] += 1
    i[g + at.HINT] = min(i[g + at.HINT], u)


@hot
def supplied(ti: Any, tf: Any, f: Any, s: int) -> bool:
    """Is there enough of the supplies that the step at table address s uses?"""
    b = ti[s + at.BULK1]
    if b > 0 and f[b + at.LEVEL_F] < tf[s + at.AMOUNT1_F]:
        return False
    b = ti[s + at.BULK2]
    return not (b > 0 and f[b + at.LEVEL_F] < tf[s + at.AMOUNT2_F])


@hot
def allocate(ti: Any, tf: Any, i: Any, f: Any, e: int, s: int, needs: int) -> bool:
    """Reserve a unit for every need of entity e, the first alternative that has one; all or none."""
    if not supplied(ti, tf, f, s):
        return False
    n = i[e + at.HELD_N]
    k = needs + 1
    for _ in range(ti[needs]):
        found = 0
        alternatives = ti[k]
        for j in range(1, alternatives + 1):
            if i[ti[k + j] + at.FREE_N] > 0:
                found = first_free(i, ti[k + j])
                break
        k += alternatives + 1
        if found == 0 or n >= at.MOST_HELD:
            unreserve(i, e, n)
            return False
        i[found + at.STATE] = at.BUSY
        i[i[found + at.GROUP_OF] + at.FREE_N] -= 1
        i[e + at.HELD + n] = found
        n += 1
    i[e + at.OWN] = n  # for `unreserve` and `take`
    return True


@numba.njit
def unreserve(i: Any, e: int, n: int) -> None:
    """Give back what `allocate` reserved, up to place n of what is held."""
    for k in range(i[e + at.HELD_N], n):
        u = i[e + at.HELD + k]
        freed(i, i[u + at.GROUP_OF], u)


@hot
def take(i: Any, f: Any, e: int, t: float) -> None:
    """What `allocate` reserved is in use."""
    first, last = i[e + at.HELD_N], i[e + at.OWN]
    for k in range(first, last):
        u = i[e + at.HELD + k]
        i[u + at.HOLDER] = e
        g = i[u + at.GROUP_OF]
        touch(f, g, t)
        f[g + at.BUSY_F] += 1.0
        f[g + at.STARTS_F] += 1.0
    i[e + at.HELD_N], i[e + at.OWN] = last, first


@numba.njit
def draw_supply(f: Any, b: int, amount: float, t: float) -> None:
    """Use an amount."""
    touch_supply(f, b, t)
    f[b + at.LEVEL_F] -= amount
    f[b + at.USED_F] += amount


@numba.njit
def give_supply(ti: Any, i: Any, f: Any, b: int, amount: float, t: float) -> None:
    """Give an amount of a flow back; a stock is used up."""
    if ti[i[b + at.TAB] + at.STOCK] == 0:
        touch_supply(f, b, t)
        f[b + at.LEVEL_F] = min(f[b + at.LEVEL_F] + amount, f[b + at.CAPACITY_F])
        dirty(i, b)


@numba.njit
def give_supplies(ti: Any, tf: Any, i: Any, f: Any, s: int, t: float) -> None:
    """A step's flows come back."""
    if ti[s + at.BULK1] > 0:
        give_supply(ti, i, f, ti[s + at.BULK1], tf[s + at.AMOUNT1_F], t)
    if ti[s + at.BULK2] > 0:
        give_supply(ti, i, f, ti[s + at.BULK2], tf[s + at.AMOUNT2_F], t)


@numba.njit
def to_work(i: Any, u: int) -> None:
    """Somebody has to clean or repair this unit: the job is made when the event is over."""
    i[u + at.JOB_NEXT] = 0
    if i[at.JOBS_LAST] == 0:
        i[at.JOBS_FIRST] = u
    else:
        i[i[at.JOBS_LAST] + at.JOB_NEXT] = u
    i[at.JOBS_LAST] = u


@hot
def out_of_hand(ti: Any, i: Any, f: Any, u: int, t: float, clean: bool) -> None:
    """A unit in use is given back: to repair, to its turnaround, off, or to the next."""
    g = i[u + at.GROUP_OF]
    table = i[g + at.TAB]
    touch(f, g, t)
    f[g + at.BUSY_F] -= 1.0
    if i[u + at.LEAVING] == 1:
        f[g + at.OVER_F] -= 1.0
    i[u + at.HOLDER] = 0
    if (i[u + at.FAILED] == 1 and ti[table + at.REPAIR_STEP] >= 0) or (clean and ti[table + at.TURN_STEP] >= 0):
        i[u + at.STATE] = at.DOWN
        f[g + at.DOWN_F] += 1.0
        to_work(i, u)
    else:
        to_next(i, u, g)


@hot
def to_next(i: Any, u: int, g: int) -> None:
    """Off at the end of a shift, or free."""
    if i[u + at.LEAVING] == 1:
        i[u + at.STATE], i[u + at.LEAVING] = at.OFF, 0
    else:
        freed(i, g, u)
        dirty(i, g)


@numba.njit
def after_work(ti: Any, i: Any, f: Any, u: int, t: float) -> bool:
    """A job on a unit is done; did it fail meanwhile, so that the next job follows?"""
    g = i[u + at.GROUP_OF]
    if i[u + at.FAILED] == 1:
        to_work(i, u)
        return True
    touch(f, g, t)
    f[g + at.DOWN_F] -= 1.0
    note(i, f, t, at.REPAIRED, 0, (g - ti[at.M_GROUPS]) // at.GROUP, (u - i[g + at.UNITS]) // at.UNIT_SIZE)
    to_next(i, u, g)
    return False


@numba.njit
def among(ti: Any, pools: int, pool: int) -> bool:
    """Is this pool in the list at this address of the tables?"""
    if pools > 0:
        for k in range(1, ti[pools] + 1):
            if ti[pools + k] == pool:
                return True
    return False


@hot
def give_back(
    ti: Any, i: Any, f: Any, e: int, first: int, last: int, pools: int, wanted: bool, t: float, clean: bool
) -> int:
    """Of what is held at [first, last) give back what is (wanted) or is not (not wanted) of these pools; how many."""
    kept = first
    for k in range(first, i[e + at.HELD_N]):
        u = i[e + at.HELD + k]
        if k < last and among(ti, pools, ti[i[i[u + at.GROUP_OF] + at.TAB] + at.POOL]) == wanted:
            out_of_hand(ti, i, f, u, t, clean)
        else:
            i[e + at.HELD + kept] = u
            kept += 1
    gone = i[e + at.HELD_N] - kept
    i[e + at.HELD_N] = kept
    return gone
