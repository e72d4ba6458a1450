"""The mechanism followed by a filter, and the learned correction on it: blind to the future, causal.

One synthetic person (the kind's own equations, other noise) of three days: compiled once for all tests.
"""

import dataclasses

import numpy as np
import pytest

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic import KIND, Exercise, Insulin, Meal, Person
from vitruvian.kinds.metabolic.residual.columns import Told, Wearer, origins
from vitruvian.kinds.metabolic.residual.correction import Correction
from vitruvian.kinds.metabolic.residual.shipped import margins, shipped
from vitruvian.kinds.metabolic.residual.steps import Timeline, mesh
from vitruvian.kinds.metabolic.residual.tracking import follow
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import compare
from vitruvian.verbs.forecast import forecast

HOUR, DAY = 3600.0, 86400.0
MEALS = tuple(
    Meal(at=d * DAY + h * HOUR, carbohydrate=c) for d in range(3) for h, c in ((7.6, 45.0), (12.4, 65.0), (18.9, 75.0))
)
PERSON = Person(weight=85.0, diabetes="prediabetes", age=52.0, hba1c=6.0)


@pytest.fixture(scope="module")
def wearer():
    """A person whose D and Gb are not the population's, with sensor noise and meals misjudged."""
    case = Case(PERSON, MEALS)
    times = np.arange(0.0, 3 * DAY, 300.0) + 40.0
    forcing = KIND.compile(case, Record.empty(), 0.0, 3 * DAY, 3 * DAY)
    layout = Latents.of(KIND.parameters, forcing)
    rng = generator(4, "residual person")
    z = np.zeros((1, len(layout.names)))
    for k, name in enumerate(layout.names):
        z[0, k] = {"Gb": 1.0, "D": -0.8}.get(name, rng.normal(0, 0.5) if "@" in name else 0.0)
    theta = layout.theta(layout.pad(z))
    curve = KIND.run(theta, forcing, Request({"glucose": times}), member_seeds(1, 1))[0]["glucose"][0]
    drift = np.zeros(len(times))
    for k in range(1, len(times)):
        drift[k] = 0.95 * drift[k - 1] + rng.normal(0, 1.5)
    return Wearer("synthetic", case, times, np.round(curve + drift + rng.normal(0, 1.5, len(times))))


@pytest.fixture(scope="module")
def tracked(wearer):
    return follow([(wearer.case, wearer.times, wearer.values)], [PopulationPrior()])[0]


def test_steps_end_at_readings_and_meals_and_doses_are_all_there():
    times = np.array([100.0, 400.0, 700.0, 2000.0])
    begin, length, reading = mesh(times, 100.0)
    np.testing.assert_allclose(np.cumsum(length) + 100.0, begin + length)
    np.testing.assert_allclose((begin + length)[reading >= 0], times[1:])
    assert length.max() <= 300.0
    doses = (Insulin(at=500.0, units=3.0), Insulin(at=900.0, units=10.0, formulation="basal"))
    walk = Exercise(at=600.0, mets=3.5, duration=10.0)
    told = Timeline.of(Case(PERSON, (Meal(at=450.0, carbohydrate=30.0), *doses, walk))).inputs(begin, length)
    assert (told["fast"].sum(), told["basal"].sum()) == (3.0, 10.0)
    assert told["carb"].max() == 30.0
    assert told["mets"].max() == 2.5
    np.testing.assert_allclose(told["protein"].max(), 0.45 * 30.0)  # the usual share


def test_the_filter_learns_the_person_and_its_surprises_are_of_unit_size(wearer, tracked):
    mean, covariance = tracked.person()
    from vitruvian.kinds.metabolic.residual.tracking import FOLLOWED

    gb = FOLLOWED.index("Gb")
    assert abs(mean[gb] - 1.0) < 3.0 * np.sqrt(covariance[gb, gb])
    assert covariance[gb, gb] < 0.5
    later = tracked.surprise[288:]
    assert 0.4 < np.std(later) < 1.6
    assert np.abs(np.corrcoef(later[1:], later[:-1])[0, 1]) < 0.5


def test_the_mechanism_forecasts_better_than_persistence(wearer, tracked):
    told = Told.of(wearer, tracked)
    for lead in (1800.0, 3600.0, 7200.0):
        at = origins(wearer, lead)
        at = at[at > 288]
        truth = wearer.trace.target(wearer.times[at], lead)
        mine, still = told.mechanism(lead)[at] - truth, wearer.values[at] - truth
        assert np.sqrt(np.mean(mine**2)) < 0.8 * np.sqrt(np.mean(still**2))


@pytest.mark.parametrize("lead", [1800.0, 3600.0, 7200.0])
def test_no_column_and_no_forecast_sees_the_future(wearer, tracked, lead):
    """Law: without any later reading, or meal beyond the lead, the columns at an origin are the same."""
    cut = 506  # 43 min before a dinner: known at one lead, not at another
    until = wearer.times[cut] + lead
    case = dataclasses.replace(wearer.case, timeline=tuple(m for m in wearer.case.timeline if m.at <= until))
    part = Wearer("part", case, wearer.times[: cut + 1], wearer.values[: cut + 1])
    short = Told.of(part, follow([(case, part.times, part.values)], [PopulationPrior()])[0])
    (names, x), (again, y) = (told.columns(np.array([cut]), lead) for told in (Told.of(wearer, tracked), short))
    assert names == again
    np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(tracked.s[cut], short.tracked.s[-1], rtol=1e-7, atol=1e-9)


@pytest.fixture(scope="module")
def twin(wearer):
    """The twin at noon of the third day, just before its lunch."""
    now = 2 * DAY + 12.2 * HOUR
    case = dataclasses.replace(wearer.case, timeline=tuple(m for m in MEALS if m.at < now))
    keep = wearer.times <= now
    record = Record.of("glucose", wearer.times[keep], wearer.values[keep], sensor="dexcom")
    return calibrate(Twin(KIND, case, record), known_at=now, seed=1, members=60)


def test_a_learned_forecast_has_the_learned_margins_and_says_from_whom(twin):
    at = twin.believed().at
    told = KIND.margins("glucose", twin.case, twin.record, at)
    answer = forecast(twin, Request({"glucose": told.times}), learned=True)
    for q in (0.05, 0.5, 0.95):
        level = int(np.argmin(np.abs(told.levels - q)))
        np.testing.assert_allclose(answer["glucose"].quantile(q), told.values[level], rtol=0.06)
    assert any("CGMacros" in w and KIND.correction.digest[:12] in w for w in answer.warnings)
    assert np.all(np.diff(told.values, axis=0) >= 0)


def test_the_correction_changes_no_difference_between_options(twin):
    at = twin.believed().at
    options = {
        "lunch": [Meal(at=at + 900.0, carbohydrate=70.0)],
        "half": [Meal(at=at + 900.0, carbohydrate=35.0, protein=31.5, fat=28.0, fibre=5.6)],
        "lunch and walk": [Meal(at=at + 900.0, carbohydrate=70.0), Exercise(at=at + 1800.0, mets=3.5, duration=30.0)],
    }
    request = Request({"glucose": at + np.arange(1.0, 25.0) * 600.0, "mean_glucose": np.array([[at, at + 3 * HOUR]])})
    plain, learned = (compare(twin, options, request, seed=3, against="lunch", learned=f) for f in (False, True))
    for name in ("half", "lunch and walk"):
        assert (learned.difference(name, "mean_glucose").values < 0).all()
        difference = learned.difference(name, "glucose").values
        np.testing.assert_allclose(difference, plain.difference(name, "glucose").values, atol=0.1)  # another time mesh
        assert (difference[:, :9] <= 1e-6).all()  # later, what was lower may swing back


def test_bands_widen_for_whom_forecasts_missed_by_more_and_by_nothing_still_to_come(wearer, tracked):
    told, ahead = Told.of(wearer, tracked), shipped().aheads[1]
    at, when = np.array([300, 700]), wearer.times[11:]
    lost = np.where(when < wearer.times[300] - ahead.lead, 3.0, 1.0)  # g was three times too small at first
    early, late = ahead.own(lost, when, wearer.times[at], 300.0)
    assert 1.3 < late < early < 3.0
    later = np.where(when + ahead.lead > wearer.times[300], 50.0, lost)
    assert ahead.own(later, when, wearer.times[at], 300.0)[0] == early
    np.testing.assert_allclose(ahead.own(np.ones(len(when)), when, wearer.times[at], 300.0), 1.0)
    alone, beside = ahead.said(told, at[:1]), ahead.said(told, at)
    np.testing.assert_allclose([alone[0][0], alone[1][0]], [beside[0][0], beside[1][0]])


def test_it_says_nothing_of_people_and_sensors_unlike_those_it_saw(twin):
    at, weights = twin.believed().at, shipped()
    assert margins(weights, twin.case, twin.record, at) is not None
    typed = dataclasses.replace(twin.case, subject=dataclasses.replace(PERSON, diabetes="type1"))
    dosed = twin.case.plus(Insulin(at=at - HOUR, units=4.0))
    slow = twin.record.where(np.arange(len(twin.record)) % 3 == 0)
    assert margins(weights, typed, twin.record, at) is None
    assert margins(weights, dosed, twin.record, at) is None
    assert margins(weights, twin.case, slow, at) is None
    assert margins(weights, twin.case, twin.record, at + HOUR) is None  # stale
    assert KIND.margins("blood_glucose", twin.case, twin.record, at) is None


def test_weights_that_were_touched_are_refused():
    data = shipped().to_bytes()
    assert Correction.from_bytes(data, "here").digest == shipped().digest
    other = dataclasses.replace(shipped(), source="elsewhere")
    changed = dataclasses.replace(other.aheads[0], errors=other.aheads[0].errors + 1.0)
    forged = dataclasses.replace(other, aheads=(changed, *other.aheads[1:]))
    assert forged.digest != other.digest
    assert len(data) < 1_000_000
    with pytest.raises(KindError, match="cannot be read"):
        Correction.from_bytes(data[:-2000], "here")
