"""assimilate on a linear-Gaussian kind against the exact Kalman filter over its state, parameters and slots.

Irregular readings of two observables by three sensors, one with correlated error, a discrepancy of the model, two
pushes of unknown strength. Tolerances, set beforehand: 8 repetitions of an ensemble; their mean within 4 standard
errors of the exact mean, plus 0.05 exact sd for the filter's own O(1/N) bias; the pooled sd within 8 %.
"""

import dataclasses

import numpy as np
import pytest

from kinds_for_tests.linear_gaussian import S0, STEP, LinearGaussian, Push, Thing, kalman, prior_belief
from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.noise import Discrepancy, Gaussian
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.smoother import prior_ensemble
from vitruvian.verbs.assimilate import assimilate

SEED = 20260107
REPEATS = 8
PLAIN = LinearGaussian()
RICH = LinearGaussian(
    (Gaussian("x", sd=0.25, sd_ar=0.3, tau=3000.0), Gaussian("x", "rough", sd=1.0), Gaussian("rise", sd=0.2)),
    Discrepancy(0.4, 7200.0),
)
CASE = Case(Thing(), (Push(at=10 * STEP, amount=2.0), Push(at=31 * STEP, amount=-3.0)))


def readings() -> Record:
    """60 readings at irregular steps of the first 80; values of any origin will do: the posterior is exact for all."""
    rng = np.random.default_rng(SEED)
    parts = []
    for observable, sensor, count, sd in (("x", "", 30, 0.6), ("x", "rough", 20, 1.2), ("rise", "", 10, 0.3)):
        times = np.sort(rng.choice(np.arange(1, 81), count, replace=False)) * STEP
        wave = 0.8 + np.where((times > 10 * STEP) & (times < 20 * STEP), 1.5, 0.0) if observable == "x" else 0.0
        parts.append(Record.of(observable, times, wave + sd * rng.standard_normal(count), sensor=sensor))
    own = Record.of("x", np.array([40.0, 41.0]) * STEP, np.array([0.5, 0.7]), sensor="rough", sd=np.array([0.1, 0.1]))
    return Record.join([*parts, own])


CASES = {
    "enkf-plain": ("enkf", PLAIN, 1000),
    "enkf-rich": ("enkf", RICH, 1000),
    "stochastic-rich": ("stochastic enkf", RICH, 1000),
    "particle-rich": ("particle", RICH, 20_000),
}


@pytest.mark.parametrize(("method", "kind", "members"), CASES.values(), ids=CASES.keys())
def test_filters_give_the_exact_posterior(method: str, kind: LinearGaussian, members: int) -> None:
    record = readings()
    exact = kalman(kind, CASE, record)
    found: dict[str, list[np.ndarray]] = {}
    said = []
    for k in range(REPEATS):
        twin = Twin(kind, CASE).having(prior_belief(kind, members, SEED + k))
        belief = assimilate(twin, record, method=method).believed()
        assert belief.at == exact.at
        assert belief.state is not None
        w, columns = belief.weights, dict(zip(belief.names, belief.z.T, strict=True))
        columns |= {"x": belief.state.tree["x"][:, 0], "before": belief.state.tree["x"][:, 1]}
        if kind is RICH:
            columns |= {"d": belief.residual["x"], "a": belief.residual["x|"]}
        for name, values in columns.items():
            mean = w @ values
            found.setdefault(name, []).append(np.array([mean, w @ (values - mean) ** 2]))
        said.append(belief.diagnostics["log_likelihood"])
    print(f"log p(y): {np.mean(said):.3f} +- {np.std(said):.3f}, exact {exact.log_likelihood:.3f}")
    for name, pairs in found.items():
        mean, sd = exact.of(name)
        array = np.array(pairs)
        error = array[:, 0].std(ddof=1) / np.sqrt(REPEATS)
        off, ratio = (array[:, 0].mean() - mean) / sd, np.sqrt(array[:, 1].mean()) / sd
        print(
            f"{name:18s} exact {mean:7.3f} +- {sd:.3f}: off {off:+.3f} sd (se {error / sd:.3f}), sd ratio {ratio:.3f}"
        )
        assert abs(off) < 4 * error / sd + 0.05
        assert abs(ratio - 1.0) < 0.08
    error = np.std(said, ddof=1) / np.sqrt(REPEATS)
    # an average log likelihood lies half a variance below the log of the average
    assert abs(np.mean(said) + 0.5 * np.var(said) - exact.log_likelihood) < 4 * error + 0.1


def test_a_deterministic_kind_is_filtered_without_any_sampling_error() -> None:
    """No process noise: from members with the prior's moments, 60 of them give the Kalman filter to six digits.

    Discrepancy, correlated sensor error and the latents of new slots are drawn with exact moments. One push has size
    zero: nothing depends on its strength, and nothing is learned of it.
    """
    kind = LinearGaussian(RICH.noises, RICH.discrepancies["x"], q=0.0)
    case = CASE.plus(Push(at=20 * STEP, amount=0.0))
    prior = np.eye(5)
    prior[:3, :3] = [[1 + S0**2, 1, 1], [1, 1 + S0**2, 1], [1, 1, 1]]
    prior[3, 3], prior[4, 4] = 0.4**2, 0.3**2
    x, before, level, d, a = prior_ensemble(np.zeros(5), prior, 60, SEED).T
    belief = dataclasses.replace(
        prior_belief(kind, 60, SEED),
        z=level[:, None],
        state=State(0.0, "ar2", {"x": np.stack([x, before], axis=1)}),
        residual={"x": d, "x|": a},
    )
    found = assimilate(Twin(kind, case).having(belief), readings()).believed()
    exact = kalman(kind, case, readings())
    assert found.state is not None
    columns = dict(zip(found.names, found.z.T, strict=True)) | {"d": found.residual["x"], "a": found.residual["x|"]}
    columns |= {"x": found.state.tree["x"][:, 0], "before": found.state.tree["x"][:, 1]}
    ensemble = np.stack([columns[n] for n in exact.names], axis=1)
    np.testing.assert_allclose(ensemble.mean(axis=0), exact.mean, atol=1e-6)
    np.testing.assert_allclose(np.cov(ensemble, rowvar=False), exact.covariance, atol=1e-6)
    assert abs(found.diagnostics["log_likelihood"] - exact.log_likelihood) < 1e-6
    unseen = columns[f"strength@{20 * STEP!r}"]
    assert abs(unseen.mean()) < 1e-6
    assert abs(unseen.std(ddof=1) - 1.0) < 1e-6
