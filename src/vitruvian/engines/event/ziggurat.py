"""The exponential law's ziggurat: 256 strips of equal area under e^-x, the lowest with the tail beyond R.

A draw falls into a strip at random and is accepted at once where the strip lies below the curve, 98.9 times in 100: no
logarithm, which costs ten times the rest and keeps the heap of events waiting.
References: Marsaglia and Tsang, J Stat Softw 2000;5(8); with a uniform of its own for the strip: Doornik 2005.
"""

from __future__ import annotations

import math

import numpy as np

STRIPS = 256
R = 7.69711747013104972  # Marsaglia and Tsang 2000, where the tail begins
V = 3.949659822581572e-3  # there, area of a strip
TRIES = 60  # nine more than a draw in 1e100 takes


def _edges() -> list[float]:
    """Right edges of the strips, falling: V / e^-R for the lowest, R, ..., 0."""
    x = [V * math.exp(R), R]
    while len(x) < STRIPS:
        x.append(-math.log(V / x[-1] + math.exp(-x[-1])))
    return [*x, 0.0]


EDGES = _edges()
HEIGHTS = [math.exp(-x) for x in EDGES]  # of the curve at the edges
edges, heights = np.array(EDGES), np.array(HEIGHTS)
