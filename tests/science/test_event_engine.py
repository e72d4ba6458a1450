"""The event engine against exact results beyond the queue's own claims: M/G/1, a Jackson network, a varying rate."""

import math

import numpy as np
import pytest

from event_networks import HOUR, constant, engine, single
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.keys import member_seeds
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Fixed
from vitruvian.core.quantity import Request
from vitruvian.engines.event import Change, EventEngine, Network, Service, Source, Station
from vitruvian.models.queueing import erlang_b, erlang_c, mean_wait_general, number_after

SEED = 20260105


def z_score(values: np.ndarray, exact: float) -> float:
    return float((values.mean() - exact) / (values.std(ddof=1) / math.sqrt(len(values))))


def test_erlang_formulas_give_the_published_numbers() -> None:
    """M/M/10 at load 0.9 (the hospital specification's table)."""
    assert erlang_c(10, 9.0) == pytest.approx(0.6687315241, abs=1e-10)
    assert erlang_b(10, 9.0) == pytest.approx(0.1679632263, abs=1e-10)


def test_kolmogorovs_equations_end_in_erlangs_queue() -> None:
    p = number_after(0, 3, 10.0, 0.25, 200.0)
    n = np.arange(len(p))
    assert (p * np.maximum(n - 3, 0)).sum() == pytest.approx(10.0 * erlang_c(3, 2.5) * 0.25 / 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("family", "cv"), [("fixed", 0.0), ("lognormal", 0.5), ("lognormal", 1.5), ("exponential", 1.0)]
)
@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_one_server_with_any_service_waits_as_pollaczek_and_khinchine_say(family: str, cv: float, rho: float) -> None:
    members, mean = 200, 0.5
    theta = {"r": np.full(members, rho / mean), "m": np.full(members, mean)}
    forcing = Forcing(0.0, 3000 * HOUR, schedules={"c": constant(1.0), "f": constant(1.0)})
    request = Request({"mean_queue": np.array([[500.0, 3000.0]]) * HOUR})
    out, _ = single(family, cv).run(theta, forcing, request, member_seeds(SEED, members, f"{family}{cv}{rho}"))
    exact = rho / mean * mean_wait_general(rho / mean, mean, cv)
    assert abs(z_score(out["mean_queue"][:, 0], exact)) < 4


def test_a_jackson_network_is_a_product_of_queues() -> None:
    """Five stations with feedback: mean waits and the mean time in the system, 14.01745 (hospital specification, b)."""
    outside, service, servers = (1.0, 0.5), (0.8, 0.4, 0.5, 0.4, 1.0), (2, 10, 3, 4, 2)
    routes = {
        "s0": {"s1": 0.9, "s2": 0.1},
        "s1": {"s2": 0.3, "s3": 0.3, "s4": 0.1},
        "s2": {"s1": 0.8, "s3": 0.1},
        "s3": {"s1": 0.9},
        "s4": {"s1": 0.2},
    }
    stations = tuple(Station(f"s{i}", Service("exponential", f"m{i}"), f"c{i}") for i in range(5))
    sources = tuple(Source(f"a{i}", f"s{i}", f"r{i}", "f") for i in range(2))
    names = [*(f"m{i}" for i in range(5)), *(f"r{i}" for i in range(2))]
    # the specification's mu are rates
    values = [*(1.0 / mu for mu in service), *outside]
    readings = {f"present{i}": Change(f"s{i}", ("waiting_area", "busy_area"), ("time",)) for i in range(5)}
    parameters = tuple(Parameter(n, "h" if n[0] == "m" else "/h", Fixed(1.0), "assumed", "test") for n in names)
    network = EventEngine(Network(stations, sources, routes), parameters, readings)
    members = 60
    forcing = Forcing(
        0.0, 4000 * HOUR, schedules={f"c{i}": constant(servers[i]) for i in range(5)} | {"f": constant(1.0)}
    )
    window = np.array([[1000.0, 4000.0]]) * HOUR
    theta = {n: np.full(members, v) for n, v in zip(names, values, strict=True)}
    out, _ = network.run(
        theta, forcing, Request(dict.fromkeys(readings, window)), member_seeds(SEED, members, "jackson")
    )
    flow = np.array([1.0, 3.36117, 1.10835, 1.11919, 0.33612])  # traffic equations, as in the specification
    waits = np.array([0.8013, 0.7905, 1.4060, 0.8899, 0.0291])
    for i in range(5):
        exact = flow[i] * (waits[i] + values[i])
        assert abs(z_score(out[f"present{i}"][:, 0], exact)) < 4, i
    total = sum(out[n][:, 0] for n in readings) / sum(outside)
    assert abs(z_score(total, 14.01745)) < 4


def test_littles_law_holds_on_every_path() -> None:
    """An empty start and an empty end: the area under the number present is the sum of the times spent there."""
    closing = Schedule(np.array([20.0]) * HOUR, np.array([0.0]), 1.0)
    queue, theta = single(), {"r": np.array([9.0]), "m": np.array([0.25])}
    forcing = Forcing(0.0, 200 * HOUR, schedules={"c": constant(3.0), "f": closing})
    for seed in member_seeds(SEED, 5, "little"):
        out, _ = queue.run(theta, forcing, Request({"mean_present": np.array([[0.0, 200.0]]) * HOUR}), np.array([seed]))
        trace = queue.trace(theta, forcing, int(seed))
        spent = sum(t for t, what, _, _ in trace if what == 2) - sum(t for t, what, _, _ in trace if what == 0)
        np.testing.assert_allclose(out["mean_present"][0, 0] * 200 * HOUR, spent, rtol=1e-9)


def test_a_varying_rate_fills_the_house_as_kolmogorov_says() -> None:
    """Surge of 2.5 from 1 h to 2 h, driven by 1 + 0.5 u with u = 2 from 2 h to 3 h, two more servers at 2 h."""
    station = Station("desk", Service("exponential", "m"), "c")
    queue = engine(Network((station,), (Source("door", "desk", "r", "f", driver="u", slope="g"),)))
    schedules = {
        "c": Schedule(np.array([2.0]) * HOUR, np.array([6.0]), 4.0),
        "f": Schedule(np.array([1.0, 2.0]) * HOUR, np.array([2.5, 1.0]), 0.8),
        "u": Schedule(np.array([2.0, 3.0]) * HOUR, np.array([2.0, 0.0]), 0.0),
    }
    members = 20000
    theta = {"r": np.full(members, 6.0), "m": np.full(members, 0.4), "g": np.full(members, 0.5)}
    times = np.array([1.0, 2.0, 3.0])
    request = Request({"present": times * HOUR - 1e-6})
    out, _ = queue.run(theta, Forcing(0.0, 3 * HOUR, schedules=schedules), request, member_seeds(SEED, members, "mt"))
    p = np.zeros(401)
    p[0] = 1.0
    for k, (rate, servers) in enumerate(((4.8, 4), (15.0, 4), (12.0, 6))):
        started = [i for i in range(len(p)) if p[i] > 1e-12]
        p = sum(p[i] * number_after(i, servers, rate, 0.4, 1.0) for i in started)
        seen, n = out["present"][:, k], np.arange(len(p))
        mean = float((p * n).sum())
        assert abs(z_score(seen, mean)) < 4
        cumulative = np.cumsum(p)
        share = np.array([(seen <= i).mean() for i in range(30)])
        gap = np.abs(share - cumulative[:30]).max()
        assert gap < 1.95 / math.sqrt(members)  # Kolmogorov-Smirnov, 0.1 % level, conservative for counts
