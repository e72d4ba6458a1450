"""Layout of the latents: which column of z is which parameter, and the map from z to theta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import BeliefError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import namespace


def slot_name(parameter: str, at: float) -> str:
    """Name of a slot's latent: "delay@28800.0"."""
    return f"{parameter}@{at!r}"


@dataclass(frozen=True)
class Latents:
    """Columns of z for a kind's parameters under a forcing, slots padded to capacity.

    `names` are the active latents (what a belief holds); `padded` counts the capacity too (what compiled code sees).
    """

    parameters: tuple[Parameter, ...]
    slots: Mapping[str, tuple[float, ...]]
    capacity: Mapping[str, int]

    @classmethod
    def of(cls, parameters: Sequence[Parameter], forcing: Forcing) -> Latents:
        """Layout under this forcing."""
        return cls(tuple(parameters), dict(forcing.slots), dict(forcing.capacity))

    @property
    def names(self) -> tuple[str, ...]:
        """Active latents in column order."""
        out: list[str] = []
        for p in self.parameters:
            if not p.dims:
                out.append(p.name)
            else:
                out += [slot_name(p.name, float(t)) for t in self.slots.get(p.dims[0], ())]
        return tuple(out)

    @property
    def width(self) -> int:
        """Number of columns with slots padded to capacity."""
        return sum(self._size(p) for p in self.parameters)

    @property
    def active(self) -> np.ndarray:
        """Positions of the active latents among the padded columns."""
        out: list[int] = []
        start = 0
        for p in self.parameters:
            count = len(self.slots.get(p.dims[0], ())) if p.dims else 1
            out += range(start, start + count)
            start += self._size(p)
        return np.array(out, dtype=int)

    def theta(self, padded_z: Any) -> dict[str, Any]:
        """{parameter: (member,) or (member, capacity)} from z (member, width)."""
        out: dict[str, Any] = {}
        start = 0
        for p in self.parameters:
            size = self._size(p)
            block = padded_z[:, start : start + size]
            out[p.name] = p.prior.value(block if p.dims else block[:, 0])
            start += size
        return out

    def pad(self, z: np.ndarray) -> np.ndarray:
        """Active columns (member, active) to padded columns; inactive slots at z = 0."""
        full = np.zeros((len(z), self.width))
        full[:, self.active] = z
        return full

    def carry(self, names: Sequence[str], z: np.ndarray, seed: int) -> np.ndarray:
        """Padded z of this layout from a belief's: known latents are kept, new slots drawn from their prior.

        A new slot's draw depends on (seed, name) only, so that every option meets the same draws.
        """
        where = {name: i for i, name in enumerate(names)}
        columns = []
        for name in self.names:
            if name in where:
                columns.append(z[:, where[name]])
            elif "@" in name:
                columns.append(generator(seed, "slot", name).standard_normal(len(z)))
            else:
                raise BeliefError(f"the belief does not know '{name}'", fix="recalibrate the twin")
        active = np.stack(columns, axis=1) if columns else np.zeros((len(z), 0))
        return self.pad(active)

    def _size(self, p: Parameter) -> int:
        return self.capacity[p.dims[0]] if p.dims else 1


def stack_theta(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Theta of several member groups, one after the other; slot arrays padded to the widest."""
    out: dict[str, Any] = {}
    for name in parts[0]:
        arrays = [p[name] for p in parts]
        xp = namespace(arrays[0])
        if arrays[0].ndim == 2:
            width = max(a.shape[1] for a in arrays)
            arrays = [xp.pad(a, ((0, 0), (0, width - a.shape[1])), mode="edge") for a in arrays]
        out[name] = xp.concatenate(arrays, axis=0)
    return out
