"""What a patient does: join a step, start it, end it, go on or leave; so does work on a unit. Compiled code."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import depart, enter, more_wait, note, place_at, stayed, waits_at
from vitruvian.engines.event.hashing import draw, entity_hash, purpose, uniform
from vitruvian.engines.event.heap import push, remove
from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.lists import insert, list_of, unlink
from vitruvian.engines.event.units import allocate, dirty, draw_supply, give_back, unreserve

_ENTITY_RANK = at.RANKS[at.END] << at.RANK_BITS


@hot
def table_of(ti: Any, step: int) -> int:
    """Table address of a step."""
    return ti[at.T_STEPS] + at.STEP_TAB * step


@hot
def born(i: Any, f: Any, number: int, class_: int, t: float) -> int:
    """A new entity's address."""
    e = i[at.FREED]
    if e > 0:
        i[at.FREED] = i[e + at.NEXT]
    else:
        e = i[at.TOP]
        i[at.TOP] += at.ENTITY
    i[at.ALIVE] += 1
    i[e + at.POS], i[e + at.RANK] = -1, _ENTITY_RANK | number
    i[e + at.NUMBER], i[e + at.CLASS], i[e + at.TRAITS], i[e + at.STEP] = number, class_, 0, -1
    i[e + at.ROUND], i[e + at.REPEAT], i[e + at.HASH] = 0, 0, entity_hash(i[at.KEY], number)
    f[e + at.CAME_F], f[e + at.LEFT_F] = t, np.nan
    i[e + at.LIST], i[e + at.MATE], i[e + at.UNIT], i[e + at.PLACE] = 0, 0, 0, -1
    i[e + at.OWN], i[e + at.HELD_N], i[e + at.GOAL] = 0, 0, -1
    return e


@hot
def leave(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """Out of the house: everything is given back."""
    depart(ti, tf, i, f, e, t)
    stayed(ti, tf, f, place_at(ti, ti[at.N_PLACES], i[e + at.CLASS]), t, t - f[e + at.CAME_F], ti[at.N_PLACES])
    note(i, f, t, at.LEAVES, i[e + at.NUMBER], i[e + at.STEP], -1)
    give_back(ti, i, f, e, 0, i[e + at.HELD_N], 0, False, t, True)
    gone(i, e)


@numba.njit
def gone(i: Any, e: int) -> None:
    """An entity's place in the memory is free; nobody has its number."""
    i[e + at.NUMBER] = -1
    i[e + at.NEXT] = i[at.FREED]
    i[at.FREED] = e
    i[at.ALIVE] -= 1


@hot
def chosen(ti: Any, tf: Any, row: int, e_hash: int, aim: int) -> int:
    """What a row [count, then cumulative chance and result] says; GONE where its chances end below 1."""
    n = ti[row]
    if n == 0:
        return at.GONE
    if n == 1 and tf[row + 1] >= 1.0:
        return ti[row + 2]
    u = uniform(e_hash, aim)
    for k in range(n):
        if u < tf[row + 1 + 2 * k]:
            return ti[row + 2 + 2 * k]
    return at.GONE


@hot
def route(ti: Any, tf: Any, i: Any, e: int) -> int:
    """Where entity e goes after its step: by a mode that is on, else by attribute, else by class."""
    s = table_of(ti, i[e + at.STEP])
    row = 0
    if ti[s + at.ROUTE_MODE] >= 0 and i[ti[at.M_MODES] + at.MODE_SIZE * ti[s + at.ROUTE_MODE] + at.MODE_ON] > 0:
        row = ti[s + at.ROUTE_UNDER]
    elif ti[s + at.ROUTE_ATTRIBUTE] >= 0:
        row = ti[ti[s + at.ROUTE_VALUES] + ((i[e + at.TRAITS] >> (8 * ti[s + at.ROUTE_ATTRIBUTE])) & 0xFF)]
    if row == 0:
        row = ti[ti[s + at.ROUTES] + i[e + at.CLASS]]
    return chosen(ti, tf, row, i[e + at.HASH], purpose(i[e + at.STEP], i[e + at.ROUND], 0, at.ROUTE))


@numba.njit
def has_place(ti: Any, tf: Any, i: Any, f: Any, e: int, step: int, limit: int) -> bool:
    """The rest of `has_room`, where only so many may wait."""
    s, waiting = table_of(ti, step), i[ti[at.M_STEPS] + at.STEP_SIZE * step + at.WAITING]
    if waiting < limit:
        return True
    if limit > 0 or waiting > 0:
        return False
    own = i[e + at.OWN]
    possible = allocate(ti, tf, i, f, e, s, i[list_of(ti, i, e, s) + at.NEEDS])
    if possible:
        unreserve(i, e, i[e + at.OWN])
        i[e + at.OWN] = own
    return possible


@hot
def has_room(ti: Any, tf: Any, i: Any, f: Any, e: int, step: int) -> bool:
    """May e wait for this step, or start it at once where nobody may wait?"""
    limit = ti[table_of(ti, step) + at.LIMIT]
    return limit < 0 or has_place(ti, tf, i, f, e, step, limit)


@numba.njit
def join(ti: Any, tf: Any, i: Any, f: Any, e: int, step: int, t: float) -> None:
    """Come to a step that may be full: to where its limit sends, or wait, or start at once."""
    tries = 0
    while not has_room(ti, tf, i, f, e, step):
        s, w = table_of(ti, step), waits_at(ti, step, i[e + at.CLASS])
        f[w + at.W_TURNED] += 1.0
        note(i, f, t, at.TURNED_AWAY, i[e + at.NUMBER], step, -1)
        step = ti[s + at.IF_FULL]
        tries += 1
        if step < 0 or tries > 8:
            unseen(ti, f, i, e)
            leave(ti, tf, i, f, e, t)
            return
    admit(ti, tf, i, f, e, step, t)


@numba.njit
def unseen(ti: Any, f: Any, i: Any, e: int) -> None:
    """Count one who leaves without what they came for."""
    f[place_at(ti, ti[at.N_PLACES], i[e + at.CLASS]) + at.P_UNSEEN] += 1.0


@hot
def admit(ti: Any, tf: Any, i: Any, f: Any, e: int, step: int, t: float) -> None:
    """Wait for a step, or start it at once where nothing is needed."""
    s = table_of(ti, step)
    if step <= i[e + at.STEP]:
        i[e + at.ROUND] += 1
    i[e + at.STEP], i[e + at.REPEAT] = step, 0
    f[e + at.LEFT_F], f[e + at.SINCE_F], f[e + at.FROM_F], f[e + at.BEGAN_F] = np.nan, t, t, np.nan
    w = waits_at(ti, step, i[e + at.CLASS])
    f[w + at.W_ARRIVED] += 1.0
    note(i, f, t, at.JOINS, i[e + at.NUMBER], step, -1)
    if i[e + at.PLACE] < 0 and ti[s + at.STEP_PLACE] >= 0:
        enter(ti, tf, i, f, e, ti[s + at.STEP_PLACE], t)
    if ti[s + at.PLAIN] == 1 and ti[s + at.BATCH_SIZE] == 0:
        begin(ti, tf, i, f, e, length_of(ti, tf, i, f, e), t)
        return
    more_wait(f, w, 1.0, t)
    i[ti[at.M_STEPS] + at.STEP_SIZE * step + at.WAITING] += 1
    if ti[s + at.BATCH_SIZE] > 0:
        gather(ti, tf, i, f, e, step, t)
        return
    wait(ti, tf, i, f, e, t)
    if ti[s + at.PATIENCE] > 0:
        i[e + at.WHAT] = at.RENEGE
        aim = purpose(step, i[e + at.ROUND], 0, at.PATIENT)
        push(i, f, e, t + draw(ti, tf, ti[s + at.PATIENCE], i[e + at.HASH], aim))


@hot
def wait(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """Into the waiting list; whoever may serve e is served when the event is over."""
    s = table_of(ti, i[e + at.STEP])
    q = list_of(ti, i, e, s)
    insert(i, f, q, e)
    i[at.URGENT] += ti[ti[at.T_CLASSES] + at.CLASS_SIZE * i[e + at.CLASS] + at.PREEMPTS]
    if i[e + at.HELD_N] > 0:
        i[at.CHECK] = 1
    needs = i[q + at.NEEDS]
    if ti[needs] == 0:
        dirty(i, ti[s + at.BULK1])
        return
    for k in range(ti[needs + 1]):
        g = ti[needs + 2 + k]
        if i[g + at.FREE_N] > 0:
            dirty(i, g)


@numba.njit
def gather(ti: Any, tf: Any, i: Any, f: Any, e: int, step: int, t: float) -> None:
    """Into the batch of a step; it goes when it is full."""
    m, s = ti[at.M_STEPS] + at.STEP_SIZE * step, table_of(ti, step)
    i[e + at.MATE] = 0
    if i[m + at.BATCH_N] == 0:
        i[m + at.BATCH_FIRST] = e
        if tf[s + at.BATCH_WAIT_F] < np.inf:
            i[e + at.WHAT] = at.BATCH
            push(i, f, e, t + tf[s + at.BATCH_WAIT_F])
    else:
        i[i[m + at.BATCH_LAST] + at.MATE] = e
    i[m + at.BATCH_LAST] = e
    i[m + at.BATCH_N] += 1
    if i[m + at.BATCH_N] >= ti[s + at.BATCH_SIZE]:
        send(ti, tf, i, f, step, t)


@numba.njit
def send(ti: Any, tf: Any, i: Any, f: Any, step: int, t: float) -> None:
    """The batch of a step goes: its first waits for all."""
    m = ti[at.M_STEPS] + at.STEP_SIZE * step
    e = i[m + at.BATCH_FIRST]
    i[m + at.BATCH_N] = 0
    remove(i, f, e)
    if ti[table_of(ti, step) + at.PLAIN] == 1:
        seen(ti, tf, i, f, e, t)
        begin(ti, tf, i, f, e, length_of(ti, tf, i, f, e), t)
    else:
        wait(ti, tf, i, f, e, t)


@hot
def seen(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """The wait of e and its mates is over: count it."""
    step = i[e + at.STEP]
    target = tf[table_of(ti, step) + at.TARGET_F]
    m = e
    while m != 0:
        w, waited = waits_at(ti, step, i[m + at.CLASS]), t - f[m + at.FROM_F]
        more_wait(f, w, -1.0, t)
        i[ti[at.M_STEPS] + at.STEP_SIZE * step + at.WAITING] -= 1
        f[w + at.W_WAITED] += waited
        if np.isnan(f[m + at.BEGAN_F]):  # not after an interruption
            f[w + at.W_STARTED] += 1.0
            f[w + at.W_LAST] = waited
            if waited > target:
                f[w + at.W_OVER] += 1.0
        m = i[m + at.MATE]


@hot
def length_of(ti: Any, tf: Any, i: Any, f: Any, e: int) -> float:
    """How long e will hold what its step seizes: what an interruption left of it, else drawn.

    Whoever begins asks for it first: a draw takes as long as what is done meanwhile, and the heap waits for it.
    """
    step, length = i[e + at.STEP], f[e + at.LEFT_F]
    if np.isnan(length):
        law = ti[ti[table_of(ti, step) + at.HOLDS] + i[e + at.CLASS]]
        aim = purpose(step, i[e + at.ROUND], i[e + at.REPEAT], at.HOLD)
        length = f[ti[at.M_STEPS] + at.STEP_SIZE * step + at.GAIN_F] * draw(ti, tf, law, i[e + at.HASH], aim)
        f[e + at.LENGTH_F] = length
    return length


@hot
def begin(ti: Any, tf: Any, i: Any, f: Any, e: int, length: float, t: float) -> None:
    """Start a hold of this length; what is due to be given back now is."""
    step = i[e + at.STEP]
    s = table_of(ti, step)
    if ti[s + at.FREE_POOLS] > 0:
        i[e + at.OWN] -= give_back(ti, i, f, e, 0, i[e + at.OWN], ti[s + at.FREE_POOLS], True, t, True)
    if ti[s + at.BULK1] > 0:
        use(ti, tf, i, f, ti[s + at.BULK1], tf[s + at.AMOUNT1_F], t)
    if ti[s + at.BULK2] > 0:
        use(ti, tf, i, f, ti[s + at.BULK2], tf[s + at.AMOUNT2_F], t)
    place = ti[s + at.STEP_PLACE]
    m = e
    while m != 0:
        if place >= 0 and place != i[m + at.PLACE]:
            enter(ti, tf, i, f, m, place, t)
        f[waits_at(ti, step, i[m + at.CLASS]) + at.W_HOLDING] += 1.0
        f[m + at.BEGAN_F] = t
        m = i[m + at.MATE]
    i[e + at.WHAT] = at.END
    push(i, f, e, t + length)
    u = i[e + at.HELD + i[e + at.OWN]] if i[e + at.OWN] < i[e + at.HELD_N] else 0
    note(i, f, t, at.STARTS, i[e + at.NUMBER], step, (u - ti[at.M_UNITS]) // at.UNIT_SIZE if u > 0 else -1)


@numba.njit
def use(ti: Any, tf: Any, i: Any, f: Any, b: int, amount: float, t: float) -> None:
    """Use a supply; a stock that runs low is ordered."""
    draw_supply(f, b, amount, t)
    table = i[b + at.TAB]
    if ti[table + at.STOCK] == 1 and i[b + at.POS] < 0 and f[b + at.LEVEL_F] <= tf[table + at.REORDER_F]:
        number = (ti[at.N_SOURCES] + (b - ti[at.M_GROUPS]) // at.GROUP) << (at.LAYER_BITS + at.INDEX_BITS)
        start = entity_hash(i[at.KEY], number | i[b + at.ORDERS])
        i[b + at.ORDERS] += 1
        i[b + at.WHAT] = at.DELIVERY
        push(i, f, b, t + draw(ti, tf, ti[table + at.LEAD], start, purpose(0, 0, 0, at.LEAD_TIME)))


@hot
def finish(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """A hold is over for one entity: where to; it stays, holding all, where the next step blocks."""
    w = waits_at(ti, i[e + at.STEP], i[e + at.CLASS])
    f[w + at.W_ENDED] += 1.0
    f[w + at.W_HOLDING] -= 1.0
    note(i, f, t, at.ENDS, i[e + at.NUMBER], i[e + at.STEP], -1)
    goal = route(ti, tf, i, e)
    if goal >= 0 and ti[table_of(ti, goal) + at.IF_FULL] == at.BLOCK and not has_room(ti, tf, i, f, e, goal):
        block(ti, i, f, e, goal, t)
    else:
        go_on(ti, tf, i, f, e, goal, t)


@hot
def go_on(ti: Any, tf: Any, i: Any, f: Any, e: int, goal: int, t: float) -> None:
    """Give back what this step does not keep, and join the next, or leave."""
    s = table_of(ti, i[e + at.STEP])
    if goal < 0:
        leave(ti, tf, i, f, e, t)
        return
    give_back(ti, i, f, e, i[e + at.OWN], i[e + at.HELD_N], ti[s + at.KEEP_POOLS], False, t, True)
    if ti[s + at.RELEASE_POOLS] > 0:
        give_back(ti, i, f, e, 0, i[e + at.OWN], ti[s + at.RELEASE_POOLS], True, t, True)
    i[e + at.OWN] = i[e + at.HELD_N]
    join(ti, tf, i, f, e, goal, t)


@numba.njit
def block(ti: Any, i: Any, f: Any, e: int, goal: int, t: float) -> None:
    """Wait upstream, holding all, for room at the goal."""
    m = ti[at.M_STEPS] + at.STEP_SIZE * goal
    i[e + at.GOAL] = goal
    i[e + at.NEXT] = 0
    if i[m + at.BLOCK_N] == 0:
        i[m + at.BLOCK_FIRST] = e
    else:
        i[i[m + at.BLOCK_LAST] + at.NEXT] = e
    i[m + at.BLOCK_LAST] = e
    i[m + at.BLOCK_N] += 1
    i[at.BLOCKED] += 1
    i[at.CHECK] = 1
    note(i, f, t, at.BLOCKS, i[e + at.NUMBER], goal, -1)


@numba.njit
def give_up(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """Patience is over."""
    step = i[e + at.STEP]
    s, w = table_of(ti, step), waits_at(ti, step, i[e + at.CLASS])
    unlink(i, e)
    i[at.URGENT] -= ti[ti[at.T_CLASSES] + at.CLASS_SIZE * i[e + at.CLASS] + at.PREEMPTS]
    more_wait(f, w, -1.0, t)
    i[ti[at.M_STEPS] + at.STEP_SIZE * step + at.WAITING] -= 1
    f[w + at.W_RENEGED] += 1.0
    note(i, f, t, at.GIVES_UP, i[e + at.NUMBER], step, -1)
    if ti[s + at.PATIENCE_TO] >= 0:
        join(ti, tf, i, f, e, ti[s + at.PATIENCE_TO], t)
    else:
        unseen(ti, f, i, e)
        leave(ti, tf, i, f, e, t)
