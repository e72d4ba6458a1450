"""Features see the past and nothing else; each is what its name says."""

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import KindError, RecordError
from vitruvian.core.fields import field_
from vitruvian.core.record import Record
from vitruvian.engines.table import (
    HOUR,
    Count,
    FollowUp,
    Given,
    Last,
    Mean,
    Missing,
    Since,
    Slope,
    features,
    landmark_table,
    names,
    view,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Someone(Subject):
    """A subject with a number."""

    age: float = field_("a", 0, 120, default=50.0)


CASE = Case(Someone(age=70.0))
ALL = (*(f("pulse", 6 * HOUR) for f in (Last, Mean, Slope, Since, Count, Missing)), Given("age"))


def row(record: Record, at: float) -> np.ndarray:
    return features(ALL, view(CASE, record), np.array([at]))[0]


def test_each_feature_is_what_its_name_says() -> None:
    hours, values = np.array([-9.0, 1.0, 2.0, 4.0]), np.array([150.0, 80.0, 84.0, 86.0])
    last, mean, slope, since, count, missing, age = row(Record.of("pulse", hours * HOUR, values), 5 * HOUR)
    assert (last, mean, since, count, missing, age) == (86.0, pytest.approx(250 / 3), 1.0, 3.0, 0.0, 70.0)
    t = hours[1:] - hours[1:].mean()
    assert slope == pytest.approx(np.polyfit(hours[1:], values[1:], 1)[0] * (t @ t) / (t @ t + 1.0), rel=1e-12)


def test_what_is_missing_says_so() -> None:
    last, mean, slope, since, count, missing, _ = row(Record.empty(), 0.0)
    assert np.isnan([last, mean, slope]).all()
    assert (since, count, missing) == (6.0, 0.0, 1.0)
    lone = row(Record.of("pulse", np.array([0.0]), np.array([80.0])), HOUR)
    assert np.isnan(lone[2])
    assert lone[5] == 0.0


def test_a_late_or_corrected_reading_counts_from_when_it_was_known() -> None:
    late = Record.of("pulse", np.array([HOUR]), np.array([90.0]), known_at=np.array([3 * HOUR]), id=np.array(["a"]))
    fixed = Record.of("pulse", np.array([HOUR]), np.array([70.0]), known_at=np.array([4 * HOUR]), id=np.array(["a"]))
    gone = Record.of(
        "pulse",
        np.array([HOUR]),
        np.array([0.0]),
        known_at=np.array([5 * HOUR]),
        id=np.array(["a"]),
        removed=np.array([True]),
    )
    record = Record.join([late, fixed, gone])
    seen = [row(record, h * HOUR)[0] for h in (2.9, 3.0, 3.9, 4.0, 4.9)]
    np.testing.assert_array_equal(seen, [np.nan, 90.0, 90.0, 70.0, 70.0])
    assert row(record, 5 * HOUR)[5] == 1.0


rows = st.lists(
    st.tuples(
        st.integers(0, 20),  # valid, quarter hours
        st.integers(0, 12),  # known how much later
        st.integers(40, 180),
        st.integers(0, 6),  # id: few, so that versions meet
        st.booleans(),
    ),
    max_size=25,
)


@given(rows, st.integers(0, 30))
def test_no_feature_sees_the_future(drawn: list[tuple[int, int, int, int, bool]], quarter: int) -> None:
    """Cutting the record at the landmark, by what was known and by what had happened, changes no bit."""
    valid, later, value, number, removed = (
        (np.array(c, dtype=float) for c in zip(*drawn, strict=True)) if drawn else (np.zeros(0),) * 5
    )
    known = (valid + later) * HOUR / 4
    # one version of a reading at a time: two known at once would have no order
    known += np.arange(len(known)) * 1e-3
    ids = np.array([f"r{int(i)}" for i in number], dtype=object)
    record = Record.of("pulse", valid * HOUR / 4, value, known_at=known, id=ids, removed=removed.astype(bool))
    at = quarter * HOUR / 4
    cut = record.where(record.known_at <= at)
    cut = cut.where((cut.valid_time <= at) | np.isin(cut.id, cut.id[cut.valid_time <= at]))
    np.testing.assert_array_equal(row(record, at), row(cut, at))
    np.testing.assert_array_equal(row(record.until(at).between(-np.inf, at), at), row(record, at))


def test_a_table_row_is_the_row_of_the_truncated_record() -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 24, 40)) * HOUR
    pulse = Record.of("pulse", times, rng.normal(80, 10, 40), known_at=times + rng.exponential(0.5 * HOUR, 40))
    fall = Record.of("fall", np.array([17.5]) * HOUR, np.array([1.0]))
    patient = FollowUp("a", CASE, Record.join([pulse, fall]), 0.0, 24 * HOUR)
    table = landmark_table([patient], ALL, "fall", every=HOUR, within=2 * HOUR, source="drawn")
    np.testing.assert_array_equal(table.at, np.arange(18) * HOUR)  # at risk until the fall
    np.testing.assert_array_equal(table.y, (np.arange(18) > 15).astype(float) * (np.arange(18) < 18))
    for at, x in zip(table.at, table.x, strict=True):
        np.testing.assert_array_equal(x, row(patient.record.until(at).between(-np.inf, at), at))


def test_a_landmark_with_unknown_outcome_is_left_out() -> None:
    patient = FollowUp("a", CASE, Record.empty(), 0.0, 5.5 * HOUR)
    table = landmark_table([patient], ALL, "fall", every=HOUR, within=2 * HOUR, source="drawn")
    np.testing.assert_array_equal(table.at, np.arange(4) * HOUR)
    with pytest.raises(RecordError, match="no landmark"):
        landmark_table([patient], ALL, "fall", every=HOUR, within=6 * HOUR, source="drawn")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(KindError, match="one name"):
        names((Last("pulse"), Last("pulse", HOUR)))
