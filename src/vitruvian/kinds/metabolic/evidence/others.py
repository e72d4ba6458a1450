"""Other people: what `--test DIR` holds, who of them can be scored, and who must be held out of learning.

DIR is laid out like the root of the data sets; the folder of a set may also stand directly in it, or be DIR itself.
Everything is learned on the shared people and scored on those of DIR. Who stands in both is held out where he is
scored: by name, or by readings (a person who was renamed). Few of them: all at once. Many: by folds, as without DIR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vitruvian.core.errors import RecordError

ALIKE = 0.5  # of the readings of the shorter record at the same instant with the same value: the same person
FEWEST = 5  # people to learn from: fewer would be learned by heart (assumed)
T = TypeVar("T")
Measure = Callable[..., dict[str, Any]]


class NobodyError(RecordError):
    """There is nobody who could be scored, or nobody to learn from."""


@dataclass(frozen=True, eq=False)
class Whose:
    """Who somebody is, for holding out: a name, and readings as time + value j, sorted (n,)."""

    name: str
    readings: np.ndarray

    @classmethod
    def of(cls, name: str, times: np.ndarray, values: np.ndarray) -> Whose:
        """times (n,) in s or min of one clock for all people, values (n,)."""
        return cls(name, np.unique(np.round(times) + 1j * values))

    def same(self, other: Whose) -> bool:
        """One and the same person: of that name, or with those readings."""
        if self.name == other.name:
            return True
        few = min(len(self.readings), len(other.readings))
        if few == 0 or min(self.readings[-1].real, other.readings[-1].real) < max(
            self.readings[0].real, other.readings[0].real
        ):
            return False  # never at the same time
        shared = np.intersect1d(self.readings, other.readings, assume_unique=True)
        return len(shared) > ALIKE * few


@dataclass(frozen=True)
class Part:
    """One part of the people asked (positions), with whom it may be forecast from (positions among the known)."""

    learners: tuple[int, ...]
    tested: tuple[int, ...]


def parts(known: Sequence[Whose], asked: Sequence[Whose], folds: int, fewest: int = FEWEST) -> Iterator[Part]:
    """The people asked in one part, or in `folds` parts if more than a fold of the known are among them.

    Errors: NobodyError where a part would be left with fewer than `fewest` people to learn from.
    """
    same = [{j for j, k in enumerate(known) if (k is a if known is asked else k.same(a))} for a in asked]
    met = set().union(*same)
    count = 1 if len(met) * folds <= len(known) else folds
    for k in range(count):
        tested = tuple(range(k, len(asked), count))
        if not tested:
            continue
        out = set().union(*(same[i] for i in tested))
        learners = tuple(j for j in range(len(known)) if j not in out)
        if len(learners) < fewest:
            raise NobodyError(
                f"{len(learners)} people are left to learn from, {fewest} are needed",
                where="--test",
                fix="name a root with other people, or give more under --data",
            )
        yield Part(learners, tested)


def held_out(known: Sequence[Whose], asked: Sequence[Whose]) -> tuple[str, ...]:
    """A sentence on who of the known is held out of learning where he is scored."""
    met = sorted({k.name for k in known if any(a.same(k) for a in asked)}, key=in_order)
    return (f"held out of learning where scored: {', '.join(met)}",) if met else ()


def aside(what: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each person who is not scored, or not with all that is asked for."""
    return tuple(f"{name}: {why}" for name, why in sorted(what.items(), key=lambda pair: in_order(pair[0])))


def placed(root: Path, folder: Path, files: Sequence[str]) -> Path | None:
    """Where a data set lies: in its folder below the root, in that folder's own name, or at the root itself."""
    for place in (root / folder, root / folder.name, root):
        if any((place / name).exists() for name in files):
            return place
    return None


def found(root: Path, folder: Path, files: Sequence[str]) -> Path:
    """As `placed`; NobodyError where the set is not there."""
    place = placed(root, folder, files)
    if place is None:
        raise NobodyError(
            f"there is no {' or '.join(files)} under {folder.as_posix()}",
            where=root.name or str(root),
            fix=f"lay it out like data/{folder.as_posix()}",
        )
    return place


def told(measure: Measure) -> Measure:
    """A claim that says why nobody could be scored, instead of failing."""

    @wraps(measure)
    def asked(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]) -> Any:
        try:
            result = measure(claim, data, test, quick, progress)
        except NobodyError as err:
            return {"measured": f"not measured: {err}", "met": None, "n": 0, "baseline": None}
        notes = tuple(result.pop("notes", ()))
        return {**result, "notes": notes} if notes else result

    return asked


def spread(people: Sequence[T], count: int) -> tuple[T, ...]:
    """At most so many, evenly over all."""
    return tuple(people[:: max(1, -(-len(people) // count))][:count])


def in_order(name: str) -> tuple[int, str]:
    """Numbers by size, other names by their letters."""
    return (int(name), "") if name.isdigit() else (0, name)
