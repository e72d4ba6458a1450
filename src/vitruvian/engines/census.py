"""A state from a census: who is there now, with nothing known of how long; the future then starts from the present."""

from __future__ import annotations

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError
from vitruvian.core.keys import generator
from vitruvian.engines import eventlayout as col
from vitruvian.engines.event import EventEngine
from vitruvian.engines.eventroom import FIRST_ROOM, empty


def census_state(
    engine: EventEngine,
    at: float,
    present: int,
    servers: float,
    mean: np.ndarray,
    rate: np.ndarray,
    seeds: np.ndarray,
) -> State:
    """Every member's state at `at` (s) with `present` patients at the only station, served by the servers open.

    mean (member,) s: what is left of an exponential service is as long as a whole one. rate (member,) 1/s: those who
    wait are the last who came, so they came at Poisson times before `at`. Draws are keyed by seed and patient.
    """
    network = engine.network
    if len(network.stations) != 1 or network.stations[0].service.family != "exponential":
        raise KindError("a census without elapsed times needs one station with exponential service", where="census")
    served = int(min(present, servers))
    tree = empty(network, at, len(seeds), max(FIRST_ROOM, present + 1))
    own, slots, row = tree["own"], tree["slots"], tree["rows"][:, 0]
    for m, seed in enumerate(seeds.tolist()):
        left = generator(seed, "census", "left").exponential(size=served) * mean[m]
        order = np.argsort(left, kind="stable")
        slots[m, :served, col.ENDS] = at + left
        slots[m, :served, col.HEAP] = order  # sorted by end: a heap
        gaps = generator(seed, "census", "since").exponential(size=present - served) / rate[m]
        slots[m, served:present, col.SINCE] = (at - np.cumsum(gaps))[::-1]
    slots[:, :served, col.SINCE] = at
    slots[:, :present, col.PATIENT] = col.CENSUS * 2.0 ** (col.LAYER_BITS + col.INDEX_BITS) + np.arange(present)
    slots[:, :present, col.PLACE] = 0.0
    slots[:, served:present, col.LINK] = np.append(np.arange(served + 1, present), -1)[: present - served]
    own[:, col.FREE], own[:, col.SERVED] = present, served
    row[:, col.WAITING], row[:, col.BUSY], row[:, col.OPEN] = present - served, served, servers
    if present > served:
        row[:, col.FIRST], row[:, col.LAST] = served, present - 1
    return State(at, engine.state_version, tree)
