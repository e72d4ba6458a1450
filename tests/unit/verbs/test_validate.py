"""validate: a calibrated forecast passes, an over-sure or a biased one does not; clusters widen the band."""

import json

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.kinds.infusion import Person
from vitruvian.verbs.result import Basis, Ensemble, Forecast
from vitruvian.verbs.validate import Scores, Validation, validate

M, N = 100, 600


def rows(shift: float = 0.0, scale: float = 1.0, seed: int = 0, cluster: object = "") -> Scores:
    """Forecasts of a level that itself varies, off by `shift` and with `scale` times the true spread."""
    rng = generator(seed, "forecast")
    level = 10.0 + 3.0 * rng.standard_normal(N)
    truth = level + rng.standard_normal(N)
    values = level + shift + scale * rng.standard_normal((M, N))
    weights = np.full(M, 1.0 / M)
    return Scores.of("c", "mg/L", values, weights, truth, uniforms=rng.uniform(size=N), cluster=cluster)  # type: ignore[arg-type]


def test_a_calibrated_forecast_passes_and_its_scores_are_the_closed_forms() -> None:
    told = Validation.of(rows())
    assert told.calibrated
    assert told.rmse == pytest.approx(1.0, rel=0.1)
    assert told.mae == pytest.approx(np.sqrt(2 / np.pi), rel=0.1)
    assert told.crps == pytest.approx(1 / np.sqrt(np.pi), rel=0.1)
    assert told.bias == pytest.approx(0.0, abs=0.15)
    assert told.width == pytest.approx(2 * 1.645, rel=0.05)


@pytest.mark.parametrize(("shift", "scale"), [(1.0, 1.0), (0.0, 0.6), (0.0, 1.8)])
def test_a_wrong_forecast_does_not(shift: float, scale: float) -> None:
    told = Validation.of(rows(shift, scale))
    assert not told.calibrated
    assert told.bias == pytest.approx(shift, abs=0.2)
    assert told.crps > Validation.of(rows()).crps
    assert told.interval_score > Validation.of(rows()).interval_score


def test_readings_that_hang_together_widen_the_band() -> None:
    one = rows()
    copies = Scores.join([Scores(**{**one.__dict__, "cluster": np.arange(N)}) for _ in range(4)])
    alone = Scores(**{**copies.__dict__, "cluster": np.full(4 * N, "", dtype=object)})
    wide, narrow = Validation.of(copies).band[0.9], Validation.of(alone).band[0.9]
    assert Validation.of(copies).effective == pytest.approx(N, rel=0.15)
    assert wide[1] - wide[0] > 1.7 * (narrow[1] - narrow[0])  # four copies: twice the band


def forecast_at(times: np.ndarray, noise: bool) -> Forecast:
    values = generator(1, "members").standard_normal((M, len(times)))
    item = Ensemble("concentration", "mg/L", times, values, np.full(M, 1.0 / M))
    basis = Basis("prior", (0.0, 0.0), 0, {})
    return Forecast("infusion", 0.0, Case(Person()).origin, {"concentration": item}, basis, noise=noise)


def test_only_readings_at_the_asked_times_are_scored_in_any_order() -> None:
    times = np.array([300.0, 100.0, 200.0])
    record = Record.of("concentration", np.array([100.0, 150.0, 300.0, 400.0]), np.array([0.0, 9.0, 0.0, 9.0]))
    told = validate({"a": [forecast_at(times, True)]}, {"a": record}, "concentration")
    assert told.n == 2
    assert told.mae < 0.5
    assert told.notes == ()


def test_bands_without_sensor_noise_say_so() -> None:
    record = Record.of("concentration", np.array([100.0]), np.array([0.0]))
    told = validate({"a": [forecast_at(np.array([100.0]), False)]}, {"a": record}, "concentration")
    assert "no sensor noise" in told.notes[0]


def test_nothing_to_compare_with_is_an_error() -> None:
    with pytest.raises(InferenceError, match="ask at times of readings"):
        validate({"a": [forecast_at(np.array([100.0]), True)]}, {"a": Record.empty()}, "concentration")
    with pytest.raises(InferenceError, match="no record of 'a'"):
        validate({"a": [forecast_at(np.array([100.0]), True)]}, {}, "concentration")


def test_the_answer_is_plain_json_and_a_picture() -> None:
    told = Validation.of(rows())
    data = json.loads(json.dumps(told.to_json(), allow_nan=False))
    assert [row["level"] for row in data["coverage"]] == [0.5, 0.8, 0.9, 0.95]
    assert sum(data["pit"]) == N
    drawn = told.plot()
    assert drawn.get_title().startswith("c: calibration")
