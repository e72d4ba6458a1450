"""Parameter sets by condition, priors around them, and what actions do, each with its source. At a BSA of 1.9 m2."""

from __future__ import annotations

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal, Normal
from vitruvian.kinds.circulation.actions import Patient

ASSUMED = "set by hand so that the set lies in its published ranges (evidence circ.sets); spread assumed"
PVR = "PAH by severity: Humbert et al., Eur Heart J 43:3618 (2022); spread assumed"
RC_SOURCE = "R C of the lungs 0.48 (0.17) s: Tedford et al., Circulation 125:289 (2012)"

PARAMETERS = (
    Parameter("rate", "/min", LogNormal.around(68.0, 0.12), "Nauman, JAMA 306:2579 (2011)", "resting heart rate"),
    Parameter("stressed", "mL", LogNormal.around(980.0, 0.12), ASSUMED, "stressed blood volume"),
    Parameter("E_lv", "mm[Hg]/mL", LogNormal.around(2.4, 0.2), ASSUMED, "left ventricular end-systolic elastance"),
    Parameter("V0_lv", "mL", Normal(15.0, 8.0), ASSUMED, "left ventricular volume at no pressure"),
    Parameter("A_lv", "mm[Hg]", LogNormal.around(0.6, 0.3), ASSUMED, "left ventricular diastolic stiffness"),
    Parameter("delay", "s", LogNormal.around(0.012, 0.4), ASSUMED, "delay of the left lateral wall"),
    Parameter("E_rv", "mm[Hg]/mL", LogNormal.around(0.65, 0.25), ASSUMED, "right ventricular end-systolic elastance"),
    Parameter("V0_rv", "mL", Normal(30.0, 10.0), ASSUMED, "right ventricular volume at no pressure"),
    Parameter("A_rv", "mm[Hg]", LogNormal.around(0.8, 0.3), ASSUMED, "right ventricular diastolic stiffness"),
    Parameter("R_sys", "mm[Hg].s/mL", LogNormal.around(0.95, 0.15), ASSUMED, "systemic resistance"),
    Parameter("C_sys", "mL/mm[Hg]", LogNormal.around(1.5, 0.2), ASSUMED, "systemic arterial compliance"),
    Parameter("R_pul", "mm[Hg].s/mL", LogNormal.around(0.06, 0.3), PVR, "pulmonary resistance"),
    Parameter("RC_pul", "s", LogNormal.around(0.46, 0.3), RC_SOURCE, "pulmonary time constant: R C of the bed"),
    Parameter("progression", "/a", Normal(0.0, 0.02), "assumed; see SHIFTS", "progression: rise of log resistance"),
    Parameter("adaptation", "1", LogNormal.around(0.5, 0.3), "assumed, direction: Vonk Noordegraaf 2017",
              "adaptation: power of right ventricular elastance in the rise of resistance"),
    Parameter("failing", "/a", Normal(0.0, 0.02), "assumed", "failing: fall of log right ventricular elastance"),
    Parameter("response", "1", LogNormal.around(1.0, 0.3), "spread assumed", "response to drugs: factor"),
    Parameter("habit", "/d", LogNormal.around(7000.0, 0.35), "Althoff et al., Nature 547:336 (2017); spread assumed",
              "habitual activity: steps a day at a cardiac index of 2.8"),
)  # fmt: skip
NAMES = tuple(p.name for p in PARAMETERS)

# median by condition where it differs from the prior's own, and its spread (of the log; of V0 and rates: itself)
SHIFTS: dict[str, dict[str, tuple[float, float]]] = {
    "healthy": {},
    "HFrEF": {
        "rate": (76.0, 0.12), "stressed": (1000.0, 0.12), "E_lv": (0.95, 0.2), "V0_lv": (75.0, 15.0),
        "A_lv": (0.8, 0.3), "R_sys": (1.15, 0.15), "R_pul": (0.09, 0.35), "habit": (4500.0, 0.4),
    },
    "LBBB": {
        "rate": (74.0, 0.12), "stressed": (1000.0, 0.12), "E_lv": (1.05, 0.2), "V0_lv": (75.0, 15.0),
        "A_lv": (0.8, 0.3), "delay": (0.075, 0.2), "R_sys": (1.15, 0.15), "R_pul": (0.09, 0.35), "habit": (4500.0, 0.4),
    },
    "PAH mild": {
        "rate": (74.0, 0.12), "E_rv": (0.8, 0.25), "V0_rv": (35.0, 10.0), "R_pul": (0.22, 0.3),
        "progression": (0.06, 0.12), "failing": (0.04, 0.08), "habit": (5500.0, 0.4),
    },
    "PAH moderate": {
        "rate": (78.0, 0.12), "E_rv": (0.8, 0.25), "V0_rv": (42.0, 12.0), "R_pul": (0.38, 0.3),
        "progression": (0.08, 0.14), "failing": (0.06, 0.10), "habit": (4800.0, 0.4),
    },
    "PAH severe": {
        "rate": (86.0, 0.12), "stressed": (1050.0, 0.12), "E_rv": (0.75, 0.25), "V0_rv": (52.0, 15.0),
        "R_pul": (0.58, 0.3), "progression": (0.10, 0.16), "failing": (0.08, 0.12), "habit": (3800.0, 0.4),
    },
}  # fmt: skip

# what actions do at a response of 1: change of a logarithm, unless said
PDE5, PDE5_HALF = 0.26, 40.0  # at most, mg/d at half: SUPER-1 (Galie, NEJM 353:2148, 2005): PVR -14 % at 60 mg/d
PROSTACYCLIN, PROSTACYCLIN_SYS = (
    0.024,
    0.006,
)  # a ng/kg/min: Barst, NEJM 334:296 (1996), PVR -21 % at 9; systemic assumed
NITRATE_VEIN, NITRATE_SYS = 0.0010, 0.0010  # a mg/d: assumed; filling pressures -15 to -30 %, Elkayam 1996
DIURETIC, DIURETIC_HALF = 0.16, 50.0  # of stressed volume at most, mg/d at half: assumed, direction DOSE (Felker 2011)
BLOCK_RATE, BLOCK_FORCE = 0.14, 0.08  # at target: MERIT-HF (Lancet 353:2001, 1999): 83 to 73 /min; force assumed
REMODEL_BLOCK, REMODEL_PACE = 0.22, 0.30  # of V0_lv above 20 mL, over months: Groenning, JACC 36:2072 (2000); assumed
KEPT = 0.25  # of a crystalloid's volume stays within the vessels: Hahn, Anesthesiology 113:470 (2010)
WATT_RATE, WATT_SYS, WATT_FORCE, WATT_VEIN = (
    0.006,
    -0.0075,
    0.004,
    0.002,
)  # a W: assumed after Kovacs, ERJ 34:888 (2009)
WATT_PUL = -0.0015  # a W: assumed, distension and recruitment
LIMIT_RV = (-1.2, 1.0)  # log RV elastance moves within these: assumed
DILATING = 0.35  # V0_rv rises by this share of itself per unit of log resistance not matched by force: assumed
QRS0, QRS_DELAY = 92.0, 850.0  # ms; ms a s of delay: 160 at LBBB's 0.08 s (ESC 2021: QRS >= 150); linear assumed
ACTIVE, BACK = 0.8, 0.03  # powers: steps by cardiac index; by RA pressure above 6 mmHg: assumed

# days
TAU_DRUG, TAU_VOLUME, TAU_RV, TAU_REMODEL = 14.0, 6.0, 60.0, 90.0  # assumed; remodelling over 6 months: Groenning 2000


def population(patient: Patient) -> PopulationPrior:
    """The parameters' priors moved to the condition's set: an affine map of z."""
    shifts = SHIFTS[patient.condition]
    by_name = {p.name: p.prior for p in PARAMETERS}
    names = tuple(shifts)
    if not names:
        return PopulationPrior()
    mean, sd = [], []
    for name, (median, spread) in shifts.items():
        prior = by_name[name]
        mean.append(prior.z(median))
        sd.append(spread / (prior.sigma if isinstance(prior, LogNormal) else prior.sd))  # pyright: ignore[reportAttributeAccessIssue]
    return PopulationPrior(names, np.array(mean), np.diag(np.square(sd)), f"set '{patient.condition}'")
