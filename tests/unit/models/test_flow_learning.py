"""Arrival intensities, routing by history and panel forecasts, on data whose truth is known."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.models import intensity, panel, routing

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, WEEK = 3600.0, 604800.0


def weekly(seed: int, weeks: int) -> tuple[np.ndarray, np.ndarray]:
    """Rates (168,) an hour and events of that many weeks."""
    hour = np.arange(168)
    rate = 3.0 * (1.0 + 0.6 * np.sin(2 * np.pi * (hour % 24 - 9) / 24)) * np.where(hour < 120, 1.0, 0.7)
    counts = np.random.default_rng(seed).poisson(np.tile(rate, weeks))
    rng = np.random.default_rng(seed + 1000)
    return rate, np.concatenate([h * HOUR + rng.uniform(0, HOUR, n) for h, n in enumerate(counts)])


def test_rates_are_inside_their_intervals_as_often_as_they_say() -> None:
    inside = []
    for seed in range(6):
        rate, events = weekly(seed, 8)
        found = intensity.learn(events, MONDAY, 0.0, 8 * WEEK)
        inside.append(np.mean((found.low <= rate) & (rate <= found.high)))
        assert found.per_week == pytest.approx(rate.sum(), rel=0.05)
        assert found.dispersion == pytest.approx(1.0, abs=0.5)
    assert 0.92 <= np.mean(inside) <= 1.0  # shrinkage to the true (product) form: at least nominal


def test_a_holiday_has_its_factor_and_a_short_log_says_so() -> None:
    _, events = weekly(1, 6)
    day = (events // (24 * HOUR)).astype(int)
    quiet = events[(day != 9) | (np.arange(len(events)) % 2 == 0)]  # half of those of Wednesday 11 March stay away
    found = intensity.learn(quiet, MONDAY, 0.0, 6 * WEEK, holidays=[date(2026, 3, 11)])
    assert found.holiday == pytest.approx(0.5, abs=0.15)
    assert found.holiday_interval[0] < 0.5 < found.holiday_interval[1]
    assert "no season is learned" in found.notes[0]
    assert found.at(MONDAY.replace(hour=15)) > found.at(MONDAY.replace(hour=3))


def test_routing_remembers_as_much_as_it_needs() -> None:
    rng = np.random.default_rng(5)
    sequences = []
    for _ in range(400):
        first = "A" if rng.random() < 0.5 else "B"
        after = 0.9 if first == "A" else 0.2  # what follows triage depends on what came before it
        sequences.append([first, "triage", "bed" if rng.random() < after else "home"])
    found = routing.learn(sequences)
    assert found.order >= 2
    assert found.probabilities(["A", "triage"])["bed"] == pytest.approx(0.9, abs=0.05)
    assert found.probabilities(["B", "triage"])["bed"] == pytest.approx(0.2, abs=0.07)
    assert sum(found.probabilities(["never seen"]).values()) == pytest.approx(1.0)
    share, low, high = found.frequencies(("triage",))["bed"]
    assert low < 0.55 < high
    assert low < share < high


def test_panel_forecasts_cover_and_know_no_future() -> None:
    rng = np.random.default_rng(6)
    months = np.arange(33)
    winter = 0.08 * np.cos(2 * np.pi * months / 12)
    shock = np.cumsum(rng.normal(0, 0.01, 33))
    own = np.cumsum(rng.normal(0, 0.02, (40, 33)), axis=1) + rng.normal(0, 0.03, (40, 33))
    y = 5.0 + rng.normal(0, 0.6, (40, 1)) + winter + shock + own
    drawn = panel.forecast(y[:, :30], 0, 3, 400, seed=1)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    assert 0.8 <= np.mean((y[:, 30:] >= low) & (y[:, 30:] <= high)) <= 1.0
    assert np.std(drawn.sum(axis=1)[:, 0]) > 2 * np.sqrt(40) * 0.02  # the shared shock adds up over series
    assert np.array_equal(drawn, panel.forecast(y[:, :30], 0, 3, 400, seed=1))


def test_panel_refuses_what_it_cannot_use() -> None:
    with pytest.raises(InferenceError, match="11 months are too few"):
        panel.forecast(np.zeros((3, 11)), 0, 3, 10, seed=1)
    with pytest.raises(InferenceError, match="a month is missing"):
        panel.forecast(np.full((3, 12), np.nan), 0, 3, 10, seed=1)
