"""What this person's glucose did before at the same place between meals, as columns for a learner. Plain arrays.

A place is (minutes since the last meal, minutes to the next one known); the column is the mean change over `lead` from
earlier origins near that place whose target had come, pulled towards no change: Nadaraya-Watson regression (Theory
Probab Appl 9:141, 1964) on the person's own past. A meal whose content nobody wrote down counts as a usual one.
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.sensorpast import DAY, HOUR, MINUTE, Columns, Events, Trace

SINCE, UNTIL, CLOCK = 25.0 * MINUTE, 20.0 * MINUTE, 2.0 * HOUR  # s, how near is near: assumed
PULL = 1.5  # origins' worth of "no change"
FORGOTTEN = 5.0 * HOUR  # s after which it no longer matters when the last meal was
USUAL = {"carb": 35.0, "protein": 18.0, "fat": 12.0}  # g, before a person's first known meal: means of ShanghaiT2DM


def filled(times: np.ndarray, amounts: dict[str, np.ndarray], prefix: str = "") -> Events:
    """Meals (m,) in order, each amount that is NaN taken as the mean of the earlier known ones of the same person."""
    out = {}
    for name, values in amounts.items():
        known = np.isfinite(values)
        total = np.append(0.0, np.cumsum(np.where(known, values, 0.0)))[:-1] + USUAL[name]
        count = np.append(0, np.cumsum(known))[:-1] + 1
        out[prefix + name] = np.where(known, values, total / count)
    return Events(times, out)


def meal_response(trace: Trace, meals: Events, origins: np.ndarray, lead: float) -> Columns:
    """Mean earlier change at this place, at any time of day and near this one, and how much past that rests on."""
    since, until = place(meals.times, origins, lead)
    was_since, was_until = place(meals.times, trace.times, lead)
    change = trace.target(trace.times, lead) - trace.values
    known = np.isfinite(change)
    had_come = (origins[:, None] >= trace.times[None, :] + lead + 0.5 * trace.interval) & known[None, :]
    apart = ((since[:, None] - was_since) / SINCE) ** 2 + ((until[:, None] - was_until) / UNTIL) ** 2
    weight = np.where(had_come, np.exp(-0.5 * apart), 0.0)
    hours = np.abs(origins[:, None] % DAY - trace.times[None, :] % DAY)
    near = weight * np.exp(-0.5 * (np.minimum(hours, DAY - hours) / CLOCK) ** 2)
    rise = np.where(known, change, 0.0)
    return {
        "own_meal": weight @ rise / (weight.sum(axis=1) + PULL),
        "own_meal_clock": near @ rise / (near.sum(axis=1) + PULL),
        "own_meal_rests_on": near.sum(axis=1),
    }


def place(meals: np.ndarray, at: np.ndarray, lead: float) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since the last meal (at most FORGOTTEN) and to the next one until at + lead (else a little longer)."""
    none = np.full(len(at), lead + 20.0 * MINUTE)
    if not len(meals):
        return np.full(len(at), FORGOTTEN), none
    i = np.searchsorted(meals, at, side="right") - 1
    since = np.where(i >= 0, at - meals[np.maximum(i, 0)], FORGOTTEN)
    then = meals[np.minimum(i + 1, len(meals) - 1)]
    coming = (i + 1 < len(meals)) & (then <= at + lead)
    return np.minimum(since, FORGOTTEN), np.where(coming, then - at, none)
