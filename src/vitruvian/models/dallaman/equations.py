"""The meal model of Dalla Man, Rizza & Cobelli (2007), with UVA/Padova's insulin under the skin (2008), for one member.

    stomach and gut, mg
    dQ1/dt = -kmax Q1 + eaten;  dQ2/dt = kmax Q1 - kempt Q2;  dQgut/dt = kempt Q2 - kabs Qgut;  Ra = f kabs Qgut / BW
    kempt  = kmin + (kmax - kmin)/2 (tanh(aa (Q - b D)) - tanh(cc (Q - d D)) + 2),  Q = Q1 + Q2
             aa = 5 / (2 D (1 - b)),  cc = 5 / (2 D d),  D = what was in the stomach when the meal began + eaten since
    glucose, mg/kg
    EGP    = max(0, kp1 - kp2 Gp - kp3 Id - kp4 Ipo);  E = ke1 max(0, Gp - ke2);  Uid = (Vm0 + Vmx X) Gt / (Km0 + Gt)
    dGp/dt = EGP + Ra - Fcns - E - k1 Gp + k2 Gt;  dGt/dt = -Uid + k1 Gp - k2 Gt;  G = Gp / VG
    insulin, pmol/kg, and its actions, pmol/L
    dIl/dt = -(m1 + m3) Il + m2 Ip + S;  dIp/dt = -(m2 + m4) Ip + m1 Il + ka1 S1 + ka2 S2;  I = Ip / VI
    m3     = HE m1 / (1 - HE),  HE = -m5 S + m6
    dX/dt  = p2U (I - Ib - X);  dI1/dt = ki (I - I1);  dId/dt = ki (I1 - Id)
    secretion, pmol/kg
    S      = gamma Ipo;  dIpo/dt = -S + Y + K max(0, dG/dt) + Sb;  dY/dt = -alpha (Y - max(beta (G - Gb), -Sb))
    insulin under the skin, pmol/kg; what a sensor sees, mg/kg
    dS1/dt = infused - (kd + ka1) S1;  dS2/dt = kd S1 - ka2 S2;  dGs/dt = ksc (Gp - Gs)

References: Dalla Man, Rizza & Cobelli, IEEE Trans Biomed Eng 54:1740 (2007); Dalla Man, Camilleri & Cobelli, ibid.
53:2472 (2006) for the stomach; Kovatchev et al., J Diabetes Sci Technol 3:44 (2009) for the simulator of type 1.
Time in minutes. Holds for one day of meals at rest; leaves out glucagon, exercise, fat, protein: `Now` lets a kind add
them. One change: below 20 mg/dL the brain's uptake Fcns falls in proportion, so that glucose is never negative.

Every function is elementwise: numbers, numpy or JAX arrays (member,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitruvian.core.prior import namespace
from vitruvian.models.dallaman.basal import Basal
from vitruvian.models.dallaman.sets import ParameterSet

STATES = ("Q1", "Q2", "Qgut", "D", "Gp", "Gt", "Gs", "S1", "S2", "Il", "Ip", "X", "I1", "Id", "Ipo", "Y")
SECRETION = 2  # the last rows, which a person without secretion does not need
STARVED = 20.0  # mg/dL, below which the brain's uptake falls: assumed
FLAT = 40.0  # exponent beyond which tanh is 1 to the last digit, and squares are still numbers
SMALLEST = 1.0  # mg, meal size below which the stomach's brake has no meaning


@dataclass(frozen=True)
class Now:
    """What acts at this moment; the published model has only the first two."""

    eaten: Any = 0.0  # mg/min of glucose
    infused: Any = 0.0  # pmol/kg/min under the skin
    reaching: Any = 0.0  # pmol/kg/min into plasma from another depot
    emptying: Any = 1.0  # factor of both rates of the stomach
    action: Any = 1.0  # factor of insulin's action above basal, on uptake and on the liver
    uptake: Any = 1.0  # factor of uptake without insulin
    production: Any = 0.0  # mg/kg/min beside EGP


@dataclass(frozen=True)
class Fluxes:
    """What the paper's figures show: Ra, EGP, U (mg/kg/min), S (pmol/kg/min)."""

    Ra: Any
    EGP: Any
    U: Any
    S: Any


def begin(b: Basal, rows: int = len(STATES)) -> tuple[Any, ...]:
    """The basal state: every rate is zero without food, with the basal infusion where there is no secretion."""
    zero = 0.0 * b.Gpb
    food, glucose, depots = (zero, zero, zero, zero), (b.Gpb, b.Gtb, b.Gpb), (b.S1b, b.S2b)
    return (*food, *glucose, *depots, b.Ilb, b.Ipb, zero, b.Ib, b.Ib, b.Ipob, zero)[:rows]


def eat(x: tuple[Any, ...], starts: Any, eaten: Any = 0.0) -> tuple[Any, ...]:
    """A meal starts (1) or goes on (0): D counts from what is in the stomach; `eaten` mg are added to D at once."""
    D = namespace(x[0]).where(starts > 0, x[0] + x[1], x[3]) + eaten
    return (*x[:3], D, *x[4:])


def kempt(Q: Any, D: Any, p: ParameterSet, b: Basal) -> Any:
    """Rate of emptying, /min; the two tanh written with one exponential each."""
    xp = namespace(Q)
    q = xp.clip(Q / xp.maximum(D, SMALLEST), 0.0, 1.0)  # a filter may move Q and D apart
    A = 1.0 + xp.exp(b.rise * (q - p.b))
    C = 1.0 + xp.exp(xp.minimum(b.fall * (q - p.d), FLAT))
    return p.kmin + (p.kmax - p.kmin) * (1.0 + (A - C) / (A * C))


def fluxes(x: tuple[Any, ...], p: ParameterSet, b: Basal, now: Now) -> Fluxes:
    """What flows at state x."""
    Qgut, Gp, Gt, X, Id = x[2], x[4], x[5], x[11], x[13]
    Ipo = x[14] if len(x) == len(STATES) else 0.0
    EGP = _production(Gp, Id, Ipo, p, b, now)
    return Fluxes(p.f * p.kabs * Qgut / p.BW, EGP, _brain(Gp, p) + _disposal(Gt, X, p, b, now), p.gamma * Ipo)


def rate(x: tuple[Any, ...], p: ParameterSet, b: Basal, now: Now) -> tuple[Any, ...]:
    """dx/dt, per minute; x without its last two rows is a person who does not secrete."""
    Q1, Q2, Qgut, D, Gp, Gt, Gs, S1, S2, Il, Ip, X, I1, Id = x[: len(STATES) - SECRETION]
    secreting = len(x) == len(STATES)
    Ipo = x[14] if secreting else 0.0
    xp = namespace(Gp)
    ground = now.emptying * p.kmax * Q1
    emptied = now.emptying * kempt(Q1 + Q2, D, p, b) * Q2
    absorbed = p.kabs * Qgut
    lost = p.ke1 * xp.maximum(0.0, Gp - p.ke2)
    exchange = p.k1 * Gp - p.k2 * Gt
    entering = _production(Gp, Id, Ipo, p, b, now) + p.f / p.BW * absorbed
    dGp = entering - _brain(Gp, p) - lost - exchange
    S = p.gamma * Ipo
    m13 = p.m1 / (1.0 - xp.clip(b.m6 - p.m5 * S, 0.0, 0.95)) if secreting else p.m1 / (1.0 - p.HEb)  # m1 + m3
    I = Ip / p.VI
    rows = (
        now.eaten - ground,
        ground - emptied,
        emptied - absorbed,
        0.0 * D,
        dGp,
        exchange - _disposal(Gt, X, p, b, now),
        p.ksc * (Gp - Gs),
        now.infused - (p.kd + p.ka1) * S1,
        p.kd * S1 - p.ka2 * S2,
        p.m2 * Ip - m13 * Il + S,
        p.m1 * Il - (p.m2 + p.m4) * Ip + p.ka1 * S1 + p.ka2 * S2 + now.reaching,
        p.p2U * (I - p.Ib - X),
        p.ki * (I - I1),
        p.ki * (I1 - Id),
    )
    return (*rows, *_secretion(x[14], x[15], Gp, dGp, p, b)) if secreting else rows


def _production(Gp: Any, Id: Any, Ipo: Any, p: ParameterSet, b: Basal, now: Now) -> Any:
    """EGP, mg/kg/min."""
    suppressed = p.kp2 * Gp + p.kp3 * (p.Ib + now.action * (Id - p.Ib)) + p.kp4 * Ipo
    return namespace(Gp).maximum(0.0, b.kp1 - suppressed) + now.production


def _brain(Gp: Any, p: ParameterSet) -> Any:
    """Uptake without insulin, mg/kg/min."""
    return p.Fcns * namespace(Gp).minimum(1.0, Gp / (STARVED * p.VG))


def _disposal(Gt: Any, X: Any, p: ParameterSet, b: Basal, now: Now) -> Any:
    """Uptake by tissue, mg/kg/min."""
    return (b.Vm0 * now.uptake + p.Vmx * now.action * X) * Gt / (p.Km0 + Gt)


def _secretion(Ipo: Any, Y: Any, Gp: Any, dGp: Any, p: ParameterSet, b: Basal) -> tuple[Any, Any]:
    """d(Ipo, Y)/dt."""
    xp = namespace(Gp)
    dIpo = Y + p.K * xp.maximum(0.0, dGp / p.VG) + b.Sb - p.gamma * Ipo
    return dIpo, -p.alpha * (Y - xp.maximum(p.beta * (Gp / p.VG - p.Gb), -b.Sb))
