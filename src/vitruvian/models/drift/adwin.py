"""ADWIN: a window over a stream that drops its old part when that differs from the new part by more than chance.

For every cut of the window W (n values) into W0, W1 with n0, n1 values:

    drop W0 when |mean W0 - mean W1| > sqrt(2/m v ln(2/d')) + 2/(3 m) ln(2/d'),   1/m = 1/n0 + 1/n1,   d' = d / ln n

v: variance of W. Bifet & Gavalda, SIAM Int Conf Data Mining 2007, with its exponential histogram (at most M buckets a
size), so memory and a look cost O(log n). Values are scaled to [0, 1] by the range given. d bounds the false alarms of
a look; in practice they are far fewer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

M = 5  # buckets of one size: as in the paper
LOOKS = 32  # values between two looks at the cuts: as in the authors' program
LEAST = 5  # values of a part


@dataclass
class Adwin:
    """One stream's window. Not a value: it takes in values one by one."""

    low: float
    high: float
    confidence: float = 0.002
    sizes: list[int] = field(default_factory=list)  # of buckets, the oldest first; all of one size stand together
    sums: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)
    seen: int = 0

    def add(self, value: float) -> bool:
        """Take in a value; True when the window's old part was dropped: the level has moved."""
        x = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        self.sizes.append(1)
        self.sums.append(x)
        self.squares.append(x * x)
        self.seen += 1
        self._merge()
        return self.seen % LOOKS == 0 and self._cut()

    @property
    def count(self) -> int:
        """Values in the window."""
        return sum(self.sizes)

    @property
    def mean(self) -> float:
        """Of the window, in the values' own unit."""
        return self.low + (self.high - self.low) * sum(self.sums) / max(self.count, 1)

    def _merge(self) -> None:
        size, end = 1, len(self.sizes)
        while True:
            start = end
            while start > 0 and self.sizes[start - 1] == size:
                start -= 1
            if end - start <= M:
                return
            self.sizes[start : start + 2] = [sum(self.sizes[start : start + 2])]
            for column in (self.sums, self.squares):
                column[start : start + 2] = [column[start] + column[start + 1]]
            end, size = start + 1, 2 * size

    def _cut(self) -> bool:
        dropped = False
        while len(self.sizes) > 1:
            n, total = float(self.count), sum(self.sums)
            v = max(sum(self.squares) / n - (total / n) ** 2, 0.0)
            d = math.log(2.0 * math.log(n) / self.confidence)
            n0, s0 = np.cumsum(self.sizes)[:-1], np.cumsum(self.sums)[:-1]
            n1, s1 = n - n0, total - s0
            inverse = 1.0 / n0 + 1.0 / n1
            apart = np.abs(s0 / n0 - s1 / n1) > np.sqrt(2.0 * inverse * v * d) + 2.0 / 3.0 * inverse * d
            if not (apart & (n0 >= LEAST) & (n1 >= LEAST)).any():
                return dropped
            for column in (self.sizes, self.sums, self.squares):
                del column[0]
            dropped = True
        return dropped


def changes(x: np.ndarray, low: float, high: float, confidence: float = 0.002) -> list[int]:
    """Indices of a series (n,) at which ADWIN dropped old values."""
    window = Adwin(low, high, confidence)
    return [i for i, value in enumerate(np.asarray(x, dtype=float).tolist()) if window.add(value)]
