"""SAPS-I, the simplified acute physiology score: 13 worst values of the first day, age and ventilation, 0 to 56 points.

Le Gall JR et al., A simplified acute physiology score for ICU patients, Crit Care Med 1984;12:975. Urea and glucose in
mmol/L there; here mg/dL are converted (urea nitrogen 0.357, glucose 0.0555 mmol/L per mg/dL).
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.earlywarning.score import Bands, Score, Values, columns, worst

SOURCE = "Le Gall et al., Crit Care Med 1984;12:975"
BUN_MMOL, GLUCOSE_MMOL = 0.357, 0.0555  # mmol/L per mg/dL: molar masses of N2 (28.01) and glucose (180.16)
AGE = Bands((45, 55, 65, 75), (0, 1, 2, 3, 4), 1)
BANDS = {
    "heart_rate": Bands((39, 54, 69, 109, 139, 179), (4, 3, 2, 0, 2, 3, 4), 1),
    "systolic": Bands((54, 79, 149, 189), (4, 2, 0, 2, 4), 1),
    "temperature": Bands((29.9, 31.9, 33.9, 35.9, 38.4, 38.9, 40.9), (4, 3, 2, 1, 0, 1, 3, 4), 0.1),
    "respiratory_rate": Bands((5, 9, 11, 24, 34, 49), (4, 2, 1, 0, 1, 3, 4), 1),
    "bun": Bands((3.4, 7.4, 28.9, 35.9, 54.9), (1, 0, 1, 2, 3, 4), 0.1),
    "hematocrit": Bands((19.9, 29.9, 45.9, 49.9, 59.9), (4, 2, 0, 1, 2, 4), 0.1),
    "wbc": Bands((0.9, 2.9, 14.9, 19.9, 39.9), (4, 2, 0, 1, 2, 4), 0.1),
    "glucose": Bands((1.5, 2.7, 3.8, 13.9, 27.7, 44.4), (4, 3, 2, 0, 1, 3, 4), 0.1),
    "potassium": Bands((2.4, 2.9, 3.4, 5.4, 5.9, 6.9), (4, 2, 1, 0, 1, 3, 4), 0.1),
    "sodium": Bands((109, 119, 129, 150, 155, 160, 179), (4, 3, 2, 0, 1, 2, 3, 4), 1),
    "bicarbonate": Bands((4.9, 9.9, 19.9, 29.9, 39.9), (4, 3, 1, 0, 1, 3), 0.1),
}
URINE = Bands((0.199, 0.499, 0.699, 3.499, 5.0), (4, 3, 2, 0, 1, 2), 0.001)  # L in 24 h
COMA = Bands((3, 6, 9, 12), (4, 3, 2, 1, 0), 1)
VENTILATED = 3  # points, instead of those of respiration
TO_TABLE = {"bun": BUN_MMOL, "glucose": GLUCOSE_MMOL}


def saps1(values: Values) -> Score:
    """values: `min_x` and `max_x` of the first 24 h for each x of BANDS (/min, mmHg, Cel, mg/dL, %, 10^3/uL, mmol/L),
    min_gcs, urine_24h (mL), age (a), ventilated (1: ventilation or CPAP); any may be missing or NaN."""
    names = [f"{side}_{x}" for x in BANDS for side in ("min", "max")]
    v = columns(values, (*names, "min_gcs", "urine_24h", "age", "ventilated"))
    items = {
        x: worst(b, v[f"min_{x}"] * TO_TABLE.get(x, 1.0), v[f"max_{x}"] * TO_TABLE.get(x, 1.0))
        for x, b in BANDS.items()
    }
    blown = np.nan_to_num(v["ventilated"]) > 0
    items["respiratory_rate"] = np.where(blown, VENTILATED, items["respiratory_rate"])
    items |= {"urine": URINE.of(v["urine_24h"] / 1000.0), "gcs": COMA.of(v["min_gcs"]), "age": AGE.of(v["age"])}
    return Score("SAPS-I", items, SOURCE)
