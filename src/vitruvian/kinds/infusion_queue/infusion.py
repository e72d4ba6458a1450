"""The driving part: theophylline in one compartment, in closed form.

    dA/dt = R(t) - (CL / V) A,   C = A / (V w),   A(0) = 0

R mg/h infused, CL L/h/kg, V L/kg, w kg. Nothing random, and linear: its likelihood is exact.
"""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from vitruvian.core import kind as contract
from vitruvian.core.action import Action
from vitruvian.core.belief import State
from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import BeliefError
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import Effect, Outputs, Theta
from vitruvian.core.noise import Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Observable, Quantity, Request
from vitruvian.core.record import Record
from vitruvian.engines.event import as_batch
from vitruvian.engines.likelihood import readings_log_likelihood
from vitruvian.engines.ports import ExactGiven
from vitruvian.models.flow import integral, stepped
from vitruvian.models.pharmacokinetics import amount

HOUR = 3600.0
LABEL = "US label, theophylline in 5 % dextrose"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person(Subject):
    """Who receives the drug."""

    weight: float = field_("kg", 30, 200, typical=70, meaning="body weight", default=70.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Infuse(Action):
    """A constant-rate infusion."""

    rate: float = field_("mg/h", 0, 100, typical=30, meaning="infusion rate")
    duration: float = field_("h", 0, 72, typical=12, meaning="how long")


@final
class Drug(contract.AbstractKind, contract.Causal, contract.Resumable, ExactGiven):
    """One compartment, linear elimination."""

    name, version = "drug", "1"
    context_of_use = contract.ContextOfUse("How much drug is there?", "engineers", "none: teaching", "care")
    envelope = contract.Envelope({"Person.weight": (40, 120), "Infuse.rate": (0, 60)}, LABEL)
    parameters = (
        Parameter("clearance", "L/h/kg", LogNormal.around(0.039, 0.34), LABEL, "clearance"),
        Parameter("volume", "L/kg", LogNormal.around(0.45, 0.21), LABEL, "volume of distribution"),
    )
    observables = (Observable("concentration", "mg/L", "4049-3", low=0, high=200, meaning="plasma theophylline"),)
    quantities = (Quantity("mean_level", "mg/L", "mean concentration", low=0),)
    actions, subject = (Infuse,), Person
    noises = (Gaussian("concentration", sd=0.5),)  # assumed assay sd, mg/L
    warmup = 72 * HOUR  # nine half-lives at the medians: what was infused earlier has gone

    @property
    def state_version(self) -> str:
        return "amount"

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        given = [a for a in case.until(known_at).timeline if isinstance(a, Infuse)]
        steps = [(a.at, a.rate) for a in given] + [(a.at + a.duration * HOUR, -a.rate) for a in given]
        assert isinstance(case.subject, Person)
        return Forcing(t0, t1, {"weight": np.array(case.subject.weight)}, schedules={"rate": stepped(0.0, steps)})

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        batch, out = as_batch(forcing, len(seeds)), {}
        if "concentration" in request.items:
            held = self.held(theta, batch, request.times("concentration"), start)
            out["concentration"] = held / self.volume(theta, batch)[:, None]
        if "mean_level" in request.items:
            a, b = request.windows("mean_level").T
            given = np.stack([integral(f.schedules["rate"], a, b) / HOUR for f in batch.forcings])[batch.index]
            left = self.held(theta, batch, a, start) - self.held(theta, batch, b, start)
            cleared = np.asarray(theta["clearance"]) * self.weight(batch)
            out["mean_level"] = (left + given) / cleared[:, None] / ((b - a) / HOUR)
        end = batch.forcings[0].t1
        return out, State(end, self.state_version, {"amount": self.held(theta, batch, np.array([end]), start)})

    def held(self, theta: Theta, batch: Batch, times: np.ndarray, start: State | None) -> np.ndarray:
        """Drug in the body, mg, (member, n)."""
        t0, count = batch.forcings[0].t0, len(batch.index)
        if start is not None and (start.version, start.at) != (self.state_version, t0):
            raise BeliefError(f"state is {start.version} at {start.at:g} s, wanted {t0:g} s", fix="recalibrate")
        first = np.zeros(count) if start is None else np.asarray(start.tree["amount"])[:, 0]
        k, out = np.asarray(theta["clearance"]) / np.asarray(theta["volume"]), np.empty((count, len(times)))
        for i, f in enumerate(batch.forcings):
            mine = batch.index == i
            out[mine] = amount(f.schedules["rate"], k[mine], first[mine], t0, times)
        return out

    def weight(self, batch: Batch) -> np.ndarray:
        """kg, (member,)."""
        return np.array([float(f.arrays["weight"]) for f in batch.forcings])[batch.index]

    def volume(self, theta: Theta, batch: Batch) -> np.ndarray:
        """L, (member,)."""
        return np.asarray(theta["volume"]) * self.weight(batch)

    def log_likelihood_given(self, theta: Theta, forcing: Batch, record: Record) -> np.ndarray:
        seeds = np.zeros(len(forcing.index), dtype=np.uint64)
        return readings_log_likelihood(
            self, theta, record, lambda asked: self.run(theta, forcing, asked, seeds)[0], ("concentration",)
        )

    def example(self) -> contract.Example:
        case = Case(Person(), (Infuse(at=0.0, rate=30.0, duration=12.0),))
        more = Infuse(at=12 * HOUR, rate=30.0, duration=12.0)  # 30 mg/h for 12 h adds less than 360 mg / 31.5 L
        effects = (Effect(more, "mean_level", 12 * HOUR, 2.0, 7.0, LABEL),)
        return contract.Example(case, 0.0, 24 * HOUR, {"concentration": np.arange(1.0, 25.0, 2.0) * HOUR}, effects)
