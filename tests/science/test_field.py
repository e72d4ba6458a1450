"""The field engine against closed forms of the heat equation, in one and three dimensions."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Maximum, Mean, Minimum, Observable, Quantity, Request
from vitruvian.engines.crossing import FirstAbove, TimeAbove
from vitruvian.engines.field import AbstractFieldKind
from vitruvian.engines.fieldplan import FieldPlan
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.stencil import AbstractStep, Explicit, Implicit, Side, probe

HELD, FREE = Side.held(0.0), Side.insulated()


@dataclasses.dataclass(frozen=True, eq=False)
class Block(AbstractFieldKind):
    """A unit segment or cube of constant diffusivity with loss, its start, sides and source given as functions."""

    shape: tuple[int, ...] = (64,)
    step: float = 2e-3
    scheme: AbstractStep = dataclasses.field(default_factory=Implicit)
    precision: str = "float64"
    together: int = 256
    chunk: int = 64
    start: Any = None
    ends: Any = ((HELD, HELD),)
    source: Any = None
    conductivity: Any = None

    name, version = "block", "1"
    parameters = (
        Parameter("D", "m2/s", LogNormal.around(1.0, 0.2), "assumed", "diffusivity"),
        Parameter("w", "/s", LogNormal.around(1.0, 0.2), "assumed", "loss"),
    )
    observables = (
        Observable("T", "Cel", dims=("x",)),
        Observable("point", "Cel"),
        Observable("arrival", "s", axis="none", dims=("x",)),
        Observable("time_above", "s", axis="none", dims=("x",)),
        Observable("mean_map", "Cel", axis="none", dims=("x",)),
        Observable("lowest_map", "Cel", axis="none", dims=("x",)),
    )
    quantities = (Quantity("mean", "Cel", "", "point", Mean()), Quantity("peak", "Cel", "", "point", Maximum()))
    maps = (
        Quantity("arrival", "s", "", "T", FirstAbove(0.5)),
        Quantity("time_above", "s", "", "T", TimeAbove(0.5)),
        Quantity("mean_map", "Cel", "", "T", Mean()),
        Quantity("lowest_map", "Cel", "", "T", Minimum()),
    )

    def compile(self, case: Any, record: Any, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1)

    def example(self) -> Any:
        raise NotImplementedError

    def spacing(self, f: Any) -> tuple[float, ...]:
        return tuple(1.0 / n for n in self.shape)

    def initial(self, th: Any, f: Any) -> dict[str, Any]:
        return {"T": self.start(*centres(self.shape))}

    def diffusivity(self, th: Any, f: Any) -> dict[str, Any]:
        return {"T": th["D"] if self.conductivity is None else th["D"] * self.conductivity(*centres(self.shape))}

    def sides(self, th: Any, f: Any) -> dict[str, Any]:
        return {"T": self.ends}

    def rate(self, t: Any, u: Any, th: Any, f: Any) -> dict[str, Any]:
        loss = -th["w"] * u["T"]
        return {"T": loss if self.source is None else loss + self.source(t, u["T"], f)}

    def outputs(self, t: Any, u: Any, th: Any, f: Any) -> dict[str, Any]:
        return {"T": u["T"], "point": probe(u["T"], (0.3,) * len(self.shape))}


def centres(shape: tuple[int, ...]) -> list[Any]:
    return jnp.meshgrid(*((jnp.arange(n) + 0.5) / n for n in shape), indexing="ij")


def solve(block: Block, t1: float, request: dict[str, Any], D: Any = 1.0, w: Any = 0.0) -> dict[str, np.ndarray]:
    D, w = np.broadcast_arrays(np.atleast_1d(D).astype(float), np.atleast_1d(w).astype(float))
    forcing = Forcing(0.0, t1)
    return dict(block.run({"D": D, "w": w}, forcing, Request.of(request), np.arange(len(D)))[0])


def sine(x: Any) -> Any:
    return jnp.sin(jnp.pi * x)


X = (np.arange(64) + 0.5) / 64


def test_fundamental_mode_decays_at_its_rate_between_held_ends() -> None:
    D = np.array([0.5, 1.0, 2.0])
    T = solve(Block(start=sine), 0.2, {"T": [0.1, 0.2]}, D)["T"]
    rate = np.log(T[:, 0] / T[:, 1]).mean(axis=1) / 0.1
    np.testing.assert_allclose(rate, np.pi**2 * D, rtol=3e-4)
    np.testing.assert_allclose(T[:, 0], np.exp(-(np.pi**2) * D * 0.1)[:, None] * np.sin(np.pi * X), atol=1e-4)


def test_fourier_series_of_a_step_between_insulated_ends() -> None:
    block = Block(start=lambda x: jnp.where(x < 0.5, 1.0, 0.0), ends=((FREE, FREE),), step=5e-4)
    T = solve(block, 0.1, {"T": [0.02, 0.1]})["T"][0]
    k = np.arange(1, 200, 2)[:, None]
    for row, t in zip(T, (0.02, 0.1), strict=True):
        terms = 2 / (np.pi * k) * np.sin(np.pi * k / 2) * np.cos(np.pi * k * X) * np.exp(-((np.pi * k) ** 2) * t)
        np.testing.assert_allclose(row, 0.5 + terms.sum(axis=0), atol=2e-4)
        assert row.mean() == pytest.approx(0.5, abs=1e-13)  # nothing leaves


@pytest.mark.parametrize("ends", [((HELD, HELD),), ((FREE, HELD),), ((FREE, Side.exchanging(2.0, 0.0)),)])
def test_second_order_in_space_and_time(ends: Any) -> None:
    """Halving cells and step quarters the error, whatever happens at the ends."""
    low, high = ends[0]
    mode = {FREE: (np.pi / 2, 0.0), HELD: (np.pi, -np.pi / 2)}.get(low if high is HELD else None)
    if mode is None:  # insulated at 0, exchange at 1: k tan k = coefficient / D (Carslaw & Jaeger 1959, 3.11)
        mode = (brentq(lambda k: k * np.tan(k) - 2.0, 0.1, 1.5), 0.0)
    k, phase = mode
    errors = []
    for n in (16, 32, 64):
        block = Block(shape=(n,), step=0.16 / n, start=lambda x: jnp.cos(k * x + phase), ends=ends)
        T = solve(block, 0.2, {"T": [0.2]})["T"][0, 0]
        exact = np.exp(-(k**2) * 0.2) * np.cos(k * (np.arange(n) + 0.5) / n + phase)
        errors.append(np.sqrt(np.mean((T - exact) ** 2)))
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (np.abs(order - 2.0) < 0.1).all(), f"errors {errors}, orders {order}"


def test_steady_state_with_perfusion_is_a_hyperbolic_cosine() -> None:
    one = Side.held(1.0)
    block = Block(start=lambda x: 0.0 * x, ends=((one, one),), step=0.02)
    T = solve(block, 4.0, {"T": [4.0]}, D=1.0, w=[4.0, 25.0])["T"][:, 0]
    for row, m in zip(T, (2.0, 5.0), strict=True):
        np.testing.assert_allclose(row, np.cosh(m * (X - 0.5)) / np.cosh(m / 2), atol=1e-3)


def test_what_is_fed_in_stays_in() -> None:
    """A flux of 2 into an insulated segment of length 1 raises the mean by 2 a second, and its gradient is flux / D."""
    block = Block(start=lambda x: 0.0 * x, ends=((Side.fed(2.0), FREE),), step=0.01)
    T = solve(block, 2.0, {"T": [1.0, 2.0]}, D=0.7)["T"][0]
    np.testing.assert_allclose(T.mean(axis=1), [2.0, 4.0], rtol=1e-12)
    np.testing.assert_allclose((T[1, 0] - T[1, 1]) * 64, 2.0 / 0.7 * (1 - 1 / 64), rtol=1e-3)


def test_layers_conduct_in_series() -> None:
    block = Block(
        start=lambda x: 0.0 * x,
        ends=((Side.held(1.0), HELD),),
        step=0.02,
        conductivity=lambda x: jnp.where(x < 0.5, 1.0, 0.25),
    )
    T = solve(block, 20.0, {"T": [20.0]})["T"][0, 0]
    flux = 1.0 / (0.5 / 1.0 + 0.5 / 0.25)
    exact = np.where(X < 0.5, 1.0 - flux * X, flux * (1.0 - X) / 0.25)
    np.testing.assert_allclose(T, exact, atol=1e-9)


def test_source_is_second_order_in_time() -> None:
    """Logistic growth, the same everywhere: u' = u (1 - u)."""
    block = Block(start=lambda x: 0.1 + 0.0 * x, ends=((FREE, FREE),), source=lambda t, u, f: u * (1.0 - u))
    errors = []
    for step in (0.1, 0.05, 0.025):
        T = solve(dataclasses.replace(block, step=step), 3.0, {"T": [3.0]})["T"][0, 0]
        errors.append(np.abs(T - 1.0 / (1.0 + 9.0 * np.exp(-3.0))).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.2)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2.0, abs=0.1)


def test_maps_of_arrival_and_time_above_are_exact_for_a_ramp() -> None:
    """Without diffusion u = c(x) t: it reaches 1/2 at 1 / (2 c) and stays above."""
    block = Block(
        start=lambda x: 0.0 * x,
        ends=((FREE, FREE),),
        step=0.07,
        source=lambda t, u, f: 0.2 + centres((64,))[0],
    )
    maps = solve(block, 1.0, {n: [1.0] for n in ("arrival", "time_above", "mean_map", "lowest_map")}, D=0.0)
    c = 0.2 + X
    when = np.where(c >= 0.5, 0.5 / c, np.nan)
    np.testing.assert_allclose(maps["arrival"][0, 0], when, rtol=1e-12)
    np.testing.assert_allclose(maps["time_above"][0, 0], np.nan_to_num(1.0 - when), atol=1e-12)
    np.testing.assert_allclose(maps["mean_map"][0, 0], c / 2, rtol=1e-12)
    np.testing.assert_array_equal(maps["lowest_map"][0, 0], np.zeros(64))


def cube(n: int, precision: str = "float64", **given: Any) -> Block:
    return Block(shape=(n, n, n), scheme=Explicit(), precision=precision, together=1, chunk=16, **given)


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-5), ("float32", 2e-4)])
def test_a_heat_kernel_spreads_in_three_dimensions(precision: str, tolerance: float) -> None:
    """A Gaussian stays one and its variance grows by 2 D t along every axis; the mass stays."""
    n, s2, D, t = 32, 0.005, 0.01, 0.1

    def gaussian(x: Any, y: Any, z: Any) -> Any:
        return jnp.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2 + (z - 0.5) ** 2) / (2 * s2))

    block = cube(n, precision, start=gaussian, ends=((FREE, FREE),) * 3, step=0.9 * Explicit().limit((1 / n,) * 3, D))
    T = solve(block, t, {"T": [0.0, t]}, D)["T"][0]
    assert T.dtype == precision
    x = (np.arange(n) + 0.5) / n - 0.5
    for axis in range(3):
        marginal = T.astype(float).sum(axis=tuple(a + 1 for a in range(3) if a != axis))
        variance = (marginal * x**2).sum(axis=1) / marginal.sum(axis=1)
        assert variance[1] - variance[0] == pytest.approx(2 * D * t, rel=tolerance)
    assert T[1].astype(float).sum() == pytest.approx(T[0].astype(float).sum(), rel=tolerance)
    peak = (s2 / (s2 + 2 * D * t)) ** 1.5
    line = peak * np.exp(-(x**2 + 2 * x[n // 2] ** 2) / (2 * (s2 + 2 * D * t)))
    np.testing.assert_allclose(T[1][:, n // 2, n // 2], line, atol=0.02 * peak)  # two cells to one sd: h^2 counts


def test_mode_1_1_1_decays_at_three_pi_squared() -> None:
    """sin sin sin is an eigenvector of the stencil too, with 3 (4 / h^2) sin^2(pi h / 2) for 3 pi^2."""
    n, D, t = 16, 0.05, 0.5
    step = 0.9 * Explicit().limit((1 / n,) * 3, D)
    block = cube(n, start=lambda x, y, z: sine(x) * sine(y) * sine(z), ends=((HELD, HELD),) * 3, step=step)
    T = solve(block, t, {"T": [0.0, t], "point": [0.0, t]}, D)
    ratio = T["T"][0, 1] / T["T"][0, 0]
    rate = -np.log(ratio) / (D * t)
    assert rate.min() == pytest.approx(3 * np.pi**2, rel=5e-3)
    assert rate.max() - rate.min() < 1e-8
    assert rate.mean() == pytest.approx(12 * n**2 * np.sin(np.pi / (2 * n)) ** 2, rel=1e-4)
    assert T["point"][0, 1] / T["point"][0, 0] == pytest.approx(ratio.mean(), rel=1e-12)


def test_an_unstable_step_is_refused_with_the_stable_one() -> None:
    limit = Explicit().limit((1 / 16,) * 3, 2.0)
    assert limit == pytest.approx((1 / 16) ** 2 / (6 * 2.0))
    block = cube(16, start=lambda x, y, z: x, ends=((HELD, HELD),) * 3, step=1.01 * limit)
    solve(block, 10 * limit, {"point": [0.0]}, D=1.9)
    with pytest.raises(KindError, match=rf"unstable at a diffusivity of 2 .*step <= {limit:g} s"):
        solve(block, 10 * limit, {"point": [0.0]}, D=[1.0, 2.0])
    with pytest.raises(KindError, match="1-D"):
        solve(dataclasses.replace(block, scheme=Implicit()), limit, {"point": [0.0]})


REQUEST = Request.of({"T": [0.1, 0.3], "point": [0.0, 0.1, 0.45], "mean": [[0, 0.2], [0.1, 0.5]], "time_above": [0.5]})


def members(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {k: np.exp(0.2 * rng.standard_normal(count)) for k in ("D", "w")}


def test_a_member_does_not_know_its_batch_its_chunk_or_the_horizon() -> None:
    block, theta = Block(start=sine), members(11)
    out, state = block.run(theta, Forcing(0.0, 0.5), REQUEST, np.arange(11))
    assert state is not None

    def same(rows: slice, other: dict[str, np.ndarray]) -> None:
        for name in out:
            np.testing.assert_array_equal(other[name], out[name][rows])

    for count in (1, 2, 5, 9):
        part = {k: v[:count] for k, v in theta.items()}
        same(slice(0, count), dict(block.run(part, Forcing(0.0, 0.5), REQUEST, np.arange(count))[0]))
    for changed in ({"chunk": 17}, {"together": 1}, {"together": 4}):
        other = dataclasses.replace(block, **changed)
        same(slice(None), dict(other.run(theta, Forcing(0.0, 0.5), REQUEST, np.arange(11))[0]))
    longer = Batch((Forcing(0.0, 0.9),) * 2, np.arange(11) % 2)
    same(slice(None), dict(block.run(theta, longer, REQUEST, np.arange(11))[0]))


def test_an_edge_acts_at_its_time_and_not_before() -> None:
    """A source switched on at 0.2371 s, between steps: u = t - 0.2371 from then on, for each member its own."""
    block = Block(start=lambda x: 0.0 * x, ends=((FREE, FREE),), step=0.05, source=lambda t, u, f: f["on"] + 0 * u)
    edges = (0.2371, 0.61)
    forcings = [Forcing(0.0, 1.0, schedules={"on": Schedule(np.array([e]), np.array([1.0]))}) for e in edges]
    request = Request.of({"point": [0.2, 0.3, 1.0]})
    zero = {"D": np.ones(2), "w": np.zeros(2)}
    out, _ = block.run(zero, Batch(tuple(forcings), np.array([0, 1])), request, np.arange(2))
    exact = np.maximum(np.array([0.2, 0.3, 1.0]) - np.array(edges)[:, None], 0.0)
    np.testing.assert_allclose(out["point"], exact, atol=1e-14)
    assert (out["point"][exact == 0] == 0).all()


def test_going_on_from_a_state_is_the_same_run() -> None:
    block, theta = Block(start=sine), members(3)
    whole, end = block.run(theta, Forcing(0.0, 0.5), Request.of({"T": [0.25, 0.5]}), np.arange(3))
    _, state = block.run(theta, Forcing(0.0, 0.25), Request({}), np.arange(3))
    assert state is not None
    assert end is not None
    rest, last = block.run(theta, Forcing(0.25, 0.5), Request.of({"T": [0.25, 0.5]}), np.arange(3), state)
    assert last is not None
    np.testing.assert_array_equal(rest["T"], whole["T"])
    np.testing.assert_array_equal(last.tree["u"]["T"], end.tree["u"]["T"])
    with pytest.raises(BeliefError, match="compile from the state's time"):
        block.run(theta, Forcing(0.3, 0.5), Request({}), np.arange(3), state)


def test_sensitivities_are_derivatives() -> None:
    block = Block(start=sine, chunk=32)
    z = np.random.default_rng(3).standard_normal((2, 2))
    forcing = Forcing(0.0, 0.5)
    value, slope = block.sensitivities(z, forcing, REQUEST)

    def at(z: np.ndarray) -> dict[str, np.ndarray]:
        theta = {p.name: p.prior.value(z[:, k]) for k, p in enumerate(block.parameters)}
        return dict(block.run(theta, forcing, REQUEST, np.arange(2))[0])

    plain = at(z)
    for k in range(2):
        nudge = np.zeros(2)
        nudge[k] = 1e-5
        up, down = at(z + nudge), at(z - nudge)
        for name in plain:
            np.testing.assert_allclose(value[name], plain[name], atol=1e-12)
            np.testing.assert_allclose(slope[name][..., k], (up[name] - down[name]) / 2e-5, atol=1e-7)


def test_frames_that_nobody_asked_for_are_not_kept() -> None:
    """200 steps in three dimensions, one frame asked: those of twelve of thirteen chunks are dropped as they come."""
    block = cube(8, start=lambda x, y, z: x, ends=((FREE, FREE),) * 3, step=1e-3)
    forcing, maps = Forcing(0.0, 0.2), {q.name: q for q in block.maps}
    plan = FieldPlan(block, maps, forcing, Request.of({"T": [0.1], "mean": [0, 0.2]}), 1, step=1e-3, chunk=16)
    chunks = plan.steps // plan.chunk
    kept = {"T": np.zeros((1, plan.layout.frames[0][1], 8, 8, 8)), "point": np.zeros((1, 16))}
    assert chunks == 13
    assert plan.layout.frames == (("T", 1),)
    assert [place for place in range(chunks) if "T" in plan.wanted(place, kept)] == [100 // 16]
