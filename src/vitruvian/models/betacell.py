"""Beta-cell mass, insulin and glucose over days: Topp's model, and the daily mean of glucose that balances it.

    dG/dt = R0 - (EG0 + SI I) G,   dI/dt = B sigma G^2 / (alpha + G^2) - k I,   dB/dt = (-d0 + r1 G - r2 G^2) B

G mg/dL, I uU/mL, B mg. Its beta cells rest at 100 (stable) and 250 mg/dL (the threshold to their loss). Topp et al.,
J Theor Biol 206:605 (2000), BioModels BIOMD0000000341. `balance` gives the G at which a day's appearance and disposal
are equal once I has settled (minutes), as a model of months needs; `pull` leads there. Elementwise, numpy or JAX.
"""

from __future__ import annotations

import math
from typing import Any

from vitruvian.core.prior import namespace

R0, EG0, SI = 864.0, 1.44, 0.72  # mg/dL/day, /day, mL/uU/day
SIGMA, ALPHA, K = 43.2, 20000.0, 432.0  # uU/mL/day/mg, (mg/dL)^2, /day
D0, R1, R2 = 0.06, 8.4e-4, 2.4e-6  # /day, /day per mg/dL, /day per (mg/dL)^2
ITERATIONS = 8  # of Newton in log glucose: between 20 and 800 mg/dL the rest is below 1e-10


def rate(G: Any, I: Any, B: Any) -> tuple[Any, Any, Any]:
    """Topp's equations, per day."""
    return (
        R0 - (EG0 + SI * I) * G,
        B * SIGMA * G**2 / (ALPHA + G**2) - K * I,
        (-D0 + R1 * G - R2 * G**2) * B,
    )


def insulin(G: Any, B: Any) -> Any:
    """Settled insulin, uU/mL."""
    return SIGMA / K * B * G**2 / (ALPHA + G**2)


def mass(G: Any, sensitivity: Any, given: Any = 0.0, leak: Any = 0.0) -> Any:
    """Working beta cells (mg) that hold this mean glucose at an appearance of R0; see `balance`.

    Where insulin from outside would do it alone, a hundredth of what is needed without it is left.
    """
    needed = (R0 / G - EG0 - leak) / sensitivity
    own = namespace(needed).maximum(needed - given, 0.01 * R0 / G / sensitivity)
    return own * K / SIGMA * (ALPHA + G**2) / G**2


def pull(g: Any, appearance: Any, sensitivity: Any, B: Any, given: Any = 0.0, leak: Any = 0.0) -> Any:
    """Newton's step in log glucose g (log mg/dL) towards `balance`; its arguments."""
    log, G = namespace(B).log, namespace(B).exp(g)
    own = insulin(G, B)
    disposal = EG0 + leak + sensitivity * (own + given)
    slope = 1.0 + sensitivity * own * 2.0 * ALPHA / (ALPHA + G**2) / disposal  # of log disposal: 1 to 3
    return (log(appearance * R0) - log(disposal) - g) / slope


def balance(appearance: Any, sensitivity: Any, B: Any, given: Any = 0.0, leak: Any = 0.0) -> Any:
    """Mean glucose of the day (mg/dL) at which appearance and disposal are equal.

    appearance: of glucose, in units of R0; given: insulin from outside, uU/mL; leak: further loss, /day.
    """
    g = 0.0 * (appearance + sensitivity + B + given + leak) + math.log(120.0)
    for _ in range(ITERATIONS):
        g = g + pull(g, appearance, sensitivity, B, given, leak)
    return namespace(B).exp(g)
