"""Coupling: limits with known answers, restart, two ways, units, and what cannot be coupled."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any, final

import numpy as np
import pytest

from vitruvian.core import kind as contract
from vitruvian.core.belief import State
from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import BeliefError, KindError, UnitError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.keys import member_seeds
from vitruvian.core.kind import AbstractKind, Causal, ExactLikelihood, Outputs, Resumable, Theta
from vitruvian.core.noise import Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Fixed
from vitruvian.core.quantity import Observable, Quantity, Request
from vitruvian.core.record import Record
from vitruvian.engines.couple import couple
from vitruvian.engines.event import as_batch
from vitruvian.engines.joined import part_seeds
from vitruvian.engines.ports import Driven, Input, Link
from vitruvian.kinds.infusion_queue import KIND, AddNurses, Calls, Drug, Infuse
from vitruvian.kinds.infusion_queue.model import INTERVAL
from vitruvian.platform.evidence import Claim, claims, package_of

HOUR = 3600.0
CONTEXT = KIND.context_of_use
LINK = Link("infusion.concentration", "queue.drug")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nobody(Subject):
    """No fields."""


@final
class Decay(AbstractKind, Causal, Resumable, Driven):
    """dx/dt = -x + u by the hour, u its input: x(t) = u + (x0 - u) exp(-t), piece by piece."""

    version, parameters, actions, subject = (
        "1",
        (Parameter("x0", "1", Fixed(1.0), "assumed", "x at the start"),),
        (),
        Nobody,
    )
    context_of_use, envelope = CONTEXT, contract.Envelope({}, "assumed")
    quantities: tuple[Quantity, ...] = ()
    noises = (Gaussian("x"),)

    def __init__(self, unit: str = "1", takes: str = "1") -> None:
        self.name = "decay"
        self.observables = (Observable("x", unit, meaning="the state"), Observable("map", unit, axis="none"))
        self.inputs = (Input("u", takes, "what pulls it"),)

    @property
    def state_version(self) -> str:
        return "x"

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, schedules={"u": Schedule(np.zeros(0), np.zeros(0), 0.0)})

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        batch = as_batch(forcing, len(seeds))
        t0, t1 = batch.forcings[0].t0, batch.forcings[0].t1
        x0 = np.asarray(theta["x0"]) if start is None else start.tree["x"]
        asked = request.items.get("x", np.zeros(0))
        times = np.append(asked, t1)
        x = np.array([[self._at(batch.forcings[f], x0[m], t0, t) for t in times] for m, f in enumerate(batch.index)])
        x = x.reshape(len(seeds), len(times))
        return ({"x": x[:, :-1]} if "x" in request.items else {}), State(t1, "x", {"x": x[:, -1]})

    def _at(self, forcing: Forcing, x: float, t0: float, t: float) -> float:
        u = forcing.schedules["u"]
        edges = [t0, *u.times[(u.times > t0) & (u.times < t)].tolist(), t]
        for a, b in itertools.pairwise(edges):
            level = float(u.at(np.array([a]))[0])
            x = level + (x - level) * math.exp(-(b - a) / HOUR)
        return float(x)

    def example(self) -> contract.Example:
        return contract.Example(Case(Nobody()), 0.0, 4 * HOUR, {"x": np.array([HOUR])}, ())


def pair(interval: float, links: tuple[Link, ...], two_way: bool = False) -> Any:
    return couple("pair", {"a": Decay(), "b": Decay()}, links, interval, CONTEXT, two_way=two_way)


BOTH = (Link("a.x", "b.u"), Link("b.x", "a.u"))
START = {"a.x0": np.array([1.0, 3.0]), "b.x0": np.array([0.0, -1.0])}
SEEDS = member_seeds(2, 2)


def run(kind: Any, t0: float, t1: float, request: Request, start: State | None = None) -> tuple[Any, Any]:
    forcing = kind.compile(kind.example().case, Record.empty(), t0, t1, t1)
    return kind.run(START, forcing, request, SEEDS, start)


@pytest.mark.parametrize("claim", claims("infusion_queue"), ids=lambda c: c.id)
def test_the_claim_is_met(claim: Claim) -> None:
    found = claim.function(package_of("infusion_queue"))(claim.id, None, None, True, lambda share: None)
    print(found)
    assert found["met"], found


def test_two_ways_converge_to_the_coupled_equations() -> None:
    """x' = y - x, y' = x - y: the sum stays, the difference decays with rate 2."""
    times = np.array([0.0, 0.5, 1.0, 2.0, 4.0]) * HOUR
    gap = (START["a.x0"] - START["b.x0"])[:, None] * np.exp(-2.0 * times / HOUR)
    exact = 0.5 * ((START["a.x0"] + START["b.x0"])[:, None] + gap)
    errors = []
    for interval in (900.0, 450.0, 225.0):
        out, _ = run(pair(interval, BOTH, two_way=True), 0.0, 4 * HOUR, Request({"a.x": times, "b.x": times}))
        errors.append(np.abs(out["a.x"] - exact).max())
        np.testing.assert_allclose(
            out["a.x"] + out["b.x"], np.broadcast_to(exact[:, :1] + out["b.x"][:, :1], exact.shape)
        )
    assert errors[0] < 0.2
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.1)
    assert errors[2] / errors[1] == pytest.approx(0.5, abs=0.1)


def test_a_chain_is_run_in_order_whatever_the_order_of_its_parts() -> None:
    """b follows a: y' = x - y with x = exp(-t) gives y = (y0 + t) exp(-t)."""
    times = np.array([0.5, 1.0, 3.0]) * HOUR
    kind = couple("chain", {"b": Decay(), "a": Decay()}, (Link("a.x", "b.u"),), 10.0, CONTEXT)
    out, _ = run(kind, 0.0, 3 * HOUR, Request({"b.x": times}))
    t = times / HOUR
    exact = (START["b.x0"][:, None] + START["a.x0"][:, None] * t) * np.exp(-t)
    np.testing.assert_allclose(out["b.x"], exact, atol=0.005)


@pytest.mark.parametrize("two_way", [False, True])
def test_a_restart_between_exchanges_holds_what_was_held(two_way: bool) -> None:
    kind = pair(700.0, BOTH if two_way else BOTH[:1], two_way)
    later = Request({"a.x": np.array([1.7, 2.5, 4.0]) * HOUR, "b.x": np.array([1.7, 2.5, 4.0]) * HOUR})
    expected, last = run(kind, 0.0, 4 * HOUR, later)
    state = None
    for a, b in ((0.0, 700.0), (700.0, 0.5 * HOUR), (0.5 * HOUR, 1.7 * HOUR)):
        _, state = run(kind, a, b, Request({}), state)
    found, end = run(kind, 1.7 * HOUR, 4 * HOUR, later, state)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-13)
    np.testing.assert_allclose(end.tree["held"]["b.u"], last.tree["held"]["b.u"], rtol=1e-13)


def test_members_do_not_know_their_batch() -> None:
    kind = pair(700.0, BOTH, two_way=True)
    forcing = kind.compile(kind.example().case, Record.empty(), 0.0, HOUR, HOUR)
    request = Request({"b.x": np.array([0.3, 1.0]) * HOUR})
    both, _ = kind.run(START, forcing, request, SEEDS)
    alone, _ = kind.run({n: v[1:] for n, v in START.items()}, forcing, request, SEEDS[1:])
    assert alone["b.x"].tobytes() == both["b.x"][1:].tobytes()


def test_units_are_converted_and_a_mismatch_names_both_ports() -> None:
    parts = {"a": Decay(unit="g/L"), "b": Decay(takes="mg/L")}
    kind = couple("units", parts, (Link("a.x", "b.u"),), 3600.0, CONTEXT)
    out, _ = run(kind, 0.0, HOUR, Request({"b.x": np.array([HOUR])}))
    held = 1000.0 * START["a.x0"]
    np.testing.assert_allclose(out["b.x"][:, 0], held + (START["b.x0"] - held) * math.exp(-1.0))
    with pytest.raises(UnitError, match=r"'a.x' is in 'g/L', 'b.u' takes 'kg'"):
        couple("wrong", {"a": Decay(unit="g/L"), "b": Decay(takes="kg")}, (Link("a.x", "b.u"),), 60.0, CONTEXT)


def test_what_cannot_be_coupled_is_said() -> None:
    with pytest.raises(KindError, match=r"cyclic coupling: (a -> b -> a|b -> a -> b)"):
        pair(60.0, BOTH)
    with pytest.raises(KindError, match="no input 'v'"):
        pair(60.0, (Link("a.x", "b.v"),))
    with pytest.raises(KindError, match="no part 'c'"):
        pair(60.0, (Link("c.x", "b.u"),))
    with pytest.raises(KindError, match="no observable 'y'"):
        pair(60.0, (Link("a.y", "b.u"),))
    with pytest.raises(KindError, match="no single number in time"):
        pair(60.0, (Link("a.map", "b.u"),))
    with pytest.raises(KindError, match="driven twice"):
        pair(60.0, (BOTH[0], BOTH[0]))
    with pytest.raises(KindError, match="interval is 0 s"):
        pair(0.0, BOTH[:1])
    with pytest.raises(KindError, match="Driven"):
        couple("x", {"a": Decay(), "b": Drug()}, (Link("a.x", "b.rate"),), 60.0, CONTEXT)
    with pytest.raises(KindError, match="two parts have an action 'Infuse'"):
        couple("x", {"a": Drug(), "b": Drug()}, (), 60.0, CONTEXT)
    with pytest.raises(KindError, match="'my part' is not an identifier"):
        couple("x", {"my part": Drug()}, (), 60.0, CONTEXT)


def test_capabilities_follow_from_those_of_the_parts() -> None:
    assert isinstance(KIND, Causal)
    assert isinstance(KIND, Resumable)
    assert isinstance(KIND, ExactLikelihood)
    mixed = pair(60.0, BOTH[:1])
    assert isinstance(mixed, Resumable)
    assert not isinstance(mixed, ExactLikelihood)
    # a random part that drives another has no closed-form likelihood, whatever its own
    random = couple("x", {"queue": Calls(), "b": Decay()}, (Link("queue.waiting", "b.u"),), 60.0, CONTEXT)
    assert not isinstance(random, ExactLikelihood)
    assert random.stochastic


def test_a_state_of_another_couple_is_refused() -> None:
    _, state = run(pair(600.0, BOTH[:1]), 0.0, HOUR, Request({}))
    with pytest.raises(BeliefError, match="recalibrate"):
        run(pair(300.0, BOTH[:1]), HOUR, 2 * HOUR, Request({}), state)


def test_an_action_on_one_part_reaches_the_other_and_nothing_before() -> None:
    """The level is read at exchange times: an infusion begun at 10:00 calls nurses from 10:10 on, not before."""
    n = 400
    theta = {p.name: np.full(n, p.prior.value(0.0)) for p in KIND.parameters}
    seeds, asked = member_seeds(5, n), Request({"queue.calls": np.array([9.9, 10.1, 10.2, 14.0]) * HOUR})
    calls = []
    for actions in ((), (Infuse(at=10 * HOUR, rate=60.0, duration=4.0), AddNurses(at=11 * HOUR, nurses=1))):
        forcing = KIND.compile(Case(KIND.subject(), actions), Record.empty(), 0.0, 15 * HOUR, 15 * HOUR)
        calls.append(KIND.run(theta, forcing, asked, seeds)[0]["queue.calls"][0])
    k, volume, at = 0.039 / 0.45, 0.45 * 70.0, INTERVAL / HOUR
    level = 60.0 / (k * volume) * (1.0 - np.exp(-k * np.array([at, 4.0])))
    np.testing.assert_allclose(calls[1][:2], calls[0][:2])
    np.testing.assert_allclose(calls[1][2:] / calls[0][2:], 1.0 + 0.03 * level, rtol=1e-12)


def test_an_ode_kind_drives_as_its_closed_form_does() -> None:
    """Another package's kind as a part: the fixed-step infusion for the closed form, the same calls to five digits."""
    from vitruvian.kinds import infusion

    other = couple("other", {"infusion": infusion.KIND, "queue": Calls()}, (LINK,), INTERVAL, CONTEXT)
    n, asked = 20, {"queue.calls": np.linspace(0.0, 12.0, 13) * HOUR, "queue.mean_queue": np.array([[0.0, 12 * HOUR]])}
    seeds, answers = member_seeds(6, n), []
    given = {"rate": 40.0, "duration": 5.0}
    for kind, action in ((KIND, Infuse(at=0.7 * HOUR, **given)), (other, infusion.Infuse(at=0.7 * HOUR, **given))):
        theta = {p.name: np.full(n, p.prior.value(0.3)) for p in kind.parameters}
        forcing = kind.compile(Case(kind.subject(), (action,)), Record.empty(), 0.0, 12 * HOUR, 12 * HOUR)
        answers.append(kind.run(theta, forcing, Request(asked), seeds)[0])
    np.testing.assert_allclose(answers[1]["queue.calls"], answers[0]["queue.calls"], rtol=1e-5)
    np.testing.assert_allclose(answers[1]["queue.mean_queue"], answers[0]["queue.mean_queue"], rtol=0.02)
    assert isinstance(other, Resumable)
    assert not isinstance(other, ExactLikelihood)


def test_parts_share_no_stream() -> None:
    seeds = member_seeds(1, 100)
    assert not set(part_seeds(seeds, "a").tolist()) & set(part_seeds(seeds, "b").tolist())
    assert len(set(part_seeds(seeds, "a").tolist())) == 100


def test_the_joined_subject_and_timeline_go_to_their_parts() -> None:
    subject = KIND.subject(infusion_weight=50.0, queue_nurses=3)
    assert KIND.subject.from_json(subject.to_json()) == subject
    assert KIND.subject.json_schema()["properties"]["infusion_weight"]["x-unit"] == "kg"
    case = Case(subject, (Infuse(at=0.0, rate=10.0, duration=1.0), AddNurses(at=0.0, nurses=2)))
    forcing = KIND.compile(case, Record.empty(), 0.0, HOUR, HOUR)
    assert float(forcing.arrays["infusion.weight"]) == 50.0
    assert forcing.schedules["queue.nurses"].at(np.array([1.0])) == [5.0]
    assert forcing.schedules["infusion.rate"].at(np.array([1.0])) == [10.0]
