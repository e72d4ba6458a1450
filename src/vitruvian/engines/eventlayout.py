"""How the event engine lays out one member: columns of its arrays, and what a call of the kernel may say.

All state is float64: whole numbers up to 2^53 are exact in it, and a patient's number has 52 bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Columns of a station's row: levels, running totals, areas (patient-seconds), time of the last change, queue's ends.
WAITING, BUSY, OPEN, ARRIVED, STARTED, LEFT, WAITED, LAST_WAIT, WAITING_AREA, BUSY_AREA, IDLE_AREA, TOUCHED = range(12)
FIRST, LAST = 12, 13  # slots waiting first and last, -1 none
SINCE, ENDS, PATIENT, VISIT, PLACE, LINK, HEAP = range(7)  # columns of a slot; HEAP is the heap's own column
NEXT, DRAWN = range(2)  # columns of a layer of arrivals: time of its next patient, patients drawn
NOW, BORN, FREE, SERVED = range(4)  # a member's own: clocks, first free slot, size of the heap
LAW, SIGMA, MEAN = range(3)  # columns of a station's numbers
TARGET, RATE, SLOPE, LAYERS = range(4)  # columns of a source's numbers
DONE, FULL, TRACE_FULL = range(3)  # how a call ended: at t1, or asking for more room
JOIN, START, END = range(3)  # what a trace row says
LAYER_BITS, INDEX_BITS = 8, 36  # a patient's number is source | layer | index; sources and layers below 256
CENSUS = 255  # the source of those who were there before the run


class Model(NamedTuple):
    """Tables and one member's numbers, SI units."""

    stations: Any  # (station, 3) law, log-sd, mean s
    sources: Any  # (source, 4) station, rate 1/s, slope per unit of the driver, layers
    routes: Any  # (station, station) cumulative
    edges: Any  # (channel, edge) s
    levels: Any  # (channel, edge + 1)


class Member(NamedTuple):
    """One member's state and trace, all changed in place."""

    seed: Any
    own: Any  # (4,)
    layers: Any  # (source, layer, 2)
    slots: Any  # (slot, 7)
    rows: Any  # (station, 14)
    trace: Any  # (row, 4) time, what, patient, station
    traced: Any  # (1,)
