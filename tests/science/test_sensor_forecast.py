"""The forecaster from the sensor alone, on series whose law is known."""

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.models.sensor_forecast import LAGS, Stretch, fit, windows

pytest.importorskip("lightgbm")
NOISE = 2.0


def series(seed: int, n: int = 900) -> Stretch:
    """An oscillation with friction, driven by noise, about 120 mg/dL."""
    rng = np.random.default_rng(seed)
    y = np.zeros(n)
    for t in range(2, n):
        y[t] = 1.8 * y[t - 1] - 0.82 * y[t - 2] + NOISE * rng.standard_normal()
    return Stretch(f"p{seed}", 120.0 + y)


def rarely_high(seed: int) -> Stretch:
    """Quiet about 120 mg/dL but for an hour at 200 now and then, which nothing announces."""
    rng = np.random.default_rng(seed)
    high = np.convolve(rng.random(900) < 0.01, np.ones(12))[:900] > 0
    return Stretch("q", 120.0 + 80.0 * high + rng.standard_normal(900))


@pytest.fixture(scope="module")
def fitted():
    return fit([series(k) for k in range(4)], [series(k) for k in range(4, 8)], ahead=6)


def test_the_error_is_that_of_the_best_possible_forecast(fitted):
    """Where the law is linear nothing beats its own prediction; the fitted error comes within a few percent of it."""
    history, future, whose = windows([series(20), series(21)], 6)
    found = fitted.forecast(history, whose).value
    a, b = history[:, -1] - 120.0, history[:, -2] - 120.0
    best = []
    for _ in range(6):
        a, b = 1.8 * a - 0.82 * b, a
        best.append(a + 120.0)
    ideal = np.sqrt(np.mean((np.stack(best, axis=1) - future) ** 2))
    mine = np.sqrt(np.mean((found - future) ** 2))
    persistence = np.sqrt(np.mean((history[:, -1:] - future) ** 2))
    assert mine < 1.08 * ideal
    assert ideal < 0.8 * persistence


def test_bands_cover_what_they_say_on_people_never_seen(fitted):
    history, future, whose = windows([series(k) for k in range(30, 36)], 6)
    band = fitted.forecast(history, whose)
    inside = ((future >= band.low) & (future <= band.high)).mean(axis=0)
    assert inside == pytest.approx(np.full(6, 0.9), abs=0.03)
    assert (np.diff((band.high - band.low).mean(axis=0)) > 0).all()
    assert band.to_json()["low"][0] == band.low[0].tolist()


def test_quiet_hours_are_not_hedged_against_what_nothing_announces():
    """Least squares forecasts the mean, which lies between what mostly comes and what rarely does."""
    people = [rarely_high(k) for k in range(3)]
    history, future, whose = windows([rarely_high(9)], 6)
    found = fit(people, [rarely_high(4)], ahead=6).point(history, whose)
    x, y, _ = windows(people, 6)
    line = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]
    squares = np.column_stack([np.ones(len(history)), history]) @ line
    middle = [float(np.median(np.mean((p - future) ** 2, axis=1))) for p in (found, squares)]
    assert middle[0] < 0.7 * middle[1]


def test_the_same_data_give_the_same_bits(fitted):
    again = fit([series(k) for k in range(4)], [series(k) for k in range(4, 8)], ahead=6)
    history, _, whose = windows([series(20)], 6)
    assert (again.forecast(history, whose).high == fitted.forecast(history, whose).high).all()


def test_too_little_to_fit_on_is_an_error():
    with pytest.raises(InferenceError, match="no stretch has 60 readings"):
        fit([Stretch("a", np.full(LAGS, 100.0))], [])
    with pytest.raises(InferenceError, match="bands cannot be calibrated"):
        fit([series(1)], [])
