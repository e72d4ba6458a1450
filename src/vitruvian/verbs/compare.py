"""compare: what if. Every option meets the same draws and the same random streams."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, FieldError
from vitruvian.core.kind import AbstractKind, Causal
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.verbs.forecast import ahead
from vitruvian.verbs.result import Comparison

AS_PLANNED = "as planned"


def compare(
    twin: Twin,
    options: Mapping[str, Sequence[Action]],
    request: Request,
    *,
    seed: int = 0,
    against: str = AS_PLANNED,
    learned: bool = False,
) -> Comparison:
    """Forecasts of the case plus each option's actions; "as planned" (no more actions) is always among them.

    learned: correct all options alike by what other subjects taught, as the plan is; differences stay the equations'.
    Errors: CapabilityError if the kind is not Causal; FieldError for an action before the belief's time, which is past.
    """
    require_causal(twin.kind, "compare")
    belief = twin.believed()
    cases = {AS_PLANNED: twin.case} if AS_PLANNED not in options else {}
    cases |= {name: with_plan(twin, actions, belief.at, belief.known_at, name) for name, actions in options.items()}
    if against not in cases:
        raise FieldError(f"no option '{against}' to compare with", where="compare", fix=f"use {', '.join(cases)}")
    return Comparison(ahead(twin, cases, request, seed=seed, noise=False, belief=belief, learned=learned), against)


def require_causal(kind: AbstractKind, verb: str) -> None:
    """A purely predictive kind must not answer what-ifs: its associations are not effects."""
    if not isinstance(kind, Causal):
        raise CapabilityError(
            f"kind '{kind.name}' predicts but is not Causal: its associations are not effects of actions",
            where=verb,
            fix="use forecast, or a kind whose actions are interventions",
        )


def with_plan(twin: Twin, actions: Sequence[Action], at: float, known_at: float, name: str) -> Case:
    """The case plus planned actions, known from now on."""
    for a in actions:
        if type(a) not in twin.kind.actions:
            names = ", ".join(t.__name__ for t in twin.kind.actions)
            raise FieldError(f"{type(a).__name__} is no action of '{twin.kind.name}'", where=name, fix=f"use {names}")
        if a.at < at:
            when = twin.case.origin.moment(a.at).isoformat()
            raise FieldError(f"{type(a).__name__} at {when} is in the past of the belief", where=name, fix="plan later")
    return twin.case.plus(*(dataclasses.replace(a, known_at=min(a.at, known_at)) for a in actions))
