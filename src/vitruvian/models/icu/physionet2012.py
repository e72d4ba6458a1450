"""PhysioNet / Computing in Cardiology Challenge 2012: the long table of the first 48 hours, and what became of them.

Silva et al., Comput Cardiol 2012;39:245; Open Data Commons Attribution License 1.0. Adults of four intensive care units
of one hospital (MIMIC-II). -1 stands for "not known" in the general descriptors. `Survival`: days from admission to
death, -1 if it never came to be known; a patient died in hospital where Survival <= Length_of_stay. Some stays have
several ages (of earlier admissions); the first row counts. The type of unit is read where a copy has it (the shared one
has not).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.engines.pasts import Readings
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.stays import Stays, believed_static

HOURS = 48.0
UNITS = {1: "coronary care", 2: "cardiac surgery recovery", 3: "medical", 4: "surgical"}  # ICUType: Silva et al. 2012
DESCRIBED = {"Age": "age", "Gender": "male", "Height": "height", "Weight": "weight"}
OUTCOMES = {
    "death": "In-hospital_death",
    "survival": "Survival",
    "length_of_stay": "Length_of_stay",
    "saps1": "SAPS-I",
    "sofa": "SOFA",
}


def stays(table: Mapping[str, np.ndarray], outcomes: Mapping[str, np.ndarray]) -> Stays:
    """table: rid, min, par, val (n,); outcomes: RecordID and OUTCOMES (s,). Stays without an outcome stay aside."""
    names = np.intersect1d(table["rid"], outcomes["RecordID"].astype(table["rid"].dtype))
    keep = np.isin(table["rid"], names)
    whose, hour = np.searchsorted(names, table["rid"][keep]), table["min"][keep] / 60.0
    par, value = table["par"][keep], table["val"][keep].astype(np.float64)
    static = {f: _first((par == p) & (hour == 0.0), whose, value, len(names)) for p, f in DESCRIBED.items()}
    readings, doubted = {}, {}
    for c in CHANNELS:
        mine = np.isin(par, c.physionet)
        charted = value[mine] * c.scale if c.scale else np.ones(mine.sum())
        true = (charted >= c.low) & (charted <= c.high)
        doubted[c.name] = int((~true).sum())
        readings[c.name] = Readings.of(whose[mine][true], hour[mine][true], charted[true])
    row = np.searchsorted(np.sort(outcomes["RecordID"]), names)
    order = np.argsort(outcomes["RecordID"])
    told = {k: np.asarray(outcomes[column], np.float64)[order][row] for k, column in OUTCOMES.items()}
    where = _first((par == "ICUType") & (hour == 0.0), whose, value, len(names))
    unit = np.array([UNITS.get(int(u), "not known") if u == u else "not known" for u in where.tolist()], dtype=object)
    hours = np.full(len(names), HOURS)
    return Stays(names, believed_static(static), readings, told, hours, unit, doubted)


def _first(mine: np.ndarray, whose: np.ndarray, value: np.ndarray, count: int) -> np.ndarray:
    """The first value of each stay that is not -1."""
    out = np.full(count, np.nan)
    rows = np.flatnonzero(mine & (value >= 0.0))[::-1]
    out[whose[rows]] = value[rows]
    return out
