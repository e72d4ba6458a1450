"""The ODE engine against closed forms: action times exact, sensitivities, restart, batch, stiff solver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import ContextOfUse, Envelope, Example
from vitruvian.core.latents import Latents
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record
from vitruvian.engines.mesh import build
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.engines.solvers import Rosenbrock23
from vitruvian.kinds.infusion import KIND, Bolus, Infuse

HOUR = 3600.0
RNG_SEED = 20261122
CASE = KIND.example().case.plus(Bolus(at=5.3 * HOUR, dose=100.0))
TIMES = np.arange(0.0, 25.0) * HOUR


def compiled(case: Case = CASE, t0: float = 0.0, t1: float = 24 * HOUR) -> Forcing:
    return KIND.compile(case, Record.empty(), t0, t1, np.inf)


def thetas(n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    z = np.random.default_rng(RNG_SEED).standard_normal((n, 2))
    return z, Latents.of(KIND.parameters, compiled()).theta(z)


def closed_form(t: np.ndarray, th: Mapping[str, np.ndarray], weight: float = 70.0) -> np.ndarray:
    """300 mg at 0, 30 mg/h for 24 h, 100 mg at 5.3 h, one compartment."""
    k, v = (th["CL"] / th["V"])[:, None] / HOUR, th["V"][:, None] * weight
    late = np.where(t >= 5.3 * HOUR, 100.0 / v * np.exp(-k * (t - 5.3 * HOUR)), 0.0)
    return 300.0 / v * np.exp(-k * t) + 30.0 / HOUR / (k * v) * (1 - np.exp(-k * t)) + late


def test_the_infusion_is_its_closed_form_and_a_dose_holds_from_its_time_on():
    _, th = thetas(20)
    times = np.sort(np.append(TIMES, [5.3 * HOUR, np.nextafter(5.3 * HOUR, 0)]))
    out, _ = KIND.run(th, compiled(), Request({"concentration": times}), np.arange(20))
    assert np.abs(out["concentration"] - closed_form(times, th)).max() < 1e-7


def test_the_area_is_the_closed_forms_integral():
    _, th = thetas(20)
    out, _ = KIND.run(th, compiled(), Request({"exposure": np.array([[0.0, 24 * HOUR]])}), np.arange(20))
    fine = np.linspace(0, 24 * HOUR, 200_001)
    exact = np.trapezoid(closed_form(fine, th), fine, axis=1) / HOUR
    # the trapezoid at 10-min steps: h^2 / 12 x change of slope
    assert np.abs(out["exposure"][:, 0] / exact - 1).max() < 1e-4


def test_a_window_counts_from_its_own_start():
    _, th = thetas(3)
    windows = np.array([[0.0, 24 * HOUR], [6 * HOUR, 12 * HOUR]])
    out, _ = KIND.run(th, compiled(), Request({"peak_level": windows, "mean_level": windows}), np.arange(3))
    fine = np.linspace(6 * HOUR, 12 * HOUR, 20_001)
    assert np.allclose(out["peak_level"][:, 1], closed_form(fine, th).max(axis=1), rtol=1e-6)
    assert np.allclose(out["mean_level"][:, 1], closed_form(fine, th).mean(axis=1), rtol=1e-4)


def test_forward_sensitivities_are_the_closed_forms_derivatives():
    z, th = thetas(7)
    request = Request({"concentration": TIMES, "exposure": np.array([[0.0, 24 * HOUR]])})
    out, slope = KIND.sensitivities(z, compiled(), request)
    layout = Latents.of(KIND.parameters, compiled())
    assert np.allclose(out["concentration"], closed_form(TIMES, th), atol=1e-7)
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-5
        up, down = (closed_form(TIMES, layout.theta(z + s * step)) for s in (1, -1))
        assert np.allclose(slope["concentration"][..., j], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)
    assert slope["exposure"].shape == (7, 1, 2)


def test_a_member_does_not_know_its_batch():
    _, th = thetas(600)
    request = Request({"concentration": TIMES, "exposure": np.array([[0.0, 24 * HOUR]])})
    whole, _ = KIND.run(th, compiled(), request, np.arange(600))
    for n in (1, 2, 7, 33, 512):
        part, _ = KIND.run({k: v[:n] for k, v in th.items()}, compiled(), request, np.arange(n))
        for name in part:
            assert np.array_equal(part[name], whole[name][:n]), (n, name)


def test_restart_from_a_saved_state_equals_no_restart_bit_for_bit():
    _, th = thetas(9)
    at = 5.3 * HOUR  # a dose falls exactly on the restart
    later = np.append(at, TIMES[at < TIMES])
    whole, end = KIND.run(th, compiled(), Request({"concentration": later}), np.arange(9))
    _, state = KIND.run(th, compiled(t1=at), Request({}), np.arange(9))
    part, end_part = KIND.run(th, compiled(t0=at), Request({"concentration": later}), np.arange(9), state)
    assert np.array_equal(part["concentration"], whole["concentration"])
    assert np.array_equal(end.tree["x"], end_part.tree["x"])


def test_the_past_does_not_know_the_horizon_nor_a_later_action():
    _, th = thetas(4)
    before = TIMES[:6]
    short, _ = KIND.run(th, compiled(t1=5 * HOUR), Request({"concentration": before}), np.arange(4))
    case = CASE.plus(Infuse(at=20.1 * HOUR, rate=50.0, duration=3.0))
    long, _ = KIND.run(th, compiled(case), Request({"concentration": np.append(before, 24 * HOUR)}), np.arange(4))
    assert np.array_equal(short["concentration"], long["concentration"][:, :6])


def test_options_and_members_are_one_call():
    _, th = thetas(5)
    cases = [CASE, CASE.plus(Bolus(at=10.05 * HOUR, dose=200.0))]
    forcings = [compiled(c) for c in cases]
    both = {k: np.tile(v, 2) for k, v in th.items()}
    request = Request({"concentration": TIMES})
    together, _ = KIND.run(both, Batch.each(forcings, 5), request, np.arange(10))
    for k, forcing in enumerate(forcings):
        alone, _ = KIND.run(th, forcing, request, np.arange(5))
        assert np.allclose(together["concentration"][5 * k : 5 * k + 5], alone["concentration"], rtol=1e-12)


def test_more_chunks_than_one_compile_nothing_new():
    from vitruvian.engines import ode

    _, th = thetas(2)
    KIND.run(th, compiled(), Request({"concentration": TIMES}), np.arange(2))
    before = ode._chunk_compiled._cache_size()
    long = KIND.compile(CASE, Record.empty(), 0.0, 400 * 24 * HOUR, np.inf)
    KIND.run(th, long, Request({"concentration": TIMES}), np.arange(2))
    assert ode._chunk_compiled._cache_size() == before


def test_asking_outside_the_run_and_a_foreign_state_are_errors():
    _, th = thetas(2)
    with pytest.raises(KindError, match="ask within the run"):
        KIND.run(th, compiled(), Request({"concentration": np.array([25 * HOUR])}), np.arange(2))
    _, state = KIND.run(th, compiled(t1=HOUR), Request({}), np.arange(2))
    with pytest.raises(BeliefError, match="recalibrate"):
        KIND.run(th, compiled(t0=2 * HOUR), Request({}), np.arange(2), state)


class Stiff(AbstractOdeKind):
    """y' = -lambda (y - cos t) - sin t per second: y = cos t for every lambda (Prothero & Robinson 1974)."""

    name, version = "stiff", "1"
    states, step, time_unit, solver = ("y",), 0.05, 1.0, Rosenbrock23()
    context_of_use, envelope = ContextOfUse("", "", "", ""), Envelope({}, "none")
    parameters = (Parameter("rate", "/s", LogNormal.around(1e6, 0.5), "assumed", "stiffness"),)
    observables, quantities, actions, subject, noises = (Observable("y", "1"),), (), (), Subject, ()

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, schedules={"on": Schedule(np.array([0.0]), np.array([1.0]))})

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (1.0 + 0.0 * th["rate"],)

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        from vitruvian.engines.jaxsetup import jnp

        return (-th["rate"] * (x[0] - jnp.cos(t)) - jnp.sin(t),)

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"y": x[0]}

    def example(self) -> Example:
        return Example(Case(Subject()), 0.0, 1.0, {}, ())


@pytest.mark.parametrize("rate", [1.0, 1e3, 1e7])
def test_the_implicit_solver_holds_on_stiff_equations(rate: float):
    kind = Stiff()
    forcing = kind.compile(Case(Subject()), Record.empty(), 0.0, 5.0, 0.0)
    times = np.linspace(0, 5, 11)
    out, _ = kind.run({"rate": np.array([rate, rate])}, forcing, Request({"y": times}), np.arange(2))
    assert np.abs(out["y"] - np.cos(times)).max() < 2e-3


def test_mesh_points_do_not_move_when_a_later_one_is_added():
    a = build(Forcing(0.0, 1000.0), np.array([130.0]), 60.0).times
    b = build(Forcing(0.0, 1000.0, breaks=(500.0, 777.0)), np.array([130.0]), 60.0).times
    assert np.array_equal(a[a <= 130.0], b[b <= 130.0])
    assert np.diff(b).max() <= 60.0 + 1e-9
    assert {130.0, 500.0, 777.0, 1000.0} <= set(b.tolist())
