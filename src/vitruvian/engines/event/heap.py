"""The heap of what happens next: (time, address) pairs at the end of a member's memory, ties by RANK. Compiled code.

What happens now leaves a hole at the top, which the first that is pushed meanwhile fills: most events bring one. Behind
the last pair stands inf, so that a pair without a right neighbour needs no question. Which of two neighbours is sooner
is as good as random: it is computed, not branched on.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.layout import HEAP, HEAPED, HOLE, POS, RANK


@hot
def sooner(i: Any, f: Any, t: float, a: int, k: int) -> bool:
    """Does (t, a) come before the pair at word k?"""
    return t < f[k] or (t == f[k] and i[a + RANK] < i[i[k + 1] + RANK])


@hot
def put(i: Any, f: Any, place: int, t: float, a: int) -> None:
    """(t, a) is at `place`."""
    k = i[HEAP] + 2 * place
    f[k], i[k + 1], i[a + POS] = t, a, place


@hot
def up(i: Any, f: Any, place: int, t: float, a: int) -> None:
    """Put (t, a) at `place` or above."""
    heap = i[HEAP]
    while place > 0:
        parent = (place - 1) >> 1
        k = heap + 2 * parent
        if not sooner(i, f, t, a, k):
            break
        put(i, f, place, f[k], i[k + 1])
        place = parent
    put(i, f, place, t, a)


@hot
def down(i: Any, f: Any, place: int, t: float, a: int) -> None:
    """Put (t, a) at `place` or below."""
    heap, size = i[HEAP], i[HEAPED]
    child = 2 * place + 1
    while child < size:
        k = heap + 2 * child
        right = int(f[k + 2] < f[k])
        if f[k + 2] == f[k]:
            right = int(i[i[k + 3] + RANK] < i[i[k + 1] + RANK])
        k += 2 * right
        if sooner(i, f, t, a, k):
            break
        put(i, f, place, f[k], i[k + 1])
        place = child + right
        child = 2 * place + 1
    put(i, f, place, t, a)


@hot
def shrunk(i: Any, f: Any) -> int:
    """One pair fewer: the word of the last one, which belongs elsewhere now."""
    i[HEAPED] -= 1
    return i[HEAP] + 2 * i[HEAPED]


@hot
def push(i: Any, f: Any, a: int, t: float) -> None:
    """The thing at address a happens at t."""
    if i[HOLE] == 1:
        i[HOLE] = 0
        down(i, f, 0, t, a)
    else:
        i[HEAPED] += 1
        f[i[HEAP] + 2 * i[HEAPED]] = np.inf
        up(i, f, i[HEAPED] - 1, t, a)


@hot
def first(i: Any, f: Any) -> int:
    """Address of what happens first; its place at the top is a hole now."""
    a = i[i[HEAP] + 1]
    i[a + POS] = -1
    i[HOLE] = 1
    return a


@hot
def close(i: Any, f: Any) -> None:
    """Fill a hole with the last pair."""
    if i[HOLE] == 1:
        i[HOLE] = 0
        k = shrunk(i, f)
        t, a = f[k], i[k + 1]
        f[k] = np.inf
        if i[HEAPED] > 0:
            down(i, f, 0, t, a)


@hot
def when(i: Any, f: Any, a: int) -> float:
    """When the thing at address a happens."""
    return f[i[HEAP] + 2 * i[a + POS]]


@numba.njit
def taken_out(i: Any, f: Any, a: int) -> None:
    """Out of the heap."""
    close(i, f)
    place = i[a + POS]
    i[a + POS] = -1
    k = shrunk(i, f)
    t, last = f[k], i[k + 1]
    f[k] = np.inf
    if place < i[HEAPED]:
        if place > 0 and sooner(i, f, t, last, i[HEAP] + 2 * ((place - 1) >> 1)):
            up(i, f, place, t, last)
        else:
            down(i, f, place, t, last)


@hot
def remove(i: Any, f: Any, a: int) -> None:
    """The thing at address a does not happen."""
    if i[a + POS] >= 0:
        taken_out(i, f, a)
