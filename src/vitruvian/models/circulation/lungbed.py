"""The pulmonary bed as vessels that distend, some of them lost: how mean pressure answers to vascular compromise.

    dP/dx = R0 / (1 - f) Q / (1 + a P)^4     along the bed, from the left atrium to the artery
    mPAP = (((1 + a P_la)^5 + 5 a Q R0 / (1 - f))^(1/5) - 1) / a

Linehan et al., J Appl Physiol 73:987 (1992): a vessel's diameter rises by the share a (1 to 2 % a mmHg) of itself with
pressure, and resistance falls with its fourth power. f is the share of vessels lost, R0 (mmHg s/mL) the resistance of
the whole bed at no pressure. What is lost is hardly seen at first, since what is left distends; beyond 65 to 70 % the
pressure rises steeply (Bshouty, Can Respir J 19:209, 2012). The kind circulation has one resistance R_pul, of the
state as it is: `resistance` gives the one that this bed comes to. Leaves out gravity, hypoxia, recruitment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError

DISTENSIBILITY = 0.02  # /mmHg: Linehan 1992, healthy; Reeves et al., AJP Lung 288:L419 (2005): 0.02 +- 0.002


def mean_pressure(flow: Any, R0: Any, wedge: Any, lost: Any = 0.0, a: float = DISTENSIBILITY) -> np.ndarray:
    """Mean pulmonary artery pressure, mmHg, at this flow (mL/s) and left atrial pressure; lost: share in [0, 1)."""
    f = np.asarray(lost, dtype=np.float64)
    if ((f < 0) | (f >= 1) | ~np.isfinite(f)).any():
        raise FieldError(f"must be at least 0 and below 1 (got {f[(f < 0) | (f >= 1)]})", where="lungbed.lost")
    if np.any(np.asarray(flow) < 0) or np.any(np.asarray(R0) <= 0):
        raise FieldError("flow must be 0 or more, R0 above 0", where="lungbed", fix="give mL/s and mmHg s/mL")
    fifth = (1.0 + a * np.asarray(wedge)) ** 5 + 5.0 * a * np.asarray(flow) * np.asarray(R0) / (1.0 - f)
    return (fifth**0.2 - 1.0) / a


def resistance(flow: Any, R0: Any, wedge: Any, lost: Any = 0.0, a: float = DISTENSIBILITY) -> np.ndarray:
    """R_pul, mmHg s/mL: the pressure drop over the flow."""
    return (mean_pressure(flow, R0, wedge, lost, a) - np.asarray(wedge)) / np.asarray(flow)


def unstressed(flow: Any, mpap: Any, wedge: Any, a: float = DISTENSIBILITY) -> np.ndarray:
    """R0 of a bed with all its vessels that shows this mean pressure."""
    return ((1.0 + a * np.asarray(mpap)) ** 5 - (1.0 + a * np.asarray(wedge)) ** 5) / (5.0 * a * np.asarray(flow))
