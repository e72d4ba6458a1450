"""A unit's board: every twin of a place by its risk, with how that moved, what was measured, its alarm, and why.

A risk is a quantity of the kind that is itself a probability (unit 1, between 0 and 1), as the newest forecast of a
followed twin says it. What is told was worked out when the forecast was made; here it is only read and put in order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from vitruvian.core.errors import VitruvianError
from vitruvian.models.alarms.reasons import Reasoned, Reasons, from_record
from vitruvian.models.alarms.risks import risks
from vitruvian.platform import registry
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import beliefs as believed
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import forecasts

BACK = 3600 * 1_000_000  # us, over which a risk is said to rise or fall: an hour; assumed
COURSE = 60  # forecasts that are looked back on
MOVED = 0.1  # of itself, at least this much, or it is steady; assumed
BANDS = ("q05", "q25", "q50", "q75", "q95")


@dataclass(frozen=True)
class Risk:
    """A risk and its bands, said at `at` (local), over `hours`; `before`: what was said an hour or more earlier."""

    of: str
    meaning: str
    at: str
    hours: float
    bands: Mapping[str, float]
    before: float | None

    @property
    def trend(self) -> str:
        """rising, falling, steady, or new where nothing was said before."""
        if self.before is None:
            return "new"
        now = self.bands["q50"]
        return (
            "rising" if now > self.before * (1 + MOVED) else "falling" if now < self.before / (1 + MOVED) else "steady"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        said = {"of": self.of, "meaning": self.meaning, "at": self.at, "hours": self.hours, "before": self.before}
        return {**said, **self.bands, "trend": self.trend}


@dataclass
class Why:
    """Reasons by twin and forecast: a forecast's are worked out once."""

    most: int = 2000
    _held: dict[tuple[str, int], Reasons] = field(default_factory=dict)

    def of(self, live: LiveTwin, version: int) -> Reasons:
        """What speaks for the forecast of this version."""
        key = (live.row.id, version)
        if key not in self._held:
            if len(self._held) >= self.most:
                self._held.clear()
            self._held[key] = _reasons(live)
        return self._held[key]


def kinds() -> list[str]:
    """Those that give a risk."""
    out = []
    for name in registry.names():
        try:
            out += [name] if risks(registry.get(name)) else []
        except VitruvianError:  # a kind that cannot be loaded has no board
            continue
    return out


def read(connection: Connection, row: TwinRow, of: str = "") -> tuple[Risk, int] | None:
    """The risk of a twin by its newest forecast, and that forecast's version; None before the first."""
    f = forecasts.c
    newest = (f.known_us.desc(), f.version.desc())
    match = select(f.version, f.known_us, f.request).where(f.twin_id == row.id)
    last = connection.execute(match.order_by(*newest).limit(1)).first()
    if last is None:
        return None
    kind = registry.get(row.kind)
    said = believed.read_forecast(connection, row, last.version)
    name = next((n for n in ([of] if of else risks(kind)) if n in said["items"]), None)
    if name is None:
        return None
    earlier = match.where(f.known_us <= last.known_us - BACK).order_by(*newest).limit(1)
    before = connection.execute(earlier).first()
    past = None if before is None else believed.read_forecast(connection, row, before.version)["items"].get(name)
    bands = _bands(said["items"][name])
    at = row.origin.moment(float(said["items"][name]["times"][0][0])).isoformat()
    meaning = next(q.meaning for q in kind.quantities if q.name == name)
    held = None if past is None else _bands(past)["q50"]
    return Risk(name, meaning, at, float(last.request.get("hours", math.nan)), bands, held), last.version


def course(connection: Connection, row: TwinRow, of: str) -> list[dict[str, Any]]:
    """What the last forecasts said of a risk, the oldest first: when it was said, and the bands."""
    f = forecasts.c
    match = select(f.version).where(f.twin_id == row.id).order_by(f.known_us.desc(), f.version.desc()).limit(COURSE)
    out = []
    for version in connection.execute(match).scalars():
        item = believed.read_forecast(connection, row, version)["items"].get(of)
        if item is not None and len(item["q50"]) == 1:
            at = row.origin.moment(float(item["times"][0][0])).isoformat()
            out.append({"at": at, "version": version, **_bands(item)})
    return out[::-1]


def sentence(reasons: Reasons) -> str:
    """Why, in one line: what is unusual, else what moved most for its size, else what was measured."""
    if reasons.changed:
        return "; ".join(reasons.changed[:2])
    if reasons.trends:
        last = {v.of: v for v in reasons.values}
        moved = sorted(reasons.trends, key=lambda t: -abs(t.change) / max(abs(last[t.of].value), 1e-9))
        return "; ".join(
            f"{_name(t.of)} {last[t.of].value:.4g} {t.unit}, {t.change:+.3g} in {_hours(t.over)}" for t in moved[:2]
        )
    return "; ".join(f"{_name(v.of)} {v.value:.4g} {v.unit}" for v in reasons.values[:3])


def _name(of: str) -> str:
    return of.replace("_", " ")


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"


def _bands(item: Mapping[str, Any]) -> dict[str, float]:
    return {q: float(item[q][0]) for q in BANDS}


def _reasons(live: LiveTwin) -> Reasons:
    twin = live.value(None)
    belief = twin.believed()
    record = twin.record.until(belief.known_at)
    if isinstance(twin.kind, Reasoned):
        return twin.kind.reasons(twin.case, record, belief.at)
    return from_record(record, {o.name: o.unit for o in twin.kind.observables}, belief.at)


def order(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The highest risk first; of those without one, what has an alert first."""
    return sorted(
        lines, key=lambda x: (x["risk"] is None, -(x["risk"] or {}).get("q50", 0.0), not x["alerts"], x["subject"])
    )
