"""Synthetic waveforms: the rhythm, the spectrum and the pressures that were asked for, however they are cut."""

import math

import numpy as np
import pytest

from vitruvian.core.errors import FieldError
from vitruvian.models.bedside import Heart, Monitor
from vitruvian.models.bedside.ecg import HIGH, LOW
from vitruvian.models.bedside.pulse import EJECTION, Windkessel, windkessel

pytestmark = pytest.mark.science
RATE = 250.0


def peaks(z: np.ndarray) -> np.ndarray:
    """Seconds of the R waves: the highest sample above half of the highest, in each run of such samples."""
    above = z > 0.6 * z.max()
    starts = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    ends = [int(np.argmin(above[s:])) + int(s) if not above[s:].all() else len(z) for s in starts]
    return np.array([s + int(np.argmax(z[s:e])) for s, e in zip(starts, ends, strict=True)]) / RATE


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return Monitor(Heart(rate=60.0, variation=3.0, systolic=130.0, diastolic=70.0), 7, RATE).draw(int(180 * RATE))


def test_the_rhythm_has_the_rate_the_spread_and_the_two_bands(drawn: dict[str, np.ndarray]) -> None:
    at = peaks(drawn["II"])
    rr = np.diff(at)
    assert 60.0 / rr.mean() == pytest.approx(60.0, abs=1.0)
    assert 60.0 * rr.std() == pytest.approx(3.0, rel=0.35)  # 180 s hold few waves of 0.1 Hz
    grid = np.arange(at[1], at[-1], 0.25)
    power = np.abs(np.fft.rfft(np.interp(grid, at[1:], rr) - rr.mean())) ** 2
    hertz = np.fft.rfftfreq(len(grid), 0.25)
    low, high = (power[(hertz > f - 0.04) & (hertz < f + 0.04)].sum() for f in (0.1, 0.25))
    assert (low + high) / power.sum() > 0.9
    assert low / high == pytest.approx(0.5, rel=0.5)


def test_the_waves_stand_in_their_order_and_between_their_limits(drawn: dict[str, np.ndarray]) -> None:
    z = drawn["II"][int(2 * RATE) :]
    r = (peaks(z)[5] * RATE).astype(int)
    beat = z[r - int(0.3 * RATE) : r + int(0.45 * RATE)]
    p, q, s, t = beat[:50].max(), beat[55:75].min(), beat[76:95].min(), beat[110:].max()
    assert s < q < 0 < t < z[r]
    assert p < t < 0.6
    assert LOW - 0.3 < z.min() < z.max() < HIGH + 0.3  # the baseline wanders by 0.15 mV before scaling


def test_the_pressure_runs_between_what_was_asked_for(drawn: dict[str, np.ndarray]) -> None:
    pressure = drawn["arterial pressure"][int(10 * RATE) :]
    beats = [pressure[i : i + 250] for i in range(0, len(pressure) - 250, 250)]
    assert np.mean([b.max() for b in beats]) == pytest.approx(130.0, abs=3.0)
    assert np.mean([b.min() for b in beats]) == pytest.approx(70.0, abs=3.0)


@pytest.mark.parametrize(("rr", "systolic", "diastolic"), [(1.0, 120.0, 80.0), (0.5, 180.0, 110.0), (1.4, 95.0, 50.0)])
def test_a_regular_beat_is_the_windkessels_closed_form(rr: float, systolic: float, diastolic: float) -> None:
    """Without inflow it decays by exp(-t / tau); over one beat inflow and outflow are equal."""
    made = windkessel(systolic, diastolic, rr)
    ejection, dt = EJECTION * math.sqrt(rr), 1e-4
    pressure, beat = diastolic, []
    for n in range(int(20 * rr / dt)):
        pressure = made.step(pressure, (n * dt) % rr, rr, dt)
        beat.append(pressure)
    last = np.array(beat[-int(rr / dt) :])
    assert (last.max(), last.min()) == (pytest.approx(systolic, rel=0.01), pytest.approx(diastolic, rel=0.01))
    mean = made.filling * made.tau * 2 * ejection / math.pi / rr  # R q T 2/pi over rr
    assert last.mean() == pytest.approx(mean, rel=1e-3)
    assert Windkessel(made.tau, 0.0).step(100.0, 0.5, rr, 0.3) == pytest.approx(100.0 * math.exp(-0.3 / made.tau))


def test_chunks_do_not_matter_and_seeds_do() -> None:
    whole = Monitor(Heart(), 1, RATE).draw(1000)
    other = Monitor(Heart(), 1, RATE)
    parts = [other.draw(n) for n in (1, 249, 500, 250)]
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([p[name] for p in parts]))
    assert not np.array_equal(Monitor(Heart(), 2, RATE).draw(1000)["II"], whole["II"])


def test_what_is_no_heart_is_refused() -> None:
    for wrong in ({"rate": 300.0}, {"rate": math.nan}, {"variation": 40.0}):
        with pytest.raises(FieldError):
            Heart(**wrong)
    with pytest.raises(FieldError, match="blood pressure"):
        Monitor(Heart(systolic=60.0, diastolic=80.0), 1)
