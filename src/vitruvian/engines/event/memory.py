"""A member's memory on the host: made empty, given more room, and read by name.

All members of a run share one shape (member, word). The heap and the trace lie behind the entities, so more room moves
them; addresses of entities and of all else stay.
"""

from __future__ import annotations

import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.tables import Tables

FIRST_ROOM = 64


def heap_words(tables: Tables, room: int) -> int:
    """Words of a heap that can hold everything that happens."""
    m = tables.model
    things = len(m.groups) + len(m.supplies) + len(m.modes) + sum(tables.units) + room
    return 2 * (things + len(m.arrivals) * tables.layers + 1)


def empty(tables: Tables, t0: float, members: int, room: int = FIRST_ROOM) -> np.ndarray:
    """Memories of members with nobody there, (member, word) int64."""
    room += int(tables.words[at.MAKERS])
    one = template(tables, room)
    memory = np.broadcast_to(one, (members, len(one))).copy()
    floats = memory.view(np.float64)
    floats[:, at.TIME_F] = t0
    for address in touched(tables):
        floats[:, address] = t0
    return memory


def touched(tables: Tables) -> list[int]:
    """Words that say up to when areas are kept."""
    m, o = tables.model, tables.offsets
    groups = len(m.groups) + len(m.supplies)
    rows = len(tables.steps) * len(tables.classes)
    places = (len(m.places) + 1) * len(tables.classes)
    out = [o["M_GROUPS"] + at.GROUP * g + at.TOUCHED_F for g in range(groups)]
    out += [o["M_WAITS"] + at.WAITS * k + at.W_TOUCHED for k in range(rows)]
    return out + [o["M_PLACES"] + at.PLACES * k + at.P_TOUCHED for k in range(places)]


def template(tables: Tables, room: int) -> np.ndarray:
    """The memory of one empty member."""
    m, o = tables.model, tables.offsets
    heap = o["M_ENTITIES"] + room * at.ENTITY
    i = np.zeros(heap + heap_words(tables, room), dtype=np.int64)
    f = i.view(np.float64)
    i[at.HEAP], i[at.TOP], i[at.ROOM] = heap, o["M_ENTITIES"], room
    f[heap] = np.inf  # behind the last pair
    _groups(tables, i, f)
    words = tables.words
    needs = words[words[at.TABLES_HEADER - 1] :]
    for n, (step, _, class_) in enumerate(tables.lists):
        a = o["M_LISTS"] + at.LIST_SIZE * n
        i[a + at.LIST_STEP], i[a + at.LIST_CLASS], i[a + at.NEEDS] = step, class_, needs[n]
    for k in range(len(tables.steps)):
        f[o["M_STEPS"] + at.STEP_SIZE * k + at.GAIN_F] = 1.0
    for k in range(len(m.modes)):
        a = o["M_MODES"] + at.MODE_SIZE * k
        i[a + at.POS], i[a + at.RANK] = -1, (at.RANKS[at.MODE] << at.RANK_BITS) | k
    for k in range(len(m.arrivals)):
        for layer in range(tables.layers):
            a = o["M_SOURCES"] + at.SOURCE_SIZE * (k * tables.layers + layer)
            i[a + at.WHAT], i[a + at.POS] = at.SOURCE, -1
            i[a + at.RANK] = (at.RANKS[at.SOURCE] << at.RANK_BITS) | (k << at.LAYER_BITS) | layer
            i[a + at.SOURCE_TAB] = words[at.T_SOURCES] + at.SOURCE_TABLE * k
            i[a + at.LAYER] = layer
            f[a + at.SCALE_F] = 1.0
    return i


def _groups(tables: Tables, i: np.ndarray, f: np.ndarray) -> None:
    m, o, words = tables.model, tables.offsets, tables.words
    unit = o["M_UNITS"]
    for g in range(len(m.groups) + len(m.supplies)):
        a = o["M_GROUPS"] + at.GROUP * g
        i[a + at.POS], i[a + at.DIRTY] = -1, -1
        i[a + at.TAB] = words[at.T_GROUPS] + at.GROUP_TAB * g
        if g >= len(m.groups):
            i[a + at.RANK] = (at.RANKS[at.DELIVERY] << at.RANK_BITS) | g
            f[a + at.LEVEL_F] = f[a + at.CAPACITY_F] = m.supplies[g - len(m.groups)].capacity
            continue
        i[a + at.RANK] = (at.RANKS[at.CALENDAR] << at.RANK_BITS) | g
        i[a + at.UNITS], i[a + at.HINT], i[a + at.COUNT] = unit, unit, tables.units[g]
        for _ in range(tables.units[g]):
            i[unit + at.POS], i[unit + at.GROUP_OF], i[unit + at.STATE] = -1, a, at.OFF
            i[unit + at.RANK] = (at.RANKS[at.FAIL] << at.RANK_BITS) | unit
            unit += at.UNIT_SIZE


def with_room(tables: Tables, memory: np.ndarray, room: int, trace_rows: int = 0) -> np.ndarray:
    """The same members with room for more entities, and for a trace of so many rows."""
    entities, heap = tables.offsets["M_ENTITIES"], int(memory[0, at.HEAP])
    new_heap = entities + room * at.ENTITY
    trace = new_heap + heap_words(tables, room)
    out = np.zeros((len(memory), trace + at.TRACE_ROW * trace_rows), dtype=np.int64)
    out[:, :heap] = memory[:, :heap]
    size = 2 * int(memory[:, at.HEAPED].max(initial=0)) + 1
    out[:, new_heap : new_heap + size] = memory[:, heap : heap + size]
    kept = at.TRACE_ROW * int(memory[:, at.TRACED].max(initial=0))
    if kept and memory[0, at.TRACE_ROOM]:
        old = int(memory[0, at.TRACE])
        out[:, trace : trace + kept] = memory[:, old : old + kept]
    out[:, at.HEAP], out[:, at.ROOM], out[:, at.TRACE], out[:, at.TRACE_ROOM] = new_heap, room, trace, trace_rows
    return out


def settled(memory: np.ndarray) -> np.ndarray:
    """The same members without what the heap left behind its last pair: equal futures are equal words."""
    if not len(memory):
        return memory
    heap, end = int(memory[0, at.HEAP]), int(memory[0, at.TRACE])
    behind = np.arange(end - heap)[None, :] > 2 * memory[:, at.HEAPED, None]
    memory[:, heap:end][behind] = 0
    return memory


def traced(memory: np.ndarray) -> list[tuple[float, int, int, int, int]]:
    """Rows of the trace of one member (word,): time, what, who, where, unit."""
    n, first = int(memory[at.TRACED]), int(memory[at.TRACE])
    rows = memory.view(np.float64)[first : first + at.TRACE_ROW * n].reshape(n, at.TRACE_ROW)
    return [(t, int(a), int(b), int(c), int(d)) for t, a, b, c, d in rows.tolist()]
