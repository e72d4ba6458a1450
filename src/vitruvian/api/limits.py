"""Rate limits: a token bucket for each caller, in memory."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

CALLERS = 10_000  # buckets kept; the oldest are forgotten, which can only be to a caller's advantage


@dataclass
class Limiter:
    """`rate` requests a second on average and `burst` at once, for each caller."""

    rate: float
    burst: float
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def is_empty(self, caller: str) -> bool:
        """Whether this caller would have to wait."""
        left, then = self._buckets.get(caller, (self.burst, 0.0))
        return left + (time.monotonic() - then) * self.rate < 1.0

    def wait(self, caller: str, cost: float = 1.0) -> float:
        """0 when the caller may go on, else the seconds until it may."""
        now = time.monotonic()
        left, then = self._buckets.get(caller, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.rate)
        if left < cost:
            self._buckets[caller] = (left, now)
            return (cost - left) / self.rate
        if caller not in self._buckets and len(self._buckets) >= CALLERS:
            self._buckets.pop(next(iter(self._buckets)))
        self._buckets[caller] = (left - cost, now)
        return 0.0
