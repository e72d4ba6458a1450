"""The beat behind a twin's weeks: the loop itself (models/circulation) run to its limit cycle for the twin's members.

Elastances are those of the loop: Ees the end-systolic elastance where p / (V - V0) is largest, Ea = p_es / SV, both
from the beat as it ran. Stroke work is the loop's area. dP/dt max is a central difference over 1/400 of a beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Theta
from vitruvian.models.beats import Beat, Loop, Told, Trace
from vitruvian.models.circulation import emulator
from vitruvian.models.circulation.loop import Heart

BEATS, STEPS, MOVED = 400, 400, 1e-3  # at most so many; a beat; mL a beat at which it repeats itself
ONSET = 0.16  # s of the beat at which the septum begins to contract (loop.timings): the end of diastole
JOULE = 1.33322e-4  # J in a mmHg mL
UKB = "Petersen et al., J Cardiovasc Magn Reson 19:18 (2017), UK Biobank men, two sd"
KOVACS = "Kovacs et al., Eur Respir J 34:888 (2009): 14.0 +- 3.3 mmHg at rest"
COUPLED = "Vonk Noordegraaf et al., J Am Coll Cardiol 69:236 (2017): 1.5 to 2.0; uncoupled below 0.8"

TRACES = (
    Trace("lv_volume", "mL", "left ventricular volume"),
    Trace("lv_pressure", "mm[Hg]", "left ventricular pressure"),
    Trace("rv_volume", "mL", "right ventricular volume"),
    Trace("rv_pressure", "mm[Hg]", "right ventricular pressure"),
    Trace("aortic_pressure", "mm[Hg]", "aortic pressure"),
    Trace("pa_pressure", "mm[Hg]", "pulmonary artery pressure"),
    Trace("la_pressure", "mm[Hg]", "left atrial pressure"),
    Trace("ra_pressure", "mm[Hg]", "right atrial pressure"),
)
LOOPS = (
    Loop("lv", "left ventricle", "lv_volume", "lv_pressure"),
    Loop("rv", "right ventricle", "rv_volume", "rv_pressure"),
)


def _of(side: str, edv: Any, ef: Any, coupling: Any) -> tuple[Told, ...]:
    """The numbers of one ventricle."""
    return (
        Told(f"{side}_edv", "mL", "end-diastolic volume (EDV)", side, edv, UKB),
        Told(f"{side}_esv", "mL", "end-systolic volume (ESV)", side),
        Told(f"{side}_sv", "mL", "stroke volume (SV)", side),
        Told(f"{side}_ef", "%", "ejection fraction (EF)", side, ef, UKB),
        Told(f"{side}_edp", "mm[Hg]", "end-diastolic pressure", side),
        Told(f"{side}_work", "J", "stroke work: the loop's area", side),
        Told(f"{side}_dpdt", "mm[Hg]/s", "steepest rise of pressure (dP/dt max)", side),
        Told(f"{side}_ees", "mm[Hg]/mL", "end-systolic elastance (Ees)", side),
        Told(f"{side}_ea", "mm[Hg]/mL", "arterial elastance (Ea)", side),
        Told(f"{side}_coupling", "1", "coupling to its artery (Ees/Ea)", side, coupling, COUPLED if coupling else ""),
    )


TOLD = (
    *_of("lv", (102.0, 230.0), (48.0, 68.0), None),
    *_of("rv", (110.0, 254.0), (45.0, 65.0), (1.5, 2.0)),
    Told("heart_rate", "/min", "heart rate"),
    Told("cardiac_output", "L/min", "cardiac output"),
    Told("mpap", "mm[Hg]", "mean pulmonary artery pressure", "", (8.0, 20.0), KOVACS),
)
SOURCE = (
    "The closed loop itself, run until the beat repeats itself, for each member of the belief. It leaves out waves in "
    "the arteries, coronaries and valve disease; lasting errors of readings (discrepancies) are not in it."
)


def hearts(values: Mapping[str, Any]) -> Heart:
    """The loop's inputs from those of the slow layer, by the names of emulator.RANGES, each (member,)."""
    known = {n: np.asarray(values[n], dtype=np.float64) for n in Heart._fields if n != "C_pul"}
    compliance = np.asarray(values["RC_pul"]) / (emulator.R_LAW + known["R_pul"])
    whole = known | {"C_pul": compliance}
    return Heart(*np.broadcast_arrays(*(whole[n] for n in Heart._fields)))


def held(forcing: Forcing, at: float, members: int) -> dict[str, np.ndarray]:
    """What is held at `at` (s), as the slow layer's `u`: arrays and schedules, (member,)."""
    now = {name: np.full(members, float(np.asarray(a))) for name, a in forcing.arrays.items()}
    return now | {name: np.full(members, s.at(np.array([at]))[0]) for name, s in forcing.schedules.items()}


def steady(h: Heart, size: np.ndarray) -> Beat:
    """The periodic beat of hearts at a body surface of 1.9 m2, scaled to bodies `size` (member,) times as large."""
    from vitruvian.models.circulation import march  # compiled code: loaded when a beat is asked for

    steps = max(STEPS, int(march.steps_needed(h).max()))
    x, moved = march.march(h, march.start(h), BEATS, steps, tolerance=MOVED)
    shown = march.shown(h, x, steps)
    V, p = shown.volumes * size, shown.pressures
    period = 60.0 / h.rate
    rows = {
        "lv_volume": V[:, 1], "lv_pressure": p[:, 1], "rv_volume": V[:, 5], "rv_pressure": p[:, 5],
        "aortic_pressure": p[:, 2], "pa_pressure": p[:, 6], "la_pressure": p[:, 0], "ra_pressure": p[:, 4],
    }  # fmt: skip
    numbers = side("lv", V[:, 1], p[:, 1], h.V0_lv * size, period) | side(
        "rv", V[:, 5], p[:, 5], h.V0_rv * size, period
    )
    numbers |= {"heart_rate": h.rate, "cardiac_output": numbers["lv_sv"] * h.rate * 1e-3, "mpap": p[:, 6].mean(axis=0)}
    return Beat(period, rows, numbers, moved)


def side(name: str, V: np.ndarray, p: np.ndarray, V0: np.ndarray, period: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of one ventricle from its loop: V, p (step, member), V0, period (member,)."""
    every = np.arange(V.shape[1])
    edv, esv = V.max(axis=0), V.min(axis=0)
    sv = edv - esv
    rises = np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)
    dpdt = rises.max(axis=0) * len(p) / (2.0 * period)
    onset = np.minimum((ONSET / period * len(p)).astype(int), len(p) - 1)
    elastance = p / np.maximum(V - V0, 1.0)
    systole = np.argmax(elastance, axis=0)
    p_es = p[systole, every]
    ees, ea = elastance[systole, every], p_es / sv
    work = -0.5 * np.sum(p * (np.roll(V, -1, axis=0) - np.roll(V, 1, axis=0)), axis=0) * JOULE
    return {
        f"{name}_edv": edv, f"{name}_esv": esv, f"{name}_sv": sv, f"{name}_ef": 100.0 * sv / edv,
        f"{name}_edp": p[onset, every], f"{name}_work": work, f"{name}_dpdt": dpdt,
        f"{name}_ees": ees, f"{name}_ea": ea, f"{name}_coupling": ees / ea,
    }  # fmt: skip


def beat(kind: Any, theta: Theta, state: State, forcing: Forcing) -> Beat:
    """Of members at the state's time."""
    x = tuple(np.asarray(kind.to_vector(state)).T)
    members = len(x[0])
    u = held(forcing, state.at, members)
    inputs = kind.inputs(x, {n: np.asarray(v) for n, v in theta.items()}, u)
    return steady(hearts(inputs), u["size"])
