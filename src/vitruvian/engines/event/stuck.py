"""Deadlock: those who hold what others wait for, and wait for what others hold, so that none will ever go on.

Whoever waits can go on if for each of their needs some unit is free, off, in work, used by somebody whose hold ends, or
held by one who can go on. The least set of those who cannot, holding something, is a deadlock. Compiled code.
"""

from __future__ import annotations

from typing import Any

import numba

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import note
from vitruvian.engines.event.lists import list_of
from vitruvian.engines.event.patients import table_of


@numba.njit
def stuck(ti: Any, i: Any, f: Any, t: float) -> bool:
    """Is there a deadlock? Then it is noted, and the member stops."""
    i[at.STAMP] += 1
    changed = True
    while changed:
        changed = False
        for n in range(ti[at.N_LISTS]):
            e = i[ti[at.M_LISTS] + at.LIST_SIZE * n + at.HEAD]
            while e != 0:
                if i[e + at.MARK] != i[at.STAMP] and (
                    i[e + at.POS] >= 0 or possible(ti, i, i[i[e + at.LIST] + at.NEEDS])
                ):
                    i[e + at.MARK] = i[at.STAMP]
                    changed = True
                e = i[e + at.NEXT]
        for step in range(ti[at.N_STEPS]):
            changed = blocked_can(ti, i, step) or changed
    return found(ti, i, f, t)


@numba.njit
def possible(ti: Any, i: Any, needs: int) -> bool:
    """Will there be a unit for every need?"""
    k = needs + 1
    for _ in range(ti[needs]):
        some = False
        for j in range(1, ti[k] + 1):
            u = i[ti[k + j] + at.UNITS]
            for _ in range(i[ti[k + j] + at.COUNT]):
                h = i[u + at.HOLDER]
                if i[u + at.STATE] != at.BUSY or comes(i, h):
                    some = True
                    break
                u += at.UNIT_SIZE
            if some:
                break
        if not some:
            return False
        k += ti[k] + 1
    return True


@numba.njit
def comes(i: Any, h: int) -> bool:
    """Will the holder h go on: something is to come for it, it is in a batch, or it is known to be able to?"""
    return i[h + at.POS] >= 0 or i[h + at.MARK] == i[at.STAMP] or (i[h + at.LIST] == 0 and i[h + at.GOAL] < 0)


@numba.njit
def blocked_can(ti: Any, i: Any, step: int) -> bool:
    """Mark those blocked before a step if anybody who waits there can go on, or nobody waits and the step can start."""
    m = ti[at.M_STEPS] + at.STEP_SIZE * step
    if i[m + at.BLOCK_N] == 0:
        return False
    moves, waits = False, False
    for n in range(ti[at.N_LISTS]):
        e = i[ti[at.M_LISTS] + at.LIST_SIZE * n + at.HEAD]
        while e != 0:
            if i[e + at.STEP] == step:
                waits = True
                moves = moves or i[e + at.MARK] == i[at.STAMP]
            e = i[e + at.NEXT]
    e = i[m + at.BLOCK_FIRST]
    if not waits:
        moves = possible(ti, i, i[list_of(ti, i, e, table_of(ti, step)) + at.NEEDS])
    changed = False
    while e != 0 and moves:
        if i[e + at.MARK] != i[at.STAMP]:
            i[e + at.MARK] = i[at.STAMP]
            changed = True
        e = i[e + at.NEXT]
    return changed


@numba.njit
def found(ti: Any, i: Any, f: Any, t: float) -> bool:
    """Note everybody who holds something and cannot go on."""
    before = i[at.STATUS]
    for n in range(ti[at.N_LISTS]):
        e = i[ti[at.M_LISTS] + at.LIST_SIZE * n + at.HEAD]
        while e != 0:
            if i[e + at.MARK] != i[at.STAMP] and i[e + at.HELD_N] > 0:
                note(i, f, t, at.STICKS, i[e + at.NUMBER], i[e + at.STEP], -1)
                i[at.STATUS] = at.DEADLOCK
            e = i[e + at.NEXT]
    for step in range(ti[at.N_STEPS]):
        m = ti[at.M_STEPS] + at.STEP_SIZE * step
        e = i[m + at.BLOCK_FIRST] if i[m + at.BLOCK_N] > 0 else 0
        while e != 0:
            if i[e + at.MARK] != i[at.STAMP] and i[e + at.HELD_N] > 0:
                note(i, f, t, at.STICKS, i[e + at.NUMBER], i[e + at.GOAL], -1)
                i[at.STATUS] = at.DEADLOCK
            e = i[e + at.NEXT]
    return i[at.STATUS] != before
