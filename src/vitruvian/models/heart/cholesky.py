"""A x = b for a dense, symmetric, positive A on one core: the same bits, and no threads that wait for each other.

A = U' U by rows, a panel of them at a time, so that what a row is updated with stays in the cache.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.compiled import compiled


def solved(A: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x; A is overwritten. Errors: KindError when A is not positive."""
    x = b.astype(np.float64)
    if not _factored(A):
        raise KindError("the least squares do not determine the surface", where="heart fit", fix="contour more slices")
    _substituted(A, x)
    return x


@compiled("b1(f8[:,::1])")
def _factored(A: np.ndarray) -> bool:
    """U over A; False when it is not positive."""
    n, panel = len(A), 32
    for first in range(0, n, panel):
        last = min(first + panel, n)
        for k in range(first, last):
            for p in range(first, k):
                u = A[p, k]
                for j in range(k, n):
                    A[k, j] -= u * A[p, j]
            if not A[k, k] > 0.0:
                return False
            root = np.sqrt(A[k, k])
            for j in range(k, n):
                A[k, j] /= root
        for i in range(last, n):
            for p in range(first, last):
                u = A[p, i]
                for j in range(i, n):
                    A[i, j] -= u * A[p, j]
    return True


@compiled("void(f8[:,::1],f8[::1])")
def _substituted(A: np.ndarray, x: np.ndarray) -> None:
    """x from U' U x."""
    n = len(x)
    for k in range(n):
        x[k] /= A[k, k]
        for j in range(k + 1, n):
            x[j] -= A[k, j] * x[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            x[k] -= A[k, j] * x[j]
        x[k] /= A[k, k]
