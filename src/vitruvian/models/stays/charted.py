"""Simulated stays as the arrays that kinds of intensive care learn from: what was charted, onsets, and how each ended.

The names of the channels are those of models/icu/channels.py. Urine is charted there as mL since the last entry: the
rate of the simulated stay times the hours since then. What a bedside would not believe (models/icu/doubt.py) is left
out and counted. `onset` (h): of the event, NaN where it did not come; `left` (h): when a stay ended in any other way
(discharge, death, transfer), NaN while it was still watched.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.record import Record
from vitruvian.engines.pasts import Readings
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.doubt import doubts
from vitruvian.models.icu.stays import Stays, believed_static
from vitruvian.models.stays.course import ENDS
from vitruvian.models.stays.monitor import HOUR, Stay

RENAMED = {"map": "mean_pressure"}


def charted(found: list[Stay], event: str, hours: float = 96.0) -> Stays:
    """Outcomes `onset` and `left` of an event: one of course.EVENTS, or "icu_transfer"; `until`: how long (h) stays
    were watched at most; `death` for who died."""
    records = [record_of(stay) for stay in found]
    believed = [doubts(record).believed for record in records]
    readings, doubted = {}, {}
    for c in CHANNELS:
        rows = [(record.observable == c.name, true) for record, true in zip(records, believed, strict=True)]
        mine = [np.flatnonzero(named & true) for named, true in rows]
        doubted[c.name] = int(sum((named & ~true).sum() for named, true in rows))
        readings[c.name] = Readings.of(
            np.repeat(np.arange(len(found)), [len(i) for i in mine]),
            np.concatenate([r.valid_time[i] for r, i in zip(records, mine, strict=True)]) / HOUR,
            np.concatenate([r.value[i] for r, i in zip(records, mine, strict=True)]),
        )
    end = np.array([s.end for s in found]) / HOUR
    ended = np.array([s.ended for s in found], dtype=object)
    if event in ENDS:
        onset = np.where(ended == event, end, np.nan)
    else:
        onset = np.array([s.onset[event] for s in found]) / HOUR
    left = np.where((ended != "watched") & (ended != event), end, np.nan)
    static = {
        "age": np.array([s.age for s in found]),
        "male": np.array([float(s.sex == "male") for s in found]),
        "height": np.full(len(found), np.nan),
        "weight": np.array([s.weight for s in found]),
    }
    return Stays(
        np.array([s.name for s in found], dtype=object),
        believed_static(static),
        readings,
        {
            "onset": onset,
            "left": left,
            "until": np.full(len(found), hours),
            "death": (ended == "death").astype(float),
        },
        end,
        np.array([s.unit for s in found], dtype=object),
        doubted,
    )


def record_of(stay: Stay) -> Record:
    """What was recorded, under the names and in the units of intensive care's channels."""
    r = stay.record
    names = np.array([RENAMED.get(n, n) for n in r.observable.tolist()], dtype=object)
    value = r.value.copy()
    urine = np.flatnonzero(names == "urine")
    urine = urine[np.argsort(r.valid_time[urine])]
    hours = np.diff(np.concatenate([[0.0], r.valid_time[urine]])) / HOUR
    value[urine] = np.round(value[urine] * hours)
    return Record.of(names, r.valid_time, value, known_at=r.known_at, sensor=r.sensor, sd=r.sd, limit=r.limit, id=r.id)
