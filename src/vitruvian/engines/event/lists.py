"""Waiting lists: one for each set of needs and class, first come first served within it. Compiled code."""

from __future__ import annotations

from typing import Any

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.inline import hot


@hot
def list_of(ti: Any, i: Any, e: int, s: int) -> int:
    """The list in which entity e waits for the step at table address s."""
    n = ti[s + at.LIST0] + i[e + at.CLASS]
    if ti[s + at.MATCH] >= 0:
        value = (i[e + at.TRAITS] >> (8 * ti[s + at.MATCH])) & 0xFF
        n += value * (ti[at.N_CLASSES] - 1)
    return ti[at.M_LISTS] + at.LIST_SIZE * n


@hot
def insert(i: Any, f: Any, q: int, e: int) -> None:
    """Into list q behind all who came before, looked for from the end."""
    i[e + at.LIST] = q
    before = i[q + at.TAIL]
    while before != 0 and (
        f[e + at.SINCE_F] < f[before + at.SINCE_F]
        or (f[e + at.SINCE_F] == f[before + at.SINCE_F] and i[e + at.NUMBER] < i[before + at.NUMBER])
    ):
        before = i[before + at.PREV]
    after = i[q + at.HEAD] if before == 0 else i[before + at.NEXT]
    i[e + at.PREV], i[e + at.NEXT] = before, after
    if before == 0:
        i[q + at.HEAD] = e
    else:
        i[before + at.NEXT] = e
    if after == 0:
        i[q + at.TAIL] = e
    else:
        i[after + at.PREV] = e


@hot
def unlink(i: Any, e: int) -> None:
    """Out of the list one is in."""
    q, before, after = i[e + at.LIST], i[e + at.PREV], i[e + at.NEXT]
    if before == 0:
        i[q + at.HEAD] = after
    else:
        i[before + at.NEXT] = after
    if after == 0:
        i[q + at.TAIL] = before
    else:
        i[after + at.PREV] = before
    i[e + at.LIST] = 0
