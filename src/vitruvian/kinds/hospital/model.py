"""A hospital, or a part of one, made from a declarative model: the kind of the operations twin.

    arrivals   Poisson at the profile's rate x demand, or the week's appointments      stays, services   their laws x pace, stay
    units      beds, staff, rooms, machines with rosters, failures, cleaning            rules             priorities, routes, modes

The model says who comes, what each step needs and how long it takes; the event engine plays it. What is uncertain of it
(`uncertain`) are the twin's parameters. Reference: Law, Simulation Modeling and Analysis, 5th ed. 2015; queueing laws it
reproduces: see evidence. Holds where patients do not influence each other but by what they occupy; leaves out staff
fatigue, clinical outcome, and decisions that no rule of the model describes.
"""  # noqa: E501

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from vitruvian.core import kind as contract
from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import Outputs, Theta
from vitruvian.core.noise import AbstractNoise, Count, LogNormal
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal as LogNormalPrior
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record
from vitruvian.engines.event import as_batch
from vitruvian.engines.event.census import Present, census_state, in_order
from vitruvian.engines.event.model import Model, Uncertain
from vitruvian.engines.event.readings import Counts, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.engines.likelihood import readings_log_likelihood
from vitruvian.kinds.hospital.actions import SPARE, Site, actions_of
from vitruvian.kinds.hospital.effects import example
from vitruvian.kinds.hospital.plan import HOUR, planned
from vitruvian.kinds.hospital.seen import PATIENT, observables, quantities, slug
from vitruvian.models.flow import Durations, HeadCount, integral


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Hospital(
    contract.AbstractKind, contract.Causal, contract.Resumable, contract.Reconstructible, contract.ExactLikelihood
):
    """The kind of one model."""

    model: Model
    name: str = "hospital"
    version: str = "1"
    stochastic: bool = True
    threads: int = 1
    subject = Site
    context_of_use = contract.ContextOfUse(
        "What will the next days look like from who is here now, and what would a change of beds, staff or rules do?",
        "operations managers, bed managers, shift leads; engineers who try options",
        "medium: a wrong answer moves staff or cancels operations; nobody is treated by it",
        "any decision about one patient's treatment",
    )

    @cached_property
    def tables(self) -> Tables:
        """The compiled model, with units to spare for what actions may open."""
        return Tables(self.model, {p.name: SPARE[p.kind] for p in self.model.pools})

    @cached_property
    def simulation(self) -> Simulation:
        return Simulation(self.tables, self.threads)

    @cached_property
    def counts(self) -> Counts:
        return Counts(self.tables)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return tuple(
            Parameter(u.name, "1", LogNormalPrior.around(u.median, u.log_sd), u.source, u.meaning or u.name)
            for u in self.model.uncertain
        )

    @cached_property
    def _levels(self) -> dict[str, Any]:
        return observables(self.model, self.counts)

    @cached_property
    def _changes(self) -> dict[str, Any]:
        return quantities(self.model, self.counts)

    @cached_property
    def timed(self) -> dict[str, Uncertain]:
        """{observable: what it tells of}: the time of one hold of the first step that a number multiplies."""
        out = {}
        steps = {s.name: s for s in self.model.steps}
        for u in self.model.uncertain:
            if (
                u.steps
                and steps[u.steps[0]].hold.law in ("exponential", "lognormal")
                and not steps[u.steps[0]].hold.shift
            ):
                out[f"{slug(u.name)}_time"] = u
        return out

    @cached_property
    def observables(self) -> tuple[Observable, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        known = [o for o, _ in self._levels.values()]
        known.append(
            Observable("arrivals", "1", low=0, high=1e4, meaning="expected unplanned arrivals in the hour before")
        )
        for name, u in self.timed.items():
            kind = "mean" if self._law(u).law == "exponential" else "median"
            known.append(Observable(name, "h", low=0, high=1e4, meaning=f"{kind} time of '{u.steps[0]}'"))
        return tuple(known)

    @cached_property
    def quantities(self) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return tuple(q for q, _ in self._changes.values())

    @cached_property
    def noises(self) -> tuple[AbstractNoise, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        out: list[AbstractNoise] = [
            Count("arrivals"),
            HeadCount("present"),
            HeadCount("waiting"),
            HeadCount("boarding"),
        ]
        for name, u in self.timed.items():
            law = self._law(u)
            out.append(Durations(name) if law.law == "exponential" else LogNormal(name, sigma=law.numbers[1]))
        return tuple(out)

    @cached_property
    def actions(self) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return actions_of(self.model)

    @cached_property
    def envelope(self) -> contract.Envelope:  # pyright: ignore[reportIncompatibleVariableOverride]
        limits = {"Surge.factor": (0.0, 3.0), "OpenBeds.beds": (-15.0, 20.0), "ChangeStaff.staff": (-5.0, 6.0)}
        names = {cls.__name__ for cls in self.actions}
        return contract.Envelope({k: v for k, v in limits.items() if k.partition(".")[0] in names}, "assumed")

    @property
    def state_version(self) -> str:
        return self.simulation.state_version

    @cached_property
    def warm(self) -> float:
        """s after which an empty house is a typical one: three times the longest mean hold, a day at least."""
        return max(24.0 * HOUR, 3.0 * max(s.hold.mean_s for s in self.model.steps))

    def _law(self, u: Uncertain) -> Any:
        return next(s.hold for s in self.model.steps if s.name == u.steps[0])

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return planned(self.model, case.until(known_at), t0, t1)

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        batch = as_batch(forcing, len(seeds))
        items = {n: r for n, (_, r) in (*self._levels.items(), *self._changes.items())}
        out, state = outputs(self.simulation, items, batch, request, seeds, start, self.scales(theta))
        return {**out, **self.expected(theta, batch, request)}, state

    def gather(self, states: Sequence[State]) -> State:
        return self.simulation.gather(states)

    def scales(self, theta: Theta) -> dict[int, np.ndarray]:
        """{word of a member's memory: what multiplies a rate or a hold, (member,)}."""
        out: dict[int, np.ndarray] = {}
        for u in self.model.uncertain:
            value = np.asarray(theta[u.name], dtype=np.float64)
            for word in self.simulation.scale_words(u.arrivals, u.steps):
                out[word] = out.get(word, 1.0) * value
        return out

    def expected(self, theta: Theta, batch: Batch, request: Request) -> dict[str, np.ndarray]:
        """What needs no simulation: arrivals of the hour before, times of holds, {name: (member, n)}."""
        out = {}
        if "arrivals" in request.items:
            ends = request.times("arrivals")
            total = np.zeros((len(batch.index), len(ends)))
            for a in (a for a in self.model.arrivals if not a.appointments):
                scale = np.prod(
                    [np.asarray(theta[u.name]) for u in self.model.uncertain if a.name in u.arrivals] or [1.0], axis=0
                )
                usual = np.stack([_mass(f, a.name, ends) for f in batch.forcings])[batch.index]
                total += np.broadcast_to(scale, (len(batch.index),))[:, None] * usual
            out["arrivals"] = total
        for name, u in self.timed.items():
            if name in request.items:
                law = self._law(u)
                middle = law.numbers[0] * (np.exp(law.numbers[2]) if law.law == "lognormal" else 1.0) / HOUR
                value = np.asarray(theta[u.name], dtype=np.float64) * middle
                out[name] = np.repeat(value[:, None], len(request.times(name)), axis=1)
        return out

    def log_likelihood(self, theta: Theta, case: Case, record: Record, t0: float, t1: float) -> np.ndarray:
        """Exact for arrivals and times of holds; head counts and patients say where things are, not what rates are."""
        members = len(next(iter(theta.values()))) if theta else 1
        batch = as_batch(self.compile(case, record, t0, t1, np.inf), members)
        names = ("arrivals", *self.timed)
        return readings_log_likelihood(
            self, theta, record.between(t0, t1), lambda asked: self.expected(theta, batch, asked), names
        )

    def state_from(self, case: Case, record: Record, at: float, theta: Theta, seeds: np.ndarray) -> State:
        """From who is known to be there (rows of `patient`); else a typical house at that hour, run up from empty."""
        rows = record.until(at).only(PATIENT)
        if len(rows):
            drive = self.compile(case, record, at, at, at)
            return census_state(self.simulation, drive, present_at(self.model, rows), seeds, self.scales(theta))
        before = at - self.warm
        drive = self.compile(case, record, before, at, at)
        return self.run(theta, drive, Request({}), seeds)[1]

    def patients(self, record: Record, at: float) -> tuple[str, ...]:
        """Who is known to be there at `at`, in the order of the observable `patient` of a run that starts then."""
        return tuple(p.id for p in in_order(present_at(self.model, record.until(at).only(PATIENT))))

    def example(self) -> contract.Example:
        return example(self.model, self.actions, tuple(self.timed))


def _mass(forcing: Forcing, source: str, ends: np.ndarray) -> np.ndarray:
    """Expected arrivals of a source in the hour before each time, (n,)."""
    rate, factor = forcing.schedules[f"rate:{source}"], forcing.schedules[f"factor:{source}"]
    times = np.concatenate([rate.times, factor.times])
    times = np.unique(times[np.isfinite(times)])
    values = rate.at(times) * factor.at(times) if len(times) else np.zeros(0)
    from vitruvian.core.forcing import Schedule

    product = Schedule(times, values, rate.before * factor.before)
    return integral(product, ends - HOUR, ends)


def present_at(model: Model, rows: Record) -> list[Present]:
    """Patients from rows: id the patient, valid_time since when, value the step's number + 1 in service, negative while

    waiting for it, 0 once gone; sensor the class, "" for the first.
    """
    out = []
    for k in range(len(rows)):
        value = round(float(rows.value[k]))
        if value == 0:
            continue
        if not 1 <= abs(value) <= len(model.steps):
            raise KindError(
                f"patient {rows.id[k]}: there is no step number {abs(value)}",
                where="record",
                fix=f"1 to {len(model.steps)}: {', '.join(s.name for s in model.steps)}",
            )
        out.append(
            Present(
                id=str(rows.id[k]), step=model.steps[abs(value) - 1].name, since=float(rows.valid_time[k]),
                waiting=value < 0, class_=str(rows.sensor[k]),
            )
        )  # fmt: skip
    return out
