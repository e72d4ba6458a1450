"""Glucose metrics: iglu's outputs, closed forms, and what a bootstrap over days must do."""

from __future__ import annotations

import numpy as np
import pytest

from needs import require_data
from vitruvian.kinds.metabolic.evidence import iglu
from vitruvian.models.glycaemia import Trace, episodes, mage, metrics, profile
from vitruvian.models.glycaemia import variability as va
from vitruvian.models.glycaemia.trace import DAY, HOUR

pytestmark = pytest.mark.science
STEP = 300.0


def wave(days: float, *, mean: float = 130.0, height: float = 40.0, period: float = 6 * HOUR) -> Trace:
    """A sine of glucose from a nadir on: `height` from the mean to a peak."""
    t = np.arange(STEP, days * DAY, STEP)
    return Trace.of(t, mean - height * np.cos(2 * np.pi * t / period))


def test_equals_iglu() -> None:
    found = iglu.compared("met.iglu", require_data("cgm").parent, None, False, lambda _: None)
    assert found["met"], found["detail"]["largest"]
    assert found["n"] > 400


def test_mage_of_a_sine_is_its_full_height() -> None:
    found = mage(wave(4).grid)
    assert found.rise == pytest.approx(80.0, abs=0.2)
    assert found.fall == pytest.approx(80.0, abs=0.2)
    assert 20 <= len(found.rises) + len(found.falls) <= 34  # sixteen periods


def test_mage_ignores_what_is_below_the_sd() -> None:
    t = np.arange(STEP, 2 * DAY + 1, STEP)
    slow = 130 + 60 * np.sin(2 * np.pi * t / (12 * HOUR))
    ripple = 6 * np.sin(2 * np.pi * t / HOUR)
    assert mage(Trace.of(t, slow + ripple).grid).mean == pytest.approx(120, abs=14)


def test_differences_of_a_daily_rhythm_are_nothing() -> None:
    grid = wave(5, period=DAY).grid
    assert va.modd(grid) == pytest.approx(0, abs=1e-9)
    assert va.conga(grid, 24) == pytest.approx(0, abs=1e-9)
    # G(t + 12 h) - G(t) of a sine of one day is twice the sine
    assert va.conga(grid, 12) == pytest.approx(2 * 40 / np.sqrt(2), rel=0.01)


def test_mean_absolute_change_of_a_sine() -> None:
    # four heights a period of 6 h
    assert va.mag(wave(3).grid) == pytest.approx(4 * 40 / 6, rel=0.01)


@pytest.mark.parametrize(
    ("minutes", "name", "count"),
    [(10, "low level 1", 0), (15, "low level 1", 1), (30, "low level 2", 1), (125, "low extended", 1)],
)
def test_episodes_last_as_the_consensus_says(minutes: int, name: str, count: int) -> None:
    t = np.arange(STEP, DAY + 1, STEP)
    g = np.full(len(t), 110.0)
    g[100 : 100 + minutes // 5] = 50.0
    found = episodes(Trace.of(t, g).grid)[name]
    assert len(found.found) == count
    assert not count or found.minutes == minutes


def test_ten_minutes_back_do_not_end_an_episode_and_fifteen_do() -> None:
    t = np.arange(STEP, DAY + 1, STEP)
    for back, count in ((2, 1), (3, 2)):
        g = np.full(len(t), 110.0)
        g[100:106] = g[106 + back : 112 + back] = 60.0
        assert len(episodes(Trace.of(t, g).grid)["low level 1"].found) == count


def test_profile_of_a_daily_rhythm_is_the_rhythm() -> None:
    trace = wave(10, period=DAY)
    found = profile(trace)
    expected = 130 - 40 * np.cos(2 * np.pi * found.hours / 24)
    # a parabola over 7 h flattens a daily sine by a few per cent of its height
    assert np.abs(found.bands[2] - expected).max() < 2.5
    assert np.allclose(found.bands[0], found.bands[4], atol=1e-6)
    raw = profile(trace, smooth=False)
    assert np.allclose(raw.bands[2], expected, atol=1e-9)


def test_profile_has_no_seam_at_midnight_and_ordered_bands() -> None:
    g = np.random.Generator(np.random.Philox(7)).normal(140, 25, 14 * 288).clip(60, 300)
    found = profile(Trace.of(np.arange(1, len(g) + 1) * STEP, g))
    steps = np.abs(np.diff(found.bands, axis=1))
    seam = np.abs(found.bands[:, 0] - found.bands[:, -1])
    assert (seam <= 4 * steps.max(axis=1)).all()
    assert (np.diff(found.bands, axis=0) >= 0).all()


def test_interval_by_days_covers_the_persons_mean() -> None:
    # people whose days differ (sd 12) and whose readings within a day are alike: only days are independent
    generator, hits, n = np.random.Generator(np.random.Philox(11)), 0, 100
    t = np.arange(1, 14 * 24 + 1) * HOUR
    for seed in range(n):
        level = generator.normal(150, 12, 14)
        g = np.round(np.repeat(level, 24) + generator.normal(0, 3, len(t)))
        v = metrics(Trace.of(t, g), seed=seed)["mean"]
        hits += v.low <= 150 <= v.high
    # 14 days: a percentile bootstrap of 90 % covers 86 to 88 %; 0.77 is three binomial sd below
    assert 0.77 <= hits / n <= 0.96


def test_no_interval_from_two_days_and_the_data_are_called_too_few() -> None:
    found = metrics(wave(2))
    assert np.isnan(found["mean"].low)
    assert found["mean"].to_json()["low"] is None
    assert "2.0 of 14 days" in found.sufficiency.lacking[0]


def test_same_seed_same_interval() -> None:
    trace = wave(5, period=7 * HOUR)
    assert metrics(trace, seed=3)["cv"] == metrics(trace, seed=3)["cv"]


def test_a_clock_change_keeps_the_time_of_day() -> None:
    # readings at 5 min; after day 2 the local clock is an hour ahead of elapsed time
    t = np.arange(STEP, 5 * DAY + 1, STEP)
    civil = t + np.where(t > 2 * DAY + 2 * HOUR, HOUR, 0.0)
    trace = Trace.of(t, 130 + 40 * np.sin(2 * np.pi * civil / DAY), civil)
    assert va.modd(trace.grid) == pytest.approx(0, abs=0.3)
    assert va.conga(trace.grid, 24) > 3  # a day of elapsed time is another time of day once


def test_gaps_are_left_open_and_counted() -> None:
    whole = wave(4)
    keep = (whole.times < DAY) | (whole.times > 1.5 * DAY)
    trace = Trace.of(whole.times[keep], whole.values[keep])
    assert trace.active == pytest.approx(100 * 3.5 / 4, abs=0.2)
    assert np.isnan(trace.grid.values).sum() * STEP == pytest.approx(0.5 * DAY, abs=2.5 * STEP)
