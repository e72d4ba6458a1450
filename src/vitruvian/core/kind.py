"""The contract of a kind, its capabilities as nominal subtypes, and what a kind says about itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior, State
from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import KindError
from vitruvian.core.fields import infos
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.noise import AbstractNoise, Discrepancy
from vitruvian.core.parameter import Parameter
from vitruvian.core.quantity import Observable, Quantity, Request
from vitruvian.core.question import Question
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.core.units import check

Outputs = Mapping[str, np.ndarray]
Theta = Mapping[str, Any]


@dataclass(frozen=True)
class ContextOfUse:
    """What the kind is for (ASME V&V 40): the question, who asks it, the risk of a wrong answer, what it is not for."""

    question: str
    users: str
    risk: str
    not_for: str


@dataclass(frozen=True)
class Envelope:
    """Ranges in which the kind's evidence holds, by "Type.field" of the subject or an action, in the field's unit."""

    ranges: Mapping[str, tuple[float, float]]
    source: str

    def outside(self, case: Case) -> tuple[str, ...]:
        """A sentence for every field of the subject or an action that lies outside."""
        said: list[str] = []
        for thing in (case.subject, *case.timeline):
            for name, info in infos(type(thing)).items():
                key = f"{type(thing).__name__}.{name}"
                value = getattr(thing, name)
                if key not in self.ranges or value is None:
                    continue
                low, high = self.ranges[key]
                if not low <= value <= high:
                    said.append(
                        f"{key} = {value:g} {info.unit} is outside {low:g} to {high:g}, where the evidence holds"
                    )
        return tuple(dict.fromkeys(said))


@dataclass(frozen=True)
class Effect:
    """A documented effect, tested by law: `action` moves `quantity` over `window` s by low..high (its unit)."""

    action: Action
    quantity: str
    window: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Example:
    """The example case of a kind: a case, when and what its sensors see, and typical effects of every action."""

    case: Case
    t0: float
    t1: float
    observed: Mapping[str, np.ndarray]  # observable -> times of its readings: the data density for calibration
    effects: tuple[Effect, ...]
    sensor: str = ""


class AbstractKind(ABC):
    """A kind of twin. Its author declares these and writes one member; an engine supplies `run`."""

    name: str
    version: str
    context_of_use: ContextOfUse
    envelope: Envelope
    parameters: tuple[Parameter, ...]
    observables: tuple[Observable, ...]
    quantities: tuple[Quantity, ...]
    actions: tuple[type[Action], ...]
    subject: type[Subject]
    noises: tuple[AbstractNoise, ...]
    discrepancies: Mapping[str, Discrepancy] = {}
    questions: tuple[type[Question], ...] = ()  # ready questions: see `decide`
    stochastic: bool = False
    window: float = math.inf  # s of data that calibrate uses by default, back from the last reading
    warmup: float = 0.0  # s of actions before the window's start that still act in it

    @abstractmethod
    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        """Typed objects to arrays for [t0, t1]; uses only actions and rows known by `known_at`."""

    @abstractmethod
    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        """theta {name: (member,) or (member, slot)}, seeds (member,) -> outputs {name: (member, ...)}, state at t1."""

    @abstractmethod
    def example(self) -> Example:
        """The example case with its documented effects."""

    def population(self, case: Case) -> PopulationPrior:
        """What is believed of such a subject before any of its readings: the parameters' own priors, or better."""
        return PopulationPrior()

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        """The rows with an sd of their own where one is doubted (an artefact of its sensor); by default as they are.

        Asked for what is the matter *now*: a filter's update, the discrepancy at a belief's time. Parameters are
        learned from the rows as they are.
        """
        return record

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        """What a report of such a subject shows beside what every report has: nothing, or this field's own pages."""
        return ()

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        """Why this plan (part of the case) must not be recommended: a dose outside its label, a contraindication."""
        return ()

    def observable(self, name: str) -> Observable:
        """By name; KindError if there is none."""
        return _named(self, "observable", self.observables, name)

    def quantity(self, name: str) -> Quantity:
        """By name; KindError if there is none."""
        return _named(self, "quantity", self.quantities, name)

    def unit_of(self, name: str) -> str:
        """Unit of an observable or quantity."""
        for thing in (*self.observables, *self.quantities):
            if thing.name == name:
                return thing.unit
        raise KindError(
            f"'{name}' is neither an observable nor a quantity",
            where=f"kind '{self.name}'",
            fix=_choice(self),
        )

    def action_type(self, name: str) -> type[Action]:
        """The action type of this name; KindError lists those there are."""
        for cls in self.actions:
            if cls.__name__ == name:
                return cls
        names = ", ".join(c.__name__ for c in self.actions)
        raise KindError(f"there is no action '{name}'", where=f"kind '{self.name}'", fix=f"use {names}")

    def question(self, name: str) -> type[Question]:
        """The ready question of this name; KindError lists those there are."""
        for cls in self.questions:
            if cls.__name__.lower() == name.lower():
                return cls
        names = ", ".join(c.__name__ for c in self.questions) or "recommend: it has no ready questions"
        raise KindError(f"there is no question '{name}'", where=f"kind '{self.name}'", fix=f"use {names}")

    def noise(self, observable: str, sensor: str) -> AbstractNoise:
        """The noise of this sensor on this observable; a noise with sensor "" serves any sensor."""
        fits = [n for n in self.noises if n.observable == observable and n.sensor in (sensor, "")]
        if not fits:
            raise KindError(
                f"no sensor '{sensor}' sees '{observable}'",
                where=f"kind '{self.name}'",
                fix="declare a noise for it, or leave these rows out",
            )
        return max(fits, key=lambda n: n.sensor == sensor)


class Causal(ABC):
    """Its actions are interventions: compare and recommend accept it."""


class Differentiable(ABC):
    """`run` may be traced and differentiated by JAX; sensitivities are forward."""

    @abstractmethod
    def sensitivities(
        self,
        padded_z: np.ndarray,
        forcing: Forcing | Batch,
        request: Request,
        start: State | None = None,
    ) -> tuple[Outputs, Outputs]:
        """Outputs {name: (member, ...)} at z (member, width) and their derivatives {name: (member, ..., width)}."""


class Resumable(ABC):
    """`run` returns a state from which it can go on: opaque, versioned, serialisable."""

    @property
    @abstractmethod
    def state_version(self) -> str:
        """Changes when the layout of the state changes."""

    def gather(self, states: Sequence[State]) -> State:
        """All members of several of its states, in order. An engine whose members hold room brings them to one size."""
        return State.join(states)


class Filterable(Resumable):
    """Ensemble filters apply: the state is a vector."""

    @abstractmethod
    def to_vector(self, state: State) -> np.ndarray:
        """(member, k)."""

    @abstractmethod
    def from_vector(self, vector: np.ndarray, state: State) -> State:
        """The state with these vectors, everything else as in `state`."""


class Reconstructible(ABC):
    """Its state can be built from what is seen now: a ward starts from its census with elapsed stays."""

    @abstractmethod
    def state_from(self, case: Case, record: Record, at: float, theta: Theta, seeds: np.ndarray) -> State:
        """State of every member at `at`, given the record known by then."""


class Fittable(ABC):
    """Learns weights from a table of many subjects; a twin stores (kind, version, artefact)."""

    @property
    @abstractmethod
    def artefact(self) -> str:
        """Content hash of the weights; "" before any fit."""

    @abstractmethod
    def fit(self, table: Any, seed: int) -> AbstractKind:
        """The same contract with weights fitted on this table."""


@dataclass(frozen=True)
class Margins:
    """What was learned of an observable's readings at times (k,) s: its quantiles (level, k) at levels (level,).

    fade: time (s) in which the correction loses two thirds of its size after the last of the times.
    """

    times: np.ndarray
    levels: np.ndarray
    values: np.ndarray
    fade: float


class Corrected(ABC):
    """Beside its equations it holds what many subjects taught about what the equations leave out.

    A forecast may be corrected by it; the correction is that of the case as planned, whatever the option, so that the
    differences between options are the equations' alone.
    """

    @property
    @abstractmethod
    def correction_artefact(self) -> str:
        """Content hash of what was learned, and from whom in a sentence: "1a2b...: CGMacros"."""

    @abstractmethod
    def margins(self, name: str, case: Case, record: Record, at: float) -> Margins | None:
        """For readings after `at` (s), from what case and record hold by then; None where nothing like it was seen."""


class ExactLikelihood(ABC):
    """Its likelihood is known in closed form (a Kalman filter, an HMM)."""

    @abstractmethod
    def log_likelihood(self, theta: Theta, case: Case, record: Record, t0: float, t1: float) -> np.ndarray:
        """log p(record | theta), (member,)."""


NEEDED = ("name", "version", "context_of_use", "envelope", "parameters", "observables", "actions", "subject", "noises")


def check_kind(kind: AbstractKind) -> None:
    """Raise KindError for whatever a kind must declare and does not."""
    where = f"kind '{getattr(kind, 'name', type(kind).__name__)}'"
    if missing := [a for a in NEEDED if not hasattr(kind, a)]:
        raise KindError(f"does not declare {', '.join(missing)}", where=where, fix="see docs/how-to/add-a-kind.md")
    for p in kind.parameters:
        if not p.source.strip():
            raise KindError(f"parameter '{p.name}' has no source", where=where, fix="cite one, or say 'assumed'")
    _check_units(kind)
    names = [t.name for t in (*kind.parameters, *kind.observables, *kind.quantities)]
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise KindError(f"names used twice: {', '.join(doubled)}", where=where, fix="give each its own name")
    seen = {o.name for o in kind.observables}
    used = [(f"quantity '{q.name}'", q.of) for q in kind.quantities if q.of]
    used += [("a noise", n.observable) for n in kind.noises]
    for what, observable in used:
        if observable not in seen:
            raise KindError(f"{what} is of '{observable}', which is no observable", where=where, fix="declare it")


def _check_units(kind: AbstractKind) -> None:
    for thing in (*kind.parameters, *kind.observables, *kind.quantities):
        check(thing.unit)
    for described in (*kind.actions, *kind.questions, kind.subject):
        for info in infos(described).values():
            check(info.unit)


def _named(kind: AbstractKind, what: str, things: Sequence[Any], name: str) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    raise KindError(f"there is no {what} '{name}'", where=f"kind '{kind.name}'", fix=_choice(kind))


def _choice(kind: AbstractKind) -> str:
    return "use one of " + ", ".join(t.name for t in (*kind.observables, *kind.quantities))
