"""Models small enough to be known exactly: what is built, what is read of it, and what theory says it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.forcing import Schedule
from vitruvian.engines.event import model as m
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Change, Counts
from vitruvian.engines.event.tables import Tables
from vitruvian.models import markovqueues as exact
from vitruvian.models.queueing import erlang_b, mean_wait, mean_wait_general

HOUR = 3600.0


@dataclass(frozen=True)
class Oracle:
    """One run and what is compared: {name: (reading, exact)}; read at `t1` from `warm` on, h, or at `times`."""

    name: str
    model: m.Model
    warm: float
    t1: float
    compared: Mapping[str, tuple[Any, Any]]
    spare: Mapping[str, int] = field(default_factory=dict)
    times: tuple[float, ...] = ()
    changes: Mapping[str, Schedule] = field(default_factory=dict)


def built(rate: float, *steps: m.Step, pools: tuple[m.Pool, ...], **more: Any) -> m.Model:
    """A model with one source and one pathway."""
    arrivals = more.pop("arrivals", None) or (m.Arrivals(name="door", pathway="way", rates=(rate,)),)
    return m.Model(
        name="oracle", label="synthetic: known exactly", pools=pools, pathways=(m.Pathway(name="way", steps=steps),),
        arrivals=arrivals, **more,
    )  # fmt: skip


def desk(law: Law, **more: Any) -> m.Step:
    return m.Step(name="desk", seize=(m.Need(pool="server"),), hold=law, **more)


def servers(count: int, **more: Any) -> tuple[m.Pool, ...]:
    return (m.Pool(name="server", capacity=count, **more),)


def hours(mean: float, law: str = "exponential", **more: Any) -> Law:
    return Law(law=law, unit="h", mean=mean, **more)


def wait(model: m.Model, step: str = "desk", class_: str | None = None) -> Change:
    counts = Counts(Tables(model, layers=1))
    return Change(counts.step(step, "waited", class_), counts.step(step, "started", class_), 1 / HOUR)


def relaxation(servers: int, rho: float) -> float:
    """Relaxation time of M/M/c in service times (Gross et al. 2008, chapter 2)."""
    return 1.0 / (servers * (1.0 - rho**0.5) ** 2)


def span(servers: int, rho: float) -> tuple[float, float]:
    """Warm-up and end, h, services of 1 h: ten relaxation times, then 1,500 arrivals or ten more."""
    warm = 10.0 * relaxation(servers, rho) + 20.0
    return warm, warm + max(1500.0 / (servers * rho), warm)


def plain() -> Iterator[Oracle]:
    """M/M/c: mean wait."""
    for c in (1, 2, 3, 5, 10, 20):
        for rho in (0.4, 0.6, 0.75, 0.85, 0.92):
            model = built(rho * c, desk(hours(1.0)), pools=servers(c))
            yield Oracle(f"M/M/{c} {rho}", model, *span(c, rho), {"wait": (wait(model), mean_wait(c, rho * c, 1.0))})


LAWS = (
    hours(1.0, "fixed"), hours(1.0, "lognormal", cv=0.5), hours(1.0, "lognormal", cv=1.2), hours(1.0, "gamma", cv=0.7),
    hours(1.0, "gamma", cv=1.3), Law(law="uniform", unit="h", low=0.5, high=1.5),
    Law(law="triangular", unit="h", low=0.2, mode=0.8, high=2.0), hours(0.6, shift=0.4),
    hours(1.0, "weibull", shape=2.0), Law(law="empirical", unit="h", values=(0.0, 0.5, 1.0, 1.5, 2.0)),
)  # fmt: skip


def moments(law: Law) -> tuple[float, float]:
    """Mean and coefficient of variation by 200,000 quantiles, h."""
    x = law.quantile((np.arange(200000) + 0.5) / 200000) / HOUR
    return float(x.mean()), float(x.std() / x.mean())


def general() -> Iterator[Oracle]:
    """M/G/1: Pollaczek-Khinchine's wait for every family."""
    for law in LAWS:
        for rho in (0.3, 0.5, 0.7, 0.8):
            mean, cv = moments(law)
            model = built(rho / mean, desk(law), pools=servers(1))
            yield Oracle(
                f"M/G/1 {law.law} {rho}", model, *span(1, rho),
                {"wait": (wait(model), mean_wait_general(rho / mean, mean, cv))},
            )  # fmt: skip


def classes(*shares: float, preempts: bool = False) -> dict[str, Any]:
    names = [f"c{k}" for k in range(len(shares))]
    known = tuple(m.PatientClass(name=n, priority=float(k), preempts=preempts) for k, n in enumerate(names))
    return {"classes": known, "shares": dict(zip(names, shares, strict=True))}


def urgent() -> Iterator[Oracle]:
    """Priorities: Cobham, preemptive resume, and M/M/c with one service law."""
    means, shares = (0.6, 0.9, 1.1), (0.2, 0.3, 0.5)
    for rho in (0.5, 0.7, 0.85):
        for preempts in (False, True):
            c = classes(*shares, preempts=preempts)
            total = rho / float(np.dot(shares, means))
            holds = {f"c{k}": hours(means[k]) for k in range(3)}
            source = (m.Arrivals(name="door", pathway="way", rates=(total,), classes=c["shares"]),)
            model = built(total, desk(hours(1.0), holds=holds), pools=servers(1), classes=c["classes"], arrivals=source)
            rates, seconds = [total * s for s in shares], [2 * x * x for x in means]
            known = (exact.preemptive if preempts else exact.cobham)(rates, means, seconds)
            counts = Counts(Tables(model, layers=1))
            compared = {}
            for k in range(3):
                stay = Change(counts.place("", "stayed", f"c{k}"), counts.place("", "left", f"c{k}"), 1 / HOUR)
                compared[f"c{k}"] = (stay if preempts else wait(model, "desk", f"c{k}"), known[k])
            yield Oracle(f"{'preemptive' if preempts else 'Cobham'} {rho}", model, *span(1, rho), compared)
    for servers_n, rho in ((4, 0.7), (8, 0.9)):
        c = classes(0.03, 0.12, 0.45, 0.30, 0.10)
        total = rho * servers_n
        source = (m.Arrivals(name="door", pathway="way", rates=(total,), classes=c["shares"]),)
        model = built(total, desk(hours(1.0)), pools=servers(servers_n), classes=c["classes"], arrivals=source)
        known = exact.priorities(servers_n, [total * s for s in c["shares"].values()], 1.0)
        compared = {n: (wait(model, "desk", n), known[k]) for k, n in enumerate(c["shares"])}
        yield Oracle(f"M/M/{servers_n} by class {rho}", model, *span(servers_n, rho), compared)


def limited() -> Iterator[Oracle]:
    """M/M/c/K, M/G/c/c (Erlang B whatever the law) and Erlang A."""
    for c, places, rho in ((1, 3, 0.9), (2, 5, 1.2), (4, 2, 0.8), (3, 0, 1.0), (5, 10, 1.1), (1, 0, 0.5)):
        model = built(rho * c, desk(hours(1.0), queue=m.Queue(limit=places)), pools=servers(c))
        counts = Counts(Tables(model, layers=1))
        lost, waiting = exact.finite(c, places, rho * c, 1.0)
        compared: dict[str, tuple[Any, Any]] = {
            "lost": (Change(counts.step("desk", "turned_away"), counts.place("", "entered")), lost)
        }
        if places:
            compared["waiting"] = (Change(counts.step("desk", "waiting_time"), time=True), waiting)
        yield Oracle(f"M/M/{c}/{c + places} {rho}", model, 60.0, 60.0 + 1500.0 / c, compared)
    for law in LAWS[:6]:
        model = built(4.0, desk(law, queue=m.Queue(limit=0)), pools=servers(5))
        counts = Counts(Tables(model, layers=1))
        reading = Change(counts.step("desk", "turned_away"), counts.place("", "entered"))
        yield Oracle(f"M/G/5/5 {law.law}", model, 60.0, 360.0, {"lost": (reading, erlang_b(5, 4.0 * moments(law)[0]))})
    for c, rho, patience in ((1, 0.9, 1.0), (2, 1.3, 0.5), (5, 1.0, 2.0), (5, 1.4, 1.0), (10, 1.1, 0.3), (3, 0.8, 4.0)):
        step = desk(hours(1.0), patience=m.Patience(after=hours(patience)))
        model = built(rho * c, step, pools=servers(c))
        counts = Counts(Tables(model, layers=1))
        gone, waiting = exact.erlang_a(c, rho * c, 1.0, patience)
        yield Oracle(
            f"M/M/{c}+M {rho} {patience}", model, 80.0, 80.0 + 1500.0 / c,
            {
                "give up": (Change(counts.step("desk", "reneged"), counts.step("desk", "arrived")), gone),
                "waiting": (Change(counts.step("desk", "waiting_time"), time=True), waiting),
            },
        )  # fmt: skip
