"""The parts of the circulation that the issue of a bedside twin names: reflex, septum, pericardium, lung bed."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core.errors import FieldError
from vitruvian.models.circulation import loop, lungbed, march, reflex

pytestmark = pytest.mark.science
HEALTHY = loop.Heart(68.0, 980.0, 2.4, 15.0, 0.6, 0.012, 0.65, 30.0, 0.8, 0.95, 1.5, 0.06, 4.3)
PAH = HEALTHY._replace(R_pul=0.58, C_pul=0.8, E_rv=0.75, V0_rv=52.0)


def steady(h: loop.Heart) -> tuple[np.ndarray, march.Shown]:
    rows = loop.Heart(*march.columns(h))
    x, _ = march.march(rows, march.start(rows), 400, 400, tolerance=1e-4)
    return x, march.shown(rows, x, 400)


def test_at_rest_the_reflex_moves_nothing() -> None:
    found = reflex.minutes(HEALTHY, 60.0)
    assert np.ptp(found.rate) < 0.05
    assert np.ptp(found.pressure) < 0.05


def test_a_bleed_is_answered_within_a_minute() -> None:
    def bleed(t: float) -> float:
        return -5.0 if t < 60.0 else 0.0  # 300 mL in a minute

    with_, without = (reflex.minutes(HEALTHY, 180.0, given=bleed, reflex=on) for on in (True, False))
    assert with_.rate[-1] > with_.rate[0] + 5.0
    fall, bare = (m.pressure[0] - m.pressure[-1] for m in (with_, without))
    assert 0 < fall < 0.5 * bare  # most of the fall is made up for
    assert without.rate[-1] == without.rate[0]
    assert with_.tone[-1] > 0.25


def test_fluid_slows_the_heart_and_a_dilator_speeds_it() -> None:
    fluid = reflex.minutes(HEALTHY, 120.0, given=lambda t: 8.0 if t < 60.0 else 0.0)
    assert fluid.rate[-1] < fluid.rate[0]
    assert fluid.output[-1] > fluid.output[0]
    dilated = reflex.minutes(HEALTHY, 120.0, changed=lambda t, h: h._replace(R_sys=h.R_sys * 0.8))
    assert dilated.rate[-1] > 68.5
    rest = reflex.minutes(HEALTHY, 2.0)
    assert dilated.output[-1] > rest.output[0]


def test_no_blood_left_is_refused() -> None:
    with pytest.raises(FieldError, match="mL of stressed blood is left"):
        reflex.minutes(HEALTHY, 120.0, given=lambda t: -30.0)


def test_an_overloaded_right_ventricle_pushes_the_septum_and_fills_the_sac() -> None:
    (_, well), (_, ill) = steady(HEALTHY), steady(PAH)
    assert ill.volumes[:, 5].max() > 1.3 * well.volumes[:, 5].max()  # the right ventricle is large
    assert ill.volumes[:, 1].max() < well.volumes[:, 1].max()  # and the left one is short of blood
    # one ventricle's filling meets the other's: beside a large right one the left, as full as before, is pressed on
    rows = [np.array([v]) for v in (60.0, 120.0, 140.0, 640.0, 60.0, 130.0, 60.0, 120.0)]
    h = loop.Heart(*march.columns(HEALTHY))
    beside_small = loop.pressures(np.array([0.05]), tuple(rows), h)
    rows[5] = np.array([200.0])
    beside_large = loop.pressures(np.array([0.05]), tuple(rows), h)
    assert float(beside_large[1][0]) > float(beside_small[1][0]) + 0.5


def test_pressure_of_the_lungs_stays_flat_until_two_thirds_of_the_vessels_are_lost_then_rises() -> None:
    flow, wedge = 5.5 / 0.06, 8.0
    R0 = lungbed.unstressed(flow, 14.0, wedge)  # Kovacs 2009: 14 mmHg at rest
    lost = np.linspace(0.0, 0.95, 96)
    mpap = lungbed.mean_pressure(flow, R0, wedge, lost)
    at = dict(zip(np.round(lost, 2).tolist(), mpap.tolist(), strict=True))
    assert at[0.0] == pytest.approx(14.0)
    assert at[0.6] < 20.5  # Bshouty 2012: near normal; 20 mmHg is where disease is now said to begin (ESC/ERS 2022)
    assert 20.0 < at[0.7] < 25.0
    assert at[0.9] > 33.0
    early, late = (at[0.6] - at[0.0]) / 60, (at[0.95] - at[0.7]) / 25  # mmHg a percent of vessels
    assert late > 8 * early
    stiff = 8.0 + (14.0 - 8.0) / (1.0 - lost)  # vessels of fixed size
    assert (mpap[1:] < stiff[1:]).all()


def test_the_closed_form_is_the_bed_integrated() -> None:
    flow, R0, wedge, a, n = 90.0, 0.2, 8.0, lungbed.DISTENSIBILITY, 20_000
    p = wedge
    for _ in range(n):  # midpoint
        half = p + 0.5 / n * R0 * flow / (1 + a * p) ** 4
        p += 1.0 / n * R0 * flow / (1 + a * half) ** 4
    assert float(lungbed.mean_pressure(flow, R0, wedge)) == pytest.approx(p, rel=1e-7)
    with pytest.raises(FieldError, match="below 1"):
        lungbed.mean_pressure(flow, R0, wedge, 1.0)
