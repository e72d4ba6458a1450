"""A learned flow as a declarative model of the event engine: what `vitruvian hospital learn` writes, to be edited.

Every activity is a step; where routing needs what came before, a step is an activity after another. A step seizes one
of its pool, holds it for its law, by patient group where the log says it differs; delays that no queue explains are
steps of their own. Where the log names no resources nothing is seized: that place is open-ended, and the model says
so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.event import law as engine
from vitruvian.engines.event import model as m
from vitruvian.models.durations import Law
from vitruvian.models.flowlearn import LearnedActivity, LearnedFlow
from vitruvian.models.pools import LearnedPool
from vitruvian.models.routing import END, START, History
from vitruvian.models.survival import Z95, LearnedLaw

ENTRY = "comes"
SEEN = 20  # times a pair of activities is followed by something before it is a step of its own; assumed
SLIGHT, SMALL = 1.0 / 60.0, 0.25  # mean extraneous delays below a minute or a quarter of the hold are left out
QUANTILES = 101  # of a law the engine has not


def model(flow: LearnedFlow, name: str, label: str) -> m.Model:
    """The model; KindError where the log has too little for one."""
    if not flow.activities:
        raise KindError("no activity was learned", where=name, fix="give a longer log")
    contexts = _contexts(flow)
    groups = tuple(flow.groups)
    busy = tuple(p for p in flow.pools if p.at_once <= 0.05 and p.week.max() > 0)
    pools, rosters = zip(*(_pool(p) for p in busy), strict=True) if busy else ((), ())
    steps = [m.Step(name=ENTRY, hold=fixed(0.0), route=_route(flow, (START,), contexts))]
    for context in contexts:
        steps += _steps(flow, context, contexts, {p.name for p in busy})
    source = m.Arrivals(
        name="arrivals",
        pathway="patients",
        classes=dict(flow.groups) if groups else {},
        rates=tuple(round(float(r), 6) for r in flow.arrivals.rate),
        period="week",
        months=tuple(round(float(f), 4) for f in flow.arrivals.months) if np.ptp(flow.arrivals.months) > 0 else (),
        holiday=round(flow.arrivals.holiday, 4),
    )
    classes = tuple(m.PatientClass(name=g) for g in groups) or (m.PatientClass(name="all"),)
    return m.Model(
        name=name,
        label=label,
        pools=tuple(pools),
        rosters=tuple(r for r in rosters if r is not None),
        classes=classes,
        pathways=(m.Pathway(name="patients", steps=tuple(steps)),),
        arrivals=(source,),
        cycles="detect",
        uncertain=tuple(_uncertain(flow, steps)),
    )


def _uncertain(flow: LearnedFlow, steps: list[m.Step]) -> Iterator[m.Uncertain]:
    """How well the log tells the rate of arrivals and each mean, as parameters of the twin."""
    a, source = flow.arrivals, "95 % interval learned from the log"
    spread = math.sqrt(max(a.dispersion if math.isfinite(a.dispersion) else 1.0, 1.0) / max(a.events, 1))
    yield m.Uncertain(
        name="demand", log_sd=_short(spread), arrivals=("arrivals",), source=source, meaning="arrivals / learned rate"
    )
    for k, (name, activity) in enumerate(flow.activities.items()):
        law = activity.hold or activity.lead
        mine = tuple(s.name for s in steps if s.place == name)
        if law is None or not mine or not 0 < law.mean_interval[0] < law.mean_interval[1]:
            continue
        low, high = law.mean_interval
        sd = (math.log(high) - math.log(low)) / (2.0 * Z95)
        yield m.Uncertain(
            name=f"pace_{k + 1}",
            log_sd=_short(sd),
            steps=mine,
            source=source,
            meaning=f"time of '{name}' / learned mean",
        )


def fixed(hours: float) -> engine.Law:
    """A constant time."""
    return engine.Law(law="fixed", unit="h", mean=hours)


def engine_law(law: Law) -> engine.Law:
    """The same law in the engine's words, h; what the engine has not becomes its own quantiles, 0.5 % off each end."""
    p = law.parameters
    match law.family:
        case "exponential":
            return engine.Law(law="exponential", unit="h", mean=_short(p[0]))
        case "gamma":
            return engine.Law(law="gamma", unit="h", mean=_short(p[0]), cv=_short(p[1]))
        case "weibull":
            return engine.Law(law="weibull", unit="h", mean=_short(law.mean), shape=_short(p[0]))
        case "lognormal":
            return engine.Law(law="lognormal", unit="h", mean=_short(law.mean), cv=_short(law.sd / law.mean))
        case "constant":
            return fixed(_short(p[0]))
        case "empirical":
            return engine.Law(law="empirical", unit="h", values=tuple(_short(v) for v in p))
    at = np.clip(np.linspace(0.0, 1.0, QUANTILES), 0.0, 1.0 - 0.5 / QUANTILES)
    values = np.maximum.accumulate(law.quantile(at))
    values *= law.mean / float(np.mean(0.5 * (values[1:] + values[:-1])))  # what the ends lack in mean is given back
    return engine.Law(law="empirical", unit="h", values=tuple(_short(v) for v in values.tolist()))


def _short(x: float) -> float:
    """Six significant digits: what a person wants to read, far below what a log can tell."""
    return float(f"{x:.6g}")


def _contexts(flow: LearnedFlow) -> tuple[History, ...]:
    """The histories that are steps: every activity, and pairs of activities where routing has a memory."""
    single = tuple((a,) for a in flow.activities)
    if flow.routing.order < 2:
        return single
    pairs = [h for h, n in flow.routing.counts.items() if len(h) == 2 and h[1] in flow.activities and n.total() >= SEEN]
    return (*single, *sorted(pairs))


def step_name(context: History) -> str:
    """An activity, or an activity after another."""
    return context[-1] if len(context) == 1 else f"{context[-1]} (after {context[0]})"


def _target(context: History, activity: str, contexts: tuple[History, ...]) -> History:
    longer = (context[-1], activity)
    return longer if longer in contexts else (activity,)


def _route(flow: LearnedFlow, context: History, contexts: tuple[History, ...]) -> m.Route:
    by_class = {}
    for group, routing in flow.by_group.items():
        seen = routing.counts.get(context, Counter())
        if seen.total() >= SEEN:
            by_class[group] = _chances(flow, context, seen, contexts)
    return m.Route(to=_chances(flow, context, flow.routing.counts.get(context, Counter()), contexts), classes=by_class)


def _chances(
    flow: LearnedFlow, context: History, seen: Mapping[str, int], contexts: tuple[History, ...]
) -> dict[str, float]:
    """{step: chance}; leaving is what lacks to 1, as the engine has it. A wait before a step is entered first."""
    total, out = sum(seen.values()), {}
    for activity, n in sorted(seen.items(), key=lambda t: -t[1]):
        if activity == END:
            continue
        to = _target(context, activity, contexts)
        first = _delay_name(to) if _delay(flow.activities[activity]) else step_name(to)
        out[first] = round(n / total, 6)
    excess = sum(out.values()) - 1.0
    if out and excess > 0:  # rounding
        first = next(iter(out))
        out[first] = round(out[first] - excess, 9)
    return out


def _delay_name(context: History) -> str:
    return f"delay before {step_name(context)}"


def _delay(activity: LearnedActivity) -> LearnedLaw | None:
    found = activity.extraneous
    hold = activity.hold.law.mean if activity.hold else 0.0
    return found if found is not None and found.law.mean > max(SLIGHT, SMALL * hold) else None


def _steps(flow: LearnedFlow, context: History, contexts: tuple[History, ...], pools: set[str]) -> list[m.Step]:
    activity = flow.activities[context[-1]]
    law = activity.hold or activity.lead
    hold = engine_law(law.law) if law else fixed(0.0)
    step = m.Step(
        name=step_name(context),
        place=activity.name,
        seize=(m.Need(pool=activity.pool),) if activity.pool in pools else (),
        hold=hold,
        holds={g: engine_law(found.law) for g, found in activity.by_group.items()},
        route=_route(flow, context, contexts),
    )
    delay = _delay(activity)
    if delay is None:
        return [step]
    return [
        m.Step(
            name=_delay_name(context),
            hold=engine_law(delay.law),
            route=m.Route(to={step.name: 1.0}),
        ),
        step,
    ]


def _pool(pool: LearnedPool) -> tuple[m.Pool, m.Roster | None]:
    most = int(pool.week.max())
    constant = bool((pool.week == most).all())
    name = f"{pool.name} hours"
    roster = None if constant else m.Roster(name=name, shifts=shifts(pool.week))
    return m.Pool(name=pool.name, kind="staff", capacity=most, roster=None if constant else name), roster


def shifts(week: np.ndarray) -> tuple[m.Shift, ...]:
    """The week's levels (168,) as shifts: runs of equal level within a day, days that are alike together."""
    found: dict[tuple[int, int, int], list[str]] = {}
    for d, day in enumerate(m.DAYS):
        levels = week[24 * d : 24 * d + 24]
        edges = [0, *(np.flatnonzero(np.diff(levels)) + 1).tolist(), 24]
        for a, b in pairwise(edges):
            if levels[a] > 0:
                found.setdefault((a, b, int(levels[a])), []).append(day)
    return tuple(
        m.Shift(days=tuple(days), start=f"{a:02d}:00", end=f"{b:02d}:00", count=n)
        for (a, b, n), days in sorted(found.items())
    )


def header(flow: LearnedFlow) -> list[str]:
    """What a person who edits the model must know: intervals, and what the log does not tell."""
    lines = ["Learned from a log; edit what you know better. 95 % intervals:"]
    a = flow.arrivals
    half = 1.96 * math.sqrt(max(a.dispersion, 1.0) * max(a.events, 1))
    low, high = (a.events - half) / a.days, (a.events + half) / a.days
    lines.append(f"  arrivals a day: {a.events / a.days:.3g} ({low:.3g} to {high:.3g})")
    for name, activity in flow.activities.items():
        law = activity.hold or activity.lead
        if law:
            low, high = law.mean_interval
            kind = "" if activity.hold else ", waiting included"
            lines.append(f"  {name}: mean {law.law.mean:.3g} h ({low:.3g} to {high:.3g}), {law.ended} seen{kind}")
    lines += ["Not identifiable from this log:", *(f"  {n}" for n in flow.notes)] if flow.notes else []
    return lines
