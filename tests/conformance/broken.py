"""Deliberately broken kinds: each is a teaching kind with one defect, and breaks one law."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Example, Outputs, Theta
from vitruvian.core.noise import Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Quantity, Request
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jax
from vitruvian.kinds.infusion import Bolus, Infusion
from vitruvian.kinds.queue import Queue

HOUR = 3600.0


@dataclass(frozen=True)
class Broken:
    """A kind, the law that it breaks, and what the law must say about it."""

    law: str
    kind: Callable[[], AbstractKind]
    says: str
    slow: bool = False


class DoubledName(Infusion):
    """A quantity is called like an observable: one answer hides the other."""

    quantities = (*Infusion.quantities, Quantity("concentration", "mg/L", "mean", "concentration"))


class DroppedUnit(Infusion):
    """A unit as people write it, which no machine reads."""

    observables = (dataclasses.replace(Infusion.observables[0], unit="mg per litre"),)


class NoSource(Infusion):
    """A number from nowhere, smuggled past the check at construction."""

    def __init__(self) -> None:
        lost = dataclasses.replace(Infusion.parameters[0])
        object.__setattr__(lost, "source", " ")
        self.parameters = (lost, Infusion.parameters[1])


class SilentAction(Infusion):
    """No effect of Infuse is documented, so no law can see whether it acts."""

    def example(self) -> Example:
        example = super().example()
        return dataclasses.replace(example, effects=tuple(e for e in example.effects if isinstance(e.action, Bolus)))


class NotInstalled(Infusion):
    """Nowhere declared: no folder, no README, no claims."""

    name = "not_installed"


@dataclass(frozen=True, kw_only=True)
class ForgetfulBolus(Bolus):
    """Loses its dose on the way to JSON."""

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "dose": 0.0}


class LossyJson(Infusion):
    """One of its actions does not survive JSON."""

    actions = (ForgetfulBolus,)


@dataclass(frozen=True, kw_only=True)
class LaxBolus(Bolus):
    """Its schema promises bounds that the type does not keep."""

    def __post_init__(self) -> None:
        pass


class LaxBounds(Infusion):
    """One of its actions takes any dose."""

    actions = (LaxBolus,)


class Chatty(Infusion):
    """Answers what was not asked for."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        outputs, state = super().run(theta, forcing, request, seeds, start)
        return {**outputs, "amount": np.zeros(len(seeds))}, state


class TimeFirst(Infusion):
    """Time first, member second."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        outputs, state = super().run(theta, forcing, request, seeds, start)
        return {k: np.swapaxes(v, 0, 1) for k, v in outputs.items()}, state


class Overflowing(Infusion):
    """Squares its way to infinity for large doses."""

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        c = x[0] / (th["V"] * u["weight"])
        return {"concentration": c + 0.0 * (c / 20.0) ** 4000}


class Unphysical(Infusion):
    """A prior on volume so low that levels leave every limit."""

    parameters = (Infusion.parameters[0], Parameter("V", "L/kg", LogNormal.around(0.01, 0.5), "assumed", "volume"))


class Vandal(Infusion):
    """Works in the caller's arrays."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        answer = super().run(theta, forcing, request, seeds, start)
        theta["CL"][...] *= 2.0
        return answer


class GlobalRandom(Infusion):
    """Draws from the process's own entropy."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        outputs, state = super().run(theta, forcing, request, seeds, start)
        return {k: v + 1e-9 * np.random.default_rng().standard_normal(v.shape) for k, v in outputs.items()}, state


class SecretlyStochastic(Infusion):
    """Uses its seeds but is declared deterministic."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        outputs, state = super().run(theta, forcing, request, seeds, start)
        return {k: v + 1e-3 * (seeds % 7).astype(float)[:, None] for k, v in outputs.items()}, state


class BatchLeak(Infusion):
    """Centres its members on their mean: who runs beside whom matters."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        outputs, state = super().run(theta, forcing, request, seeds, start)
        return {k: v + 1e-6 * (v - v.mean(axis=0)) for k, v in outputs.items()}, state


class FirstForcing(Infusion):
    """Gives every member of a batch the first member's actions."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        return super().run(theta, forcing.forcings[0] if isinstance(forcing, Batch) else forcing, request, seeds, start)


class KnowsHorizon(Infusion):
    """Scales the steps to the length of the run: the past knows when it will end."""

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        (rate,) = super().rate(t, x, th, u)
        return (rate * (1.0 + 1e-9 * u["length"]),)

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        forcing = super().compile(case, record, t0, t1, known_at)
        return dataclasses.replace(forcing, arrays={**forcing.arrays, "length": np.array(t1 - t0)})


class TooEarly(Infusion):
    """Takes the dose ten minutes before it is given."""

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        forcing = super().compile(case, record, t0, t1, known_at)
        times, amounts = forcing.impulses["dose"]
        return dataclasses.replace(forcing, impulses={"dose": (np.maximum(times - 600.0, t0), amounts)})


class Prophet(Infusion):
    """Compiles actions that nobody knows of yet."""

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return super().compile(case, record, t0, t1, np.inf)


class Smoother(Infusion):
    """Leans on the mean of all readings, those to come included."""

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        forcing = super().compile(case, record, t0, t1, known_at)
        lean = 1.0 + 1e-6 * float(np.mean(record.value)) if len(record) else 1.0
        return dataclasses.replace(forcing, arrays={"weight": forcing.arrays["weight"] * lean})


class Unpadded(Infusion):
    """An array as long as the list of doses: every new dose compiles everything again."""

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        forcing = super().compile(case, record, t0, t1, known_at)
        doses = forcing.impulses["dose"][1]
        return dataclasses.replace(forcing, arrays={**forcing.arrays, "doses": doses})


class Amnesiac(Infusion):
    """Starts anew whatever state it is given."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        return super().run(theta, forcing, request, seeds, None)


class AnyState(Infusion):
    """Takes states of any version for its own."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        if start is not None:
            start = dataclasses.replace(start, version=self.state_version)
        return super().run(theta, forcing, request, seeds, start)


class Rounded(Infusion):
    """Its vector has half the digits of its state."""

    def to_vector(self, state: State) -> np.ndarray:
        return super().to_vector(state).astype(np.float32).astype(float)


class Weary(Infusion):
    """Wears out a little with every case it compiles, behind everybody's back."""

    def __init__(self) -> None:
        self.compiled = 0

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        self.compiled += 1
        forcing = super().compile(case, record, t0, t1, known_at)
        worn = forcing.arrays["weight"] * (1.0 + 1e-9 * self.compiled)
        return dataclasses.replace(forcing, arrays={"weight": worn})


class _AnyVersion(str):
    """Equal to every other version."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class AnyBelief(Infusion):
    """Its version equals every other: old beliefs pass for new ones."""

    version = _AnyVersion("1")


class GramsForMilligrams(Infusion):
    """Reads a dose in milligrams as if it were grams."""

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (x[0] + u["dose"] / 1000.0,)


class DrawsInOrder(Queue):
    """Its luck depends on how many actions there are, as if draws were taken in order of events."""

    def run(self, theta: Theta, forcing: Any, request: Request, seeds: np.ndarray, start: State | None = None) -> Any:
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(len(seeds), dtype=int))
        edges = [sum(int(np.isfinite(s.times).sum()) for s in f.schedules.values()) for f in batch.forcings]
        return super().run(theta, forcing, request, seeds + np.array(edges, dtype=np.uint64)[batch.index], start)


class Clairvoyant(Queue):
    """Starts from the last head count there will ever be."""

    def state_from(self, case: Case, record: Record, at: float, theta: Theta, seeds: np.ndarray) -> State:
        late = record.only("present")
        moved = Record.of("present", np.minimum(late.valid_time, at), late.value, id=late.id)
        return super().state_from(case, moved, at, theta, seeds)


class WrongSlope(Infusion):
    """Sensitivities that are a tenth too steep."""

    def sensitivities(
        self, padded_z: np.ndarray, forcing: Forcing | Batch, request: Request, start: State | None = None
    ) -> tuple[Outputs, Outputs]:
        outputs, slopes = super().sensitivities(padded_z, forcing, request, start)
        return outputs, {k: 1.1 * v for k, v in slopes.items()}


class NoTracing(Infusion):
    """Cuts the derivative of whatever is traced through it."""

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return super().rate(t, x, {k: jax.lax.stop_gradient(v) for k, v in th.items()}, u)


class _WorseSensor(Gaussian):
    """Reads with four times the sd that it declares."""

    def sample(
        self, rng: np.random.Generator, mean: np.ndarray, times: np.ndarray, theta: Mapping[str, Any]
    ) -> np.ndarray:
        return mean + 4.0 * self.sd * rng.standard_normal(np.shape(mean))


class TooSure(Infusion):
    """Believes its sensor more than it should: posteriors are too narrow."""

    noises = (_WorseSensor("concentration", sd=0.5),)


class TooCurved(Infusion):
    """Knows so little from so blunt a sensor that no Gaussian describes its posterior."""

    parameters = (
        dataclasses.replace(Infusion.parameters[0], prior=LogNormal.around(0.039, 1.5)),
        dataclasses.replace(Infusion.parameters[1], prior=LogNormal.around(0.45, 1.5)),
    )
    noises = (Gaussian("concentration", sd=30.0),)


BROKEN = (
    Broken("contract", DoubledName, "names used twice: concentration"),
    Broken("units", DroppedUnit, "'mg per litre' is not a UCUM unit"),
    Broken("sources", NoSource, "parameter 'CL' has no source"),
    Broken("example", SilentAction, "no documented effect of Infuse"),
    Broken("folder", NotInstalled, "there is no kind 'not_installed'"),
    Broken("json", LossyJson, "comes back from JSON as another"),
    Broken("json", LaxBounds, "out of bounds"),
    Broken("shapes", Chatty, "not asked for but answered: amount"),
    Broken("shapes", TimeFirst, "has shape"),
    Broken("limits", Overflowing, "is not finite"),
    Broken("limits", Unphysical, r"% of 'concentration' lies in 0 to 100"),
    Broken("purity", Vandal, "changes what it is given: CL"),
    Broken("seeds", GlobalRandom, "the same call gives another"),
    Broken("seeds", SecretlyStochastic, "not declared stochastic"),
    Broken("batch", BatchLeak, "depends on its company"),
    Broken("company", FirstForcing, "depends on its company"),
    Broken("horizon", KnowsHorizon, "a longer run changes"),
    Broken("before", TooEarly, "Bolus .* changes 'concentration' in the past"),
    Broken("known", Prophet, "known only later changes the forcing's"),
    Broken("truncation", Smoother, "a later reading changes"),
    Broken("bucket", Unpadded, "one more Bolus changes shapes"),
    Broken("restart", Amnesiac, "after a restart 'concentration' differs"),
    Broken("old_state", AnyState, "an older layout is taken as its own"),
    Broken("old_belief", AnyBelief, "an older version is taken as its own"),
    Broken("known", Clairvoyant, "changes the reconstructed state"),
    Broken("paired", DrawsInOrder, "OpenServers: the variance of a comparison of mean_wait"),
    Broken("vector", Rounded, "is another state"),
    Broken("streaming", Weary, "one by one lead to another belief"),
    Broken("effect", GramsForMilligrams, "Bolus moves peak_level by"),
    Broken("gradient", WrongSlope, "its sensitivities differ"),
    Broken("gradient", NoTracing, "differ"),
    Broken("calibrated", TooSure, "leave the band"),
    Broken("reference", TooCurved, "from that of NUTS", slow=True),
)
