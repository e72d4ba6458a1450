"""Columns read off several charted things at once, as clinicians read them.

    circulation   shock index (Allgower & Burri 1967 [from memory]), pulse pressure, also as a share of the systolic
    lungs         PaO2/FiO2 of every gas (newest, mean, worst), alveolar-arterial gap FiO2 713 - PaCO2 / 0.8 - PaO2
                  (mm[Hg], sea level), ROX = SpO2 / FiO2 / breaths (Roca et al., AJRCCM 2019;199:1368 [from memory])
    kidney        urine a kilogram and hour, urea over creatinine, creatinine above its lowest (KDIGO)
    acid, salt    PaCO2 above what Winters expects of the bicarbonate, 1.5 HCO3 + 8; Na + K - HCO3; osmolality
    with age      urea, coma score and shock index times years: the same value is worse in the old
    charting      how much is charted an hour, of how many kinds, since when some are: sicker patients are watched more

NaN: a part of it was never seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.engines.pasts import Landmarks, Readings, newest, window
from vitruvian.models.icu.channels import CHANNELS

AIR = 0.21  # share of oxygen where no inspired oxygen is charted
WEIGHT = 80.0  # kg, where nobody weighed: assumed
WATCHED = ("heart_rate", "systolic", "respiratory_rate", "temperature", "gcs")
BEGAN = ("ph", "lactate", "creatinine", "hematocrit", "fio2", "glucose", "ventilated")
NONE = Readings(np.zeros(0, int), np.zeros(0), np.zeros(0))
Columns = dict[str, np.ndarray]


def combined(x: Mapping[str, np.ndarray], readings: Mapping[str, Readings], marks: Landmarks) -> Columns:
    """x {column: (n,)} of single things (models/icu/columns.py) at n landmarks."""
    return {
        **_circulation(x),
        **_lungs(x, readings, marks),
        **_kidney(x, readings, marks),
        **_charting(x, readings, marks),
    }


def _circulation(x: Mapping[str, np.ndarray]) -> Columns:
    shock, pulse = x["heart_rate.last"] / x["systolic.last"], x["systolic.last"] - x["diastolic.last"]
    return {
        "shock_index": shock,
        "shock_index.mean": x["heart_rate.mean.24h"] / x["systolic.mean.24h"],
        "shock_age": shock * x["age"],
        "pulse_pressure": pulse,
        "pulse_pressure.share": pulse / x["systolic.last"],
        "gcs.fall": x["gcs.max.all"] - x["gcs.last"],
        "coma_age": (15.0 - x["gcs.last"]) * x["age"],
        "bmi": x["weight"] / (x["height"] / 100.0) ** 2,
        "weight.gain": x["weight.last"] - x["weight.first"],
    }


def _lungs(x: Mapping[str, np.ndarray], readings: Mapping[str, Readings], marks: Landmarks) -> Columns:
    share = np.where(np.isnan(x["fio2.last"]), AIR, x["fio2.last"] / 100.0)
    gas, oxygen = readings.get("po2", NONE), readings.get("fio2", NONE)
    then = newest(oxygen, Landmarks(gas.whose, gas.time))["last"]
    ratio = Readings(gas.whose, gas.time, gas.value / np.where(np.isnan(then), AIR, then / 100.0))
    whole, day = window(ratio, marks, 1000.0, ("min", "mean")), window(ratio, marks, 24.0, ("min",))
    return {
        "pf_ratio": x["po2.last"] / share,
        "pf_ratio.min.all": whole["min"],
        "pf_ratio.mean.all": whole["mean"],
        "pf_ratio.min.24h": day["min"],
        "alveolar_gap": 713.0 * share - x["pco2.last"] / 0.8 - x["po2.last"],
        "rox": x["spo2.last"] / share / x["respiratory_rate.last"],
        "pco2.excess": x["pco2.last"] - (1.5 * x["bicarbonate.last"] + 8.0),
    }


def _kidney(x: Mapping[str, np.ndarray], readings: Mapping[str, Readings], marks: Landmarks) -> Columns:
    weight = np.where(np.isnan(x["weight.last"]), x["weight"], x["weight.last"])
    weight = np.where(np.isnan(weight), WEIGHT, weight)
    out = {
        "urea_creatinine": x["bun.last"] / x["creatinine.last"],
        "urea_age": x["bun.last"] * x["age"],
        "creatinine.rise": x["creatinine.last"] - x["creatinine.min.all"],
        "creatinine.ratio": x["creatinine.last"] / x["creatinine.min.all"],
        "liver_kidney": np.log(np.maximum(x["bilirubin.last"], 0.1)) + np.log(x["creatinine.last"]),
        "osmolality": 2.0 * x["sodium.last"] + x["glucose.last"] / 18.0 + x["bun.last"] / 2.8,
        "ion_gap": x["sodium.last"] + x["potassium.last"] - x["bicarbonate.last"],
    }
    urine = readings.get("urine", NONE)
    for hours in (6.0, 24.0):
        low, high = marks.bounds(urine, hours)
        total = np.concatenate([[0.0], np.cumsum(urine.value)])
        passed = np.where(high > low, total[high] - total[low], np.nan)
        out[f"urine.rate.{hours:.0f}h"] = passed / weight / np.minimum(hours, np.maximum(marks.at, 1.0))
    return out


def _charting(x: Mapping[str, np.ndarray], readings: Mapping[str, Readings], marks: Landmarks) -> Columns:
    hours = np.maximum(marks.at, 1.0)
    counts = [x[f"{c.name}.count.all"] for c in CHANNELS]
    out = {
        "charted.count": np.sum(counts, axis=0) / hours,
        "charted.count.kinds": np.sum([c > 0 for c in counts], axis=0).astype(np.float64),
        "watched.count": np.sum([x[f"{name}.count.all"] for name in WATCHED], axis=0) / hours,
        "watched.age": np.fmin.reduce([x[f"{name}.age"] for name in WATCHED[:3]]),
    }
    for name in BEGAN:
        mine = readings.get(name, NONE)
        low, high = marks.bounds(mine, np.inf)
        out[f"{name}.began"] = np.append(mine.time, np.nan)[np.where(high > low, low, -1)]
    out["ventilated.span"] = np.nan_to_num(marks.at - x["ventilated.age"] - out["ventilated.began"])
    return out
