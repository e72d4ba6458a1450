"""Boosted trees that learned some stages of a course apart: one forest a stage, and between two stages their mean.

    f(x) = sum_s w_s(t) f_s(x),    w_s: linear interpolation in the stage t = x[column], constant beyond both ends

f_s was grown on the rows of stage s alone (engines/oddsforest.py). One forest for all stages learns from more rows;
those of one stage need no splits on the stage first, and a column may mean there what it means nowhere else: both
together know more than either (engines/crossfit.py stacks them).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.engines.oddsforest import Growth, OddsForest, grow


@dataclass(frozen=True, eq=False)
class StagedForest:
    """column: where the stage stands among the columns; stage (s,), ascending, with its forest each."""

    column: int
    stage: np.ndarray
    forests: tuple[OddsForest, ...]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Log odds (n,) of x (n, k), NaN where nothing was seen."""
        t = np.clip(x[:, self.column], self.stage[0], self.stage[-1])
        out = np.zeros(len(x))
        for s, forest in enumerate(self.forests):
            weight = np.interp(t, self.stage, np.arange(len(self.stage)) == s)
            near = weight > 0.0
            out[near] += weight[near] * forest.predict(x[near])
        return out

    @property
    def gain(self) -> np.ndarray:
        """Share of the loss saved by column, mean of the stages."""
        return np.mean([f.gain for f in self.forests], axis=0)

    @property
    def digest(self) -> str:
        """SHA-256 of the stages and their trees."""
        told = hashlib.sha256(f"{self.column}".encode() + self.stage.tobytes())
        for forest in self.forests:
            told.update(forest.digest.encode())
        return told.hexdigest()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For numpy.savez."""
        out = {"column": np.array(self.column), "stage": self.stage}
        for s, forest in enumerate(self.forests):
            out |= {f"{s}.{name}": array for name, array in forest.to_arrays().items()}
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> StagedForest:
        """Back from `to_arrays`."""
        stage = np.asarray(arrays["stage"])
        parts = [{n.removeprefix(f"{s}."): a for n, a in arrays.items()} for s in range(len(stage))]
        return cls(int(arrays["column"]), stage, tuple(OddsForest.from_arrays(p) for p in parts))


def grow_staged(
    x: np.ndarray, y: np.ndarray, growth: Growth, seed: int, signs: Sequence[int] | None, column: int
) -> StagedForest:
    """A forest for the rows of each value that x[:, column] takes; y (n,) in {0, 1}."""
    stage = np.unique(x[:, column])
    forests = []
    for k, value in enumerate(stage.tolist()):
        mine = x[:, column] == value
        forests.append(grow(x[mine], y[mine], growth, (seed + k) % (2**31 - 1), signs))
    return StagedForest(column, stage, tuple(forests))
