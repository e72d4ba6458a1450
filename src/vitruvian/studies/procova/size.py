"""How many patients: closed forms for ANCOVA on a score, the marginal bound for any outcome, and the control-arm
saving.

Symbols: r = n1 / n0; s0, s1 outcome sd by arm; rho0, rho1 correlation of score and outcome by arm, out of sample;
inflation g >= 1 multiplies an sd, deflation 0 < l <= 1 a correlation (postcard multiplies variance and R^2 instead).

    no interaction, s_m = sd(m), c_a = rho_a s_a s_m, b = (pi1 c1 + pi0 c0) / s_m^2:
      n Var = (s1^2 - 2 b c1 + b^2 s_m^2) / pi1 + (s0^2 - 2 b c0 + b^2 s_m^2) / pi0     (s_m cancels)
    centred interaction: n Var = s1^2 (1 - rho1^2) / pi1 + s0^2 (1 - rho0^2) / pi0 + (s1 rho1 - s0 rho0)^2
    n = (z_{1-a/2} + z_{1-b})^2 v^2 / (Delta - margin)^2
    Guenther-Schouten: + z_{1-a/2}^2 / 2;     exact: noncentral t, n - 2 - k degrees of freedom, k covariates

Schuler et al., Int J Biostat 18:329 (2022) (PROCOVA); Guenther, Am Stat 35:243 (1981); Schouten, Stat Med 18:87 (1999);
marginal bound: Højbjerre-Frandsen et al., R package postcard 1.1.0.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from vitruvian.core.errors import InferenceError

LARGEST = 10_000_000
SURE = 100.0  # noncentrality beyond which no test misses


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What the plan assumes of the outcome and of the score in the trial's population."""

    sd0: float
    sd1: float
    correlation0: float = 0.0
    correlation1: float = 0.0
    inflation: float = 1.0
    deflation: float = 1.0
    interaction: bool = False

    def __post_init__(self) -> None:
        for name, ok, fix in (
            ("sd0", self.sd0 > 0, "give a positive sd"),
            ("sd1", self.sd1 > 0, "give a positive sd"),
            ("correlation0", -1 < self.correlation0 < 1, "give a correlation inside (-1, 1)"),
            ("correlation1", -1 < self.correlation1 < 1, "give a correlation inside (-1, 1)"),
            ("inflation", self.inflation >= 1, "give a factor of 1 or more"),
            ("deflation", 0 < self.deflation <= 1, "give a factor in (0, 1]"),
        ):
            if not ok:
                raise InferenceError(f"{name} = {getattr(self, name):g}", where="Assumptions", fix=fix)

    def unadjusted(self) -> Assumptions:
        """The same outcome without a score."""
        return dataclasses.replace(self, correlation0=0.0, correlation1=0.0)

    def per_patient(self, ratio: float) -> float:
        """n Var(effect) at allocation `ratio` = n1 / n0."""
        pi1, pi0 = ratio / (1 + ratio), 1 / (1 + ratio)
        s1, s0 = self.inflation * self.sd1, self.inflation * self.sd0
        q1, q0 = s1 * self.deflation * self.correlation1, s0 * self.deflation * self.correlation0
        if self.interaction:
            return (s1**2 - q1**2) / pi1 + (s0**2 - q0**2) / pi0 + (q1 - q0) ** 2
        b = pi1 * q1 + pi0 * q0
        return (s1**2 - 2 * b * q1 + b**2) / pi1 + (s0**2 - 2 * b * q0 + b**2) / pi0


@dataclass(frozen=True)
class Size:
    """Patients in all and by arm, with the power that the method promises there."""

    total: int
    treated: int
    control: int
    power: float
    exact: float  # the real-valued n of the formula
    method: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A two-sided test to be planned: the effect to find, allocation n1 / n0, level, power, and the margin against
    which the effect is tested; covariates: how many the analysis has (the score is one).
    """

    effect: float
    ratio: float = 1.0
    alpha: float = 0.05
    power: float = 0.9
    margin: float = 0.0
    covariates: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 < self.power < 1):
            told = f"alpha {self.alpha:g}, power {self.power:g}"
            raise InferenceError(told, where="sample size", fix="give both inside (0, 1)")
        if self.effect == self.margin:
            raise InferenceError("the effect equals the margin", where="sample size", fix="plan for another effect")

    @property
    def distance(self) -> float:
        """Effect less margin."""
        return self.effect - self.margin

    def noncentrality(self, n: float, assumed: Assumptions) -> float:
        """Mean of the test statistic at n patients."""
        return abs(self.distance) / math.sqrt(assumed.per_patient(self.ratio) / n)

    def of(self, treated: int, control: int) -> Target:
        """The same test at the allocation that these arms have."""
        return dataclasses.replace(self, ratio=treated / control)


def normal_size(target: Target, assumed: Assumptions) -> float:
    """n = (z + z)^2 v^2 / (Delta - margin)^2, a real number."""
    z = float(ndtri(1 - target.alpha / 2) + ndtri(target.power))
    try:
        return z**2 * assumed.per_patient(target.ratio) / target.distance**2
    except (OverflowError, ZeroDivisionError):
        return math.inf


def guenther_schouten(target: Target, assumed: Assumptions) -> float:
    """The normal size and z_{1-a/2}^2 / 2 for estimating the variance."""
    return normal_size(target, assumed) + float(ndtri(1 - target.alpha / 2)) ** 2 / 2


def normal_power(n: float, target: Target, assumed: Assumptions) -> float:
    """Of the two-sided test, both tails counted."""
    return power_of(target.noncentrality(n, assumed), target.alpha)


def t_power(n: float, target: Target, assumed: Assumptions) -> float:
    """Power 1 - F_{t, df, nc}(t_{1-a/2, df}), upper tail, df = n - 2 - covariates."""
    df = n - 2 - target.covariates
    if df < 1:
        return 0.0
    nc = target.noncentrality(n, assumed)
    if nc > SURE:
        return 1.0
    return float(1.0 - nctdtr(df, nc, stdtrit(df, 1 - target.alpha / 2)))


def plan_size(target: Target, assumed: Assumptions) -> Size:
    """The fewest patients with exact-t power; arms are rounded up to keep the allocation."""
    about = normal_size(target, assumed)
    if not about < LARGEST:
        raise InferenceError("more than ten million patients", where="sample size", fix="check effect and sd")

    def reached(total: int) -> float:
        treated, control = arms(total, target.ratio)
        return t_power(treated + control, target.of(treated, control), assumed)

    n = max(int(about) - 2, 4 + target.covariates)
    while reached(n) < target.power:
        n += 1
    treated, control = arms(n, target.ratio)
    return Size(treated + control, treated, control, reached(n), guenther_schouten(target, assumed), "exact t")


def arms(total: int, ratio: float) -> tuple[int, int]:
    """(treated, control), each rounded up."""
    return math.ceil(total * ratio / (1 + ratio) - 1e-9), math.ceil(total / (1 + ratio) - 1e-9)


def control_saving(treated: int, target: Target, assumed: Assumptions) -> int:
    """Controls needed when the treated arm keeps its size; the score pays in controls only. Exact t, one covariate."""
    target = dataclasses.replace(target, covariates=1)

    def enough(control: int) -> bool:
        return t_power(treated + control, target.of(treated, control), assumed) >= target.power

    low, high = 3, 50 * treated  # power grows with the controls: bisection
    if not enough(high):
        fix = "enlarge the treated arm"
        raise InferenceError("no number of controls reaches the power", where="control-arm saving", fix=fix)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def marginal_variance(
    slopes: tuple[float, float], variances: tuple[float, float], mse: tuple[float, float], ratio: float
) -> float:
    """Bound on n Var of r(Psi1, Psi0): r0'^2 s0^2 + r1'^2 s1^2 + pi0 pi1 (|r0'| k0 / pi0 + |r1'| k1 / pi1)^2.

    slopes (r1', r0'), variances (s1^2, s0^2) of the outcome, mse (k1^2, k0^2) out of sample of the prediction.
    """
    pi1, pi0 = ratio / (1 + ratio), 1 / (1 + ratio)
    (r1, r0), (v1, v0) = slopes, variances
    k1, k0 = math.sqrt(mse[0]), math.sqrt(mse[1])
    return r0**2 * v0 + r1**2 * v1 + pi0 * pi1 * (abs(r0) * k0 / pi0 + abs(r1) * k1 / pi1) ** 2


def savings_curve(target: Target, assumed: Assumptions, correlations: list[float]) -> list[dict[str, float]]:
    """Patients by the correlation that holds in both arms: what each point of correlation is worth."""
    plain = plan_size(target, assumed.unadjusted()).total
    out = []
    for rho in correlations:
        there = dataclasses.replace(assumed, correlation0=rho, correlation1=rho)
        total = plan_size(target, there).total
        out.append({"correlation": rho, "patients": total, "saved": plain - total, "share": 1 - total / plain})
    return out


def power_of(z: float, alpha: float = 0.05) -> float:
    """Two-sided power where the test statistic has mean z and variance 1."""
    za = float(ndtri(1 - alpha / 2))
    return float(ndtr(z - za) + ndtr(-z - za))
