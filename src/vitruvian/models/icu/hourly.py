"""Hourly tables of eICU-CRD and MIMIC demo stays with labels, as YAIB prepares them.

van de Water et al., Yet Another ICU Benchmark, ICLR 2024; eICU-CRD demo (Johnson et al. 2021) and MIMIC demo, Open Data
Commons Open Database License 1.0. A value stands at the full hour it was charted in. Labels of acute kidney injury and
sepsis are true from 6 h before the onset to 6 h after it, where the table ends: the onset is 6 h before a table's last
hour if that hour is labelled. Neither coma scores nor oxygen flow are in these tables, nor the type of unit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.engines.pasts import Readings
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.stays import Stays, believed_static

AROUND = 6.0  # h of label on either side of the onset
Table = Mapping[str, np.ndarray]


def stays(dynamic: Table, static: Table, outcome: Table, source: str) -> Stays:
    """dynamic: stay_id, hour and a column a channel (n,); static: stay_id, age, sex, ...; outcome: label by stay or by
    hour, with `hour` then. Outcomes here: `label` (one a stay), or `onset` (h; NaN: none) and `last` labelled hour."""
    names = np.unique(static["stay_id"])
    whose, hour = np.searchsorted(names, dynamic["stay_id"]), dynamic["hour"]
    readings, doubted = {}, {}
    for c in CHANNELS:
        value = dynamic[c.demo].astype(np.float64) if c.demo else np.zeros(0)
        seen = ~np.isnan(value)
        true = seen & (value >= c.low) & (value <= c.high)
        doubted[c.name] = int((seen & ~true).sum())
        where = np.flatnonzero(true)
        readings[c.name] = Readings.of(whose[where], hour[where], value[where])
    row = np.argsort(static["stay_id"])
    described = {k: static[k][row] for k in ("age", "height", "weight")}
    described["male"] = (static["sex"][row] == "Male").astype(np.float64)
    hours = np.zeros(len(names))
    np.maximum.at(hours, whose, hour)
    unit = np.full(len(names), source, dtype=object)
    labels = np.array([f"{source}:{n}" for n in names], dtype=object)
    return Stays(labels, believed_static(described), readings, _outcomes(outcome, names), hours, unit, doubted)


def _outcomes(outcome: Table, names: np.ndarray) -> dict[str, np.ndarray]:
    label = outcome["label"].astype(np.float64)
    whose = np.searchsorted(names, outcome["stay_id"])
    if "hour" not in outcome:
        told = np.full(len(names), np.nan)
        told[whose] = label
        return {"label": told}
    last = np.full(len(names), -np.inf)
    np.maximum.at(last, whose, outcome["hour"])
    positive = np.full(len(names), -np.inf)
    np.maximum.at(positive, whose[label > 0], outcome["hour"][label > 0])
    return {"onset": np.where(positive >= 0, positive - AROUND, np.nan), "last": last}
