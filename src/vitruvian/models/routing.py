"""Where cases go next: probabilities given the last k activities, with k chosen by how well they foretell other cases.

    p(next | history) = (n(history, next) + beta p(next | shorter history)) / (n(history) + beta)

The shorter history smooths the longer one, down to the frequencies of all activities (Witten-Bell: beta is the number
of different activities seen after that history). The order k is the one with the best mean log probability of each next
activity on cases left out (five folds by the case's name). Intervals are Wilson's, for what was seen of that history.

Reference: Chen & Goodman, Comput Speech Lang 1999;13:359 (interpolated Witten-Bell); Wilson 1927.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

START, END = "(start)", "(end)"
FOLDS, MOST = 5, 6
Z95 = 1.959963984540054
History = tuple[str, ...]


@dataclass(frozen=True)
class Routing:
    """Counts after every history of length 0 to `order`, and the score of each order on cases left out."""

    order: int
    counts: dict[History, Counter[str]]
    scores: dict[int, float]

    def probabilities(self, history: Sequence[str]) -> dict[str, float]:
        """Chance of each next activity, END included, after these activities (START is added by this)."""
        past = (START, *history)[-self.order :] if self.order else ()
        out: dict[str, float] = {}
        base = self.counts[()]
        total = base.total()
        out = {name: n / total for name, n in base.items()}
        for k in range(1, len(past) + 1):
            seen = self.counts.get(past[len(past) - k :])
            if seen is None:
                break
            beta, n = len(seen), seen.total()
            out = {name: (seen.get(name, 0) + beta * p) / (n + beta) for name, p in out.items()}
        return out

    def frequencies(self, history: History) -> dict[str, tuple[float, float, float]]:
        """(share, low, high) of each activity seen after exactly this history: what an editor of the model wants."""
        seen = self.counts.get(history, Counter())
        return {name: (n / seen.total(), *wilson(n, seen.total())) for name, n in seen.most_common()}

    def to_json(self) -> dict[str, Any]:
        """First-order frequencies with intervals, and the choice of the order."""
        first = {h[0]: self.frequencies(h) for h in self.counts if len(h) == 1}
        return {
            "order": self.order,
            "log_score": self.scores,
            "next": {
                a: {b: {"share": p, "interval95": [low, high]} for b, (p, low, high) in row.items()}
                for a, row in first.items()
            },
        }


def learn(
    sequences: Sequence[Sequence[str]],
    names: Sequence[str] | None = None,
    order: int | None = None,
    *,
    begun: Sequence[bool] | None = None,
    ended: Sequence[bool] | None = None,
) -> Routing:
    """Routing from cases' activities; names of the cases decide the folds, else their place.

    begun, ended: whether the log saw a case come and go. What it saw of the others counts, their first step or end not,
    so that long cases, which are more often cut, are not under-counted.
    """
    if not sequences:
        raise InferenceError("no case", where="routing.learn", fix="give a log with cases")
    scores: dict[int, float] = {}
    if order is None:
        keys = list(names) if names is not None else [str(i) for i in range(len(sequences))]
        both = zip(begun or [True] * len(keys), ended or [True] * len(keys), strict=True)
        whole = [i for i, (came, went) in enumerate(both) if came and went]
        fold = np.array([zlib.crc32(keys[i].encode()) % FOLDS for i in whole])
        scores = {k: _score([sequences[i] for i in whole], fold, k) for k in range(1, MOST + 1)}
        order = max(scores, key=lambda k: scores[k]) if len(whole) >= 2 * FOLDS else 1
    return Routing(order, count(sequences, order, begun, ended), scores)


def count(
    sequences: Sequence[Sequence[str]],
    order: int,
    begun: Sequence[bool] | None = None,
    ended: Sequence[bool] | None = None,
) -> dict[History, Counter[str]]:
    """What followed every history of length 0 to `order`."""
    out: dict[History, Counter[str]] = {}
    for j, sequence in enumerate(sequences):
        came, went = begun is None or begun[j], ended is None or ended[j]
        told = (*([START] if came else []), *sequence, *([END] if went else []))
        for i in range(1, len(told)):
            for k in range(min(order, i) + 1):
                out.setdefault(tuple(told[i - k : i]), Counter())[told[i]] += 1
    if () not in out:
        raise InferenceError("no step from one activity to the next", where="routing.count", fix="give a longer log")
    return out


def wilson(n: int, total: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    p, z2 = n / total, Z95**2
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * np.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def _score(sequences: Sequence[Sequence[str]], fold: np.ndarray, order: int) -> float:
    """Mean log probability of each next activity of the cases left out; what was never seen counts as 1 in 10^6."""
    total, n = 0.0, 0
    for f in range(FOLDS):
        training = [s for s, g in zip(sequences, fold, strict=True) if g != f]
        held = [s for s, g in zip(sequences, fold, strict=True) if g == f]
        if not training:
            continue
        routing, known = Routing(order, count(training, order), {}), {}
        for sequence in held:
            told = (*sequence, END)
            for i, name in enumerate(told):
                past = (START, *told[:i])[-order:]
                if past not in known:
                    known[past] = routing.probabilities(told[:i])
                total, n = total + np.log(max(known[past].get(name, 0.0), 1e-6)), n + 1
    return float(total / max(n, 1))
