"""M^-1 K on nodes, in two forms: 27 rows a node for any geometry, eight numbers for a uniform box. numba and JAX."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vitruvian.engines.compiled import compiled
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.monodomain.elements import lumped, neighbours, row_of_box, rows
from vitruvian.engines.monodomain.tissue import Tissue


class AbstractOperator(ABC):
    """x -> M^-1 K x with lumped mass M."""

    @abstractmethod
    def into(self, x: np.ndarray, out: np.ndarray) -> None:
        """On the processor, float32 (node,)."""

    @abstractmethod
    def traced(self, x: Any, arrays: Any) -> Any:
        """In JAX, given `arrays` of its own as arguments of what is compiled."""

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What `traced` needs on the device."""
        return ()

    def largest(self, count: int) -> float:
        """Largest eigenvalue, per ms, by power iteration from the roughest start."""
        x = np.where(np.arange(count) % 2, 1.0, -1.0).astype(np.float32)
        x += np.linspace(-0.5, 0.5, count, dtype=np.float32)
        out, value = np.empty_like(x), 0.0
        for _ in range(40):
            self.into(x, out)
            value = float(np.abs(out).max() / np.abs(x).max())
            x = out / np.abs(out).max()
            out = np.empty_like(x)
        return value


@dataclass(frozen=True, eq=False)
class Rows(AbstractOperator):
    """Any geometry: around (node, 27) numbers, row (node, 27) per ms."""

    around: np.ndarray
    row: np.ndarray

    def into(self, x: np.ndarray, out: np.ndarray) -> None:
        _rows(x, self.around, self.row, out)

    def traced(self, x: Any, arrays: Any) -> Any:
        around, row = arrays
        return sum(row[k] * x[around[k]] for k in range(27))

    @property
    def arrays(self) -> tuple[Any, ...]:
        return jnp.asarray(self.around.T), jnp.asarray(self.row.T)


@dataclass(frozen=True, eq=False)
class Box(AbstractOperator):
    """A uniform box of `shape` nodes: what lies beyond an end is the mirror image, so nothing flows."""

    shape: tuple[int, int, int]
    row: np.ndarray

    def into(self, x: np.ndarray, out: np.ndarray) -> None:
        _box(x.reshape(self.shape), self.row, out.reshape(self.shape))

    def traced(self, x: Any, arrays: Any) -> Any:
        u = jnp.asarray(x).reshape(self.shape)
        beyond, c = _beside(u, 2), [[[float(v) for v in r] for r in plane] for plane in self.row]
        part = [[c[a][b][0] * u + c[a][b][1] * beyond for b in (0, 1)] for a in (0, 1)]
        out = part[0][0] + _beside(part[0][1], 1) + _beside(part[1][0] + _beside(part[1][1], 1), 0)
        return out.reshape(-1)


def _beside(u: Any, axis: int) -> Any:
    """The sum of both neighbours along an axis; beyond an end lies the mirror image."""
    n = u.shape[axis]
    cut = partial(jax.lax.slice_in_dim, u, axis=axis)
    low = jnp.concatenate([cut(1, 2), cut(0, n - 1)], axis=axis)
    return low + jnp.concatenate([cut(1, n), cut(n - 2, n - 1)], axis=axis)


def operator(tissue: Tissue, tensors: np.ndarray) -> AbstractOperator:
    """The cheaper form that holds for this tissue; tensors (voxel, 3, 3), alike in a full box."""
    if tissue.full:
        return Box(tissue.shape, row_of_box(tissue.spacing, tensors[0]).astype(np.float32))
    row = rows(tissue, tensors) / lumped(tissue)[:, None]
    return Rows(neighbours(tissue), np.ascontiguousarray(row, dtype=np.float32))


@compiled("void(f4[::1],i4[:,::1],f4[:,::1],f4[::1])")
def _rows(x: np.ndarray, around: np.ndarray, row: np.ndarray, out: np.ndarray) -> None:
    for n in range(len(x)):
        total = np.float32(0.0)
        for k in range(27):
            total += row[n, k] * x[around[n, k]]
        out[n] = total


@compiled("void(f4[:,:,::1],f4[:,:,::1],f4[:,:,::1])")
def _box(x: np.ndarray, c: np.ndarray, out: np.ndarray) -> None:
    """Rows along the last axis, so that the compiler takes eight nodes at a time."""
    nx, ny, nz = x.shape
    near, far = np.empty(nz, np.float32), np.empty(nz, np.float32)
    for i in range(nx):
        lo, hi = abs(i - 1), min(i + 1, 2 * (nx - 1) - i - 1)
        for j in range(ny):
            up, down = abs(j - 1), min(j + 1, 2 * (ny - 1) - j - 1)
            for k in range(nz):
                side = x[lo, j, k] + x[hi, j, k]
                flat = x[i, up, k] + x[i, down, k]
                edge = x[lo, up, k] + x[lo, down, k] + x[hi, up, k] + x[hi, down, k]
                near[k] = c[0, 0, 0] * x[i, j, k] + c[1, 0, 0] * side + c[0, 1, 0] * flat + c[1, 1, 0] * edge
                far[k] = c[0, 0, 1] * x[i, j, k] + c[1, 0, 1] * side + c[0, 1, 1] * flat + c[1, 1, 1] * edge
            for k in range(1, nz - 1):
                out[i, j, k] = near[k] + far[k - 1] + far[k + 1]
            out[i, j, 0] = near[0] + far[1] + far[1]
            out[i, j, nz - 1] = near[nz - 1] + far[nz - 2] + far[nz - 2]
