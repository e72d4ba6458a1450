"""The person at home: departures are exact, artefacts doubted, alarms before events, reasons said, readings by code."""

from datetime import UTC, datetime

import numpy as np
import pytest

from vitruvian.core.case import Case, Origin
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.home import KIND, ChangeDiuretic, Person
from vitruvian.kinds.home.artefacts import doubted, doubtful
from vitruvian.kinds.home.evidence import exact
from vitruvian.kinds.home.generator import lives
from vitruvian.kinds.home.programmes import LIMIT, by_guideline
from vitruvian.kinds.home.trend import DAY, departure, departures, score

HOUR = 3600.0
MORNINGS = np.arange(28) * DAY + 7 * HOUR
rng = np.random.default_rng(3)


def test_the_filter_is_exact() -> None:
    found = exact.filtered("", None, None, True, lambda share: None)
    assert found["met"], found


def test_a_persons_own_high_pulse_is_not_a_departure_but_a_rise_is() -> None:
    t = np.arange(0.0, 28 * DAY, 6 * HOUR)
    pulse = 96.0 + 5.0 * np.cos(2 * np.pi * (t / HOUR - 15.0) / 24.0) + 2.0 * rng.standard_normal(len(t))
    calm = departure("heart_rate", t, pulse, 0.0, np.zeros(len(t)))
    assert abs(calm.z[-1]) < 0.8
    assert calm.level[-1] == pytest.approx(96.0, abs=2.5)
    risen = pulse + np.where(t > 25 * DAY, 9.0, 0.0)
    assert departure("heart_rate", t, risen, 0.0, np.zeros(len(t))).z[-1] > 1.3


def test_steps_explain_a_fast_pulse() -> None:
    t = np.arange(0.0, 21 * DAY, 3 * HOUR)
    steps = rng.integers(0, 3, len(t)) * 800.0
    pulse = 70.0 + 12.0 * steps / 1000.0 + 2.0 * rng.standard_normal(len(t))
    told = departure("heart_rate", t, pulse, 0.0, steps)
    assert np.abs(told.z[-40:]).max() < 1.0
    assert told.believed.mean() > 0.98


def test_one_wrong_reading_moves_nothing_and_three_do() -> None:
    weights = np.full(28, 80.0) + 0.2 * rng.standard_normal(28)
    weights[20] = 84.5
    once = departure("weight", MORNINGS, weights, 0.0, np.zeros(28))
    assert not once.believed[20]
    assert abs(once.z[20] - once.z[19]) < 0.2
    weights[20:] = 84.5
    assert departure("weight", MORNINGS, weights, 0.0, np.zeros(28)).believed[22:].all()


def test_what_cannot_be_is_doubted_kept_and_not_believed() -> None:
    weights = np.full(28, 80.0) + 0.2 * rng.standard_normal(28)
    weights[10], weights[15] = 61.0, 176.4  # another person; pounds
    assert np.flatnonzero(doubtful("weight", MORNINGS, weights)).tolist() == [10, 15]
    record = Record.of("weight", MORNINGS, weights)
    kept = doubted(record)
    assert len(kept) == 28
    assert np.flatnonzero(np.isfinite(kept.sd)).tolist() == [10, 15]
    assert doubted(record.where(np.arange(28) < 10)).sd is not None
    assert doubtful("spo2", MORNINGS[:3], np.array([97.0, 140.0, 96.0])).tolist() == [False, True, False]
    assert doubtful("heart_rate", MORNINGS[:8], np.full(8, 72.0)).tolist() == [False] * 5 + [True] * 3, "flat"


def test_scores_rise_before_events_and_see_no_future() -> None:
    for programme in ("heart_failure", "copd", "postoperative"):
        some = [x for x in lives(40, 9, programme) if x.event > 25 * DAY][:10]
        early, late = [], []
        for life in some:
            looks = np.array([life.event - 13 * DAY, life.event - 2 * HOUR])
            a, b = score(programme, departures(programme, life.record, 0.0), looks)
            early.append(a)
            late.append(b)
            past = life.record.between(-np.inf, float(looks[0]))
            assert score(programme, departures(programme, past, 0.0), looks[:1])[0] == pytest.approx(a, abs=1e-12)
        assert np.nanmedian(late) > np.nanmedian(early) + 1.0, programme


def test_the_guidelines_rule() -> None:
    record = Record.of("weight", MORNINGS[:5], np.array([80.0, 80.5, 81.0, 82.1, 82.0]))
    gained = by_guideline("heart_failure", record, MORNINGS[:5] + 60.0)
    assert gained == pytest.approx([0.0, 0.5, 1.0, 1.6, 1.0], abs=1e-9), "over the last three days, not four"
    assert (gained <= LIMIT["heart_failure"]).all()
    assert np.isnan(by_guideline("copd", record, MORNINGS[:1])[0])


def test_reasons_say_what_departs_and_what_is_missing() -> None:
    weights = np.full(28, 80.0) + 0.2 * rng.standard_normal(28)
    weights[25:] += [0.8, 1.6, 2.4]
    case = Case(Person(), origin=Origin(datetime(2026, 3, 1, tzinfo=UTC)))
    said = KIND.reasons(case, Record.of("weight", MORNINGS, weights), float(MORNINGS[-1]) + 60.0)
    assert said.values[0].of == "weight"
    assert "usual departures above" in said.changed[0]
    assert said.trends[0].change == pytest.approx(2.4, abs=0.8)
    assert "spo2 has never been measured" in said.wrong_if


def test_a_diuretic_takes_fluid_and_nothing_before_it() -> None:
    case = Case(Person())
    more = case.plus(ChangeDiuretic(at=2 * DAY, known_at=0.0, change=80.0, duration=3.0))
    times = np.array([1.9, 5.0, 25.0]) * DAY
    theta = {p.name: np.array([float(p.prior.value(0.0))]) for p in KIND.parameters}
    runs = []
    for c in (case, more):
        forcing = KIND.compile(c, Record.empty(), 0.0, 26 * DAY, 26 * DAY)
        runs.append(KIND.run(theta, forcing, Request({"weight": times}), np.zeros(1, dtype=np.uint64))[0]["weight"][0])
    change = np.asarray(runs[1]) - np.asarray(runs[0])
    assert change[0] == 0.0
    # closed form: F = -s E/40 tau (1 - exp(-t/tau)), s 0.08 kg/d, tau 10 d, over 3 d; then it comes back
    assert change[1] == pytest.approx(-0.16 * 10.0 * (1 - np.exp(-0.3)), rel=0.01)
    assert change[2] == pytest.approx(change[1] * np.exp(-2.0), rel=0.02)


def test_readings_reach_it_by_code_and_unit() -> None:
    from vitruvian.core.units import convert

    codes = {o.code: o for o in KIND.observables if o.code}
    assert codes["29463-7"].name == "weight"
    assert float(convert(176.37, "[lb_av]", codes["29463-7"].unit)) == pytest.approx(80.0, abs=0.01)
    assert float(convert(98.6, "[degF]", codes["8310-5"].unit)) == pytest.approx(37.0, abs=0.01)
    assert {"8867-4", "59408-5", "55423-8", "8480-6", "8462-4", "80404-7"} <= set(codes)
