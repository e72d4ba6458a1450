"""Programmes of remote monitoring: which way each signal moves when it gets worse, and the guideline's fixed rule.

    heart_failure   more than 2 kg in 3 days        McDonagh et al., ESC guidelines, Eur Heart J 2021;42:3599, self-care
    copd            SpO2 below 88 %                 O'Driscoll et al., BTS guideline, Thorax 2017;72:i1 [from memory]
    postoperative   temperature above 38.0 degC     NEWS2 (Royal College of Physicians 2017) scores from 38.1 degC

A rule is a number and the limit above which it alarms, worked out from readings as they come.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.core.record import Record

DAY = 86400.0
PROGRAMMES = ("heart_failure", "copd", "postoperative")
# +1: higher is worse; signs only, so that nothing is fitted. Heart failure: weight and activity (Chaudhry et al.,
# Circulation 2007;116:1549), the others by physiology; COPD and after an operation: assumed by physiology
WORSE: Mapping[str, Mapping[str, int]] = {
    "heart_failure": {"weight": 1, "heart_rate": 1, "hrv": -1, "spo2": -1, "steps": -1},
    "copd": {"spo2": -1, "heart_rate": 1, "steps": -1, "temperature": 1},
    "postoperative": {"temperature": 1, "heart_rate": 1, "hrv": -1, "steps": -1, "spo2": -1},
}
LIMIT = {"heart_failure": 2.0, "copd": -88.0, "postoperative": 38.0}


def by_guideline(programme: str, record: Record, looks: np.ndarray) -> np.ndarray:
    """The rule's number at each look (s), (n,): NaN where it cannot be told; alarm where above LIMIT."""
    name = {"heart_failure": "weight", "copd": "spo2", "postoperative": "temperature"}[programme]
    rows = record.only(name)
    out = np.full(len(looks), np.nan)
    for k, at in enumerate(looks.tolist()):
        last = rows.value[(rows.valid_time <= at) & (rows.valid_time > at - 3.0 * DAY)]
        if len(last) == 0:
            continue
        if programme == "heart_failure":
            out[k] = last[-1] - last.min()
        else:
            out[k] = last[-1] * (-1.0 if programme == "copd" else 1.0)
    return out
