"""The basal state of a parameter set: what must hold so that glucose stands still in a fast.

    Gpb = Gb VG;  Ipb = Ib VI;  m3b = HEb m1 / (1 - HEb)
    EGPb = Fcns + Eb + Uidb,  Eb = ke1 max(0, Gpb - ke2)                 glucose in = glucose out
    Gtb = (k1 Gpb - Uidb) / k2;  Vm0 = Uidb (Km0 + Gtb) / Gtb            tissue
    kp1 = EGPb + kp2 Gpb + kp3 Ib + kp4 Ipob                              liver
    with secretion:    Sb = Ipb (m2 + m4) / (1 - HEb) - m2 Ipb,  m6 = HEb + m5 Sb,  Ipob = Sb / gamma
    without:           infusion ub = Ipb (m2 + m4) - m1 Ilb,  S1b = ub / (kd + ka1),  S2b = kd S1b / ka2
    Ilb = (Sb + m2 Ipb) / (m1 + m3b)

Reference: Dalla Man, Rizza & Cobelli, IEEE Trans Biomed Eng 54:1740 (2007), the constraints beside each subsystem.
Holds for EGPb > Fcns + Eb: else no basal state exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitruvian.core.prior import namespace
from vitruvian.models.dallaman.sets import ParameterSet


@dataclass(frozen=True)
class Basal:
    """What follows from a parameter set; numbers or arrays (member,)."""

    Gpb: Any  # mg/kg
    Gtb: Any  # mg/kg
    Ib: Any  # pmol/L
    Ipb: Any  # pmol/kg
    Ilb: Any  # pmol/kg
    Ipob: Any  # pmol/kg
    Sb: Any  # pmol/kg/min
    ub: Any  # pmol/kg/min, basal infusion under the skin
    S1b: Any  # pmol/kg
    S2b: Any  # pmol/kg
    kp1: Any  # mg/kg/min
    Vm0: Any  # mg/kg/min
    m6: Any
    rise: Any  # 2 D aa: steepness of the stomach's brake when it sets in
    fall: Any  # 2 D cc: and when it lets go


def basal(p: ParameterSet) -> Basal:
    """The basal state; elementwise."""
    Gpb, Ipb = p.Gb * p.VG, p.Ib * p.VI
    Eb = p.ke1 * namespace(Gpb).maximum(0.0, Gpb - p.ke2)
    Uidb = p.EGPb - p.Fcns - Eb
    Gtb = (p.k1 * Gpb - Uidb) / p.k2
    Sb = p.secreting * (Ipb * (p.m2 + p.m4) / (1.0 - p.HEb) - p.m2 * Ipb)
    Ilb = (Sb + p.m2 * Ipb) * (1.0 - p.HEb) / p.m1
    ub = (1.0 - p.secreting) * (Ipb * (p.m2 + p.m4) - p.m1 * Ilb)
    S1b = ub / (p.kd + p.ka1)
    Ipob = Sb / p.gamma
    return Basal(
        Gpb=Gpb,
        Gtb=Gtb,
        Ib=p.Ib,
        Ipb=Ipb,
        Ilb=Ilb,
        Ipob=Ipob,
        Sb=Sb,
        ub=ub,
        S1b=S1b,
        S2b=p.kd * S1b / p.ka2,
        kp1=p.EGPb + p.kp2 * Gpb + p.kp3 * p.Ib + p.kp4 * Ipob,
        Vm0=Uidb * (p.Km0 + Gtb) / Gtb,
        m6=p.HEb + p.m5 * Sb,
        rise=5.0 / (1.0 - p.b),
        fall=5.0 / p.d,
    )
