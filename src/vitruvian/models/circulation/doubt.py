"""Haemodynamic readings that are kept and not believed: what no circulation shows, alone or beside the same visit's.

    cannot be        beyond what a living adult shows (POSSIBLE): an ejection fraction of 0 or above 100 %
    another unit     beyond it, but not after a conversion: kPa for mmHg, L for mL, mL/min for L/min, a fraction for %
    out of order     diastolic at or above systolic; in one catheter's visit the mean at or above the systolic or the
                     wedge or right atrial mean above the pulmonary mean by more than both sensors err
    does not add up  cardiac output against (end-diastolic volume x ejection fraction) x heart rate, and one ventricle's
                     stroke volume against the other's: what leaves one enters the other, but for error

What is out of order or does not add up names no culprit: all that take part are doubted, unless two of three agree.
A visit is two days, taken at the earlier reading. Errors are the sensors' sd (seen.py of the kind); ERRS of them
together is beyond error. Limits and ERRS assumed; drawn persons of every set are doubted in less than 1 in 1,000
readings (tests/unit/models/test_circulation_doubt.py). Nothing is converted on a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from vitruvian.core.record import Record
from vitruvian.models.icu.doubt import Doubts

VISIT, HOUR = 2 * 86400.0, 3600.0
ERRS = 4.5  # sd: once in 150,000 by chance
POSSIBLE: Mapping[str, tuple[float, float]] = {  # assumed: far beyond what adults with these diseases show
    "sbp": (50.0, 280.0), "dbp": (20.0, 170.0), "heart_rate": (25.0, 230.0), "qrs": (50.0, 320.0),
    "lv_edv": (35.0, 600.0), "rv_edv": (35.0, 600.0), "lv_ef": (4.0, 90.0), "rv_ef": (3.0, 90.0),
    "cardiac_output": (0.8, 25.0), "mpap": (6.5, 130.0), "pasp": (5.0, 230.0), "pawp": (-6.0, 55.0),
    "rap": (-6.0, 45.0), "pvr": (0.1, 60.0), "activity": (0.0, 80000.0),
}  # fmt: skip
MMHG = (("kPa", 7.50062),)
LOOKS: Mapping[str, tuple[tuple[str, float], ...]] = {
    **dict.fromkeys(("sbp", "dbp", "mpap", "pasp"), MMHG),
    **dict.fromkeys(("lv_edv", "rv_edv"), (("L", 1000.0),)),
    **dict.fromkeys(("lv_ef", "rv_ef"), (("a fraction", 100.0),)),
    "cardiac_output": (("mL/min", 1e-3), ("mL/s", 0.06)),
    "qrs": (("seconds", 1000.0),),
    "pvr": (("dyn s/cm5", 1.0 / 80.0),),
}
UNITS = {"sbp": "mmHg", "dbp": "mmHg", "mpap": "mmHg", "pasp": "mmHg", "lv_edv": "mL", "rv_edv": "mL", "lv_ef": "%",
         "rv_ef": "%", "cardiac_output": "L/min", "qrs": "ms", "pvr": "Wood units"}  # fmt: skip
# lower, upper, by how much the lower may lie above the upper, why and what to do
ORDER = (
    ("dbp", "sbp", 0.0, "diastolic {low:g} is not below systolic {high:g}: send the pair again, they may be swapped"),
    ("pawp", "mpap", 8.0, "wedge {low:g} lies above the pulmonary mean {high:g}: check the zero and the wedge"),
    ("rap", "mpap", 8.0, "right atrial {low:g} lies above the pulmonary mean {high:g}: check the zero"),
    ("mpap", "pasp", 25.0, "pulmonary mean {low:g} lies above the systolic {high:g}: check both"),
)
SD = {"cardiac_output": 0.08, "lv_edv": 0.08, "rv_edv": 0.06}  # of the log: sensors, seen.py
SD_EF, SD_RATE, BETWEEN = 4.0, 3.0, 0.15  # points, /min; of the log: a visit's days differ, assumed


def doubts(record: Record) -> Doubts:
    """Of every row; a row of the past is not judged by one of a later visit."""
    why, since = np.full(len(record), "", dtype=object), record.known_at.copy()
    for i, (name, value) in enumerate(zip(record.observable.tolist(), record.value.tolist(), strict=True)):
        why[i] = alone(str(name), float(value))
    for low, high, allowed, said in ORDER:
        for i, j in _pairs(record, why, low, high, HOUR if high == "sbp" else VISIT):
            if record.value[i] >= record.value[j] + allowed:
                told = said.format(low=record.value[i], high=record.value[j])
                _mark(record, why, since, (i, j), f"out of order: {told}")
    for rows, told in _sums(record, why):
        _mark(record, why, since, rows, f"does not add up: {told}")
    return Doubts(record, why, np.where(why == "", np.inf, since))


def alone(name: str, value: float) -> str:
    """What a value beyond the limits looks like, and what to do; "" for one within."""
    if name not in POSSIBLE:
        return ""
    low, high = POSSIBLE[name]
    if low <= value <= high:
        return ""
    for unit, scale in LOOKS.get(name, ()):
        if low <= value * scale <= high:
            return f"another unit: looks like {unit} ({value * scale:.4g} {UNITS[name]}); send it with its unit"
    return f"cannot be: {value:g} is outside {low:g} to {high:g}; measure it again, or take it back"


def _mark(record: Record, why: np.ndarray, since: np.ndarray, rows: tuple[int, ...], said: str) -> None:
    known = max(float(record.known_at[i]) for i in rows)
    for i in rows:
        if not why[i]:
            why[i], since[i] = said, known


def _pairs(record: Record, why: np.ndarray, a: str, b: str, within: float) -> Iterator[tuple[int, int]]:
    """Rows of a with the nearest row of b within so many s, both not yet doubted."""
    first, second = (np.flatnonzero((record.observable == n) & (why == "")) for n in (a, b))
    for i in first:
        if not len(second):
            return
        apart = np.abs(record.valid_time[second] - record.valid_time[i])
        if apart.min() <= within:
            yield int(i), int(second[np.argmin(apart)])


def _sums(record: Record, why: np.ndarray) -> Iterator[tuple[tuple[int, ...], str]]:
    """Flows of one visit that differ beyond error: the rows and what is said."""
    anchor = "cardiac_output"
    seen: set[tuple[int, ...]] = set()
    for side in ("lv", "rv"):
        for i, j in _pairs(record, why, f"{side}_edv", f"{side}_ef", VISIT):
            flow = _flow(record, why, side, i, j)
            other = "rv" if side == "lv" else "lv"
            rivals = [_flow(record, why, other, *p) for p in _near(record, why, other, i)]
            outputs = [_output(record, k) for k in _nearest(record, why, anchor, i)]
            apart = [r for r in (*rivals, *outputs) if flow and r and _beyond(flow, r)]
            agree = [r for r in (*rivals, *outputs) if flow and r and not _beyond(flow, r)]
            if not apart or flow is None or agree:
                continue  # two of three agree: the third is doubted on its own turn, below
            rows = tuple(sorted({*flow[2], *(k for r in apart for k in r[2])} if len(apart) == 1 else {*flow[2]}))
            if rows not in seen:
                seen.add(rows)
                yield rows, f"{flow[3]} against {apart[0][3]}: check volumes, ejection fraction, rate and output"
    for k in np.flatnonzero((record.observable == anchor) & (why == "")):
        found = [f for s in ("lv", "rv") for p in _near(record, why, s, int(k)) if (f := _flow(record, why, s, *p))]
        out = _output(record, int(k))
        if len(found) == 2 and all(_beyond(out, f) for f in found) and not _beyond(*found):
            yield (int(k),), f"{out[3]} against {found[0][3]} and {found[1][3]}: measure the output again"


Flow = tuple[float, float, tuple[int, ...], str]  # log L/min, its sd, rows, in words


def _flow(record: Record, why: np.ndarray, side: str, i: int, j: int) -> Flow | None:
    """Of a ventricle: end-diastolic volume x ejection fraction x rate; None without a rate in the visit."""
    rate = _nearest(record, why, "heart_rate", i)
    if not rate:
        return None
    k, edv, ef = rate[0], record.value[i], record.value[j]
    flow = edv * ef / 100.0 * record.value[k] * 1e-3
    sd = np.sqrt(SD[f"{side}_edv"] ** 2 + (SD_EF / ef) ** 2 + (SD_RATE / record.value[k]) ** 2)
    said = f"{side.upper()} {edv:g} mL x {ef:g} % x {record.value[k]:g} /min = {flow:.1f} L/min"
    return float(np.log(flow)), float(sd), (i, j), said


def _output(record: Record, k: int) -> Flow:
    value = float(record.value[k])
    return float(np.log(value)), SD["cardiac_output"], (k,), f"cardiac output {value:g} L/min"


def _beyond(a: Flow, b: Flow) -> bool:
    return abs(a[0] - b[0]) > ERRS * float(np.sqrt(a[1] ** 2 + b[1] ** 2 + BETWEEN**2))


def _nearest(record: Record, why: np.ndarray, name: str, i: int) -> list[int]:
    """The row of this observable nearest to row i within a visit, as a list of one or none."""
    rows = np.flatnonzero((record.observable == name) & (why == ""))
    apart = np.abs(record.valid_time[rows] - record.valid_time[i])
    return [int(rows[np.argmin(apart)])] if len(rows) and apart.min() <= VISIT else []


def _near(record: Record, why: np.ndarray, side: str, i: int) -> list[tuple[int, int]]:
    """A ventricle's volume and ejection fraction in the visit of row i, as a list of one pair or none."""
    both = [_nearest(record, why, f"{side}_{what}", i) for what in ("edv", "ef")]
    return [(both[0][0], both[1][0])] if all(both) else []
