"""A walk-in clinic with c servers and one queue: the teaching event kind.

    arrivals  Poisson, rate lambda f(t)        service  exponential, mean m        servers  c(t)

lambda arrivals per hour, f surge factor (1 unless acted on), m mean service time in h, first come first served. What is
left of a service is exponential again, so a head count is enough to start from. Reference: Erlang 1917; Gross et al.,
Fundamentals of Queueing Theory, 4th ed., 2008, chapter 2. Holds where arrivals are independent; leaves out
appointments, priorities, patients who give up, breaks, and services whose length has a mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import numpy as np

from vitruvian.core import kind as contract
from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import RecordError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import Effect, Outputs, Theta
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.event import as_batch
from vitruvian.engines.event.census import head_count_state
from vitruvian.engines.likelihood import readings_log_likelihood
from vitruvian.kinds.queue.actions import Clinic, OpenServers, Surge
from vitruvian.kinds.queue.desk import ENGINE, HOUR, NOISES, OBSERVABLES, PARAMETERS, QUANTITIES
from vitruvian.models.flow import integral, pulses, stepped


@final
class Queue(
    contract.AbstractKind, contract.Causal, contract.Resumable, contract.Reconstructible, contract.ExactLikelihood
):
    """M(t)/M/c(t), first come first served."""

    name, version, stochastic = "queue", "1", True
    context_of_use = contract.ContextOfUse(
        "How long will patients wait today, and what would one more server do?",
        "engineers learning the contract",
        "none: teaching",
        "staffing a real clinic",
    )
    envelope = contract.Envelope(
        {"Clinic.servers": (1, 20), "OpenServers.servers": (-5, 5), "Surge.factor": (0, 3)}, "assumed"
    )
    parameters, observables, quantities, noises = PARAMETERS, OBSERVABLES, QUANTITIES, NOISES
    actions, subject = (OpenServers, Surge), Clinic

    @property
    def state_version(self) -> str:
        return ENGINE.state_version

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        known = case.until(known_at)
        assert isinstance(case.subject, Clinic)
        opened = [(a.at, a.servers) for a in known.timeline if isinstance(a, OpenServers)]
        surges = [(a.at, a.at + a.duration * HOUR, a.factor) for a in known.timeline if isinstance(a, Surge)]
        servers, surge = stepped(case.subject.servers, opened), pulses(surges)
        return Forcing(t0, t1, schedules={"servers": servers, "surge": surge})

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        outputs, state = ENGINE.run(theta, forcing, request, seeds, start)
        return {**outputs, **self.expected(theta, as_batch(forcing, len(seeds)), request)}, state

    def gather(self, states: Sequence[State]) -> State:
        return ENGINE.gather(states)

    def expected(self, theta: Theta, batch: Batch, request: Request) -> dict[str, np.ndarray]:
        """What needs no simulation: arrivals and service time, {name: (member, n)}."""
        out = {}
        if "arrivals" in request.items:
            ends = request.times("arrivals")
            usual = np.stack([integral(f.schedules["surge"], ends - HOUR, ends) / HOUR for f in batch.forcings])
            out["arrivals"] = np.asarray(theta["arrival_rate"])[:, None] * usual[batch.index]
        if "service_time" in request.items:
            mean = np.asarray(theta["service_mean"])
            out["service_time"] = np.repeat(mean[:, None], len(request.times("service_time")), axis=1)
        return out

    def state_from(self, case: Case, record: Record, at: float, theta: Theta, seeds: np.ndarray) -> State:
        """From the last head count known at `at`, run on to `at` where it is older."""
        seen = record.until(at).only("present").between(-math.inf, at)
        if len(seen) == 0:
            raise RecordError("no head count ('present') is known", where=f"queue at {at:g} s", fix="observe one")
        when, present = float(seen.valid_time[-1]), max(round(float(seen.value[-1])), 0)
        forcing = self.compile(case, record, when, at, at)
        batch, rate = as_batch(forcing, len(seeds)), np.asarray(theta["arrival_rate"]) / HOUR
        drive = ENGINE.driven(batch).forcings[0]
        state = head_count_state(ENGINE.simulation, drive, present, seeds, ENGINE.scales(theta, batch), rate)
        return ENGINE.run(theta, forcing, Request({}), seeds, state)[1]

    def log_likelihood(self, theta: Theta, case: Case, record: Record, t0: float, t1: float) -> np.ndarray:
        """Exact for arrivals and service durations; head counts say where the queue is, not what its rates are."""
        batch = as_batch(self.compile(case, record, t0, t1, math.inf), len(theta["arrival_rate"]))
        rows, names = record.between(t0, t1), ("arrivals", "service_time")
        return readings_log_likelihood(self, theta, rows, lambda asked: self.expected(theta, batch, asked), names)

    def example(self) -> contract.Example:
        hours = np.arange(1.0, 25.0) * HOUR
        seen = {"arrivals": hours, "service_time": hours - 0.5 * HOUR, "present": hours}
        wait = "Erlang C at the prior's medians: 0.35 h with three servers, 0.05 h with four; more where it is busier"
        more = "assumed: of 10 / h x 0.5 x 4 h = 20 more who come, those that three servers can see"
        effects = (
            Effect(OpenServers(at=12 * HOUR, servers=1), "mean_wait", 8 * HOUR, -0.8, -0.2, wait),
            Effect(Surge(at=12 * HOUR, factor=1.5, duration=4.0), "served", 8 * HOUR, 6.0, 20.0, more),
        )
        return contract.Example(Case(Clinic()), 0.0, 24 * HOUR, seen, effects)
