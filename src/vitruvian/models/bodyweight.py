"""Body weight of an adult over weeks to years (kcal, kg, day): energy in, energy out, and where the difference goes.

    dG/dt   = (CI - kG G^2) / rhoG                                        glycogen, kG = CIb / G0^2
    dECF/dt = (dNa - zNa (ECF - ECF0) - zCI (1 - CI / CIb)) / Na           extracellular fluid
    dAT/dt  = (bAT dEI - AT) / tauAT                                       adaptive thermogenesis
    dL/dt   = R C / rhoL,  dF/dt = R F / rhoF                              lean, fat: Forbes, C = 10.4 rhoL / rhoF
    R       = (EI - lost - K - delta BW - bTEF dEI - AT - gL L - gF F - rhoG dG/dt)
              / (C (1 + etaL / rhoL) + F (1 + etaF / rhoF))
    BW      = F + L + ECF + 3.7 G

dEI: change of intake from the intake that keeps the starting weight; `lost`: energy that leaves unused (glucose in
urine). F follows from L, so it is no state. Chow & Hall, PLoS Comput Biol 4:e1000045 (2008); Hall et al., Lancet
378:826 (2011). Holds for adults; leaves out pregnancy, growth, training that adds muscle. Elementwise on numpy or JAX.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vitruvian.core.prior import namespace

# Chow & Hall 2008, Hall 2011, as in the R package bw (specification 2E)
RHO_F, RHO_L, RHO_G = 9440.7, 1816.4, 4206.5  # kcal/kg: fat, lean tissue, glycogen
GAMMA_F, GAMMA_L = 3.107, 21.99  # kcal/kg/day: resting energy of fat and of lean tissue
ETA_F, ETA_L = 179.25, 229.45  # kcal/kg: cost of building fat and lean tissue
B_TEF, B_AT, TAU_AT = 0.10, 0.14, 14.0  # thermic effect of food, adaptive thermogenesis, its days
FORBES = 10.4 * RHO_L / RHO_F  # kg x energy ratio: Forbes, Nutr Rev 45:225 (1987)
GLYCOGEN, WATER = 0.5, 3.7  # kg at the start; kg of weight a kg of glycogen, its water included
NA, Z_NA, Z_CI = 3220.0, 3000.0, 4000.0  # mg/kg; mg/kg/day; mg/day
CARBOHYDRATE = 0.5  # share of energy from carbohydrate at the start


class Body(NamedTuple):
    """State: glycogen and lean tissue (kg), extracellular fluid (kg), adaptive thermogenesis (kcal/day)."""

    glycogen: Any
    lean: Any
    fluid: Any
    adaptive: Any


class Build(NamedTuple):
    """What does not change: the composition at the start and what keeps it (kg, kcal/day)."""

    weight: Any
    fat: Any
    lean: Any
    fluid: Any
    intake: Any  # kcal/day that keeps the weight
    delta: Any  # kcal/kg/day of physical activity
    other: Any  # kcal/day: K


def build(weight: Any, height: Any, age: Any, male: Any, activity: Any) -> Build:
    """From kg, m, years, 1 for men and 0 for women, and the physical activity level (total over resting energy).

    Resting energy: Mifflin et al. 1990; fat: Jackson et al. 2002; fluid: Silva et al. 2007.
    """
    log = namespace(weight).log
    resting = 9.99 * weight + 625.0 * height - 4.92 * age + 166.0 * male - 161.0
    fluid = male * (0.025 * age + 9.57 * height + 0.191 * weight - 12.4) + (1.0 - male) * (
        5.98 * height + 0.167 * weight - 4.0
    )
    bmi = log(weight / height**2)
    fat = weight / 100.0 * (0.14 * age + male * (37.31 * bmi - 103.94) + (1.0 - male) * (39.96 * bmi - 102.01))
    lean = weight - fluid - fat - WATER * GLYCOGEN
    intake = activity * resting
    delta = ((1.0 - B_TEF) * activity - 1.0) * resting / weight
    other = intake - GAMMA_L * lean - GAMMA_F * fat - delta * weight
    return Build(weight, fat, lean, fluid, intake, delta, other)


def begin(b: Build) -> Body:
    """In balance at the starting weight."""
    return Body(GLYCOGEN + 0.0 * b.weight, b.lean, b.fluid, 0.0 * b.weight)


def fat(b: Build, x: Body) -> Any:
    """kg."""
    return b.fat * namespace(x.lean).exp(RHO_L * (x.lean - b.lean) / (RHO_F * FORBES))


def weight(b: Build, x: Body) -> Any:
    """kg."""
    return fat(b, x) + x.lean + x.fluid + WATER * x.glycogen


def surplus(b: Build, x: Body, change: Any, lost: Any = 0.0, moving: Any = 1.0) -> Any:
    """Energy taken in less energy spent, kcal/day, the cost of building tissue left out. See `rate`."""
    spent = b.other + b.delta * moving * weight(b, x) + B_TEF * change + x.adaptive
    return b.intake + change - lost - spent - GAMMA_L * x.lean - GAMMA_F * fat(b, x)


def rate(
    b: Build, x: Body, change: Any, carbohydrate: Any, sodium: Any = 0.0, lost: Any = 0.0, moving: Any = 1.0
) -> Body:
    """Change per day.

    change: of intake, kcal/day; carbohydrate: kcal/day eaten of it; sodium: change of it, mg/day; lost: kcal/day that
    leave unused; moving: factor of the energy of physical activity.
    """
    usual, F = CARBOHYDRATE * b.intake, fat(b, x)
    dG = (carbohydrate - usual * (x.glycogen / GLYCOGEN) ** 2) / RHO_G
    dECF = (sodium - Z_NA * (x.fluid - b.fluid) - Z_CI * (1.0 - carbohydrate / usual)) / NA
    left = surplus(b, x, change, lost, moving) - RHO_G * dG
    R = left / (FORBES * (1.0 + ETA_L / RHO_L) + F * (1.0 + ETA_F / RHO_F))
    return Body(dG, R * FORBES / RHO_L, dECF, (B_AT * change - x.adaptive) / TAU_AT)
