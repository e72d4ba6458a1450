"""cohort: the answers of forecast one by one; a virtual population has the population's distribution in closed form."""

import dataclasses
import json

import numpy as np
import pytest
from scipy.stats import norm

from drifting import HOUR, Drifting, followed
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError, KindError
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infuse, Infusion, Person
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.cohort import cohort
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.population import believe_prior, virtual

LATER = Request.of({"concentration": [HOUR, 5 * HOUR], "peak_level": [(HOUR, 9 * HOUR)]})


@pytest.mark.parametrize("kind", [Infusion(), Drifting()], ids=["plain", "with discrepancy"])
def test_it_says_what_forecast_says_of_each(kind: Infusion) -> None:
    twins = {
        f"S{s}": calibrate(followed(kind, seed=s), known_at=known * HOUR, members=m)
        for s, (known, m) in enumerate([(20, 30), (20, 50), (26, 30)])  # two sizes, two times
    }
    planned = dataclasses.replace(
        twins["S1"], case=twins["S1"].case.plus(Bolus(at=22 * HOUR, dose=300.0, known_at=0.0))
    )
    twins["S1"] = planned
    told = cohort(twins, LATER, after=True, noise=True, seed=5)
    for name, twin in twins.items():
        own = Request({n: t + twin.believed().at for n, t in LATER.items.items()})
        alone = forecast(twin, own, noise=True, seed=5)
        for item in own.items:
            np.testing.assert_allclose(told[name][item].values, alone[item].values, rtol=1e-12)
            assert np.array_equal(told[name][item].times, alone[item].times)
    assert told.distribution("concentration").times.tolist() == [HOUR, 5 * HOUR]


def test_a_virtual_population_has_the_populations_distribution() -> None:
    """At the steady state of R mg/h the level is R / (CL W): lognormal with the clearance's sigma."""
    cases = [Case(Person(weight=w), (Infuse(at=0.0, rate=30.0, duration=72.0),)) for w in (50.0, 100.0)]
    twins = virtual(Infusion(), cases, 400, at=0.0, start=0.0, seed=3)
    told = cohort(twins, Request.of({"concentration": [71.9 * HOUR]}))
    level = np.array([told[s]["concentration"].values[0, 0] for s in twins])
    for k, weight in enumerate((50.0, 100.0)):
        standard = np.sort(norm.cdf(np.log(level[k::2] * 0.039 * weight / 30.0) / 0.34))
        away = np.abs(standard - (np.arange(200) + 0.5) / 200).max()
        assert away < 1.63 / np.sqrt(200)  # Kolmogorov's 99 % limit
    few = virtual(Infusion(), cases, 3, at=0.0, start=0.0, seed=3)
    assert all(np.array_equal(few[s].believed().z, twins[s].believed().z) for s in few)


def test_ranking_and_filter_follow_the_levels() -> None:
    cases = [Case(Person(weight=w), (Infuse(at=0.0, rate=30.0, duration=72.0),)) for w in (50.0, 70.0, 110.0)]
    told = cohort(virtual(Infusion(), cases, 30, at=0.0, start=0.0), Request.of({"concentration": [48 * HOUR]}))
    ranking = told.ranking("concentration")
    values = [v for _, v in ranking]
    assert values == sorted(values, reverse=True)
    assert ranking[0][1] == told[ranking[0][0]]["concentration"].mean()[-1]
    high = told.filter("concentration", low=12.0)
    assert set(high.forecasts) == {s for s, v in ranking if v >= 12.0}
    assert 0 < len(high) < 30
    pooled = told.distribution("concentration")
    assert pooled.mean()[0] == pytest.approx(np.mean(values))
    assert pooled.weights.sum() == pytest.approx(1.0)


def test_a_population_belief_holds_the_prior_and_what_was_given_before() -> None:
    case = Case(Person(), (Bolus(at=-6 * HOUR, dose=300.0),))
    twin = believe_prior(Twin(Infusion(), case), 0.0, members=2000, seed=1)
    belief = twin.believed()
    assert belief.method == "prior"
    assert belief.rows == 0
    assert np.abs(belief.z.mean(axis=0)).max() < 4 / np.sqrt(2000)
    assert belief.z.std(axis=0) == pytest.approx([1.0, 1.0], rel=0.07)
    cl, v = (p.prior.value(belief.z[:, i]) for i, p in enumerate(Infusion().parameters))
    assert belief.state is not None
    np.testing.assert_allclose(belief.state.tree["x"][:, 0], 300.0 * np.exp(-6 * cl / v), rtol=1e-5)
    assert max(belief.learned().values()) < 0.1


def test_the_answer_is_plain_json_and_a_picture() -> None:
    twins = virtual(Infusion(), [Case(Person(), (Bolus(at=0.0, dose=300.0),))], 4, at=0.0, start=0.0)
    told = cohort(twins, Request.of({"peak_level": [(0.0, HOUR)]}))
    data = json.loads(json.dumps(told.to_json(), allow_nan=False))
    assert list(data["subjects"]) == ["virtual-1", "virtual-2", "virtual-3", "virtual-4"]
    assert data["distribution"]["peak_level"]["unit"] == "mg/L"
    assert told.plot().get_xlabel() == "4 subjects, in order"


def test_what_is_no_cohort_is_refused() -> None:
    from vitruvian.kinds.queue import KIND

    infused = virtual(Infusion(), [Case(Person())], 1, at=0.0)
    queue = virtual(KIND, [KIND.example().case], 1, at=0.0)
    with pytest.raises(KindError, match="twins of several kinds: infusion 1, queue 1"):
        cohort({"a": infused["virtual-1"], "b": queue["virtual-1"]}, LATER)
    with pytest.raises(FieldError, match="at least one twin"):
        cohort({}, LATER)
    with pytest.raises(FieldError, match="count of at least 1"):
        virtual(Infusion(), [], 3, at=0.0)
