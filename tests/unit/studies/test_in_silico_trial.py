"""A trial on twins: common random numbers, a truth that is estimated, designs that differ by themselves alone."""

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, InferenceError
from vitruvian.kinds.infusion import Bolus, Infuse, Infusion
from vitruvian.kinds.infusion.model import Person
from vitruvian.kinds.risk import KIND as RISK
from vitruvian.studies.in_silico_trial import Course, Design, courses, explore

HOUR = 3600.0


@pytest.fixture(scope="module")
def course() -> Course:
    cases = [Case(Person(weight=w), (Infuse(at=0.0, rate=20.0, duration=72.0),)) for w in (60.0, 80.0)]
    arms = {"loading": [Bolus(at=24 * HOUR, dose=40.0)], "usual": []}
    times = {"start": 24 * HOUR, "visits": [6 * HOUR, 12 * HOUR], "window": 3 * HOUR}
    return courses(Infusion(), cases, arms, "mean_level", each=300, seed=3, **times)


def test_the_same_patient_differs_between_arms_by_the_treatment_alone(course: Course) -> None:
    gap = course.outcomes["loading"] - course.outcomes["usual"]
    assert gap.shape == (600, 2)
    assert (gap > 0).all()
    assert (gap[:, 0] > gap[:, 1]).all()  # a bolus is eliminated
    assert gap.std(axis=0).max() < 0.5 * course.outcomes["usual"].std(axis=0).min()


def test_trials_estimate_the_truth_and_intervals_hold_it(course: Course) -> None:
    found = explore(course, "loading", "usual", [Design(100, noise=0.3)], trials=200, seed=1).results[0]
    assert found.truth == pytest.approx(course.effect("loading", "usual")[1])
    assert found.estimate == pytest.approx(found.truth, abs=4 * 0.1 / np.sqrt(200))
    assert found.covered > 0.88


def test_designs_are_compared_with_the_same_luck(course: Course) -> None:
    designs = [Design(40, noise=2.0), Design(120, noise=2.0), Design(120, visit=0, noise=2.0)]
    first = explore(course, "loading", "usual", designs, trials=100, seed=2)
    again = explore(course, "loading", "usual", designs[1:2], trials=100, seed=2)
    assert again.results[0] == first.results[1]
    small, large, early = first.results
    assert small.power < large.power <= early.power
    rich = explore(course, "loading", "usual", [Design(120, enrichment=0.5, noise=2.0)], trials=20).results[0]
    assert rich.screened == pytest.approx(240, rel=0.01)


def test_dropout_means_what_the_estimand_says(course: Course) -> None:
    policy, hypothetical = explore(
        course, "loading", "usual",
        [Design(200, dropout=0.2, noise=0.1), Design(200, dropout=0.2, noise=0.1, estimand="hypothetical")],
        trials=100,
    ).results  # fmt: skip
    assert policy.truth == pytest.approx(0.64 * hypothetical.truth)
    for r in (policy, hypothetical):
        assert r.estimate == pytest.approx(r.truth, rel=0.1)


def test_what_is_no_trial_is_refused(course: Course) -> None:
    times = {"start": 24 * HOUR, "visits": [6 * HOUR], "window": 3 * HOUR, "each": 5, "seed": 1}
    case = Case(Person())
    with pytest.raises(CapabilityError, match="predictive"):
        courses(RISK, [RISK.example().case], {"a": [], "b": []}, "risk", **times)
    with pytest.raises(InferenceError, match="treats before the start"):
        courses(Infusion(), [case], {"a": [Bolus(at=0.0, dose=1.0)], "b": []}, "mean_level", **times)
    with pytest.raises(InferenceError, match="no trial"):
        courses(Infusion(), [case], {"a": []}, "mean_level", **times)
    with pytest.raises(InferenceError, match="eligible virtual patients"):
        explore(course, "loading", "usual", [Design(5000)])
    with pytest.raises(InferenceError, match="no arm"):
        explore(course, "x", "usual", [Design(50)])
    with pytest.raises(InferenceError, match="no design"):
        Design(2)
