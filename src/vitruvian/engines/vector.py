"""Vectorised kinds: answers in closed form over whole arrays of members, without a state or a time step."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Outputs, Theta
from vitruvian.core.quantity import Request


class AbstractVectorKind(AbstractKind):
    """A kind without a state: `at` answers observables, `over` quantities. Write them elementwise over members."""

    @abstractmethod
    def at(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], times: np.ndarray) -> np.ndarray:
        """Observable at times (n,): (member, n, ...)."""

    @abstractmethod
    def over(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], windows: np.ndarray) -> np.ndarray:
        """Quantity over windows (k, 2): (member, k)."""

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        count = len(seeds)
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(count, dtype=int))
        if len(batch.index) != count:
            raise KindError(f"forcing has {len(batch.index)} members, theta {count}", where=f"kind '{self.name}'")
        out: dict[str, Any] = {}
        for k, one in enumerate(batch.forcings):
            members = np.flatnonzero(batch.index == k)
            mine = {name: np.asarray(value)[members] for name, value in theta.items()}
            for name, values in self._answers(mine, dict(one.arrays), request).items():
                out.setdefault(name, np.empty((count, *values.shape[1:])))[members] = values
        return out, None

    def _answers(self, theta: Theta, arrays: dict[str, np.ndarray], request: Request) -> dict[str, np.ndarray]:
        observables = {o.name for o in self.observables}
        out = {}
        for name in request.items:
            if name in observables:
                out[name] = self.at(name, theta, arrays, request.times(name))
            else:
                self.quantity(name)
                out[name] = self.over(name, theta, arrays, request.windows(name))
        return out
