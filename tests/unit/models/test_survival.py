"""Laws of durations and their censored likelihood, against scipy's laws, closed forms and simulated stays."""

import numpy as np
import pytest
from scipy import stats

from vitruvian.core.errors import FieldError, InferenceError
from vitruvian.models.durations import Law, log_density
from vitruvian.models.survival import Durations, learn

LAWS = {
    "exponential": (Law("exponential", (2.0,)), stats.expon(scale=2.0)),
    "gamma": (Law("gamma", (3.0, 0.5)), stats.gamma(4.0, scale=0.75)),
    "weibull": (Law("weibull", (1.7, 4.0)), stats.weibull_min(1.7, scale=4.0)),
    "lognormal": (Law("lognormal", (2.0, 0.8)), stats.lognorm(0.8, scale=2.0)),
}
MIXED = Law("hyperexponential", (0.7, 1.0, 8.0))


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_scipys(name: str) -> None:
    law, peer = LAWS[name]
    t = np.array([0.01, 0.5, 2.0, 7.0, 30.0])
    assert law.log_survival(t) == pytest.approx(peer.logsf(t), rel=1e-9)
    assert log_density(name, np.array(law.parameters), t) == pytest.approx(peer.logpdf(t), rel=1e-9)
    assert law.quantile(np.array([0.1, 0.5, 0.999])) == pytest.approx(peer.ppf([0.1, 0.5, 0.999]), rel=1e-9)
    assert (law.mean, law.sd) == pytest.approx((peer.mean(), peer.std()), rel=1e-9)


def test_the_mixture_is_its_parts() -> None:
    t = np.array([0.5, 3.0, 20.0])
    assert MIXED.survival(t) == pytest.approx(0.7 * np.exp(-t) + 0.3 * np.exp(-t / 8.0))
    assert MIXED.survival(MIXED.quantile(np.array([0.2, 0.99]))) == pytest.approx([0.8, 0.01])
    assert MIXED.mean == pytest.approx(3.1)


@pytest.mark.parametrize("law", [*(law for law, _ in LAWS.values()), MIXED], ids=lambda law: law.family)
def test_what_remains_is_conditional_on_what_has_passed(law: Law) -> None:
    u = (np.arange(2000) + 0.5) / 2000
    elapsed = law.quantile(np.full(2000, 0.6))
    left = law.remaining(elapsed, u)
    expected = law.survival(elapsed + left) / law.survival(elapsed)
    assert expected == pytest.approx(1.0 - u, abs=1e-6)
    if law.family == "exponential":
        assert left == pytest.approx(law.quantile(u))  # it has no memory


def test_exponential_with_censoring_is_events_over_time_at_risk() -> None:
    time, ended = np.array([1.0, 2.0, 4.0, 6.0]), np.array([True, True, False, True])
    found = learn(Durations.of(time, ended), ("exponential",))
    assert found.law.mean == pytest.approx(13.0 / 3.0, rel=1e-4)
    half = 1.96 / np.sqrt(3.0)  # sd of the logarithm is one over the root of the events
    assert found.mean_interval == pytest.approx((13 / 3 * np.exp(-half), 13 / 3 * np.exp(half)), rel=1e-2)


def test_stays_in_progress_and_late_entries_do_not_bias() -> None:
    rng, law = np.random.default_rng(3), Law("lognormal", (48.0, 0.9))
    begun, stay = rng.uniform(-400.0, 150.0, 3000), law.sample(rng, 3000)
    seen = (begun + stay > 0) & (begun < 150)  # the log covers 0 to 150 h
    left = np.minimum(begun + stay, 150.0)
    entry = np.maximum(-begun, 0.0)
    found = learn(Durations.of((left - begun)[seen], (begun + stay <= 150)[seen], entry[seen]))
    assert found.law.family == "lognormal"
    assert found.mean_interval[0] < law.mean < found.mean_interval[1]
    naive = learn(Durations.of((left - begun)[(begun >= 0) & (begun + stay <= 150)]))  # whole stays only
    assert naive.law.mean < 0.8 * law.mean  # what leaving them out would have said


def test_minutes_and_zeros_are_intervals() -> None:
    rng = np.random.default_rng(4)
    exact = Law("exponential", (1.5,)).sample(rng, 4000)
    found = learn(Durations.of(np.round(exact), resolution=1.0), ("exponential",))
    assert found.law.mean == pytest.approx(1.5, rel=0.06)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(InferenceError, match="stay 1 lasts -2"):
        Durations.of([1.0, -2.0])
    with pytest.raises(InferenceError, match="none of 2 stays has ended"):
        learn(Durations.of([1.0, 2.0], False))
    with pytest.raises(FieldError, match="there is no law 'pareto'"):
        Law("pareto", (1.0,))
    assert learn(Durations.of([5.0, 5.0, 5.0])).note == "every stay lasts the same"
