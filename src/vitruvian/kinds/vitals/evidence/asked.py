"""The bands that a user gets: `calibrate` and `forecast` of this kind on stays that nothing was learned from.

At 24 h in the unit every reading of a vital sign in the next 6 h is a forecast's truth, with the sensor's noise in the
forecast: what `vitruvian forecast T --hours 6 --noise`, the API and the client show. The members have normal tails;
`foreseen` (mon.vitals) has the quantiles that such errors had among other patients.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import generator
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.vitals.evidence.data import AbsentError
from vitruvian.kinds.vitals.evidence.forecasts import SEED, VITAL, Progress, parts
from vitruvian.kinds.vitals.learning import learn_population
from vitruvian.kinds.vitals.model import HOUR, Vitals
from vitruvian.kinds.vitals.patient import Patient
from vitruvian.models.icu.stays import Stays
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.scores import coverage_band, effective_size

AT, AHEAD = 24.0, 6.0  # h in the unit, h ahead
STAYS, FEW = 100, 12
WIDER = 0.03  # beside the band, at reduced size


def asked(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.vitals.verb: coverage of the 90 % band of the generic forecast, and by hours ahead."""
    try:
        learners, others, notes = parts(data, test)
    except AbsentError as err:
        return {"measured": f"not measured: {err}", "met": None, "n": 0, "baseline": None}
    kind = Vitals(learn_population(learners, "learning part"), digest="evidence")
    count = FEW if quick else STAYS
    some = others.of(np.sort(generator(SEED, "asked").permutation(len(others))[:count]))
    found = []
    for s in range(len(some)):
        held, hours, names = _one(kind, some, s)
        found.append((held, np.full(len(held), str(s)), hours, names))
        progress((s + 1) / len(some))
    held, who, hours, named = (np.concatenate(c) for c in zip(*found, strict=True))
    size = effective_size(held[:, None] > 0, np.array([0.9]), who)
    low, high = (float(b[0]) for b in coverage_band(size, (0.9,)))
    cover = float(held.mean())
    by = {f"{h:.0f} h": float(held[np.ceil(hours) == h].mean()) for h in np.unique(np.ceil(hours)) if h >= 1}
    channel = {n: float(held[named == n].mean()) for n in VITAL if (named == n).any()}
    beside = WIDER if quick else 0.0
    return {
        "measured": cover,
        "met": bool(low - beside <= cover <= high + beside),
        "n": len(held),
        "baseline": None,
        "detail": {
            "band of the coverage": (low, high),
            "by hours ahead": by,
            "by channel": channel,
            "stays": len(some),
        },
        "notes": notes,
    }


def _one(kind: Vitals, stays: Stays, s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each later reading lies in the 90 % band, how many hours ahead it was, and of what, (n,) each."""
    rows, later = [], {}
    for name in kind_channels(kind):
        r = stays.readings[name]
        mine = r.whose == s
        time, value = r.time[mine], r.value[mine]
        rows.append(Record.of(name, time[time <= AT] * HOUR, value[time <= AT]))
        soon = (time > AT) & (time <= AT + AHEAD)
        if name in VITAL and soon.any():
            at, first = np.unique(time[soon], return_index=True)
            later[name] = (at, value[soon][first])
    record = Record.join(rows)
    if not len(record) or not later:
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=str)
    twin = calibrate(Twin(kind, Case(Patient()), record), window=(float(record.valid_time.min()), AT * HOUR), seed=SEED)
    begin = twin.believed().at
    request = Request.of({n: np.maximum(t * HOUR, begin) for n, (t, _) in later.items()})
    told = forecast(twin, request, noise=True, seed=SEED)
    held = [(v >= told[n].quantile(0.05)) & (v <= told[n].quantile(0.95)) for n, (_, v) in later.items()]
    hours = np.concatenate([t - AT for t, _ in later.values()])
    return np.concatenate(held).astype(float), hours, np.repeat(list(later), [len(t) for t, _ in later.values()])


def kind_channels(kind: Vitals) -> tuple[str, ...]:
    """What it follows."""
    return tuple(o.name for o in kind.observables)
