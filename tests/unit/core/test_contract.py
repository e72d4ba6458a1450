"""The contract's small parts: fields, priors, cases and clocks, records and versions, latents, reducers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case, Origin, Series, Subject
from vitruvian.core.errors import FieldError, KindError, RecordError
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Forcing, Schedule, bucket
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents, slot_name
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Fixed, Gamma, LogitNormal, LogNormal, Normal, Uniform
from vitruvian.core.quantity import AreaAbove, FractionWithin, Maximum, Mean, Minimum
from vitruvian.core.record import Record
from vitruvian.kinds.infusion import KIND, Bolus, Infuse
from vitruvian.verbs.forecast import fold

PRIORS = {
    "normal": (Normal(2.0, 3.0), stats.norm(2.0, 3.0)),
    "lognormal": (LogNormal(0.5, 0.4), stats.lognorm(0.4, scale=np.exp(0.5))),
    "uniform": (Uniform(-1.0, 4.0), stats.uniform(-1.0, 5.0)),
    "gamma": (Gamma(3.3, 5e-4), stats.gamma(3.3, scale=5e-4)),
}


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_maps_standard_normals_to_its_distribution(name: str):
    prior, exact = PRIORS[name]
    z = np.linspace(-4, 4, 81)
    assert np.allclose(exact.cdf(prior.value(z)), stats.norm.cdf(z), atol=2e-6)


@pytest.mark.parametrize("prior", [*(p for p, _ in PRIORS.values()), LogitNormal.around(0.0, 60.0, 10.0, 1.0)])
def test_a_priors_inverse_is_its_inverse(prior):
    for z in (-2.0, 0.0, 1.3):
        assert prior.z(float(prior.value(np.array(z)))) == pytest.approx(z, abs=1e-5)


def test_a_fixed_value_does_not_move():
    assert np.array_equal(Fixed(3.0).value(np.array([-2.0, 5.0])), [3.0, 3.0])


def test_a_parameter_without_a_source_is_refused():
    with pytest.raises(KindError, match="no source"):
        Parameter("k", "/min", Normal(0, 1), " ", "rate")


def test_fields_say_type_field_bounds_and_unit():
    with pytest.raises(FieldError, match=r"Infuse.rate: must be between 0 and 100 mg/h \(got 1000\)"):
        Infuse(at=0.0, rate=1000.0, duration=1.0)
    with pytest.raises(FieldError, match="must be a number in mg"):
        Bolus(at=0.0, dose="300")  # pyright: ignore[reportArgumentType]
    with pytest.raises(FieldError, match="unknown field dosis"):
        Bolus.from_json({"at": 0.0, "dosis": 3.0})
    with pytest.raises(FieldError, match="missing field dose"):
        Bolus.from_json({"at": 0.0})


@given(st.floats(0, 100), st.floats(0, 72), st.floats(0, 1e8))
def test_actions_round_trip_through_json_and_their_schema(rate: float, duration: float, at: float):
    action = Infuse(at=at, rate=rate, duration=duration)
    jsonschema.validate(action.to_json(), Infuse.json_schema())
    assert Infuse.from_json(action.to_json()) == action


def test_the_schema_refuses_what_the_type_refuses():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "Bolus", "at": 0.0, "known_at": None, "dose": -1.0}, Bolus.json_schema())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice(Subject):
    """A subject with a choice."""

    kind: str = field_(choices=("one", "two"), meaning="which")


def test_a_choice_is_one_of_its_choices():
    assert Choice.json_schema()["properties"]["kind"]["enum"] == ["one", "two"]
    with pytest.raises(FieldError, match="must be one of one, two"):
        Choice(kind="three")


BERLIN = Origin(datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "Europe/Berlin")  # local midnight of 29 March


def test_the_clock_jumps_at_daylight_saving_while_core_time_does_not():
    assert BERLIN.clock(0.0) == 0.0
    assert BERLIN.clock(3600.0) == 3600.0
    assert BERLIN.clock(2 * 3600.0) == 3 * 3600.0  # 02:00 does not exist that night
    assert BERLIN.seconds(datetime(2026, 3, 29, 12, 0)) == 11 * 3600.0  # noqa: DTZ001 - local by contract


def test_an_origin_without_a_zone_is_refused():
    with pytest.raises(FieldError, match="no time zone"):
        Origin(datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_a_case_keeps_its_actions_sorted_and_knows_what_was_known():
    a, b = Bolus(at=5.0, dose=1.0), Bolus(at=2.0, dose=2.0, known_at=9.0)
    case = KIND.example().case.without(*KIND.example().case.timeline).plus(a, b)
    assert case.timeline == (b, a)
    assert case.until(5.0).timeline == (a,)
    assert case.without(a).timeline == (b,)
    assert case.actions(Bolus, t0=3.0) == (a,)


def test_a_series_holds_its_last_value():
    s = Series(np.array([1.0, 3.0]), np.array([10.0, 20.0]), "/min")
    assert np.allclose(s.at(np.array([0.0, 1.0, 2.9, 3.0]), default=0.0), [0, 10, 10, 20])
    assert len(Case(KIND.subject(), series={"hr": s}).until(1.0).series["hr"].times) == 1


def test_a_record_keeps_the_newest_version_known():
    t = np.zeros(3)
    r = Record.of("x", t, [1.0, 2.0, 2.0], known_at=np.array([0.0, 5.0, 9.0]), id=np.array(["a"] * 3, dtype=object),
                  removed=np.array([False, False, True]))  # fmt: skip
    assert r.until(0.0).value.tolist() == [1.0]
    assert r.until(5.0).value.tolist() == [2.0]
    assert len(r.until(9.0)) == 0


@settings(max_examples=50)
@given(st.permutations(range(6)))
def test_a_record_does_not_know_the_order_of_arrival(order: list[int]):
    t, v = np.array([0.0, 0.0, 1.0, 2.0, 2.0, 3.0]), np.arange(6.0)
    ids = np.array([f"r{k}" for k in range(6)], dtype=object)
    whole = Record.of("x", t, v, id=ids)
    parts = [Record.of("x", t[[k]], v[[k]], id=ids[[k]]) for k in order]
    assert Record.join(parts).digest() == whole.digest()


def test_a_record_refuses_what_is_not_a_number():
    with pytest.raises(RecordError, match="finite"):
        Record.of("x", np.array([0.0]), np.array([np.nan]))
    with pytest.raises(RecordError, match="column 'value' has 2 rows"):
        Record.of("x", np.array([0.0]), np.array([1.0, 2.0]))


def test_keys_are_names_not_order_and_members_do_not_know_their_number():
    assert np.array_equal(member_seeds(1, 3), member_seeds(1, 9)[:3])
    assert generator(1, "a", "bc").random() != generator(1, "ab", "c").random()
    assert generator(1, "a").random() == generator(1, "a").random()


MEAL = (
    Parameter("k", "/min", LogNormal(0, 1), "assumed", "rate"),
    Parameter("delay", "min", Uniform(0, 60), "assumed", "delay", dims=("meal",)),
)


def test_slots_keep_their_latents_and_new_ones_draw_their_own():
    first = Latents.of(MEAL, Forcing(0, 1, slots={"meal": (10.0, 20.0)}, capacity={"meal": 8}))
    assert first.names == ("k", "delay@10.0", "delay@20.0")
    assert first.width == 9
    z = np.arange(6.0).reshape(2, 3)
    later = Latents.of(MEAL, Forcing(0, 1, slots={"meal": (20.0, 30.0)}, capacity={"meal": 8}))
    carried = later.carry(first.names, z, seed=4)
    assert np.array_equal(carried[:, 0], z[:, 0])
    assert np.array_equal(carried[:, 1], z[:, 2])
    assert np.array_equal(carried[:, 2], generator(4, "slot", slot_name("delay", 30.0)).standard_normal(2))
    assert np.array_equal(carried[:, 3:], np.zeros((2, 6)))
    assert later.theta(carried)["delay"].shape == (2, 8)


def test_a_bucket_grows_by_doubling():
    assert [bucket(n) for n in (0, 8, 9, 16, 17)] == [8, 8, 16, 16, 32]


def test_a_population_prior_speaks_for_the_latents_it_names():
    prior = PopulationPrior(("b", "c"), np.array([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 3.0]]))
    mean, cov = prior.moments(("a", "c", "b"))
    assert mean.tolist() == [0.0, 2.0, 1.0]
    assert cov.tolist() == [[1.0, 0.0, 0.0], [0.0, 3.0, 0.5], [0.0, 0.5, 2.0]]


def test_a_schedule_holds_from_its_time_on_that_time_included():
    s = Schedule(np.array([10.0, 20.0]), np.array([1.0, 2.0]), before=-1.0)
    assert s.at(np.array([9.999, 10.0, 19.9, 20.0])).tolist() == [-1.0, 1.0, 1.0, 2.0]


def test_reducers_are_the_integrals_of_a_straight_line():
    t = np.linspace(0.0, 10.0, 11)
    y = np.stack([t, 10.0 - 2.0 * t])
    assert np.allclose(fold(Mean(), t, y), [5.0, 0.0])
    assert np.allclose(fold(Minimum(), t, y), [0.0, -10.0])
    assert np.allclose(fold(Maximum(), t, y), [10.0, 10.0])
    assert np.allclose(fold(AreaAbove(0.0), t, y), [50.0, 25.0])
    assert np.allclose(fold(FractionWithin(4.0, np.inf), t, y), [0.65, 0.35])
