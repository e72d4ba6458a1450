"""explain on a linear drug: shares of doses in closed form, shares that add up, and deletions that agree with ranks."""

import dataclasses
import json

import numpy as np
import pytest

from drifting import HOUR, Drifting, followed
from vitruvian.core.errors import FieldError, KindError
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infusion
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.explain import explain
from vitruvian.verbs.explained import Breakdown, Explanation
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.population import believe_prior
from vitruvian.verbs.spread import NEWEST

NOW = 24 * HOUR
WINDOW = (NOW, NOW + 12 * HOUR)


@pytest.fixture(scope="module")
def twin() -> Twin:
    return calibrate(followed(Infusion()), known_at=NOW, members=60)


@pytest.fixture(scope="module")
def told(twin: Twin) -> Explanation:
    how_far: list[float] = []
    answer = explain(twin, "mean_level", WINDOW, seed=1, progress=how_far.append)
    assert how_far == [(k + 1) / 16 for k in range(16)], "each of the 2^4 calibrations is told"
    return answer


def adds_up(b: Breakdown) -> bool:
    return sum(s.share for s in b.shares) == pytest.approx(b.answer - b.reference, rel=1e-9)


def test_shares_add_up_to_the_answer_of_forecast(twin: Twin, told: Explanation) -> None:
    plain = forecast(twin, Request.of({"mean_level": [WINDOW]}))["mean_level"]
    assert told.answer == pytest.approx(plain.mean()[0], rel=1e-7)
    assert told.band == pytest.approx([plain.quantile(0.05)[0], plain.quantile(0.95)[0]], rel=1e-7)
    for over in ("parameters", "actions", "data"):
        assert adds_up(told[over]), over
        assert told[over].answer == pytest.approx(told.answer, rel=1e-3)


def test_doses_of_a_linear_drug_share_what_each_leaves(twin: Twin, told: Explanation) -> None:
    """Mean level over [t, t + w] of a bolus D at s: D / (V W) (e^(-k (t - s)) - e^(-k (t + w - s))) / (w k)."""
    belief, kind = twin.believed(), twin.kind
    cl, v = (p.prior.value(belief.z[:, i]) for i, p in enumerate(kind.parameters))
    k = cl / v
    shares = {s.name: s for s in told["actions"].shares}
    assert told["actions"].reference == pytest.approx(0.0, abs=1e-12)  # no drug, no level
    for a in twin.case.timeline:
        if not isinstance(a, Bolus) or a.at > NOW:
            continue
        hours = (NOW - a.at) / HOUR
        left = a.dose / (v * 70.0) * (np.exp(-k * hours) - np.exp(-k * (hours + 12.0))) / (12.0 * k)
        name = f"Bolus 200 mg, {twin.case.origin.moment(a.at):%m-%d %H:%M}"
        assert shares[name].share == pytest.approx(left.mean(), rel=1e-3)
        assert shares[name].removed == pytest.approx(left.mean(), rel=1e-3)
        assert shares[name].error == pytest.approx(left.std(ddof=1) / np.sqrt(60), rel=1e-2)
    assert not any("-02 12" in name for name in shares)  # after the window's start but unknown at the belief's time


def test_leaving_out_what_ranks_first_changes_more_than_what_ranks_last(told: Explanation) -> None:
    for over in ("parameters", "actions"):
        removed = [abs(s.removed) for s in told[over].shares]
        assert removed[0] > 2 * removed[-1], over
    assert abs(told.drivers[0][1].share) == max(abs(s.share) for b in told.breakdowns.values() for s in b.shares)


def test_parameters_lead_from_the_populations_mean_to_this_subject(twin: Twin, told: Explanation) -> None:
    b = told["parameters"]
    median = dataclasses.replace(twin.believed(), z=np.zeros((60, 2)), state=None)
    plain = forecast(twin.having(median), Request.of({"mean_level": [WINDOW]}))["mean_level"].mean()[0]
    assert b.reference == pytest.approx(plain, rel=1e-6)
    assert [s.name for s in b.shares] == ["CL", "V"]  # near the steady state clearance rules
    assert b.shares[0].share < -10 * abs(b.shares[1].share)  # this subject clears more than others
    assert told.spread.shares["CL"] > told.spread.shares["V"]
    assert sum(told.spread.shares.values()) + told.spread.rest == pytest.approx(1.0)
    assert told.spread.rest < 0.1


def test_readings_lead_from_the_prior_to_the_belief(twin: Twin, told: Explanation) -> None:
    b = told["data"]
    blank = Twin(twin.kind, twin.case.until(NOW))
    start = twin.believed().window[0]
    prior = believe_prior(blank, NOW, start=start, members=60, seed=twin.believed().seed)
    assert b.reference == pytest.approx(forecast(prior, Request.of({"mean_level": [WINDOW]}))["mean_level"].mean()[0])
    assert len(b.shares) == 4
    assert {s.meaning for s in b.shares} == {"12 readings"}
    assert b.how.startswith("exact")


def test_what_the_newest_readings_say_is_a_cause_too() -> None:
    twin = calibrate(followed(Drifting()), known_at=NOW, members=80)
    soon = (NOW, NOW + 2 * HOUR)
    answer = explain(twin, "mean_level", soon, over=("parameters",), members=80)
    plain = forecast(twin, Request.of({"mean_level": [soon]}))["mean_level"].mean()[0]
    assert answer.answer == pytest.approx(plain, rel=1e-6)
    b = answer["parameters"]
    assert adds_up(b)
    share = next(s for s in b.shares if s.name == NEWEST)
    residual = float(twin.believed().residual["concentration"].mean())
    mean_decay = (1 - np.exp(-2 / 3)) / (2 / 3)  # of exp(-t / 3 h) over two hours
    assert share.share == pytest.approx(residual * mean_decay, rel=0.01)
    assert answer.spread.shares[NEWEST] > 0.1


def test_older_actions_are_told_together() -> None:
    twin = followed(Infusion())
    many = twin.case.plus(*(Bolus(at=h * HOUR, dose=20.0) for h in np.arange(1.0, 13.0).tolist()))
    told = explain(
        calibrate(dataclasses.replace(twin, case=many), known_at=NOW, members=20),
        "mean_level",
        WINDOW,
        over=("actions",),
    )
    assert len(told["actions"].shares) == 10
    assert any("earlier actions" in s.name for s in told["actions"].shares)
    assert "permutations" in told["actions"].how
    assert adds_up(told["actions"])


def test_the_answer_is_plain_json_and_a_picture(told: Explanation) -> None:
    data = json.loads(json.dumps(told.to_json(), allow_nan=False))
    assert set(data["breakdowns"]) == {"parameters", "actions", "data"}
    labels = [t.get_text() for t in told.plot("actions").get_yticklabels()]
    assert labels == [s.name for s in told["actions"].shares]


def test_what_cannot_be_explained_says_why(twin: Twin) -> None:
    with pytest.raises(KindError, match="no quantity 'weight'"):
        explain(twin, "weight", WINDOW)
    with pytest.raises(FieldError, match="does not lie after"):
        explain(twin, "mean_level", (0.0, HOUR))
    with pytest.raises(FieldError, match="no shares of stars"):
        explain(twin, "mean_level", WINDOW, over=("stars",))


def test_a_kind_that_only_predicts_gives_no_shares_of_actions() -> None:
    from vitruvian.kinds.risk import KIND
    from vitruvian.verbs.simulate import simulate_example

    example, seen = simulate_example(KIND, seed=1)
    twin = calibrate(Twin(KIND, example.case, seen.record), members=20)
    at = twin.believed().at
    told = explain(twin, "risk", (at, at + 6 * HOUR))
    assert set(told.breakdowns) == {"parameters"}
    assert any("not Causal" in n for n in told.notes)
    assert any("nothing was learned" in n for n in told.notes)
    assert adds_up(told["parameters"])


def test_a_queue_is_explained_from_its_census() -> None:
    from vitruvian.kinds.queue import KIND, OpenServers
    from vitruvian.verbs.simulate import simulate_example

    example, seen = simulate_example(KIND, seed=2)
    twin = calibrate(Twin(KIND, example.case, seen.record), members=40)
    at = twin.believed().at
    planned = dataclasses.replace(twin, case=twin.case.plus(OpenServers(at=at + HOUR, servers=2, known_at=at)))
    told = explain(planned, "mean_queue", (at, at + 6 * HOUR), over=("parameters", "actions"))
    assert adds_up(told["parameters"])
    [share] = told["actions"].shares
    assert share.share < 0  # two more servers, fewer wait
    assert any("seen or filtered" in n for n in told.notes)
