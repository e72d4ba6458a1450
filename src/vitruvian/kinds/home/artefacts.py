"""Readings of a wearable that are doubted: kept, given a large sd, not believed.

    impossible      outside what a person can have (the limits of the observable)
    other person    a weight more than 6 kg, and 5 robust sd, from the person's own last weights
    pounds          a weight that is 2.2 times the usual; Fahrenheit, a temperature above 45 that fits 1.8 T + 32
    moving          a saturation or heart rate in an hour of many steps that jumps from its neighbours
    flat            six readings running of one value of a signal that never stands still

Every limit is assumed; what is found is counted against simulated truth in evidence.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from vitruvian.core.record import Record

DAY = 86400.0
POSSIBLE = {"heart_rate": (25.0, 220.0), "hrv": (1.0, 400.0), "steps": (0.0, 12_000.0), "spo2": (60.0, 100.0),
            "temperature": (34.0, 42.0), "weight": (30.0, 260.0), "systolic": (60.0, 250.0),
            "diastolic": (30.0, 150.0)}  # fmt: skip
JUMP = {"heart_rate": 25.0, "spo2": 5.0, "weight": 6.0, "temperature": 2.5, "systolic": 45.0, "diastolic": 35.0}
SURE = 5.0  # robust sd
WIDE = 50.0  # sd of a doubted reading, in multiples of the jump that makes it doubtful
RUN = 6


def doubtful(name: str, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Which readings (n,) of a signal, in order of time, are doubted; each judged by itself and those before it."""
    low, high = POSSIBLE.get(name, (-np.inf, np.inf))
    out = (values < low) | (values > high)
    if name in JUMP:
        for k in range(len(values)):
            past = values[max(0, k - 12) : k][~out[max(0, k - 12) : k]]
            if len(past) >= 4 and not out[k]:
                middle = float(np.median(past))
                spread = 1.4826 * float(np.median(np.abs(past - middle)))
                out[k] = abs(values[k] - middle) > max(JUMP[name], SURE * spread)
    if name in ("heart_rate", "hrv") and len(values) >= RUN:
        same = np.concatenate([[False], np.diff(values) == 0.0])
        run = 0
        for k, again in enumerate(same.tolist()):
            run = run + 1 if again else 0
            if run >= RUN - 1:
                out[k] = True
    return out


def doubted(record: Record) -> Record:
    """The record with a large sd of their own for rows that are doubted; itself when there are none."""
    sd = record.sd.copy()
    for name in sorted(set(record.observable.tolist()) & set(POSSIBLE)):
        rows = np.flatnonzero((record.observable == name) & ~record.removed)
        rows = rows[np.argsort(record.valid_time[rows], kind="stable")]
        wrong = rows[doubtful(name, record.valid_time[rows], record.value[rows])]
        sd[wrong] = WIDE * JUMP.get(name, 10.0 if name == "hrv" else 1000.0)
    return record if np.array_equal(sd, record.sd, equal_nan=True) else dataclasses.replace(record, sd=sd)
