"""Who comes: a stack of Poisson layers of the source's own rate, or the week's appointments. Compiled code.

Layer l of a source lets a candidate in with probability min(1, factor - l): nothing of a patient depends on what is
done to others, the factor only decides who comes at all. The next candidate is found by spending an exponential mass
along the rate's pieces from ANCHOR on; anchors move to edges only, so that no bit depends on where a run was cut.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.counting import note, place_at, present
from vitruvian.engines.event.hashing import entity_hash, exponential, normal, purpose, uniform
from vitruvian.engines.event.heap import push, remove
from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.patients import born, chosen, join


@hot
def edge_of(d: Any, c: int, k: int) -> float:
    """The k-th edge of channel c of a drive [width, then each channel's edges and levels]."""
    width = int(d[0])
    return d[1 + c * (2 * width + 1) + k] if k < width else np.inf


@hot
def level_of(d: Any, c: int, k: int) -> float:
    """The level of channel c from its edge k - 1 on."""
    width = int(d[0])
    return d[1 + c * (2 * width + 1) + width + k]


@numba.njit
def passed(d: Any, c: int, t: float) -> int:
    """How many edges of channel c are <= t."""
    low, high = 0, int(d[0])
    while low < high:
        middle = (low + high) // 2
        if edge_of(d, c, middle) <= t:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit
def number_of(ti: Any, i: Any, a: int) -> int:
    """Number of the next candidate of the source layer at address a."""
    return (((ti[i[a + at.SOURCE_TAB] + at.SOURCE_N] << at.LAYER_BITS) | i[a + at.LAYER]) << at.INDEX_BITS) | i[
        a + at.INDEX
    ]


@numba.njit
def mass_of(i: Any, number: int) -> float:
    """Draw the mass to the candidate of this number."""
    return exponential(entity_hash(i[at.KEY], number), purpose(0, 0, 0, at.GAP))


@numba.njit
def slot_time(ti: Any, tf: Any, i: Any, f: Any, a: int) -> float:
    """Time of the next appointment, s."""
    slots = ti[i[a + at.SOURCE_TAB] + at.SLOTS]
    n, index = ti[slots], i[a + at.INDEX]
    return at.WEEK * (index // n) + tf[slots + 1 + index % n] - f[at.OFFSET_F]


@hot
def candidate(ti: Any, tf: Any, i: Any, f: Any, a: int, d: Any, t1: float) -> float:
    """Time of the next candidate, inf if it is after t1."""
    s = i[a + at.SOURCE_TAB]
    if ti[s + at.APPOINTED] == 1:
        t = slot_time(ti, tf, i, f, a) - tf[s + at.AHEAD_F]
        return t if t <= t1 else np.inf
    c, k = ti[s + at.RATE_CHANNEL], i[a + at.PIECE]
    while True:
        rate = level_of(d, c, k) * f[a + at.SCALE_F]
        edge = edge_of(d, c, k)
        if rate > 0.0:
            t = f[a + at.ANCHOR_F] + f[a + at.MASS_F] / rate
            if t < edge or edge > t1:
                break
        elif edge > t1:
            t = np.inf
            break
        f[a + at.MASS_F] = max(f[a + at.MASS_F] - rate * (edge - f[a + at.ANCHOR_F]), 0.0)
        f[a + at.ANCHOR_F] = edge
        k += 1
    i[a + at.PIECE] = k
    return t if t <= t1 else np.inf


@hot
def step_on(ti: Any, i: Any, f: Any, a: int, mass: float, t: float) -> None:
    """The candidate at t is dealt with: on to the next, which is this mass away."""
    i[a + at.INDEX] += 1
    if ti[i[a + at.SOURCE_TAB] + at.APPOINTED] == 0:
        f[a + at.ANCHOR_F], f[a + at.MASS_F] = t, mass


@numba.njit
def sources_start(ti: Any, tf: Any, i: Any, f: Any, d: Any, t0: float, t1: float, new: bool) -> None:
    """Schedule the next candidate of every layer that may let somebody in before t1."""
    for n in range(ti[at.N_SOURCES] * ti[at.N_LAYERS]):
        a = ti[at.M_SOURCES] + at.SOURCE_SIZE * n
        s = i[a + at.SOURCE_TAB]
        remove(i, f, a)
        if new and ti[s + at.APPOINTED] == 0:
            f[a + at.ANCHOR_F], f[a + at.MASS_F] = t0, mass_of(i, number_of(ti, i, a))
        elif new:
            weeks = int((t0 + f[at.OFFSET_F]) / at.WEEK) - 1
            i[a + at.INDEX] = max(weeks, 0) * ti[ti[s + at.SLOTS]]
            while slot_time(ti, tf, i, f, a) - tf[s + at.AHEAD_F] < t0:
                i[a + at.INDEX] += 1
        awake = active(ti, i, f, a, d)
        if ti[s + at.APPOINTED] == 0 and (awake or ti[at.FLAT] == 0):
            i[a + at.PIECE] = passed(d, ti[s + at.RATE_CHANNEL], f[a + at.ANCHOR_F])
        if awake:
            t = candidate(ti, tf, i, f, a, d, t1)
            while t <= t0 and not new:  # nobody needed this layer until now
                step_on(ti, i, f, a, mass_of(i, number_of(ti, i, a) + 1), t)
                t = candidate(ti, tf, i, f, a, d, t1)
            if t < np.inf:
                push(i, f, a, t)


@hot
def factor_of(ti: Any, i: Any, f: Any, a: int, d: Any, t: float) -> float:
    """What the rate of the source layer at address a is multiplied by at t: its factor, and its input's."""
    s = i[a + at.SOURCE_TAB]
    c = ti[s + at.FACTOR_CHANNEL]
    factor = level_of(d, c, passed(d, c, t))
    c = ti[s + at.DRIVER_CHANNEL]
    if c >= 0:
        factor *= 1.0 + f[a + at.SLOPE_F] * level_of(d, c, passed(d, c, t))
    return factor


@numba.njit
def active(ti: Any, i: Any, f: Any, a: int, d: Any) -> bool:
    """May this layer let anybody in during this run?"""
    s = i[a + at.SOURCE_TAB]
    if i[a + at.LAYER] == 0:
        return True
    if ti[s + at.APPOINTED] == 1:
        return False
    most, driven, c = 0.0, 1.0, ti[s + at.DRIVER_CHANNEL]
    for k in range(int(d[0]) + 1):
        most = max(most, level_of(d, ti[s + at.FACTOR_CHANNEL], k))
        if c >= 0:
            driven = max(driven, 1.0 + f[a + at.SLOPE_F] * level_of(d, c, k))
    return most * driven > i[a + at.LAYER]


@numba.njit
def sources_end(ti: Any, tf: Any, i: Any, f: Any, d: Any, t1: float) -> None:
    """Take layers that let nobody in to t1 too, so that a later run may use them; where rates are flat it can wait."""
    if ti[at.FLAT] == 1:
        return
    for n in range(ti[at.N_SOURCES] * ti[at.N_LAYERS]):
        a = ti[at.M_SOURCES] + at.SOURCE_SIZE * n
        if ti[i[a + at.SOURCE_TAB] + at.APPOINTED] == 0 and not active(ti, i, f, a, d):
            t = candidate(ti, tf, i, f, a, d, t1)
            while t < np.inf:
                step_on(ti, i, f, a, mass_of(i, number_of(ti, i, a) + 1), t)
                t = candidate(ti, tf, i, f, a, d, t1)


@hot
def arrival(ti: Any, tf: Any, i: Any, f: Any, a: int, d: Any, t: float, t1: float) -> None:
    """The candidate of the source layer at address a: in or not; then the next."""
    s, number = i[a + at.SOURCE_TAB], number_of(ti, i, a)
    mass = mass_of(i, number + 1)  # asked for first: see `length_of`
    chance = factor_of(ti, i, f, a, d, t) - i[a + at.LAYER]
    if chance >= 1.0 or (
        chance > 0.0 and uniform(entity_hash(i[at.KEY], number), purpose(0, 0, 0, at.ACCEPT)) < chance
    ):
        come(ti, tf, i, f, a, s, number, t)
    step_on(ti, i, f, a, mass, t)
    t = candidate(ti, tf, i, f, a, d, t1)
    if t < np.inf:
        push(i, f, a, t)


@hot
def come(ti: Any, tf: Any, i: Any, f: Any, a: int, s: int, number: int, t: float) -> None:
    """A new patient: now, or on the way to an appointment; or one who does not show up."""
    start = entity_hash(i[at.KEY], number)
    if tf[s + at.NO_SHOW_F] > 0.0 and uniform(start, purpose(0, 0, 0, at.SHOW)) < tf[s + at.NO_SHOW_F]:
        note(i, f, t, at.ABSENT, number, ti[s + at.SOURCE_N], -1)
        return
    class_ = chosen(ti, tf, ti[s + at.SHARES], start, purpose(0, 0, 0, at.SHARE))
    e = born(i, f, number, class_, t)
    for k in range(ti[at.N_TRAITS]):
        row = ti[ti[at.T_TRAITS] + k * ti[at.N_CLASSES] + class_]
        i[e + at.TRAITS] |= chosen(ti, tf, row, start, purpose(0, 0, 0, at.TRAIT) + k) << (8 * k)
    if tf[s + at.AHEAD_F] > 0.0:
        on_time = slot_time(ti, tf, i, f, a) - tf[s + at.EARLY_F]
        there = on_time + tf[s + at.SPREAD_F] * normal(start, purpose(0, 0, 0, at.PUNCTUAL))
        i[e + at.WHAT] = at.COMING
        push(i, f, e, max(there, t))
    else:
        arrive(ti, tf, i, f, e, t)


@hot
def arrive(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """At the door."""
    source = i[e + at.NUMBER] >> (at.LAYER_BITS + at.INDEX_BITS)
    f[e + at.CAME_F] = t
    p = place_at(ti, ti[at.N_PLACES], i[e + at.CLASS])
    present(f, p, 1.0, t)
    f[p + at.P_ENTERED] += 1.0
    note(i, f, t, at.ARRIVES, i[e + at.NUMBER], source, i[e + at.CLASS])
    join(ti, tf, i, f, e, ti[ti[at.T_SOURCES] + at.SOURCE_TABLE * source + at.FIRST_STEP], t)
