"""The plan: a score learned on the history, what it is worth beyond the baseline value, and the size that follows.

Everything the plan says of the score is out of fold. The honest reference is ANCOVA on the covariates that would be
used anyway, never the unadjusted analysis alone. Sizes: size.py; events: Schoenfeld (1981) less the share r^2.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.kinds.prognosis.columns import RULE, Columns
from vitruvian.kinds.prognosis.stack import History, Stack, fit_out_of_fold
from vitruvian.models.trialtable import Frame, unique_patients
from vitruvian.studies.procova import size
from vitruvian.studies.procova.leaks import refuse_leaks
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.sequential import Looks, looks
from vitruvian.studies.procova.survival import events_needed, martingale

CURVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
DRIFTS = ((1.0, 1.0), (1.0, 0.9), (1.0, 0.75), (1.1, 1.0), (1.1, 0.9), (1.25, 0.75))  # of sd and correlation: assumed
FOLDS = 5


@dataclass(frozen=True)
class Plan:
    """sizes by analysis; sensitivity: power at the planned size under each drift; curve: patients by correlation."""

    protocol: Protocol
    stack: Stack
    history: dict[str, Any]
    correlation: dict[str, float]
    sizes: dict[str, dict[str, Any]]
    control_only: dict[str, int]
    sensitivity: list[dict[str, float]]
    curve: list[dict[str, float]]
    looks: Looks | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; the score itself is a file of its own."""
        rest = {
            n: getattr(self, n) for n in ("history", "correlation", "sizes", "control_only", "sensitivity", "curve")
        }
        told = {"artefact": self.stack.digest, "weights": dict(self.stack.weights), "report": dict(self.stack.report)}
        interim = None if self.looks is None else self.looks.to_json()
        return {"protocol": self.protocol.to_json(), "score": told, **rest, "looks": interim, "missing_rule": RULE}

    def plot(self, ax: Any = None) -> Any:
        """The savings curve with the plan's own point (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(figsize=(6.4, 3.6), layout="constrained")[1]
        x = [c["correlation"] for c in self.curve]
        key = "events" if self.protocol.outcome.type == "time" else "patients"
        ax.plot(x, [c[key] for c in self.curve], color="C0")
        ax.plot(
            [self.correlation["score and covariates"]], [self.sizes["score and covariates"]["total"]], "o", color="C1"
        )
        ax.set_xlabel("out-of-sample correlation of prediction and outcome")
        ax.set_ylabel(f"{key} needed")
        return ax


def history_of(protocol: Protocol, frame: Frame) -> History:
    """The history a protocol names, checked: patients once, outcome there, no leaked column."""
    if protocol.patient:
        unique_patients(frame, protocol.patient)
    o = protocol.outcome
    y = frame.number(o.column)
    event = frame.number(o.event) if o.event else None
    columns = tuple(dict.fromkeys((*protocol.covariates, *protocol.beside)))
    for name in columns:
        frame.column(name)
    refuse_leaks(frame, columns, y if event is None else event)
    known = np.isfinite(y) & (np.isfinite(event) if event is not None else True)
    kept = frame.take(known)
    return History(
        kept, protocol.covariates, y[known], o.type, None if event is None else event[known], o.column, o.unit
    )


def plan_trial(protocol: Protocol, frame: Frame) -> Plan:
    """From the protocol and the table of control patients of the past."""
    history = history_of(protocol, frame)
    stack, score = fit_out_of_fold(history, protocol.seed)
    target = history.y if history.event is None else martingale(history.y, history.event)
    beside = Columns.learned(history.frame, protocol.beside).matrix(history.frame)
    found = {
        "score": _crossed(score[:, None], target),
        "covariates": _crossed(beside, target) if beside.shape[1] else 0.0,
        "score and covariates": _crossed(np.column_stack([score, beside]), target),
    }
    told = {"patients": len(history.y), "left out without outcome": len(frame) - len(history.y), "hash": frame.digest}
    told |= {"source": frame.source}
    sized = _events(protocol, found) if history.event is not None else _patients(protocol, found, history)
    interim = None
    if protocol.design.looks:
        d = protocol.design
        interim = looks(d.looks, alpha=d.alpha, power=d.power, spending=d.spending)
    return Plan(protocol, stack, told, found, **sized, looks=interim)


def _crossed(x: np.ndarray, y: np.ndarray) -> float:
    """Out-of-fold correlation of y with its linear prediction from x."""
    fold = np.arange(len(y)) % FOLDS
    out = np.empty(len(y))
    for k in range(FOLDS):
        d = np.column_stack([np.ones(len(y)), x])
        b = np.linalg.lstsq(d[fold != k], y[fold != k], rcond=None)[0]
        out[fold == k] = d[fold == k] @ b
    if np.ptp(out) == 0:
        return 0.0
    return max(0.0, float(np.corrcoef(out, y)[0, 1]))


def _given(protocol: Protocol) -> dict[str, float]:
    d = protocol.design
    return {"ratio": d.ratio, "alpha": d.alpha, "power": d.power, "margin": d.margin}


def assumptions(protocol: Protocol, history: History, correlation: float) -> tuple[float, size.Assumptions]:
    """Effect on the scale of means, and what is assumed; a ratio is planned as the difference it makes at
    the history's risk.
    """
    d = protocol.design
    sd0 = d.sd or float(np.std(history.y, ddof=1))
    effect, sd1 = d.effect, sd0
    if protocol.outcome.type == "binary":
        p0 = float(history.y.mean())
        p1 = _treated_mean(protocol, p0)
        if not 0 < p1 < 1:
            raise InferenceError(
                f"the treated risk would be {p1:.3g}", where="design.effect", fix="plan for another effect"
            )
        effect, sd0, sd1 = p1 - p0, math.sqrt(p0 * (1 - p0)), math.sqrt(p1 * (1 - p1))
    elif protocol.estimand == "ratio":
        effect = _treated_mean(protocol, float(history.y.mean())) - float(history.y.mean())
    if effect == 0:
        raise InferenceError(
            "no effect is planned for", where="design.effect", fix="give the effect the trial is to find"
        )
    rho = min(correlation, 0.99)
    made = size.Assumptions(
        sd0=sd0, sd1=sd1, correlation0=rho, correlation1=rho, inflation=d.inflation, deflation=d.deflation
    )
    return effect, made


def _treated_mean(protocol: Protocol, control: float) -> float:
    effect = protocol.design.effect
    if protocol.estimand == "ratio":
        return control * effect
    if protocol.estimand == "odds ratio":
        odds = control / (1 - control) * effect
        return odds / (1 + odds)
    return control + effect


def _patients(protocol: Protocol, found: dict[str, float], history: History) -> dict[str, Any]:
    given = _given(protocol)
    k = len(protocol.beside)
    counts = {"unadjusted": 0, "covariates": k, "score": 1, "score and covariates": 1 + k}
    sizes, effect = {}, 0.0
    for name, covariates in counts.items():
        effect, assumed = assumptions(protocol, history, found.get(name, 0.0))
        sizes[name] = size.plan_size(effect, assumed, covariates=covariates, **given).to_json()
    effect, assumed = assumptions(protocol, history, found["score and covariates"])
    chosen, plain = sizes["score and covariates"], sizes["covariates" if k else "unadjusted"]
    kept = {n: v for n, v in given.items() if n != "ratio"}
    only = size.control_saving(plain["treated"], effect, assumed, **kept)
    drift = []
    for sd, rho in DRIFTS:
        there = dataclasses.replace(assumed, inflation=sd * assumed.inflation, deflation=rho * assumed.deflation)
        held = {n: v for n, v in given.items() if n != "power"}
        power = size.t_power(chosen["total"], effect, there, covariates=1 + k, **held)
        drift.append({"sd times": sd, "correlation times": rho, "power": power})
    curve = size.savings_curve(effect, assumed, list(CURVE), covariates=1 + k, **given)
    saved = {"treated": plain["treated"], "controls with covariates": plain["control"], "controls with the score": only}
    return {"sizes": sizes, "control_only": saved, "sensitivity": drift, "curve": curve}


def _events(protocol: Protocol, found: dict[str, float]) -> dict[str, Any]:
    d = protocol.design
    if d.effect <= 0 or d.effect == 1:
        raise InferenceError(
            "a hazard ratio is positive and not 1", where="design.effect", fix="give, for example, 0.75"
        )

    def needed(rho: float) -> int:
        left = (d.deflation * rho) ** 2
        return math.ceil(events_needed(d.effect, ratio=d.ratio, alpha=d.alpha, power=d.power, r2=left))

    rows = {n: needed(found.get(n, 0.0)) for n in ("unadjusted", "covariates", "score", "score and covariates")}
    sizes = {n: {"total": e, "method": "events, Schoenfeld less r^2"} for n, e in rows.items()}
    curve = [{"correlation": r, "events": needed(r), "share": 1 - needed(r) / needed(0.0)} for r in CURVE]
    drift = []
    for sd, rho in DRIFTS:
        if sd == 1.0:
            there = (d.deflation * rho * found["score and covariates"]) ** 2
            z = math.sqrt(
                rows["score and covariates"] * d.ratio / (1 + d.ratio) ** 2 * math.log(d.effect) ** 2 / (1 - there)
            )
            drift.append({"sd times": 1.0, "correlation times": rho, "power": size.power_of(z, d.alpha)})
    return {"sizes": sizes, "control_only": {}, "sensitivity": drift, "curve": curve}
