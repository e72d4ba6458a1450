"""The elements of the circulation against two other simulators and a closed form, each on its own inputs."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from needs import require_data
from vitruvian.core.errors import FieldError
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.models.circulation import baroreflex, elements, emulator, loop, march, network, regazzoni

pytestmark = pytest.mark.science


@pytest.mark.slow
def test_the_closed_loop_is_that_of_regazzoni_2020() -> None:
    folder = require_data("heart") / "circulation_regazzoni"
    par, start = (json.loads((folder / f"{n}.json").read_text("utf-8")) for n in ("parameters", "initial"))
    rows = list(csv.DictReader((folder / "last_beat.csv").read_text("utf-8").splitlines()))
    ends, trace = regazzoni.run(par, start, 30, 5e-4)
    blood = regazzoni.volume(ends, par)
    assert np.abs(blood / blood[0] - 1.0).max() < 1e-10
    for k, name in enumerate(regazzoni.STATES[:8]):  # volumes and pressures; flows are stiff, see SOURCE.md
        reference = np.array([float(r[name]) for r in rows])[1:]
        found = trace[::20, k][: len(reference)]
        assert np.abs(found - reference).max() < 1e-3 * np.abs(reference).max(), name


def test_steps_that_are_unstable_are_refused_with_the_fix() -> None:
    folder = require_data("heart") / "circulation_regazzoni"
    par, start = (json.loads((folder / f"{n}.json").read_text("utf-8")) for n in ("parameters", "initial"))
    with pytest.raises(FieldError, match=r"steps of 0.008 s are unstable.*take shorter steps, 0.004 s"):
        regazzoni.run(par, start, 5, 8e-3)


@pytest.mark.parametrize(
    "case",
    [
        "steadyFlow_stenosis_R",
        "closedLoopHeart_singleVessel",
        pytest.param("closedLoopHeart_withCoronaries", marks=pytest.mark.slow),
    ],
)
def test_networks_are_those_of_svzerodsolver(case: str) -> None:
    folder = require_data("heart") / "svzerod"
    _, found = network.solve(json.loads((folder / f"{case}.json").read_text("utf-8")))
    told = json.loads((folder / "results" / f"result_{case}.json").read_text("utf-8"))
    names = np.array(list(told["name"].values()))
    for vessel in sorted(set(names.tolist())):
        for what in ("pressure_in", "pressure_out", "flow_in", "flow_out"):
            reference = np.array(list(told[what].values()))[names == vessel]
            gap = np.abs(found[f"{what}:{vessel}"] - reference).max() / np.abs(reference).max()
            assert gap < 1e-8, (vessel, what)


def test_an_end_that_is_not_known_is_refused_by_name() -> None:
    end = {"bc_name": "tree", "bc_type": "IMPEDANCE", "bc_values": {}}
    vessel = {
        "vessel_name": "v",
        "zero_d_element_values": {"R_poiseuille": 1.0},
        "boundary_conditions": {"inlet": "tree", "outlet": "tree"},
    }
    with pytest.raises(FieldError, match="tree"):
        network.read({"boundary_conditions": [end], "vessels": [vessel]})


def test_a_septum_of_stone_parts_the_ventricles_and_a_soft_one_joins_them() -> None:
    left, right = (jnp.array(80.0), jnp.array(2.0)), (jnp.array(20.0), jnp.array(0.5))
    pl, pr, _ = elements.across_septum(left, right, 1e9)
    assert (float(pl), float(pr)) == pytest.approx((80.0, 20.0))
    pl, pr, _ = elements.across_septum(left, right, 0.0)
    assert float(pl) == pytest.approx(float(pr))


def test_the_loop_keeps_its_blood_and_its_emulator_says_what_it_shows() -> None:
    u = np.random.default_rng(3).uniform(-0.5, 0.5, (len(emulator.RANGES), 24))
    h = loop.Heart(*(np.asarray(v) for v in emulator.heart(jnp.asarray(u))))
    steps = int(march.steps_needed(h).max())
    begin = march.start(h)
    x, _ = march.march(h, begin, 60, steps)
    assert np.abs(x.sum(axis=0) / begin.sum(axis=0) - 1.0).max() < 1e-10
    V, p = march.shown(h, x, steps)
    shown = {
        "stroke": ((p[:, 2] - p[:, 3]).mean(axis=0) / h.R_sys) * 60.0 / h.rate,
        "lv_edv": V[:, 1].max(axis=0),
        "rv_edv": V[:, 5].max(axis=0),
        "map": p[:, 2].mean(axis=0),
        "mpap": p[:, 6].mean(axis=0),
        "rap": p[:, 4].mean(axis=0),
    }
    values = {n: getattr(h, n) for n in emulator.RANGES if n != "RC_pul"}
    told = emulator.steady({**values, "RC_pul": h.C_pul * (emulator.R_LAW + h.R_pul)})
    for name, tolerance in {"stroke": 3.0, "lv_edv": 5.0, "rv_edv": 5.0, "map": 3.0, "mpap": 1.5, "rap": 0.5}.items():
        assert np.abs(np.asarray(told[name]) - shown[name]).max() < tolerance, name


def test_the_compiled_loop_is_the_written_one() -> None:
    h = emulator.heart(jnp.asarray(np.random.default_rng(5).uniform(-0.6, 0.6, (len(emulator.RANGES), 40))))
    some = loop.Heart(*(np.asarray(v) for v in h))
    steps, begin = int(march.steps_needed(some).max()), march.start(some)
    assert np.array_equal(begin, np.stack([np.asarray(a) for a in loop.start(h)]))
    written = jax.jit(lambda h, x: loop.beats(h, x, 2, steps))(h, tuple(begin))
    compiled, _ = march.march(some, begin, 2, steps)
    assert np.abs(np.stack(written) - compiled).max() < 1e-9  # mL
    pressed = np.stack(loop.pressures(0.0, tuple(compiled), h))
    assert np.abs(pressed - march.shown(some, compiled, steps).pressures[0]).max() < 1e-9  # mmHg


def test_a_fall_of_pressure_raises_the_tone_within_a_minute() -> None:
    before = baroreflex.tone(jnp.array(0.1), jnp.array(90.0), 1e6)
    after = baroreflex.tone(before, jnp.array(60.0), 60.0)
    assert float(after) > float(before) + 0.7
    assert float(baroreflex.answer(after).rate) > float(baroreflex.answer(before).rate)
