"""How far apart two sets of cases are: cycle times by the earth mover's distance, activities by their n-grams.

    CTD(A, B)  = int |F_A(t) - F_B(t)| dt                          cycle times, in their unit
    NGD(A, B)  = sum_g |a(g) - b(g)| / sum_g (a(g) + b(g))         counts of n-grams per case, ends padded

Reference: Chapela-Campa, Benchekroun, Baron, Dumas, Krass & Senderovich, "Can I trust my simulation model?", BPM 2023
(arXiv 2303.17463): cycle time and n-gram distances. NGD is 0 for the same counts and 1 where no n-gram is shared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

PAD = ""


def earth_movers(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance that probability must move from the times a to the times b."""
    at = np.sort(np.concatenate([a, b]))
    between = np.diff(at)
    upto = [np.searchsorted(np.sort(x), at[:-1], side="right") / len(x) for x in (a, b)]
    return float(np.sum(np.abs(upto[0] - upto[1]) * between))


def ngram_distance(a: Sequence[Sequence[str]], b: Sequence[Sequence[str]], n: int = 3) -> float:
    """Share of n-grams, counted per case, that one set has and the other has not."""
    p, q = _ngrams(a, n), _ngrams(b, n)
    apart = sum(abs(p.get(g, 0.0) - q.get(g, 0.0)) for g in p.keys() | q.keys())
    return apart / (sum(p.values()) + sum(q.values()))


def _ngrams(cases: Sequence[Sequence[str]], n: int) -> dict[tuple[str, ...], float]:
    counts: Counter[tuple[str, ...]] = Counter()
    for case in cases:
        padded = [PAD] * (n - 1) + list(case) + [PAD] * (n - 1)
        counts.update(tuple(padded[i : i + n]) for i in range(len(padded) - n + 1))
    return {g: c / len(cases) for g, c in counts.items()}
