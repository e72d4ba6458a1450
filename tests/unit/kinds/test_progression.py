"""The generator of twins: visits read as they are, an exact likelihood, draws of their patient, honest checks."""

import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vitruvian.core.errors import RecordError
from vitruvian.kinds.progression import KIND, Visits
from vitruvian.kinds.progression.checks import check, two_sample
from vitruvian.kinds.progression.copula import fit_copula
from vitruvian.kinds.progression.generator import visits
from vitruvian.kinds.progression.latent import LEVELS, Spread, _padded, _profile, fixed, reshaped
from vitruvian.kinds.progression.population import Population, weighted_quantile
from vitruvian.kinds.progression.visits import backward, forward, transform_of
from vitruvian.models.trialtable import Frame


def test_the_likelihood_is_that_of_the_multivariate_normal() -> None:
    """With the coefficients integrated out under their prior, patients with different visits together."""
    rng = np.random.default_rng(1)
    spread = Spread(2.0, 1.0, 0.3, 1.5, 60.0, 0.7)
    patient = np.repeat(np.arange(5), [3, 1, 4, 2, 5])
    t = np.concatenate([np.sort(rng.uniform(5, 300, k)) for k in (3, 1, 4, 2, 5)])
    w = np.column_stack([np.ones(5), rng.standard_normal(5)])
    y = rng.standard_normal(15)
    x = fixed(w[patient], t, 300.0)
    precision = np.linspace(0.5, 3.0, 6)
    value, b, _ = _profile(spread, _padded(patient, t, x, y), 300.0, precision)
    scale = spread.noise**2 + spread.wander**2 + spread.level**2
    same = patient[:, None] == patient[None]
    v = spread.covariance(t, 300.0) * same + x @ np.diag(scale / precision) @ x.T
    told = -multivariate_normal.logpdf(y, np.zeros(15), v) - 0.5 * 15 * np.log(2 * np.pi)
    assert value == pytest.approx(told, rel=1e-9)
    assert b == pytest.approx(np.diag(scale / precision) @ x.T @ np.linalg.solve(v, y), rel=1e-8)


def test_draws_are_of_their_patient_and_seed() -> None:
    population, told = KIND.learned, visits(40, 5)
    times = np.array([90.0, 365.0, 700.0])
    a = population.draws(told.base, times, 30, 1)
    assert np.array_equal(a.values, population.draws(told.base, times, 30, 1).values)
    assert (np.diff(a.staying, axis=2) <= 0).all()
    assert (a.values[..., 1] > 0).all()  # an enzyme on the log scale
    low, high = a.band("score")
    assert (low < a.expected("score")).all()
    assert (a.expected("score") < high).all()
    start = told.base.number("score")
    assert np.corrcoef(a.expected("score")[:, 0], start)[0, 1] > 0.9


def test_a_population_can_be_kept() -> None:
    again = Population.from_json(json.loads(json.dumps(KIND.learned.to_json())))
    assert again.digest == KIND.artefact


def test_the_long_layout_is_read_with_irregular_visits_and_gaps() -> None:
    rows = [
        ["1", "0", "50", "f"],
        ["1", "100", "48", "f"],
        ["1", "230", "", "f"],
        ["2", "3", "60", "m"],
        ["2", "90", "61", "m"],
    ]
    long = Frame.of_rows(["id", "day", "score", "sex"], [*rows, ["3", "200", "40", "m"]], "v.csv", factors=["sex"])
    v = Visits.of_long(long, identity="id", time="day", markers=["score"], covariates=["sex"])
    assert len(v) == 2  # patient 3 has no baseline
    assert v.base.number("score").tolist() == [50, 60]
    assert v.time.tolist() == [100, 90]
    assert v.end.tolist() == [230, 90]
    assert v.window(80, 110).tolist() == [0, 1]
    assert len(v.take(np.array([False, True])).time) == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["1", "0", "5"], ["1", "0", "6"]], "two visits of a patient at one time"),
        ([["1", "", "5"]], "a visit has no time"),
        ([["1", "0", "5"], ["1", "90", "high"]], "'high' is no number"),
        ([["1", "90", "5"]], "nobody has a baseline visit"),
    ],
)
def test_visits_that_cannot_be_used_are_refused_with_their_place(rows: list[list[str]], says: str) -> None:
    long = Frame.of_rows(["id", "day", "score"], rows, "v.csv")
    with pytest.raises(RecordError, match=says) as told:
        Visits.of_long(long, identity="id", time="day", markers=["score"], covariates=[])
    assert "v.csv" in told.value.where


def test_a_transform_is_taken_where_it_is_likelier() -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(10, 2, 500)
    y = 0.8 * first + 2 + rng.normal(0, 1, 500)
    assert transform_of(y, first, np.zeros(500)) == "identity"
    assert transform_of(np.exp(y / 4), np.exp(first / 4), np.zeros(500)) == "log"
    assert transform_of(y**2, first**2, np.zeros(500)) == "sqrt"
    for name in ("identity", "sqrt", "log"):
        z = np.array([0.5, 3.0, 40.0])
        assert backward(name, forward(name, z)) == pytest.approx(z)


def test_scores_take_the_residuals_own_shape() -> None:
    from scipy.special import ndtri

    z = np.linspace(-3, 3, 50)
    assert reshaped(z, ndtri(LEVELS)) == pytest.approx(z, abs=1e-9)
    skewed = reshaped(z, np.exp(ndtri(LEVELS)) - 1)
    assert (np.diff(skewed) > 0).all()


def test_weighted_quantiles_are_plain_ones_under_equal_weights() -> None:
    y = np.random.default_rng(3).standard_normal((4, 999))
    assert weighted_quantile(y, np.ones_like(y), 0.25) == pytest.approx(np.quantile(y, 0.25, axis=1), abs=0.01)


@pytest.mark.science
def test_a_generator_that_is_the_truth_passes_and_a_wrong_one_is_found() -> None:
    rng = np.random.default_rng(4)
    n, baseline = 300, np.random.default_rng(5).standard_normal((300, 1))

    def draw(count: int, scale: float) -> np.ndarray:
        level = rng.standard_normal((n, count, 1, 1))
        return baseline[:, :, None, None] + level + scale * 0.5 * rng.standard_normal((n, count, 3, 1))

    truth, training = draw(1, 1.0)[:, 0], draw(1, 1.0)[:, 0]
    good = check(draw(200, 1.0), np.ones((n, 200, 3)), truth, baseline, training)
    assert np.abs(good.coverage[2] - 0.9).max() < 0.06
    assert good.auroc < 0.6
    assert 0.8 < good.nearest < 1.25
    assert good.correlation.max() < 0.15
    wrong = check(draw(200, 3.0), np.ones((n, 200, 3)), truth, baseline, training)
    assert wrong.auroc > 0.7
    assert wrong.coverage[2].min() > 0.95
    copies = check(np.repeat(training[:, None], 5, axis=1), np.ones((n, 5, 3)), truth, baseline, training)
    assert copies.nearest < 0.01
    assert two_sample(truth, truth.copy(), baseline) == pytest.approx(0.5, abs=0.06)


@pytest.mark.science
def test_the_copula_draws_mixed_types_and_who_leaves() -> None:
    """A number, a 0/1 marker and dropout that depends on the number; bands cover, 0/1 stays 0/1."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((600, 1))
    number = x + 0.7 * rng.standard_normal((600, 2)) + [0.0, 0.5]
    flag = (rng.random((600, 2)) < 1 / (1 + np.exp(-number))).astype(float)
    values = np.stack([number, flag], axis=2)
    gone = np.zeros((600, 2))
    gone[:, 1] = rng.random(600) < 1 / (1 + np.exp(2 - number[:, 0]))
    values[gone[:, 1] == 1, 1] = np.nan
    first = np.column_stack([x[:, 0], (x[:, 0] > 0).astype(float)])
    past, new = slice(0, 400), slice(400, 600)
    discrete = np.array([False, True])
    model = fit_copula(x[past], first[past], values[past], gone[past], discrete, 1)
    drawn, staying = model.draws(x[new], first[new], 50, 2)
    assert set(np.unique(drawn[..., 1])) == {0.0, 1.0}
    assert (staying[..., 1] <= staying[..., 0]).all()
    assert staying[..., 1].mean() == pytest.approx(1 - gone[new, 1].mean(), abs=0.1)
    low, high = (weighted_quantile(drawn[..., 0], staying, p) for p in (0.05, 0.95))
    seen = np.isfinite(values[new, :, 0])
    inside = ((values[new, :, 0] >= low) & (values[new, :, 0] <= high))[seen]
    assert inside.mean() == pytest.approx(0.9, abs=0.07)
    assert not np.isin(drawn[..., 0], values[past, :, 0]).any()  # nobody's own value comes back
