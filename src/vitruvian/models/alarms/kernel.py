"""The compiled walk of an alarm policy through many stays, look by look; policy.py has its equations."""

from __future__ import annotations

import numpy as np

from vitruvian.engines.compiled import compiled


@compiled("i8[:,::1](f8[::1],f8[::1],b1[::1],i8[::1],f8,i8,i8,f8,f8)")
def walk(
    times: np.ndarray,
    risk: np.ndarray,
    silent: np.ndarray,
    starts: np.ndarray,
    threshold: float,
    persistence: int,
    of: int,
    refractory: float,
    margin: float,
) -> np.ndarray:
    """(alarm, 3): the stay, the look at which it was raised, and that at which it was armed again (-1: it was not)."""
    found = np.empty((64, 3), dtype=np.int64)
    count = 0
    ring = np.zeros(64, dtype=np.int64)
    for stay in range(len(starts) - 1):
        armed, spoken, last, seen, high = True, False, 0.0, 0, 0
        for i in range(starts[stay], starts[stay + 1]):
            p = risk[i]
            if np.isnan(p):
                continue
            if not armed and p < threshold - margin:
                armed, seen, high = True, 0, 0
                found[count - 1, 2] = i
            now = 1 if p >= threshold else 0
            if seen >= of:
                high -= ring[seen % of]
            ring[seen % of] = now
            seen += 1
            high += now
            waited = not spoken or times[i] - last >= refractory
            if armed and now and high >= persistence and waited and not silent[i]:
                armed, spoken, last = False, True, times[i]
                if count == len(found):
                    wider = np.empty((2 * count, 3), dtype=np.int64)
                    wider[:count] = found
                    found = wider
                found[count, 0], found[count, 1], found[count, 2] = stay, i, -1
                count += 1
    return found[:count].copy()
