"""Beyond the primary analysis: visits, secondary outcomes, arms, subgroups, small-sample degrees of freedom."""

from typing import Any

import numpy as np
import pytest

from trial_tables import PROTOCOL, columns, csv_of
from vitruvian.core.errors import ParseError, RecordError
from vitruvian.kinds.prognosis.generator import history
from vitruvian.kinds.prognosis.stack import Stack, fit_stack
from vitruvian.models.trialtable import Frame
from vitruvian.platform.trials.reading import frame_from
from vitruvian.studies.procova.analysis import Analysis, analyse
from vitruvian.studies.procova.ancova import ancova, design_of, least_squares
from vitruvian.studies.procova.many import degrees_of_freedom
from vitruvian.studies.procova.protocol import Protocol, protocol_of

COUNT = 120


@pytest.fixture(scope="module")
def stack() -> Stack:
    return fit_stack(history(80, 1), 1, trees=10)


@pytest.fixture(scope="module")
def table() -> dict[str, list[Any]]:
    """Two treatments and a control; an earlier visit, two secondary outcomes, one with an effect."""
    rng = np.random.default_rng(4)
    told = columns(COUNT, 3, trial=False)
    arm = rng.permutation(np.arange(COUNT) % 3)
    y = np.array([float(v) for v in told["score"]]) - 6.0 * (arm == 1) - 1.0 * (arm == 2)
    told["arm"] = [("placebo", "high", "low")[a] for a in arm]
    told["week4"] = [f"{v:.3f}" for v in y * 0.5 + 20 + rng.standard_normal(COUNT)]
    told["walk"] = [f"{v:.3f}" for v in -0.5 * y + rng.standard_normal(COUNT)]
    told["mood"] = [f"{v:.3f}" for v in rng.standard_normal(COUNT)]
    gone = rng.random(COUNT) < 0.1
    told["score"] = ["" if g else f"{v:.3f}" for g, v in zip(gone, y, strict=True)]
    return told


def asked(table: dict[str, list[Any]], stack: Stack, **changed: Any) -> Analysis:
    arm = {"column": "arm", "control": "placebo", "treated": "high", "others": ["low"]}
    protocol = protocol_of({**PROTOCOL, "arm": arm, "missing": "complete", **changed}, "protocol")
    return analyse(protocol, frame_from(csv_of(table), "trial.csv", protocol.factors), stack)


def test_arms_share_one_control_and_pay_for_it(table: dict[str, list[Any]], stack: Stack) -> None:
    found = asked(table, stack)
    high, low = found.further.arms
    assert (high["arm"], low["arm"]) == ("high", "low")
    assert high["estimate"] == found.primary.value
    for row in (high, low):
        assert row["p"] < row["adjusted_p"] <= min(1.0, 2.2 * row["p"])  # Dunnett is between none and Bonferroni
    assert high["adjusted_p"] < 0.05 < low["adjusted_p"]


def test_a_missing_outcome_is_named_by_its_line_in_the_whole_table(table: dict[str, list[Any]], stack: Stack) -> None:
    gone = [score == "" and arm != "low" for score, arm in zip(table["score"], table["arm"], strict=True)]
    with pytest.raises(RecordError, match="outcomes are missing") as refused:
        asked(table, stack, missing="refuse")
    assert refused.value.where == f"trial.csv, line {gone.index(True) + 2}, column 'score'"


def test_secondary_outcomes_wait_behind_the_primary(table: dict[str, list[Any]], stack: Stack) -> None:
    rows = asked(table, stack, secondary=[["walk"], ["mood"]]).further.secondary
    walk, mood = rows
    assert walk["adjusted_p"] < 0.05 < mood["adjusted_p"]
    assert mood["adjusted_p"] >= walk["adjusted_p"]
    turned = asked(table, stack, secondary=[["mood"], ["walk"]]).further.secondary
    assert turned[1]["adjusted_p"] >= mood["p"] > 0.05  # the gate before it is shut
    flat = asked(table, stack, secondary=[["mood", "walk"]], multiplicity="holm").further.secondary
    assert flat[1]["adjusted_p"] < 0.05


def test_visits_give_a_mixed_model_and_every_reference(table: dict[str, list[Any]], stack: Stack) -> None:
    outcome = {**PROTOCOL["outcome"], "visits": ["week4", "score"]}
    found = asked(table, stack, outcome=outcome, missing="mmrm")
    assert "MMRM" in found.primary.method
    assert [e.name for e in found.sensitivity] == ["mar", "j2r", "cir", "cr"]
    effect = {e.name: e.value for e in found.sensitivity}
    assert effect["mar"] == pytest.approx(found.primary.value, abs=found.primary.se)
    assert abs(effect["j2r"]) < abs(effect["mar"])  # who left is as in control from then on: the effect shrinks
    complete = asked(table, stack)
    assert found.primary.se < 1.05 * complete.primary.se


def test_subgroups_are_shown_with_heterogeneity(table: dict[str, list[Any]], stack: Stack) -> None:
    sex, age = asked(table, stack, subgroups=["sex", "age"]).further.subgroups
    assert {row["group"] for row in sex["levels"]} == {"female", "male"}
    assert len(age["levels"]) == 2
    assert age["levels"][0]["group"].startswith("below")
    for group in (sex, age):
        assert 0 < group["heterogeneity_p"] <= group["adjusted_p"] <= 1


def test_bell_and_mccaffreys_degrees_are_those_written_down() -> None:
    """Against the n x n definition; two equal arms without covariates have n - 2, a lone small arm its own size - 1."""
    rng = np.random.default_rng(1)
    arm = np.r_[np.ones(8), np.zeros(22)]
    x = rng.standard_normal((30, 2))
    fit = least_squares(design_of(arm, x), rng.standard_normal(30))
    d = design_of(arm, x)
    inverse = np.linalg.inv(d.T @ d)
    hat, a = d @ inverse @ d.T, (d @ inverse)[:, 1]
    w = a / np.sqrt(1 - np.diag(hat))
    m = w[:, None] * (np.eye(30) - hat) * w
    assert fit.bell_mccaffrey() == pytest.approx(np.trace(m) ** 2 / np.trace(m @ m), rel=1e-10)
    even = least_squares(design_of(np.arange(30) % 2.0), rng.standard_normal(30))
    assert even.bell_mccaffrey() == pytest.approx(28, rel=1e-10)
    y = rng.standard_normal(30)
    exact, wide = (ancova(y, arm, x, hc=hc) for hc in ("HC2-BM", "HC3"))
    assert exact.df < wide.df
    assert exact.se < wide.se


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"variance": "HC9"}, "no variance 'HC9'"),
        ({"missing": "mmrm"}, "mmrm needs visits"),
        ({"outcome": {**PROTOCOL["outcome"], "visits": ["score", "week4"]}}, "no visits of this outcome"),
        ({"secondary": "walk"}, "is not a list"),
        ({"subgroups": ["score"]}, "is an outcome"),
        ({"interaction": "yes"}, "interaction = 'yes'"),
        ({"arm": {"control": "placebo", "treated": "high", "others": ["high"]}}, "a level twice"),
        ({"estimand": "hazard ratio"}, "'hazard ratio' of a continuous outcome"),
        ({"design": {"effect": -4, "dropout": 0.95}}, "dropout = 0.95"),
        ({"design": {"effect": -4, "looks": ["half"]}}, "looks is no list of numbers"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ParseError, match=says.replace("(", r"\(")):
        protocol_of({**PROTOCOL, **changed}, "protocol.yaml")


def test_a_protocol_is_the_same_after_json() -> None:
    given = {**PROTOCOL, "secondary": [["a"], ["b"]], "subgroups": ["sex"], "variance": "HC2-BM"}
    made = protocol_of(given, "p")
    assert isinstance(made, Protocol)
    assert protocol_of(made.to_json(), "p") == made


def test_an_arm_that_nobody_named_is_refused_with_its_line(table: dict[str, list[Any]], stack: Stack) -> None:
    wrong = {**table, "arm": [*table["arm"][:5], "middle", *table["arm"][6:]]}
    with pytest.raises(RecordError, match="line 7, column 'arm': arm 'middle'"):
        asked(wrong, stack)
    assert isinstance(frame_from(csv_of(table), "t", ()), Frame)


def test_degrees_of_freedom_of_many_trials_are_those_of_each() -> None:
    rng = np.random.default_rng(2)
    arm = np.stack([rng.permutation(np.arange(40) % 2.0) for _ in range(5)], axis=1)
    score = rng.exponential(1.0, (40, 5))
    single = [
        float(least_squares(design_of(arm[:, t], score[:, t, None]), rng.standard_normal(40)).bell_mccaffrey())
        for t in range(5)
    ]
    assert degrees_of_freedom(arm, score) == pytest.approx(single, rel=1e-10)
