"""From a case to arrays: the only place that sees both. Meals become slots, doses impulses, the rest schedules."""

from __future__ import annotations

import itertools

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.forcing import Forcing, Schedule, bucket, padded
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.models.glucose_sleep import rested

REACH = 60.0 * (par.DELAY_MAX + par.PULSE)  # s after which a meal is wholly in the stomach, whatever its latents
PAST_DOSES = 4 * 86400.0  # s of doses before the start that still act: five half-lives and more of basal insulin
PAST_NIGHTS = 2 * 86400.0  # s of nights before the start that still act
LANES = 4  # meals that may be entering at once before the compiled code must widen


def compiled(case: Case, t0: float, t1: float, known_at: float) -> Forcing:
    """Arrays, impulses and schedules for [t0, t1] from what was known by `known_at`."""
    known = case.until(known_at)
    meals = [a for a in known.actions(Meal, t0=t0 - REACH, t1=t1) if isinstance(a, Meal)]
    doses = [a for a in known.actions(Insulin, t0=t0 - PAST_DOSES, t1=t1) if isinstance(a, Insulin)]
    bouts = [a for a in known.actions(Exercise) if isinstance(a, Exercise) and a.at + 60 * a.duration > t0]
    nights = [a for a in known.actions(Sleep, t0=t0 - PAST_NIGHTS) if isinstance(a, Sleep)]
    offset = clock_offset(case.origin, t0, t1)
    assert isinstance(case.subject, Person)
    size = bucket(len(meals))
    before = [d for d in doses if d.at < t0]
    arrays = {
        "weight": np.array(case.subject.weight),
        "meal_at": padded([m.at for m in meals], size),
        "carb": padded([m.carbohydrate for m in meals], size),
        **{name: padded([nutrient(m, name) for m in meals], size) for name in par.MIX},
        **dict(zip(("f1", "f2", "b", "p"), _depots(before, t0), strict=True)),
    }
    return Forcing(
        t0,
        t1,
        arrays=arrays,
        impulses={
            "fast": _impulse([d for d in doses if d.at >= t0 and d.formulation == "fast"]),
            "basal": _impulse([d for d in doses if d.at >= t0 and d.formulation == "basal"]),
        },
        schedules={"mets": _effort(bouts), "offset": offset, "rested": rested(nights, offset)} | _lanes(meals),
        slots={"meal": tuple(m.at for m in meals)},
        capacity={"meal": size},
    )


def nutrient(meal: Meal, name: str) -> float:
    """g of a nutrient, in the usual proportion to carbohydrate where not given."""
    given = getattr(meal, name)
    return par.MIX[name] * meal.carbohydrate if given is None else given


def _impulse(doses: list[Insulin]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([d.at for d in doses]), np.array([d.units for d in doses])


def _effort(bouts: list[Exercise]) -> Schedule:
    """METs above rest; bouts that overlap add up."""
    edges = sorted({t for b in bouts for t in (b.at, b.at + 60 * b.duration)})
    levels = [sum(b.mets - 1.0 for b in bouts if b.at <= t < b.at + 60 * b.duration) for t in edges]
    return Schedule(np.array(edges), np.array(levels))


def _lanes(meals: list[Meal]) -> dict[str, Schedule]:
    """Which slots are entering when: a step looks at a few lanes, however many meals a window holds."""
    ends: list[float] = []
    changes: list[list[tuple[float, float]]] = []
    for index, meal in enumerate(meals):
        lane = next((k for k, end in enumerate(ends) if end <= meal.at), len(ends))
        if lane == len(ends):
            ends.append(0.0)
            changes.append([])
        if changes[lane] and changes[lane][-1][0] == meal.at:
            changes[lane].pop()
        ends[lane] = meal.at + REACH
        changes[lane] += [(meal.at, float(index)), (ends[lane], -1.0)]
    count = LANES
    while count < len(ends):
        count *= 2
    changes += [[] for _ in range(count - len(changes))]
    return {
        f"lane{k}": Schedule(np.array([t for t, _ in c]), np.array([i for _, i in c]), before=-1.0)
        for k, c in enumerate(changes)
    }


def clock_offset(origin: Origin, t0: float, t1: float) -> Schedule:
    """Seconds to add to core time for the local clock: constant between changes of daylight saving."""

    def offset(t: float) -> float:
        local = origin.moment(t)
        shift = local.utcoffset()
        assert shift is not None
        midnight = origin.utc.hour * 3600.0 + origin.utc.minute * 60.0 + origin.utc.second
        return midnight + shift.total_seconds()

    times, values = [], []
    grid = np.append(np.arange(t0, t1, 86400.0), t1)
    now = offset(t0)
    for a, b in itertools.pairwise(grid.tolist()):
        later = offset(b)
        if later != now:
            low, high = a, b
            while high - low > 1.0:
                middle = (low + high) / 2
                low, high = (middle, high) if offset(middle) == now else (low, middle)
            times.append(round(high))
            values.append(later)
            now = later
    return Schedule(np.array(times, dtype=np.float64), np.array(values), before=offset(t0))


def _depots(doses: list[Insulin], t0: float) -> np.ndarray:
    """Units at t0 in the rapid depots, the basal depot and plasma, from doses before: the linear chain, solved."""
    kd, ka, kb, ke = par.KD, par.KA2, par.KB, par.KE
    chain = np.array([[-kd, 0, 0, 0], [kd, -ka, 0, 0], [0, 0, -kb, 0], [0, ka, kb, -ke]])
    values, vectors = np.linalg.eig(chain)
    inverse = np.linalg.inv(vectors)
    out = np.zeros(4)
    for dose in doses:
        first = np.array([dose.units, 0, 0, 0]) if dose.formulation == "fast" else np.array([0, 0, dose.units, 0])
        out += (vectors * np.exp(values * (t0 - dose.at) / 60)) @ inverse @ first
    return np.maximum(out, 0.0)
