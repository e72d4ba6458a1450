"""Estimators beside their peers: statsmodels, formulas by hand, 20,000 bootstraps."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.stats import chi, norm, t

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.studies.procova.ancova import HC, design_of, least_squares
from vitruvian.studies.procova.marginal import predictions, standardised
from vitruvian.studies.procova.size import Assumptions, Target, guenther_schouten, normal_size, t_power

Progress = Callable[[float], None]
BOOTSTRAPS, BLOCK, PATIENTS = 20_000, 250, 600


def parity(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """All three."""
    least, sizes = _against_statsmodels(), _against_hand()
    progress(0.1)
    boot = _against_bootstrap(2000 if quick else BOOTSTRAPS, lambda share: progress(0.1 + 0.9 * share))
    worst = max(abs(v - 1) for v in boot.values())
    measured = {"OLS, HC0 to HC3": least, "sizes and powers": sizes, "bootstrap, %": 100 * worst}
    met = least <= 1e-10 and sizes <= 1e-8 and worst <= (0.06 if quick else 0.02)
    return {
        "measured": measured,
        "met": bool(met),
        "n": 2000 if quick else BOOTSTRAPS,
        "baseline": None,
        "detail": boot,
    }


def _against_statsmodels() -> float:
    try:
        import statsmodels.api as sm
    except ImportError as err:
        raise InferenceError(
            "statsmodels is not installed", where="trial.parity", fix="pip install 'vitruvian[bench]'"
        ) from err
    worst = 0.0
    for k, (n, p) in enumerate(((30, 1), (80, 4), (400, 10))):
        rng = generator(k, "parity")
        x = rng.standard_normal((n, p))
        arm = rng.permutation(np.arange(n) % 2).astype(float)
        y = x.sum(axis=1) + arm + (1 + np.abs(x[:, 0])) * rng.standard_normal(n)
        for interaction in (False, True):
            d = design_of(arm, x, interaction=interaction)
            ours = least_squares(d, y)
            for hc in HC:
                peer = sm.OLS(y, d).fit(cov_type=hc, use_t=True)
                worst = max(worst, float(np.abs(ours.coefficients - peer.params).max()))
                worst = max(worst, float(np.abs(ours.covariance[hc] - peer.cov_params()).max()))
    return worst


def _against_hand() -> float:
    """Formulas written out, quantiles by another library call, the noncentral t as an integral over chi."""
    worst = 0.0
    for rho, ratio, effect, gamma, lam in (
        (0.4, 1.0, 0.3, 1.0, 1.0),
        (0.6, 2.0, 0.5, 1.1, 0.9),
        (0.0, 0.5, 0.25, 1.2, 1.0),
    ):
        a = Assumptions(sd0=1.3, sd1=1.3, correlation0=rho, correlation1=rho, inflation=gamma, deflation=lam)
        target = Target(effect=effect, ratio=ratio)
        z = norm.isf(0.025) + norm.isf(0.1)
        left = (gamma * 1.3) ** 2 * (1 - (lam * rho) ** 2)
        n = (1 + ratio) ** 2 / ratio * z**2 * left / effect**2
        worst = max(worst, abs(normal_size(target, a) / n - 1))
        worst = max(worst, abs(guenther_schouten(target, a) / (n + norm.isf(0.025) ** 2 / 2) - 1))
        total = math.ceil(n)
        nc = math.sqrt(ratio * total / (1 + ratio) ** 2) * effect / math.sqrt(left)
        df = total - 3
        c = t.isf(0.025, df)
        below = quad(
            lambda s, c=c, nc=nc, df=df: norm.cdf(c * s / math.sqrt(df) - nc) * chi.pdf(s, df), *_ends(df), epsabs=1e-12
        )
        worst = max(worst, abs(t_power(total, target, a) / (1 - float(below[0])) - 1))
    return float(worst)


def _ends(df: float) -> tuple[float, float]:
    return max(0.0, math.sqrt(df) - 9.0), math.sqrt(df) + 9.0


def _against_bootstrap(count: int, progress: Progress) -> dict[str, float]:
    """Standard error of the influence function over that of the bootstrap, by estimand; 600 patients."""
    rng = generator(20, "parity.bootstrap")
    x = rng.standard_normal((PATIENTS, 2))
    arm = rng.permutation(np.arange(PATIENTS) % 2).astype(float)
    eta = x @ [0.9, -0.4] + 0.5 * arm - 0.6
    y = (rng.random(PATIENTS) < 1 / (1 + np.exp(-eta))).astype(float)
    effects: dict[str, list[np.ndarray]] = {"difference": [], "ratio": [], "odds ratio": []}
    for k in range(0, count, BLOCK):
        w = rng.multinomial(PATIENTS, np.full(PATIENTS, 1 / PATIENTS), size=BLOCK).astype(float)
        mu1, mu0 = predictions("binary", y, arm, x, w, False)
        p1, p0 = (mu1 * w).sum(axis=1) / PATIENTS, (mu0 * w).sum(axis=1) / PATIENTS
        effects["difference"].append(p1 - p0)
        effects["ratio"].append(np.log(p1 / p0))
        effects["odds ratio"].append(np.log(p1 / (1 - p1) / (p0 / (1 - p0))))
        progress(k / count)
    out = {}
    for name, values in effects.items():
        out[name] = standardised("binary", y, arm, x, effect=name).se / float(np.concatenate(values).std())
    return out
