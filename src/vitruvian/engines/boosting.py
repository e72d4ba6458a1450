"""Gradient-boosted regression trees: grown by LightGBM, kept and evaluated as plain arrays, with a content hash.

f(x) = sum_t leaf_t(x); a split sends x[feature] <= threshold to the left. Friedman, Ann Stat 29:1189 (2001); Ke et al.,
LightGBM, NeurIPS 2017. Growing needs the extra `fit`; evaluating needs numpy alone, so that shipped weights work
everywhere and cannot run code. Columns must be finite: mark what is missing by a value far outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

FEW = 64  # rows up to which compiling costs more than it saves
ARRAYS = ("feature", "threshold", "left", "right", "leaf")


@dataclass(frozen=True)
class Growth:
    """How trees are grown; the defaults suit tens of thousands of rows that hang together within a subject."""

    trees: int = 250
    rate: float = 0.04
    leaves: int = 31
    least: int = 60  # rows a leaf
    columns: float = 0.4  # share tried a tree
    rows: float = 0.5  # share drawn a tree
    ridge: float = 10.0
    quantile: float | None = None  # pinball loss at this level instead of squares
    random: bool = False  # random thresholds: Geurts et al., Extremely randomized trees, Mach Learn 63:3 (2006)


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees as arrays: feature, threshold, left, right (tree, split); leaf (tree, leaf). A child c < 0 is leaf ~c."""

    names: tuple[str, ...]
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    gain: Mapping[str, float] = field(default_factory=dict)  # share of the loss saved by each column; not in the hash

    def predict(self, x: np.ndarray) -> np.ndarray:
        """f(x) (n,) for x (n, k) with the columns of `names`."""
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise InferenceError(f"x is {x.shape}, expected (n, {len(self.names)})", where="Forest.predict")
        if len(x) <= FEW:
            return self._few(np.ascontiguousarray(x.T))
        from vitruvian.engines.boostingkernel import walk

        return walk(
            np.ascontiguousarray(x, dtype=np.float64), *(np.ascontiguousarray(getattr(self, n)) for n in ARRAYS)
        )

    def _few(self, columns: np.ndarray) -> np.ndarray:
        """All trees at once, in numpy; (k, n) -> (n,)."""
        trees, rows = np.arange(len(self.leaf))[:, None], np.arange(columns.shape[1])[None, :]
        node = np.zeros((len(self.leaf), columns.shape[1]), dtype=np.int32)
        while (node >= 0).any():
            at = np.maximum(node, 0)
            value = columns[self.feature[trees, at], rows]
            child = np.where(value <= self.threshold[trees, at], self.left[trees, at], self.right[trees, at])
            node = np.where(node >= 0, child, node)
        return np.add.accumulate(self.leaf[trees, ~node].astype(np.float64), axis=0)[-1]

    @property
    def digest(self) -> str:
        """SHA-256 of names and arrays."""
        told = hashlib.sha256("\n".join(self.names).encode())
        for name in ARRAYS:
            array = getattr(self, name)
            told.update(repr((array.shape, array.dtype.str)).encode() + np.ascontiguousarray(array).tobytes())
        return told.hexdigest()

    def to_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """For numpy.savez: what `from_arrays` reads."""
        return {f"{prefix}{n}": getattr(self, n) for n in ARRAYS} | {f"{prefix}names": np.array(self.names)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "") -> Forest:
        """Back from `to_arrays`."""
        names = tuple(str(n) for n in arrays[f"{prefix}names"])
        feature, threshold, left, right, leaf = (np.asarray(arrays[f"{prefix}{n}"]) for n in ARRAYS)
        return cls(names, feature, threshold, left, right, leaf)


def grow(
    names: Sequence[str],
    x: np.ndarray,
    y: np.ndarray,
    *,
    seed: int,
    growth: Growth | None = None,
    weight: np.ndarray | None = None,
) -> Forest:
    """A forest for y (n,) on x (n, k), bit-identical for a seed on one machine. InferenceError without LightGBM."""
    try:
        import lightgbm
    except ImportError as err:
        fix = "pip install 'vitruvian[fit]'"
        raise InferenceError("LightGBM is not installed", where="boosting", fix=fix) from err
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InferenceError("a cell is not finite", where="boosting", fix="mark what is missing by a finite value")
    g = growth or Growth()
    settings: dict[str, Any] = {
        "objective": "regression" if g.quantile is None else "quantile",
        "learning_rate": g.rate,
        "num_leaves": g.leaves,
        "min_data_in_leaf": g.least,
        "feature_fraction": g.columns,
        "bagging_fraction": g.rows,
        "bagging_freq": 1,
        "lambda_l2": g.ridge,
        "extra_trees": g.random,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    if g.quantile is not None:
        settings["alpha"] = g.quantile
    table = lightgbm.Dataset(x.astype(np.float32), y, weight=weight)
    model = lightgbm.train(settings, table, g.trees)
    gains = model.feature_importance("gain")
    total = max(float(gains.sum()), 1e-300)
    share = dict(zip(names, (gains / total).tolist(), strict=True))
    return _flat(tuple(names), [t["tree_structure"] for t in model.dump_model()["tree_info"]], share)


def _flat(names: tuple[str, ...], trees: list[dict[str, Any]], gain: Mapping[str, float]) -> Forest:
    splits = max(1, *(_count(t) for t in trees))
    shape = (len(trees), splits)
    feature, left, right = np.zeros(shape, np.int16), np.full(shape, -1, np.int16), np.full(shape, -1, np.int16)
    threshold, leaf = np.zeros(shape, np.float32), np.zeros((len(trees), splits + 1), np.float32)
    for k, tree in enumerate(trees):
        if "split_index" not in tree:  # a tree of one leaf: both children are leaf 0
            leaf[k, 0] = tree["leaf_value"]
            continue
        todo = [tree]
        while todo:
            node = todo.pop()
            i = node["split_index"]
            feature[k, i], threshold[k, i] = node["split_feature"], node["threshold"]
            for side, children in (("left_child", left), ("right_child", right)):
                child = node[side]
                if "split_index" in child:
                    children[k, i] = child["split_index"]
                    todo.append(child)
                else:
                    children[k, i] = ~child["leaf_index"]
                    leaf[k, child["leaf_index"]] = child["leaf_value"]
    return Forest(names, feature, threshold, left, right, leaf, gain)


def _count(tree: dict[str, Any]) -> int:
    if "split_index" not in tree:
        return 0
    return 1 + _count(tree["left_child"]) + _count(tree["right_child"])
