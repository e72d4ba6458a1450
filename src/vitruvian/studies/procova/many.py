"""Thousands of simulated trials in one pass: ANCOVA on one covariate with all four HC variances, compiled.

The arithmetic of ancova.py for D = [1, A, m - mbar], written over blocks of trials, trials last, so that the processor
adds eight trials at a time and no sum is reordered. Agreement with `least_squares` is a test (1e-10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from vitruvian.core.errors import InferenceError
from vitruvian.engines.compiled import compiled

BLOCK = 256  # trials a block: arrays of 200 patients stay in the second-level cache


@dataclass(frozen=True)
class Trials:
    """Per trial the effect (trials,), its variances by estimator, and degrees of freedom."""

    effect: np.ndarray
    variance: dict[str, np.ndarray]
    df: int

    def rejected(self, alpha: float = 0.05, hc: str = "HC3", null: float = 0.0) -> float:
        """Share of trials with two-sided p < alpha against `null`."""
        return float(np.mean(np.abs(self.effect - null) > stdtrit(self.df, 1 - alpha / 2) * np.sqrt(self.variance[hc])))

    def covered(self, truth: float, level: float = 0.95, hc: str = "HC3") -> float:
        """Share of intervals that hold the truth."""
        return 1.0 - self.rejected(1 - level, hc, truth)

    def interval(self, level: float = 0.95, hc: str = "HC3") -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends (trials,)."""
        half = stdtrit(self.df, 0.5 + level / 2) * np.sqrt(self.variance[hc])
        return self.effect - half, self.effect + half

    def p(self, hc: str = "HC3") -> np.ndarray:
        """Two-sided p-values (trials,)."""
        return 2.0 * stdtr(self.df, -np.abs(self.effect) / np.sqrt(self.variance[hc]))


def ancova_many(y: np.ndarray, arm: np.ndarray, score: np.ndarray | None = None) -> Trials:
    """y, arm, score (patient, trial): patients first. Without a score: the difference in means."""
    if y.ndim != 2 or arm.shape != y.shape or (score is not None and score.shape != y.shape):
        raise InferenceError("arrays differ in shape", where="ancova_many", fix="give all as (patient, trial)")
    n, count = y.shape
    out = np.empty((5, count))
    y, arm = (np.ascontiguousarray(x, dtype=np.float64) for x in (y, arm))
    if score is None:
        _difference(y, arm, out)
        df = n - 2
    else:
        _adjusted(y, arm, np.ascontiguousarray(score, dtype=np.float64), out)
        df = n - 3
    if not np.isfinite(out).all():
        raise InferenceError("a trial has an empty arm or a constant score", where="ancova_many", fix="draw it again")
    return Trials(out[0], {k: out[j + 1] for j, k in enumerate(("HC0", "HC1", "HC2", "HC3"))}, df)


def degrees_of_freedom(arm: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Bell and McCaffrey's, of the arm's HC2 variance (trial,): arm, score (patient, trial). Formula: ancova.py."""
    x = np.stack([np.ones_like(arm), arm - arm.mean(axis=0), score - score.mean(axis=0)])  # (3, patient, trial)
    gram = np.einsum("pnt,qnt->tpq", x, x)
    inverse = np.linalg.inv(gram)
    loads = np.einsum("tpq,qnt->pnt", inverse, x)
    h, a = (x * loads).sum(axis=0), loads[1]
    w = a**2 / (1.0 - h)
    b = np.einsum("pnt,nt,qnt->tpq", x, w, x)
    cross = np.einsum("tpq,tqr,trs,tsp->t", inverse, b, inverse, b)
    return (a**2).sum(axis=0) ** 2 / ((w**2 * (1.0 - 2.0 * h)).sum(axis=0) + cross)


@compiled("void(f8[:,::1],f8[:,::1],f8[:,::1])")
def _difference(y, a, out):
    n, count = y.shape
    for t in range(count):
        n1 = 0.0
        s0 = 0.0
        s1 = 0.0
        for i in range(n):
            n1 += a[i, t]
            s1 += a[i, t] * y[i, t]
            s0 += (1.0 - a[i, t]) * y[i, t]
        n0 = n - n1
        s0 /= n0
        s1 /= n1
        q0 = 0.0
        q1 = 0.0
        for i in range(n):
            e = y[i, t] - (s1 if a[i, t] > 0.5 else s0)
            if a[i, t] > 0.5:
                q1 += e * e
            else:
                q0 += e * e
        out[0, t] = s1 - s0
        out[1, t] = q0 / n0**2 + q1 / n1**2
        out[2, t] = out[1, t] * n / (n - 2)
        out[3, t] = q0 / n0 / (n0 - 1) + q1 / n1 / (n1 - 1)
        out[4, t] = q0 / (n0 - 1) ** 2 + q1 / (n1 - 1) ** 2


@compiled("void(f8[:,::1],f8[:,::1],f8[:,::1],f8[:,::1])")
def _adjusted(y, a, m, out):
    """Frisch-Waugh: with everything centred, b1 and b2 solve a 2 x 2 system; h = 1/n + the centred part."""
    n, count = y.shape
    for begin in range(0, count, BLOCK):
        width = min(BLOCK, count - begin)
        sy = np.zeros(width)
        sa = np.zeros(width)
        sm = np.zeros(width)
        for i in range(n):
            for t in range(width):
                sy[t] += y[i, begin + t]
                sa[t] += a[i, begin + t]
                sm[t] += m[i, begin + t]
        sy /= n
        sa /= n
        sm /= n
        aa = np.zeros(width)
        am = np.zeros(width)
        mm = np.zeros(width)
        ay = np.zeros(width)
        my = np.zeros(width)
        for i in range(n):
            for t in range(width):
                da = a[i, begin + t] - sa[t]
                dm = m[i, begin + t] - sm[t]
                dy = y[i, begin + t] - sy[t]
                aa[t] += da * da
                am[t] += da * dm
                mm[t] += dm * dm
                ay[t] += da * dy
                my[t] += dm * dy
        det = aa * mm - am * am
        iaa = mm / det
        iam = -am / det
        imm = aa / det
        b1 = iaa * ay + iam * my
        b2 = iam * ay + imm * my
        v0 = np.zeros(width)
        v2 = np.zeros(width)
        v3 = np.zeros(width)
        for i in range(n):
            for t in range(width):
                da = a[i, begin + t] - sa[t]
                dm = m[i, begin + t] - sm[t]
                e = y[i, begin + t] - sy[t] - b1[t] * da - b2[t] * dm
                c = iaa[t] * da + iam[t] * dm
                left = 1.0 - 1.0 / n - da * c - dm * (iam[t] * da + imm[t] * dm)
                ec = e * c
                ec = ec * ec
                v0[t] += ec
                v2[t] += ec / left
                v3[t] += ec / (left * left)
        for t in range(width):
            out[0, begin + t] = b1[t]
            out[1, begin + t] = v0[t]
            out[2, begin + t] = v0[t] * n / (n - 3)
            out[3, begin + t] = v2[t]
            out[4, begin + t] = v3[t]
