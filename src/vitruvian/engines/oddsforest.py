"""Boosted trees for the log odds of a yes-or-no outcome: grown by LightGBM, kept and answered as plain arrays.

f(x) = sum_t leaf_t(x); a split sends x[feature] <= threshold to the left, and what is missing to the side that the fit
found best for it. Friedman, Ann Stat 2001;29:1189; Ke et al., LightGBM, NeurIPS 2017; random thresholds: Geurts et al.,
Extremely randomized trees, Mach Learn 2006;63:3. Monotone columns: f never falls (+1) or never rises (-1) along them.
Growing needs the extra `fit`; answering numpy alone, so that shipped weights work everywhere and cannot run code.
(engines/boosting.py is the same for numbers, on columns without gaps.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

ARRAYS = ("feature", "threshold", "missing", "left", "right", "leaf")
LARGEST = 3e38  # of a float32, nearly
ROWS = 512  # answered at a time, so that the walk stays in the cache


@dataclass(frozen=True)
class Growth:
    """How the trees grow; the defaults suit some thousands of subjects with hundreds of columns."""

    trees: int = 220
    rate: float = 0.03
    leaves: int = 31
    least: int = 20  # rows a leaf
    columns: float = 0.3  # share tried a tree
    rows: float = 1.0  # share drawn a tree
    ridge: float = 0.0
    random: bool = False
    monotone: bool = False
    target: str = ""  # another outcome of the same rows that it learns; "": the one asked for
    stages: str = ""  # a column of few values, each with trees of its own (engines/stagedforest.py); "": one forest


@dataclass(frozen=True, eq=False)
class OddsForest:
    """feature, threshold, missing (1: left), left, right (tree, split), leaf (tree, leaf); a child c < 0 is leaf ~c."""

    feature: np.ndarray
    threshold: np.ndarray
    missing: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    gain: np.ndarray = field(default_factory=lambda: np.zeros(0))  # share of the loss saved by column; not in the hash

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Log odds (n,) of x (n, k), NaN where nothing was seen."""
        return np.concatenate([self._walk(x[i : i + ROWS].T) for i in range(0, len(x), ROWS)]) if len(x) else x[:, 0]

    def _walk(self, columns: np.ndarray) -> np.ndarray:
        trees, rows = np.arange(len(self.leaf))[:, None], np.arange(columns.shape[1])[None, :]
        node = np.zeros((len(self.leaf), columns.shape[1]), dtype=np.int32)
        while (node >= 0).any():
            at = np.maximum(node, 0)
            value = columns[self.feature[trees, at], rows]
            to_left = np.where(np.isnan(value), self.missing[trees, at] > 0, value <= self.threshold[trees, at])
            node = np.where(node >= 0, np.where(to_left, self.left[trees, at], self.right[trees, at]), node)
        return np.add.accumulate(self.leaf[trees, ~node].astype(np.float64), axis=0)[-1]

    @property
    def digest(self) -> str:
        """SHA-256 of the arrays."""
        told = hashlib.sha256()
        for name in ARRAYS:
            array = getattr(self, name)
            told.update(repr((array.shape, array.dtype.str)).encode() + np.ascontiguousarray(array).tobytes())
        return told.hexdigest()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For numpy.savez: what `from_arrays` reads."""
        return {name: getattr(self, name) for name in ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> OddsForest:
        """Back from `to_arrays`."""
        return cls(*(np.asarray(arrays[name]) for name in ARRAYS))


def grow(x: np.ndarray, y: np.ndarray, growth: Growth, seed: int, signs: Sequence[int] | None = None) -> OddsForest:
    """Trees for y (n,) in {0, 1} on x (n, k), NaN where nothing was seen; bit-identical for a seed on one machine."""
    try:
        import lightgbm
    except ImportError as err:
        fix = "pip install 'vitruvian[fit]'"
        raise InferenceError("LightGBM is not installed", where="oddsforest", fix=fix) from err
    settings: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": growth.rate,
        "num_leaves": growth.leaves,
        "min_data_in_leaf": growth.least,
        "feature_fraction": growth.columns,
        "bagging_fraction": growth.rows,
        "bagging_freq": int(growth.rows < 1.0),
        "lambda_l2": growth.ridge,
        "extra_trees": growth.random,
        "max_bin": 63,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    if growth.monotone and signs is not None:
        settings["monotone_constraints"] = list(signs)
    model = lightgbm.train(settings, lightgbm.Dataset(x.astype(np.float32), y), growth.trees)
    gain = model.feature_importance("gain")
    shape = [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]
    return _flat(shape, gain / max(float(gain.sum()), 1e-300))


def _flat(trees: list[dict[str, Any]], gain: np.ndarray) -> OddsForest:
    splits = max(1, *(_count(t) for t in trees))
    shape = (len(trees), splits)
    feature, left, right = np.zeros(shape, np.int16), np.full(shape, -1, np.int16), np.full(shape, -1, np.int16)
    threshold, missing = np.zeros(shape, np.float32), np.zeros(shape, np.int8)
    leaf = np.zeros((len(trees), splits + 1), np.float32)
    for k, tree in enumerate(trees):
        if "split_index" not in tree:  # a tree of one leaf: both children are leaf 0
            leaf[k, 0] = tree["leaf_value"]
            continue
        todo = [tree]
        while todo:
            node = todo.pop()
            i = node["split_index"]
            feature[k, i] = node["split_feature"]
            threshold[k, i] = min(node["threshold"], LARGEST)  # a split that parts gaps from all values has none
            # where the fit saw no gap in a column, LightGBM reads a gap as 0
            missing[k, i] = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0
            for side, children in (("left_child", left), ("right_child", right)):
                child = node[side]
                if "split_index" in child:
                    children[k, i] = child["split_index"]
                    todo.append(child)
                else:
                    children[k, i] = ~child["leaf_index"]
                    leaf[k, child["leaf_index"]] = child["leaf_value"]
    return OddsForest(feature, threshold, missing, left, right, leaf, gain)


def _count(tree: dict[str, Any]) -> int:
    if "split_index" not in tree:
        return 0
    return 1 + _count(tree["left_child"]) + _count(tree["right_child"])
