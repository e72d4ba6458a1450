"""Membrane models: the authors' own equations read from their file, others' traces, tight integrators, closed forms."""

import math
import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from needs import require_data
from vitruvian.core.keys import generator
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.models.cells import MitchellSchaeffer, TenTusscherPanfilov
from vitruvian.models.cells.tp06equations import quotient

pytestmark = pytest.mark.science
TP06, MS = TenTusscherPanfilov(), MitchellSchaeffer()
ONE = np.zeros(1, dtype=int)
STEP = jax.jit(TP06.step, static_argnums=3)


def ode_file():
    """(parameters, expressions) of the gotran text of the model: an independent copy of its equations."""
    text = require_data("heart", "tp06", "tentusscher_panfilov_2006_epi_cell.ode").read_text()
    text = re.sub(r"#.*", "", text)
    fixed = {}
    for block in re.findall(r"parameters\((.*?)\)\s*(?=\n\s*\n|\n\w|\Z)", text, re.S):
        for name, value in re.findall(r"(\w+)\s*=\s*(?:ScalarParam\()?([-\d.e]+)", block):
            fixed[name] = float(value)
    lines = [line.split("=", 1) for line in text.splitlines() if re.match(r"^\w+ = ", line)]
    return fixed, [(a.strip(), compile(b.strip(), a, "eval")) for a, b in lines]


def ode_rates(y):
    fixed, lines = ode_file()
    tools = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "floor": np.floor}
    tools |= {"Conditional": lambda c, a, b: a if c else b, "Lt": lambda a, b: a < b}
    tools |= {"Ge": lambda a, b: a >= b, "Le": lambda a, b: a <= b, "And": lambda *a: all(a), "time": 0.0}
    scope = tools | fixed | dict(zip(TP06.states, y, strict=True))
    for name, code in lines:
        scope[name] = eval(code, {}, scope)
    return np.array([scope[f"d{s}_dt"] for s in TP06.states])


def some_states(count):
    """States on the way through an action potential, each shaken a little."""
    y = paced(TP06, 0, 5.0, 320.0, 0.02, keep=count)
    shake = generator(1, "states").uniform(0.98, 1.02, size=y.shape)
    return np.where((y > 0.9) & (y < 1.0), y, y * shake)


def paced(cell, variant, begin, until, dt, keep=40, current=38.0):
    """One stimulus of 1 ms at `begin`; states at `keep` evenly spaced times, (keep, state)."""
    s = cell.stepper(ONE + variant, dt)
    steps = round(until / dt)
    wanted, out = set(np.linspace(0, steps - 1, keep).astype(int)), []
    for k in range(steps):
        on = begin <= k * dt + 1e-9 < begin + 1.0
        s.step(np.array([current if on else 0.0], dtype=np.float32))
        if k in wanted:
            out.append(s.save()[:, 0])
    return np.array(out)


def apd90(t, v):
    """From the steepest rise to 90 % recovery, ms."""
    rise = int(np.argmax(np.diff(v) / np.diff(t)))
    level = v.min() + 0.1 * (v.max() - v.min())
    return t[rise + 1 + int(np.argmax(v[rise + 1 :] < level))] - t[rise]


def test_rates_are_those_of_the_models_own_file():
    for y in some_states(12):
        np.testing.assert_allclose(TP06.rates(y), ode_rates(y), rtol=1e-9, atol=1e-12)


def test_the_calcium_current_has_no_hole_at_15_mv():
    y = TP06.start(ONE)[:, 0]
    values = []
    for v in (15.0 - 1e-7, 15.0, 15.0 + 1e-7):
        y[0] = v
        values.append(TP06.rates(y)[0])
    assert np.isfinite(values).all()
    assert np.ptp(values) < 1e-4
    x = np.array([1e-3, -5e-3, 9.9e-3])
    np.testing.assert_allclose(quotient(x, np), x / np.expm1(x), rtol=1e-9)
    one = STEP(jnp.asarray(np.tile(np.append(15.0, y[1:])[:, None], 24)), jnp.zeros(24, int), jnp.zeros(24), 0.02)
    assert np.isfinite(np.asarray(one)).all()


def test_the_trace_of_another_simulator():
    """Chaste's reference: forward Euler, 0.001 ms; every state at 1, 2, ... 40 ms."""
    file = require_data("heart", "tp06", "reference_40ms_trace.csv")
    names = file.read_text().splitlines()[0].split(",")
    trace = np.loadtxt(file, delimiter=",", skiprows=1)
    called = {"v_mV": "V", "ca_sr_mM": "Ca_SR", "ca_i_mM": "Ca_i", "ca_ss_mM": "Ca_ss", "r_prime": "R_prime"}
    called |= {"fcass": "fCass", "k_i_mM": "K_i", "na_i_mM": "Na_i", "xr1": "Xr1", "xr2": "Xr2", "xs": "Xs"}
    mine = paced(TP06, 0, 5.0, 40.001, 0.001, keep=40001)
    for k, name in enumerate(names[1:], start=1):
        column = mine[:, TP06.states.index(called.get(name, name))]
        got = column[(trace[1:, 0] * 1000).astype(int) - 1]
        outside = (trace[1:, 0] < 5.5) | (trace[1:, 0] > 8.5)
        scale = np.abs(trace[:, k]).max()
        assert np.abs(got - trace[1:, k])[outside].max() < 8e-3 * scale, name


@pytest.mark.parametrize(("variant", "apd"), [(0, 300.5), (1, 392.2)])
def test_action_potentials_against_a_tight_integrator_and_published_durations(variant, apd):
    """LSODA at 1e-8; the durations are those of Chaste's long test: 1 ms at 100 ms (see SOURCE.md of the data)."""
    y, parts = TP06.start(ONE)[:, 0], []
    for begin, end, current in ((0, 100, 0.0), (100, 101, 38.0), (101, 550, 0.0)):
        times = np.arange(begin + 0.5, end + 0.25, 0.5)
        found = solve_ivp(
            lambda _, y, i=current: TP06.rates(y, variant, i),
            (begin, end),
            y,
            "LSODA",
            t_eval=times,
            rtol=1e-8,
            atol=1e-10,
        )
        y = found.y[:, -1]
        parts.append(found.y[0])
    t, exact = np.arange(0.5, 550.25, 0.5), np.concatenate(parts)
    assert apd90(t, exact) == pytest.approx(apd, abs=2.0)
    gaps = []
    for dt in (0.02, 0.01):
        mine = paced(TP06, variant, 100.0, 550.0, dt, keep=round(550 / dt))[:, 0]
        gaps.append(np.abs(mine[np.round(t / dt).astype(int) - 1] - exact)[220:])  # after the upstroke
    assert gaps[1].max() < 1.0
    assert np.median(gaps[0]) / np.median(gaps[1]) == pytest.approx(2.0, abs=0.5)  # first order in time


def test_an_endocardial_cell_has_no_notch_and_an_ill_one_rises_slowly():
    traces = {n: paced(TP06, k, 0.0, 60.0, 0.01, keep=6000)[:, 0] for k, n in enumerate(TP06.variants)}
    notch = {n: v.max() - v[600:2500].min() for n, v in traces.items()}
    assert notch["endo"] < notch["epi"]
    assert np.diff(traces["epi border"]).max() < 0.6 * np.diff(traces["epi"]).max()


def test_jax_and_the_processors_table_take_the_same_step():
    states = some_states(24).T
    states[0] = np.clip(states[0], -90, 45)
    variant = np.arange(24) % 6
    flow = np.linspace(-20, 40, 24)
    table = TP06.stepper(variant, 0.02)
    table.load(states)
    table.step(flow.astype(np.float32))
    exact = np.asarray(STEP(jnp.asarray(states), jnp.asarray(variant), jnp.asarray(flow), 0.02))
    np.testing.assert_allclose(table.save()[0], exact[0], atol=2e-3)
    np.testing.assert_allclose(table.save()[1:], exact[1:], rtol=2e-4, atol=2e-5)


def test_a_potential_that_runs_away_becomes_nan_instead_of_a_number():
    s = TP06.stepper(ONE, 0.02)
    s.V[:] = 4000.0
    s.step(np.zeros(1, np.float32))
    assert np.isnan(s.V[0])


def test_mitchell_schaeffer_restitution_is_its_closed_form():
    """Leading order in tau_in / tau_close: the error falls with it; 150 ln 5 = 241.4 ms after a long rest."""
    assert MS.duration(1e9) == pytest.approx(150.0 * math.log(5.0))
    errors = []
    for k in (1.0, 0.1, 0.01):
        cell = MitchellSchaeffer(tau_in=0.3 * k, tau_out=6.0 * k)
        for diastole in (60.0, 240.0):
            h = 1 - (1 - cell.h_min) * math.exp(-diastole / cell.tau_open)
            y0 = np.array([cell.rest + 30.0, h])

            def below(t, y, cell=cell):
                return y[0] - (cell.rest + 100.0 * cell.u_gate)

            below.terminal, below.direction = True, -1
            found = solve_ivp(
                lambda t, y, c=cell: c.rates(y), (0, 600), y0, "LSODA", events=below, rtol=1e-8, atol=1e-8
            )
            errors.append(abs(found.t_events[0][0] - cell.duration(diastole)) / cell.duration(diastole))
    assert errors[-1] < 0.01
    assert errors[-2] < 0.02
    assert errors[4] < errors[2] < errors[0]


def test_mitchell_schaeffer_steps_agree():
    y = np.stack([np.linspace(-80, 18, 30), np.linspace(0.05, 1, 30)])
    flow = np.linspace(-5, 20, 30)
    s = MS.stepper(np.zeros(30, int), 0.05)
    s.load(y)
    s.step(flow.astype(np.float32))
    exact = np.asarray(jax.jit(MS.step, static_argnums=3)(jnp.asarray(y), jnp.zeros(30, int), jnp.asarray(flow), 0.05))
    np.testing.assert_allclose(s.save(), exact, rtol=1e-5, atol=1e-4)
