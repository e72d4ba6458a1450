"""More models that are known exactly: networks, blocking, breakdowns, and what varies in time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from vitruvian.engines.event import model as m
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Change, Counts, Level
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital.evidence.oracles import HOUR, Oracle, built, desk, hours, servers, wait
from vitruvian.models import markovqueues as exact

# Workload (b): service rates, servers, arrivals and routes; exact waits and time in system of the specification
JACKSON_MU, JACKSON_C = (0.8, 0.4, 0.5, 0.4, 1.0), (2, 10, 3, 4, 2)
JACKSON_ROUTES = (
    {"s1": 0.9, "s2": 0.1},
    {"s2": 0.3, "s3": 0.3, "s4": 0.1},
    {"s1": 0.8, "s3": 0.1},
    {"s1": 0.9},
    {"s1": 0.2},
)
JACKSON_WAITS, JACKSON_STAY = (0.8013, 0.7905, 1.4060, 0.8899, 0.0291), 14.01745


def jackson_model() -> m.Model:
    """Five stations with feedback."""
    steps = tuple(
        m.Step(
            name=f"s{k}", seize=(m.Need(pool=f"p{k}"),), hold=hours(1 / JACKSON_MU[k]),
            route=m.Route(to=JACKSON_ROUTES[k]),
        )
        for k in range(5)
    )  # fmt: skip
    pools = tuple(m.Pool(name=f"p{k}", capacity=c) for k, c in enumerate(JACKSON_C))
    ways = (m.Pathway(name="way", steps=steps[:1]), m.Pathway(name="second", steps=steps[1:]))
    sources = (
        m.Arrivals(name="door", pathway="way", rates=(1.0,)),
        m.Arrivals(name="side door", pathway="second", rates=(0.5,)),
    )
    return m.Model(name="jackson", label="synthetic: known exactly", pools=pools, pathways=ways, arrivals=sources)


def jackson() -> Iterator[Oracle]:
    """Workload (b) of the specification, five times."""
    model = jackson_model()
    counts = Counts(Tables(model, layers=1))
    compared: dict[str, tuple[Any, Any]] = {f"wait {k}": (wait(model, f"s{k}"), JACKSON_WAITS[k]) for k in range(5)}
    compared["stay"] = (Change(counts.place("", "stayed"), counts.place("", "left"), 1 / HOUR), JACKSON_STAY)
    yield Oracle("Jackson", model, 500.0, 1500.0, compared)


def blocking() -> Iterator[Oracle]:
    """Two servers in tandem, blocking after service: share lost and share of time blocked."""
    for rate, first, second, places, buffer in (
        (0.8, 1.0, 1.0, 3, 0), (0.8, 1.0, 1.0, 3, 2), (1.2, 0.7, 1.0, 5, 1), (0.5, 1.0, 1.5, 2, 0),
        (1.0, 1.0, 0.6, 4, 3), (2.0, 0.5, 0.8, 6, 1),
    ):  # fmt: skip
        steps = (
            m.Step(
                name="first", seize=(m.Need(pool="a"),), hold=hours(first), queue=m.Queue(limit=places),
            ),
            m.Step(
                name="second", seize=(m.Need(pool="b"),), hold=hours(second), queue=m.Queue(limit=buffer, full="block"),
            ),
        )  # fmt: skip
        pools = (m.Pool(name="a", capacity=1), m.Pool(name="b", capacity=1))
        model = built(rate, *steps, pools=pools)
        counts = Counts(Tables(model, layers=1))
        lost, blocked = exact.tandem(rate, first, second, places, buffer)
        turned = Change(counts.step("first", "turned_away"), counts.place("", "entered"))
        used = exact_throughput(rate, lost) * first
        busy = Change(counts.pool("a", "busy_time"), time=True)
        yield Oracle(
            f"tandem {rate} {buffer}", model, 60.0, 1060.0, {"lost": (turned, lost), "held": (busy, blocked + used)}
        )


def exact_throughput(rate: float, lost: float) -> float:
    """Patients an hour who get in."""
    return rate * (1.0 - lost)


def machines() -> Iterator[Oracle]:
    """Machines that fail and a crew that repairs: mean number down."""
    for count, crew, life, mean in (
        (4, 1, 10.0, 2.0),
        (6, 2, 5.0, 2.0),
        (3, 1, 4.0, 1.0),
        (10, 3, 8.0, 3.0),
        (5, 5, 3.0, 1.0),
    ):
        fails = m.Breakdown(every=hours(life), repair=hours(mean), by="crew")
        pools = (m.Pool(name="scanner", capacity=count, breakdown=fails), m.Pool(name="crew", capacity=crew))
        model = built(1e-6, m.Step(name="scan", seize=(m.Need(pool="scanner"),), hold=hours(0.1)), pools=pools)
        reading = Change(Counts(Tables(model, layers=1)).pool("scanner", "down_time"), time=True)
        known = exact.repair(count, crew, life, mean)
        yield Oracle(f"repair {count} by {crew}", model, 150.0, 1150.0, {"down": (reading, known)})


def census() -> Iterator[Oracle]:
    """A ward with room for all, arrivals that vary with the hour: mean and variance of the census (Poisson)."""
    rates = (2.0, 1.0, 4.0, 9.0, 8.0, 5.0)
    for law in (
        hours(5.0),
        hours(5.0, "lognormal", cv=0.8),
        hours(6.0, "gamma", cv=0.6),
        Law(law="fixed", unit="h", mean=4.0),
    ):
        model = built(1.0, m.Step(name="stay", place="ward", hold=law), pools=(),
                      arrivals=(m.Arrivals(name="door", pathway="way", rates=rates),))  # fmt: skip
        reading = Level(Counts(Tables(model, layers=1)).place("ward", "present"))
        times = (5.0, 11.0, 17.0, 30.0)

        def rate(u: np.ndarray) -> np.ndarray:
            return np.asarray(rates)[(u // 4).astype(int) % 6]

        def survival(x: np.ndarray, law: Law = law) -> np.ndarray:
            return 1.0 - law.chance(x * HOUR)

        known = [exact.infinite_servers(rate, survival, t) for t in times]
        yield Oracle(f"M(t)/G/inf {law.law}", model, 0.0, times[-1], {"present": (reading, known)}, times=times)


def varying() -> Iterator[Oracle]:
    """M(t)/M/c/K from empty: mean number present, by Kolmogorov's equations."""
    rates = (2.0, 6.0, 10.0, 4.0, 1.0, 8.0)
    for c, places, mean in ((3, 4, 0.5), (5, 10, 1.0), (2, 0, 0.3), (4, 6, 0.8)):
        step = m.Step(
            name="desk", place="ed", seize=(m.Need(pool="server"),), hold=hours(mean), queue=m.Queue(limit=places)
        )
        source = (m.Arrivals(name="door", pathway="way", rates=rates),)
        model = built(1.0, step, pools=servers(c), arrivals=source)
        n = np.arange(1, c + places + 1)
        start = np.zeros(len(n) + 1)
        start[0] = 1.0
        times = (4.0, 8.0, 12.0, 16.0, 20.0, 24.0)

        def up(t: float, size: int = len(n)) -> np.ndarray:
            return np.full(size, rates[int(t // 4)])

        fall = np.minimum(n, c) / mean

        def down(t: float, rate: np.ndarray = fall) -> np.ndarray:
            return rate

        chances = exact.transient(start, up, down, (0.0, *times))
        known = [float((p * np.arange(len(p))).sum()) for p in chances]
        reading = Level(Counts(Tables(model, layers=1)).place("ed", "present"))
        yield Oracle(f"M(t)/M/{c}/{c + places}", model, 0.0, times[-1], {"present": (reading, known)}, times=times)


def shifts() -> Iterator[Oracle]:
    """M/M/c(t) with a roster (who is served is finished first), far from overload: the census of M(t)/M/inf."""
    roster = m.Roster(
        name="day",
        shifts=(m.Shift(start="08:00", end="20:00", count=60), m.Shift(start="20:00", end="08:00", count=50)),
    )
    pools = (m.Pool(name="server", capacity=60, roster="day"),)
    model = built(6.0, desk(hours(2.0), place="ed"), pools=pools, rosters=(roster,))
    reading = Level(Counts(Tables(model, layers=1)).place("ed", "present"))
    known = [12.0 * (1.0 - math.exp(-t / 2.0)) for t in (3.0, 10.0, 21.0)]
    yield Oracle("M/M/c(t)", model, 0.0, 21.0, {"present": (reading, known)}, times=(3.0, 10.0, 21.0))
