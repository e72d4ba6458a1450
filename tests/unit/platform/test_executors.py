"""The member axis in shards gives the bits of one call: runs, states, cohorts, sensitivities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from vitruvian.core.errors import FieldError
from vitruvian.core.forcing import Batch
from vitruvian.core.keys import member_seeds
from vitruvian.core.kind import Differentiable
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.platform import executors, registry
from vitruvian.platform.executors import AbstractExecutor, Call, placed, worked

MEMBERS = 70


class Three(AbstractExecutor):
    """Three places in this process."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    @property
    def places(self) -> int:
        return 3

    def map(self, calls: Sequence[Call]) -> list[Any]:
        self.calls += calls
        return [worked(call) for call in calls]

    def close(self) -> None:
        pass


def asked(name: str, t1: float | None = None) -> tuple[Any, Any, Any, Any]:
    kind = registry.get(name)
    example = kind.example()
    end = example.t1 if t1 is None else t1
    forcing = kind.compile(example.case, _nothing(), example.t0, end, np.inf)
    times = np.linspace(example.t0, end, 5)[1:]
    return kind, forcing, Request({o.name: times for o in kind.observables if o.axis == "grid"}), end


def _nothing() -> Any:
    from vitruvian.core.record import Record

    return Record.empty()


def thetas(kind: Any, forcing: Any) -> Any:
    layout = Latents.of(kind.parameters, forcing)
    z = np.random.default_rng(3).standard_normal((MEMBERS, len(layout.names)))
    return layout, z, layout.theta(layout.pad(z[:, layout.active]))


@pytest.mark.parametrize("name", ["infusion", "queue", "infusion_queue"])
@pytest.mark.parametrize("cohort", [False, True])
def test_shards_are_the_whole_to_the_last_bit(name: str, cohort: bool) -> None:
    kind, forcing, request, _ = asked(name)
    _, _, theta = thetas(kind, forcing)
    seeds = member_seeds(5, MEMBERS)
    driving = Batch((forcing, forcing), np.arange(MEMBERS) % 2) if cohort else forcing
    here, end = kind.run(theta, driving, request, seeds)
    there = Three()
    found, state = placed(kind, there).run(theta, driving, request, seeds)
    assert [len(c.seeds) for c in there.calls] == [32, 32, 6]
    assert [c.kind for c in there.calls] == [name] * 3
    for item, values in here.items():
        np.testing.assert_array_equal(np.asarray(values), found[item])
    assert state is not None
    np.testing.assert_equal(_flat(state.tree), _flat(end.tree))


def _flat(tree: Any) -> Any:
    return {k: _flat(v) for k, v in tree.items()} if isinstance(tree, dict) else np.asarray(tree)


def test_sensitivities_and_a_start_are_sharded_too() -> None:
    kind, forcing, request, end = asked("infusion")
    layout, z, theta = thetas(kind, forcing)
    there = placed(kind, Three())
    assert isinstance(there, Differentiable)
    padded = layout.pad(z[:, layout.active])
    for mine, theirs in zip(
        kind.sensitivities(padded, forcing, request), there.sensitivities(padded, forcing, request), strict=True
    ):
        for item, values in mine.items():
            np.testing.assert_array_equal(np.asarray(values), theirs[item])
    seeds = member_seeds(5, MEMBERS)
    _, state = kind.run(theta, forcing, Request({}), seeds)
    example = kind.example()
    onward = kind.compile(example.case, _nothing(), end, end + 3600.0, np.inf)
    later = Request({"concentration": np.array([end + 1800.0])})
    whole, _ = kind.run(theta, onward, later, seeds, state)
    parts, _ = there.run(theta, onward, later, seeds, state)
    np.testing.assert_array_equal(np.asarray(whole["concentration"]), parts["concentration"])


def test_few_members_stay_here_and_a_kind_of_no_registry_travels_itself() -> None:
    kind, forcing, request, _ = asked("infusion")
    _, _, theta = thetas(kind, forcing)
    there = Three()
    few = {name: value[:8] for name, value in theta.items()}
    placed(kind, there).run(few, forcing, request, member_seeds(5, 8))
    assert there.calls == []
    import copy

    other = copy.copy(kind)
    placed(other, there).run(theta, forcing, request, member_seeds(5, MEMBERS))
    assert all(c.kind is other for c in there.calls)


def test_the_same_kind_every_time_and_a_wrong_address_is_said() -> None:
    assert executors.place("infusion") is registry.get("infusion")
    with pytest.raises(FieldError, match="is no address of a cluster"):
        executors.use("scheduler")
