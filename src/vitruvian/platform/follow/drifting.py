"""Has what comes in for a kind's twins, or what comes of its forecasts, changed: looked at over all twins of a tenant.

Inputs: the newest week's readings of every observable against those before (stability index, by effective numbers).
Outcomes: readings outside the 90 % band of the forecast just before them, in the order they came, against one in ten
(risk-adjusted CUSUM, limit for a stated run length), and ADWIN over their ranks, whose mean is 1/2 when calibrated.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from vitruvian.models.drift.adwin import changes
from vitruvian.models.drift.calibration import calibration_cusum, outcome_limit
from vitruvian.models.drift.page import Watch
from vitruvian.models.drift.stability import BINS, Stability, effective, stability
from vitruvian.platform.instant import text
from vitruvian.platform.store.schema import observations, twins
from vitruvian.platform.store.schema_live import scores

RECENT_US = 7 * 86_400 * 1_000_000  # what is new: a week; assumed
MOST = 50_000  # newest readings looked at of an observable
OUTSIDE = 0.1  # of readings outside a 90 % band, when calibrated
LENGTH = 5000.0  # outcomes between two false alarms, on average; assumed
FEW = 100  # outcomes before anything is said of them; assumed


@dataclass(frozen=True)
class Inputs:
    """An observable's recent readings against those before."""

    observable: str
    readings: int
    subjects: int
    found: Stability

    def sentence(self) -> str:
        """In words."""
        f = self.found
        said = f"{self.observable}: {self.readings} readings of the last week are not spread as those before"
        return f"{said} (stability index {f.index:.2f}, by chance below {f.limit:.2f})"


@dataclass(frozen=True)
class Outcomes:
    """An observable's readings against the forecasts before them. ranks_moved: when ADWIN last saw them move (us)."""

    observable: str
    readings: int
    outside: float
    watch: Watch
    spoke_us: int | None
    ranks_moved_us: int | None

    def sentence(self) -> str:
        """In words."""
        how = "more" if self.watch.up else "fewer"
        since = "" if self.spoke_us is None else f", clear since {text(self.spoke_us)}"
        return (
            f"{self.observable}: {how} readings than one in ten lie outside the 90 % bands ({self.outside:.0%}{since})"
        )


@dataclass(frozen=True)
class Drifting:
    """All that was looked at for a kind, and what follows from it."""

    kind: str
    inputs: tuple[Inputs, ...]
    outcomes: tuple[Outcomes, ...]

    @property
    def proposal(self) -> str | None:
        """Fit the kind again, and why; None when nothing has drifted."""
        why = [i.sentence() for i in self.inputs if i.found.drifted]
        why += [o.sentence() for o in self.outcomes if o.watch.spoke is not None]
        return f"fit {self.kind} again: " + "; ".join(why) if why else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        inputs = [
            {"observable": i.observable, "readings": i.readings, "subjects": i.subjects, **i.found.to_json()}
            for i in self.inputs
        ]
        outcomes = [
            {
                "observable": o.observable,
                "readings": o.readings,
                "outside90": o.outside,
                "cusum": o.watch.to_json(),
                "spoke": None if o.spoke_us is None else text(o.spoke_us),
                "ranks_moved": None if o.ranks_moved_us is None else text(o.ranks_moved_us),
            }
            for o in self.outcomes
        ]
        return {"kind": self.kind, "proposal": self.proposal, "inputs": inputs, "outcomes": outcomes}


def of_kind(connection: Connection, tenant: str, kind: str) -> Drifting:
    """Over all twins of this kind, by everything that is in the store now."""
    o = observations.c
    names = select(o.observable).distinct().join_from(observations, twins, o.twin_id == twins.c.id)
    mine = (twins.c.tenant == tenant, twins.c.kind == kind)
    found = sorted(connection.execute(names.where(*mine)).scalars())
    inputs = [some for name in found if (some := _inputs(connection, mine, name)) is not None]
    return Drifting(kind, tuple(inputs), tuple(_outcomes(connection, mine)))


def _inputs(connection: Connection, mine: Any, name: str) -> Inputs | None:
    o = observations.c
    match = (
        select(o.twin_id, o.valid_us, o.value)
        .join_from(observations, twins, o.twin_id == twins.c.id)
        .where(*mine, o.observable == name, o.version == 1, o.removed.is_(False))
        .order_by(o.valid_us.desc())
        .limit(MOST)
    )
    rows = connection.execute(match).all()
    if not rows:
        return None
    who, at, value = (np.array(column) for column in zip(*rows, strict=True))
    new = at > at.max() - RECENT_US
    parts = [(value[keep].astype(float), who[keep]) for keep in (~new, new)]
    own = [effective(v, w) if len(v) else 0.0 for v, w in parts]
    if min(len(v) for v, _ in parts) < 2 * BINS or min(own) < 2.0:
        return None
    looked = stability(parts[0][0], parts[1][0], independent=(own[0], own[1]))
    return Inputs(name, int(new.sum()), len(np.unique(who[new])), looked)


def _outcomes(connection: Connection, mine: Any) -> list[Outcomes]:
    """Each reading against the newest forecast before it: those errors follow each other least."""
    s = scores.c
    match = (
        select(s.observable, s.reading_seq, s.ahead_s, s.rank, s.valid_us)
        .join_from(scores, twins, s.twin_id == twins.c.id)
        .where(*mine)
        .order_by(s.reading_seq.desc(), s.ahead_s)
        .limit(MOST)
    )
    newest: dict[str, dict[int, tuple[float, int]]] = defaultdict(dict)
    for row in connection.execute(match):
        newest[row.observable].setdefault(row.reading_seq, (row.rank, row.valid_us))
    out, said = [], np.full(1, OUTSIDE)
    limit = outcome_limit(said, LENGTH) if newest else 0.0
    for name, rows in sorted(newest.items()):
        if len(rows) < FEW:
            continue
        rank, at = (np.array(column) for column in zip(*(rows[k] for k in sorted(rows)), strict=True))
        outside = ((rank < 0.05) | (rank > 0.95)).astype(float)
        watch = calibration_cusum(np.full(len(rank), OUTSIDE), outside, limit)
        moved = changes(rank, 0.0, 1.0)
        spoke = None if watch.spoke is None else int(at[watch.spoke])
        out.append(
            Outcomes(name, len(rank), float(outside.mean()), watch, spoke, int(at[moved[-1]]) if moved else None)
        )
    return out
