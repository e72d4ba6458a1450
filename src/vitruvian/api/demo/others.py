"""A twin of each other kind, so that every kind has something to look at: its own example, simulated and sent.

The truth is the most typical person of the kind's own population, its median in every parameter: an illustration of
what the kind does, never evidence for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.kind import AbstractKind, Example
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.platform.synthetic import MARK

SEED = 2026
POINTS = 12
FARTHEST = 24.0 * 183  # h ahead: half of the longest example, a year


@dataclass(frozen=True)
class Sample:
    """A twin to be made, what is known of it, and how far it is worth looking ahead."""

    kind: str
    subject: str
    origin: datetime
    fields: dict[str, Any]
    observations: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    hours: float


def sample(kind: AbstractKind, now: datetime) -> Sample:
    """The kind's example with its end at `now`; a VitruvianError where it cannot be simulated."""
    from vitruvian.verbs.simulate import simulate

    example = kind.example()
    now = now.replace(microsecond=0)
    begin = now - timedelta(seconds=example.t1 - example.t0)
    zero = begin - timedelta(seconds=example.t0)
    case = Case(example.case.subject, example.case.timeline, example.case.series, Origin(zero))
    times = np.linspace(example.t0, example.t1, POINTS + 2)[1:-1]
    observed = dict.fromkeys(_seen(kind, example), times)
    bounds = {o.name: (o.low, o.high) for o in kind.observables}
    rows: list[dict[str, Any]] = []
    if observed:
        z = median(kind, case, example)
        record = simulate(kind, case, observed, example.t0, seed=SEED, z=z, sensor=example.sensor).record
        for t, name, value in zip(record.valid_time, record.observable, record.value, strict=True):
            at = (zero + timedelta(seconds=float(t))).isoformat()
            shows = float(np.clip(value, *bounds[str(name)]))  # a device shows nothing beyond its scale
            row = {"observable": str(name), "time": at, "known_at": at, "value": shows}
            rows.append({**row, "sensor": example.sensor})
    done = []
    for action in case.timeline:
        body = {k: v for k, v in action.to_json().items() if k not in ("type", "at", "known_at") and v is not None}
        at = (zero + timedelta(seconds=action.at)).isoformat()
        done.append({"type": type(action).__name__, "time": at, "fields": body})
    fields = {k: v for k, v in case.subject.to_json().items() if k != "type" and v is not None}
    hours = min(max((example.t1 - example.t0) / 3600.0 / 2, 0.02), FARTHEST)
    name = f"Example of {kind.name.replace('_', ' ')} {MARK}"
    return Sample(kind.name, name, begin, fields, rows, done, hours)


def median(kind: AbstractKind, case: Case, example: Example) -> np.ndarray:
    """z (latent,) of the person who is at the middle of such persons in everything."""
    forcing = kind.compile(case, Record.empty(), example.t0, example.t1, example.t1)
    return kind.population(case).moments(Latents.of(kind.parameters, forcing).names)[0]


def _seen(kind: AbstractKind, example: Example) -> list[str]:
    """What the example's sensor sees."""
    noises = {n.observable for n in kind.noises if n.sensor in (example.sensor, "")}
    return [o.name for o in kind.observables if o.name in noises and o.axis == "grid" and not o.dims]
