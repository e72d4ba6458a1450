"""The scores that a ward counts by hand, from the same columns as the risk: what must always stand beside it."""

from __future__ import annotations

import numpy as np

from vitruvian.models.earlywarning import Score, news2, qsofa, saps1, sofa
from vitruvian.models.earlywarning.saps1 import BANDS
from vitruvian.models.icu.columns import Known


def _column(known: Known, name: str) -> np.ndarray:
    return known[name] if name in known.names else np.full(len(known.x), np.nan)


def news2_of(known: Known, *, oxygen: bool = True) -> Score:
    """By the last values. Extra oxygen: the last inspired fraction was above 21 %; nobody charted it: not known."""
    values = {
        n: _column(known, f"{n}.last") for n in ("respiratory_rate", "spo2", "systolic", "heart_rate", "temperature")
    }
    values["gcs"] = _column(known, "gcs.last")
    if oxygen:
        fraction = _column(known, "fio2.last")
        values["oxygen"] = np.where(np.isnan(fraction), np.nan, (fraction > 21.0).astype(np.float64))
    return news2(values)


def qsofa_of(known: Known) -> Score:
    """By the last values."""
    return qsofa({n: _column(known, f"{n}.last") for n in ("respiratory_rate", "systolic", "gcs")})


def saps1_of(known: Known) -> Score:
    """By the worst values since admission: meant for the end of the first day."""
    values = {f"{end}_{x}": _column(known, f"{x}.{end}.all") for x in BANDS for end in ("min", "max")}
    values |= {"min_gcs": _column(known, "gcs.min.24h"), "age": _column(known, "age")}
    values["urine_24h"] = urine_24h(known)
    values["ventilated"] = (np.nan_to_num(_column(known, "ventilated.count.24h")) > 0).astype(np.float64)
    return saps1(values)


def sofa_of(known: Known) -> Score:
    """By the worst values of 24 h; the last PaO2/FiO2."""
    return sofa(
        {
            "pf_ratio": _column(known, "pf_ratio"),
            "ventilated": (np.nan_to_num(_column(known, "ventilated.count.24h")) > 0).astype(np.float64),
            "min_platelets": _column(known, "platelets.min.24h"),
            "max_bilirubin": _column(known, "bilirubin.max.24h"),
            "min_mean_pressure": _column(known, "mean_pressure.min.24h"),
            "min_gcs": _column(known, "gcs.min.24h"),
            "max_creatinine": _column(known, "creatinine.max.24h"),
            "urine_24h": urine_24h(known),
        }
    )


def urine_24h(known: Known) -> np.ndarray:
    """mL in the last 24 h, scaled up in the first day; NaN where none was charted or less than 6 h are known."""
    hours, rate = _column(known, "hours"), _column(known, "urine.rate.24h")
    weight = np.where(np.isnan(_column(known, "weight.last")), _column(known, "weight"), _column(known, "weight.last"))
    weight = np.where(np.isnan(weight), 80.0, weight)  # kg: as in the column
    return np.where(hours >= 6.0, rate * weight * 24.0, np.nan)
