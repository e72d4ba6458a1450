"""Parameter sets of the meal model, named after the papers they stand in.

NORMAL and TYPE2 are the two columns of table I of Dalla Man, Rizza & Cobelli, IEEE Trans Biomed Eng 54:1740 (2007); no
copy of the paper was at hand. Printed values of NORMAL were compared with two independent public transcriptions of the
table, those of TYPE2 with one; kp1, m6 and Vm0 are not given but follow from the basal state, and agree with print
within 1 % (tests/science).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParameterSet:
    """Numbers of one person, or arrays (member,) of many; everything that does not follow from the basal state."""

    name: str
    source: str
    BW: Any  # kg, body weight
    Gb: Any  # mg/dL, basal glucose
    Ib: Any  # pmol/L, basal insulin
    EGPb: Any  # mg/kg/min, basal endogenous production
    VG: Any  # dL/kg
    k1: Any  # /min
    k2: Any  # /min
    VI: Any  # L/kg
    m1: Any  # /min
    m2: Any  # /min
    m4: Any  # /min
    m5: Any  # min kg/pmol
    HEb: Any  # basal hepatic extraction
    kmax: Any  # /min
    kmin: Any  # /min
    kabs: Any  # /min
    f: Any  # share of eaten glucose that reaches plasma
    b: Any
    d: Any
    kp2: Any  # /min
    kp3: Any  # mg/kg/min per pmol/L
    kp4: Any  # mg/kg/min per pmol/kg
    ki: Any  # /min
    Fcns: Any  # mg/kg/min
    Vmx: Any  # mg/kg/min per pmol/L
    Km0: Any  # mg/kg
    p2U: Any  # /min
    K: Any  # pmol/kg per mg/dL
    alpha: Any  # /min
    beta: Any  # pmol/kg/min per mg/dL
    gamma: Any  # /min
    ke1: Any  # /min
    ke2: Any  # mg/kg
    kd: Any  # /min, subcutaneous insulin
    ka1: Any  # /min
    ka2: Any  # /min
    ksc: Any  # /min, interstitial glucose
    secreting: Any  # 1: basal insulin comes from the pancreas; 0: from an infusion under the skin

    def numbers(self) -> dict[str, Any]:
        """All but name and source."""
        return {n: getattr(self, n) for n in NUMBERS}


NUMBERS = tuple(f.name for f in dataclasses.fields(ParameterSet) if f.name not in ("name", "source"))

SENSOR = 0.0896  # /min: median ksc of the 30 virtual patients; 11 min
RAPID = {"kd": 0.0162, "ka1": 0.0035, "ka2": 0.0171}  # /min: medians of the 30 virtual patients

NORMAL = ParameterSet(
    name="DallaMan2007 normal",
    source="Dalla Man et al., IEEE Trans Biomed Eng 54:1740 (2007), table I, normal; 204 subjects",
    BW=78.0,  # their mean; figure 1: 78 g of glucose at 1 g/kg
    Gb=92.0,  # figure 1, as digitised; with it the printed kp1 and Vm0 follow
    Ib=25.5,  # figure 1; with it the printed m6 follows
    EGPb=1.92,  # figure 1
    VG=1.88,
    k1=0.065,
    k2=0.079,
    VI=0.05,
    m1=0.190,
    m2=0.484,
    m4=0.194,
    m5=0.0304,
    HEb=0.6,
    kmax=0.0558,
    kmin=0.0080,
    kabs=0.057,
    f=0.90,
    b=0.82,
    d=0.010,
    kp2=0.0021,
    kp3=0.009,
    kp4=0.0618,
    ki=0.0079,
    Fcns=1.0,
    Vmx=0.047,
    Km0=225.59,
    p2U=0.0331,
    K=2.30,
    alpha=0.050,
    beta=0.11,
    gamma=0.5,
    ke1=0.0005,
    ke2=339.0,
    **RAPID,
    ksc=SENSOR,
    secreting=1.0,
)

TYPE2 = ParameterSet(
    name="DallaMan2007 type 2",
    source="Dalla Man et al., IEEE Trans Biomed Eng 54:1740 (2007), table I, type 2 diabetes; 14 subjects",
    BW=91.0,  # from memory
    Gb=164.0,  # from memory; with it the printed Vm0 and kp1 follow
    Ib=54.0,  # from memory
    EGPb=2.016,  # not printed: the value from which the printed kp1 and Vm0 follow
    VG=1.49,
    k1=0.042,
    k2=0.071,
    VI=0.0443,  # printed 0.04; from printed m6, m5, m2, m4 and Ib, within its rounding
    m1=0.379,
    m2=0.673,
    m4=0.269,
    m5=0.0526,
    HEb=0.6,
    kmax=0.0465,
    kmin=0.0076,
    kabs=0.023,
    f=0.90,
    b=0.68,
    d=0.09,
    kp2=0.0007,
    kp3=0.005,
    kp4=0.0786,
    ki=0.0066,
    Fcns=1.0,
    Vmx=0.034,
    Km0=466.21,
    p2U=0.0840,
    K=0.99,
    alpha=0.013,
    beta=0.05,
    gamma=0.5,
    ke1=0.0007,
    ke2=269.0,
    **RAPID,
    ksc=SENSOR,
    secreting=1.0,
)


def between(
    name: str, source: str, low: ParameterSet, high: ParameterSet, share: float, **fixed: float
) -> ParameterSet:
    """The set that lies this share of the way from `low` to `high`, on a logarithmic scale."""

    def mean(x: float, y: float) -> float:
        return math.exp((1 - share) * math.log(x) + share * math.log(y))

    values = {n: mean(getattr(low, n), getattr(high, n)) for n in NUMBERS}
    return ParameterSet(name=name, source=source, **(values | fixed))


PREDIABETES = between(
    "halfway to type 2",
    "assumed: geometric mean of the two columns of Dalla Man 2007; no meal model of prediabetes is printed",
    NORMAL,
    TYPE2,
    0.5,
    Gb=108.0,  # mg/dL: the middle of ADA's range for impaired fasting glucose, 100 to 125, weighted to its low end
)


def stacked(sets: Sequence[ParameterSet], name: str = "several", source: str = "of several") -> ParameterSet:
    """One set whose numbers are arrays (member,)."""
    return ParameterSet(
        name=name, source=source, **{n: np.array([getattr(s, n) for s in sets], dtype=np.float64) for n in NUMBERS}
    )


def averaged(sets: Sequence[ParameterSet], name: str, source: str) -> ParameterSet:
    """Geometric mean of every number: the average person of a group (0 where all are 0)."""
    many = stacked(sets)
    values = {
        n: float(np.exp(np.mean(np.log(v)))) if np.all(v > 0) else float(np.mean(v)) for n, v in many.numbers().items()
    }
    return ParameterSet(name=name, source=source, **values)
