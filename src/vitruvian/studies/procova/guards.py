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
from scipy.special import stdtr

from vitruvian.core.keys import generator
from vitruvian.kinds.prognosis.stack import Stack
from vitruvian.studies.procova.ancova import BM, design_of, least_squares
from vitruvian.studies.procova.estimate import Estimate
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.randomise import permuted
from vitruvian.studies.procova.survival import adjusted_score, martingale

if TYPE_CHECKING:
    from vitruvian.studies.procova.trialarrays import Arrays

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
    return Guards(_type_one(protocol, a, bad["as planned"]), _drift(a, stack), told, _virtual(a, stack))


def _type_one(protocol: Protocol, a: Arrays, trial: Estimate) -> dict[str, float]:
    """Of the primary analysis (ANCOVA, or the adjusted log-rank) under permuted arms, and the permutation test itself:
    the share of arms as extreme as the trial's (Phipson & Smyth, Stat Appl Genet Mol Biol 9:39, 2010).
    """
    arms = permuted(a.arm, PERMUTATIONS, protocol.seed)
    x = a.x("score and covariates")
    assert x is not None
    alpha = protocol.design.alpha
    if a.event is not None:
        rows = [adjusted_score(a.y, a.event, arm, x) for arm in arms[: PERMUTATIONS // 2]]
        z, df = np.array([s.u / np.sqrt(s.variance) for s in rows]), np.inf
        own = abs(trial.detail["z"])
    else:
        parts = [_statistics(protocol, a.y, arms[k : k + BLOCK], x) for k in range(0, PERMUTATIONS, BLOCK)]
        z, df = (np.concatenate(p) for p in zip(*parts, strict=True))
        own = abs(_statistics(protocol, a.y, a.arm[None], x)[0][0])
    share = float(np.mean(2 * stdtr(df, -np.abs(z)) < alpha))
    return {
        "rejected": share,
        "alpha": alpha,
        "permutations": len(z),
        "se": float(np.sqrt(alpha * (1 - alpha) / len(z))),
        "permutation p": float((1 + (np.abs(z) >= own - 1e-12).sum()) / (1 + len(z))),
    }


def _statistics(protocol: Protocol, y: np.ndarray, arms: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """t of the arm (m,) with its degrees of freedom (m,), for each row of arms (m, n)."""
    kind = "HC2" if protocol.variance == BM else protocol.variance
    count = len(arms)
    d = design_of(arms, np.broadcast_to(x, (count, *x.shape)), interaction=protocol.interaction)
    fit = least_squares(d, np.broadcast_to(y, (count, len(y))), (kind,))
    df = fit.bell_mccaffrey() if protocol.variance == BM else np.full(count, float(fit.df))
    return fit.coefficients[:, 1] / fit.se(kind)[:, 1], df


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
