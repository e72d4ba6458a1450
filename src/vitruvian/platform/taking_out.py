"""Readings out in bulk, in a form that can be taken in again."""

from __future__ import annotations

import math
from typing import Any

from vitruvian.platform.connect import parquet
from vitruvian.platform.knowing import Moment
from vitruvian.platform.live import LiveTwin


def as_parquet(live: LiveTwin, as_of: Moment = None) -> bytes:
    """The readings in force as known then (default: now), by valid time."""
    then = live.know.then(as_of)
    record = live.store.record(live.row.id, then).until(math.inf if then is None else live.row.origin.seconds(then))
    units = {o.name: o.unit for o in live.kind.observables}
    origin, rows = live.row.origin, []
    columns = (record.valid_time, record.known_at, record.observable, record.value, record.sd, record.limit)
    for valid, known, name, value, sd, limit, sensor, key in zip(*columns, record.sensor, record.id, strict=True):
        row: dict[str, Any] = {"time": origin.moment(valid), "known_at": origin.moment(known), "observable": str(name)}
        row |= {"value": float(value), "unit": units.get(str(name), "1"), "sensor": str(sensor), "id": str(key)}
        rows.append({**row, "limit": int(limit), "sd": None if math.isnan(sd) else float(sd)})
    return parquet.write(rows)
