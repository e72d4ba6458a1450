"""The heated rod: Pennes' closed forms, its claims at reduced size, and what a treatment looks like."""

import json

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.rod import KIND, Heat, Rod
from vitruvian.kinds.rod.evidence import verification
from vitruvian.kinds.rod.model import BLOOD, CM, MIN, MM2, RHO_C

D, W, ETA = 0.1466, 0.102, 0.7


def run(case: Case, t1: float, request: dict[str, object]) -> dict[str, np.ndarray]:
    forcing = KIND.compile(case, Record.empty(), 0.0, t1, t1)
    theta = {"D": np.array([D]), "w": np.array([W]), "eta": np.array([ETA])}
    return dict(KIND.run(theta, forcing, Request.of(request), np.arange(1))[0])


@pytest.mark.parametrize("measure", [verification.series, verification.dose])
def test_claims_at_reduced_size(measure: object) -> None:
    found = measure("", None, None, True, lambda share: None)  # type: ignore[operator]
    assert found["met"], json.dumps(found)


def test_steady_state_falls_off_exponentially_from_the_probe() -> None:
    """q / (2 sqrt(D w)) exp(-|x - xp| sqrt(w / D)) in a long rod, beyond the heated zone."""
    rod = Rod(length=20.0)
    T = run(Case(rod, (Heat(at=0.0, power=0.5, duration=60.0, position=0.5),)), 3600.0, {"temperature": [3600.0]})
    x = (np.arange(64) + 0.5) / 64 * rod.length * CM - 0.1
    d, w, q = D * MM2, W / MIN, ETA * 0.5 / (RHO_C * rod.area * CM**2)
    blur = np.exp(0.5 * (3e-3) ** 2 * w / d)  # the Gaussian source instead of a point
    exact = BLOOD + blur * q / (2 * np.sqrt(d * w)) * np.exp(-np.abs(x) * np.sqrt(w / d))
    far = np.abs(x) > 9e-3
    np.testing.assert_allclose(T["temperature"][0, 0][far], exact[far], atol=0.1)


def test_insulated_rod_keeps_its_heat_but_for_perfusion() -> None:
    """d/dt of the mean rise = q / L - w mean: whatever the conduction does."""
    rod = Rod(ends="insulated", length=5.0)
    times = np.array([5.0, 10.0, 20.0, 30.0]) * MIN
    T = run(Case(rod, (Heat(at=0.0, power=0.4, duration=10.0, position=0.5),)), 1800.0, {"temperature": times})
    q, w = ETA * 0.4 / (RHO_C * rod.area * CM**2), W / MIN
    grown = np.exp(-w * np.maximum(times - 10 * MIN, 0.0)) - np.exp(-w * times)
    np.testing.assert_allclose(T["temperature"][0].mean(axis=1) - BLOOD, q / (rod.length * CM) / w * grown, rtol=1e-3)


def test_two_probes_add_and_nothing_happens_before_the_first() -> None:
    first = Heat(at=300.0, power=0.3, duration=10.0, position=0.3)
    second = Heat(at=501.7, power=0.6, duration=5.0, position=0.8)
    request = {"temperature": [300.0, 450.0, 900.0]}
    alone = [run(Case(Rod(), (a,)), 900.0, request)["temperature"] - BLOOD for a in (first, second)]
    both = run(Case(Rod(), (first, second)), 900.0, request)["temperature"] - BLOOD
    np.testing.assert_allclose(both, alone[0] + alone[1], atol=1e-4)  # their steps end at other times
    assert (both[0, 0] == 0).all()
    np.testing.assert_array_equal(both[0, 1], alone[0][0, 1])


def test_a_larger_table_of_probes_changes_no_bit() -> None:
    """Nine probes need 16 slots; seven without power are as none."""
    heats = (Heat(at=0.0, power=0.5, duration=10.0, position=0.5), Heat(at=60.0, power=0.4, duration=5.0, position=0.2))
    idle = tuple(Heat(at=0.0, power=0.0, duration=10.0, position=0.1 * k) for k in range(1, 8))
    request = {"temperature": [600.0], "peak_temperature": [0.0, 600.0], "time_above_43": [600.0]}
    few, many = (run(Case(Rod(), h), 600.0, request) for h in (heats, (*heats, *idle)))
    for name in request:
        np.testing.assert_allclose(many[name], few[name], rtol=1e-14)
