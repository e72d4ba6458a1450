"""A trial as numbers: outcome, arm, score and covariates of its patients, every refusal with its place."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError, RecordError
from vitruvian.kinds.prognosis.columns import Columns
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.models.trialtable import Frame, unique_patients
from vitruvian.studies.procova.leaks import refuse_leaks
from vitruvian.studies.procova.protocol import Protocol


@dataclass(frozen=True)
class Arrays:
    """A trial as numbers: y (event beside it), arm, score, covariates beside the score; (n,) and (n, k).

    visits (n, visit): the repeated outcome where there is one, y its last.
    """

    y: np.ndarray
    event: np.ndarray | None
    arm: np.ndarray
    score: np.ndarray
    beside: np.ndarray
    visits: np.ndarray | None = None

    def x(self, name: str) -> np.ndarray | None:
        """Covariates of an analysis."""
        both = np.column_stack([self.score, self.beside])
        return {"unadjusted": None, "covariates": self.beside, "score": self.score[:, None]}.get(name, both)

    def take(self, keep: np.ndarray) -> Arrays:
        """Patients by mask."""
        event = None if self.event is None else self.event[keep]
        visits = None if self.visits is None else self.visits[keep]
        return Arrays(self.y[keep], event, self.arm[keep], self.score[keep], self.beside[keep], visits)


def arrays_of(protocol: Protocol, frame: Frame, stack: Stack) -> Arrays:
    """Numbers of a trial's table; refuses doubled patients, unknown arms, leaked columns and unknown levels."""
    if protocol.patient:
        unique_patients(frame, protocol.patient)
    arm = arm_of(protocol, frame)
    o = protocol.outcome
    y = frame.number(o.column)
    event = frame.number(o.event) if o.event else None
    columns = tuple(dict.fromkeys((*protocol.covariates, *protocol.beside)))
    refuse_leaks(frame, columns, y if event is None else event, arm)
    beside = Columns.learned(frame, protocol.beside)
    x = _without_first_levels(beside, beside.matrix(frame))
    visits = np.column_stack([frame.number(v) for v in o.visits]) if o.visits else None
    return Arrays(y, event, arm, stack.score(frame), x, visits)


def missing_in(protocol: Protocol, whole: Frame, arrays: Arrays) -> np.ndarray:
    """Who has no outcome (n,). RecordError names the first where the protocol refuses such patients.

    protocol: of one contrast; whole: the table that the contrast was taken from, whose lines are named.
    """
    missing = ~np.isfinite(arrays.y)
    if missing.any() and protocol.missing == "refuse":
        mine = np.isin(whole.factor(protocol.arm.column), (protocol.arm.control, protocol.arm.treated))
        line = int(np.flatnonzero(mine)[missing][0]) + 2
        where = f"{whole.source}, line {line}, column '{protocol.outcome.column}'"
        fix = "set missing: impute (or complete, or mmrm with visits) in the protocol"
        raise RecordError(f"{int(missing.sum())} outcomes are missing", where=where, fix=fix)
    return missing


def _without_first_levels(columns: Columns, x: np.ndarray) -> np.ndarray:
    """Indicators of a factor without its first level, which the intercept is."""
    first = {c.names()[0] for c in columns.items if c.factor}
    return x[:, [n not in first for n in columns.names]]


def arm_of(protocol: Protocol, frame: Frame) -> np.ndarray:
    """0 control, 1 treated (n,). RecordError names the first level that the protocol does not know."""
    given = frame.factor(protocol.arm.column)
    known = {protocol.arm.control: 0.0, protocol.arm.treated: 1.0}
    for line, level in enumerate(given, start=2):
        if level not in known:
            where = f"{frame.source}, line {line}, column '{protocol.arm.column}'"
            fix = f"the protocol knows '{protocol.arm.control}' and '{protocol.arm.treated}'; leave other arms out"
            raise RecordError(f"arm '{level}'", where=where, fix=f"{fix}, or name them in arm.others")
    return np.array([known[v] for v in given])


def contrast(protocol: Protocol, frame: Frame, treated: str = "") -> tuple[Protocol, Frame]:
    """Protocol and table of one treatment (default: the protocol's) against control, of a trial with several."""
    arm = protocol.arm
    if not arm.others:
        return protocol, frame
    chosen = treated or arm.treated
    rest = {arm.treated, *arm.others} - {chosen}
    keep = np.array([level not in rest for level in frame.factor(arm.column)])
    one = dataclasses.replace(arm, treated=chosen, others=())
    return dataclasses.replace(protocol, arm=one), frame.take(keep)


def check_score(protocol: Protocol, stack: Stack) -> None:
    """InferenceError where the score is of another outcome or of other columns."""
    if stack.family != protocol.outcome.type:
        told = f"the score is of a {stack.family} outcome, the protocol's is {protocol.outcome.type}"
        raise InferenceError(told, where="score", fix="plan again: vitruvian trial plan")
    mine = tuple(c.name for c in stack.columns.items)
    if mine != protocol.covariates:
        told = f"the score was learned on {', '.join(mine)}"
        raise InferenceError(told, where="score", fix="plan again with the protocol's covariates")
