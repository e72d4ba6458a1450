"""Where each thing was and how long: the versions of a reading that moves, as stays from one value to the next.

A patient of a hospital's twin is one reading that takes a new version with every step; a version holds until the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from vitruvian.platform.store.schema import observations

BEFORE = 3 * 86400 * 1_000_000  # us before the window in which a stay that reaches into it may have begun; assumed
MOST = 20_000  # rows that are looked at


class Stay(NamedTuple):
    """`who` was at `value` from `start_us` to `end_us` (None: still); `sensor` is what the row says beside it."""

    who: str
    value: float
    sensor: str
    start_us: int
    end_us: int | None


def of(connection: Connection, twin_id: str, observable: str, since_us: int) -> tuple[list[Stay], bool]:
    """Stays that reach beyond `since_us`, and whether there were more rows than are looked at."""
    o = observations.c
    columns = (o.reading_id, o.valid_us, o.value, o.sensor, o.removed, o.seq)
    match = select(*columns).where(o.twin_id == twin_id, o.observable == observable, o.valid_us >= since_us - BEFORE)
    rows = connection.execute(match.order_by(o.valid_us.desc()).limit(MOST)).all()
    out: list[Stay] = []
    for _, some in groupby(sorted(rows, key=lambda r: (r.reading_id, r.seq)), lambda r: r.reading_id):
        out += [s for s in _stays(list(some)) if s.end_us is None or s.end_us > since_us]
    return sorted(out, key=lambda s: (s.start_us, s.who)), len(rows) == MOST


def _stays(rows: Sequence[Any]) -> list[Stay]:
    """Of one reading, by the order of its versions; a value of 0 or a removal is an end, and no stay."""
    out = []
    for k, row in enumerate(rows):
        end = rows[k + 1].valid_us if k + 1 < len(rows) else None
        if not row.removed and row.value != 0 and (end is None or end > row.valid_us):
            out.append(Stay(row.reading_id, row.value, row.sensor, row.valid_us, end))
    return out
