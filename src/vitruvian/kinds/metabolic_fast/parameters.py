"""Constants and priors of the fast layer beyond its published parameter sets, each with its source.

Every factor has median 1: at the median the person is the published average of its set.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal, Normal
from vitruvian.models.dallaman import NORMAL, PREDIABETES, TYPE2, ParameterSet, average
from vitruvian.models.glucose_actions import Person

# food beside carbohydrate
BITE = 15.0  # min, duration of a meal: assumed, as in simglucose's examples
ENERGY = {"fat": 9.0, "protein": 4.0, "fibre": 15.0}  # kcal/g that brake the stomach; fibre's (by viscosity) assumed
BRAKE = 600.0  # kcal in the stomach that halve its emptying: size assumed; Hunt & Stubbs, J Physiol 245:209 (1975)
LEAVING = 130.0  # min, time constant of that energy in the stomach: half-emptying of solids 90 min (Camilleri, 1985)
DIGESTED, USED = 60.0, 120.0  # min, protein to amino acids, and these away: assumed
GLUCOSE_FROM_PROTEIN = 0.08  # g/g net: half of 4 g from 23 g in 8 h (Fromentin, Diabetes 62:1435, 2013); half assumed
INCRETIN = 12.0  # g of amino acids that double secretion's gain: assumed; direction Nuttall, Diabetes Care 7:465 (1984)
LYMPH, CLEARED = 120.0, 240.0  # min, fat to blood and away: triglycerides peak at 3 to 4 h; assumed
LIPID = 60.0  # g of fat in blood that halve insulin's action: 60 g ask for 42 % more insulin (Wolpert, 2013)

# effort
TAU_E1 = 5.0  # min, uptake follows the heart: Dalla Man et al., J Diabetes Sci Technol 3:56 (2009)
TAU_E2 = 600.0  # min, sensitivity after exercise: the same
AFTER = 0.05  # per MET-hour: + 30 % after an hour at 64 % of VO2max (Mikines et al., Am J Physiol 254:E248, 1988)
RESTING = 65.0  # /min, heart rate at rest where the case has no series of it: assumed

# the clock (for a night see models/glucose_sleep.py)
PEAK = 8.0  # h of the local clock at which `morning` is meant: breakfast

KB = 0.000889  # /min, long-acting insulin: half-life 13 h of glargine U100 (Heise & Mathieu, Diabetes Obes Metab 2017)
COUNTER, ALARM = 0.06, 65.0  # mg/kg/min per mg/dL below; mg/dL: answer to hypoglycaemia, size assumed
COUNTER_MOST = 3.0  # mg/kg/min, most of it: twice the basal production, assumed
MIX = {"protein": 0.45, "fat": 0.40, "fibre": 0.08}  # g per g carbohydrate where not given: CGMacros means
PMOL = 6.0  # pmol of insulin per m[iU]: Vølund, Diabet Med 10:839 (1993)

SPREAD = "spread between persons assumed; median 1 is the published set"
PARAMETERS = (
    Parameter("Gb", "mg/dL", LogNormal.around(105.0, 0.25), "see `population`", "glucose without meals or doses"),
    Parameter("sensitivity", "1", LogNormal.around(1.0, 0.35), SPREAD, "factor of insulin's action, uptake and liver"),
    Parameter("secretion", "1", LogNormal.around(1.0, 0.4), SPREAD, "factor of secretion's answer to glucose"),
    Parameter("emptying", "1", LogNormal.around(1.0, 0.25), SPREAD, "factor of the stomach's rates"),
    Parameter("portion", "1", LogNormal.around(1.0, 0.2), "estimates err by 20 % (Brazeau, 2013)", "eaten over logged"),
    Parameter("walk", "1", LogNormal.around(0.35, 0.4), "README: walks after meals", "uptake per MET, x basal uptake"),
    Parameter("morning", "1", Normal(0.0, 0.15), "see `population`", "log insulin action at breakfast, over the day's"),
    Parameter("start", "1", Normal(0.0, 0.15), "assumed", "log glucose at the start over Gb"),
    Parameter("libre_bias", "mg/dL", Normal(0.0, 20.0), "as in the kind `metabolic`", "a Libre's reading less glucose"),
)

# log action at breakfast: healthy higher (Saad et al., Diabetes 61:2691, 2012), type 1 lower (Hinshaw et al., Diabetes
# 62:2223, 2013); sizes assumed
MORNING = {"none": 0.12, "prediabetes": 0.05, "type2": 0.0, "type1": -0.12}
FASTING_SD = {
    "none": 0.07,
    "prediabetes": 0.08,
    "type2": 0.25,
    "type1": 0.2,
}  # log: CGMacros, spread of fasting glucose
MEASURED_SD = 0.06  # log: one laboratory value against the week's: biological variation 5 % (EFLM)


def set_of(person: Person) -> ParameterSet:
    """The published set of this person's diagnosis, in type 1 diabetes by age."""
    if person.diabetes == "type1":
        age = 40.0 if person.age is None else person.age
        return average("child" if age < 12 else "adolescent" if age < 19 else "adult")
    return {"none": NORMAL, "prediabetes": PREDIABETES, "type2": TYPE2}[person.diabetes]


def population(person: Person) -> PopulationPrior:
    """Gb as measured or of the set, and the clock's effect of the diagnosis."""
    known = person.fasting_glucose is not None
    level = person.fasting_glucose if person.fasting_glucose is not None else set_of(person).Gb
    by_name = {p.name: p.prior for p in PARAMETERS}
    gb, morning = by_name["Gb"], by_name["morning"]
    assert isinstance(gb, LogNormal)
    sd = (MEASURED_SD if known else FASTING_SD[person.diabetes]) / gb.sigma
    source = "its own fasting glucose" if known else set_of(person).name
    mean = np.array([gb.z(level), morning.z(MORNING[person.diabetes])])
    return PopulationPrior(("Gb", "morning"), mean, np.diag([sd**2, 1.0]), source)
