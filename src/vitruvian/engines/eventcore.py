"""The event kernel: one compiled loop that interprets any `Network` for many members.

At equal times: servers change, services end, patients arrive, then the snapshot (an action holds from its time on).
A source is a stack of Poisson layers of the base rate; layer l lets a patient in with probability min(1, f(t) - l):
nothing of a patient depends on what was done to others, f only decides who comes at all.
Areas are kept as of each station's last change, so that no bit depends on what is asked or on where a run was cut.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from vitruvian.engines import eventlayout as col
from vitruvian.engines import eventstate as st
from vitruvian.engines.compiled import compiled
from vitruvian.engines.draws import ACCEPT, GAP, ROUTE, SERVICE, exponential, normal, uniform


@numba.njit
def duration(station: Any, seed: Any, who: int, visit: int) -> float:
    """Service time at a station, s, by its law."""
    mean, s = station[col.MEAN], station[col.SIGMA]
    if station[col.LAW] == 0:
        return mean * exponential(seed, who, visit, SERVICE)
    if station[col.LAW] == 1:
        return mean * math.exp(s * normal(seed, who, visit, SERVICE) - 0.5 * s * s)
    return mean


@numba.njit
def serve(model: col.Model, m: col.Member, k: int, t: float) -> None:
    """Start services at station k while a server is open and someone waits."""
    row, slots = m.rows[k], m.slots
    while row[col.WAITING] > 0 and row[col.BUSY] < row[col.OPEN]:
        slot = int(row[col.FIRST])
        row[col.FIRST] = slots[slot, col.LINK]
        wait = t - slots[slot, col.SINCE]
        row[col.WAITING] -= 1
        row[col.BUSY] += 1
        row[col.STARTED] += 1
        row[col.WAITED] += wait
        row[col.LAST_WAIT] = wait
        who, visit = int(slots[slot, col.PATIENT]), int(slots[slot, col.VISIT])
        slots[slot, col.ENDS] = t + duration(model.stations[k], m.seed, who, visit)
        st.push(slots, int(m.own[col.SERVED]), slot)
        m.own[col.SERVED] += 1
        st.note(m, t, col.START, slots[slot, col.PATIENT], k)


@numba.njit
def join(model: col.Model, m: col.Member, slot: int, k: int, t: float) -> None:
    """A patient joins station k's queue at t, and is served at once where a server is free."""
    row, slots = m.rows[k], m.slots
    st.touch(row, t)
    slots[slot, col.SINCE], slots[slot, col.PLACE], slots[slot, col.LINK] = t, k, -1
    if row[col.WAITING] > 0:
        slots[int(row[col.LAST]), col.LINK] = slot
    else:
        row[col.FIRST] = slot
    row[col.LAST] = slot
    row[col.WAITING] += 1
    row[col.ARRIVED] += 1
    st.note(m, t, col.JOIN, slots[slot, col.PATIENT], k)
    serve(model, m, k, t)


@numba.njit
def finish(model: col.Model, m: col.Member, t: float) -> None:
    """The earliest service ends: its patient moves on or leaves, the next one is called."""
    m.own[col.SERVED] -= 1
    slots = m.slots
    slot = st.pop(slots, int(m.own[col.SERVED]))
    k, visit = int(slots[slot, col.PLACE]), int(slots[slot, col.VISIT])
    row = m.rows[k]
    st.touch(row, t)
    row[col.BUSY] -= 1
    row[col.LEFT] += 1
    slots[slot, col.VISIT] = visit + 1
    st.note(m, t, col.END, slots[slot, col.PATIENT], k)
    onward = len(model.routes)
    if model.routes[k, onward - 1] > 0.0:
        onward = st.passed(model.routes[k], uniform(m.seed, int(slots[slot, col.PATIENT]), visit, ROUTE))
    if onward < len(model.routes):
        join(model, m, slot, onward, t)
    else:
        slots[slot, col.PLACE], slots[slot, col.LINK] = -1, m.own[col.FREE]
        m.own[col.FREE] = slot
    serve(model, m, k, t)


@numba.njit
def draw_gap(model: col.Model, m: col.Member, s: int, i: int) -> None:
    """The time of layer i's next patient."""
    layer, rate = m.layers[s, i], model.sources[s, col.RATE]
    n = int(layer[col.DRAWN])
    last = m.own[col.BORN] if n == 0 else layer[col.NEXT]
    gap = exponential(m.seed, st.patient(s, i, n), 0, GAP)
    layer[col.NEXT] = last + gap / rate if rate > 0.0 else np.inf
    layer[col.DRAWN] = n + 1


@numba.njit
def lets_in(model: col.Model, seed: Any, s: int, i: int, who: int, t: float) -> bool:
    """Does the source let this patient of layer i in at t?"""
    stations, sources = len(model.stations), len(model.sources)
    f, u = stations + s, stations + sources + s
    driven = 1.0 + model.sources[s, col.SLOPE] * model.levels[u, st.passed(model.edges[u], t)]
    chance = model.levels[f, st.passed(model.edges[f], t)] * driven - i
    return chance >= 1.0 or (chance > 0.0 and uniform(seed, who, 0, ACCEPT) < chance)


@numba.njit
def arrive(model: col.Model, m: col.Member, s: int, i: int, t: float) -> bool:
    """The layer's next patient comes, or is not let in; False (and nothing changed) where there is no free slot."""
    who = st.patient(s, i, int(m.layers[s, i, col.DRAWN]) - 1)
    if lets_in(model, m.seed, s, i, who, t):
        slot = int(m.own[col.FREE])
        if slot < 0:
            return False
        m.own[col.FREE] = m.slots[slot, col.LINK]
        m.slots[slot, col.PATIENT], m.slots[slot, col.VISIT] = who, 0
        join(model, m, slot, int(model.sources[s, col.TARGET]), t)
    draw_gap(model, m, s, i)
    return True


@numba.njit
def change(model: col.Model, m: col.Member, t: float) -> float:
    """Servers open or close at t, who is in service is finished first; the time of the next change."""
    soonest = np.inf
    for k in range(len(model.stations)):
        i, row = st.passed(model.edges[k], t), m.rows[k]
        if i < len(model.edges[k]):
            soonest = min(soonest, model.edges[k, i])
        if model.levels[k, i] != row[col.OPEN]:
            st.touch(row, t)
            row[col.OPEN] = model.levels[k, i]
            serve(model, m, k, t)
    return soonest


@numba.njit
def next_arrival(sources: Any, layers: Any) -> tuple[float, int, int]:
    """Time, source and layer of the next candidate."""
    best, source, layer = np.inf, 0, 0
    for s in range(len(sources)):
        for i in range(int(sources[s, col.LAYERS])):
            if layers[s, i, col.NEXT] < best:
                best, source, layer = layers[s, i, col.NEXT], s, i
    return best, source, layer


@numba.njit
def snapshot(rows: Any, columns: Any, t: float, out: Any) -> None:
    """Statistics at t, areas brought to t without touching them."""
    for j in range(len(columns)):
        row, c = rows[columns[j, 0]], columns[j, 1]
        dt = t - row[col.TOUCHED]
        out[j] = row[c]
        if c == col.WAITING_AREA:
            out[j] += row[col.WAITING] * dt
        elif c == col.BUSY_AREA:
            out[j] += row[col.BUSY] * dt
        elif c == col.IDLE_AREA:
            out[j] += max(row[col.OPEN] - row[col.BUSY], 0.0) * dt


@numba.njit
def catch_up(model: col.Model, m: col.Member) -> None:
    """Layers that no earlier factor asked for draw on from the member's birth: as if they had always been there."""
    for s in range(len(model.sources)):
        for i in range(int(model.sources[s, col.LAYERS])):
            while m.layers[s, i, col.DRAWN] == 0 or m.layers[s, i, col.NEXT] <= m.own[col.NOW]:
                draw_gap(model, m, s, i)


@numba.njit
def run_member(model: col.Model, m: col.Member, t1: float, asked: Any, columns: Any, seen: Any, taken: Any) -> int:
    """Events up to t1, that time included."""
    catch_up(model, m)
    changing = change(model, m, m.own[col.NOW])
    while True:
        coming, s, i = next_arrival(model.sources, m.layers)
        ending = m.slots[int(m.slots[0, col.HEAP]), col.ENDS] if m.own[col.SERVED] > 0 else np.inf
        t = min(changing, min(ending, coming))
        while taken[0] < len(asked) and asked[taken[0]] < t:
            snapshot(m.rows, columns, asked[taken[0]], seen[taken[0]])
            taken[0] += 1
        if t > t1:
            m.own[col.NOW] = t1
            return col.DONE
        if len(m.trace) and m.traced[0] + len(m.slots) + 4 > len(m.trace):
            return col.TRACE_FULL
        if t == changing:
            changing = change(model, m, t)
        elif t == ending:
            finish(model, m, t)
        elif not arrive(model, m, s, i, t):
            return col.FULL
        m.own[col.NOW] = t


_FLAT, _PLANE, _CUBE, _FOUR = "f8[::1]", "f8[:,::1]", "f8[:,:,::1]", "f8[:,:,:,::1]"
_MODEL = f"{_CUBE}, {_CUBE}, {_PLANE}, {_CUBE}, {_CUBE}, i8[::1]"
_STATE = f"{_PLANE}, {_FOUR}, {_CUBE}, {_CUBE}"
_ASKED = f"f8, {_FLAT}, i8[:,::1], {_CUBE}, i8[:,::1]"


@compiled(f"void(u8[::1], {_MODEL}, {_STATE}, {_ASKED}, {_CUBE}, i8[:,::1], i8[::1])")
def advance(
    seeds: Any,
    stations: Any,
    sources: Any,
    routes: Any,
    edges: Any,
    levels: Any,
    which: Any,
    own: Any,
    layers: Any,
    slots: Any,
    rows: Any,
    t1: float,
    asked: Any,
    columns: Any,
    seen: Any,
    taken: Any,
    trace: Any,
    traced: Any,
    status: Any,
) -> None:
    """Every member whose status is not DONE, on to t1 or to where it needs more room."""
    for i in range(len(seeds)):
        if status[i] != col.DONE:
            model = col.Model(stations[i], sources[i], routes, edges[which[i]], levels[which[i]])
            m = col.Member(seeds[i], own[i], layers[i], slots[i], rows[i], trace[i], traced[i])
            status[i] = run_member(model, m, t1, asked, columns, seen[i], taken[i])
