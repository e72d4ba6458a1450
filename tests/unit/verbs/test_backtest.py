"""backtest: what it says is what forecast(track()) says, nothing later than the origin enters, and it keeps score."""

import dataclasses
import json

import numpy as np
import pytest

from drifting import HOUR, Drifting, altered, followed
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError, InferenceError
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infusion
from vitruvian.verbs.backtest import backtest
from vitruvian.verbs.backtested import Backtest
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.origins import origin_seed, said_at
from vitruvian.verbs.track import track

HORIZONS = (HOUR, 2 * HOUR, 4 * HOUR)


def run(twin: Twin, **more: object) -> Backtest:
    options = {"step": HOUR, "start": 12 * HOUR, "refit": 12 * HOUR, "members": 50} | more
    return backtest(twin, HORIZONS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Infusion(), Drifting()], ids=["resumed", "with discrepancy"])
def test_many_origins_at_once_say_what_forecast_of_track_says(kind: Infusion) -> None:
    twin = followed(kind)
    start = calibrate(twin, known_at=20 * HOUR, members=50)
    late_dose = Bolus(at=26 * HOUR, dose=250.0, known_at=27.6 * HOUR)  # entered after it was given
    start = dataclasses.replace(start, case=start.case.plus(late_dose))
    origins = [20.0 * HOUR, 25.5 * HOUR, 26.5 * HOUR, 28 * HOUR, 31 * HOUR]
    targets = [o + np.array([0.5, 1.0, 4.0]) * HOUR for o in origins]
    for said in said_at(start, origins, targets, "concentration", "", seed=3):
        known = dataclasses.replace(start, case=start.case.until(said.origin), record=start.record.until(said.origin))
        request, seed = Request({"concentration": said.times}), origin_seed(3, said.origin)
        noisy = forecast(track(known, said.origin), request, noise=True, seed=seed)["concentration"]
        np.testing.assert_allclose(said.values, noisy.values, atol=2e-3)  # exp(-12) of forgotten readings
        plain = forecast(track(known, said.origin), request, seed=seed)["concentration"]
        np.testing.assert_allclose(said.point, plain.mean(), atol=2e-3)


@pytest.mark.parametrize("plans", ["known", "none"])
def test_nothing_that_came_later_changes_what_was_said(plans: str) -> None:
    twin, moment = followed(Drifting()), 30 * HOUR
    lead = max(HORIZONS) if plans == "known" else 0.0
    other = dataclasses.replace(
        twin,
        record=altered(twin.record, moment, 7.0),
        case=twin.case.plus(Bolus(at=moment + lead + 600.0, dose=500.0)),
    )
    for h, rows in run(twin, plans=plans).rows.items():
        changed = run(other, plans=plans).rows[h]
        then = rows.origin <= moment
        assert then.sum() >= 10
        mine, theirs = rows.by, changed.by
        assert np.array_equal(rows.origin, changed.origin)
        for name in mine:
            assert np.array_equal(mine[name].point[then], theirs[name].point[then]), name
            assert np.array_equal(mine[name].low[then], theirs[name].low[then]), name
        assert not np.allclose(mine["twin"].point[~then], theirs["twin"].point[~then])


def test_an_unannounced_dose_is_not_foreseen_and_an_announced_one_is() -> None:
    twin = followed(Infusion())
    without = dataclasses.replace(
        twin, case=Case(twin.case.subject, tuple(a for a in twin.case.timeline if a.at != 25.2 * HOUR))
    )
    at = 25.0 * HOUR  # 12 minutes before a bolus

    def point(backtested: Backtest) -> float:
        rows = backtested.rows[2 * HOUR]
        return float(rows.by["twin"].point[rows.origin == at][0])

    blind, told = (run(twin, plans=p, start=at, end=at) for p in ("none", "known"))
    nothing = run(without, plans="none", start=at, end=at)
    assert point(blind) == point(nothing)
    assert 3.0 < point(told) - point(blind) < 9.0  # 200 mg in 0.41 L/kg x 70 kg, less what is cleared in 1.8 h


def test_readings_count_from_when_they_became_known() -> None:
    twin = followed(Infusion())
    r = twin.record
    slow = dataclasses.replace(
        twin, record=type(r).of("concentration", r.valid_time, r.value, known_at=r.known_at + HOUR)
    )
    rows = run(slow).rows[2 * HOUR]
    assert np.allclose(rows.time - rows.origin, 2 * HOUR)
    last = rows.by["persistence"].point  # the last reading known is an hour old
    value = dict(zip(r.valid_time.tolist(), r.value.tolist(), strict=True))
    assert last.tolist() == [value[o - HOUR] for o in rows.origin.tolist()]


def test_the_answer_is_plain_json_a_picture_and_can_be_cut_short() -> None:
    shares: list[float] = []
    told = run(followed(Infusion()), progress=shares.append)
    assert shares[-1] == 1.0
    assert len(shares) == 3
    data = json.loads(json.dumps(told.to_json(), allow_nan=False))
    assert [row["horizon"] for row in data["table"]] == list(HORIZONS)
    assert data["table"][0]["n"] == len(told.rows[HOUR])
    assert told.plot().get_ylabel() == "RMSE of concentration [mg/L]"
    alone = run(followed(Infusion()), refit=100 * HOUR)  # one calibration: no interval for the gain
    assert json.loads(json.dumps(alone.to_json(), allow_nan=False))["table"][0]["persistence"]["difference"] is None
    short = run(followed(Infusion()), cancel=lambda: len(shares) == 4 or bool(shares.append(0.0)))
    assert "cancelled after 12 of" in short.notes[-1]
    with pytest.raises(InferenceError, match="no reading 60 s ahead"):
        told.validation(60.0)


def test_what_cannot_be_backtested_says_why() -> None:
    twin = followed(Infusion(), hours=6.0)
    with pytest.raises(FieldError, match="use known or none"):
        backtest(twin, plans="some")
    with pytest.raises(InferenceError, match="no reading of 'pressure'"):
        backtest(twin, observable="pressure")
    with pytest.raises(InferenceError, match="shorten the horizons"):
        backtest(twin, (100 * HOUR,))


def test_a_queue_is_backtested_from_its_census_and_a_risk_from_its_past() -> None:
    from vitruvian.kinds.queue import KIND as QUEUE
    from vitruvian.kinds.risk import KIND as RISK
    from vitruvian.kinds.risk.generator import ward
    from vitruvian.verbs.simulate import simulate_example

    example, seen = simulate_example(QUEUE, seed=2)
    twin = Twin(QUEUE, example.case, seen.record)
    options = {"step": 2 * HOUR, "start": 8 * HOUR, "members": 50}
    told = backtest(twin, HORIZONS, observable="present", **options)  # type: ignore[arg-type]
    assert told.validation(2 * HOUR).n >= 6
    assert told.validation(4 * HOUR).coverage[0.95] > 0.6

    patient = ward(3, 5).patients[2]
    fitted = Twin(RISK, patient.case, patient.record)
    answer = backtest(fitted, (HOUR, 6 * HOUR), observable="deterioration", **options)  # type: ignore[arg-type]
    moment = float(answer.rows[HOUR].origin[5])
    worse = type(patient.record).join(
        [patient.record, type(patient.record).of("heart_rate", np.array([moment + 60.0]), np.array([190.0]))]
    )
    again = backtest(dataclasses.replace(fitted, record=worse), (HOUR, 6 * HOUR), observable="deterioration", **options)  # type: ignore[arg-type]
    for h in (HOUR, 6 * HOUR):
        mine, other = answer.rows[h], again.rows[h]
        common = np.isin(mine.origin, other.origin) & (mine.origin <= moment)
        kept = np.isin(other.origin, mine.origin[common])
        assert common.sum() >= 5
        assert np.array_equal(mine.by["twin"].point[common], other.by["twin"].point[kept])
