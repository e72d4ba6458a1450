"""assimilate: any order of arrival ends in the same belief; late, corrected and removed data rewind."""

import dataclasses
import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kinds_for_tests.linear_gaussian import STEP, LinearGaussian, Push, Thing, prior_belief
from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, InferenceError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.noise import Count, Discrepancy, Gaussian
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.assimilate import assimilate, assimilate_many, default_filter
from vitruvian.verbs.calibrate import calibrate

SEED = 20260106
KIND = LinearGaussian()
CASE = Case(Thing(), (Push(at=5 * STEP, amount=2.0), Push(at=12 * STEP, amount=-3.0)))
TIMES = np.array([2.0, 3.0, 6.0, 7.0, 7.0, 10.0, 15.0]) * STEP
SENSORS = np.array(["", "", "rough", "", "rough", "", ""], dtype=object)
VALUES = np.array([0.4, 0.9, 3.5, 3.0, 2.0, 1.0, -1.0])


def reading(k: int, *, value: float | None = None, known_at: float | None = None, removed: bool = False) -> Record:
    return Record.of(
        "x",
        TIMES[k : k + 1],
        np.array([VALUES[k] if value is None else value]),
        sensor=SENSORS[k : k + 1],
        known_at=None if known_at is None else np.array([known_at]),
        removed=np.array([removed]),
    )


ALL = Record.join([reading(k) for k in range(len(TIMES))])


def started(kind: AbstractKind = KIND, members: int = 20) -> Twin:
    assert isinstance(kind, LinearGaussian)
    return Twin(kind, CASE).having(prior_belief(kind, members, SEED))


def same(a: Belief, b: Belief) -> None:
    """Equal in every bit that matters to an answer."""
    assert a.names == b.names
    assert a.z.tobytes() == b.z.tobytes()
    assert a.weights.tobytes() == b.weights.tobytes()
    assert a.state is not None
    assert b.state is not None
    assert a.state.tree["x"].tobytes() == b.state.tree["x"].tobytes()
    assert {k: v.tobytes() for k, v in a.residual.items()} == {k: v.tobytes() for k, v in b.residual.items()}
    assert (a.at, a.rows, a.window, a.seen, dict(a.diagnostics)) == (
        b.at,
        b.rows,
        b.window,
        b.seen,
        dict(b.diagnostics),
    )


@pytest.mark.parametrize("method", ["enkf", "stochastic enkf", "particle"])
@given(order=st.permutations(range(len(TIMES))), cuts=st.lists(st.integers(1, len(TIMES) - 1), max_size=3))
@settings(max_examples=12)
def test_streaming_equals_batch_in_any_order(method: str, order: list[int], cuts: list[int]) -> None:
    batch = assimilate(started(), ALL, method=method).believed()
    twin = started()
    edges = [0, *sorted(set(cuts)), len(order)]
    for a, b in itertools.pairwise(edges):
        twin = assimilate(twin, Record.join([reading(k) for k in order[a:b]]), method=method)
    same(twin.believed(), batch)


@pytest.mark.parametrize("method", ["enkf", "particle"])
def test_corrections_and_removals_end_where_the_truth_would(method: str) -> None:
    """A wrong value corrected and a reading taken back, before or after later data: as if never wrong."""
    late = float(TIMES[-1])
    wrong, right = reading(2, value=30.0), reading(2, known_at=late)
    extra, gone = reading(1, value=-5.0), reading(1, known_at=late, removed=True)
    truth = Record.join([reading(k) for k in range(len(TIMES)) if k != 1])
    batch = assimilate(started(), truth, method=method).believed()
    rest = [reading(k) for k in (0, 3, 4, 5, 6)]
    for order in (
        [wrong, extra, *rest, right, gone],
        [right, gone, wrong, extra, *rest],
        [*rest, extra, wrong, gone, right],
    ):
        twin = started()
        for rows in order:
            twin = assimilate(twin, rows, method=method)
        same(twin.believed(), batch)


def test_an_action_logged_late_rewinds_too() -> None:
    forgotten = Push(at=8 * STEP, amount=4.0, known_at=float(TIMES[-1]))
    whole = dataclasses.replace(started(), case=CASE.plus(forgotten))
    batch = assimilate(whole, ALL).believed()
    twin = assimilate(started(), ALL)
    assert "strength@2400.0" not in twin.believed().names
    twin = assimilate(dataclasses.replace(twin, case=CASE.plus(forgotten)), Record.empty())
    same(twin.believed(), batch)
    assert "strength@2400.0" in twin.believed().names


def test_a_planned_action_does_not_touch_the_past() -> None:
    planned = dataclasses.replace(started(), case=CASE.plus(Push(at=100 * STEP, amount=9.0, known_at=0.0)))
    same(assimilate(planned, ALL).believed(), assimilate(started(), ALL).believed())


def test_nothing_new_changes_nothing_and_continues() -> None:
    once = assimilate(started(), ALL)
    again = assimilate(once, Record.empty())
    same(again.believed(), once.believed())
    doubled = assimilate(once, ALL)
    same(doubled.believed(), once.believed())


def test_a_filtered_belief_survives_the_store() -> None:
    half = assimilate(started(), ALL.between(0, 7 * STEP))
    kept = half.having(Belief.from_tree(half.believed().to_tree()))
    same(assimilate(kept, ALL).believed(), assimilate(started(), ALL).believed())


def test_discrepancy_and_correlated_sensor_error_stream_too() -> None:
    kind = LinearGaussian(
        (Gaussian("x", sd=0.2, sd_ar=0.3, tau=1800.0), Gaussian("x", "rough", sd=1.0)), Discrepancy(0.4, 3600.0)
    )
    batch = assimilate(started(kind), ALL).believed()
    assert set(batch.residual) == {"x", "x|"}
    twin = started(kind)
    for k in (6, 2, 0, 1, 5, 4, 3):
        twin = assimilate(twin, reading(k))
    same(twin.believed(), batch)


def test_many_twins_together_are_the_same_as_each_alone() -> None:
    twins = [started(), dataclasses.replace(started(), case=Case(Thing())), started(members=7)]
    news = [ALL, ALL.between(0, 7 * STEP), ALL]
    for alone, together in zip(
        [assimilate(t, n) for t, n in zip(twins, news, strict=True)], assimilate_many(twins, news), strict=True
    ):
        same(together.believed(), alone.believed())


def test_late_data_in_the_calibration_window_calibrate_again() -> None:
    """ES-MDA on the first half, then filtering; a reading of the first half comes last."""
    window = (0.0, 7 * STEP)
    first, later = ALL.between(*window), ALL.where(ALL.valid_time > window[1])
    late = ALL.where(np.arange(len(ALL)) == 1)
    punctual = calibrate(Twin(KIND, CASE, first), window=window, members=20)
    batch = assimilate(punctual, later).believed()
    without = Record.join([first.where(first.id != late.id[0])])
    twin = assimilate(calibrate(Twin(KIND, CASE, without), window=window, members=20), later)
    assert twin.believed().z.tobytes() != batch.z.tobytes()
    same(assimilate(twin, late).believed(), batch)


def test_other_size_and_seed() -> None:
    big = assimilate(started(), ALL, members=64, seed=9).believed()
    assert big.members == 64
    assert big.seed == 9
    assert big.start is not None
    assert big.start.members == 20


def test_what_cannot_be_filtered_is_said() -> None:
    with pytest.raises(BeliefError, match="no belief yet"):
        assimilate(Twin(KIND, CASE), ALL)
    with pytest.raises(InferenceError, match="use enkf, stochastic enkf, particle"):
        assimilate(started(), ALL, method="kalman")
    counting = LinearGaussian((Count("rate"),))
    assert default_filter(counting) == "particle"
    counts = Record.of("rate", TIMES[:3], np.array([1.0, 0.0, 3.0]))
    with pytest.raises(InferenceError, match="not Gaussian"):
        assimilate(started(counting), counts, method="enkf")
    assert assimilate(started(counting), counts).believed().method == "particle"


def test_spread_of_many_readings_is_not_trusted() -> None:
    """Few members, many readings: the belief says that its parameters are too sure."""
    times = np.arange(1, 120) * STEP
    many = assimilate(started(), Record.of("x", times, np.sin(times / 7200.0))).believed()
    assert any("recalibrate" in note for note in many.notes)
    assert not assimilate(started(members=200), ALL).believed().notes
