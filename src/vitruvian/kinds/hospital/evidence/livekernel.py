"""Forecasts of a full hospital from its recorded history: queues, boarding and full units, by the event kernel.

The simulator: an emergency department, a ward and intensive care with beds that run full, so that patients board in
the department and in intensive care; synthetic. A run from empty (30 days) is recorded until a moment of the day
chosen at random; the forecast sees who waits for what and who is served since when, as a bed board has it, rebuilds
the state from that (engines/event/census.py) and runs 200 members. The recorded run itself goes on: its census is what
came.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.quantity import Request
from vitruvian.engines.event import model as m
from vitruvian.engines.event.census import census_state
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Counts, Level, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.models.tracelog import trace_census
from vitruvian.verbs.scores import central, coverage_band, pit

Progress = Callable[[float], None]
HOURS = np.array([1.0, 4.0, 8.0, 12.0, 24.0])
HOUR, DAY, WARM, MEMBERS, LEVEL, SEED = 3600.0, 86400.0, 30, 200, 0.9, 23
UNITS = ("department", "boarding", "ward", "intensive care")


def hospital() -> m.Model:
    """Synthetic: every number is assumed."""

    def law(mean: float, cv: float) -> Law:
        return Law(law="lognormal", unit="h", mean=mean, cv=cv)

    by_day = [1.0 + 0.4 * np.sin(2.0 * np.pi * (h - 9) / 24) for h in range(24)]
    walk_in = (
        m.Step(name="triage", place="ED", seize=(m.Need(pool="nurse"),), hold=law(0.2, 0.5)),
        m.Step(
            name="care", place="ED", seize=(m.Need(pool="bay"),), hold=law(3.5, 0.7), keep=("bay",),
            route=m.Route(to={"ward": 0.35}),
        ),
        m.Step(
            name="ward", place="ward", seize=(m.Need(pool="bed"),), free=("bay",), hold=law(50.0, 0.8), boarding=True
        ),
    )  # fmt: skip
    by_ambulance = (
        m.Step(name="resus", place="ED", seize=(m.Need(pool="bay"),), hold=law(1.5, 0.5), keep=("bay",)),
        m.Step(
            name="icu", place="ICU", seize=(m.Need(pool="icu bed"),), free=("bay",), hold=law(36.0, 0.9),
            keep=("icu bed",), boarding=True,
        ),
        m.Step(
            name="step-down", place="ward", seize=(m.Need(pool="bed"),), free=("icu bed",), hold=law(60.0, 0.7),
            boarding=True,
        ),
    )  # fmt: skip
    return m.Model(
        name="three units",
        label="synthetic: all numbers assumed",
        pools=(
            m.Pool(name="nurse", kind="staff", capacity=3),
            m.Pool(name="bay", kind="bed", capacity=16),
            m.Pool(name="bed", kind="bed", capacity=62),
            m.Pool(name="icu bed", kind="bed", capacity=9),
        ),
        pathways=(m.Pathway(name="walk in", steps=walk_in), m.Pathway(name="ambulance", steps=by_ambulance)),
        arrivals=(
            m.Arrivals(name="door", pathway="walk in", rates=tuple(2.5 * f for f in by_day)),
            m.Arrivals(name="ambulances", pathway="ambulance", rates=tuple(0.2 * f for f in by_day)),
        ),
        cycles="detect",
    )


def known(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage of 90 % bands from 1,000 starts, unit by unit and hour by hour; elapsed time ignored beside it."""
    starts = 60 if quick else 1000
    held: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for i in range(starts):
        for elapsed in (True, False):
            held[elapsed].append(central(pits(i, elapsed)) <= LEVEL)
        progress((i + 1) / starts)
    with_time, without = (np.array(held[e]).mean(axis=0) for e in (True, False))
    low, high = coverage_band(starts, (LEVEL,), 1.0 - 0.01 / with_time.size)
    inside = bool(np.all((with_time >= low[0]) & (with_time <= high[0])))
    fails = bool(np.any((without < low[0]) | (without > high[0])))
    worst = with_time.flat[np.argmax(np.abs(with_time - LEVEL))]
    far = without.flat[np.argmax(np.abs(without - LEVEL))]
    return {
        "measured": float(worst),
        "met": inside and fails,
        "n": starts * with_time.size,
        "baseline": f"elapsed time ignored: {far:.3f} in the worst cell, {'outside' if fails else 'inside'} the band",
        "detail": {
            "band": [float(low[0]), float(high[0])],
            "held": _cells(with_time),
            "held, elapsed ignored": _cells(without),
            "pooled": float(with_time.mean()),
        },
    }


@cache
def built() -> tuple[Simulation, dict[str, Level]]:
    """The simulator and what is read of it."""
    tables = Tables(hospital(), layers=1)
    c = Counts(tables)
    waiting = c.steps(("ward", "icu", "step-down"), "waiting")
    at_work, queued = (c.steps(("triage", "care", "resus"), column) for column in ("holding", "waiting"))
    return Simulation(tables), {
        "department": Level((*at_work, *queued, *c.steps(("ward", "icu"), "waiting"))),
        "boarding": Level(waiting),
        "ward": Level(c.steps(("ward", "step-down"), "holding")),
        "intensive care": Level(c.step("icu", "holding")),
    }


def pits(start: int, elapsed: bool) -> np.ndarray:
    """Randomised PIT (unit, hour) of one start."""
    simulation, items = built()
    rng = generator(SEED, "start", start)
    now = WARM * DAY + float(rng.integers(24)) * HOUR
    end, times = now + HOURS[-1] * HOUR, now + HOURS * HOUR
    seed = int(member_seeds(SEED, 1, f"history {start}")[0])
    whole = forcing(simulation.tables.model, 0.0, end)
    present = trace_census(simulation.tables, simulation.trace(whole, seed), now)
    request = Request(dict.fromkeys(UNITS, times))
    truth, _ = outputs(simulation, items, whole, request, np.array([seed], dtype=np.uint64), None, None)
    seeds = member_seeds(SEED, MEMBERS, f"forecast {start}")
    drive = forcing(simulation.tables.model, now, end)
    state = census_state(simulation, drive, present, seeds, elapsed=elapsed)
    seen, _ = outputs(simulation, items, drive, request, seeds, state, None)
    weights, u = np.full(MEMBERS, 1.0 / MEMBERS), rng.uniform(size=(len(UNITS), len(HOURS)))
    return np.stack([pit(seen[name], weights, truth[name][0], u[k]) for k, name in enumerate(UNITS)])


def _cells(values: np.ndarray) -> dict[str, float]:
    return {f"{u} {h:g} h": float(values[k, j]) for k, u in enumerate(UNITS) for j, h in enumerate(HOURS)}
