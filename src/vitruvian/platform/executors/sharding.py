"""The member axis in shards: what is sent, what comes back, and a kind whose members are run by an executor."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Differentiable, Outputs, Resumable
from vitruvian.core.quantity import Request
from vitruvian.platform import registry

LEAST = 32  # members of a shard, of which its size is a multiple: engines pad to it, so few shapes are compiled


@dataclass(frozen=True)
class Call:
    """One shard: members of a `run`, or of `sensitivities` (then `theta` holds padded z under "z").

    kind: the name under which the registry has it, or the kind itself where it stands in no registry.
    """

    kind: str | AbstractKind
    method: str
    theta: Mapping[str, np.ndarray]
    forcing: Forcing | Batch
    request: Request
    seeds: np.ndarray
    start: State | None


class AbstractExecutor(ABC):
    """Does calls somewhere; answers come in the order of the calls."""

    address = ""  # what `use` needs to find it again in another process

    @property
    @abstractmethod
    def places(self) -> int:
        """How many shards can be run at once."""

    @abstractmethod
    def map(self, calls: Sequence[Call]) -> list[Any]:
        """The answer of every call."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held open."""


class Local(AbstractExecutor):
    """In this process."""

    @property
    def places(self) -> int:
        return 1

    def map(self, calls: Sequence[Call]) -> list[Any]:
        return [worked(call) for call in calls]

    def close(self) -> None:
        """Nothing is held."""


def worked(call: Call) -> Any:
    """Do one call here."""
    kind = registry.get(call.kind) if isinstance(call.kind, str) else call.kind
    if call.method == "run":
        outputs, state = kind.run(call.theta, call.forcing, call.request, call.seeds, call.start)
        return {name: np.asarray(v) for name, v in outputs.items()}, _plain(state)
    assert isinstance(kind, Differentiable)
    values, slopes = kind.sensitivities(call.theta["z"], call.forcing, call.request, call.start)
    return {n: np.asarray(v) for n, v in values.items()}, {n: np.asarray(v) for n, v in slopes.items()}


def placed(kind: AbstractKind, executor: AbstractExecutor) -> AbstractKind:
    """The kind, its members run by the executor.

    Capabilities are nominal, so a kind that wraps another would lose them: this is a copy, of the same type, on which
    nothing differs but where `run` and `sensitivities` are worked out.
    """
    made = copy.copy(kind)
    spread = _Spread(kind, executor)
    object.__setattr__(made, "run", spread.run)
    if isinstance(kind, Differentiable):
        object.__setattr__(made, "sensitivities", spread.sensitivities)
    return made


class _Spread:
    """The methods of a kind that run members, sharded."""

    def __init__(self, kind: AbstractKind, executor: AbstractExecutor) -> None:
        self._kind, self._executor = kind, executor
        known = kind.name in registry.names() and registry.get(kind.name) is kind
        self._name: str | AbstractKind = kind.name if known else kind

    def run(
        self,
        theta: Mapping[str, Any],
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        """As the kind's own."""
        parts = self._shards(len(seeds)) if _is_plain(theta) else []
        if len(parts) < 2:
            return self._kind.run(theta, forcing, request, seeds, start)
        found = self._executor.map([self._call("run", theta, forcing, request, seeds, start, p) for p in parts])
        outputs, states = _joined([o for o, _ in found]), [s for _, s in found if s is not None]
        if not states:
            return outputs, None
        return outputs, self._kind.gather(states) if isinstance(self._kind, Resumable) else State.join(states)

    def sensitivities(
        self, padded_z: np.ndarray, forcing: Forcing | Batch, request: Request, start: State | None = None
    ) -> tuple[Outputs, Outputs]:
        """As the kind's own."""
        assert isinstance(self._kind, Differentiable)
        z = {"z": padded_z}
        parts = self._shards(len(padded_z)) if _is_plain(z) else []
        if len(parts) < 2:
            return self._kind.sensitivities(padded_z, forcing, request, start)
        none = np.zeros(len(padded_z), dtype=np.uint64)
        found = self._executor.map([self._call("sensitivities", z, forcing, request, none, start, p) for p in parts])
        return _joined([values for values, _ in found]), _joined([slopes for _, slopes in found])

    def _shards(self, members: int) -> list[np.ndarray]:
        """Members of each shard, in order."""
        each = -(-members // max(self._executor.places, 1))
        each = -(-each // LEAST) * LEAST
        return [np.arange(first, min(first + each, members)) for first in range(0, members, each)]

    def _call(
        self,
        method: str,
        theta: Mapping[str, np.ndarray],
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None,
        some: np.ndarray,
    ) -> Call:
        own = {name: value[some] for name, value in theta.items()}
        state = None if start is None else _plain(start.take(some))
        return Call(self._name, method, own, _driving(forcing, some), request, seeds[some], state)


def _driving(forcing: Forcing | Batch, some: np.ndarray) -> Forcing | Batch:
    """What drives these members: only the forcings that one of them uses."""
    if isinstance(forcing, Forcing):
        return forcing
    used, index = np.unique(forcing.index[some], return_inverse=True)
    return Batch(tuple(forcing.forcings[i] for i in used.tolist()), index)


def _is_plain(theta: Mapping[str, Any]) -> bool:
    """Whether these are numbers: under a transformation of JAX they are not, and nothing can be sent."""
    return all(isinstance(value, np.ndarray) for value in theta.values())


def _joined(outputs: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([o[name] for o in outputs]) for name in outputs[0]}


def _plain(state: State | None) -> State | None:
    return None if state is None else State(state.at, state.version, _arrays(state.tree))


def _arrays(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {name: _arrays(value) for name, value in tree.items()}
    return np.asarray(tree)
