"""Error grids and the alarm, on cases whose answer is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from vitruvian.core.case import Origin
from vitruvian.core.errors import RecordError
from vitruvian.core.record import Record
from vitruvian.models.glycaemia import (
    Alarm,
    Trace,
    Watched,
    chosen,
    error_grid,
    lows,
    metrics,
    profile,
    score,
    trade_off,
)
from vitruvian.models.glycaemia.alarm import AlarmScore
from vitruvian.models.glycaemia.ranges import RANGES

MINUTE, DAY = 60.0, 86400.0

# (reference, reading): zones on Clarke, Parkes 1, Parkes 2, worked out by hand from the published lines
POINTS = [
    ((100, 100), "AAA"),
    ((100, 119), "AAA"),
    ((60, 65), "AAA"),
    ((100, 130), "BBA"),
    ((200, 120), "BBB"),
    ((160, 280), "CBB"),
    ((100, 250), "CCC"),
    ((150, 20), "CCC"),
    ((300, 100), "DCC"),
    ((60, 150), "DCC"),
    ((400, 80), "DDD"),
    ((40, 300), "EED"),
    ((300, 40), "EDD"),
    ((600, 600), "AAA"),
]


@pytest.mark.parametrize("column", range(3))
def test_zones(column: int) -> None:
    grid = ("clarke", "parkes1", "parkes2")[column]
    x, y = (np.array(v, dtype=float) for v in zip(*(p for p, _ in POINTS), strict=True))
    assert "".join(error_grid(x, y, grid).zones) == "".join(z[column] for _, z in POINTS)


@pytest.mark.parametrize("grid", ["parkes1", "parkes2"])
def test_parkes_zones_only_worsen_away_from_the_diagonal(grid: str) -> None:
    for x in (45.0, 90.0, 180.0, 320.0):
        for y in (np.linspace(x, 540, 200), np.linspace(x, 1, 200)):
            zones = error_grid(np.full(200, x), y, grid).zones
            assert (np.diff(np.searchsorted(list("ABCDE"), zones)) >= 0).all()


def test_a_grid_names_what_is_wrong() -> None:
    with pytest.raises(RecordError, match="use clarke"):
        error_grid(np.ones(2), np.ones(2), "surveillance")
    with pytest.raises(RecordError, match="leave missing pairs out"):
        error_grid(np.array([100.0, np.nan]), np.array([100.0, 90.0]))


def record(lowest: list[tuple[int, int]]) -> Trace:
    """A day at 110 mg/dL with lows of 60 at steps [a, b)."""
    g = np.full(288, 110.0)
    for a, b in lowest:
        g[a:b] = 60.0
    return Trace.of(300.0 * np.arange(1, 289), g)


def test_an_alarm_persists_and_then_keeps_silent() -> None:
    times = 300.0 * np.arange(10)
    p = np.array([0.0, 0.6, 0.1, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9])
    assert Alarm(0.5, persistence=2, refractory=1500.0).raised(times, p).tolist() == [1200.0, 2700.0]
    assert Alarm(0.95).raised(times, p).tolist() == []


def test_score_counts_caught_missed_false_and_lead() -> None:
    truth = lows(record([(60, 66), (120, 126), (200, 206)]))
    start = truth.starts
    # in time, too early (false), during a low (not counted), far from any (false)
    alarms = np.array([start[0] - 20 * MINUTE, start[1] - 45 * MINUTE, start[2] + 5 * MINUTE, 80000.0])
    found = score(alarms, truth)
    assert (found.events, found.caught, found.alarms, found.false) == (3, 1, 3, 2)
    assert found.lead == 20
    assert found.false_per_day == pytest.approx(2.0)
    assert AlarmScore.join([found, found]).recall == pytest.approx(1 / 3)


def test_the_threshold_is_chosen_under_the_limit_of_false_alarms() -> None:
    truth = lows(record([(60, 66), (120, 126)]))
    times = 300.0 * np.arange(1, 289)
    p = np.zeros(288)
    p[56], p[116], p[[20, 180, 230]] = 0.9, 0.4, 0.3  # the two lows are announced, three times it is wrong
    curve = trade_off([Watched(times, p, truth)], np.array([0.2, 0.35, 0.8]))
    alarm, found = chosen(curve)
    assert alarm.threshold == 0.35
    assert (found.recall, found.false) == (1.0, 0)


def test_ranges_part_all_readings() -> None:
    g = np.concatenate([np.arange(40, 401.0), [53.499, 53.501, 69.999, 180.001, 250.001]])
    assert (sum(r.holds(g).astype(int) for r in RANGES.values()) == 1).all()


def test_millimoles_fall_into_the_range_that_the_consensus_gives_them() -> None:
    g = np.array([2.9, 3.0, 3.8, 3.9, 10.0, 10.1, 13.9, 14.0]) * 18.0156
    names = ["very_low", "low", "low", "in_range", "in_range", "high", "high", "very_high"]
    assert [n for x in g for n, r in RANGES.items() if r.holds(np.array([x]))[0]] == names


def test_a_record_becomes_a_trace_in_local_time() -> None:
    origin = Origin(datetime(2026, 3, 27, 23, tzinfo=UTC), "Europe/Berlin")  # local midnight, clocks change on the 29th
    t = np.arange(0, 3 * DAY, 900.0)
    trace = Trace.of_record(Record.of("glucose", t, np.full(len(t), 120.0), sensor="libre"), origin)
    assert trace.sensor == "libre"
    assert trace.step == 900.0
    assert trace.civil[0] == 0.0
    assert trace.civil[-1] - trace.times[-1] == 3600.0
    assert trace.days == 4  # the last hour belongs to the fourth day by the clock


def test_results_are_plain_json_and_draw_themselves() -> None:
    import json

    import matplotlib as mpl

    mpl.use("Agg")
    trace = record([(60, 66), (120, 126)])
    pairs = error_grid(np.array([100.0, 60.0]), np.array([110.0, 190.0]), "clarke")
    alarm = score(np.array([300.0 * 55]), lows(trace))
    for answer in (metrics(trace), profile(trace), pairs, alarm):
        json.dumps(answer.to_json(), allow_nan=False)
        assert answer.plot() is not None
    import matplotlib.pyplot as plt

    plt.close("all")
