"""What is given to a patient, and by how much it moves what is charted: oxygen, noradrenaline, fluid.

    d_c(t) = g_c * y(t),   tau y' = r(dose) - y     of a dose that holds until the next one
    d_c(t) = g_c * volume / 500 mL * exp(-(t - t_k) / tau)     of a bolus given at t_k

on the channels' own scales (channels.py): a reading is z - d + d, so the state is that of the patient without it, and a
planned change shifts the forecast. Directions are what the drugs are given for; every size is assumed, and nothing here
is evidence of what a treatment does: the kind stays predictive, and `compare` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Forcing, Schedule

HOUR = 3600.0
ROOM_AIR = 21.0  # % of oxygen
PRESSURES = {"mean_pressure": 1.0, "systolic": 1.4, "diastolic": 0.8}  # mmHg for one of mean pressure: assumed
OXYGEN_TAU, DRUG_TAU, FLUID_TAU = 0.1, 0.1, 1.5  # h; assumed
HALF, MOST = 0.35, 40.0  # ug/kg/min of noradrenaline at which half of MOST (mmHg) is reached: assumed
BOLUS = 6.0  # mmHg of mean pressure at once for 500 mL: assumed
SLOWER = -3.0  # /min of heart rate at once for 500 mL: assumed


@dataclass(frozen=True, kw_only=True)
class SetOxygen(Action):
    """Inspired oxygen from now on."""

    amount: ClassVar = "fraction"

    fraction: float = field_("%", 21, 100, typical=40, meaning="inspired oxygen from now on; 21: room air")


@dataclass(frozen=True, kw_only=True)
class SetNoradrenaline(Action):
    """Infusion of noradrenaline from now on."""

    amount: ClassVar = "rate"

    rate: float = field_("ug/kg/min", 0, 2, typical=0.2, meaning="noradrenaline from now on; 0: stopped")


@dataclass(frozen=True, kw_only=True)
class GiveFluid(Action):
    """A bolus of fluid."""

    amount: ClassVar = "volume"

    volume: float = field_("mL", 50, 2000, typical=500, meaning="fluid given at once")


ACTIONS = (SetOxygen, SetNoradrenaline, GiveFluid)


def given(case: Case, t0: float, t1: float, known_at: float) -> Forcing:
    """What was and will be given, as known at that moment."""
    known = case.until(known_at)
    oxygen = [(a.at, a.fraction) for a in known.actions(SetOxygen) if isinstance(a, SetOxygen)]
    drug = [(a.at, a.rate) for a in known.actions(SetNoradrenaline) if isinstance(a, SetNoradrenaline)]
    fluid = [(a.at, a.volume) for a in known.actions(GiveFluid) if isinstance(a, GiveFluid)]

    def schedule(rows: list[tuple[float, float]], before: float) -> Schedule:
        return Schedule(np.array([t for t, _ in rows]), np.array([v for _, v in rows]), before)

    volume = (np.array([t for t, _ in fluid]), np.array([v for _, v in fluid]))
    schedules = {"oxygen": schedule(oxygen, ROOM_AIR), "noradrenaline": schedule(drug, 0.0)}
    return Forcing(t0, t1, impulses={"fluid": volume}, schedules=schedules)


def shift(forcing: Forcing, name: str, at: float) -> float:
    """d of a channel at a time (s), on its own scale; 0 where nothing was given."""
    if not forcing.schedules:
        return 0.0
    if name == "spo2":  # log(101 - x): more oxygen closes part of the gap to full saturation
        return _lagged(forcing.schedules["oxygen"], at, OXYGEN_TAU, lambda f: -0.9 * np.log(f / ROOM_AIR))
    if name in PRESSURES:
        drug = _lagged(forcing.schedules["noradrenaline"], at, DRUG_TAU, lambda u: MOST * u / (u + HALF))
        return PRESSURES[name] * (drug + BOLUS * _bolus(forcing, at))
    return SLOWER * _bolus(forcing, at) if name == "heart_rate" else 0.0


def _lagged(schedule: Schedule, at: float, tau: float, response: Callable[[float], float]) -> float:
    """y at a time, first order after a dose that steps."""
    y, last, goal = 0.0, -np.inf, 0.0
    for t, dose in zip(schedule.times.tolist(), schedule.values.tolist(), strict=True):
        if t > at:
            break
        y = goal + (y - goal) * (0.0 if np.isinf(last) else float(np.exp(-(t - last) / (tau * HOUR))))
        last, goal = t, float(response(dose))
    return y if np.isinf(last) else goal + (y - goal) * float(np.exp(-(at - last) / (tau * HOUR)))


def _bolus(forcing: Forcing, at: float) -> float:
    times, volume = forcing.impulses["fluid"]
    ago = (at - times) / HOUR
    return float(np.sum(np.where(ago >= 0.0, volume / 500.0 * np.exp(-np.maximum(ago, 0.0) / FLUID_TAU), 0.0)))
