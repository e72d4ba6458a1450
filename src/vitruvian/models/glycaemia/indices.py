"""Glycaemic indices of a set of readings, whatever their order: level, spread, risk.

Each takes glucose `g` (n,) mg/dL and, instead of one weight each, `w` (..., n): how often each reading counts, so that
a bootstrap is one call; the answer is (...). Each is the published formula; where the literature leaves a choice
(n - 1, quantile, logarithm), it is that of iglu's documentation (Broll et al., PLoS ONE 16:e0248560, 2021).
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.glycaemia.ranges import OTHERS, RANGES

MMOL = 18.0  # mg/dL per mmol/L in the published formula of GRADE (Hill et al. 2007)
RISK = 22.77  # brings the squared risk to 0..100: Kovatchev et al., Diabetes Care 29:2433 (2006)


def mean(x: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Mean of any function of the readings, x (n,)."""
    return np.asarray(np.mean(x)) if w is None else (w @ x) / w.sum(-1)


def share(inside: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Percent of readings for which `inside` (n,) is true."""
    return 100 * mean(np.asarray(inside, dtype=np.float64), w)


def sd(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Standard deviation, with n - 1."""
    centred = g - np.mean(g)
    n = float(len(g)) if w is None else w.sum(-1)
    variance = mean(centred**2, w) - mean(centred, w) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(np.maximum(variance, 0.0) * n / (n - 1))


def quantile(g: np.ndarray, q: float, w: np.ndarray | None = None) -> np.ndarray:
    """Quantile, linear between the two nearest readings (type 7 of Hyndman & Fan 1996)."""
    if w is None:
        return np.quantile(g, q)
    order = np.argsort(g)
    ranks = np.cumsum(np.asarray(w)[..., order], axis=-1)
    at = (ranks[..., -1:] - 1) * q
    low, high = ((ranks <= position).sum(-1) for position in (np.floor(at), np.ceil(at)))
    return g[order][low] + (at[..., 0] % 1) * (g[order][high] - g[order][low])


def cv(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Coefficient of variation, %; 36 and less is stable (Danne et al., Diabetes Care 40:1631, 2017)."""
    return 100 * sd(g, w) / mean(g, w)


def gmi(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Glucose management indicator, %: 3.31 + 0.02392 mean (Bergenstal et al., Diabetes Care 41:2275, 2018)."""
    return 3.31 + 0.02392 * mean(g, w)


def ea1c(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Estimated HbA1c, %: (46.7 + mean) / 28.7 (Nathan et al., ADAG, Diabetes Care 31:1473, 2008)."""
    return (46.7 + mean(g, w)) / 28.7


def iqr(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Interquartile range, mg/dL."""
    return quantile(g, 0.75, w) - quantile(g, 0.25, w)


def mad(g: np.ndarray) -> np.ndarray:
    """Median absolute deviation, times 1.4826 so that it estimates a normal's SD, mg/dL."""
    return 1.4826 * np.median(np.abs(g - np.median(g)))


def j_index(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """J = 0.001 (mean + SD)^2 (Wojcicki, Horm Metab Res 27:41, 1995)."""
    return 0.001 * (mean(g, w) + sd(g, w)) ** 2


def m_value(g: np.ndarray, w: np.ndarray | None = None, reference: float = 90.0) -> np.ndarray:
    """M: mean of |10 log10(G / reference)|^3 (Schlichtkrull et al., Acta Med Scand 177:95, 1965)."""
    return mean(np.abs(10 * np.log10(g / reference)) ** 3, w)


def risk(g: np.ndarray) -> np.ndarray:
    """ln(G)^1.084 - 5.381: 0 at 112.5 mg/dL, below it for low and above it for high glucose.

    Kovatchev et al., Diabetes Care 20:1655 (1997).
    """
    return np.log(g) ** 1.084 - 5.381


def risk_low(g: np.ndarray) -> np.ndarray:
    """Risk of low glucose of each reading, 0 to 100 (Kovatchev et al. 2006)."""
    return RISK * np.minimum(risk(g), 0) ** 2


def risk_high(g: np.ndarray) -> np.ndarray:
    """Risk of high glucose of each reading, 0 to 100 (Kovatchev et al. 2006)."""
    return RISK * np.maximum(risk(g), 0) ** 2


def lbgi(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Low blood glucose index: mean risk of low glucose (Kovatchev et al. 2006)."""
    return mean(risk_low(g), w)


def hbgi(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """High blood glucose index: mean risk of high glucose (Kovatchev et al. 2006)."""
    return mean(risk_high(g), w)


def risk_ranges(days: list[np.ndarray]) -> np.ndarray:
    """Each day's risk range: risk of its lowest plus risk of its highest reading (Kovatchev et al. 2006)."""
    return np.array([risk_low(g).max() + risk_high(g).max() for g in days])


def adrr(days: list[np.ndarray]) -> float:
    """Average daily risk range; < 20 low, 20 to 40 moderate, > 40 high risk (Kovatchev et al. 2006)."""
    return float(np.mean(risk_ranges(days)))


def grade_each(g: np.ndarray) -> np.ndarray:
    """GRADE of each reading, at most 50: 425 (log10(log10(G / 18)) + 0.16)^2 (Hill et al., Diabet Med 24:753, 2007)."""
    level = np.log10(np.maximum(g / MMOL, 1.0 + 1e-9))
    return np.minimum(425 * (np.log10(level) + 0.16) ** 2, 50.0)


def grade(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Mean GRADE: the risk that 45 clinicians saw in the readings (Hill et al. 2007)."""
    return mean(grade_each(g), w)


def grade_share(g: np.ndarray, low: float = -np.inf, high: float = np.inf) -> float:
    """Percent of GRADE from readings in [low, high]; hypo < 70, eu 70 to 140, hyper > 140 mg/dL (Hill et al. 2007)."""
    each = grade_each(g)
    return 100 * float(each[(g >= low) & (g <= high)].sum() / each.sum())


def hyper_index(g: np.ndarray, w: np.ndarray | None = None, upper: float = 140.0) -> np.ndarray:
    """Mean of (G - upper)^1.1 where above, / 30 (Rodbard, Diabetes Technol Ther 11:S55, 2009)."""
    return mean(np.maximum(g - upper, 0) ** 1.1, w) / 30


def hypo_index(g: np.ndarray, w: np.ndarray | None = None, lower: float = 80.0) -> np.ndarray:
    """Mean of (lower - G)^2 where below, / 30 (Rodbard 2009)."""
    return mean(np.maximum(lower - g, 0) ** 2, w) / 30


def gri(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Glycaemia risk index, at most 100: 3.0 % < 54, 2.4 % 54 to 69, 1.6 % > 250, 0.8 % 181 to 250, added.

    Klonoff et al., J Diabetes Sci Technol 17:1226 (2023).
    """
    weights = {"very_low": 3.0, "low": 2.4, "very_high": 1.6, "high": 0.8}
    each = sum(weight * RANGES[name].holds(g) for name, weight in weights.items())
    return np.minimum(100 * mean(np.asarray(each), w), 100.0)


def cogi(g: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Continuous glucose monitoring index, 0 to 100: half time in range, 35 % time below, 15 % SD.

    Time below 70 counts from 15 % (0) to 0 % (100), SD from 108 mg/dL (0) to 18 (100): Leelarathna et al., J Diabetes
    Sci Technol 14:277 (2020).
    """
    inside, below = share(RANGES["in_range"].holds(g), w), share(OTHERS["below_70"].holds(g), w)
    steady = np.clip((108 - sd(g, w)) / (108 - 18), 0, 1)
    return 0.5 * inside + 35 * np.clip(1 - below / 15, 0, 1) + 15 * steady
