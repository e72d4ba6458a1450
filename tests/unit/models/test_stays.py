"""Simulated stays: reproducible, plausible, with competing ends, informative measurement, artefacts that are told."""

import numpy as np
import pytest

from vitruvian.models.stays.course import ENDS, EVENTS, courses
from vitruvian.models.stays.monitor import UNITS, Stay, stays
from vitruvian.models.stays.physiology import Body, Care, Insults, Person, severinghaus, step

SEED = 20261126


@pytest.fixture(scope="module")
def unit() -> list[Stay]:
    return stays(250, SEED)


def test_the_first_are_the_same_whatever_the_number(unit: list[Stay]) -> None:
    for few, many in zip(stays(3, SEED), unit, strict=False):
        assert (few.age, few.end, few.ended) == (many.age, many.end, many.ended)
        assert np.array_equal(few.truth["map"], many.truth["map"])
    assert unit[0].record.digest() == stays(250, SEED)[0].record.digest()
    assert all(s.name.startswith("simulated-") for s in unit)


def test_events_and_ends_come_as_often_as_in_intensive_care() -> None:
    """Ranges, wide: ICU mortality 5 to 15 %, AKI 20 to 50 %, circulatory failure 10 to 40 %."""
    for name, ranges in {
        "icu": {"aki": (0.15, 0.5), "circulatory": (0.1, 0.4), "respiratory": (0.05, 0.3), "sepsis": (0.05, 0.3),
                "death": (0.03, 0.15), "discharge": (0.3, 0.8), "icu_transfer": (0.0, 0.0)},
        "ward": {"death": (0.0, 0.08), "discharge": (0.3, 0.8), "icu_transfer": (0.05, 0.3)},
    }.items():  # fmt: skip
        found = courses(800, SEED, unit=name)
        for what, (low, high) in ranges.items():
            seen = np.mean(~np.isnan(found.onset[what])) if what in EVENTS else np.mean(found.ended == what)
            assert low <= seen <= high, (name, what, seen)


def test_ends_come_with_the_hazards_they_are_drawn_from() -> None:
    """Cumulative-incidence check: ends of each cause sum to their hazards over the hours lived, within 4 sd."""
    found = courses(3000, SEED, unit="ward")
    hours = np.arange(len(found.bodies))[:, None]
    lived = hours < found.end[None, :]
    none_before = np.ones_like(found.hazard["death"])
    for cause in ENDS:
        p = -np.expm1(-found.hazard[cause])
        expected, seen = float(np.sum(p * none_before * lived)), float(np.sum(found.ended == cause))
        assert abs(seen - expected) < 4.0 * np.sqrt(expected) + 1.0, (cause, seen, expected)
        none_before = none_before * (1.0 - p)


def test_the_sicker_are_measured_more_often_and_the_well_are_missing(unit: list[Stay]) -> None:
    rate, ill = [], []
    for stay in unit:
        for hour in range(0, int(stay.end / 3600.0) - 6, 6):
            rows = stay.record.only("heart_rate").between(hour * 3600.0, (hour + 6) * 3600.0 - 1.0)
            rate.append(len(rows) / 6.0)
            ill.append(stay.truth["lactate"][hour : hour + 6].mean())
    rate, ill = np.array(rate), np.array(ill)
    assert rate[ill > 3.0].mean() > 1.5 * rate[ill < 1.2].mean()
    assert np.mean(rate == 0.0) > 0.02, "the monitor is off at times"


def test_readings_follow_the_truth_but_where_an_artefact_is_told(unit: list[Stay]) -> None:
    seen = {a.what for s in unit for a in s.artefacts}
    assert seen == {"flat line", "two patients", "degF", "kPa", "spikes"}
    errors = []
    for stay in unit[:120]:
        rows = stay.record.only("map")
        clean = np.ones(len(rows), dtype=bool)
        for a in stay.artefacts:
            if "map" in a.of:
                clean &= (rows.valid_time < a.start) | (rows.valid_time >= a.stop)
        true = stay.truth["map"][(rows.valid_time[clean] / 3600.0).astype(int)]
        errors.append(rows.value[clean] - true)
    spread = np.concatenate(errors)
    assert np.abs(spread).max() < 60.0
    assert spread.std() == pytest.approx(2.5, rel=0.15)
    hot = next(s for s in unit if any(a.what == "degF" for a in s.artefacts))
    assert hot.record.only("temperature").value.max() > 90.0
    assert set(hot.record.observable.tolist()) <= set(UNITS)


def test_nothing_is_recorded_after_the_end(unit: list[Stay]) -> None:
    for stay in unit:
        assert stay.record.valid_time.max() < stay.end
        assert all(np.isnan(t) or t < stay.end for t in stay.onset.values())
        assert all(t.at < stay.end for t in stay.treatments)


def test_physiology_against_published_points() -> None:
    # Severinghaus 1979, table 1: 26.9 mmHg 50 %, 60 mmHg 90.7 %, 100 mmHg 97.7 %
    assert severinghaus(np.array([26.86, 60.0, 100.0])) == pytest.approx([0.50, 0.907, 0.977], abs=0.005)


def alone(hours: float, *, volume: float = 1.0, drug: float = 0.0, oxygen: float = 0.21, injury: float = 0.0) -> Body:
    """One person of 60 without noise, held in this treatment."""
    one = np.ones(1)
    who = Person(60 * one, 0 * one, 80 * one, 76 * one, 84 * one, 0.95 * one, 15 * one, 0.2 * one)
    never = np.full(1, np.inf)
    hit = Insults(never, never, 0 * one, never, 0 * one, never, never, 0 * one)
    body = Body.at_rest(who)
    body = Body(**{**vars(body), "volume": volume * one, "injury": injury * one})
    for k in range(round(hours * 2)):
        body = step(body, who, hit, Care(0 * one, drug * one, oxygen * one, 0 * one), k * 0.5, np.zeros((3, 1)))
    return body


def test_treatment_moves_the_body_the_way_it_does() -> None:
    rest = alone(12)
    assert rest.pressure[0] == pytest.approx(84.0, abs=3.0)
    assert rest.lactate[0] == pytest.approx(1.0, abs=0.1)
    bled = alone(1, volume=0.6)
    assert bled.pressure[0] < 72.0
    assert bled.heart_rate[0] > rest.heart_rate[0]
    assert alone(1, volume=0.6, drug=0.2).pressure[0] > bled.pressure[0] + 10.0
    poor = alone(2, injury=0.3)
    assert poor.saturation[0] < 0.9 < alone(2, injury=0.3, oxygen=0.5).saturation[0]
    assert poor.respiration[0] > rest.respiration[0] + 4.0
