"""KDIGO stage 1 by creatinine, by hand."""

import numpy as np
import pytest

from vitruvian.engines.pasts import Readings
from vitruvian.models.icu.kdigo import onsets

COURSES = {
    "rise of 0.3 in 48 h": ([0, 24, 40], [1.2, 1.3, 1.5], 40.0),
    "rise of 0.3, but over 60 h": ([0, 60], [1.2, 1.5], np.nan),
    "half as much again in a week": ([0, 100], [0.8, 1.2], 100.0),
    "half as much again, too late": ([0, 170], [0.5, 0.75], np.nan),
    "falling": ([0, 10, 20], [3.0, 2.0, 1.5], np.nan),
    "first of two": ([0, 10, 20], [1.0, 1.4, 2.0], 10.0),
    "one value": ([5], [4.0], np.nan),
}


@pytest.mark.parametrize("name", COURSES)
def test_the_onset_of(name):
    hours, values, expected = COURSES[name]
    r = Readings.of(np.zeros(len(hours), dtype=int), np.array(hours, dtype=float), np.array(values))
    np.testing.assert_array_equal(onsets(r, 2), [expected, np.nan])
