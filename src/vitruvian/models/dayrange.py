"""Time in range of a day from its mean: glucose of a day as a lognormal whose spread the fast layer tells.

    ln G(t) over a day ~ N(ln M - s^2 / 2, s^2),   s = swing exp(c . x)
    in range = P(70 <= G < 180), below = P(G < 70), above = P(G >= 180)

M: the day's mean. x: what of the slow layer shapes a day, as logarithms against those of the fast layer's type 2 set
(M over its basal glucose, insulin's action, secretion, carbohydrate eaten, emptying), and glucose that kidneys let go.
The weights c were learnt from days of the coupled twin (kinds/metabolic_slow/coupled.py; synthetic) and are checked
against it (evidence slow.day); `swing` is 1 for such a regular day. Elementwise on numpy or JAX.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from vitruvian.core.prior import namespace

LOW, HIGH = 70.0, 180.0  # mg/dL: Battelino, Diabetes Care 42:1593 (2019)
LEAST, MOST = 0.05, 0.7  # spread beyond which no day of a person lies: CGMacros and Shanghai, 0.10 to 0.55


class Shape(NamedTuple):
    """x: logarithms, and the urine's share; each 0 where the fast layer's type 2 set is."""

    level: Any  # M over 164 mg/dL
    action: Any  # insulin's action
    secretion: Any
    eaten: Any  # carbohydrate over 250 g a day
    slowed: Any  # emptying over usual
    urine: Any  # 1: kidneys let all above 40 mg/dL go, as with an SGLT2 inhibitor


class Range(NamedTuple):
    """Shares of the day."""

    inside: Any
    below: Any
    above: Any


# robust least squares of time in range over 10,400 days of 400 virtual people, medicines and diets by chance
INTERCEPT = -0.7404
WEIGHTS = Shape(level=2.2896, action=0.1642, secretion=0.0775, eaten=0.5000, slowed=1.1411, urine=-0.0112)


def spread(x: Shape, swing: Any = 1.0) -> Any:
    """s, the standard deviation of a day's log glucose."""
    xp = namespace(x.level)
    s = swing * xp.exp(INTERCEPT + sum(w * v for w, v in zip(WEIGHTS, x, strict=True)))
    return xp.clip(s, LEAST, MOST)


def shares(mean: Any, s: Any) -> Range:
    """Of a day with this mean (mg/dL) and spread."""
    centre = namespace(mean).log(mean) - 0.5 * s**2
    below, up_to = _normal((math.log(LOW) - centre) / s), _normal((math.log(HIGH) - centre) / s)
    return Range(up_to - below, below, 1.0 - up_to)


def _normal(z: Any) -> Any:
    """The normal distribution function, by the logistic that differs by less than 1.4e-4 (Page, 1977)."""
    xp = namespace(z)
    return 0.5 * (1.0 + xp.tanh(0.7988 * z * (1.0 + 0.04417 * z**2)))
