"""What drives a model over a stretch of time: rosters, rates, seasons and factors as schedules, one a channel.

Every edge lies where the calendar puts it, whatever the stretch, so that no bit depends on where a run is cut.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.engines.event.model import Arrivals, Model
from vitruvian.engines.event.rosters import DAY, WEEK, repeated, week_of
from vitruvian.engines.event.tables import Tables

HOUR = 3600.0


@dataclass(frozen=True)
class Clock:
    """Local time at time 0: s since Monday's midnight, and the date of that day (None: no seasons, no holidays)."""

    offset: float = 0.0
    date: datetime.date | None = None


def drive(model: Model, t0: float, t1: float, clock: Clock = Clock()) -> dict[str, Schedule]:
    """Schedules of every channel of `Tables.channels` over [t0, t1] as the model has them."""
    out = {f"open:{p.name}/{g.name}": repeated(week_of(model, p, g), t0, t1, clock.offset) for p, g in model.groups}
    out |= {f"mode:{m}": Schedule(np.zeros(0), np.zeros(0)) for m in model.modes}
    for source in model.arrivals:
        out[f"rate:{source.name}"] = rate(model, source, t0, t1, clock)
        out[f"factor:{source.name}"] = closed(model, source, t0, t1, clock)
        if source.only is not None:  # modes are off unless an action says otherwise
            out[f"factor:{source.name}"] = Schedule(np.zeros(0), np.zeros(0))
        if source.driven:
            out[f"driver:{source.name}"] = Schedule(np.zeros(0), np.zeros(0))
    return out


def rate(model: Model, source: Arrivals, t0: float, t1: float, clock: Clock) -> Schedule:
    """Arrivals per s, holidays apart."""
    if not source.rates:
        return Schedule(np.zeros(0), np.zeros(0))
    period = DAY if source.period == "day" else WEEK
    rates = np.asarray(source.rates) / HOUR
    if source.once:
        edges = np.arange(1, len(rates) + 1) * period / len(rates)
        return Schedule(edges, np.append(rates[1:], 0.0), float(rates[0]))
    flat = len(set(rates.tolist())) == 1 and not source.weekdays and not source.months
    if flat:
        return Schedule(np.zeros(0), np.zeros(0), float(rates[0]))
    piece = period / len(rates)
    if source.weekdays or source.months:
        piece = min(piece, DAY)
    first, last = int(np.floor((t0 + clock.offset) / piece)), int(np.floor((t1 + clock.offset) / piece))
    k = np.arange(first, last + 1)
    began = k * piece  # s since the clock's Monday
    values = rates[np.floor((began % period) / period * len(rates) + 1e-9).astype(int) % len(rates)]
    day = np.floor(began / DAY + 1e-9).astype(int)
    if source.weekdays:
        values = values * np.asarray(source.weekdays)[day % 7]
    if source.months and clock.date is not None:
        monday = clock.date - datetime.timedelta(days=int(clock.offset // DAY))
        months = [(monday + datetime.timedelta(days=int(d))).month - 1 for d in day]
        values = values * np.asarray(source.months)[months]
    return Schedule(began[1:] - clock.offset, values[1:], float(values[0]))


def closed(model: Model, source: Arrivals, t0: float, t1: float, clock: Clock) -> Schedule:
    """Factor of a source: 1, but on holidays."""
    if source.holiday == 1.0 or clock.date is None or not model.holidays:
        return Schedule(np.zeros(0), np.zeros(0), 1.0)
    monday = clock.date - datetime.timedelta(days=int(clock.offset // DAY))
    days = sorted((datetime.date.fromisoformat(d) - monday).days for d in model.holidays)
    spans = [(d * DAY - clock.offset, (d + 1) * DAY - clock.offset) for d in days]
    edges = sorted({t for span in spans for t in span})
    values = [source.holiday if any(a <= t < b for a, b in spans) else 1.0 for t in edges]
    return Schedule(np.array(edges), np.array(values), 1.0)


def forcing(
    model: Model, t0: float, t1: float, clock: Clock = Clock(), changes: Mapping[str, Schedule] | None = None
) -> Forcing:
    """The model's schedules, some of them replaced, as a forcing."""
    schedules = {**drive(model, t0, t1, clock), **(changes or {})}
    return Forcing(t0, t1, arrays={"offset": np.array([clock.offset])}, schedules=schedules)


def flattened(tables: Tables, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Drives (forcing, word): [width, each channel's edges (inf beyond the last) and levels]; offsets (forcing,)."""
    channels = tables.channels
    for f in batch.forcings:
        if lacking := [c for c in channels if c not in f.schedules]:
            raise KindError(f"the forcing lacks schedule '{lacking[0]}'", where="event engine", fix="compile it")
    rows = [[f.schedules[c] for c in channels] for f in batch.forcings]
    width = max((len(s.times) for row in rows for s in row), default=0)
    drives = np.full((len(rows), 1 + len(channels) * (2 * width + 1)), np.inf)
    drives[:, 0] = width
    for f, row in enumerate(rows):
        for c, s in enumerate(row):
            n, first = len(s.times), 1 + c * (2 * width + 1)
            level = np.append(s.before, s.values)
            if not np.isfinite(level).all():
                raise KindError(f"schedule '{channels[c]}' holds values that are not finite", where="event engine")
            drives[f, first : first + n] = s.times
            drives[f, first + width : first + width + n + 1] = level
            drives[f, first + width + n + 1 : first + 2 * width + 1] = level[-1]
    offsets = [float(f.arrays["offset"][0]) if "offset" in f.arrays else 0.0 for f in batch.forcings]
    return drives, np.array(offsets)
