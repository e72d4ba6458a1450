"""The score: what it learns from, what it refuses, and that it can be kept and made again."""

import dataclasses
import json

import numpy as np
import pytest

from vitruvian.core.errors import CapabilityError, RecordError
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.prognosis import KIND, Prognosis
from vitruvian.kinds.prognosis.generator import history
from vitruvian.kinds.prognosis.linear import fit_linear
from vitruvian.kinds.prognosis.shipped import SEED, TREES
from vitruvian.kinds.prognosis.stack import FAMILIES, Stack, cross_fitted, fit_stack
from vitruvian.models.trialtable import Frame
from vitruvian.verbs.compare import compare

pytestmark = pytest.mark.science  # stacks are fitted: seconds, not fractions of one


@pytest.mark.parametrize("family", FAMILIES)
def test_every_outcome_type_gives_a_kind_that_answers(family: str) -> None:
    kind = Prognosis(fit_stack(history(150, 3, family), 7, trees=20))
    again = Stack.from_json(json.loads(json.dumps(kind.stack.to_json())))
    assert again.digest == kind.artefact
    others = history(60, 4, family)
    assert np.array_equal(again.score(others.frame), kind.score(others.frame))
    assert np.corrcoef(kind.score(others.frame), others.y)[0, 1] ** 2 > 0.05
    ends = kind.observables[0]
    one = kind.at("outcome", {"level": np.zeros(1), "slope": np.zeros(1)}, _arrays(kind), np.array([3e7]))
    assert ends.low <= one[0, 0] <= ends.high


def _arrays(kind: Prognosis) -> dict[str, np.ndarray]:
    return dict(kind.compile(kind.example().case, Record.empty(), 0.0, 1.0, np.inf).arrays)


def test_the_shipped_weights_are_those_of_their_seed() -> None:
    again = fit_stack(history(400, SEED), SEED, trees=TREES)
    assert again.weights == pytest.approx(dict(KIND.stack.weights), abs=1e-3)
    frame = history(50, 9).frame
    assert again.score(frame) == pytest.approx(KIND.score(frame), rel=0.02)


def test_it_is_predictive_and_refuses_to_be_asked_what_a_treatment_would_do() -> None:
    with pytest.raises(CapabilityError):
        compare(Twin(KIND, KIND.example().case), {"as is": ()}, Request.of({"outcome": [0.0]}))


def test_cross_fitted_scores_have_not_seen_their_patient() -> None:
    told = history(120, 5)
    scores = cross_fitted(told, 1, folds=2, trees=20)
    noise = dataclasses.replace(told, y=np.random.default_rng(1).standard_normal(120))
    assert np.corrcoef(scores, told.y)[0, 1] > 0.5
    assert abs(np.corrcoef(cross_fitted(noise, 1, folds=2, trees=20), noise.y)[0, 1]) < 0.3


def test_a_missing_number_counts_as_the_historys_median_and_a_row_knows_no_other() -> None:
    frame = history(60, 6).frame
    blank = frame.plus("marker", np.full(60, np.nan))
    column = next(c for c in KIND.stack.columns.items if c.name == "marker")
    filled = frame.plus("marker", np.full(60, column.centre))
    x, y = KIND.stack.columns.matrix(blank), KIND.stack.columns.matrix(filled)
    different = [n for n, a, b in zip(KIND.stack.columns.names, x.T, y.T, strict=True) if not np.array_equal(a, b)]
    assert different == ["marker missing"]
    assert np.array_equal(KIND.score(blank)[:5], KIND.score(blank.take(np.arange(5))))


def test_an_unknown_level_is_refused_with_its_place() -> None:
    frame = history(60, 6).frame
    site = frame.columns["site"].copy()
    site[4] = "moon"
    with pytest.raises(RecordError, match="line 6, column 'site': level 'moon' that the history never saw") as told:
        KIND.score(frame.plus("site", site))
    assert "north" in told.value.fix


WRONG = {
    "few": (lambda h: dataclasses.replace(h, frame=h.frame.take(np.arange(20)), y=h.y[:20]), "20 patients"),
    "constant": (lambda h: dataclasses.replace(h, y=np.full(len(h.y), 3.0)), "3 for everybody"),
    "missing": (lambda h: dataclasses.replace(h, y=np.full(len(h.y), np.nan)), "an outcome is missing"),
    "not binary": (lambda h: dataclasses.replace(h, family="binary"), "neither 0 nor 1"),
    "no event": (lambda h: dataclasses.replace(h, family="time"), "needs time and event"),
    "no type": (lambda h: dataclasses.replace(h, family="ordinal"), "no outcome type"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_history_that_cannot_be_learned_from_says_why(name: str) -> None:
    make, says = WRONG[name]
    with pytest.raises(RecordError, match=says) as told:
        make(history(60, 2))
    assert told.value.fix


def test_a_column_without_a_value_is_refused() -> None:
    told = history(60, 2)
    empty = Frame({**told.frame.columns, "age": np.full(60, np.nan)}, "x.csv")
    with pytest.raises(RecordError, match="no value at all"):
        fit_stack(dataclasses.replace(told, frame=empty), 1)


def test_splines_bend_where_the_truth_does() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-2, 2, (400, 1))
    y = x[:, 0] ** 2 + 0.1 * rng.standard_normal(400)
    straight, bent = (np.mean((fit_linear("continuous", x, y, splines=s).predict(x) - y) ** 2) for s in (False, True))
    assert bent < 0.1 * straight
