"""Constants and priors of the metabolic kind, each with its source.

Person-to-person priors are wide on purpose: `population` narrows and correlates them with what was learned from a data
set, or from what is known of the person.
"""

from __future__ import annotations

from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogitNormal, LogNormal, Normal

# fixed: what a glucose sensor alone cannot tell apart from the parameters below
VG = 1.45  # dL/kg, glucose distribution volume: ReplayBG (Cappon et al., IEEE Trans Biomed Eng 70:3105, 2023)
F = 0.90  # share of eaten carbohydrate that reaches plasma: Dalla Man 2007, table I
KE = 0.127  # /min, insulin clearance rate: ReplayBG
KD, KA2 = 0.0299, 0.0137  # /min, rapid insulin under the skin: ReplayBG, medians exp(-3.5090), exp(-4.2875)
KB = 0.000889  # /min, long-acting insulin: half-life 13 h of glargine U100 (Heise & Mathieu, Diabetes Obes Metab 2017)
X_MAX = 0.09  # /min, saturation of insulin action: 11 mg/kg/min disposal (Rizza et al., Am J Physiol 240:E630, 1981)
X_BASAL = 0.004  # /min, action of basal insulin: SI 5e-4 /min per mU/L x 8 mU/L (Bergman, Diabetes 38:1512, 1989)
RENAL, TUBULAR, SPLAY = 0.0107, 300.0, 30.0  # /min = GFR 1.2 dL/min / (1.45 dL/kg x 80 kg); mg/dL: DeFronzo 2013
COUNTER, ALARM, WIDTH = 0.03, 65.0, 5.0  # /min, mg/dL: hepatic response to hypoglycaemia, size assumed
TAU_E = 15.0  # min, rise and fall of exercise's effect: assumed
PULSE = 20.0  # min, duration of a meal: assumed
LAG = 3.4  # min, sensor behind blood: mean of CGMacros' population; a person's own cannot be told from meal delays
DELAY_MAX = 60.0  # min, longest time from log to first bite: ReplayBG
MIX = {"protein": 0.45, "fat": 0.40, "fibre": 0.08}  # g per g carbohydrate where not given: CGMacros means

SECOND = 1.0 / 60.0
REPLAY, OMM, ASSUMED = "ReplayBG priors", "oral minimal model (Cobelli et al., Diabetes 63:1203, 2014)", "assumed"


def _within(low: float, high: float, median: float, spread: float = 1.0) -> LogitNormal:
    """Between bounds beyond which the parameter would mean something else; spread on the logit scale."""
    return LogitNormal.around(low, high, median, spread)


PARAMETERS = (
    Parameter("Gb", "mg/dL", LogNormal.around(115.0, 0.2), "CGMacros: fasting 79 to 195", "glucose without meals"),
    Parameter("SG", "/min", _within(0.008, 0.06, 0.03), f"{REPLAY}: lognormal(-3.8, 0.5)", "glucose effectiveness"),
    Parameter(
        "D",
        "/min/(mg/dL)",
        LogNormal.around(3e-4, 1.0),
        f"{OMM}: SI x static responsivity, healthy about 9e-4, type 2 below 1e-4",
        "insulin secreted per glucose times what it does: one product, since sensor glucose cannot part the two",
    ),
    Parameter(
        "Td", "min", _within(0.0, 40.0, 12.0), f"{OMM}: dynamic / static, about 10", "secretion on rising glucose"
    ),
    Parameter("p2", "/min", _within(0.008, 0.1, 0.03), f"{OMM}; {REPLAY}: 0.012", "rate of remote insulin action"),
    Parameter("kq", "/min", _within(0.025, 0.15, 0.06), f"{REPLAY}: kempt 0.14, widened", "gastric and gut transit"),
    Parameter("kl", "/min", _within(0.003, 0.02, 0.007), "slow part of a mixed meal: assumed", "slow emptying"),
    Parameter("s0", "1", _within(0.0, 3.0, 1.0), ASSUMED, "slow share of pure carbohydrate (-log of fast share)"),
    Parameter("s_mix", "1", _within(0.0, 1.5, 0.2), ASSUMED, "the same, per g of fat and protein per g carbohydrate"),
    Parameter("y_protein", "g/g", _within(0.0, 0.6, 0.2), ASSUMED, "glucose from protein, slow"),
    Parameter("level_cos", "1", Normal(0.0, 0.08), ASSUMED, "daily rhythm of the level without meals, midnight"),
    Parameter("level_sin", "1", Normal(0.0, 0.08), ASSUMED, "the same, six in the morning"),
    Parameter("action_cos", "1", Normal(0.0, 0.3), ASSUMED, "daily rhythm of log insulin action, midnight"),
    Parameter("action_sin", "1", Normal(0.0, 0.3), ASSUMED, "the same, six in the morning"),
    Parameter("dose_action", "/[iU]", LogNormal.around(0.4, 0.6), "1800 rule; see README", "action of one unit"),
    Parameter("walk", "/min", LogNormal.around(0.0012, 0.6), "README: post-meal walks", "uptake per MET above rest"),
    Parameter(
        "libre_bias",
        "mg/dL",
        Normal(0.0, 20.0),
        "CGMacros: Libre Pro less Dexcom G6 of one person -33, sd 14 (mean, between persons)",
        "reading of a Libre less glucose, Dexcom being taken as right",
    ),
    Parameter("start", "1", Normal(0.0, 0.25), ASSUMED, "log glucose at the start over the level without meals"),
    Parameter(
        "delay",
        "min",
        LogitNormal.around(0.0, DELAY_MAX, 8.0, 1.0),
        f"{REPLAY}: U(0, 60); meal logs are mostly on time",
        "from logged time to first bite",
        ("meal",),
    ),
    Parameter(
        "amplitude",
        "1",
        LogNormal.around(1.0, 0.3),
        "20 to 30 % of carbohydrate estimates err (Brazeau et al., Diabetes Res Clin Pract 99:e19, 2013)",
        "true over logged size",
        ("meal",),
    ),
)
