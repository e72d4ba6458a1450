"""Durations, moments and fields as people write them."""

from datetime import UTC, datetime

import pytest

from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError, UnitError
from vitruvian.kinds.infusion import Bolus, Person
from vitruvian.platform import asking, duration, fieldtext, when

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("60m", 3600), ("1h30m", 5400), ("3 hours", 10800), ("1.5d", 129600), ("2w", 1209600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration.seconds(text) == seconds
    assert duration.seconds(duration.said(seconds)) == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize("text", ["", "60", "h", "3 fortnights", "-3h", "1h-30m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(FieldError, match="write it like 45m"):
        duration.seconds(text)


def test_local_times_meet_the_clock_changes() -> None:
    assert when.moment("2026-07-01T12:00", BERLIN).astimezone(UTC).hour == 10
    assert when.moment("2026-01-01T12:00", BERLIN).astimezone(UTC).hour == 11
    with pytest.raises(FieldError, match="does not exist"):
        when.moment("2026-03-29T02:30", BERLIN)
    with pytest.raises(FieldError, match="there twice"):
        when.moment("2026-10-25T02:30", BERLIN)
    assert when.moment("2026-10-25T02:30+01:00", BERLIN).astimezone(UTC).hour == 1


def test_relative_times_count_real_hours() -> None:
    origin = Origin(datetime(2026, 3, 28, 23, tzinfo=UTC), BERLIN)  # midnight before the clocks go forward
    assert when.at("+3h", origin, 0.0) == 10800.0
    assert when.at("2026-03-29T03:00", origin, 0.0) == 7200.0  # the hour from two to three is not there


@pytest.mark.parametrize("said", [300, 300.0, "300", "300 mg", "0.3 g", "3e5 ug"])
def test_an_amount_with_or_without_unit(said: object) -> None:
    assert fieldtext.build(Bolus, {"at": 0.0, "dose": said}).dose == pytest.approx(300.0)


def test_a_field_says_where_it_was_written() -> None:
    with pytest.raises(FieldError, match=r"plan.yaml, line 3.*'mg/h' to 'mg'.*give it in mg"):
        fieldtext.build(Bolus, {"at": 0.0, "dose": "3 mg/h"}, lambda name: "plan.yaml, line 3")
    with pytest.raises(FieldError, match="must be a number in kg"):
        fieldtext.build(Person, {"weight": "heavy"})
    with pytest.raises((FieldError, UnitError), match="stone"):
        fieldtext.build(Person, {"weight": "12 stone"})


@pytest.mark.parametrize("hours", [0.01, 0.5, 3, 6, 24, 1000, 8784])
def test_a_horizon_is_covered_evenly_by_few_points(hours: float) -> None:
    times = asking.times(7.0, hours * 3600.0)
    assert times[0] == 7.0
    assert times[-1] == pytest.approx(7.0 + hours * 3600.0)
    assert len(times) <= asking.POINTS + 1
    assert (times[1:] > times[:-1]).all()
