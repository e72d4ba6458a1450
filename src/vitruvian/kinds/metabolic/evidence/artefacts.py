"""Compression lows on CGMacros: does the other sensor on the same body fall too, and do forecasts gain from the doubt?

Each candidate in the Dexcom is looked up in the Libre, which sits on the other arm: how far it fell below its own level
in the same time. Beside it: other nightly falls of at least 20 mg/dL within an hour that are no candidates. Forecasts
start in candidates that are open by what was known then, whether they recovered or not; the same members, the same
draws, with and without the doubt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.observing import Observing
from vitruvian.kinds.metabolic import KIND
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.others import NobodyError, spread, told
from vitruvian.models.glycaemia import artefacts as found
from vitruvian.models.glycaemia.artefacts import FALL, ArtefactLow, compression_lows
from vitruvian.models.glycaemia.trace import DAY, HOUR, MINUTE, Trace
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast

ALONE, LEAD = 0.6, 1800.0  # share of candidates that the other sensor does not show; s ahead
TRIED, QUICK, SEEN = 60, 4, 8  # forecasts; those of --quick, and its people
MEMBERS, SEED = 64, 7
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Night:
    """A subject's candidates, with both sensors' readings on the trace's clock."""

    subject: Subject
    shift: float
    trace: Trace
    lows: tuple[ArtefactLow, ...]
    other: Record

    @classmethod
    def of(cls, subject: Subject) -> Night:
        """Candidates of the Dexcom."""
        record = subject.sensor("dexcom")
        trace = Trace.of_record(record, subject.case.origin, sensor="dexcom")
        shift = float(trace.times[0] - record.valid_time[0])
        return cls(subject, shift, trace, found(trace).found, subject.sensor("libre"))

    def fell(self, start: float, end: float) -> float:
        """How far the other sensor fell below its own level before; NaN where it has no reading."""
        t = self.other.valid_time + self.shift
        before = self.other.value[(t >= start - 40 * MINUTE) & (t < start)]
        inside = self.other.value[(t >= start) & (t <= end + 15 * MINUTE)]
        return float(np.median(before) - inside.min()) if len(before) and len(inside) else float("nan")

    def falls(self) -> list[tuple[float, float, float]]:
        """Other nightly falls: start, end, depth; an hour apart from each other and from every candidate."""
        t, g, hour = self.trace.times, self.trace.values, self.trace.civil % DAY / HOUR
        span, free = 12, -np.inf
        out: list[tuple[float, float, float]] = []
        taken = [(a.start - HOUR, a.end + HOUR) for a in self.lows]
        for k in range(len(t) - span):
            whole = t[k + span] - t[k] <= span * 330.0 and (hour[k] >= 22 or hour[k] < 7)
            if not whole or t[k] < free or any(a <= t[k] <= b for a, b in taken):
                continue
            low = k + int(np.argmin(g[k : k + span + 1]))
            if g[k] - g[low] >= FALL:
                out.append((float(t[k]), float(t[low]), float(g[k] - g[low])))
                free = t[low] + HOUR
        return out

    def opened(self) -> list[float]:
        """When a candidate was open for 15 min, by the readings until then, s of the trace: one time a candidate."""
        t, g = self.trace.times, self.trace.values
        out: list[float] = []
        edge = round(15 * MINUTE / self.trace.step)
        for k in (np.flatnonzero(g[edge:] <= g[:-edge] - FALL) + edge).tolist():
            now = t[min(k + 2, len(t) - 1)]
            past = (t <= now) & (t > now - 3 * HOUR)
            lows = compression_lows(t[past], g[past], self.trace.civil[past], self.trace.step)
            late = now > t[0] + DAY and (not out or now - out[-1] > HOUR)
            if late and lows and not lows[-1].closed and now - lows[-1].start >= 15 * MINUTE:
                out.append(float(now))
        return out


@told
def compression(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Share of candidates that the other sensor does not show, and RMSE 30 min ahead with and without the doubt."""
    cast = asked(data, test, DAY)
    nights = [Night.of(s) for s in (spread(cast.people, SEEN) if quick else cast.people)]
    mine = [n.fell(a.start, a.end) / a.depth for n in nights for a in n.lows]
    rest = [n.fell(a, b) / d for n in nights for a, b, d in n.falls()]
    mine, rest = ([x for x in part if np.isfinite(x)] for part in (mine, rest))
    if not mine:
        raise NobodyError("nobody wore two sensors with a candidate in one", where=claim, fix="name more people")
    alone, usual = float(np.mean(np.array(mine) < 0.5)), float(np.mean(np.array(rest) < 0.5)) if rest else np.nan
    progress(0.1)
    tried = spread([(n, at) for n in nights for at in n.opened()], QUICK if quick else TRIED)
    errors: list[tuple[float, float]] = []
    for k, (night, at) in enumerate(tried):
        errors += _errors(night, at)
        progress(0.1 + 0.9 * (k + 1) / len(tried))
    doubting, believing = np.sqrt(np.mean(np.array(errors).reshape(-1, 2) ** 2, axis=0)) if errors else (np.nan, np.nan)
    wide = 0.1 if quick else 0.0  # a few forecasts of a few people
    shown = f"{100 * alone:.0f} % of candidates are not in the other sensor"
    return {
        "measured": f"{shown}; forecasts from within an open one, 30 min ahead: RMSE {doubting:.1f} mg/dL",
        "met": bool(alone >= ALONE - wide and (not errors or doubting < believing * (1 + 3 * wide))),
        "n": len(mine),
        "baseline": f"other nightly falls {100 * usual:.0f} %; forecasts that believe every reading {believing:.1f}",
        "detail": {"median_share_of_depth": float(np.median(mine)), "forecasts": len(errors), "others": len(rest)},
        "notes": cast.notes,
    }


def _errors(night: Night, at: float) -> list[tuple[float, float]]:
    """Errors of the doubting and of the believing forecast at the reading nearest to LEAD; none without it."""
    record, now = night.subject.sensor("dexcom"), at - night.shift
    times = record.valid_time
    near = int(np.argmin(np.abs(times - now - LEAD)))
    if abs(times[near] - now - LEAD) > 150.0:
        return []
    twin = Twin(KIND, night.subject.case.until(now), record.until(now))
    twin = calibrate(twin, known_at=now, seed=SEED, members=MEMBERS)
    request = Request({"glucose": times[near : near + 1]})
    said = [forecast(t, request, seed=SEED)["glucose"].mean()[0] for t in (twin, believing(twin))]
    return [(float(said[0] - record.value[near]), float(said[1] - record.value[near]))]


def believing(twin: Twin) -> Twin:
    """The same belief with its discrepancy found from the readings as they are."""
    belief, kind = twin.believed(), twin.kind
    forcing = kind.compile(twin.case, twin.record, *belief.window, belief.known_at)
    layout = Latents.of(kind.parameters, forcing)
    theta = layout.theta(layout.pad(belief.z))
    seen = Observing.of(kind, forcing, twin.record)
    outputs, _ = kind.run(theta, forcing, seen.request, member_seeds(belief.seed, belief.members))
    draws = {n: generator(belief.seed, "residual", n).standard_normal(belief.members) for n in kind.discrepancies}
    return twin.having(dataclasses.replace(belief, residual=seen.remaining(kind, outputs, theta, belief.at, draws)))
