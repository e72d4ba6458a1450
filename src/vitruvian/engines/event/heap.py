"""The heap of what happens next: (time, address) pairs at the end of a member's memory, ties by RANK. Compiled code."""

from __future__ import annotations

from typing import Any

import numba

from vitruvian.engines.event.layout import HEAP, HEAPED, POS, RANK


@numba.njit
def sooner(i: Any, f: Any, t: float, a: int, k: int) -> bool:
    """Does (t, a) come before the pair at word k?"""
    return t < f[k] or (t == f[k] and i[a + RANK] < i[i[k + 1] + RANK])


@numba.njit
def up(i: Any, f: Any, place: int, t: float, a: int) -> None:
    """Put (t, a) at `place` or above."""
    heap = i[HEAP]
    while place > 0:
        parent = (place - 1) >> 1
        k = heap + 2 * parent
        if not sooner(i, f, t, a, k):
            break
        f[heap + 2 * place] = f[k]
        i[heap + 2 * place + 1] = i[k + 1]
        i[i[k + 1] + POS] = place
        place = parent
    f[heap + 2 * place] = t
    i[heap + 2 * place + 1] = a
    i[a + POS] = place


@numba.njit
def down(i: Any, f: Any, place: int, t: float, a: int) -> None:
    """Put (t, a) at `place` or below."""
    heap, size = i[HEAP], i[HEAPED]
    while 2 * place + 1 < size:
        child = 2 * place + 1
        k = heap + 2 * child
        if child + 1 < size and sooner(i, f, f[k + 2], i[k + 3], k):
            child += 1
            k += 2
        if sooner(i, f, t, a, k):
            break
        f[heap + 2 * place] = f[k]
        i[heap + 2 * place + 1] = i[k + 1]
        i[i[k + 1] + POS] = place
        place = child
    f[heap + 2 * place] = t
    i[heap + 2 * place + 1] = a
    i[a + POS] = place


@numba.njit
def push(i: Any, f: Any, a: int, t: float) -> None:
    """The thing at address a happens at t."""
    i[HEAPED] += 1
    up(i, f, i[HEAPED] - 1, t, a)


@numba.njit
def pop(i: Any, f: Any) -> int:
    """Address of what happens first, taken out."""
    heap = i[HEAP]
    first = i[heap + 1]
    i[first + POS] = -1
    i[HEAPED] -= 1
    size = i[HEAPED]
    if size > 0:
        down(i, f, 0, f[heap + 2 * size], i[heap + 2 * size + 1])
    return first


@numba.njit
def when(i: Any, f: Any, a: int) -> float:
    """When the thing at address a happens."""
    return f[i[HEAP] + 2 * i[a + POS]]


@numba.njit
def remove(i: Any, f: Any, a: int) -> None:
    """The thing at address a does not happen."""
    place = i[a + POS]
    if place < 0:
        return
    i[a + POS] = -1
    i[HEAPED] -= 1
    size = i[HEAPED]
    if place < size:
        heap = i[HEAP]
        t, last = f[heap + 2 * size], i[heap + 2 * size + 1]
        if place > 0 and sooner(i, f, t, last, heap + 2 * ((place - 1) >> 1)):
            up(i, f, place, t, last)
        else:
            down(i, f, place, t, last)
