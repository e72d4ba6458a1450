"""Fitting again where patients are followed: from their own charts and the outcomes that somebody recorded.

An outcome is a reading of its name: `death` 1 at the time of death, 0 for who left alive; an onset 1 at its time, 0 for
who was watched and had none. Kidney injury is also told by creatinine (models/icu/kdigo.py) of who has two values.

    few events     logit P' = a + b logit P, prior b ~ N(1, SLOPE_SD): the old fit recalibrated
                   (Cox, Biometrika 1958;45:562 [from memory]; Vergouwe et al., Stat Med 2017;36:4529 [from memory])
    many events    learned anew (learning.py)

An outcome without enough events of its own stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from vitruvian.core.errors import InferenceError
from vitruvian.engines.crossfit import Ensemble
from vitruvian.engines.pasts import Readings
from vitruvian.kinds.deterioration.learning import Table, death_table, learn, onset_table
from vitruvian.kinds.deterioration.patient import HOUR, Patient, static_of
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.drift.renewable import Followed, Told
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.doubt import doubts
from vitruvian.models.icu.kdigo import onsets
from vitruvian.models.icu.stays import STATIC, Stays, believed_static

LEAST, ANEW = 10, 200  # events and non-events to recalibrate on, and to learn anew on: assumed
SLOPE_SD = 0.3  # prior of the slope about 1: assumed


@dataclass(frozen=True, eq=False)
class Labelled:
    """The stays of which an outcome is known, and their rows; stay {row of the table} as in `people` (n,)."""

    stays: Stays
    table: Table
    whose: np.ndarray

    @property
    def events(self) -> tuple[int, int]:
        """Stays with the outcome, and without."""
        came = np.zeros(len(self.stays), dtype=bool)
        came[self.table.whose[self.table.y > 0]] = True
        return int(came.sum()), int((~came).sum())


def labelled(people: Sequence[Followed], outcome: str) -> Labelled:
    """Rows at which the outcome was still to come, of those subjects whose outcome is known."""
    stays = _stays(people, outcome)
    known = np.flatnonzero(~np.isnan(stays.outcomes["known"]))
    mine = stays.of(known)
    if outcome == "death":
        table = death_table(mine)
        table = table.of(table.at <= mine.hours[table.whose])
    else:
        table = onset_table(mine)
        table = table.of(~np.isnan(table.y))
    return Labelled(mine, table, known[table.whose])


def fitted_again(weights: Weights, people: Sequence[Followed], seed: int) -> Weights:
    """Every outcome of the weights for which these subjects have enough events; InferenceError where none has."""
    new, said = Weights(), []
    for outcome in weights.ensembles:
        found = labelled(people, outcome)
        events, without = found.events
        if min(events, without) < LEAST:
            said.append(f"{outcome}: {events} with and {without} without")
        elif events < ANEW:
            new = new.having(_recalibrated(weights, outcome, found))
        else:
            new = new.having(learn({outcome: found.stays}, seed))
    if not new.ensembles:
        raise InferenceError(
            f"too few outcomes are recorded ({'; '.join(said)})",
            where="deterioration.fit_again",
            fix=f"record outcomes as readings until {LEAST} subjects have one and {LEAST} have none",
        )
    return weights.having(new)


def told_of(weights: Weights, people: Sequence[Followed]) -> Told:
    """All fitted outcomes together: of death the chance of dying in hospital, of onsets that within 6 h."""
    p, y, whose = [], [], []
    for outcome, ensemble in weights.ensembles.items():
        found = labelled(people, outcome)
        if len(found.table.y):
            p.append(expit(_logit(ensemble, found.table)))
            y.append(found.table.y)
            whose.append(found.whose)
    none = np.zeros(0)
    return Told(*(np.concatenate(c) if c else none for c in (p, y, whose)))


def _logit(ensemble: Ensemble, table: Table) -> np.ndarray:
    return ensemble.logit(table.known.x[:, [table.known.names.index(n) for n in ensemble.names]])


def _recalibrated(weights: Weights, outcome: str, found: Labelled) -> Weights:
    """Intercept and slope on the logit of the old fit; each subject counts once, however many rows it has."""
    ensemble, y = weights.ensembles[outcome], found.table.y
    z = _logit(ensemble, found.table)
    _, place, count = np.unique(found.table.whose, return_inverse=True, return_counts=True)
    weight = 1.0 / count[place]

    def loss(w: np.ndarray) -> float:
        eta = w[0] + w[1] * z
        return float(weight @ (np.logaddexp(0.0, eta) - y * eta) + 0.5 * ((w[1] - 1.0) / SLOPE_SD) ** 2)

    a, b = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=[(None, None), (0.05, None)]).x.tolist()
    stack = np.append(a + b * ensemble.stack[0], b * ensemble.stack[1:])
    events, without = found.events
    said = f"{ensemble.origin}; recalibrated on {events + without} followed patients, {events} with it"
    onsets_, leaving = weights.onsets, weights.leaving
    return Weights(
        {outcome: replace(ensemble, stack=stack, origin=said)},
        None,
        {outcome: onsets_[outcome]} if outcome in onsets_ else {},
        {outcome: leaving[outcome]} if outcome in leaving else {},
    )


def _stays(people: Sequence[Followed], outcome: str) -> Stays:
    """Everybody; outcomes: `known` (1, 0, NaN: nobody recorded it), and what learning.py needs."""
    before = np.array([_before(p) for p in people])
    hours = np.array([p.until / HOUR for p in people]) + before
    told = [_recorded(p, outcome) for p in people]
    at = np.array([t if y == 1.0 else np.nan for t, y in told]) + before
    known = np.array([y for _, y in told])
    readings = _readings(people, before)
    if outcome == "aki":
        r = readings["creatinine"]
        values = np.bincount(r.whose, minlength=len(people))
        by_value = onsets(r, len(people))
        silent = np.isnan(known) & (values >= 2)
        at, known = np.where(silent, by_value, at), np.where(silent, (~np.isnan(by_value)).astype(float), known)
    end = np.array([t for t, _ in told]) + before
    days = np.where(np.isnan(end), hours, end) / 24.0
    outcomes = {"known": known, "death": known, "onset": at, "length_of_stay": days,
                "survival": np.where(known > 0, days, -1.0)}  # fmt: skip
    fixed = [static_of(p.case.subject) for p in people if isinstance(p.case.subject, Patient)]
    static = believed_static({name: np.array([f[name][0] for f in fixed]) for name in STATIC})
    names = np.array([p.name for p in people], dtype=object)
    return Stays(names, static, readings, outcomes, hours, np.full(len(people), "followed", dtype=object), {})


def _before(person: Followed) -> float:
    return person.case.subject.hours_before if isinstance(person.case.subject, Patient) else 0.0


def _recorded(person: Followed, outcome: str) -> tuple[float, float]:
    """Hour and value of the first reading that says the outcome came, else of the last that says it did not; NaN."""
    rows = person.record.only(outcome)
    came = np.flatnonzero(rows.value >= 0.5)
    if len(came):
        return float(rows.valid_time[came[0]]) / HOUR, 1.0
    return (float(rows.valid_time[-1]) / HOUR, 0.0) if len(rows) else (np.nan, np.nan)


def _readings(people: Sequence[Followed], before: np.ndarray) -> dict[str, Readings]:
    believed = [p.record.where(doubts(p.record).believed) for p in people]
    out = {}
    for c in CHANNELS:
        mine = [r.only(c.name) for r in believed]
        whose = np.repeat(np.arange(len(people)), [len(r) for r in mine])
        time = np.concatenate([r.valid_time for r in mine]) / HOUR + before[whose]
        value = np.concatenate([r.value for r in mine])
        keep = time >= 0.0
        out[c.name] = Readings.of(whose[keep], time[keep], value[keep])
    return out
