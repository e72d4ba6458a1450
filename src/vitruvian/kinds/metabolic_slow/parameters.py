"""Constants and priors of the slow layer, each with its source."""

from __future__ import annotations

import math

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal, Normal
from vitruvian.kinds.metabolic_slow.actions import Patient
from vitruvian.models import betacell, redcells

# glucose that appears in a day: 1.9 mg/kg/min from the liver (DeFronzo, Diabetes 37:667, 1988) at 85 kg; 200 g eaten
GRAMS = 410.0  # g/day, both, 0.9 of what is eaten
EATEN = 0.45  # share of it that was eaten
COMPENSATED = 0.5  # share of glucose lost in urine that the liver makes anew: Ferrannini, J Clin Invest 124:499 (2014)
KCAL = 4.0  # kcal per g of glucose
FLOOR, ALARM = 100.0, 4.0  # mg/dL of mean glucose below which the liver makes more, and its power: assumed
URINE_AT, EGFR_AT = 150.0, 90.0  # mg/dL and mL/min/1.73 m2 at which `Doing.urine` is meant
USUAL_EGFR = 85.0  # where it is not known: assumed

# liver fat: -30 % in a week, -77 % in eight, of 600 kcal/day: Lim et al., Diabetologia 54:2506 (2011)
LIVER_DAYS, LIVER_FAT_POWER, LIVER_ENERGY = 10.0, 3.0, 0.9

# beta cells
RECOVERY_DAYS = 56.0  # days: insulin response regained in eight weeks, Lim 2011
LOSS, POWER = 0.10, 3.0  # share of weight at which `recovery` is meant; power of the loss: set with it
REGAINED = 1.0  # log factor of function that can be regained at most, after 5 years of diabetes: set with it
TOXICITY = 0.45  # power of glucose in what recovers: assumed; direction Rossetti, Diabetes Care 13:610 (1990)

# sleep: insulin's action -20 % of 4 h less: Donga, JCEM 95:2963 (2010), -25 % after one night; specification 2C
NIGHT, SHORT, LEAST_ACTION = 7.5, 0.20 / 4.0, 0.7  # h; share per h; share that is left at least

# what is fasting in blood
USUAL_TRIGLYCERIDES = 150.0  # mg/dL where it is not known: assumed, median of type 2 diabetes in NHANES

# moving
WALK = 3.3 / 60.0  # kcal/kg/min of brisk walking beside rest: 4.3 MET less one (Ainsworth, 2011)
WALK_ACTION = (
    0.10  # log insulin action per 30 min/day: Conn, Diabet Med 31:1004 (2014), -0.4 to -0.6 % HbA1c... assumed
)

ASSUMED = "spread between persons assumed"
PARAMETERS = (
    Parameter("glucose", "mg/dL", LogNormal.around(160.0, 0.25), "see `population`", "mean glucose at the start"),
    Parameter("gap", "%", Normal(0.0, 0.4), "sd of HbA1c at one mean glucose: ADAG, Nathan 2008", "own glycation gap"),
    Parameter(
        "sensitivity",
        "mL/uU/d",
        LogNormal.around(0.4 * betacell.SI, 0.4),
        "Topp 2000, in type 2 diabetes 40 % of it (DeFronzo 1988)",
        "insulin's action",
    ),
    Parameter(
        "slope",
        "1",
        LogNormal.around(1.15, 0.25),
        "specification 2D: 1 to 1.5",
        "power of fat mass in insulin's action",
    ),
    Parameter(
        "liver", "1", LogNormal.around(0.28, 0.3), "glucose -36 % in a week, Lim 2011", "production due to liver fat"
    ),
    Parameter(
        "recovery",
        "1",
        LogNormal.around(0.25, 1.4),
        "set to remission by weight lost, DiRECT (Lean, Lancet 391:541, 2018)",
        "log factor of function that a loss of 10 % of weight gives back, far below its most",
    ),
    Parameter(
        "decline", "/a", LogNormal.around(0.04, 0.5), "UKPDS 16, Diabetes 44:1249 (1995)", "beta cells lost a year"
    ),
    Parameter("response", "1", LogNormal.around(1.0, 0.25), ASSUMED, "factor of what medicines do"),
    Parameter(
        "hunger", "kcal/kg/d", LogNormal.around(95.0, 0.3), "Polidori, Obesity 24:2289 (2016)", "intake per kg lost"
    ),
    Parameter(
        "swing",
        "1",
        LogNormal.around(1.0, 0.25),
        "README: a day's spread over that of the fast layer; spread between persons: Shanghai, CGMacros",
        "factor of the spread of glucose over the day",
    ),
    Parameter("unsaid", "kcal/d", Normal(0.0, 100.0), ASSUMED, "change of intake that nobody told"),
)

LOST_WITH_YEARS = 8.0  # years of diabetes in which what can be regained falls to a third: assumed, direction DiRECT
MEASURED = 0.2  # %, a laboratory's HbA1c: NGSP, within 0.4 in 95 %


def population(patient: Patient) -> PopulationPrior:
    """Mean glucose and gap by the HbA1c at the start."""
    if patient.hba1c is None:
        return PopulationPrior((), np.zeros(0), np.zeros((0, 0)), "no HbA1c at the start")
    by_name = {p.name: p.prior for p in PARAMETERS}
    glucose, gap = by_name["glucose"], by_name["gap"]
    assert isinstance(glucose, LogNormal)
    assert isinstance(gap, Normal)
    level = max(redcells.glucose_of(patient.hba1c), 60.0)
    own = redcells.SLOPE * gap.sd / level / glucose.sigma  # z of glucose a z of the gap
    assay = redcells.SLOPE * MEASURED / level / glucose.sigma
    cov = np.array([[own**2 + assay**2, -own], [-own, 1.0]])
    return PopulationPrior(("glucose", "gap"), np.array([glucose.z(level), 0.0]), cov, "own HbA1c at the start")


def regained(years: float) -> float:
    """Log factor of function that can be regained at most, after so many years of diabetes."""
    return REGAINED * math.exp((5.0 - years) / LOST_WITH_YEARS)
