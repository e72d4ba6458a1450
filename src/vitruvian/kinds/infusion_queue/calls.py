"""The driven part: calls to a nurses' station, more of them the higher a patient's drug level.

    calls  Poisson, rate lambda (1 + g C(t))      answer  exponential, mean m      nurses  c(t), first come first served

lambda calls per hour of everybody else, g L/mg, C mg/L the input `drug`, m h.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import final

import numpy as np

from vitruvian.core import kind as contract
from vitruvian.core.action import Action
from vitruvian.core.belief import State
from vitruvian.core.case import Case, Subject
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import Effect, Outputs, Theta
from vitruvian.core.noise import Count
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Observable, Quantity, Request
from vitruvian.core.record import Record
from vitruvian.engines.event import Change, EventEngine, Level, Network, Service, Source, Station, as_batch
from vitruvian.engines.likelihood import readings_log_likelihood
from vitruvian.engines.ports import Driven, ExactGiven, Input
from vitruvian.models.flow import Durations, stepped

HOUR = 3600.0
PARAMETERS = (
    Parameter("call_rate", "/h", LogNormal.around(30.0, 0.15), "assumed", "calls per hour without the drug"),
    Parameter("call_time", "h", LogNormal.around(0.1, 0.15), "assumed", "mean time to answer a call"),
    Parameter("gain", "L/mg", LogNormal.around(0.03, 0.3), "assumed", "more calls, as a share, per mg/L"),
)
SOURCE = Source("ward", to="desk", rate="call_rate", factor="usual", driver="drug", slope="gain")
ENGINE = EventEngine(
    Network((Station("desk", Service("exponential", mean="call_time"), servers="nurses"),), (SOURCE,)),
    PARAMETERS,
    {
        "waiting": Level("desk", ("waiting",)),
        "mean_wait": Change("desk", ("waited",), ("started",), 1 / HOUR),
        "mean_queue": Change("desk", ("waiting_area",), ("time",)),
        "answered": Change("desk", ("left",)),
    },
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ward(Subject):
    """A nurses' station."""

    nurses: int = field_("1", 0, 20, typical=4, meaning="nurses who answer calls", default=4)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddNurses(Action):
    """More (or fewer) nurses from now on."""

    nurses: int = field_("1", -10, 10, typical=1, meaning="nurses added; negative sends home")


@final
class Calls(contract.AbstractKind, contract.Causal, contract.Resumable, Driven, ExactGiven):
    """M(t)/M/c(t) with the drug level as input."""

    name, version, stochastic = "calls", "1", True
    context_of_use = contract.ContextOfUse("How long do calls wait?", "engineers", "none: teaching", "staffing")
    envelope = contract.Envelope({"Ward.nurses": (1, 10), "AddNurses.nurses": (-3, 3)}, "assumed")
    parameters, actions, subject = PARAMETERS, (AddNurses,), Ward
    inputs = (Input("drug", "mg/L", "drug level of the patient who is watched"),)
    observables = (  # upper limits: assumed, nobody answers for two days
        Observable("waiting", "1", low=0, high=20000, meaning="calls not yet answered"),
        Observable("calls", "/h", low=0, high=2000, meaning="expected calls in an hour at this level"),
        Observable("answer_time", "h", low=0, high=5, meaning="expected time to answer a call"),
    )
    quantities = (
        Quantity("mean_wait", "h", "mean wait of calls taken up in the window; 0 if none was", low=0),
        Quantity("mean_queue", "1", "calls not yet answered, time average", low=0),
        Quantity("answered", "1", "calls answered", low=0),
    )
    noises = (Count("calls"), Durations("answer_time"))

    @property
    def state_version(self) -> str:
        return ENGINE.state_version

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        added = [(a.at, a.nurses) for a in case.until(known_at).timeline if isinstance(a, AddNurses)]
        assert isinstance(case.subject, Ward)
        steady = {name: Schedule(np.zeros(0), np.zeros(0), value) for name, value in (("usual", 1.0), ("drug", 0.0))}
        return Forcing(t0, t1, schedules={"nurses": stepped(case.subject.nurses, added), **steady})

    def gather(self, states: Sequence[State]) -> State:
        return ENGINE.gather(states)

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        outputs, state = ENGINE.run(theta, forcing, request, seeds, start)
        return {**outputs, **self.expected(theta, as_batch(forcing, len(seeds)), request)}, state

    def expected(self, theta: Theta, batch: Batch, request: Request) -> dict[str, np.ndarray]:
        """What needs no simulation, {name: (member, n)}."""
        rate, time, gain = (np.asarray(theta[p.name])[:, None] for p in PARAMETERS)
        out = {}
        if "calls" in request.items:
            level = np.stack([f.schedules["drug"].at(request.times("calls")) for f in batch.forcings])[batch.index]
            out["calls"] = rate * (1.0 + gain * level)
        if "answer_time" in request.items:
            out["answer_time"] = np.repeat(time, len(request.times("answer_time")), axis=1)
        return out

    def log_likelihood_given(self, theta: Theta, forcing: Batch, record: Record) -> np.ndarray:
        return readings_log_likelihood(
            self, theta, record, lambda asked: self.expected(theta, forcing, asked), ("calls", "answer_time")
        )

    def example(self) -> contract.Example:
        hours = np.arange(1.0, 25.0) * HOUR
        fewer = "Erlang C at the medians and 9 mg/L: 0.47 h with four nurses, 0.04 h with five"
        effects = (Effect(AddNurses(at=12 * HOUR, nurses=1), "mean_wait", 8 * HOUR, -0.6, -0.05, fewer),)
        return contract.Example(Case(Ward()), 0.0, 24 * HOUR, {"calls": hours, "answer_time": hours - 900.0}, effects)
