"""Time to event: the covariate-adjusted log-rank test, its hazard ratio, and martingale residuals for a score.

    O_1i = int Ybar_0 / Ybar (dN_i - Y_i dN / Y),  O_0i = int Ybar_1 / Ybar (dN_i - Y_i dN / Y)
    U = mean_i [A_i (O_1i - b1'(X_i - Xbar)) - (1 - A_i) (O_0i - b0'(X_i - Xbar))],  b_a: regression of O_a on X in
      arm a
    n Var(U) = s^2 - pi0 pi1 (b0 + b1)' S (b0 + b1),  s^2 = mean over events of Ybar_0 Ybar_1 / Ybar^2

Ye, Shao & Yi, Biometrika 111:691 (2024): no less efficient than the log-rank test under any model, and as valid.
The score's target is the martingale residual M_i = delta_i - Lambda(T_i) (Therneau et al., Biometrika 77:147, 1990)
of the history. The hazard ratio solves the adjusted marginal Cox score; events saved are about the square of the
score's correlation with M.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova.estimate import Estimate
from vitruvian.studies.procova.root import root


@dataclass(frozen=True)
class Nelson:
    """Cumulative hazard by Nelson & Aalen: steps at `times`."""

    times: np.ndarray
    hazard: np.ndarray

    def at(self, when: np.ndarray) -> np.ndarray:
        """Lambda(when)."""
        return np.append(0.0, self.hazard)[np.searchsorted(self.times, when, side="right")]


def nelson(time: np.ndarray, event: np.ndarray) -> Nelson:
    """From times and events (n,)."""
    at, deaths = np.unique(time[event == 1], return_counts=True)
    risk = len(time) - np.searchsorted(np.sort(time), at, side="left")
    return Nelson(at, np.cumsum(deaths / risk))


def martingale(time: np.ndarray, event: np.ndarray, hazard: Nelson | None = None) -> np.ndarray:
    """delta - Lambda(T); Lambda of these patients themselves, or the given one."""
    return event - (hazard or nelson(time, event)).at(time)


@dataclass(frozen=True)
class Score:
    """U (n times the mean), its variance with and without adjustment, and the information at log hazard ratio theta."""

    u: float
    variance: float
    plain_u: float
    plain_variance: float
    information: float


def check_survival(time: np.ndarray, event: np.ndarray, arm: np.ndarray) -> None:
    """InferenceError for times that cannot be, or an arm without events."""
    if not np.isfinite(time).all() or (time < 0).any():
        raise InferenceError("a time is missing or negative", where="time", fix="give follow-up from randomisation")
    if not np.isin(event, (0, 1)).all():
        raise InferenceError("an event is neither 0 nor 1", where="event", fix="1 event, 0 censored")
    for a, label in ((0, "control"), (1, "treated")):
        if event[arm == a].sum() == 0:
            fix = "a hazard ratio does not exist: report the difference in restricted mean times or in risks"
            raise InferenceError(f"no event in the {label} arm", where="event", fix=fix)


def adjusted_score(
    time: np.ndarray, event: np.ndarray, arm: np.ndarray, x: np.ndarray | None = None, theta: float = 0.0
) -> Score:
    """The score at log hazard ratio theta; x (n, k) covariates."""
    order = np.argsort(time, kind="stable")
    t, d, a = time[order], event[order].astype(np.float64), arm[order].astype(np.float64)
    n = len(t)
    first = np.searchsorted(t, t, side="left")
    last = np.searchsorted(t, t, side="right") - 1
    weight = np.exp(theta * a)
    at_risk = np.cumsum(np.ones(n)[::-1])[::-1][first]
    r1 = np.cumsum((a * weight)[::-1])[::-1][first]
    r0 = np.cumsum((1 - a)[::-1])[::-1][first]
    share1, share0 = r1 / (r0 + r1), r0 / (r0 + r1)
    base = d / (r0 + r1)
    # outcomes derived for each arm: own event less what was expected while at risk
    o1 = d * share0 - weight * np.cumsum(base * share0)[last]
    o0 = d * share1 - np.cumsum(base * share1)[last]
    plain = float((a * o1 - (1 - a) * o0).sum())
    s2 = float((d * share0 * share1).sum()) / n
    information = float((d * share0 * share1).sum())
    assert at_risk.min() >= 1
    if x is None or x.shape[1] == 0:
        return Score(plain, n * s2, plain, n * s2, information)
    z = x[order] - x.mean(axis=0)
    s = z.T @ z / n
    b1, b0 = _slopes(z[a == 1], o1[a == 1]), _slopes(z[a == 0], o0[a == 0])
    u = plain - float(a @ (z @ b1)) + float((1 - a) @ (z @ b0))
    pi1 = float(a.mean())
    saved = pi1 * (1 - pi1) * float((b0 + b1) @ s @ (b0 + b1))
    return Score(u, n * (s2 - saved), plain, n * s2, information)


def _slopes(z: np.ndarray, o: np.ndarray) -> np.ndarray:
    c = z - z.mean(axis=0)
    return np.linalg.lstsq(c, o - o.mean(), rcond=None)[0]


def log_rank(time: np.ndarray, event: np.ndarray, arm: np.ndarray, x: np.ndarray | None = None) -> Estimate:
    """Hazard ratio of the marginal Cox model whose score is adjusted; its test at theta = 0 is the
    adjusted log-rank.
    """
    check_survival(time, event, arm)
    null = adjusted_score(time, event, arm, x)
    low, high = (adjusted_score(time, event, arm, x, t).u for t in (-8.0, 8.0))
    if low * high > 0:
        fix = "one arm has its events before all others: report the test only"
        raise InferenceError("the hazard ratio lies beyond exp(8)", where="log_rank", fix=fix)
    theta = root(lambda t: adjusted_score(time, event, arm, x, t).u, -8.0, 8.0)
    at = adjusted_score(time, event, arm, x, theta)
    k = 0 if x is None else x.shape[1]
    method = f"{'log-rank' if k == 0 else f'log-rank adjusted for {k} covariates'}, marginal Cox"
    z = null.u / np.sqrt(null.variance)
    detail = {"z": float(z), "events": float(event.sum()), "variance_saved": 1 - null.variance / null.plain_variance}
    se = float(np.sqrt(at.variance) / at.information)
    return Estimate("hazard ratio", theta, se, np.inf, method, len(time), "log", 0.0, detail)


def events_needed(
    hazard_ratio: float, *, ratio: float = 1.0, alpha: float = 0.05, power: float = 0.9, r2: float = 0.0
) -> float:
    """Schoenfeld, Biometrika 68:316 (1981), less the share r2 that the adjustment saves."""
    from scipy.special import ndtri

    pi1 = ratio / (1 + ratio)
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    return z**2 * (1 - r2) / (pi1 * (1 - pi1) * np.log(hazard_ratio) ** 2)
