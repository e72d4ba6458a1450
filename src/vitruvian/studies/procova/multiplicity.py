"""Several hypotheses: Holm, fixed sequence and gatekeeping as one graph, and Dunnett's test against one control.

Graph: weights w (sum <= 1) and transitions G; the hypothesis with the smallest p / w goes first and hands its
weight on: Bretz et al., Stat Med 28:586 (2009). Dunnett, J Am Stat Assoc 50:1096 (1955); step-down: Dunnett &
Tamhane, JASA 87:162 (1992).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln, ndtr

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova.root import root as root_of


def graphical(p: Sequence[float], weights: Sequence[float], transitions: np.ndarray) -> np.ndarray:
    """Adjusted p-values (m,): reject where <= alpha; the familywise error is alpha whatever the dependence."""
    p_, w, g = np.asarray(p, float), np.asarray(weights, float).copy(), np.asarray(transitions, float).copy()
    m = len(p_)
    if w.min() < 0 or w.sum() > 1 + 1e-12 or g.shape != (m, m) or g.min() < 0 or (g.sum(axis=1) > 1 + 1e-12).any():
        fix = "weights and every row of transitions are >= 0 and sum to 1 at most"
        raise InferenceError("the graph is no graph of a test", where="multiplicity", fix=fix)
    if np.diagonal(g).any():
        raise InferenceError("a hypothesis hands weight to itself", where="multiplicity", fix="set the diagonal to 0")
    adjusted, left, reached = np.ones(m), list(range(m)), 0.0
    while left:
        shares = [p_[i] / w[i] if w[i] > 0 else np.inf for i in left]
        j = left[int(np.argmin(shares))]
        if not np.isfinite(min(shares)):
            break
        reached = max(reached, min(1.0, float(min(shares))))
        adjusted[j] = reached
        left.remove(j)
        new = g.copy()
        for i in left:
            w[i] += w[j] * g[j, i]
            for k in left:
                loop = g[i, j] * g[j, i]
                new[i, k] = 0.0 if i == k or loop >= 1 else (g[i, k] + g[i, j] * g[j, k]) / (1 - loop)
        g, w[j] = new, 0.0
    return adjusted


def holm(p: Sequence[float]) -> np.ndarray:
    """Holm, Scand J Stat 6:65 (1979)."""
    m = len(p)
    if m == 1:
        return np.asarray(p, float)
    return graphical(p, [1 / m] * m, (np.ones((m, m)) - np.eye(m)) / (m - 1))


def fixed_sequence(p: Sequence[float]) -> np.ndarray:
    """In the given order; nothing is tested after the first that fails."""
    m = len(p)
    return graphical(p, [1.0] + [0.0] * (m - 1), np.eye(m, k=1))


def gatekeeping(families: Sequence[Sequence[float]]) -> list[np.ndarray]:
    """Serial gates: a family is tested (Holm within) only where every hypothesis of the one before was rejected."""
    out, gate = [], 0.0
    for family in families:
        adjusted = np.maximum(holm(family), gate)
        out.append(adjusted)
        gate = float(adjusted.max())
    return out


def dunnett_p(t: Sequence[float], controls: int, treated: Sequence[int], df: float) -> np.ndarray:
    """Two-sided single-step p-values of t statistics that share one control arm (sizes as given)."""
    loads = np.array([np.sqrt(n / (n + controls)) for n in treated])
    return np.array([1.0 - _all_below(abs(v), loads, df) for v in t])


def dunnett_critical(alpha: float, controls: int, treated: Sequence[int], df: float) -> float:
    """|t| beyond which single-step Dunnett rejects."""

    loads = np.array([np.sqrt(n / (n + controls)) for n in treated])
    return root_of(lambda c: _all_below(c, loads, df) - (1 - alpha), 0.5, 20.0)


def _all_below(c: float, loads: np.ndarray, df: float) -> float:
    """P(max |T_i| <= c), T_i = (l_i Z0 + sqrt(1 - l_i^2) Z_i) / S: Gauss quadrature over Z0 and S."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    z = 8.5 * nodes
    wz = 8.5 * weights * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    if np.isinf(df):
        s, ws = np.ones(1), np.ones(1)
    else:  # S^2 ~ chi^2_df / df
        spread = 9.0 / np.sqrt(2 * df)
        low, high = max(1e-8, 1 - spread), 1 + spread + (4.0 if df < 10 else 0.0)
        s = 0.5 * (high - low) * nodes + 0.5 * (high + low)
        log = np.log(2) + 0.5 * df * np.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(s) - 0.5 * df * s**2
        ws = 0.5 * (high - low) * weights * np.exp(log)
    root = np.sqrt(1 - loads**2)[:, None, None]
    centre = loads[:, None, None] * z[None, :, None]
    inside = ndtr((c * s - centre) / root) - ndtr((-c * s - centre) / root)
    return float(wz @ np.prod(inside, axis=0) @ ws)
