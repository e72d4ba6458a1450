"""NEWS2, the National Early Warning Score 2: seven items of the bedside, 0 to 20 points.

Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, chart 1. Adults of 16 years or
more, not pregnant. Scale 2 of oxygen saturation is for confirmed hypercapnic respiratory failure alone (target 88 to
92 %), on a doctor's decision. Triggers there: 7 or more: emergency; 5 or 6: urgent; 3 in one item: urgent ward review.
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.earlywarning.score import Bands, Score, Values, columns

SOURCE = "Royal College of Physicians, NEWS2, London 2017, chart 1"
RESPIRATION = Bands((8, 11, 20, 24), (3, 1, 0, 2, 3), 1)
SATURATION_1 = Bands((91, 93, 95), (3, 2, 1, 0), 1)
SATURATION_2_AIR = Bands((83, 85, 87), (3, 2, 1, 0), 1)
SATURATION_2_OXYGEN = Bands((83, 85, 87, 92, 94, 96), (3, 2, 1, 0, 1, 2, 3), 1)
SYSTOLIC = Bands((90, 100, 110, 219), (3, 2, 1, 0, 3), 1)
PULSE = Bands((40, 50, 90, 110, 130), (3, 1, 0, 1, 2, 3), 1)
TEMPERATURE = Bands((35.0, 36.0, 38.0, 39.0), (3, 1, 0, 1, 2), 0.1)
OXYGEN, NOT_ALERT = 2, 3  # points
URGENT, EMERGENCY, SINGLE = 5, 7, 3
NEEDED = ("respiratory_rate", "spo2", "oxygen", "systolic", "heart_rate", "alert", "temperature")


def news2(values: Values, scale: int = 1) -> Score:
    """values: respiratory_rate (/min), spo2 (%), oxygen (1: breathes extra oxygen), systolic (mmHg), heart_rate (/min),
    alert (1: alert, 0: confused, or answers to voice, pain or nothing), temperature (Cel); any may be missing or NaN.
    Without `alert`, a Glasgow coma score `gcs` of 15 is alert."""
    if scale not in (1, 2):
        raise ValueError(f"NEWS2 has scales 1 and 2 of oxygen saturation (got {scale!r})")
    v = columns(values, (*NEEDED, "gcs"))
    alert = np.where(np.isnan(v["alert"]), np.where(np.isnan(v["gcs"]), np.nan, v["gcs"] >= 15), v["alert"])
    if scale == 1:
        saturation = SATURATION_1.of(v["spo2"])
    else:
        on = np.nan_to_num(v["oxygen"]) > 0
        saturation = np.where(on, SATURATION_2_OXYGEN.of(v["spo2"]), SATURATION_2_AIR.of(v["spo2"]))
    items = {
        "respiratory_rate": RESPIRATION.of(v["respiratory_rate"]),
        "spo2": saturation,
        "oxygen": np.where(np.isnan(v["oxygen"]), np.nan, OXYGEN * (v["oxygen"] > 0)),
        "systolic": SYSTOLIC.of(v["systolic"]),
        "heart_rate": PULSE.of(v["heart_rate"]),
        "consciousness": np.where(np.isnan(alert), np.nan, NOT_ALERT * (alert < 1)),
        "temperature": TEMPERATURE.of(v["temperature"]),
    }
    return Score(f"NEWS2 (scale {scale})", items, SOURCE)


def trigger(score: Score) -> np.ndarray:
    """(n,): "emergency" (7 or more), "urgent" (5 or 6, or 3 in one item), "" below."""
    urgent = (score.total >= URGENT) | (score.highest_item >= SINGLE)
    return np.where(score.total >= EMERGENCY, "emergency", np.where(urgent, "urgent", ""))
