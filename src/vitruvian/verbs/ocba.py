"""The best of many options within a budget of replications: they go where they can still change the answer.

    N_i / N_j = (s_i / d_i)^2 / (s_j / d_j)^2      i, j not the best b;  d_i = mean_b - mean_i
    N_b = s_b sqrt(sum over i of (N_i / s_i)^2)
    P(b is within delta of the best) >= 1 - sum over i of Phi(-(d_i + delta) / sqrt(s_b^2 / N_b + s_i^2 / N_i))

Optimal computing budget allocation, asymptotically the largest probability of a correct selection for the budget; the
bound (Bonferroni) says when to stop. Unlike Kim and Nelson's procedure it promises nothing beforehand and needs far
fewer replications where most options are clearly worse. Outputs are taken as nearly normal and independent between
options: common random numbers make the bound err on the safe side. Larger is better.

Reference: Chen, Lin, Yücesan & Chick, Discrete Event Dyn Syst 2000;10:251; Chen & Lee, Stochastic Simulation
Optimization, 2011, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.verbs.select import Sampler, Selection, beginning


def shares(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Share of the budget of each option, given their means and standard deviations, (option,)."""
    mean, spread = np.asarray(mean, dtype=np.float64), np.asarray(spread, dtype=np.float64)
    best = int(np.argmax(mean))
    scale = max(float(np.ptp(mean)), float(spread.max())) or 1.0
    gap = np.maximum(mean[best] - mean, 1e-6 * scale)  # ties: as much as can be told apart, not without end
    noise = np.maximum(spread, 1e-9 * scale)
    part = (noise / gap) ** 2
    part[best] = 0.0
    part[best] = noise[best] * np.sqrt(np.sum((part / noise) ** 2))
    return part / part.sum()


def surely(mean: np.ndarray, spread: np.ndarray, counts: np.ndarray, delta: float = 0.0) -> float:
    """Lower bound of the probability that the best mean seen is within delta of the best."""
    from scipy.special import ndtr

    best = int(np.argmax(mean))
    others = np.arange(len(mean)) != best
    error = np.sqrt(spread[best] ** 2 / counts[best] + spread[others] ** 2 / counts[others])
    gap = mean[best] - mean[others] + delta
    wrong = np.where(error > 0, ndtr(-gap / np.maximum(error, 1e-300)), (gap < 0).astype(float))
    return max(0.0, 1.0 - float(wrong.sum()))


def ocba(
    options: Sequence[str],
    sample: Sampler,
    delta: float = 0.0,
    *,
    confidence: float = 0.95,
    first: int = 20,
    batch: int = 20,
    most: int = 20000,
) -> Selection:
    """Replications one round after another, `batch` an option on average, until the bound reaches `confidence`.

    sample(names, start, count) -> (name, count) as for `select`. `most`: replications of all options together.
    """
    if delta < 0:
        raise InferenceError(f"needs delta >= 0 (got {delta:g})", where="ocba")
    seen = beginning(options, sample, first, "ocba")
    while True:
        mean = np.array([x.mean() for x in seen.values()])
        spread = np.array([x.std(ddof=1) for x in seen.values()])
        counts = np.array([len(x) for x in seen.values()])
        sure = surely(mean, spread, counts, delta)
        room = min(batch * len(options), most - int(counts.sum()))
        if sure >= confidence or room < 1:
            best = options[int(np.argmax(mean))]
            return Selection.of(best, {}, seen, delta, confidence, sure >= confidence, "OCBA", sure)
        for name, more in zip(options, _more(shares(mean, spread), counts, room), strict=True):
            if more:
                seen[name] = np.concatenate([seen[name], sample([name], len(seen[name]), int(more))[0]])


def _more(share: np.ndarray, counts: np.ndarray, room: int) -> np.ndarray:
    """How many of `room` further replications each option gets, to bring all as near to their shares as can be."""
    lacking = np.maximum(share * (counts.sum() + room) - counts, 0.0)
    wanted = lacking * room / lacking.sum()
    whole = np.floor(wanted).astype(int)
    rest = np.argsort(whole - wanted, kind="stable")[: room - int(whole.sum())]
    whole[rest] += 1
    return whole
