"""Guard-rails of an analysis: what would happen under no effect, has the score drifted, and what a bad score would do.

- type I error: arms permuted, the primary analysis repeated; the share with p < alpha. - drift: calibration of the
score among the trial's controls (intercept and slope), their correlation with it, shift of its mean. - bad scores:
shuffled, inverted and biased ones in place of the score; estimates stay within a standard error or two. - virtual
control arm (exploratory, never an estimate of effect): treated outcomes less their predictions; its bias is shown
by   doing the same to the randomised controls, where the answer is known to be zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.studies.procova.ancova import design_of, least_squares
from vitruvian.studies.procova.estimate import Estimate
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.randomise import permuted
from vitruvian.studies.procova.survival import adjusted_score, martingale

if TYPE_CHECKING:
    from vitruvian.studies.procova.analysis import Arrays

PERMUTATIONS, BLOCK = 1000, 100
LABEL = "exploratory: a virtual control arm is not protected by randomisation; its own bias stands beside it"


@dataclass(frozen=True)
class Guards:
    """See above."""

    type_one: dict[str, float]
    drift: dict[str, float]
    bad_scores: dict[str, dict[str, float]]
    virtual_control: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "type_one": self.type_one,
            "drift": self.drift,
            "bad_scores": self.bad_scores,
            "virtual_control": self.virtual_control,
        }


def guards(protocol: Protocol, a: Arrays, stack: Stack, estimate: Callable[[Protocol, Arrays], Estimate]) -> Guards:
    """All four, from the protocol's seed."""
    rng = generator(protocol.seed, "guards")
    low = replace(a, score=a.score[rng.permutation(len(a.score))])
    bad = {
        "as planned": estimate(protocol, a),
        "shuffled": estimate(protocol, low),
        "inverted": estimate(protocol, replace(a, score=-a.score)),
        "biased": estimate(protocol, replace(a, score=2 * a.score + 3 * float(a.score.std()))),
    }
    told = {n: {"estimate": e.shown, "se": e.se} for n, e in bad.items()}
    return Guards(_type_one(protocol, a), _drift(a, stack), told, _virtual(a, stack))


def _type_one(protocol: Protocol, a: Arrays) -> dict[str, float]:
    """Of ANCOVA with HC3 (of the adjusted log-rank for a time to event) under permuted arms."""
    arms = permuted(a.arm, PERMUTATIONS, protocol.seed)
    x = a.x("score and covariates")
    assert x is not None
    alpha, p = protocol.design.alpha, []
    if a.event is not None:
        from scipy.special import ndtr

        for arm in arms[: PERMUTATIONS // 2]:
            s = adjusted_score(a.y, a.event, arm, x)
            p.append(float(2 * ndtr(-abs(s.u) / np.sqrt(s.variance))))
    else:
        from scipy.special import stdtr

        for k in range(0, PERMUTATIONS, BLOCK):
            d = design_of(arms[k : k + BLOCK], np.broadcast_to(x, (BLOCK, *x.shape)))
            fit = least_squares(d, np.broadcast_to(a.y, (BLOCK, len(a.y))), ("HC3",))
            z = fit.coefficients[:, 1] / fit.se("HC3")[:, 1]
            p += (2 * stdtr(fit.df, -np.abs(z))).tolist()
    share = float(np.mean(np.array(p) < alpha))
    return {
        "rejected": share,
        "alpha": alpha,
        "permutations": len(p),
        "se": float(np.sqrt(alpha * (1 - alpha) / len(p))),
    }


def _drift(a: Arrays, stack: Stack) -> dict[str, float]:
    control = a.arm == 0
    target = a.y[control] if a.event is None else martingale(a.y[control], a.event[control])
    m = a.score[control]
    d = np.column_stack([np.ones(len(m)), m])
    b = np.linalg.lstsq(d, target, rcond=None)[0]
    r = float(np.corrcoef(m, target)[0, 1]) if np.ptp(m) > 0 else 0.0
    past = np.array([t["predicted"] for t in stack.report["deciles"]])
    return {
        "intercept": float(b[0]),
        "slope": float(b[1]),
        "correlation": r,
        "correlation in history": float(stack.report["correlation"]),
        "mean score less history's": float(a.score.mean() - past.mean()),
        "that in sd of the score": float((a.score.mean() - past.mean()) / max(float(past.std()), 1e-12)),
    }


def _virtual(a: Arrays, stack: Stack) -> dict[str, Any]:
    if a.event is not None:
        return {"label": LABEL, "note": "not shown for a time to event"}
    gap = a.y - a.score
    treated, control = gap[a.arm == 1], gap[a.arm == 0]
    return {
        "label": LABEL,
        "treated less predicted": float(treated.mean()),
        "its apparent se": float(treated.std(ddof=1) / np.sqrt(len(treated))),
        "bias: randomised controls less predicted": float(control.mean()),
        "bias in its own se": float(control.mean() / (control.std(ddof=1) / np.sqrt(len(control)))),
    }
