"""A surrogate of the infusion against its closed form: small errors, and bands that hold as often as they say."""

import json

import jsonschema
import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.keys import generator
from vitruvian.core.kind import Causal, check_kind
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import KIND, Bolus, Infuse, Person
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import AS_PLANNED
from vitruvian.verbs.design import Design, Truncated
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.goal import Objective
from vitruvian.verbs.population import believe_prior
from vitruvian.verbs.recommend import recommend
from vitruvian.verbs.simulate import simulate
from vitruvian.verbs.surrogate import AbstractSurrogate, surrogate

HOUR = 3600.0
TIMES = np.arange(2.0, 26.0, 4.0) * HOUR
REQUEST = Request({"concentration": TIMES, "mean_level": np.array([[0.0, 24 * HOUR]])})
CASE = Case(
    Person(weight=70.0),
    (Bolus(at=0.0, dose=200.0, known_at=0.0), Infuse(at=0.0, rate=30.0, duration=48.0, known_at=0.0)),
)
DESIGN = Design(
    CASE,
    0.0,
    fields={"Bolus.dose": (50.0, 400.0), "Person.weight": (50.0, 110.0)},
    parameters={"CL": (0.02, 0.08), "V": (0.3, 0.7)},
    n=96,
)


@pytest.fixture(scope="module")
def made() -> AbstractSurrogate:
    return surrogate(KIND, DESIGN, REQUEST, seed=1)


def level(dose: np.ndarray, weight: np.ndarray, cl: np.ndarray, v: np.ndarray) -> np.ndarray:
    """C(t) = D / (V W) e^(-k t) + R / (CL W) (1 - e^(-k t)), (point, time)."""
    k, t = (cl / v)[:, None], TIMES[None] / HOUR
    fall = np.exp(-k * t)
    return dose[:, None] / (v * weight)[:, None] * fall + 30.0 / (cl * weight)[:, None] * (1 - fall)


def test_it_agrees_with_the_closed_form_as_well_as_it_says(made: AbstractSurrogate) -> None:
    rng = generator(7, "points")
    count, draws = 60, 100
    dose, weight = rng.uniform(50, 400, count), rng.uniform(50, 110, count)
    cl, v = rng.uniform(0.02, 0.08, count), rng.uniform(0.3, 0.7, count)
    exact = level(dose, weight, cl, v)
    inside, error = [], []
    for i in range(count):
        case = DESIGN.at({"Bolus.dose": float(dose[i]), "Person.weight": float(weight[i])})
        forcing = made.compile(case, Twin(made, case).record, 0.0, 24 * HOUR, 24 * HOUR)
        theta = {"CL": np.full(draws, cl[i]), "V": np.full(draws, v[i])}
        out, _ = made.run(theta, forcing, Request({"concentration": TIMES}), np.arange(draws, dtype=np.uint64))
        told = np.asarray(out["concentration"])
        low, high = np.quantile(told, (0.05, 0.95), axis=0, method="weibull")
        inside.append((low <= exact[i]) & (exact[i] <= high))
        error.append(told.mean(axis=0) - exact[i])
    cover, rmse = np.mean(inside), float(np.sqrt(np.mean(np.square(error))))
    print(f"coverage of 90 % bands {cover:.3f}, RMSE {rmse:.3g} mg/L, by its own account {made.accuracy}")
    assert rmse < 0.03  # levels are 2 to 40 mg/L
    assert 0.82 <= cover <= 0.98  # 60 points with six dependent times each
    assert rmse < made.accuracy["concentration"]["rmse"] < 10 * rmse  # left-out runs lie on faces
    assert made.accuracy["concentration"]["cover90"] >= 0.85


def test_it_is_a_kind(made: AbstractSurrogate) -> None:
    check_kind(made)
    assert isinstance(made, Causal)
    assert made.name == "infusion_surrogate"
    assert made.version == surrogate(KIND, DESIGN, REQUEST, seed=1).version  # the same runs, the same fit
    jsonschema.Draft202012Validator.check_schema(Bolus.json_schema())
    prior = made.parameters[0].prior
    assert isinstance(prior, Truncated)
    values = prior.value(np.linspace(-6, 6, 101))
    assert values.min() >= 0.02
    assert values.max() <= 0.08
    assert (np.diff(values) >= 0).all()
    for z in (-2.0, 0.3, 1.5):
        assert prior.z(float(prior.value(np.array(z)))) == pytest.approx(z, abs=1e-9)


def test_it_forecasts_calibrates_and_recommends_like_the_kind_it_stands_for(made: AbstractSurrogate) -> None:
    prior = believe_prior(Twin(made, CASE), 0.0, start=0.0, members=400, seed=2)
    told = forecast(prior, REQUEST)
    theta = [p.prior.value(prior.believed().z[:, i]) for i, p in enumerate(made.parameters)]
    whole = np.full(400, 200.0), np.full(400, 70.0), *theta
    exact = level(*whole)
    assert told["concentration"].mean() == pytest.approx(exact.mean(axis=0), rel=0.01)
    json.dumps(told.to_json())

    truth = np.array([0.5, -0.5])
    seen = simulate(KIND, CASE, {"concentration": TIMES}, 0.0, seed=4, z=truth)
    fits = [
        calibrate(Twin(k, CASE, seen.record), method="es-mda", window=(0.0, TIMES[-1]), members=400)
        for k in (KIND, made)
    ]
    means = [[float(p.prior.value(t.believed().z[:, i]).mean()) for i, p in enumerate(t.kind.parameters)] for t in fits]
    assert means[1] == pytest.approx(means[0], rel=0.05)

    window = (0.0, 24 * HOUR)
    answer = recommend(prior, {}, Objective("mean_level", window, "max"))
    assert answer.options[0].name == AS_PLANNED


OUTSIDE = [
    (DESIGN.at({"Bolus.dose": 420.0}), r"Bolus.dose = 420 is outside 50 to 400"),
    (Case(CASE.subject, (CASE.timeline[0],)), "its design holds the actions: Bolus, Infuse; this case: Bolus"),
    (
        Case(CASE.subject, (CASE.timeline[0], Infuse(at=0.0, rate=20.0, duration=48.0, known_at=0.0))),
        "Infuse.rate is 20.0, fixed at 30.0",
    ),
    (Case(CASE.subject, (CASE.timeline[0], Infuse(at=HOUR, rate=30.0, duration=48.0))), "this case: Bolus"),
]


@pytest.mark.parametrize(("case", "told"), OUTSIDE, ids=["range", "actions", "fixed", "not known yet"])
def test_what_lies_outside_its_design_is_refused(made: AbstractSurrogate, case: Case, told: str) -> None:
    with pytest.raises(KindError, match=told):
        made.compile(case, Twin(made, case).record, 0.0, 24 * HOUR, 0.0)


def test_other_times_items_starts_and_parameters_are_refused(made: AbstractSurrogate) -> None:
    twin = believe_prior(Twin(made, CASE), 0.0, start=0.0, members=10)
    with pytest.raises(KindError, match="was not made for 'concentration' at"):
        forecast(twin, Request.of({"concentration": [3 * HOUR]}))
    with pytest.raises(KindError, match="neither an observable nor a quantity"):
        forecast(twin, Request.of({"peak_level": [(0.0, HOUR)]}))
    with pytest.raises(KindError, match="runs from 0 s, not from 3600 s"):
        made.compile(CASE, twin.record, HOUR, 2 * HOUR, HOUR)
    forcing = made.compile(CASE, twin.record, 0.0, 24 * HOUR, 0.0)
    theta = {"CL": np.array([0.1]), "V": np.array([0.5])}
    with pytest.raises(KindError, match=r"CL = 0\.1 is outside 0\.02 to 0\.08"):
        made.run(theta, forcing, REQUEST, np.zeros(1, dtype=np.uint64))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fields": {"Bolus[3].dose": (0.0, 1.0)}}, "is not in the case"),
        ({"fields": {"dose": (0.0, 1.0)}}, "is no field"),
        ({"parameters": {"KA": (0.0, 1.0)}}, "is no parameter of 'infusion'"),
        ({"parameters": {"CL": (0.08, 0.02)}}, "is empty"),
        ({"n": 16}, "16 runs are too few for 4 coordinates"),
    ],
)
def test_designs_that_do_not_fit_say_so(change: dict, told: str) -> None:
    plain = {"case": CASE, "t0": 0.0, "fields": DESIGN.fields, "parameters": DESIGN.parameters, "n": 96}
    with pytest.raises(KindError, match=told):
        surrogate(KIND, Design(**{**plain, **change}), REQUEST)
