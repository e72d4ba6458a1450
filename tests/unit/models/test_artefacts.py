"""Compression lows: what shape is a candidate, what is only known later, and how far a reading is doubted."""

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.forcing import Schedule
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic import KIND, Insulin, Person
from vitruvian.models.glycaemia import Trace, artefacts
from vitruvian.models.glycaemia.artefacts import DOUBT, DOUBT_OPEN, doubted, doubts
from vitruvian.models.glycaemia.sections import doubtful

HOUR, MINUTE = 3600.0, 60.0
TIMES = np.arange(0.0, 12 * HOUR, 300.0)  # midnight to noon


def night(start_h, depth, minutes, fall=10.0, step=300.0, level=115.0):
    """Steady glucose and one low: down within `fall` min, `minutes` long, back as fast."""
    t = np.arange(0.0, 12 * HOUR, step)
    since = (t - start_h * HOUR) / MINUTE
    shape = np.clip(np.minimum(since / fall, (minutes - since) / fall), 0.0, 1.0)
    return Trace.of(t, np.round(level + 2 * np.sin(t / 2500) - depth * shape))


def test_a_sharp_low_at_night_that_recovers_at_once_is_a_candidate():
    (low,) = artefacts(night(3.0, 45.0, 50.0)).found
    assert low.closed
    assert low.start == pytest.approx(3 * HOUR, abs=6 * MINUTE)
    assert low.end == pytest.approx(3 * HOUR + 50 * MINUTE, abs=11 * MINUTE)
    assert low.depth == pytest.approx(45.0, abs=4.0)


@pytest.mark.parametrize(
    "trace",
    [
        night(10.0, 45.0, 50.0),  # by day
        night(3.0, 45.0, 200.0),  # lasts
        night(3.0, 45.0, 120.0, fall=60.0),  # slow down, slow back
        night(3.0, 12.0, 50.0),  # shallow
    ],
)
def test_other_lows_are_none(trace):
    assert artefacts(trace).found == ()


def test_a_fall_that_began_in_a_steep_rise_is_none():
    trace = night(3.0, 45.0, 50.0)
    rising = trace.values + np.clip((trace.times - 2.4 * HOUR) / MINUTE, 0, 36) * 2.5
    assert artefacts(Trace.of(trace.times, rising)).found == ()


def test_an_open_low_is_doubted_for_three_quarters_of_an_hour_and_no_longer():
    whole = night(3.0, 45.0, 300.0)
    for minutes, expected in ((20, True), (40, True), (60, False)):
        known = whole.times <= 3 * HOUR + minutes * MINUTE
        found = artefacts(Trace.of(whole.times[known], whole.values[known])).found
        assert bool(found) is expected, minutes
        assert all(not low.closed for low in found)


def test_a_reading_is_doubted_by_how_far_it_lies_below_the_line():
    trace = night(3.0, 45.0, 50.0)
    sd = doubts(trace.times, trace.values, trace.civil, trace.step)
    deepest = int(np.argmin(trace.values))
    assert sd[deepest] == pytest.approx(DOUBT * 45.0, rel=0.15)
    open_ = trace.times <= 3 * HOUR + 25 * MINUTE
    still = doubts(trace.times[open_], trace.values[open_], trace.civil[open_], trace.step)
    assert still.max() == pytest.approx(DOUBT_OPEN * 45.0, rel=0.15)
    assert (sd[trace.times < 3 * HOUR - 600] == 0).all()
    assert (sd[trace.times > 4 * HOUR] == 0).all()


def test_a_slow_sensor_s_low_is_seen():
    assert len(artefacts(night(3.0, 50.0, 60.0, step=900.0)).found) == 1


def test_the_local_clock_decides_what_is_night():
    trace = night(3.0, 45.0, 50.0)
    record = Record.of("glucose", trace.times, trace.values, sensor="dexcom")
    here, there = (doubted(record, Schedule(np.zeros(0), np.zeros(0), shift), 2.0) for shift in (0.0, 9 * HOUR))
    assert np.isfinite(here.sd).sum() > 5
    assert there is record
    np.testing.assert_array_equal(here.value, record.value)


def test_nothing_is_doubted_while_rapid_insulin_acts():
    trace = night(3.0, 45.0, 50.0)
    record = Record.of("glucose", trace.times, trace.values, sensor="dexcom")
    for doses, expected in (((), True), ((Insulin(at=2 * HOUR, units=4.0),), False)):
        case = Case(Person(), doses)
        known = KIND.trusted(record, KIND.compile(case, record, 0.0, 12 * HOUR, np.inf))
        assert (known is not record) is expected


def test_a_report_shows_candidates_apart_and_a_picture():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    (section,) = doubtful(night(3.0, 45.0, 50.0))
    assert section.rows[0][0].startswith("day 1, 03:")
    assert section.draw is not None
    assert section.draw(None).get_xlabel() == "min since the fall began"
    assert doubtful(night(10.0, 45.0, 50.0)) == ()
    import matplotlib.pyplot as plt

    plt.close("all")
