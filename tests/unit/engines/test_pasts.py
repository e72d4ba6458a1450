"""Columns about pasts: by hand, against a plain loop, and blind to what comes later."""

import numpy as np
import pytest

from vitruvian.engines.pasts import Landmarks, Readings, newest, window


def cohort(seed=3, subjects=20, rows=400):
    rng = np.random.default_rng(seed)
    whose, time = rng.integers(0, subjects, rows), rng.integers(0, 2880, rows) / 60.0
    return Readings.of(whose, time, rng.normal(size=rows))


def test_by_hand():
    r = Readings.of(np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 5.0, 3.0]), np.array([10.0, 14.0, 8.0, 99.0]))
    marks = Landmarks(np.array([0, 0, 0, 1, 1]), np.array([0.5, 2.0, 6.0, 2.9, 3.0]))
    last = newest(r, marks)
    np.testing.assert_array_equal(last["last"], [np.nan, 14.0, 8.0, np.nan, 99.0])
    np.testing.assert_array_equal(last["age"], [np.nan, 0.0, 1.0, np.nan, 0.0])
    np.testing.assert_array_equal(last["first"], [np.nan, 10.0, 10.0, np.nan, 99.0])
    four = window(r, marks, 4.0)
    np.testing.assert_array_equal(four["count"], [0, 2, 1, 0, 1])
    np.testing.assert_array_equal(four["max"], [np.nan, 14.0, 8.0, np.nan, 99.0])
    assert four["slope"][1] == pytest.approx((0.5 * 2 + 0.5 * 2) / (0.5 + 1.0))  # sum t y / (sum t^2 + 1 h^2)
    assert four["sd"][1] == pytest.approx(2.0)


def test_against_a_plain_loop():
    r = cohort()
    marks = Landmarks(np.repeat(np.arange(20), 4), np.tile([0.0, 7.25, 24.0, 48.0], 20))
    for hours in (6.0, 1000.0):
        found = window(r, marks, hours)
        for i, (who, at) in enumerate(zip(marks.whose, marks.at, strict=True)):
            mine = (r.whose == who) & (r.time <= at) & (r.time > at - hours)
            v, t = r.value[mine], r.time[mine]
            assert found["count"][i] == mine.sum()
            if len(v) == 0:
                assert np.isnan(found["mean"][i])
                continue
            assert found["mean"][i] == pytest.approx(v.mean())
            assert found["min"][i] == v.min()
            assert found["sd"][i] == pytest.approx(v.std())
            if len(v) > 1:
                c = t - t.mean()
                assert found["slope"][i] == pytest.approx((c * (v - v.mean())).sum() / ((c * c).sum() + 1.0))


def test_a_record_cut_off_at_the_landmark_gives_the_same_bits():
    r, at = cohort(5), 20.0
    keep = r.time <= at
    cut = Readings(r.whose[keep], r.time[keep], r.value[keep])
    marks = Landmarks(np.arange(20), np.full(20, at))
    for full, short in ((newest(r, marks), newest(cut, marks)), (window(r, marks, 12.0), window(cut, marks, 12.0))):
        for name in full:
            assert full[name].tobytes() == short[name].tobytes()


def test_a_subject_alone_gives_the_bits_it_has_among_others():
    r = cohort(7)
    for who in (0, 13):
        mine = r.whose == who
        alone = Readings(np.zeros(mine.sum(), int), r.time[mine], r.value[mine])
        a = window(r, Landmarks(np.array([who]), np.array([30.0])), 24.0)
        b = window(alone, Landmarks(np.array([0]), np.array([30.0])), 24.0)
        for name in a:
            assert a[name].tobytes() == b[name].tobytes()
