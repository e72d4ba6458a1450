"""Tree learners of the stack: boosted trees by engines/boosting, and a random forest kept in the same plain arrays.

Breiman, Mach Learn 45:5 (2001); grown by scikit-learn (extra `fit`), evaluated without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.engines.boosting import ARRAYS, Forest, Growth, grow

BOOST_TREES, BOOST_RATE = 120, 0.04  # assumed: trials have hundreds to thousands of patients
FOREST_TREES = 100  # assumed


def boosted(names: tuple[str, ...], x: np.ndarray, y: np.ndarray, seed: int, trees: int = BOOST_TREES) -> Forest:
    """Boosted trees of the outcome itself: leaves and their least size grow with the history."""
    n = len(y)
    leaves = int(np.clip(n // 60, 4, 16))
    growth = Growth(trees, BOOST_RATE * BOOST_TREES / trees, leaves, max(12, n // 100), 0.6, 0.7, 5.0)
    return grow(names, x, y, seed=seed % 2**31, growth=growth)


def forest(names: tuple[str, ...], x: np.ndarray, y: np.ndarray, seed: int, trees: int = FOREST_TREES) -> Forest:
    """A random forest; a leaf holds 1 % of the history, five patients at least."""
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as err:
        fix = "pip install 'vitruvian[fit]'"
        raise InferenceError("scikit-learn is not installed", where="prognosis", fix=fix) from err
    least = max(5, len(y) // 100)
    model = RandomForestRegressor(
        trees, min_samples_leaf=least, max_features=0.4, random_state=seed % 2**31, n_jobs=1, bootstrap=True
    )
    model.fit(x.astype(np.float32), y)
    return _flat(names, [tree.tree_ for tree in model.estimators_])


def _flat(names: tuple[str, ...], trees: list[Any]) -> Forest:
    splits = max(1, *(int((t.children_left >= 0).sum()) for t in trees))
    shape = (len(trees), splits)
    feature, left, right = np.zeros(shape, np.int16), np.full(shape, -1, np.int16), np.full(shape, -1, np.int16)
    threshold, leaf = np.zeros(shape, np.float32), np.zeros((len(trees), splits + 1), np.float32)
    for k, tree in enumerate(trees):
        inner = tree.children_left >= 0
        number = np.where(inner, np.cumsum(inner) - 1, -np.cumsum(~inner))  # a child c < 0 is leaf ~c
        leaf[k, : int((~inner).sum())] = tree.value[~inner, 0, 0] / len(trees)
        here = np.flatnonzero(inner)
        feature[k, : len(here)], threshold[k, : len(here)] = tree.feature[here], tree.threshold[here]
        left[k, : len(here)] = number[tree.children_left[here]]
        right[k, : len(here)] = number[tree.children_right[here]]
    return Forest(names, feature, threshold, left, right, leaf)


def forest_json(trees: Forest) -> dict[str, Any]:
    """Plain JSON, seven digits: what single precision holds."""
    return {"names": list(trees.names), **{n: _plain(getattr(trees, n)) for n in ARRAYS}}


def forest_of(data: Mapping[str, Any]) -> Forest:
    """Back from `forest_json`."""
    feature, left, right = (np.array(data[n], dtype=np.int16) for n in ("feature", "left", "right"))
    threshold, leaf = (np.array(data[n], dtype=np.float32) for n in ("threshold", "leaf"))
    return Forest(tuple(data["names"]), feature, threshold, left, right, leaf)


def _plain(array: np.ndarray) -> list[Any]:
    if array.dtype.kind == "f":
        return [[float(f"{v:.9g}") for v in row] for row in array.tolist()]
    return array.tolist()
