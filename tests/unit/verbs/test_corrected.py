"""The learned correction: margins as learned, members' order kept, the same for every option, fading after its end."""

import numpy as np
import pytest

from vitruvian.core.errors import CapabilityError
from vitruvian.core.keys import generator
from vitruvian.core.kind import Margins
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import KIND as INFUSION
from vitruvian.verbs.corrected import Learned
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.population import believe_prior

HOUR = 3600.0
LEVELS = np.linspace(0.005, 0.995, 199)
WEIGHTS = np.full(200, 1 / 200)


def margins():
    """Normal with mean 150 and 180, sd 10 and 30, one and two hours ahead."""
    from scipy.special import ndtri

    z = ndtri(LEVELS)[:, None]
    return Margins(np.array([HOUR, 2 * HOUR]), LEVELS, np.array([150.0, 180.0]) + z * np.array([10.0, 30.0]), HOUR)


def raw(times):
    rng = generator(1, "corrected")
    return 120.0 + 15.0 * np.cumsum(rng.standard_normal((200, len(times))), axis=1)


def test_margins_become_those_learned_and_members_keep_their_order():
    asked = Request({"glucose": np.array([0.5, 1.5]) * HOUR})
    learned = Learned(0.0, {"glucose": margins()}, ())
    run = learned.with_times(asked)
    np.testing.assert_allclose(run.times("glucose") / HOUR, [0.5, 1.0, 1.5, 2.0])
    before = raw(run.times("glucose"))
    after = before + learned.added(run, {"glucose": before}, WEIGHTS)["glucose"]
    np.testing.assert_allclose(after[:, [1, 3]].mean(axis=0), [150.0, 180.0], atol=1.0)
    np.testing.assert_allclose(after[:, [1, 3]].std(axis=0), [10.0, 30.0], rtol=0.05)
    for k in (1, 3):
        np.testing.assert_array_equal(np.argsort(after[:, k]), np.argsort(before[:, k]))


def test_what_else_is_asked_changes_nothing():
    learned = Learned(0.0, {"glucose": margins()}, ())
    few = learned.with_times(Request({"glucose": np.array([HOUR])}))
    many = learned.with_times(Request({"glucose": np.arange(1.0, 9.0) * 0.5 * HOUR}))
    path = raw(many.times("glucose"))
    shared = np.isin(many.times("glucose"), few.times("glucose"))
    all_added = learned.added(many, {"glucose": path}, WEIGHTS)["glucose"]
    some_added = learned.added(few, {"glucose": path[:, shared]}, WEIGHTS)["glucose"]
    np.testing.assert_allclose(all_added[:, shared], some_added)


def test_it_begins_at_nothing_and_fades_after_its_last_time():
    learned = Learned(0.0, {"glucose": margins()}, ())
    run = learned.with_times(Request({"glucose": np.array([0.0, 2.0, 3.0, 8.0]) * HOUR}))
    times, path = run.times("glucose"), raw(run.times("glucose"))
    added = learned.added(run, {"glucose": path}, WEIGHTS)["glucose"]
    at = {t: added[:, np.searchsorted(times, t * HOUR)] for t in (0.0, 2.0, 3.0, 8.0)}
    np.testing.assert_array_equal(at[0.0], 0.0)
    np.testing.assert_allclose(at[3.0], at[2.0] / np.e)
    assert np.abs(at[8.0]).max() < 0.01 * np.abs(at[2.0]).max()


def test_a_kind_that_learned_nothing_says_so():
    example = INFUSION.example()
    twin = believe_prior(Twin(INFUSION, example.case), example.t1, members=4)
    name = INFUSION.observables[0].name
    with pytest.raises(CapabilityError, match="has learned no correction"):
        forecast(twin, Request({name: np.array([example.t1 + HOUR])}), learned=True)
