"""The correction that comes with the package, learned from CGMacros, and what it says of one person now.

Learned from: Das et al., CGMacros, PhysioNet 2025, CC BY 4.0: 30 adults without insulin, Dexcom G6, logged meals. It
says nothing of type 1 diabetes, of people who inject insulin, of sensors slower than every six minutes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Margins
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic.actions import Insulin, Person
from vitruvian.kinds.metabolic.residual.columns import Wearer, origins
from vitruvian.kinds.metabolic.residual.correction import LEVELS, Correction

FILE = "weights.npz"
OFTEN, FRESH = 360.0, 600.0  # s: a sensor that reads at least so often; a last reading no older
FADE = 7200.0  # s: the discrepancy's memory (model.py)


@cache
def shipped() -> Correction:
    """The weights beside this file, checked against their hash."""
    data = (files("vitruvian.kinds.metabolic.residual") / FILE).read_bytes()
    return Correction.from_bytes(data, f"metabolic/residual/{FILE}")


def margins(correction: Correction, case: Case, record: Record, at: float) -> Margins | None:
    """Quantiles of the readings 30, 60 and 120 min after the last one; None for people unlike those seen."""
    person = case.subject
    assert isinstance(person, Person)
    dosed = any(d.at > at - 86400.0 for d in case.actions(Insulin))
    rows = _sensor(record, at)
    if person.diabetes == "type1" or dosed or rows is None:
        return None
    wearer = Wearer.of("", case, rows)
    last = len(wearer.times) - 1
    if last not in origins(wearer, None)[-1:]:
        return None
    values = correction.quantiles(correction.told(wearer), np.array([last]))[:, :, 0].T
    times = wearer.times[last] + np.array([a.lead for a in correction.aheads])
    ahead = times > at
    return Margins(times[ahead], LEVELS, np.clip(values[:, ahead], 20.0, 1000.0), FADE)


def _sensor(record: Record, at: float) -> Record | None:
    """The readings of the sensor that read last, if it reads often and has just read."""
    mine = record.only("glucose").between(-np.inf, at)
    found = [mine.only("glucose", sensor) for _, sensor in mine.groups()]
    found = [r for r in found if len(r) > 12 and np.median(np.diff(r.valid_time)) <= OFTEN]
    best = max(found, key=lambda r: float(r.valid_time[-1]), default=None)
    return best if best is not None and at - float(best.valid_time[-1]) <= FRESH else None
