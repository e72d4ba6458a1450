"""The analysis of a trial by its protocol, with what guards it: PROCOVA beside the honest comparisons.

Primary: ANCOVA (HC3, t, or the protocol's variance) on the score and the pre-specified covariates for a difference;
g-computation for ratios and odds; the adjusted log-rank for a time to event. Beside it: unadjusted, the covariates
alone, the score alone. Missing outcomes are refused, left out, modelled over the visits (MMRM) or imputed by the
protocol's rule; with MMRM or imputation reference-based sensitivity stands beside it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError, RecordError
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.ancova import ancova, check_arms
from vitruvian.studies.procova.estimate import Estimate, plot_forest
from vitruvian.studies.procova.further import Further, further
from vitruvian.studies.procova.guards import Guards, guards
from vitruvian.studies.procova.imputation import RULES, imputed, pooled
from vitruvian.studies.procova.marginal import standardised
from vitruvian.studies.procova.mmrm import mmrm
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.survival import log_rank
from vitruvian.studies.procova.trialarrays import Arrays, arrays_of, check_score, contrast, missing_in

IMPUTATIONS = 20  # assumed
PROPER = "PROCOVA: score learned on patients outside this trial"
NOT_PROPER = "not PROCOVA proper: score cross-fitted on this trial's own controls"


@dataclass(frozen=True)
class Analysis:
    """primary and the comparisons; sensitivity to what is missing; what is beyond; guards; who was left out."""

    protocol: Protocol
    primary: Estimate
    comparisons: dict[str, Estimate]
    sensitivity: tuple[Estimate, ...]
    further: Further
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
            **self.further.to_json(),
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


def checked(protocol: Protocol, frame: Frame, stack: Stack) -> Arrays:
    """The primary contrast as numbers, once everything that can be refused at once has been looked at."""
    check_score(protocol, stack)
    _known_arms(protocol, frame)
    mine, rows = contrast(protocol, frame)
    arrays = arrays_of(mine, rows, stack)
    there = arrays.take(~missing_in(mine, frame, arrays))
    check_arms(there.y, there.arm)
    for column in (*(c for family in protocol.secondary for c in family), *protocol.subgroups):
        rows.column(column)
    return arrays


def _known_arms(protocol: Protocol, frame: Frame) -> None:
    """Every level is one of the protocol's; the first that is not is named with its line in the whole table."""
    if protocol.arm.others:
        known = {protocol.arm.control, protocol.arm.treated, *protocol.arm.others}
        for line, level in enumerate(frame.factor(protocol.arm.column), start=2):
            if level not in known:
                where = f"{frame.source}, line {line}, column '{protocol.arm.column}'"
                raise RecordError(f"arm '{level}'", where=where, fix=f"the protocol knows {', '.join(sorted(known))}")


def analyse(protocol: Protocol, frame: Frame, stack: Stack, crossed: np.ndarray | None = None) -> Analysis:
    """From the protocol, the trial's table, and the score of the plan; `crossed` (n,): cross-fitted scores instead."""
    arrays = checked(protocol, frame, stack)
    mine, _ = contrast(protocol, frame)
    arrays, notes = arrays if crossed is None else dataclasses.replace(arrays, score=crossed), []
    sensitivity: tuple[Estimate, ...] = ()
    missing = missing_in(mine, frame, arrays)
    count, kept = int(missing.sum()), ~missing
    if protocol.missing == "mmrm":
        named = {n: _repeated(arrays, n) for n in analyses(mine)}
        if count:
            sensitivity = _imputed(mine, arrays)[1]
        notes.append(f"{count} outcomes missing: mixed model over {len(mine.outcome.visits)} visits, missing at random")
    elif count and protocol.missing == "impute":
        named, sensitivity = _imputed(mine, arrays)
        notes.append(f"{count} outcomes imputed {IMPUTATIONS} times, missing at random; rules beside it")
    else:
        if count:
            notes.append(f"{count} patients without outcome left out: valid only if missing completely at random")
        named = {n: estimate(mine, arrays.take(kept), n) for n in analyses(mine)}
    arrays = arrays.take(kept)
    primary = named.pop("score and covariates")
    notes.insert(0, PROPER if crossed is None else NOT_PROPER)
    told = {"patients": len(arrays.y), "treated": int(arrays.arm.sum()), "hash": frame.digest, "source": frame.source}
    more = further(protocol, frame, stack, primary, arrays, kept, estimate)
    found = guards(mine, arrays, stack, estimate)
    return Analysis(protocol, primary, named, sensitivity, more, found, tuple(notes), told, stack.digest)


def analyses(protocol: Protocol) -> tuple[str, ...]:
    """Names of the analyses shown, the primary first."""
    return ("score and covariates", "score", *(("covariates",) if protocol.beside else ()), "unadjusted")


def estimate(protocol: Protocol, a: Arrays, name: str = "score and covariates") -> Estimate:
    """One analysis of patients who all have an outcome."""
    x, d = a.x(name), protocol.design
    if a.event is not None:
        return log_rank(a.y, a.event, a.arm, x)
    if protocol.estimand == "difference":
        both = protocol.interaction  # the covariates' means are then drawn too
        hc = protocol.variance
        return ancova(a.y, a.arm, x, margin=d.margin, hc=hc, interaction=both, super_population=both)
    family, effect = protocol.outcome.type, protocol.estimand
    return standardised(family, a.y, a.arm, x, effect=effect, interaction=protocol.interaction, margin=d.margin)


def _repeated(a: Arrays, name: str) -> Estimate:
    """The last visit's difference in the mixed model."""
    assert a.visits is not None
    made = mmrm(a.visits, a.arm, a.x(name)).effects[-1]
    return dataclasses.replace(made, name="difference in means")


def _imputed(protocol: Protocol, a: Arrays) -> tuple[dict[str, Estimate], tuple[Estimate, ...]]:
    if protocol.outcome.type != "continuous":
        fix = "use missing: complete, or a composite outcome"
        raise InferenceError("only continuous outcomes are imputed", where="missing", fix=fix)
    base = np.column_stack([a.score, a.beside])
    y = a.y[:, None] if a.visits is None else a.visits
    rules = RULES[:2] if a.visits is None else RULES  # without visits there is no last level and no increment
    sets = {r: imputed(y, a.arm, base, rule=r, count=IMPUTATIONS, seed=protocol.seed) for r in rules}

    def of(rule: str, name: str) -> Estimate:
        done = [Arrays(s[:, -1], None, a.arm, a.score, a.beside) for s in sets[rule]]
        each = [estimate(protocol, d, name) for d in done]
        return pooled(each, each[0].name, f"{each[0].method}; {IMPUTATIONS} imputations ({rule}), Rubin")

    named = {n: of("mar", n) for n in analyses(protocol)}
    told = [dataclasses.replace(of(r, "score and covariates"), name=r) for r in rules]
    return named, tuple(told)
