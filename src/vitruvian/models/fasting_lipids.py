"""Fasting triglycerides and free fatty acids: the fat side of the mixed-meal model, settled, per change from a start.

    dTG/dt   = V - L,                          L = k11 TG A                         V: VLDL from the liver
    dNEFA/dt = 3 spill / A L + ATL / (1 + K A^2) - k12 NEFA                         A: insulin's action
    fasting, settled:  TG = V / (k11 A);  NEFA = (3 spill V / A + ATL / (1 + K A^2)) / k12

A and V are told as ratios to those at the start: A = 1, V = 1. Both settle within hours (k11 A: two; k12: a quarter),
so a model of days takes them as settled. In the source A is plasma insulin; here it is insulin times the body's answer
to it, since in those who need less insulin after losing weight triglycerides fall and do not rise. V follows liver fat
with half its change: Adiels, Diabetologia 49:755 (2006), VLDL 80 % higher at five times the liver fat; half assumed.

Sips et al., the Mixed Meal Model of Eindhoven; O'Donovan et al., iScience 25:105206 (2022): equations and values
(specification 2B). Holds for fasting values; leaves out LDL and HDL, which it does not know, and genetic disorders.
Elementwise on numpy or JAX.
"""

from __future__ import annotations

import math
from typing import Any

from vitruvian.core.prior import namespace

# per min; TG and NEFA in mmol/L, insulin in mU/L: specification 2B
K11, K12, K16, K_ATL, ATL, SPILL = 0.00045, 0.0713, 0.0119, 0.0385, 0.215, 0.30
INSULIN = 18.0  # mU/L of the source's example in a fast, at which A = 1
BY_LIVER = 0.5  # share of VLDL that moves with liver fat: see above
SPILT, STORED = math.log(3.0 * SPILL * K16 / K12), math.log(ATL / K12)
INHIBITED = math.log(K_ATL * INSULIN**2)
MMOL = 88.57  # mg/dL of triglycerides in one mmol/L: 885.7 g/mol


def secreted(liver_fat: Any) -> Any:
    """V at liver fat over that of the start."""
    return 1.0 + BY_LIVER * (liver_fat - 1.0)


def triglycerides(start: Any, V: Any, A: Any) -> Any:
    """Settled, in the unit of `start`."""
    xp = namespace(A)
    return start * xp.exp(xp.log(V) - xp.log(A))


def fatty_acids(V: Any, A: Any) -> Any:
    """Settled, mmol/L; V and A as numpy or JAX numbers."""
    xp = namespace(A)
    a, v = xp.log(A), xp.log(V)  # logarithms: no product is added to, so every program rounds alike
    return xp.exp(v - a + SPILT) + xp.exp(STORED - xp.log1p(xp.exp(a + a + INHIBITED)))


def rate(TG: Any, NEFA: Any, V: Any, A: Any) -> tuple[Any, Any]:
    """d(TG, NEFA)/dt, mmol/L/min, in a fast."""
    L = K11 * INSULIN * A * TG
    return K16 * V - L, 3.0 * SPILL / A * L + ATL / (1.0 + K_ATL * (INSULIN * A) ** 2) - K12 * NEFA
