"""The law on filtering: readings one by one, all at once or in any order lead to the same belief, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial, leaves
from vitruvian.core.belief import Belief
from vitruvian.core.kind import Filterable
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.assimilate import assimilate
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.simulate import simulate_example

MEMBERS = 8  # bits are compared, not how good the filter is
STREAMED = 8  # readings that come one by one


def _vector(trial: Trial) -> None:
    kind, forcing = trial.kind, trial.compile(t1=trial.middle())
    assert isinstance(kind, Filterable)
    _, state = trial.run(forcing, Request({}), trial.theta(forcing, 5))
    assert state is not None
    vector = kind.to_vector(state)
    demand(vector.ndim == 2 and len(vector) == 5, f"to_vector gives {vector.shape}, expected (member, k)", trial)
    back = kind.from_vector(vector, state)
    demand(leaves(back.tree) == leaves(state.tree), "from_vector(to_vector(state)) is another state", trial)
    moved = kind.from_vector(vector + 1.0, state)
    demand(np.array_equal(kind.to_vector(moved), vector + 1.0), "from_vector loses part of the vector", trial)


def _streaming(trial: Trial) -> None:
    example, told = simulate_example(trial.kind, seed=trial.seed)
    times = np.unique(told.record.valid_time)
    begin = times[max(len(times) - STREAMED - 1, 0)]
    past = told.record.between(-np.inf, begin)
    twin = Twin(trial.kind, example.case, past)
    twin = calibrate(twin, window=(example.t0, float(begin)), members=MEMBERS, seed=trial.seed)
    news = [told.record.where(told.record.valid_time == t) for t in times[times > begin]]
    at_once = assimilate(twin, Record.join(news)).believed()
    _same(trial, at_once, _one_by_one(twin, news), "one by one")
    _same(trial, at_once, _one_by_one(twin, news[::-1]), "backwards")


def _one_by_one(twin: Twin, news: Sequence[Record]) -> Belief:
    for new in news:
        twin = assimilate(twin, new)
    return twin.believed()


def _same(trial: Trial, a: Belief, b: Belief, how: str) -> None:
    for part in ("names", "z", "weights", "residual"):
        same = leaves(getattr(a, part)) == leaves(getattr(b, part))
        demand(same, f"readings that come {how} lead to another belief ({part}) than all at once", trial)
    assert a.state is not None
    assert b.state is not None
    same = leaves(a.state.tree) == leaves(b.state.tree)
    demand(same, f"readings that come {how} lead to another state than all at once", trial)


STREAMING = (
    Law("vector", "A state and its vector are the same thing.", _vector, (Filterable,)),
    Law(
        "streaming", "Readings one by one, backwards or all at once lead to the same belief.", _streaming, (Filterable,)
    ),
)
