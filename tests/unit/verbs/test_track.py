"""track: parameters stand still, the state moves on, and the discrepancy is the Gaussian process given the readings."""

import dataclasses

import numpy as np
import pytest

from drifting import HOUR, TRUE_Z, Drifting, followed
from vitruvian.core.errors import BeliefError
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infusion
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.track import late, track


def calibrated(kind: Infusion, known_at: float) -> Twin:
    return calibrate(followed(kind), known_at=known_at, members=50)


def test_the_discrepancy_is_the_gaussian_process_given_the_readings() -> None:
    kind = Drifting()
    twin = calibrated(kind, 20 * HOUR)
    belief = twin.believed()
    count = 4000
    sure = dataclasses.replace(
        belief, z=np.tile(TRUE_Z, (count, 1)), weights=np.full(count, 1 / count), residual={}, state=None
    )
    now = track(twin.having(sure), 30 * HOUR).believed()
    assert now.at == 30 * HOUR

    known = twin.record.until(30 * HOUR)
    forcing = kind.compile(twin.case, known, belief.window[0], now.at, now.at)
    theta = Latents.of(kind.parameters, forcing).theta(TRUE_Z[None, :])
    outputs, _ = kind.run(theta, forcing, Request({"concentration": known.valid_time}), np.zeros(1, dtype=np.uint64))
    d, noise = kind.discrepancies["concentration"], 0.5
    cov = d.covariance(known.valid_time, known.valid_time) + noise**2 * np.eye(len(known))
    cross = d.covariance(np.array([now.at]), known.valid_time)[0]
    mean = cross @ np.linalg.solve(cov, known.value - np.asarray(outputs["concentration"])[0])
    sd = np.sqrt(d.sd**2 - cross @ np.linalg.solve(cov, cross))
    drawn = now.residual["concentration"]
    assert drawn.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(count))
    assert drawn.std() == pytest.approx(sd, rel=0.05)


def test_parameters_stand_still_and_the_state_is_that_of_one_long_run() -> None:
    for kind in (Infusion(), Drifting()):  # with a saved state, and run again from the window's start
        twin = calibrated(kind, 20 * HOUR)
        before, now = twin.believed(), track(twin, 40 * HOUR).believed()
        assert np.array_equal(now.z, before.z)
        assert (now.at, now.known_at, now.window) == (40 * HOUR, 40 * HOUR, (before.window[0], 40 * HOUR))
        assert now.state is not None
        forcing = kind.compile(twin.case, twin.record, before.window[0], now.at, now.at)
        layout = Latents.of(kind.parameters, forcing)
        _, state = kind.run(layout.theta(layout.pad(now.z)), forcing, Request({}), np.zeros(50, dtype=np.uint64))
        assert state is not None
        np.testing.assert_allclose(now.state.tree["x"], state.tree["x"], rtol=1e-7)


def test_a_dose_entered_late_is_in_the_state() -> None:
    kind = Infusion()
    twin = calibrated(kind, 20 * HOUR)
    told = dataclasses.replace(twin, case=twin.case.plus(Bolus(at=18 * HOUR, dose=300.0, known_at=21 * HOUR)))
    assert not late(told.case, told.believed(), 20.5 * HOUR)
    assert late(told.case, told.believed(), 22 * HOUR)
    without, given = (track(t, 22 * HOUR).believed() for t in (twin, told))
    theta = kind.parameters[0].prior.value(given.z[:, 0]), kind.parameters[1].prior.value(given.z[:, 1])
    left = 300.0 * np.exp(-theta[0] / theta[1] * 4.0)  # 4 h after the dose
    assert without.state is not None
    assert given.state is not None
    np.testing.assert_allclose((given.state.tree["x"] - without.state.tree["x"])[:, 0], left, rtol=1e-6)
    earlier = track(told, 20.5 * HOUR).believed()
    same = track(twin, 20.5 * HOUR).believed()
    assert earlier.state is not None
    assert same.state is not None
    assert np.array_equal(earlier.state.tree["x"], same.state.tree["x"])  # not known then


def test_it_does_not_go_back_nor_follow_a_filter() -> None:
    twin = calibrated(Infusion(), 20 * HOUR)
    with pytest.raises(BeliefError, match="calibrate with known_at"):
        track(twin, 10 * HOUR)
    with pytest.raises(BeliefError, match="assimilate"):
        track(twin.having(dataclasses.replace(twin.believed(), start=twin.believed())), 30 * HOUR)
