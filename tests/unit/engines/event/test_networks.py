"""Networks of kinds on the event engine: kernel against plain Python, restart, growth, what an intervention changes."""

import numpy as np
import pytest

from event_networks import HOUR, clinic, constant, engine, random_model, single
from vitruvian.core.errors import BeliefError, KindError, UnitError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.keys import member_seeds
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Fixed
from vitruvian.core.quantity import Request
from vitruvian.engines.event import Change, EventEngine, Level, Network, Service, Source, Station, as_batch
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.engine import TOLD
from vitruvian.engines.event.reference import Reference

TWO = {"r": np.array([9.0, 11.0]), "m": np.array([0.25, 0.3])}
SEEDS = member_seeds(3, 2)
ALL = ("waiting", "present", "mean_wait", "mean_queue", "mean_present", "utilisation", "arrived", "left")


def everything(a: float, b: float) -> Request:
    """All readings of the first station, hours."""
    windows = np.array([[a, b], [a, (a + b) / 2]]) * HOUR
    return Request({n: np.linspace(a, b, 7) * HOUR if n in ALL[:2] else windows for n in ALL})


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    """Every bit the same."""
    return a.keys() == b.keys() and all(a[n].tobytes() == b[n].tobytes() for n in a)


@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_and_plain_python_trace_the_same_day(seed: int) -> None:
    network, numbers, forcing = random_model(np.random.default_rng(seed))
    compiled = engine(network)
    trace = compiled.trace({n: np.array([v]) for n, v in numbers.items()}, forcing, 1000 + seed)
    # the engine's own factors, so that a last bit of a unit conversion is no difference
    scale = {name: factor for (name, _), factor in compiled._scale.items()}
    si = {n: v * scale.get(n, 1.0) for n, v in numbers.items()}
    gains = {s.name: si[s.service.mean] for s in network.stations} | {s.name: si[s.rate] for s in network.sources}
    slopes = {s.name: si[s.slope] for s in network.sources if s.slope}
    drive = compiled.driven(as_batch(forcing, 1)).forcings[0]
    told = Reference(compiled.simulation.tables, drive, 1000 + seed, gains, slopes).run()
    assert trace == [(t, TOLD[what], who, where) for t, what, who, where, _ in told if what in TOLD]


def test_levels_and_windows_are_what_the_trace_says() -> None:
    queue, forcing = single(), clinic(3, 24)
    theta = {"r": np.array([11.0]), "m": np.array([0.25])}
    times = np.linspace(0, 24, 49) * HOUR
    request = Request({"waiting": times, "present": times, "mean_wait": [[0, 24 * HOUR]], "left": [[0, 24 * HOUR]]})
    outputs, _ = queue.run(theta, forcing, request, np.array([7]))
    joined, started, ended = (
        {who: t for t, what, who, _ in queue.trace(theta, forcing, 7) if what == w} for w in range(3)
    )
    assert len(joined) > 200

    def inside(by: dict[int, float]) -> np.ndarray:
        return np.array([sum(t <= at for t in by.values()) for at in times])

    np.testing.assert_array_equal(outputs["waiting"][0], inside(joined) - inside(started))
    np.testing.assert_array_equal(outputs["present"][0], inside(joined) - inside(ended))
    waits = [started[who] - joined[who] for who in started]
    np.testing.assert_allclose(outputs["mean_wait"][0, 0] * HOUR, np.mean(waits), rtol=1e-12)
    assert outputs["left"][0, 0] == len(ended)


def test_a_restart_is_no_restart_to_the_last_bit() -> None:
    surge = Schedule(np.array([9.0, 15.0]) * HOUR, np.array([2.6, 1.0]), 0.7)
    queue, whole = single("lognormal", 0.8), clinic(3, 24, surge)
    later = everything(10, 24)
    expected, _ = queue.run(TWO, whole, later, SEEDS)
    state = None
    for a, b in ((0, 5), (5, 9), (9, 9.5), (9.5, 10)):
        piece = Forcing(a * HOUR, b * HOUR, schedules=whole.schedules)
        _, state = queue.run(TWO, piece, Request({}), SEEDS, state)
    rest = Forcing(10 * HOUR, 24 * HOUR, schedules=whole.schedules)
    found, _ = queue.run(TWO, rest, later, SEEDS, state)
    assert same(expected, found)


def test_a_surge_decided_late_is_one_known_from_the_start() -> None:
    """Layers of arrivals that nobody needed until now draw on from the beginning."""
    surge = Schedule(np.array([12.0]) * HOUR, np.array([3.0]), 1.0)
    queue, later = single(), everything(12, 24)
    expected, _ = queue.run(TWO, clinic(4, 24, surge), later, SEEDS)
    _, state = queue.run(TWO, clinic(4, 12), Request({}), SEEDS)
    schedules = {"c": constant(4.0), "f": surge}
    found, _ = queue.run(TWO, Forcing(12 * HOUR, 24 * HOUR, schedules=schedules), later, SEEDS, state)
    assert same(expected, found)


def test_a_state_given_is_left_as_it_was() -> None:
    queue = single()
    _, state = queue.run(TWO, clinic(2, 6), Request({}), SEEDS)
    before = {n: a.tobytes() for n, a in state.tree.items()}
    queue.run(TWO, Forcing(6 * HOUR, 24 * HOUR, schedules=clinic(2, 6).schedules), Request({}), SEEDS, state)
    assert {n: a.tobytes() for n, a in state.tree.items()} == before


def test_queues_outgrow_their_room_and_lose_nobody() -> None:
    """No server for a day: everybody who came is still there, and the member beside is not touched."""
    queue = single(most=1000)
    schedules = {"c": Schedule(np.array([24 * HOUR]), np.array([1000.0]), 0.0), "f": constant(1.0)}
    theta = {"r": np.array([100.0, 1.0]), "m": np.array([0.25, 0.25])}
    outputs, state = queue.run(theta, Forcing(0, 48 * HOUR, schedules=schedules), everything(0, 48), SEEDS)
    assert state.tree["memory"][0, at.ROOM] >= 2000
    np.testing.assert_array_equal(outputs["arrived"] - outputs["left"], outputs["present"][:, [6, 3]])
    assert outputs["present"][0, 3] > 2000
    alone, _ = queue.run(
        {n: v[1:] for n, v in theta.items()}, Forcing(0, 48 * HOUR, schedules=schedules), everything(0, 48), SEEDS[1:]
    )
    assert same(alone, {n: a[1:] for n, a in outputs.items()})


def test_what_is_asked_changes_nothing() -> None:
    queue, forcing = single(), clinic(3, 24)
    many, _ = queue.run(TWO, forcing, everything(0, 24), SEEDS)
    one, _ = queue.run(TWO, forcing, Request({"mean_queue": everything(0, 24).items["mean_queue"]}), SEEDS)
    assert many["mean_queue"].tobytes() == one["mean_queue"].tobytes()


def test_members_with_other_forcings_are_as_they_would_be_alone() -> None:
    queue = single()
    forcings = [clinic(2, 24), clinic(5, 24, Schedule(np.array([3.0, 7.0]) * HOUR, np.array([2.5, 0.0]), 1.0))]
    together, _ = queue.run(TWO, Batch(tuple(forcings), np.array([1, 0])), everything(0, 24), SEEDS)
    for member, forcing in ((0, forcings[1]), (1, forcings[0])):
        theta = {n: v[[member]] for n, v in TWO.items()}
        alone, _ = queue.run(theta, forcing, everything(0, 24), SEEDS[[member]])
        assert same(alone, {n: a[[member]] for n, a in together.items()})


def test_an_intervention_changes_only_what_it_causes() -> None:
    """A surge adds patients: everybody else comes when they would have come, with the service they would have had."""
    queue, theta = single(), {"r": np.array([9.0]), "m": np.array([0.25])}
    surge = Schedule(np.array([8.0, 12.0]) * HOUR, np.array([1.8, 1.0]), 1.0)
    plain, busy = (queue.trace(theta, clinic(100, 24, f), 11) for f in (None, surge))
    days = [{(t, what, who) for t, what, who, _ in trace} for trace in (plain, busy)]
    assert days[0] < days[1]
    extra = [t for t, what, _ in days[1] - days[0] if what == 0]
    assert len(extra) > 10
    assert min(extra) >= 8 * HOUR
    assert max(extra) < 12 * HOUR


def test_an_action_holds_from_its_time_on() -> None:
    queue = single("fixed")
    opened = {"c": Schedule(np.array([HOUR]), np.array([2.0]), 0.0), "f": constant(1.0)}
    theta = {"r": np.array([60.0]), "m": np.array([10.0])}
    out, _ = queue.run(
        theta, Forcing(0, 2 * HOUR, schedules=opened), Request({"present": [HOUR - 1], "waiting": [HOUR]}), SEEDS[:1]
    )
    assert out["present"][0, 0] - out["waiting"][0, 0] == 2


def test_a_state_of_another_layout_time_or_size_is_refused() -> None:
    queue, two = single(), Request({})
    _, state = queue.run(TWO, clinic(2, 6), two, SEEDS)
    later = Forcing(6 * HOUR, 7 * HOUR, schedules=clinic(2, 6).schedules)
    with pytest.raises(BeliefError, match=r"wanted .* at 0 s"):
        queue.run(TWO, clinic(2, 6), two, SEEDS, state)
    with pytest.raises(BeliefError, match="2 members"):
        queue.run({n: v[:1] for n, v in TWO.items()}, later, two, SEEDS[:1], state)
    other = engine(Network((Station("bed", Service("fixed", "m"), "c"),), (Source("door", "bed", "r", "f"),)))
    with pytest.raises(BeliefError, match="wanted event-3:"):
        other.run(TWO, later, two, SEEDS, state)


def test_what_cannot_be_is_said() -> None:
    queue = single()
    with pytest.raises(KindError, match="asked at"):
        queue.run(TWO, clinic(1, 2), Request({"waiting": np.array([3 * HOUR])}), SEEDS)
    with pytest.raises(KindError, match="r must be finite"):
        queue.run({**TWO, "r": np.array([np.nan, 1.0])}, clinic(1, 2), Request({}), SEEDS)
    with pytest.raises(KindError, match="at most 64"):
        queue.run(TWO, clinic(1, 2, constant(300.0)), Request({}), SEEDS)
    with pytest.raises(KindError, match="not finite"):
        queue.run(TWO, clinic(1, 2, Schedule(np.array([1.0]), np.array([np.nan]))), Request({}), SEEDS)
    with pytest.raises(KindError, match="lacks schedule 'f'"):
        queue.run(TWO, Forcing(0.0, HOUR, schedules={"c": constant(1.0)}), Request({}), SEEDS)
    wrong = tuple(Parameter(n, "kg", Fixed(1.0), "assumed", "x") for n in ("m", "r"))
    with pytest.raises(UnitError, match=r"'r' in 'kg' is used as '/s'"):
        EventEngine(queue.network, wrong, {}).run(TWO, clinic(1, 2), Request({}), SEEDS)
    with pytest.raises(KindError, match="no column 'wating'"):
        EventEngine(queue.network, queue.parameters, {"q": Level("desk", ("wating",))})
    with pytest.raises(KindError, match="no station 'door'"):
        EventEngine(queue.network, queue.parameters, {"q": Change("door", ("left",))})


def test_a_network_that_cannot_be_is_refused() -> None:
    desk = Station("desk", Service("exponential", "m"), "c")
    with pytest.raises(KindError, match="share a name"):
        Network((desk, desk), ())
    with pytest.raises(KindError, match="no station 'bed'"):
        Network((desk,), (Source("door", "bed", "r", "f"),))
    with pytest.raises(KindError, match="no probabilities"):
        Network((desk,), (), {"desk": {"desk": 1.1}})
    with pytest.raises(KindError, match="unknown law 'gamma'"):
        Network((Station("desk", Service("gamma", "m"), "c"),), ())
    with pytest.raises(KindError, match="driver and slope"):
        Network((desk,), (Source("door", "desk", "r", "f", driver="u"),))


def test_nobody_comes_where_nobody_is_sent() -> None:
    out, _ = single().run({**TWO, "r": np.zeros(2)}, clinic(1, 5), everything(0, 5), SEEDS)
    assert all((out[n] == 0).all() for n in ALL)
    nobody, state = single().run({n: v[:0] for n, v in TWO.items()}, clinic(1, 5), everything(0, 5), SEEDS[:0])
    assert nobody["waiting"].shape == (0, 7)
    assert len(state.tree["memory"]) == 0
