"""Estimators of a trial against statsmodels, closed forms and published tables."""

import warnings

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.studies.procova import glm
from vitruvian.studies.procova.ancova import HC, ancova, design_of, least_squares
from vitruvian.studies.procova.many import ancova_many
from vitruvian.studies.procova.marginal import standardised
from vitruvian.studies.procova.survival import adjusted_score, log_rank, martingale


def patients(n: int = 80, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = generator(seed, "test patients")
    x = rng.standard_normal((n, 3))
    arm = rng.permutation(np.arange(n) % 2).astype(float)
    return x @ [1.0, 0.5, 0.0] + 0.4 * arm + (1 + 0.5 * np.abs(x[:, 0])) * rng.standard_normal(n), arm, x


@pytest.mark.parametrize("hc", HC)
@pytest.mark.parametrize("interaction", [False, True])
def test_least_squares_is_that_of_statsmodels(hc: str, interaction: bool) -> None:
    import statsmodels.api as sm

    y, arm, x = patients()
    d = design_of(arm, x, interaction=interaction)
    peer = sm.OLS(y, d).fit(cov_type=hc, use_t=True)
    ours = least_squares(d, y)
    assert ours.coefficients == pytest.approx(peer.params, abs=1e-10)
    assert ours.covariance[hc] == pytest.approx(peer.cov_params(), abs=1e-10)
    e = ancova(y, arm, x, interaction=interaction, hc=hc)
    assert e.interval() == pytest.approx(tuple(peer.conf_int()[1]), abs=1e-9)
    assert e.p == pytest.approx(peer.pvalues[1], abs=1e-10)


def test_many_trials_at_once_are_the_single_ones() -> None:
    rng = generator(2, "many")
    y, m = rng.standard_normal((2, 40, 300))
    arm = rng.permuted(np.tile((np.arange(40) % 3 == 0).astype(float)[:, None], (1, 300)), axis=0)
    for score in (m, None):
        found = ancova_many(y, arm, score)
        for k in (0, 150, 299):
            x = None if score is None else score[:, [k]]
            fit = least_squares(design_of(arm[:, k], x), y[:, k])
            assert found.effect[k] == pytest.approx(fit.coefficients[1], abs=1e-12)
            for hc in HC:
                assert found.variance[hc][k] == pytest.approx(fit.covariance[hc][1, 1], rel=1e-10)


@pytest.mark.parametrize("family", ["binary", "count"])
def test_generalised_linear_models_are_those_of_statsmodels(family: str) -> None:
    import statsmodels.api as sm

    rng = generator(3, family)
    x = np.column_stack([np.ones(200), rng.standard_normal((200, 2))])
    eta = x @ [-0.3, 0.8, -0.4]
    y = (rng.random(200) < 1 / (1 + np.exp(-eta))).astype(float) if family == "binary" else rng.poisson(np.exp(eta))
    peer = sm.GLM(y, x, sm.families.Binomial() if family == "binary" else sm.families.Poisson()).fit(tol=1e-12)
    assert glm.fit(family, x, np.asarray(y, float)) == pytest.approx(peer.params, abs=1e-8)


def test_without_covariates_g_computation_is_the_difference_in_risks() -> None:
    rng = generator(4, "risks")
    arm = (np.arange(200) % 2).astype(float)
    y = (rng.random(200) < 0.3 + 0.1 * arm).astype(float)
    p1, p0 = y[arm == 1].mean(), y[arm == 0].mean()
    e = standardised("binary", y, arm)
    assert e.value == pytest.approx(p1 - p0, abs=1e-9)
    exact = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 100 * 200 / 198)
    assert e.se == pytest.approx(exact, rel=1e-6)
    assert standardised("binary", y, arm, effect="odds ratio").shown == pytest.approx(
        p1 / (1 - p1) / (p0 / (1 - p0)), rel=1e-8
    )
    assert standardised("binary", y, arm, effect="ratio").shown == pytest.approx(p1 / p0, rel=1e-8)


def test_standard_errors_of_the_influence_function_are_those_of_the_bootstrap() -> None:
    rng = generator(5, "boot")
    n = 400
    x = rng.standard_normal((n, 1))
    arm = (np.arange(n) % 2).astype(float)
    y = (rng.random(n) < 1 / (1 + np.exp(-(x[:, 0] + 0.5 * arm - 0.5)))).astype(float)
    from vitruvian.studies.procova.marginal import predictions

    w = rng.multinomial(n, np.full(n, 1 / n), size=600).astype(float)
    mu1, mu0 = predictions("binary", y, arm, x, w, False)
    boot = np.std(((mu1 - mu0) * w).sum(axis=1) / n)
    assert standardised("binary", y, arm, x).se == pytest.approx(boot, rel=0.1)  # 600 draws: 3 %


def test_the_log_rank_without_covariates_is_the_classical_one() -> None:
    """Against the sum over events of observed less expected, and its hypergeometric variance without ties."""
    rng = generator(6, "log-rank")
    arm = (np.arange(60) % 2).astype(float)
    time = rng.exponential(1.0, 60) * np.where(arm == 1, 1.5, 1.0)
    event = (time < 1.4).astype(float)
    time = np.minimum(time, 1.4)
    u = v = 0.0
    for t in time[event == 1]:
        risk = time >= t
        share = arm[risk].mean()
        u += arm[time == t].sum() - share
        v += share * (1 - share)
    found = adjusted_score(time, event, arm)
    assert (found.u, found.variance) == pytest.approx((u, v), rel=1e-12)
    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = sm.PHReg(time, arm[:, None], status=event).fit()
    e = log_rank(time, event, arm)
    assert e.value == pytest.approx(peer.params[0], abs=1e-6)
    assert e.se == pytest.approx(peer.bse[0], rel=1e-6)


def test_adjusting_the_log_rank_saves_about_the_square_of_the_correlation() -> None:
    rng = generator(7, "saving")
    n = 2000
    x = rng.standard_normal((n, 1))
    time = rng.exponential(1.0, n) * np.exp(-0.8 * x[:, 0])
    event = (time < 1.0).astype(float)
    time = np.minimum(time, 1.0)
    arm = rng.permutation(np.arange(n) % 2).astype(float)
    r2 = np.corrcoef(x[:, 0], martingale(time, event))[0, 1] ** 2
    saved = log_rank(time, event, arm, x).detail["variance_saved"]
    assert saved == pytest.approx(r2, rel=0.2)
    assert saved > 0.15


def test_an_adjustment_with_the_cross_product_counts_the_drawing_of_covariates() -> None:
    y, arm, x = patients(60, 8)
    plain = ancova(y, arm, x, interaction=True)
    assert ancova(y, arm, x, interaction=True, super_population=True).se > plain.se


BAD = {
    "constant outcome": (lambda y, a, x: ancova(np.ones(80), a, x), "the outcome is 1 for everybody"),
    "one arm": (lambda y, a, x: ancova(y, np.ones(80), x), "arms are"),
    "missing outcome": (
        lambda y, a, x: ancova(np.where(np.arange(80) == 3, np.nan, y), a, x),
        "1 outcomes are missing",
    ),
    "constant covariate": (lambda y, a, x: ancova(y, a, np.ones((80, 1))), "constant or a combination"),
    "doubled covariate": (lambda y, a, x: ancova(y, a, x[:, [0, 0]]), "constant or a combination"),
    "no events": (lambda y, a, x: standardised("binary", (y > 0) * a, a, x), "no event in the control arm"),
    "separation": (lambda y, a, x: standardised("binary", (x[:, 0] > 0) * 1.0, a, x), "perfect separation"),
    "no event times": (lambda y, a, x: log_rank(np.abs(y), a, a), "no event in the control arm"),
    "odds of a count": (lambda y, a, x: standardised("count", np.round(np.abs(y)), a, effect="odds ratio"), "binary"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_and_how_to_mend_it(name: str) -> None:
    make, says = BAD[name]
    with pytest.raises(InferenceError, match=says) as told:
        make(*patients())
    assert told.value.fix
    assert told.value.where
