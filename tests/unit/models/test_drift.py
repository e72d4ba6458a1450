"""Drift: false alarms as often as promised (closed forms, published run lengths, simulation); drift is seen."""

import numpy as np
import pytest
from scipy.stats import norm

from vitruvian.core.errors import FieldError
from vitruvian.models.drift.adwin import Adwin, changes
from vitruvian.models.drift.calibration import calibration_cusum, increments, outcome_limit, outcome_run_length
from vitruvian.models.drift.page import both_ways, limit_for, page, reflected, run_length
from vitruvian.models.drift.retraining import Entry, Line, held_back
from vitruvian.models.drift.stability import effective, stability

rng = np.random.default_rng(11)


def test_stability_of_the_same_distribution_exceeds_its_limit_as_often_as_said() -> None:
    found = [stability(rng.standard_normal(2000), rng.standard_normal(500), level=0.05) for _ in range(1500)]
    rate = np.mean([f.drifted for f in found])
    assert abs(rate - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 1500)
    assert np.mean([f.index for f in found]) == pytest.approx(9 * (1 / 2000 + 1 / 500), rel=0.05), (
        "9 degrees of freedom"
    )


def test_stability_sees_a_shift_and_two_bins_by_hand() -> None:
    assert stability(rng.standard_normal(2000), 0.5 + rng.standard_normal(500)).drifted
    reference, recent = np.repeat([0.0, 1.0], 500), np.repeat([0.0, 1.0], [400, 600])
    q, p = np.array([0.5, 0.5]), np.array([400.5, 600.5]) / 1001
    assert stability(reference, recent).index == pytest.approx(float(np.sum((p - q) * np.log(p / q))))
    gone = np.where(rng.uniform(size=500) < 0.2, np.nan, rng.standard_normal(500))
    assert stability(rng.standard_normal(2000), gone).drifted, "no longer measured is a drift"
    with pytest.raises(FieldError, match="too few"):
        stability(reference, recent[:5])


def test_many_values_of_few_subjects_stand_for_few() -> None:
    subject = np.repeat(np.arange(100), 20)
    own = rng.standard_normal(100)[subject]
    assert effective(rng.standard_normal(2000), subject) > 1400
    icc = 0.5
    alike = np.sqrt(icc) * own + np.sqrt(1 - icc) * rng.standard_normal(2000)
    assert effective(alike, subject) == pytest.approx(2000 / (1 + 19 * icc), rel=0.25)


@pytest.mark.parametrize(
    ("h", "shift", "published"), [(4.0, 0.0, 168), (5.0, 0.0, 465), (4.0, 1.0, 8.38), (5.0, 1.0, 10.4)]
)
def test_run_lengths_of_pages_test_are_the_published_ones(h: float, shift: float, published: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, 6th ed. 2009, table 9.3: two-sided, k = 0.5."""
    up, down = (run_length(lambda x, s=s: norm.cdf(x + 0.5 - s), h) for s in (shift, -shift))
    assert both_ways(up, down) == pytest.approx(published, rel=0.01)


def test_pages_test_speaks_as_seldom_as_its_limit_says() -> None:
    h = limit_for(200.0)
    lengths = []
    for _ in range(400):
        spoke = page(rng.standard_normal(3000), 0.0, 1.0, h).spoke
        lengths.append(3000 if spoke is None else spoke + 1)
    assert np.mean(lengths) == pytest.approx(200.0, abs=4 * 200 / 20)
    moved = page(np.r_[np.zeros(50), np.full(50, -2.0)], 0.0, 1.0, h)
    assert moved.spoke is not None
    assert 50 < moved.spoke < 56
    assert not moved.up


def test_the_reflected_walk_is_the_recursion() -> None:
    w = rng.standard_normal(300) - 0.1
    s, out = 0.0, []
    for x in w:
        s = max(0.0, s + x)
        out.append(s)
    assert reflected(w) == pytest.approx(out, abs=1e-12)


def test_the_calibration_sum_speaks_as_seldom_as_its_limit_says() -> None:
    p = rng.beta(1.0, 6.0, size=2000)
    h = outcome_limit(p, 1500.0)
    assert outcome_run_length(p, h) == pytest.approx(1500.0, rel=0.05)
    lengths, late = [], []
    for _ in range(150):
        risks = rng.choice(p, size=12_000)
        hit = (rng.uniform(size=12_000) < risks).astype(float)
        spoke = calibration_cusum(risks, hit, h).spoke
        lengths.append(12_000 if spoke is None else spoke + 1)
        worse = 3.0 * risks / (1.0 + 2.0 * risks)
        late.append(calibration_cusum(risks, (rng.uniform(size=12_000) < worse).astype(float), h))
    assert np.mean(lengths) == pytest.approx(1500.0, abs=4 * 1500 / np.sqrt(150))
    assert all(w.spoke is not None and w.up for w in late)
    seen = np.mean([w.spoke for w in late if w.spoke is not None]) + 1
    assert seen == pytest.approx(outcome_run_length(p, h, shift=3.0), rel=0.25)


def test_increments_are_log_likelihood_ratios() -> None:
    p, r = 0.2, 2.0
    other = r * p / (1 - p + r * p)
    assert increments(np.array([p]), np.array([1.0]), r) == pytest.approx(np.log(other / p))
    assert increments(np.array([p]), np.array([0.0]), r) == pytest.approx(np.log((1 - other) / (1 - p)))


def test_adwin_keeps_still_without_drift_and_sees_it_with() -> None:
    false = sum(bool(changes(rng.uniform(size=1500), 0.0, 1.0, 0.05)) for _ in range(60))
    assert false <= 6, "the bound d = 0.05 is a look's; all looks of 60 streams together stay near it"
    moved = changes(np.r_[rng.uniform(0.0, 0.6, 600), rng.uniform(0.3, 1.0, 600)], 0.0, 1.0)
    assert moved
    assert 600 < moved[0] < 760
    window = Adwin(0.0, 1.0)
    for x in np.r_[np.zeros(500), np.ones(500)]:
        window.add(x)
    assert window.mean > 0.9
    assert len(window.sizes) < 60


def test_a_new_fit_is_taken_when_it_is_better_and_can_be_undone() -> None:
    x = rng.standard_normal(4000)
    p = 1.0 / (1.0 + np.exp(2.0 - x))
    y = (rng.uniform(size=4000) < p).astype(float)
    patient = np.arange(4000) // 8
    better = held_back(np.full(4000, y.mean()), p, y, patient)
    assert better.difference < 0 < better.better == 1.0
    assert better.interval[0] < better.difference < better.interval[1]
    same = held_back(p, p, y, patient)
    line = Line((Entry("a", 0.0, "first fit"),))
    with pytest.raises(FieldError, match="better with probability"):
        line.take("b", 1.0, "drift", same)
    with pytest.raises(FieldError, match="no earlier"):
        line.back(1.0, "?")
    newer = line.take("b", 1.0, "stability of lactate", better).take("c", 2.0, "again", better)
    undone = newer.back(3.0, "worse at night")
    assert [newer.current.artefact, undone.current.artefact] == ["c", "b"]
    assert undone.back(4.0, "still").current.artefact == "a"
    assert len(undone.back(4.0, "still").entries) == 5, "nothing is forgotten"
