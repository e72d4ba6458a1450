"""backtest: what would have been said then, scored against what came. Rolling origin by known_at.

At each origin only what was known by then is used: readings, actions, series. The belief is calibrated at the first
origin and again every `refit` seconds; in between its parameters stand still and it is tracked (track.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError, InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.backtested import TWIN, Backtest, Rows
from vitruvian.verbs.baselines import History, Line, autoregression, nearest, persistence
from vitruvian.verbs.calibrate import MEMBERS, calibrate
from vitruvian.verbs.origins import Said, said_at
from vitruvian.verbs.validate import Scores

PLANS = ("known", "none")
BASELINES = ("persistence", "autoregression")
DAY = 86400.0


def backtest(
    twin: Twin,
    horizons: Sequence[float] = (1800.0, 3600.0, 7200.0),
    *,
    step: float = 900.0,
    observable: str | None = None,
    sensor: str | None = None,
    start: float | None = None,
    end: float | None = None,
    plans: str = "known",
    refit: float = DAY,
    subject: str = "",
    prior: PopulationPrior | None = None,
    method: str | None = None,
    members: int = MEMBERS,
    ar: Mapping[float, Line] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Backtest:
    """Forecasts of readings `horizons` s ahead, from origins every `step` s between `start` and `end` (s).

    Origins are moments at which a reading became known; a target is the reading nearest to origin + horizon, at its own
    instant, within half a sampling interval. observable, sensor: default those with most readings. start: default a day
    of readings, or a quarter of them if that is less. plans: "known" announces each action the longest horizon before
    it happens (a planned meal), "none" leaves it unknown until its known_at. subject: a name for joining backtests.
    prior, method, members: as in calibrate. ar: the autoregression by horizon, fitted on others (default: own past).
    progress is given shares of 1; cancel() ends early with what there is. Errors: InferenceError if nothing is scored.
    """
    if plans not in PLANS:
        raise FieldError(f"no plans '{plans}'", where="backtest", fix=f"use {' or '.join(PLANS)}")
    prior = prior or (twin.belief.prior if twin.belief else None)
    twin = dataclasses.replace(twin, belief=None)
    if plans == "known":
        twin = dataclasses.replace(twin, case=_announced(twin, max(horizons)))
    seen = _Seen.of(twin.record, observable, sensor)
    origins, targets = _origins(seen, horizons, step, start, end)
    unit = twin.kind.unit_of(seen.observable)
    segments = _segments(origins, refit)
    rows: dict[float, list[Rows]] = {h: [] for h in horizons}
    notes: list[str] = []
    for k, (first, last) in enumerate(segments):
        if cancel is not None and cancel():
            notes.append(f"cancelled after {first} of {len(origins)} origins")
            break
        mine = origins[first:last]
        known = dataclasses.replace(twin, case=twin.case.until(mine[0]), record=twin.record.until(mine[0]))
        belief = calibrate(known, known_at=mine[0], prior=prior, method=method, seed=seed, members=members).believed()
        notes += [n for n in belief.notes if n not in notes]
        times = [np.unique([t[1] for t in targets[o]]) for o in mine]
        came: dict[float, list[_Came]] = {}
        for said in said_at(twin.having(belief), mine, times, seen.observable, seen.sensor, seed):
            for h, t in targets[said.origin]:
                came.setdefault(h, []).append(_Came(said, int(np.searchsorted(said.times, t)), seen.position(t)))
        for h, some in came.items():
            rows[h].append(_rows(seen, unit, h, some, subject, None if ar is None else ar[h], k, seed))
        if progress is not None:
            progress(last / len(origins))
    joined = {h: Rows.join(parts) for h, parts in rows.items() if parts}
    if not joined:
        raise InferenceError("no forecast could be scored", where="backtest", fix="give a longer record")
    return Backtest(twin.kind.name, seen.observable, unit, seen.sensor, plans, joined, tuple(notes))


@dataclass(frozen=True)
class _Seen:
    """The readings of one sensor that came in the end, in order, and all their versions."""

    observable: str
    sensor: str
    rows: Record
    all: Record

    @classmethod
    def of(cls, record: Record, observable: str | None, sensor: str | None) -> _Seen:
        groups = [g for g in record.groups() if g[0] == (observable or g[0]) and (sensor is None or g[1] == sensor)]
        if not groups:
            what = f"'{observable or 'anything'}'" + (f" by sensor '{sensor}'" if sensor is not None else "")
            raise InferenceError(f"the record holds no reading of {what}", where="backtest", fix="observe first")
        name, by = max(groups, key=lambda g: len(record.only(*g)))
        mine = record.only(name, by)
        return cls(name, by, mine.until(np.inf), mine)

    def position(self, time: float) -> int:
        """Which row has this valid time."""
        return int(np.searchsorted(self.rows.valid_time, time))


def _announced(twin: Twin, ahead: float) -> Case:
    """The case with every action known at least `ahead` s before it happens."""
    timeline = tuple(_known(a, min(a.known, a.at - ahead)) for a in twin.case.timeline)
    return dataclasses.replace(twin.case, timeline=timeline)


def _known(action: Action, known_at: float) -> Action:
    return dataclasses.replace(action, known_at=known_at)


def _origins(
    seen: _Seen, horizons: Sequence[float], step: float, start: float | None, end: float | None
) -> tuple[list[float], dict[float, list[tuple[float, float]]]]:
    """Origins, and of each its targets (horizon, valid time)."""
    rows, moments = seen.rows, np.unique(seen.all.known_at)
    first, last = float(rows.valid_time[0]), float(moments[-1])
    begin = first + min(DAY, 0.25 * (last - first)) if start is None else start
    stop = last if end is None else end
    grid = np.arange(begin, stop + step / 2, step)
    at = np.searchsorted(moments, grid)
    chosen = np.unique(moments[at[at < len(moments)]])
    tolerance = History.of(rows.valid_time, rows.value).interval / 2
    origins, targets = [], {}
    for origin in chosen[(chosen >= begin) & (chosen <= stop)].tolist():
        mine = []
        for h in horizons:
            t = float(rows.valid_time[nearest(rows.valid_time, np.array([origin + h]))[0]])
            if abs(t - origin - h) <= tolerance and t > origin:
                mine.append((h, t))
        if mine:
            origins.append(origin)
            targets[origin] = mine
    if not origins:
        raise InferenceError("no reading lies a horizon after an origin", where="backtest", fix="shorten the horizons")
    return origins, targets


def _segments(origins: Sequence[float], refit: float) -> list[tuple[int, int]]:
    """Runs of origins [first, last) that share a calibration."""
    out, first = [], 0
    for i, origin in enumerate(origins):
        if origin >= origins[first] + refit:
            out.append((first, i))
            first = i
    return [*out, (first, len(origins))]


@dataclass(frozen=True)
class _Came:
    """A forecast and the row that came: column k of what was said, row i of what was seen."""

    said: Said
    k: int
    i: int


def _rows(
    seen: _Seen,
    unit: str,
    horizon: float,
    came: Sequence[_Came],
    subject: str,
    ar: Line | None,
    segment: int,
    seed: int,
) -> Rows:
    """The forecasts of one segment at one horizon scored: the twin's and the baselines'."""
    index = np.array([c.i for c in came])
    truth, limit = seen.rows.value[index], seen.rows.limit[index]
    who = np.full(len(came), subject, dtype=object)
    origins = np.array([c.said.origin for c in came])
    uniforms = np.array([generator(seed, "pit", subject, o, horizon).uniform() for o in origins.tolist()])
    scores = Scores.of(
        seen.observable,
        unit,
        np.stack([c.said.values[:, c.k] for c in came], axis=1),
        came[0].said.weights,
        truth,
        uniforms=uniforms,
        point=np.array([c.said.point[c.k] for c in came]),
        limit=limit,
        cluster=who,
    )
    lines = np.array([_lines(seen, o, float(seen.rows.valid_time[i]), ar) for o, i in zip(origins, index, strict=True)])
    by = {TWIN: scores}
    for k, name in enumerate(BASELINES):
        mean, sd = lines[:, k, 0], lines[:, k, 1]
        by[name] = Scores.gaussian(seen.observable, unit, mean, sd, truth, who)
    which = np.full(len(came), f"{subject}|{segment}", dtype=object)
    return Rows(origins, seen.rows.valid_time[index], who, which, by)


def _lines(seen: _Seen, origin: float, time: float, ar: Line | None) -> list[tuple[float, float]]:
    """Mean and sd of each baseline for `time`, from what was known at the origin."""
    known = seen.all.until(origin)
    past = History.of(known.valid_time, known.value)
    lead, value, slope = time - past.times[-1], float(past.values[-1]), float(past.slopes()[-1])
    lines = (persistence([past], lead), autoregression([past], lead) if ar is None else ar)
    return [(line.ahead(value, slope), line.sd) for line in lines]
