"""Who is learned from and who is scored: folds of the shared stays, or the stays of `--test`; never one stay both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.engines.crossfit import Recipe, folds_of
from vitruvian.kinds.deterioration.evidence.data import AbsentError
from vitruvian.models.icu.stays import Stays

Progress = Callable[[float], None]
Reader = Callable[[Path], Stays]
SEED = 20260301


@dataclass(frozen=True, eq=False)
class Cast:
    """known: stays that may be learned from; asked: stays that are scored; same: one set, so that folds are needed."""

    known: Stays
    asked: Stays
    same: bool
    notes: tuple[str, ...]

    def parts(self, y: np.ndarray, folds: int) -> Iterator[tuple[Stays, Stays, np.ndarray]]:
        """Learners, tested, positions of the tested among `asked`; y (asked,) is dealt evenly over the folds."""
        if not self.same:
            yield self.known, self.asked, np.arange(len(self.asked))
            return
        part = folds_of(np.arange(len(self.asked)), np.nan_to_num(y), folds, SEED)
        for k in range(folds):
            yield self.known.of(part != k), self.asked.of(part == k), np.flatnonzero(part == k)


def cast(read: Reader, data: Path | None, test: Path | None, few: int | None = None) -> Cast:
    """Stays of `data`; with `test` those of it, and who stands in both is held out of learning."""
    assert data is not None
    known = _few(read(data), few)
    if test is None:
        return Cast(known, known, True, ())
    asked = _few(read(test), few)
    met = np.isin(known.names.astype(str), asked.names.astype(str))
    notes = (f"{int(met.sum())} stays stand in both sets and are held out of learning",) if met.any() else ()
    return Cast(known.of(~met), asked, False, notes)


def _few(stays: Stays, few: int | None) -> Stays:
    if few is None or len(stays) <= few:
        return stays
    return stays.of(np.sort(generator(SEED, "few").permutation(len(stays))[:few]))


def at_size(recipe: Recipe, quick: bool) -> Recipe:
    """Quick: with two folds within the learning part."""
    return replace(recipe, folds=2) if quick else recipe


def told(measure: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A claim that says what is not there, instead of failing."""

    @wraps(measure)
    def asked(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
        try:
            return measure(claim, data, test, quick, progress)
        except AbsentError as err:
            return {"measured": f"not measured: {err}", "met": None, "n": 0, "baseline": None}

    return asked
