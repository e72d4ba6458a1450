"""A followed bed: from a reading that is sent to the belief, the forecast and the risk that know it, all durable.

Twelve hours of a chart, then readings one by one, each taken in and the twin renewed as the server's follower does it:
the reading's commit, belief, forecast of 6 h and its score, the rules. CPU time, since a machine that is busy with
other things says nothing of this one; the disk's share is not in it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.platform import registry
from vitruvian.platform.follow import renew, standing
from vitruvian.platform.instant import micros
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Observation, Source, Store
from vitruvian.platform.store.database import Database

BEGIN = datetime(2026, 4, 1, 8, tzinfo=UTC)
USUAL = {"heart_rate": (84.0, 3.0), "mean_pressure": (80.0, 3.0), "respiratory_rate": (17.0, 1.0), "spo2": (96.0, 0.6)}
UNITS = {"heart_rate": "/min", "mean_pressure": "mm[Hg]", "respiratory_rate": "/min", "spo2": "%"}
KINDS = {"vitals": ("heart_rate", "mean_pressure"), "deterioration": ("death_risk", "aki_risk", "news2")}
HOURS = 12
FOLLOWED, EVERY = 6.0, timedelta(minutes=5)
Progress = Callable[[float], None]


def bedside(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """Median and 95th percentile of the CPU ms of a reading, by kind; every renewal's belief must know the reading."""
    count, spent, behind = 12 if quick else 60, {}, 0
    with tempfile.TemporaryDirectory() as place:
        database = Database.open(place)
        for k, kind in enumerate(KINDS):
            found, late = _followed(database, kind, count)
            spent[kind], behind = found, behind + late
            progress((k + 1) / len(KINDS))
        database.close()
    measured = {
        kind: {"median, ms": float(np.median(v)), "95 %, ms": float(np.quantile(v, 0.95))} for kind, v in spent.items()
    }
    slowest = max(m["median, ms"] for m in measured.values())
    return {
        "measured": {**measured, "renewals that did not know the reading": behind},
        "met": slowest < 200.0 and behind == 0,
        "n": count * len(KINDS),
        "baseline": None,
    }


def _followed(database: Database, kind: str, count: int) -> tuple[list[float], int]:
    store, rng, found = Store(database, kind), np.random.default_rng(7), registry.get(kind)
    now = BEGIN
    twin = store.create_twin(f"bed, {kind}", found, Case(found.subject(), origin=Origin(BEGIN)), now=now).id
    for k in range(HOURS * 4):
        now = BEGIN + k * timedelta(minutes=15)
        rows = [_row(name, now, rng) for name in USUAL]
        store.append_observations(twin, rows, Source("chart"), now=now)
    clock = {"now": now}
    LiveTwin(store, store.find_twin(twin), lambda: clock["now"]).calibrate()
    with store.database.write() as connection:
        standing.begin(connection, store.tenant, twin, {"hours": FOLLOWED, "of": KINDS[kind]}, "claim", micros(now))
    spent, behind, names = [], 0, list(USUAL)
    for k in range(count + 2):  # the first two warm the caches
        clock["now"] = now = now + EVERY
        began = time.process_time()
        store.append_observations(twin, [_row(names[k % len(names)], now, rng)], Source("monitor"), now=now)
        with store.database.read() as connection:
            due = standing.of(connection, {twin})
        made = renew.renewed(database, lambda: clock["now"], due)
        with store.database.write() as connection:
            renew.keep(connection, made[0], now)
        spent.append(1000.0 * (time.process_time() - began))
        assert made[0].failed is None, made[0].failed
        known = made[0].belief
        behind += known is None or known.known_at < (now - BEGIN).total_seconds() or made[0].forecast is None
    return spent[2:], behind


def _row(name: str, at: datetime, rng: np.random.Generator) -> Observation:
    middle, sd = USUAL[name]
    us = micros(at)
    value = float(round(middle + sd * rng.normal(), 1))
    return Observation(
        reading_id=f"{name}|monitor||{us}",
        observable=name,
        valid_us=us,
        value=value,
        unit=UNITS[name],
        known_us=us,
        sensor="monitor",
    )
