"""Sizes, looks, many hypotheses, randomisation, missing outcomes: closed forms, tables, peers."""

import numpy as np
import pytest
from scipy.stats import dunnett

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.studies.procova import multiplicity as many
from vitruvian.studies.procova.ancova import ancova
from vitruvian.studies.procova.imputation import imputed, pooled, sensitivity
from vitruvian.studies.procova.mmrm import mmrm
from vitruvian.studies.procova.randomise import blocked, permuted
from vitruvian.studies.procova.sequential import crossing, looks
from vitruvian.studies.procova.simulate import Scenario, analysed
from vitruvian.studies.procova.size import (
    Assumptions,
    Target,
    control_saving,
    guenther_schouten,
    marginal_variance,
    normal_size,
    plan_size,
    t_power,
)

EVEN = Assumptions(sd0=1.0, sd1=1.0, correlation0=0.5, correlation1=0.5)


def test_sizes_are_those_worked_by_hand() -> None:
    z = 1.959963984540054 + 1.2815515655446004
    assert normal_size(Target(effect=0.5), EVEN.unadjusted()) == pytest.approx(z**2 * 4 / 0.25, rel=1e-12)
    assert normal_size(Target(effect=0.5), EVEN) == pytest.approx(z**2 * 4 * 0.75 / 0.25, rel=1e-12)
    assert guenther_schouten(Target(effect=0.5, ratio=2.0), EVEN) == pytest.approx(
        9 / 2 * z**2 * 0.75 / 0.25 + 1.959963984540054**2 / 2, rel=1e-12
    )


def test_the_variance_of_a_patient_is_the_one_written_down() -> None:
    """Unequal arms, against the formula with covariances and any sd of the score; and the interaction's."""
    a = Assumptions(sd0=2.0, sd1=3.0, correlation0=0.4, correlation1=0.7, inflation=1.1, deflation=0.9)
    s0, s1, sm, pi1, pi0 = 2.2, 3.3, 7.0, 0.6, 0.4
    c0, c1 = 0.36 * s0 * sm, 0.63 * s1 * sm
    b = (pi1 * c1 + pi0 * c0) / sm**2
    told = (s1**2 - 2 * b * c1 + b**2 * sm**2) / pi1 + (s0**2 - 2 * b * c0 + b**2 * sm**2) / pi0
    assert a.per_patient(1.5) == pytest.approx(told, rel=1e-12)
    import dataclasses

    b1, b0 = c1 / sm**2, c0 / sm**2
    told = s1**2 * (1 - 0.63**2) / pi1 + s0**2 * (1 - 0.36**2) / pi0 + (b1 - b0) ** 2 * sm**2
    assert dataclasses.replace(a, interaction=True).per_patient(1.5) == pytest.approx(told, rel=1e-12)


def test_planned_power_is_reached_by_simulated_trials() -> None:
    target = Target(effect=0.4, power=0.8)
    size = plan_size(target, EVEN)
    realised = analysed(Scenario(size.total, correlation=0.5, effect=0.4), 4000, 11).rejected()
    assert realised == pytest.approx(size.power, abs=0.02)
    smaller, _ = size.total - 2, size
    assert t_power(smaller, target, EVEN) < 0.8 <= size.power


def test_a_score_saves_controls_when_the_treated_arm_keeps_its_size() -> None:
    plain = plan_size(Target(effect=0.4), EVEN.unadjusted())
    controls = control_saving(plain.treated, Target(effect=0.4), EVEN)
    assert controls < plain.control
    assert t_power(plain.treated + controls, Target(effect=0.4).of(plain.treated, controls), EVEN) >= 0.9


def test_the_marginal_bound_holds_for_a_difference_in_means_and_is_sharp_at_equal_allocation() -> None:
    mse = (0.75, 0.75)
    bound = marginal_variance((1.0, -1.0), (1.0, 1.0), mse, 1.0)
    assert bound == pytest.approx(2 + 0.25 * (4 * np.sqrt(0.75)) ** 2, rel=1e-12)
    assert bound > EVEN.per_patient(1.0)


@pytest.mark.parametrize("wrong", [{"sd0": 0.0}, {"correlation0": 1.0}, {"inflation": 0.5}, {"deflation": 0.0}])
def test_assumptions_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InferenceError, match=next(iter(wrong))):
        Assumptions(**{"sd0": 1.0, "sd1": 1.0, **wrong})


def test_boundaries_are_the_published_ones() -> None:
    """Five equal looks, two-sided 5 %, O'Brien-Fleming spending: Reboussin et al., Control Clin Trials
    21:190 (2000).
    """
    found = looks((0.2, 0.4, 0.6, 0.8, 1.0))
    assert found.boundary == pytest.approx((4.8769, 3.3569, 2.6803, 2.2898, 2.0310), abs=2e-4)
    assert sum(crossing(found.information, found.boundary, 0.0)) == pytest.approx(0.05, abs=1e-6)
    assert found.power[-1] == pytest.approx(0.9, abs=1e-6)
    assert 1.0 < found.inflation < 1.05
    assert found.expected < 0.8
    pocock = looks((0.5, 1.0), spending="pocock")
    assert pocock.boundary == pytest.approx((2.157, 2.201), abs=2e-3)


def test_holm_is_a_graph_and_gates_close() -> None:
    p = [0.01, 0.04, 0.03]
    assert many.holm(p) == pytest.approx([0.03, 0.06, 0.06])
    assert many.fixed_sequence([0.01, 0.2, 0.001]) == pytest.approx([0.01, 0.2, 0.2])
    first, second = many.gatekeeping([[0.01, 0.2], [0.001]])
    assert first == pytest.approx([0.02, 0.2])
    assert second == pytest.approx([0.2])


def test_a_graph_hands_weight_on() -> None:
    """Bretz et al. (2009), two primary and two secondary hypotheses: worked by hand."""
    g = np.array([[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]], float)
    found = many.graphical([0.01, 0.04, 0.02, 0.03], [0.5, 0.5, 0, 0], g)
    assert found[0] == pytest.approx(0.02)
    assert found.max() <= 1.0
    with pytest.raises(InferenceError, match="no graph"):
        many.graphical([0.01, 0.02], [0.8, 0.8], np.zeros((2, 2)))


def test_dunnett_agrees_with_scipy_and_the_table() -> None:
    assert many.dunnett_critical(0.05, 20, [20, 20, 20], np.inf) == pytest.approx(2.349, abs=2e-3)
    rng = generator(3, "dunnett")
    control, *arms = (rng.normal(m, 1, 25) for m in (0.0, 0.3, 0.7))
    pooled_sd = np.sqrt(sum((len(g) - 1) * g.var(ddof=1) for g in (control, *arms)) / (75 - 3))
    t = [(g.mean() - control.mean()) / (pooled_sd * np.sqrt(2 / 25)) for g in arms]
    peer = dunnett(*arms, control=control, random_state=np.random.default_rng(1)).pvalue
    assert many.dunnett_p(t, 25, [25, 25], 72) == pytest.approx(peer, abs=2e-3)


def test_blocks_balance_every_stratum_and_depend_on_nothing_else() -> None:
    strata = ["a", "b"] * 60
    arm = blocked(strata, 5)
    for name in "ab":
        mine = np.array([x for s, x in zip(strata, arm, strict=True) if s == name])
        assert abs(mine.sum() - 30) <= 3
        alone = blocked([name] * 60, 5)
        assert np.array_equal(mine, alone)
    unequal = blocked(["x"] * 90, 6, allocation=(1, 2))
    assert unequal.mean() == pytest.approx(2 / 3, abs=0.05)
    again = permuted(arm.astype(float), 50, 1, np.array(strata))
    assert (again.sum(axis=1) == arm.sum()).all()


def repeated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = generator(seed, "repeated")
    cov = 4 * (0.6 + 0.4 * np.eye(3))
    arm = (np.arange(n) % 2).astype(float)
    return rng.multivariate_normal([10, 11, 12], cov, n) + arm[:, None] * [0.0, 1.0, 2.0], arm


def test_the_mixed_model_of_complete_data_is_the_difference_in_means() -> None:
    """Balanced and complete: effect, pooled standard error, and n - 2 degrees of freedom."""
    y, arm = repeated(60, 1)
    last = mmrm(y, arm).effects[-1]
    g1, g0 = y[arm == 1, 2], y[arm == 0, 2]
    assert last.value == pytest.approx(g1.mean() - g0.mean(), abs=1e-6)
    pool = (29 * g1.var(ddof=1) + 29 * g0.var(ddof=1)) / 58
    assert last.se == pytest.approx(np.sqrt(pool * 2 / 30), rel=1e-4)
    assert last.df == pytest.approx(58, rel=0.02)


def test_with_outcomes_missing_at_random_the_mixed_model_is_not_fooled() -> None:
    y, arm = repeated(800, 2)
    gone = (y[:, 0] < 10) & (arm == 0)  # controls who begin low leave: complete cases mislead
    seen = y.copy()
    seen[gone, 1:] = np.nan
    naive = np.nanmean(seen[arm == 1, 2]) - np.nanmean(seen[arm == 0, 2])
    found = mmrm(seen, arm).effects[-1]
    assert abs(found.value - 2.0) < 3 * found.se
    assert abs(naive - 2.0) > 3 * found.se


def test_reference_based_imputation_moves_the_effect_as_it_must() -> None:
    y, arm = repeated(200, 3)
    rng = generator(4, "drop")
    seen = y.copy()
    seen[(rng.random(200) < 0.3) & (arm == 1), 2] = np.nan
    found = {e.name: e for e in sensitivity(seen, arm, lambda last: ancova(last, arm), count=8, seed=1)}
    assert found["j2r"].value < found["mar"].value
    assert found["cr"].value < found["mar"].value
    share = np.isnan(seen[arm == 1, 2]).mean()
    assert found["mar"].value - found["j2r"].value < 2.5 * share + 0.5
    worse = imputed(seen, arm, rule="mar", delta=-3.0, count=2, seed=1)
    same = imputed(seen, arm, rule="mar", count=2, seed=1)
    assert (worse - same)[:, np.isnan(seen[:, 2]), 2] == pytest.approx(-3.0)
    with pytest.raises(InferenceError, match="one imputation"):
        pooled([found["mar"]], "x", "y")
