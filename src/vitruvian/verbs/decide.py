"""decide: a kind's ready question, answered by `recommend`."""

from __future__ import annotations

import dataclasses

from vitruvian.core.errors import CapabilityError
from vitruvian.core.question import Question
from vitruvian.core.twin import Twin
from vitruvian.verbs.goal import Constraint, Objective
from vitruvian.verbs.recommend import recommend
from vitruvian.verbs.recommended import Recommendation


def decide(twin: Twin, question: Question, *, now: float | None = None, seed: int = 0) -> Recommendation:
    """The question's options ranked against what is planned. now: s since origin, by default the belief's time.

    Errors: CapabilityError if the kind has no such question; else those of `recommend`.
    """
    kind = twin.kind
    if type(question) not in kind.questions:
        names = ", ".join(q.__name__ for q in kind.questions) or "none: ask recommend"
        raise CapabilityError(f"{type(question).__name__} is no question of '{kind.name}'", fix=f"use {names}")
    start = twin.believed().at if now is None else now
    asked = question.choice(twin.case, start)
    window = (start, start + asked.horizon)
    constraints = [Constraint(x.quantity, window, x.low, x.high, x.probability) for x in asked.limits]
    objective = Objective(asked.quantity, window, asked.sense)
    answer = recommend(twin, asked.options, objective, constraints, planned=asked.planned, seed=seed)
    rests = tuple(f"The options come from: {s}" for s in asked.sources)
    return dataclasses.replace(answer, notes=(*answer.notes, *rests))
