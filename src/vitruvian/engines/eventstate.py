"""Parts of the event kernel: patients' numbers, schedules, areas, the trace, the heap of services. Compiled code."""

from __future__ import annotations

from typing import Any

import numba

from vitruvian.engines.eventlayout import (
    BUSY,
    BUSY_AREA,
    ENDS,
    HEAP,
    IDLE_AREA,
    INDEX_BITS,
    LAYER_BITS,
    OPEN,
    PATIENT,
    TOUCHED,
    WAITING,
    WAITING_AREA,
    Member,
)


@numba.njit
def patient(source: int, layer: int, index: int) -> int:
    """A patient's number: (source, layer, index) in disjoint bit fields."""
    return (((source << LAYER_BITS) | layer) << INDEX_BITS) | index


@numba.njit
def passed(edges: Any, t: float) -> int:
    """How many of the sorted edges are <= t."""
    low, high = 0, len(edges)
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= t:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit
def touch(row: Any, t: float) -> None:
    """Bring a station's areas to t."""
    dt = t - row[TOUCHED]
    row[WAITING_AREA] += row[WAITING] * dt
    row[BUSY_AREA] += row[BUSY] * dt
    row[IDLE_AREA] += max(row[OPEN] - row[BUSY], 0.0) * dt
    row[TOUCHED] = t


@numba.njit
def note(m: Member, t: float, what: int, who: float, k: int) -> None:
    """A row of the trace, where one is kept."""
    if len(m.trace):
        row = m.trace[m.traced[0]]
        row[0], row[1], row[2], row[3] = t, what, who, k
        m.traced[0] += 1


@numba.njit
def before(slots: Any, a: int, b: int) -> bool:
    """Does slot a end before slot b? Ties go by the patient's number."""
    if slots[a, ENDS] != slots[b, ENDS]:
        return slots[a, ENDS] < slots[b, ENDS]
    return slots[a, PATIENT] < slots[b, PATIENT]


@numba.njit
def push(slots: Any, size: int, slot: int) -> None:
    """A slot into the heap of services, which held `size`."""
    i = size
    while i > 0 and before(slots, slot, int(slots[(i - 1) // 2, HEAP])):
        slots[i, HEAP] = slots[(i - 1) // 2, HEAP]
        i = (i - 1) // 2
    slots[i, HEAP] = slot


@numba.njit
def pop(slots: Any, size: int) -> int:
    """The slot whose service ends first, taken out of the heap, which then holds `size`."""
    first, last = int(slots[0, HEAP]), int(slots[size, HEAP])
    i = 0
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and before(slots, int(slots[child + 1, HEAP]), int(slots[child, HEAP])):
            child += 1
        if not before(slots, int(slots[child, HEAP]), last):
            break
        slots[i, HEAP] = slots[child, HEAP]
        i = child
    slots[i, HEAP] = last
    return first
