"""Charts of known faults: each is kept, found, and named; a chart without faults is believed whole."""

import numpy as np
import pytest

from vitruvian.core.record import Record
from vitruvian.models.icu.doubt import doubts

HOUR = 3600.0


def chart(seed=1, hours=24) -> Record:
    rng = np.random.default_rng(seed)
    t = np.arange(1.0, hours) * HOUR
    middles = {"heart_rate": (85, 4), "systolic": (120, 6), "diastolic": (65, 4), "mean_pressure": (83, 4)}
    middles |= {"respiratory_rate": (18, 1.5), "spo2": (97, 0.8), "temperature": (37.0, 0.2)}
    rows = [Record.of(n, t, np.round(m + sd * rng.normal(size=len(t)), 1)) for n, (m, sd) in middles.items()]
    return Record.join(rows)


def test_a_plain_chart_is_believed():
    for seed in range(5):
        assert doubts(chart(seed)).believed.all()


SINGLE = {
    "negative pressure": ("systolic", -20.0, "cannot be"),
    "SpO2 140": ("spo2", 140.0, "cannot be"),
    "Fahrenheit": ("temperature", 98.6, "another unit: looks like Fahrenheit (37"),
    "kPa": ("systolic", 16.0, "another unit: looks like kPa (120"),
    "fraction": ("fio2", 0.4, "another unit: looks like a fraction (40"),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_fault(name):
    observable, value, expected = SINGLE[name]
    record = Record.join([chart(), Record.of(observable, np.array([7.5 * HOUR]), np.array([value]))])
    found = doubts(record)
    assert len(found.record) == len(record)  # kept
    (row,) = found.to_json()
    assert row["why"].startswith(expected)
    assert row["value"] == value


def test_a_clock_set_wrong():
    t = np.array([9.5 * HOUR])
    jumped = Record.of("heart_rate", t + 40 * HOUR, np.array([80.0]), known_at=t)
    assert doubts(Record.join([chart(), jumped])).counts() == {"ahead of time": 1}
    before = Record.of("heart_rate", np.array([-50 * HOUR]), np.array([80.0]), known_at=t)
    assert doubts(Record.join([chart(), before]), began=0.0).counts() == {"before it began": 1}


def test_a_sensor_that_hangs():
    t = np.arange(0, 20) * HOUR + 30 * HOUR
    record = Record.join([chart(), Record.of("heart_rate", t, np.full(20, 88.0))])
    found = doubts(record)
    assert found.counts() == {"flat": 8}
    first = min(row["at"] for row in found.to_json())
    assert first == t[12]  # nobody could know before


def test_two_patients_on_one_monitor():
    record = chart()
    value = record.value.copy()
    here = record.valid_time == 10 * HOUR
    other = {"heart_rate": 140.0, "systolic": 200.0, "diastolic": 110.0, "mean_pressure": 140.0}
    for name, v in other.items():
        value[here & (record.observable == name)] = v
    swapped = Record.of(record.observable, record.valid_time, value)
    found = doubts(swapped)
    assert found.counts() == {"someone else": 4}
    assert {row["at"] for row in found.to_json()} == {10 * HOUR}


def test_a_real_collapse_is_believed():
    record = chart()
    value = record.value.copy()
    late = record.valid_time >= 18 * HOUR
    for name, shift in {"heart_rate": 55.0, "systolic": -60.0, "diastolic": -35.0, "mean_pressure": -45.0}.items():
        value[late & (record.observable == name)] += shift
    assert doubts(Record.of(record.observable, record.valid_time, value)).believed.all()
