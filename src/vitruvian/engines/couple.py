"""Coupling: kinds given as values, joined over typed ports; the result is a kind.

At every multiple of the exchange interval each linked observable is read, converted to its input's unit and held until
the next (Jacobi: all parts see what the others were at the beginning of the interval). What was exchanged is found
first; then every part is run once, whole, with these inputs. So without a link's effect a part is, bit for bit, what it
is alone. One-way links may not form a cycle; two-way coupling is declared, and needs parts that can be resumed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import (
    AbstractKind,
    Causal,
    ContextOfUse,
    Effect,
    ExactLikelihood,
    Example,
    Outputs,
    Resumable,
    Theta,
    check_kind,
)
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines import joined
from vitruvian.engines.exchange import Exchange
from vitruvian.engines.ports import ExactGiven, Link, order


class AbstractCouple(AbstractKind):
    """The parts of a couple as one kind; made by `couple`."""

    def __init__(
        self,
        name: str,
        version: str,
        context_of_use: ContextOfUse,
        parts: Mapping[str, AbstractKind],
        links: tuple[Link, ...],
        interval: float,
        two_way: bool,
        effects: tuple[Effect, ...],
    ) -> None:
        self.name, self.version, self.context_of_use = name, version, context_of_use
        self.parts, self.links, self.interval, self.effects = dict(parts), links, interval, effects
        self.conversions = {link: link.conversion(self.parts) for link in links}
        self.order = tuple(parts) if two_way else order(tuple(parts), links)
        self.two_way = two_way
        self.parameters = joined.joined_parameters(parts)
        self.observables = tuple(
            dataclasses.replace(o, name=f"{p}.{o.name}") for p, kind in parts.items() for o in kind.observables
        )
        self.quantities = tuple(joined.joined_quantity(p, q) for p, kind in parts.items() for q in kind.quantities)
        self.noises = tuple(joined.joined_noise(p, n) for p, kind in parts.items() for n in kind.noises)
        self.discrepancies = {f"{p}.{n}": d for p, kind in parts.items() for n, d in kind.discrepancies.items()}
        self.actions = tuple(a for kind in parts.values() for a in kind.actions)
        self.subject = joined.joined_subject(name, parts)
        self.envelope = joined.joined_envelope(self.subject, parts)
        self.stochastic = any(kind.stochastic for kind in parts.values())
        self.window = min(kind.window for kind in parts.values())
        self.warmup = max(kind.warmup for kind in parts.values())

    @property
    def state_version(self) -> str:
        """Versions of the parts' states, and how they are joined."""
        parts = [f"{p}={kind.state_version}" for p, kind in self.parts.items() if isinstance(kind, Resumable)]
        return f"couple-1({', '.join([*parts, *(link.target for link in self.links), f'{self.interval:g} s'])})"

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return joined.joined_forcing(
            t0,
            t1,
            {
                part: kind.compile(
                    joined.part_case(part, kind, case), joined.part_record(part, record), t0, t1, known_at
                )
                for part, kind in self.parts.items()
            },
        )

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State | None]:
        if start is not None and start.version != self.state_version:
            raise BeliefError(
                f"state is {start.version}, wanted {self.state_version}", where=self.name, fix="recalibrate"
            )
        exchange = self._exchange(theta, forcing, seeds, start)
        given = exchange.two_way() if self.two_way else exchange.one_way(self.order)
        outputs: dict[str, np.ndarray] = {}
        ends: dict[str, State] = {}
        for part in self.parts:
            found, end = exchange.run(part, Request(joined.own(part, request.items)), given)
            outputs |= joined.prefixed(part, found)
            if end is not None:
                ends[part] = end
        if not isinstance(self, Resumable):
            return outputs, None
        trees = {part: end.tree for part, end in ends.items()}
        return outputs, State(exchange.span[1], self.state_version, {"parts": trees, "held": exchange.held(given)})

    def gather(self, states: Sequence[State]) -> State:
        """All members of several states, each part's gathered as its kind does."""
        first, trees = states[0], {}
        for part, kind in self.parts.items():
            assert isinstance(kind, Resumable)
            trees[part] = kind.gather([joined.part_state(part, kind.state_version, s) for s in states]).tree
        held = State.join([State(s.at, s.version, {"held": s.tree["held"]}) for s in states])
        return State(first.at, first.version, {"parts": trees, **held.tree})

    def log_likelihood(self, theta: Theta, case: Case, record: Record, t0: float, t1: float) -> np.ndarray:
        """Sum over the parts, each given what drives it."""
        seeds = np.zeros(len(next(iter(theta.values()))), dtype=np.uint64)
        exchange = self._exchange(theta, self.compile(case, record, t0, t1, math.inf), seeds, None)
        given, total = exchange.one_way(self.order), np.zeros(len(seeds))
        for part, kind in self.parts.items():
            assert isinstance(kind, ExactGiven)
            rows = joined.part_record(part, record.between(t0, t1))
            total = total + kind.log_likelihood_given(exchange.theta[part], exchange.driven(part, given), rows)
        return total

    def _exchange(self, theta: Theta, forcing: Forcing | Batch, seeds: np.ndarray, start: State | None) -> Exchange:
        return Exchange(self.parts, self.conversions, self.interval, theta, forcing, seeds, start)

    def example(self) -> Example:
        return joined.joined_example(self.subject, self.parts, self.effects)


@final
class Couple(AbstractCouple):
    """Parts of which at least one is not Causal, and at least one not Resumable."""


@final
class CausalCouple(AbstractCouple, Causal):
    """All parts are Causal."""


@final
class ResumableCouple(AbstractCouple, Resumable):
    """All parts are Resumable."""


@final
class CausalResumableCouple(AbstractCouple, Causal, Resumable):
    """All parts are Causal and Resumable."""


@final
class ExactCouple(AbstractCouple, ExactLikelihood):
    """Every likelihood is exact given its inputs, and nothing random drives another part."""


@final
class CausalExactCouple(AbstractCouple, Causal, ExactLikelihood):
    """As ExactCouple, and all parts are Causal."""


@final
class ResumableExactCouple(AbstractCouple, Resumable, ExactLikelihood):
    """As ExactCouple, and all parts are Resumable."""


@final
class CausalResumableExactCouple(AbstractCouple, Causal, Resumable, ExactLikelihood):
    """As ExactCouple, and all parts are Causal and Resumable."""


_CLASSES = {  # (causal, resumable, exact)
    (False, False, False): Couple,
    (True, False, False): CausalCouple,
    (False, True, False): ResumableCouple,
    (True, True, False): CausalResumableCouple,
    (False, False, True): ExactCouple,
    (True, False, True): CausalExactCouple,
    (False, True, True): ResumableExactCouple,
    (True, True, True): CausalResumableExactCouple,
}


def couple(
    name: str,
    parts: Mapping[str, AbstractKind],
    links: tuple[Link, ...],
    interval: float,
    context_of_use: ContextOfUse,
    *,
    version: str = "1",
    two_way: bool = False,
    effects: tuple[Effect, ...] = (),
) -> AbstractCouple:
    """The parts as one kind, exchanging every `interval` s; `effects` of one part's actions on another's quantities.

    Its names are "part.name", its subject has the parts' fields as "part_field". It is Causal if all parts are,
    Resumable if all are, and its likelihood is exact if every part is ExactGiven and no random part drives another.
    """
    _check(name, parts, links, interval, two_way)
    sources = {link.ends[0] for link in links}
    causal = all(isinstance(kind, Causal) for kind in parts.values())
    resumable = all(isinstance(kind, Resumable) for kind in parts.values())
    exact = all(isinstance(kind, ExactGiven) for kind in parts.values()) and not two_way
    exact = exact and not any(parts[part].stochastic for part in sources if part in parts)
    return _CLASSES[causal, resumable, exact](name, version, context_of_use, parts, links, interval, two_way, effects)


def _check(
    name: str, parts: Mapping[str, AbstractKind], links: tuple[Link, ...], interval: float, two_way: bool
) -> None:
    """KindError for what cannot be coupled."""
    where = f"couple '{name}'"
    for kind in parts.values():
        check_kind(kind)
    if bad := [part for part in parts if not part.isidentifier()]:
        raise KindError(f"part name '{bad[0]}' is not an identifier", where=where, fix="use letters, digits, _")
    if not (math.isfinite(interval) and interval > 0):
        raise KindError(f"the exchange interval is {interval:g} s", where=where, fix="give a positive one")
    targets = [link.target for link in links]
    if doubled := sorted({t for t in targets if targets.count(t) > 1}):
        raise KindError(f"'{doubled[0]}' is driven twice", where=where, fix="keep one link to it")
    types = [a.__name__ for kind in parts.values() for a in kind.actions]
    if doubled := sorted({t for t in types if types.count(t) > 1}):
        raise KindError(f"two parts have an action '{doubled[0]}'", where=where, fix="give each its own action type")
    lacking = [part for part, kind in parts.items() if not isinstance(kind, Resumable)]
    if two_way and lacking:
        raise KindError(f"'{lacking[0]}' cannot be resumed", where=where, fix="two-way coupling needs Resumable parts")
