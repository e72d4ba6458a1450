"""The compiled walk of many rows through a forest's trees; imported only where there are many rows."""

from __future__ import annotations

import numpy as np

from vitruvian.engines.compiled import compiled


@compiled("f8[::1](f8[:,::1],i2[:,::1],f4[:,::1],i2[:,::1],i2[:,::1],f4[:,::1])")
def walk(
    x: np.ndarray, feature: np.ndarray, threshold: np.ndarray, left: np.ndarray, right: np.ndarray, leaf: np.ndarray
) -> np.ndarray:
    """Sum over trees of the leaf each row (n, k) falls into, in the order of the trees."""
    out = np.zeros(len(x))
    for row in range(len(x)):
        for tree in range(len(leaf)):
            node = 0
            while node >= 0:
                if x[row, feature[tree, node]] <= threshold[tree, node]:
                    node = left[tree, node]
                else:
                    node = right[tree, node]
            out[row] += leaf[tree, ~node]
    return out
