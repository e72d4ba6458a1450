"""The sections that kinds of glucose add to a report: the ambulatory glucose profile, the metrics, the episodes."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.models.glucose_actions import Meal
from vitruvian.models.glycaemia.artefacts import artefacts
from vitruvian.models.glycaemia.mealweights import SHIPPED, likely_meals
from vitruvian.models.glycaemia.metrics import FEWEST, Metrics, Value, metrics
from vitruvian.models.glycaemia.profile import profile
from vitruvian.models.glycaemia.trace import DAY, Trace
from vitruvian.models.glycaemia.unannounced import LikelyMeal

DAYS = 14  # the period of an AGP report: Battelino et al., Diabetes Care 42:1593 (2019)
SHOWN = ("mean", "gmi", "cv", "sd", "median", "iqr", "mage", "modd", "conga24", "lbgi", "hbgi", "adrr", "grade", "gri")


def sections(case: Case, record: Record, observable: str = "glucose") -> tuple[Section, ...]:
    """Of the sensor with most readings, its last 14 days; nothing where it has less than a day of them."""
    rows = record.only(observable)
    if len(rows) < 2 or np.ptp(rows.valid_time) < DAY:
        return ()
    last = float(rows.valid_time.max())
    rows = rows.between(last - DAYS * DAY, last)
    trace = Trace.of_record(rows, case.origin, observable)
    logged = logs(case, rows, trace)
    return (*report(trace), *meals(trace, logged), *doubtful(trace))


def logs(case: Case, record: Record, trace: Trace) -> np.ndarray:
    """Times of the case's meals, s of the trace (k,)."""
    shift = trace.times[-1] - float(record.only("glucose", trace.sensor).valid_time.max())
    return np.array([m.at + shift for m in case.actions(Meal)])


def meals(trace: Trace, logged: np.ndarray) -> tuple[Section, ...]:
    """Meals that the sensor shows and nobody logged; nothing is added to the record. None where no meal is logged."""
    if not len(logged):
        return ()
    found = likely_meals(trace, logged)
    rows = tuple((said_at(trace, m.at), sized(m), f"{100 * m.probability:.0f} %") for m in found.found)
    said = (
        "What the sensor shows and no log explains; dawn, stress or the end of exercise may look the same. Nothing is "
        "added to the record: log a meal if there was one.",
        f"Learned from other people's sensors and logs: {SHIPPED.source}.",
    )
    head = ("Likely unannounced meal, local time", "carbohydrate (90 % range)", "probability")
    return (Section("Likely unannounced meals", said, head, rows, found.plot, "The last three days and likely meals"),)


def doubtful(trace: Trace) -> tuple[Section, ...]:
    """Candidates of compression lows, apart; they stay in every metric. Nothing where there are none."""
    found = artefacts(trace)
    rows = tuple(
        (said_at(trace, a.start), f"{(a.end - a.start) / 60:.0f}", f"{a.level:.0f} to {a.lowest:.0f}")
        for a in found.found
    )
    said = (
        "Sharp falls at night that recover at once, as when a sensor is lain on. They may be real lows: check with a "
        "meter. They count in every figure above; a forecast doubts them, unless rapid insulin acts.",
    )
    head = ("Candidate, local time", "min", "mg/dL")
    shows = "Each candidate from an hour before its start to two hours after"
    return (Section("Likely compression lows", said, head, rows, found.plot, shows),) if rows else ()


def said_at(trace: Trace, at: float) -> str:
    """Day and local time of a moment of the trace: "day 3, 19:40"."""
    civil = float(np.interp(at, trace.times, trace.civil))
    minutes = round(civil % DAY / 60)
    return f"day {int(civil // DAY) + 1}, {minutes // 60 % 24:02d}:{minutes % 60:02d}"


def sized(meal: LikelyMeal) -> str:
    """Its carbohydrate with a 90 % range."""
    return f"{meal.grams:.0f} g ({meal.low:.0f} to {meal.high:.0f})"


def report(trace: Trace) -> tuple[Section, ...]:
    """AGP and metrics of a trace as sections of a page."""
    found = metrics(trace)
    out = [_metrics(found), _episodes(found)]
    return (_profile(trace), *out) if trace.days >= FEWEST else tuple(out)


def enough(found: Metrics) -> str:
    """How many days the figures rest on, and whether the consensus calls that enough."""
    data = found.sufficiency
    sensor = f" of {found.sensor}" if found.sensor else ""
    said = f"{data.readings} readings{sensor} on {data.days} days, {data.active:.0f} % of the time."
    if data.limited:
        said += f" {data.limited} are at a limit of the sensor."
    if data.lacking:
        return f"{said} Too few for a report by the consensus: {'; '.join(data.lacking)}."
    return f"{said} Enough for a report by the consensus (14 days, 70 %)."


def written(v: Value) -> str:
    """A value with its 90 % interval."""
    digits = 1 if abs(v.value) >= 10 else 2
    alone = f"{v.value:.{digits}f}"
    return alone if np.isnan(v.low) else f"{alone} ({v.low:.{digits}f} to {v.high:.{digits}f})"


def _profile(trace: Trace) -> Section:
    found = profile(trace)
    said = (
        f"All {trace.days} days laid over one: how glucose runs by the time of day, smoothed. Green: 70 to 180 mg/dL."
    )
    shows = "Ambulatory glucose profile: median, 25 to 75 and 5 to 95 per cent by time of day"
    return Section("Ambulatory glucose profile", (said,), draw=found.plot, shows=shows)


def _metrics(found: Metrics) -> Section:
    goals = {name: f"{goal}, {'met' if met else 'not met'}" for name, goal, _, met in found.goals()}
    names = ("in_range", "tight_range", "very_low", "below_70", "above_180", "very_high", *SHOWN)
    rows = tuple((v.meaning, written(v), v.unit, goals.get(n, "")) for n in names if (v := found[n]))
    said = (
        enough(found),
        "In brackets: 90 % interval from resampling days. Goals: adults with type 1 or 2 diabetes (Battelino 2019).",
    )
    head = ("Of the last 14 days", "value (90 % interval)", "unit", "goal")
    return Section("Glucose metrics", said, head, rows, found.plot, "Time in the five glucose ranges")


def _episodes(found: Metrics) -> Section:
    rows = tuple(
        (name, str(len(e.found)), f"{e.per_day:.2f}", f"{e.minutes:.0f}" if e.found else "–")
        for name, e in found.episodes.items()
        if not name.endswith("only")
    )
    said = ("Low: < 70 (level 1), < 54 mg/dL (level 2); high: > 180, > 250. At least 15 min; extended: above 2 h.",)
    return Section("Episodes", said, ("Episode", "number", "a day", "mean length, min"), rows)
