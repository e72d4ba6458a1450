"""SOFA, the sequential organ failure assessment: six organs, 0 to 4 points each, worst values of a day.

Vincent JL et al., The SOFA score to describe organ dysfunction/failure, Intensive Care Med 1996;22:707. Doses of
vasopressors are not an input here: circulation scores 0 or 1 by mean pressure alone, and the score says so.
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.earlywarning.score import Bands, Score, Values, columns

SOURCE = "Vincent et al., Intensive Care Med 1996;22:707; without vasopressors (circulation 0 or 1)"
PLATELETS = Bands((19, 49, 99, 149), (4, 3, 2, 1, 0), 1)  # 10^3/uL
BILIRUBIN = Bands((1.1, 1.9, 5.9, 11.9), (0, 1, 2, 3, 4), 0.1)  # mg/dL
COMA = Bands((5, 9, 12, 14), (4, 3, 2, 1, 0), 1)
CREATININE = Bands((1.1, 1.9, 3.4, 4.9), (0, 1, 2, 3, 4), 0.1)  # mg/dL
NEEDED = ("pf_ratio", "ventilated", "min_platelets", "max_bilirubin", "min_mean_pressure", "min_gcs")


def sofa(values: Values) -> Score:
    """values: pf_ratio (lowest PaO2/FiO2, mmHg), ventilated (1), min_platelets (10^3/uL), max_bilirubin (mg/dL),
    min_mean_pressure (mmHg), min_gcs, max_creatinine (mg/dL), urine_24h (mL); any may be missing or NaN."""
    v = columns(values, (*NEEDED, "max_creatinine", "urine_24h"))
    ratio, blown = v["pf_ratio"], np.nan_to_num(v["ventilated"]) > 0
    lungs = np.select([blown & (ratio < 100), blown & (ratio < 200), ratio < 300, ratio < 400], [4, 3, 2, 1], 0)
    flow = np.select([v["urine_24h"] < 200, v["urine_24h"] < 500], [4, 3], 0)
    kidney = CREATININE.of(v["max_creatinine"])
    neither = np.isnan(kidney) & np.isnan(v["urine_24h"])
    items = {
        "respiration": np.where(np.isnan(ratio), np.nan, lungs),
        "coagulation": PLATELETS.of(v["min_platelets"]),
        "liver": BILIRUBIN.of(v["max_bilirubin"]),
        "circulation": np.where(np.isnan(v["min_mean_pressure"]), np.nan, v["min_mean_pressure"] < 70),
        "consciousness": COMA.of(v["min_gcs"]),
        "kidney": np.where(neither, np.nan, np.maximum(np.nan_to_num(kidney), flow)),
    }
    return Score("SOFA", items, SOURCE)
