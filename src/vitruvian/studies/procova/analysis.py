"""The analysis of a trial by its protocol, with what guards it: PROCOVA beside the honest comparisons.

Primary: ANCOVA (HC3, t) on the score and the pre-specified covariates for a difference; g-computation for ratios
and odds; the adjusted log-rank for a time to event. Beside it: unadjusted, the covariates alone, the score alone.
Missing outcomes are refused, left out, or imputed by the protocol's rule; with imputation reference-based
sensitivity stands beside it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError, RecordError
from vitruvian.kinds.prognosis.columns import Columns
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.models.trialtable import Frame, unique_patients
from vitruvian.studies.procova.ancova import ancova
from vitruvian.studies.procova.estimate import Estimate, plot_forest
from vitruvian.studies.procova.guards import Guards, guards
from vitruvian.studies.procova.imputation import RULES, imputed, pooled
from vitruvian.studies.procova.leaks import refuse_leaks
from vitruvian.studies.procova.marginal import standardised
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.survival import log_rank

IMPUTATIONS = 20  # assumed
PROPER = "PROCOVA: score learned on patients outside this trial"
NOT_PROPER = "not PROCOVA proper: score cross-fitted on this trial's own controls"


@dataclass(frozen=True)
class Arrays:
    """A trial as numbers: y (event beside it), arm, score, covariates beside the score; (n,) and (n, k)."""

    y: np.ndarray
    event: np.ndarray | None
    arm: np.ndarray
    score: np.ndarray
    beside: np.ndarray

    def x(self, name: str) -> np.ndarray | None:
        """Covariates of an analysis."""
        both = np.column_stack([self.score, self.beside])
        return {"unadjusted": None, "covariates": self.beside, "score": self.score[:, None]}.get(name, both)

    def take(self, keep: np.ndarray) -> Arrays:
        """Patients by mask."""
        event = None if self.event is None else self.event[keep]
        return Arrays(self.y[keep], event, self.arm[keep], self.score[keep], self.beside[keep])


@dataclass(frozen=True)
class Analysis:
    """primary and the comparisons; sensitivity to what is missing; guards; who was left out."""

    protocol: Protocol
    primary: Estimate
    comparisons: dict[str, Estimate]
    sensitivity: tuple[Estimate, ...]
    guards: Guards
    notes: tuple[str, ...]
    trial: dict[str, Any]
    artefact: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "protocol": self.protocol.to_json(),
            "primary": self.primary.to_json(),
            "comparisons": {n: e.to_json() for n, e in self.comparisons.items()},
            "variance_against_covariates": self.gain(),
            "sensitivity": [e.to_json() for e in self.sensitivity],
            "guards": self.guards.to_json(),
            "notes": list(self.notes),
            "trial": self.trial,
            "score_artefact": self.artefact,
        }

    def gain(self) -> float | None:
        """Variance of the analysis on the covariates alone (unadjusted where there are none) over the primary's."""
        plain = self.comparisons.get("covariates") or self.comparisons["unadjusted"]
        return None if self.primary.se == 0 else (plain.se / self.primary.se) ** 2

    def plot(self, ax: Any = None) -> Any:
        """Primary and comparisons below each other (matplotlib axes)."""
        named = {"primary": self.primary, **self.comparisons}
        return plot_forest([dataclasses.replace(e, name=n) for n, e in named.items()], ax)


def analyse(protocol: Protocol, frame: Frame, stack: Stack, crossed: np.ndarray | None = None) -> Analysis:
    """From the protocol, the trial's table, and the score of the plan; `crossed` (n,): cross-fitted scores instead."""
    _check_score(protocol, stack)
    arrays = arrays_of(protocol, frame, stack)
    arrays, notes = arrays if crossed is None else dataclasses.replace(arrays, score=crossed), []
    sensitivity: tuple[Estimate, ...] = ()
    missing = ~np.isfinite(arrays.y)
    if missing.any() and protocol.missing == "impute":
        named, sensitivity = _imputed(protocol, arrays)
        notes.append(f"{int(missing.sum())} outcomes imputed {IMPUTATIONS} times, missing at random; rules beside it")
        arrays = arrays.take(~missing)
    else:
        if missing.any() and protocol.missing == "refuse":
            line = int(np.flatnonzero(missing)[0]) + 2
            where = f"{frame.source}, line {line}, column '{protocol.outcome.column}'"
            fix = "set missing: impute (or complete) in the protocol"
            raise RecordError(f"{int(missing.sum())} outcomes are missing", where=where, fix=fix)
        if missing.any():
            notes.append(
                f"{int(missing.sum())} patients without outcome left out: valid only if missing completely at random"
            )
            arrays = arrays.take(~missing)
        named = {n: estimate(protocol, arrays, n) for n in analyses(protocol)}
    primary = named.pop("score and covariates")
    notes.insert(0, PROPER if crossed is None else NOT_PROPER)
    told = {"patients": len(arrays.y), "treated": int(arrays.arm.sum()), "hash": frame.digest, "source": frame.source}
    found = guards(protocol, arrays, stack, estimate)
    return Analysis(protocol, primary, named, sensitivity, found, tuple(notes), told, stack.digest)


def analyses(protocol: Protocol) -> tuple[str, ...]:
    """Names of the analyses shown, the primary first."""
    return ("score and covariates", "score", *(("covariates",) if protocol.beside else ()), "unadjusted")


def estimate(protocol: Protocol, a: Arrays, name: str = "score and covariates") -> Estimate:
    """One analysis."""
    x, d = a.x(name), protocol.design
    if a.event is not None:
        return log_rank(a.y, a.event, a.arm, x)
    if protocol.estimand == "difference":
        return ancova(a.y, a.arm, x, margin=d.margin)
    return standardised(protocol.outcome.type, a.y, a.arm, x, effect=protocol.estimand, margin=d.margin)


def arrays_of(protocol: Protocol, frame: Frame, stack: Stack) -> Arrays:
    """Numbers of a trial's table; refuses doubled patients, unknown arms, leaked columns and unknown levels."""
    if protocol.patient:
        unique_patients(frame, protocol.patient)
    arm = _arm(protocol, frame)
    y = frame.number(protocol.outcome.column)
    event = frame.number(protocol.outcome.event) if protocol.outcome.event else None
    columns = tuple(dict.fromkeys((*protocol.covariates, *protocol.beside)))
    refuse_leaks(frame, columns, y if event is None else event, arm)
    beside = Columns.learned(frame, protocol.beside)
    x = _without_first_levels(beside, beside.matrix(frame))
    return Arrays(y, event, arm, stack.score(frame), x)


def _without_first_levels(columns: Columns, x: np.ndarray) -> np.ndarray:
    """Indicators of a factor without its first level, which the intercept is."""
    first = {c.names()[0] for c in columns.items if c.factor}
    return x[:, [n not in first for n in columns.names]]


def _arm(protocol: Protocol, frame: Frame) -> np.ndarray:
    given = frame.factor(protocol.arm.column)
    known = {protocol.arm.control: 0.0, protocol.arm.treated: 1.0}
    for line, level in enumerate(given, start=2):
        if level not in known:
            where = f"{frame.source}, line {line}, column '{protocol.arm.column}'"
            fix = f"the protocol knows '{protocol.arm.control}' and '{protocol.arm.treated}'; leave other arms out"
            raise RecordError(f"arm '{level}'", where=where, fix=fix)
    return np.array([known[v] for v in given])


def _check_score(protocol: Protocol, stack: Stack) -> None:
    if stack.family != protocol.outcome.type:
        told = f"the score is of a {stack.family} outcome, the protocol's is {protocol.outcome.type}"
        raise InferenceError(told, where="score", fix="plan again: vitruvian trial plan")
    mine = tuple(c.name for c in stack.columns.items)
    if mine != protocol.covariates:
        told = f"the score was learned on {', '.join(mine)}"
        raise InferenceError(told, where="score", fix="plan again with the protocol's covariates")


def _imputed(protocol: Protocol, a: Arrays) -> tuple[dict[str, Estimate], tuple[Estimate, ...]]:
    if protocol.outcome.type != "continuous":
        fix = "use missing: complete, or a composite outcome"
        raise InferenceError("only continuous outcomes are imputed", where="missing", fix=fix)
    base = np.column_stack([a.score, a.beside])
    sets = {r: imputed(a.y[:, None], a.arm, base, rule=r, count=IMPUTATIONS, seed=protocol.seed) for r in RULES[:2]}

    def of(rule: str, name: str) -> Estimate:
        done = [Arrays(s[:, 0], None, a.arm, a.score, a.beside) for s in sets[rule]]
        each = [estimate(protocol, d, name) for d in done]
        return pooled(each, each[0].name, f"{each[0].method}; {IMPUTATIONS} imputations ({rule}), Rubin")

    named = {n: of("mar", n) for n in analyses(protocol)}
    told = [dataclasses.replace(of(r, "score and covariates"), name=r) for r in RULES[:2]]
    return named, tuple(told)
