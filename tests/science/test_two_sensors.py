"""Two sensors of one person make one belief: closed forms of what each knows, and a simulated person with both."""

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.observing import Observing
from vitruvian.kinds.metabolic import KIND, Meal, Person
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast

pytestmark = pytest.mark.science
HOUR = 3600.0
CASE = Case(Person(), (Meal(at=8 * HOUR, carbohydrate=50.0), Meal(at=13 * HOUR, carbohydrate=70.0)))
BIAS, END = -30.0, 18 * HOUR


@pytest.fixture(scope="module")
def worn():
    """18 h of one glucose seen by a Dexcom and by a Libre that reads 30 mg/dL lower, with errors that last."""
    forcing = KIND.compile(CASE, Record.empty(), 0.0, END, END)
    layout = Latents.of(KIND.parameters, forcing)
    theta = layout.theta(layout.pad(np.zeros((1, len(layout.names)))))
    rng = generator(8, "two sensors")
    times = {"dexcom": np.arange(60.0, END, 300.0), "libre": np.arange(400.0, END, 900.0)}
    parts = []
    for sensor, t in times.items():
        glucose = KIND.run(theta, forcing, Request({"glucose": t}), member_seeds(1, 1))[0]["glucose"][0]
        noise = KIND.noise("glucose", sensor)
        known = {"libre_bias": np.array([BIAS])}
        parts.append(Record.of("glucose", t, noise.sample(rng, glucose[None, :], t, known)[0], sensor=sensor))
    return Record.join(parts), theta


def test_a_lasting_error_is_what_the_gaussian_formula_says(worn):
    """Mean and spread over draws of discrepancy and sensor error at the end equal those of the joint normal."""
    record, _ = worn
    forcing = KIND.compile(CASE, record, 0.0, END, END)
    layout = Latents.of(KIND.parameters, forcing)
    members = 4000
    theta = layout.theta(layout.pad(np.zeros((members, len(layout.names)))))
    seen = Observing.of(KIND, forcing, record)
    single = layout.theta(layout.pad(np.zeros((1, len(layout.names)))))
    outputs, _ = KIND.run(single, forcing, seen.request, member_seeds(1, 1))
    outputs = {n: np.repeat(np.asarray(v), members, axis=0) for n, v in outputs.items()}
    draws = {n: generator(3, n).standard_normal(members) for n in ("glucose", "glucose|libre")}
    found = seen.remaining(KIND, outputs, theta, END, draws)
    (block,) = seen.blocks
    at = np.array([END])
    discrepancy, noise = KIND.discrepancies["glucose"], KIND.noise("glucose", "libre")
    libre = record.sensor[np.argsort(record.valid_time, kind="stable")] == "libre"
    rows = np.stack(
        [
            discrepancy.covariance(at, block.times)[0],
            noise.sd_ar**2 * np.exp(-np.abs(END - block.times) / noise.tau) * libre,
        ]
    )
    inverse = np.linalg.inv(block.covariance)
    residual = block.residual(np.asarray(outputs["glucose"])[:1, block.position], single)[0]
    mean = rows @ inverse @ residual
    spread = np.diag([discrepancy.sd**2, noise.sd_ar**2]) - rows @ inverse @ rows.T
    both = np.stack([found["glucose"], found["glucose|libre"]])
    np.testing.assert_allclose(both.mean(axis=1), mean, atol=4 * np.sqrt(np.diag(spread) / members).max())
    np.testing.assert_allclose(np.cov(both), spread, atol=0.1 * spread.max())


def test_a_row_s_own_sd_stands_for_the_white_part_alone(worn):
    """Beside an error that lasts, so that the covariance stays one, however small the row's own sd is."""
    record = worn[0].only("glucose", "libre")
    sd = np.where(np.arange(len(record)) % 2, 0.5, np.nan)
    doubted = Record.of("glucose", record.valid_time, record.value, sensor="libre", sd=sd)
    forcing = KIND.compile(CASE, doubted, 0.0, END, END)
    (block,) = Observing.of(KIND, forcing, doubted).blocks
    noise, discrepancy = KIND.noise("glucose", "libre"), KIND.discrepancies["glucose"]
    white = np.where(np.isnan(sd), noise.sd, sd)
    expected = white**2 + noise.sd_ar**2 + discrepancy.sd**2
    np.testing.assert_allclose(np.diag(block.covariance), expected)
    assert np.isfinite(block.whitener).all()


@pytest.mark.slow
def test_one_belief_tells_the_bias_from_the_glucose(worn):
    """With both, the Libre's bias is learned and glucose is foreseen; from the Libre alone the two cannot be parted."""
    record, truth = worn
    now = 15 * HOUR
    ahead = now + np.arange(1.0, 7.0) * 600.0
    forcing = KIND.compile(CASE, Record.empty(), 0.0, END, END)
    came = KIND.run(truth, forcing, Request({"glucose": ahead}), member_seeds(1, 1))[0]["glucose"][0]
    prior = next(p.prior for p in KIND.parameters if p.name == "libre_bias")
    bias, error = {}, {}
    for name, known in (("both", record), ("libre", record.only("glucose", "libre"))):
        twin = calibrate(Twin(KIND, CASE, known.until(now)), known_at=now, seed=2, members=200)
        belief = twin.believed()
        assert "glucose|libre" in belief.residual
        bias[name] = prior.value(belief.z[:, belief.names.index("libre_bias")])
        said = forecast(twin, Request({"glucose": ahead}), seed=3)["glucose"].mean()
        error[name] = float(np.sqrt(np.mean((said - came) ** 2)))
    assert abs(bias["both"].mean() - BIAS) < 2 * bias["both"].std()
    assert bias["both"].std() < 0.6 * bias["libre"].std()
    assert error["both"] < error["libre"]
