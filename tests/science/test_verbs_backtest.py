"""backtest on a kind whose truth is known: calibrated bands, errors near the floor."""

import numpy as np
import pytest

from drifting import HOUR, Drifting, followed
from vitruvian.verbs.backtest import backtest
from vitruvian.verbs.backtested import Backtest

HORIZONS = (HOUR, 2 * HOUR, 4 * HOUR)


def test_the_right_model_is_calibrated_and_beats_the_simple_ones() -> None:
    parts = [
        backtest(followed(Drifting(), seed=s), HORIZONS, step=HOUR, start=12 * HOUR, refit=12 * HOUR, subject=f"S{s}")
        for s in range(6)
    ]
    told = Backtest.join(parts)
    for h in HORIZONS:
        v, gain = told.validation(h), told.gain(h, "autoregression")
        assert v.clusters == 6
        assert v.coverage[0.9] == pytest.approx(0.9, abs=0.06)
        assert v.calibrated
        assert gain.high < 0.0
        assert told.gain(h, "persistence").less > 0.2
    # readings err by 0.5 and the discrepancy's innovation over 4 h: no forecast can be better than that
    floor = np.sqrt(0.5**2 + 1.0**2 * (1 - np.exp(-2 * 4 / 3)))
    assert told.validation(4 * HOUR).rmse == pytest.approx(floor, rel=0.25)
