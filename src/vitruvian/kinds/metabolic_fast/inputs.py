"""From a case to arrays: the only place that sees both. Food, effort, sleep and pump are schedules, doses impulses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from vitruvian.core.case import Case, Origin, Series
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.kinds.metabolic_fast import parameters as par
from vitruvian.models.dallaman import ParameterSet
from vitruvian.models.dallaman.many import UNIT
from vitruvian.models.glucose_actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.models.glucose_sleep import rested

PAST_DOSES = 4 * 86400.0  # s of doses before the start that still act: five half-lives and more of basal insulin
NUTRIENTS = ("carbohydrate", "protein", "fat", "fibre")
HELD = 600.0  # s for which a heart rate is taken to hold


def compiled(case: Case, person: Person, t0: float, t1: float, known_at: float) -> Forcing:
    """Arrays, impulses and schedules for [t0, t1] from what was known by `known_at`."""
    known = case.until(known_at)
    published = par.set_of(person)
    meals = [a for a in known.actions(Meal, t1=t1) if isinstance(a, Meal) and a.at + 60 * par.BITE > t0]
    doses = [a for a in known.actions(Insulin, t0=t0 - PAST_DOSES, t1=t1) if isinstance(a, Insulin)]
    pump = known.series.get("basal_rate")
    arrays = {n: np.array(float(v)) for n, v in published.numbers().items()}
    arrays |= {"BW": np.array(person.weight), "own_pump": np.array(1.0 if pump is None else 0.0)}
    if person.fasting_insulin is not None and published.secreting:
        arrays["Ib"] = np.array(par.PMOL * person.fasting_insulin)
    per_kg, offset = UNIT / person.weight, _clock(known.origin, t0, t1)
    before = dict(zip(("S1", "S2", "B"), _depots(doses, t0, published) * per_kg, strict=True))
    return Forcing(
        t0,
        t1,
        arrays=arrays | before,
        impulses={
            "fast": _impulse(doses, "fast", t0, per_kg),
            "basal": _impulse(doses, "basal", t0, per_kg),
            "sits_down": _sittings(meals, t0),
        },
        schedules={
            **{n: _eaten(meals, n) for n in NUTRIENTS},
            "effort": _effort(known, person, t0, t1),
            "rested": rested([a for a in known.actions(Sleep, t0=t0 - 2 * 86400.0) if isinstance(a, Sleep)], offset),
            "pump": Schedule(np.zeros(0), np.zeros(0)) if pump is None else _pump(pump, per_kg),
            "offset": offset,
        },
    )


def _nutrient(meal: Meal, name: str) -> float:
    given = getattr(meal, name)
    return par.MIX[name] * meal.carbohydrate if given is None else given


def _sum(spans: Iterable[tuple[float, float, float]]) -> Schedule:
    """A level that is the sum of spans (start, end, level)."""
    known = list(spans)
    edges = sorted({t for a, b, _ in known for t in (a, b)})
    return Schedule(np.array(edges), np.array([sum(v for a, b, v in known if a <= t < b) for t in edges]))


def _eaten(meals: list[Meal], name: str) -> Schedule:
    """g/min while meals last."""
    return _sum((m.at, m.at + 60 * par.BITE, _nutrient(m, name) / par.BITE) for m in meals)


def _sittings(meals: list[Meal], t0: float) -> tuple[np.ndarray, np.ndarray]:
    """When a meal starts while none is being eaten: the stomach's brake counts from there."""
    starts, end = [], -np.inf
    for meal in meals:
        if meal.at > end and meal.at >= t0:
            starts.append(meal.at)
        end = max(end, meal.at + 60 * par.BITE)
    return np.array(starts), np.ones(len(starts))


def _impulse(doses: list[Insulin], formulation: str, t0: float, per_kg: float) -> tuple[np.ndarray, np.ndarray]:
    chosen = [d for d in doses if d.at >= t0 and d.formulation == formulation]
    return np.array([d.at for d in chosen]), np.array([d.units * per_kg for d in chosen])


def _depots(doses: list[Insulin], t0: float, p: ParameterSet) -> np.ndarray:
    """Units at t0 in both rapid depots and in the long-acting one, of doses before: in closed form."""
    out, out_rate = np.zeros(3), p.kd + p.ka1
    for dose in (d for d in doses if d.at < t0):
        age = (t0 - dose.at) / 60.0
        if dose.formulation == "basal":
            out[2] += dose.units * np.exp(-par.KB * age)
        else:
            out[0] += dose.units * np.exp(-out_rate * age)
            out[1] += dose.units * p.kd * (np.exp(-p.ka2 * age) - np.exp(-out_rate * age)) / (out_rate - p.ka2)
    return out


def _effort(case: Case, person: Person, t0: float, t1: float) -> Schedule:
    """METs above rest: recorded bouts (those that overlap add up), and what the heart says where that is more."""
    bouts = [a for a in case.actions(Exercise, t1=t1) if isinstance(a, Exercise) and a.at + 60 * a.duration > t0]
    told = _sum((b.at, b.at + 60 * b.duration, b.mets - 1.0) for b in bouts)
    heart = case.series.get("heart_rate")
    if heart is None:
        return told
    resting = case.series.get("resting_heart_rate")
    rest = par.RESTING if resting is None or not len(resting.values) else float(resting.values[-1])
    inside = (heart.times >= t0 - HELD) & (heart.times < t1)
    felt = _held(heart.times[inside], mets_of(heart.values[inside], rest, person))
    edges = np.unique(np.concatenate([told.times, felt.times]))
    return Schedule(edges, np.maximum(told.at(edges), felt.at(edges)))


def mets_of(heart_rate: np.ndarray, rest: float, person: Person) -> np.ndarray:
    """METs above rest by the share of heart-rate reserve, which is that of oxygen uptake (ACSM, Guidelines, 10th ed.).

    Greatest heart rate 208 - 0.7 age (Tanaka et al., JACC 37:153, 2001); greatest uptake 73.05 - 0.39 age - 0.28 kg,
    mL/kg/min (FRIEND, Myers et al., Prog Cardiovasc Dis 60:21, 2017, halfway between the sexes).
    """
    age = 50.0 if person.age is None else person.age
    most = max(73.05 - 0.39 * age - 0.28 * person.weight, 14.0) / 3.5 - 1.0
    share = (heart_rate - rest) / max(208.0 - 0.7 * age - rest, 20.0)
    return most * np.clip(share, 0.0, 1.0)


def _held(times: np.ndarray, values: np.ndarray) -> Schedule:
    """Each value from its time to the next, for HELD at most."""
    ends = np.minimum(np.append(times[1:], np.inf), times + HELD)
    gaps = ends < np.append(times[1:], np.inf)
    all_times = np.concatenate([times, ends[gaps]])
    order = np.argsort(all_times, kind="stable")
    return Schedule(all_times[order], np.concatenate([values, np.zeros(int(gaps.sum()))])[order])


def _pump(series: Series, per_kg: float) -> Schedule:
    """pmol/kg/min from U/h."""
    return Schedule(series.times, series.values * per_kg / 60.0)


def _clock(origin: Origin, t0: float, t1: float) -> Schedule:
    """Seconds to add to core time for the local clock; a change of daylight saving is seen within the hour."""

    def offset(t: float) -> float:
        shift = origin.moment(t).utcoffset()
        assert shift is not None
        return origin.utc.hour * 3600.0 + origin.utc.minute * 60.0 + origin.utc.second + shift.total_seconds()

    first, changes = offset(t0), []
    hours = np.arange(t0, t1 + 3600.0, 3600.0).tolist()
    for a, b in itertools.pairwise(hours):
        if offset(b) != offset(a):
            changes.append((b, offset(b)))
    return Schedule(np.array([t for t, _ in changes]), np.array([v for _, v in changes]), before=first)
