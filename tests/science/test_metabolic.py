"""The metabolic kind: steady state, conservation of mass, what its step costs in accuracy, causes and directions."""

import dataclasses

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.jaxsetup import jnp
from vitruvian.kinds.metabolic import KIND, Exercise, Insulin, Meal, Person, model
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.evidence.artefacts import believing
from vitruvian.verbs.assimilate import assimilate
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.posterior import Problem, mode_of

HOUR = 3600.0
GRID = np.arange(0.0, 24 * HOUR + 1, 300.0)
DAY = (
    Meal(at=8 * HOUR, carbohydrate=50.0),
    Meal(at=13 * HOUR, carbohydrate=70.0),
    Meal(at=19 * HOUR, carbohydrate=60.0),
)


def run(case, z, *, kind=KIND, names=("glucose",), end=24 * HOUR, times=GRID):
    """Outputs {name: (member, n)} for z {latent: (member,)}; what is not named stands at its median."""
    forcing = kind.compile(case, Record.empty(), 0.0, end, end)
    layout = Latents.of(kind.parameters, forcing)
    members = max((np.size(v) for v in z.values()), default=1)
    full = np.zeros((members, len(layout.names)))
    for name, value in z.items():
        full[:, layout.names.index(name)] = value
    theta = layout.theta(layout.pad(full))
    return kind.run(theta, forcing, Request(dict.fromkeys(names, times)), member_seeds(1, members))


def random_z(members, seed, case):
    forcing = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 24 * HOUR)
    names = Latents.of(KIND.parameters, forcing).names
    return dict(zip(names, generator(seed, "metabolic").standard_normal((len(names), members)), strict=True))


def test_nothing_moves_in_a_fast_of_a_day_without_rhythm():
    z = random_z(100, 1, Case(Person()))
    still = {n: 0.0 * v if n in ("start", "level_cos", "level_sin") else v for n, v in z.items()}
    glucose = run(Case(Person()), still)[0]["glucose"]
    assert np.abs(glucose - glucose[:, :1]).max() < 0.1


def test_a_basal_dose_taken_daily_holds_its_level_from_day_to_day():
    doses = tuple(Insulin(at=d * 24 * HOUR + 22 * HOUR, units=20.0, formulation="basal") for d in range(-4, 2))
    glucose = run(Case(Person(), doses), {}, end=48 * HOUR, times=np.array([30.0, 46.0]) * HOUR)[0]["glucose"][0]
    assert glucose[0] < par_value("Gb") - 5.0
    untreated = run(Case(Person()), {}, end=48 * HOUR, times=np.array([30.0, 46.0]) * HOUR)[0]["glucose"][0]
    np.testing.assert_allclose(untreated, par_value("Gb"), atol=0.1)


def par_value(name):
    return float(next(p for p in KIND.parameters if p.name == name).prior.value(np.zeros(1))[0])


def test_all_the_carbohydrate_that_is_eaten_appears_and_no_more():
    """dQ2/dt = kq (Q1 - Q2): what has appeared is what was eaten less what the stomach and the gut still hold."""
    case = Case(Person(weight=80.0), DAY)
    z = random_z(64, 2, case)
    _outputs, state = run(case, z, end=72 * HOUR, times=np.array([72 * HOUR]))
    assert state is not None
    left = state.tree["x"][:, [model.STATES.index(s) for s in ("L", "Q1", "Q2")]].sum(axis=1)
    assert np.all(left < 0.5)  # g of about 190
    forcing = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 24 * HOUR)
    early = KIND.compile(case, Record.empty(), 0.0, 19.01 * HOUR, 24 * HOUR)
    assert forcing.slots == early.slots


@pytest.mark.parametrize("delay", [0.0, 7.3, 41.0])
def test_a_meal_s_pulse_has_area_one(delay):
    """With the engine's own steps: RK4 on a pure input is Simpson's rule."""
    ages = np.arange(0.0, 90.0, 5.0) - delay
    simpson = sum(
        5
        / 6
        * float(model._pulse(jnp.array(a)) + 4 * model._pulse(jnp.array(a + 2.5)) + model._pulse(jnp.array(a + 5.0)))
        for a in ages
    )
    assert simpson == pytest.approx(1.0, abs=5e-3)
    assert float(model._entered(jnp.array(par.PULSE))) == pytest.approx(1.0)
    assert float(model._entered(jnp.array(par.PULSE / 2))) == pytest.approx(0.5)


def test_five_minute_steps_are_exact_enough():
    """Against steps of 15 s, over 200 people of the prior: below a tenth of a sensor's own error (about 9 %)."""
    case = Case(Person(), (*DAY, Insulin(at=12.9 * HOUR, units=4.0), Exercise(at=14 * HOUR, mets=4.0, duration=30.0)))
    fine = model.Metabolic()
    object.__setattr__(fine, "step", 15.0)
    z = random_z(200, 3, case)
    coarse, exact = run(case, z)[0]["glucose"], run(case, z, kind=fine)[0]["glucose"]
    worst = np.abs(coarse / exact - 1).max(axis=1)
    print(f"worst relative step error: median {np.median(worst):.2e}, 99 % {np.quantile(worst, 0.99):.2e}")
    assert np.quantile(worst, 0.99) < 0.009


def test_a_meal_changes_nothing_before_its_time():
    case = Case(Person(), DAY)
    more = case.plus(Meal(at=15 * HOUR, carbohydrate=100.0))
    z = random_z(32, 4, case)
    before = run(case, z)[0]["glucose"]
    after = run(more, z)[0]["glucose"]
    earlier = GRID <= 15 * HOUR
    assert np.array_equal(before[:, earlier], after[:, earlier])
    assert np.all(after[:, GRID == 16 * HOUR] > before[:, GRID == 16 * HOUR])


@pytest.mark.parametrize(
    ("latent", "sign"), [("D", -1), ("SG", -1), ("Gb", 1), ("y_protein", 1), ("amplitude@46800.0", 1)]
)
def test_a_parameter_moves_the_mean_the_way_it_should(latent, sign):
    names = ("glucose",)
    low, high = (
        run(Case(Person(), DAY), {latent: np.array([v])}, names=names)[0]["glucose"].mean() for v in (-1.0, 1.0)
    )
    assert sign * (high - low) > 0.5


def test_ten_units_do_not_take_glucose_below_what_is_possible():
    glucose = run(Case(Person(), (Insulin(at=HOUR, units=60.0),)), random_z(200, 5, Case(Person())))[0]["glucose"]
    assert glucose.min() > 20.0
    assert np.isfinite(glucose).all()


def test_a_window_may_start_in_the_middle_of_a_meal():
    """What was entering at the start enters, whether the window starts before the meal or 30 min into it."""
    case = Case(Person(), (Meal(at=8 * HOUR, carbohydrate=60.0),))
    whole = KIND.compile(case, Record.empty(), 0.0, 14 * HOUR, 24 * HOUR)
    part = KIND.compile(case, Record.empty(), 8.5 * HOUR, 14 * HOUR, 24 * HOUR)
    layout = Latents.of(KIND.parameters, whole)
    theta = layout.theta(layout.pad(np.zeros((1, len(layout.names)))))
    times, seeds = np.arange(11.0, 14.0, 0.25) * HOUR, member_seeds(1, 1)
    first = KIND.run(theta, whole, Request({"glucose": times}), seeds)[0]["glucose"]
    second = KIND.run(theta, part, Request({"glucose": times}), seeds)[0]["glucose"]
    np.testing.assert_allclose(first, second, atol=8.0)
    fasting = KIND.run(
        theta,
        dataclasses.replace(part, arrays={**part.arrays, "carb": 0 * part.arrays["carb"]}),
        Request({"glucose": times}),
        seeds,
    )[0]["glucose"]
    assert np.all(second - fasting > -1.0)
    assert (second - fasting).max() > 5.0


def test_a_simulated_day_gives_its_person_back():
    """Level, disposition and each meal's size lie within three posterior sd of what made the day."""
    case = Case(Person(), DAY)
    rng = generator(6, "recovered")
    forcing = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 24 * HOUR)
    layout = Latents.of(KIND.parameters, forcing)
    truth = rng.standard_normal(len(layout.names))
    theta = layout.theta(layout.pad(truth[None, :]))
    times = GRID[1:-1]
    curve = KIND.run(theta, forcing, Request({"glucose": times}), member_seeds(1, 1))[0]["glucose"]
    d = KIND.discrepancies["glucose"]
    path = np.linalg.cholesky(d.covariance(times, times) + 1e-9 * np.eye(len(times))) @ rng.standard_normal(len(times))
    reading = KIND.noise("glucose", "dexcom").sample(rng, curve[0] + path, times, {k: v[0] for k, v in theta.items()})
    record = Record.of("glucose", times, reading, sensor="dexcom")
    from vitruvian.core.belief import PopulationPrior

    found = mode_of(Problem(KIND, case, record, forcing, 24 * HOUR, PopulationPrior(), 0, 1))
    sd = np.sqrt(np.diag(found.covariance))
    score = (found.mode - truth) / sd
    told = {n: float(s) for n, s in zip(layout.names, score, strict=True)}
    print(told)
    assert np.abs(score).max() < 4.0
    assert np.mean(score**2) < 2.0
    where = {n: i for i, n in enumerate(layout.names)}
    assert sd[where["Gb"]] < 0.6
    assert sd[where["D"]] < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("way", ["calibrate", "assimilate"])
def test_a_forecast_does_not_follow_a_compression_low(way):
    """A night at 110 mg/dL; the sensor fell by 45 for 35 min and has just come back: the low is forgotten. While it is
    still down, half of it is."""
    times = np.arange(0.0, 26.75 * HOUR, 300.0)
    value = 110.0 + generator(5, "sensor").normal(0.0, 2.0, len(times))
    value[(times > 26 * HOUR) & (times < 26.6 * HOUR)] -= 45.0
    record, request = Record.of("glucose", times, value, sensor="dexcom"), Request({"glucose": times[-1:] + 1800.0})
    whole = twin_of(record, way)
    assert abs(forecast(whole, request, seed=2)["glucose"].mean()[0] - 110.0) < 8.0
    still = twin_of(record.until(26.4 * HOUR), way)
    soon = Request({"glucose": np.array([26.4 * HOUR + 1800.0])})
    doubting = forecast(still, soon, seed=2)["glucose"].mean()[0]
    assert doubting < 108.0
    if way == "calibrate":
        assert forecast(believing(still), soon, seed=2)["glucose"].mean()[0] < doubting - 3.0


def twin_of(record, way):
    """Calibrated on all, or until shortly before the low and then filtered."""
    first = np.inf if way == "calibrate" else 25.9 * HOUR
    twin = calibrate(Twin(KIND, Case(Person()), record.until(first)), seed=1, members=100)
    return twin if way == "calibrate" else assimilate(twin, record.between(first + 1.0, np.inf))
