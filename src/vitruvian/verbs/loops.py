"""loops: the beat behind a twin at any time of its course, as loops and courses with bands, a what-if beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief, State
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, CapabilityError, FieldError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import member_seeds
from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.models.beats import Beat, Beating
from vitruvian.verbs.compare import AS_PLANNED, require_causal, with_plan
from vitruvian.verbs.forecast import theta_of
from vitruvian.verbs.looped import Loops, Shown
from vitruvian.verbs.result import Basis

MOST = 200  # members shown: a band's edge then errs by a tenth of its width


def loops(
    twin: Twin,
    at: float | None = None,
    options: Mapping[str, Sequence[Action]] | None = None,
    *,
    seed: int = 0,
) -> Loops:
    """The beat at `at` (s since origin; None: the belief's time) as planned, and under each option's further actions.

    The same members meet every option. Before the belief's time the members run again over its window. Errors:
    CapabilityError for a kind that shows no beat; FieldError for a time before the belief's window, or an option
    before the belief's time; BeliefError for a time in the past of a belief that was filtered.
    """
    kind, belief = twin.kind, twin.believed()
    if not isinstance(kind, Beating):
        raise CapabilityError(f"kind '{kind.name}' shows no beat", where="loops", fix="ask a kind that is Beating")
    when = belief.at if at is None else float(at)
    cases, notes = beside(twin, options or {}, "loops")
    kept = some_of(belief)
    shown = {name: _shown(twin, kept, case, when, seed) for name, case in cases.items()}
    return Loops(
        kind.name, when, twin.case.origin, kind.traces, kind.loops, kind.told, shown, kept.weights,
        Basis.of(belief, kind), notes, kind.beat_source, kind.points,
    )  # fmt: skip


def beside(twin: Twin, options: Mapping[str, Sequence[Action]], verb: str) -> tuple[dict[str, Case], tuple[str, ...]]:
    """The case as planned and with each option's further actions; what is to be said of them and of the belief."""
    belief, cases = twin.believed(), {AS_PLANNED: twin.case}
    if options:
        require_causal(twin.kind, verb)
        cases |= {name: with_plan(twin, acts, belief.at, belief.known_at, name) for name, acts in options.items()}
    outside = dict.fromkeys(s for case in cases.values() for s in twin.kind.envelope.outside(case))
    return cases, (*outside, *belief.notes)


def some_of(belief: Belief, most: int = MOST) -> Belief:
    """At most so many members, evenly by weight; all of them where there are no more."""
    if belief.members <= most:
        return belief
    places = (np.arange(most) + 0.5) / most
    index = np.searchsorted(np.cumsum(belief.weights) / belief.weights.sum(), places)
    return dataclasses.replace(
        belief,
        z=belief.z[index],
        weights=np.full(most, 1.0 / most),
        state=None if belief.state is None else belief.state.take(index),
        residual={n: r[index] for n, r in belief.residual.items()},
    )


def _shown(twin: Twin, belief: Belief, case: Case, when: float, seed: int) -> Shown:
    """One case's beat."""
    kind = twin.kind
    assert isinstance(kind, Beating)
    return _told(kind, kind.beat(*placed(twin, belief, case, when, seed)))


def placed(twin: Twin, belief: Belief, case: Case, when: float, seed: int) -> tuple[Theta, State, Forcing]:
    """The members' parameters and states at a time under a case. Errors: FieldError before what is known."""
    kind = twin.kind
    began = _begin(belief, when)
    t0 = belief.window[0] if began is None else began.at
    if when < t0:
        first = twin.case.origin.moment(t0).isoformat(timespec="minutes")
        raise FieldError(f"it is known from {first} on", where="loops.at", fix="ask a later time")
    forcing = kind.compile(case, twin.record.until(belief.known_at), t0, when, belief.known_at)
    theta = theta_of(kind, belief, forcing, seed)
    state = began
    if state is None or state.at < when:
        asked = Request({kind.observables[0].name: np.array([when])})
        _, state = kind.run(theta, forcing, asked, member_seeds(belief.seed, belief.members), began)
    assert state is not None
    return theta, state, forcing


def _begin(belief: Belief, when: float) -> State | None:
    """Where the members start: their state, or the window's start where the time asked is before it."""
    if belief.state is not None and when >= belief.state.at:
        return belief.state
    if belief.start is not None:
        raise BeliefError(
            "the belief was filtered: its past is not a run of its members", where="loops", fix="ask from its time on"
        )
    return None


def _told(kind: AbstractKind, beat: Beat) -> Shown:
    assert isinstance(kind, Beating)
    return Shown(
        beat.period,
        {t.name: beat.traces[t.name] for t in kind.traces},
        {t.name: beat.numbers[t.name] for t in kind.told},
        float(beat.moved.max()),
    )
