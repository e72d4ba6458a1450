"""The example case: a year of a person with pulmonary arterial hypertension, and what each action does."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Effect, Example
from vitruvian.kinds.circulation import actions as do

DAY = 86400.0
QUARTER = 90 * DAY
SUPER = "SUPER-1 (Galie, NEJM 353:2148, 2005): mPAP -2 to -5 mmHg; widened for the law's prior"
BARST = "Barst, NEJM 334:296 (1996): mPAP -8 %; widened for the law's prior"
MERIT = "MERIT-HF (1999): -10 /min; dose and persons differ"
ASSUMED = "assumed direction and size"


def example() -> Example:
    """Catheter at the start and at a year, echo and MRI each quarter, cuff monthly, wearable every ten days."""
    case = Case(do.Patient(condition="PAH moderate"), (do.PDE5Inhibitor(at=30 * DAY, dose=60.0),))
    at = 100 * DAY
    effects = (
        Effect(do.PDE5Inhibitor(at=at, dose=240.0), "mpap_mean", QUARTER, -4.0, -0.05, SUPER),
        Effect(do.Prostacyclin(at=at, dose=10.0), "mpap_mean", QUARTER, -8.0, -0.3, BARST),
        Effect(do.Nitrate(at=at, dose=60.0), "pawp_mean", QUARTER, -4.0, -0.3, ASSUMED),
        Effect(do.Diuretic(at=at, dose=40.0), "pawp_mean", QUARTER, -4.0, -0.3, ASSUMED),
        Effect(do.BetaBlocker(at=at, target=100.0), "rate_mean", QUARTER, -13.0, -4.0, MERIT),
        Effect(do.Fluid(at=at, volume=500.0), "pawp_mean", 5 * DAY, 0.1, 4.0, ASSUMED),
        Effect(do.Exercise(at=at, power=40.0), "output_highest", DAY, 1.0, 6.0, "0.05 to 0.1 L/min/W: Kovacs 2009"),
        Effect(do.Pacing(at=at, correction=0.7), "qrs_shortest", QUARTER, -25.0, -2.0, "in the prior: QRS near 100 ms"),
    )
    rare, visits = np.array([0.0, 360.0]) * DAY, np.array([0.0, 90.0, 180.0, 270.0, 360.0]) * DAY
    monthly = np.arange(0.0, 361.0, 30.0) * DAY
    observed = {
        "sbp": monthly, "dbp": monthly, "qrs": visits, "lv_edv": visits, "lv_ef": visits, "pasp": visits,
        "rv_edv": visits, "rv_ef": visits, "cardiac_output": rare, "mpap": rare, "pawp": rare, "rap": rare,
        "heart_rate": monthly, "activity": monthly,
    }  # fmt: skip
    return Example(case, 0.0, 365 * DAY, observed, effects)
