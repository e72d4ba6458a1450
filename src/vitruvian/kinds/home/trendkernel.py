"""The compiled walk of a signal's Kalman filter through its readings; trend.py has its equations."""

from __future__ import annotations

import numpy as np

from vitruvian.engines.compiled import compiled

BEYOND = 25.0  # squared innovation, in its variance, beyond which a reading is not believed: 5 sd
TURNED = 3  # such readings in a row after which they are


@compiled("Tuple((f8[:,::1],b1[::1]))(f8[::1],f8[::1],f8[::1],f8[::1],f8[::1],b1[::1],f8[::1])")
def walk(
    times: np.ndarray,
    y: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    moving: np.ndarray,
    wrong: np.ndarray,
    how: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of (level, departure, cos, sin, steps) after each reading (n, 5), and which readings were believed (n,).

    how: sd of a reading, sd and time (s) of the departure, variance of the level a second, sds before any reading of
    level, rhythm and steps.
    """
    n = len(times)
    out = np.zeros((n, 5))
    believed = np.ones(n, dtype=np.bool_)
    m = np.zeros(5)
    p = np.zeros((5, 5))
    p[0, 0], p[1, 1], p[2, 2], p[3, 3], p[4, 4] = how[4] ** 2, how[1] ** 2, how[5] ** 2, how[5] ** 2, how[6] ** 2
    h = np.zeros(5)
    h[0], h[1] = 1.0, 1.0
    refused = 0
    for i in range(n):
        if i > 0:
            dt = times[i] - times[i - 1]
            keep = np.exp(-dt / how[2])
            m[1] *= keep
            for k in range(5):
                p[1, k] *= keep
                p[k, 1] *= keep
            p[1, 1] += how[1] ** 2 * (1.0 - keep * keep)
            p[0, 0] += how[3] * dt
        h[2], h[3], h[4] = cosine[i], sine[i], moving[i]
        ph = p @ h
        s = h @ ph + how[0] ** 2
        e = y[i] - h @ m
        believed[i] = not wrong[i] and (e * e <= BEYOND * s or refused >= TURNED - 1)
        if believed[i]:
            refused = 0
            m += ph * e / s
            p -= np.outer(ph, ph) / s
        elif not wrong[i]:
            refused += 1
        out[i] = m
    return out, believed
