"""qSOFA: breaths >= 22 /min, systolic pressure <= 100 mmHg, altered mentation; two or more of three: look for sepsis.

Singer M et al., The Third International Consensus Definitions for Sepsis and Septic Shock (Sepsis-3), JAMA
2016;315:801; altered mentation is a Glasgow coma score below 15 (Seymour et al., JAMA 2016;315:762).
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.earlywarning.score import Score, Values, columns

SOURCE = "Singer et al., JAMA 2016;315:801"
POSITIVE = 2


def qsofa(values: Values) -> Score:
    """values: respiratory_rate (/min), systolic (mmHg), gcs; any may be missing or NaN."""
    v = columns(values, ("respiratory_rate", "systolic", "gcs"))

    def item(name: str, met: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(v[name]), np.nan, met.astype(np.float64))

    items = {
        "respiratory_rate": item("respiratory_rate", v["respiratory_rate"] >= 22),
        "systolic": item("systolic", v["systolic"] <= 100),
        "mentation": item("gcs", v["gcs"] < 15),
    }
    return Score("qSOFA", items, SOURCE)
