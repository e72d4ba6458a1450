"""Pulmonary arterial hypertension by equations other than the kind's: occluded vessels and a coupled right ventricle.

    f' = g f (1 - f),  R = R0 / (1 - f)                        share of vessels occluded: logistic
    E_a = 1.2 mPAP / SV,  SV = (EDV - V0) E_es / (E_es + E_a)   coupling: Sunagawa, Am J Physiol 245:H773 (1983)
    EDV = V0 + ln(1 + RAP / A) / k,  RAP = 4 + 4 max(E_a / E_es - 0.8, 0)
    E_es' = a (E_a / E_es - 1)+ E_es until E_a / E_es > 1.6, then -l E_es      failure by a threshold
    mPAP = wedge + CO R,  CO = SV rate,  rate = rate0 (1 + 0.25 (1 - CI / 2.8))

No limit cycle, no septum, no left heart but a fixed fraction. Every number is assumed, set so that courses look like
registries' (PVR 4 to 12 Wood units, RV EF 20 to 50 %). Synthetic, and labelled so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.core.record import Record

DAY = 86400.0
VISITS, CATHETER = (0.0, 90.0, 180.0, 270.0, 360.0), (0.0, 180.0, 360.0)
WEARABLE = tuple(np.arange(0.0, 361.0, 15.0))
MOST = 730  # days


@dataclass(frozen=True)
class Course:
    """Truth of every day (day,) by observable, and a year of readings."""

    truth: dict[str, np.ndarray]
    record: Record


def course(seed: int) -> Course:
    """One synthetic patient."""
    rng = generator(seed, "circ.course")
    truth = _truth(rng)
    rows = [_read(rng, truth, name, days) for name, days in _SCHEDULE]
    return Course(truth, Record.join(rows))


def _truth(rng: np.random.Generator) -> dict[str, np.ndarray]:
    f, g = rng.uniform(0.74, 0.87), rng.normal(0.10, 0.16) / 365.0
    R0, wedge, rate0 = 0.065 * np.exp(rng.normal(0, 0.1)), rng.normal(8.0, 2.0), rng.normal(76.0, 7.0)
    Ees, V0, A, k = 0.75 * np.exp(rng.normal(0, 0.2)), rng.normal(38.0, 8.0), 0.9, 0.015 * np.exp(rng.normal(0, 0.12))
    a, loss = 0.9 / 365.0, abs(rng.normal(0.35, 0.15)) / 365.0
    RC, systemic, lv = rng.normal(0.48, 0.09), 0.95 * np.exp(rng.normal(0, 0.12)), rng.normal(0.53, 0.05)
    habit = 5500.0 * np.exp(rng.normal(0, 0.35))
    names = (
        "mpap",
        "rv_ef",
        "rv_edv",
        "rap",
        "cardiac_output",
        "heart_rate",
        "pasp",
        "sbp",
        "dbp",
        "lv_edv",
        "activity",
    )
    out = {n: np.zeros(MOST + 1) for n in names} | {
        "pawp": np.full(MOST + 1, wedge),
        "lv_ef": np.full(MOST + 1, 100 * lv),
    }
    out["qrs"] = np.full(MOST + 1, rng.normal(101.0, 4.0))
    SV, rap, rate, mpap, Ea, EDV = 70.0, 5.0, rate0, 40.0, 1.0, 190.0
    for day in range(MOST + 1):
        R = R0 / (1.0 - f)
        for _ in range(400 if day == 0 else 3):
            rate = rate0 * (1.0 + 0.25 * (1.0 - SV * rate0 / 1900.0 / 2.8))
            mpap = wedge + SV * rate / 60.0 * R
            Ea = 1.2 * mpap / SV
            rap += 0.2 * (4.0 + 4.0 * max(Ea / Ees - 0.8, 0.0) - rap)
            EDV = V0 + np.log1p(rap / A) / k
            SV += 0.2 * ((EDV - V0) * Ees / (Ees + Ea) - SV)
        output = SV * rate / 1000.0
        pulse, mean = SV * (0.047 + R) / RC * 0.75, rap + output * 1000.0 / 60.0 * systemic
        row = (mpap, 100 * SV / EDV, EDV, rap, output, rate, mpap + 0.6 * pulse, mean * 1.22, mean * 0.86, SV / lv,
               habit * (output / 1.9 / 2.8) ** 1.1)  # fmt: skip
        for n, value in zip(names, row, strict=True):
            out[n][day] = value
        f += g * f * (1.0 - f)
        Ees *= 1.0 - loss if Ea / Ees > 1.6 else 1.0 + a * max(Ea / Ees - 1.0, 0.0) * 0.3
    return out


def _read(rng: np.random.Generator, truth: dict[str, np.ndarray], name: str, days: tuple[float, ...]) -> Record:
    at = np.array(days)
    value = truth[name][at.astype(int)]
    sd, relative = _ERRORS[name]
    noise = rng.standard_t(6, len(at)) * np.sqrt(4.0 / 6.0)  # heavier tails than the kind believes
    return Record.of(name, at * DAY, value * np.exp(relative * noise) + sd * noise)


_ERRORS: dict[str, tuple[float, float]] = {  # sd in the unit, share; near seen.py, not it
    "mpap": (2.4, 0.0), "pawp": (2.0, 0.0), "rap": (1.5, 0.0), "cardiac_output": (0.0, 0.09), "rv_ef": (4.5, 0.0),
    "rv_edv": (0.0, 0.07), "lv_edv": (0.0, 0.09), "lv_ef": (4.0, 0.0), "pasp": (9.0, 0.0), "qrs": (6.0, 0.0),
    "sbp": (7.0, 0.0), "dbp": (5.0, 0.0), "heart_rate": (3.5, 0.0), "activity": (0.0, 0.2),
}  # fmt: skip
_SCHEDULE = (
    *((n, CATHETER) for n in ("mpap", "pawp", "rap", "cardiac_output")),
    *((n, VISITS) for n in ("rv_ef", "rv_edv", "lv_edv", "lv_ef", "pasp", "qrs", "sbp", "dbp")),
    *((n, WEARABLE) for n in ("heart_rate", "activity")),
)
