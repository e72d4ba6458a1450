"""The plan: a score learned on the history, what it is worth beyond the baseline value, and the size that follows.

Everything the plan says of the score is out of fold. The honest reference is ANCOVA on the covariates that would be
used anyway, never the unadjusted analysis alone. Sizes: design.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.kinds.prognosis.columns import RULE, Columns
from vitruvian.kinds.prognosis.stack import History, Stack, fit_out_of_fold
from vitruvian.models.trialtable import Frame, unique_patients
from vitruvian.studies.procova.design import BOTH, Sized, Told, sized
from vitruvian.studies.procova.leaks import refuse_leaks
from vitruvian.studies.procova.protocol import Protocol, protocol_of
from vitruvian.studies.procova.sequential import Looks, looks
from vitruvian.studies.procova.survival import martingale

FOLDS = 5
SMALL = 200  # patients below which HC3's type I error lies visibly under its level: evidence trial.validity
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Plan:
    """The protocol, the score learned for it, what the history told, and the sizes that follow."""

    protocol: Protocol
    stack: Stack
    history: dict[str, Any]
    told: Told
    sized: Sized
    looks: Looks | None

    @property
    def correlation(self) -> Mapping[str, float]:
        """Of each analysis' prediction with the outcome, out of fold."""
        return self.told.correlation

    @property
    def sizes(self) -> dict[str, dict[str, Any]]:
        """By analysis."""
        return self.sized.sizes

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; the score itself is a file of its own."""
        score = {"artefact": self.stack.digest, "weights": dict(self.stack.weights), "report": dict(self.stack.report)}
        return {
            "protocol": self.protocol.to_json(),
            "score": score,
            "history": self.history,
            "told": self.told.to_json(),
            "correlation": dict(self.correlation),
            **self.sized.to_json(),
            "looks": None if self.looks is None else self.looks.to_json(),
            "missing_rule": RULE,
            "advice": list(self.advice),
        }

    @property
    def advice(self) -> tuple[str, ...]:
        """What the evidence says of a trial like this."""
        p = self.protocol
        total = self.sizes[BOTH]["total"]
        if p.outcome.type == "time" or p.estimand != "difference" or p.variance != "HC3" or total >= SMALL:
            return ()
        return (
            f"below {SMALL} patients HC3 with t rejects less often than its level (4.3 to 4.7 % of 5 % at 60: evidence "
            "trial.validity): variance HC2-BM, or the permutation test beside the analysis, keeps the level",
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any], stack: Stack) -> Plan:
        """Back from `to_json` and the score's own file."""
        interim = data["looks"]
        return cls(
            protocol_of(data["protocol"], "protocol"),
            stack,
            dict(data["history"]),
            Told(**data["told"]),
            Sized(**{f.name: data[f.name] for f in dataclasses.fields(Sized)}),
            None if interim is None else Looks.from_json(interim),
        )

    def plot(self, ax: Any = None) -> Any:
        """The savings curve with the plan's own point (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(figsize=(6.4, 3.6), layout="constrained")[1]
        curve, point = self.sized.curve, self.sized.point
        key = "events" if self.protocol.outcome.type == "time" else "patients"
        ax.plot([c["correlation"] for c in curve], [c[key] for c in curve], color="C0")
        ax.axvspan(point["low"], point["high"], color="C1", alpha=0.15, lw=0, label="95 % of the correlation")
        ax.plot([point["correlation"]], [point["total"]], "o", color="C1", label="this plan")
        ax.legend()
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


def plan_trial(protocol: Protocol, frame: Frame, progress: Progress = lambda share: None) -> Plan:
    """From the protocol and the table of control patients of the past."""
    history = history_of(protocol, frame)
    stack, score = fit_out_of_fold(history, protocol.seed, progress=progress)
    target = history.y if history.event is None else martingale(history.y, history.event)
    beside = Columns.learned(history.frame, protocol.beside).matrix(history.frame)
    found = {
        "score": _crossed(score[:, None], target),
        "covariates": _crossed(beside, target) if beside.shape[1] else 0.0,
        BOTH: _crossed(np.column_stack([score, beside]), target),
    }
    about = {"patients": len(history.y), "left out without outcome": len(frame) - len(history.y), "hash": frame.digest}
    about |= {"source": frame.source}
    told = Told(float(np.mean(history.y)), float(np.std(history.y, ddof=1)), len(history.y), found)
    interim, d = None, protocol.design
    if d.looks:
        interim = looks(d.looks, alpha=d.alpha, power=d.power, spending=d.spending)
    return Plan(protocol, stack, about, told, sized(protocol, told), interim)


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
