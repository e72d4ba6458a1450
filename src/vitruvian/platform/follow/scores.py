"""Live calibration: past forecasts of a twin against the readings that came, and whether the twin drifts.

Every reading is scored against the newest forecast that was made before it was valid, at three leads. The rank is the
probability that the forecast gave to a lower value; a calibrated twin's ranks are uniform.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from vitruvian.platform.instant import micros
from vitruvian.platform.store import beliefs
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import forecasts, observations
from vitruvian.platform.store.schema_live import scores

LEADS = (0.0, 1800.0, 7200.0)  # s between the forecast and the reading, at least: now, half an hour, two hours
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
ENOUGH = 20  # scored readings before anything is said of drift; assumed
SURE = 0.01  # probability of so low a coverage by chance at which drift is said; assumed


def score(connection: Connection, twin: TwinRow, after: int, until: int, now_us: int) -> int:
    """Score the new readings of this twin (first versions after a sequence, up to another); how many scores."""
    o = observations.c
    match = select(o.seq, o.observable, o.valid_us, o.value).where(
        o.twin_id == twin.id, o.seq > after, o.seq <= until, o.version == 1, o.removed.is_(False)
    )
    said: dict[int, Mapping[str, Any]] = {}
    rows = []
    s = scores.c
    old = select(s.reading_seq).where(s.twin_id == twin.id, s.reading_seq > after, s.reading_seq <= until)
    before = set(connection.execute(old).scalars())
    new = [row for row in connection.execute(match).all() if row.seq not in before]
    for seq, observable, valid, value in new:
        for version, known in _before(connection, twin.id, valid):
            if version not in said:
                said[version] = _times(beliefs.read_forecast(connection, twin, version))
            found = _rank(said[version].get(observable), valid, value)
            if found is not None:
                row = {"twin_id": twin.id, "forecast_version": version, "reading_seq": seq, "observable": observable}
                told = {"valid_us": valid, "ahead_s": (valid - known) / 1e6, "value": value, "created_us": now_us}
                rows.append({**row, **told, "median": found[0], "rank": found[1]})
    if rows:
        connection.execute(insert(scores), rows)
    return len(rows)


def summary(connection: Connection, twin_id: str, limit: int = 2000) -> dict[str, Any]:
    """Coverage of the 50 and 90 % bands, bias and error by lead over the newest scores, and what follows from it."""
    s = scores.c
    match = select(s.observable, s.ahead_s, s.value, s.median, s.rank).where(s.twin_id == twin_id)
    rows = connection.execute(match.order_by(s.reading_seq.desc()).limit(limit)).all()
    groups: dict[tuple[str, float], list[Any]] = {}
    for row in rows:
        lead = max(lead for lead in LEADS if lead <= max(row.ahead_s, 0.0))
        groups.setdefault((row.observable, lead), []).append(row)
    items = [_line(name, lead, some) for (name, lead), some in sorted(groups.items())]
    drifting = [item for item in items if item["drift"]]
    why = ""
    if drifting:
        worst = min(drifting, key=lambda item: item["in90"])
        share, n = round(100 * worst["in90"]), worst["n"]
        why = f"{share} % of {n} readings of {worst['observable']} lay in the 90 % bands of the forecasts before them"
    return {"items": items, "drift": bool(drifting), "proposal": f"recalibrate: {why}" if why else None}


def _line(observable: str, lead: float, rows: Sequence[Any]) -> dict[str, Any]:
    ranks, errors = np.array([r.rank for r in rows]), np.array([r.value - r.median for r in rows])
    inside = int(np.sum((ranks >= 0.05) & (ranks <= 0.95)))
    n = len(rows)
    return {
        "observable": observable,
        "lead": lead,
        "n": n,
        "in50": float(np.mean((ranks >= 0.25) & (ranks <= 0.75))),
        "in90": inside / n,
        "bias": float(errors.mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "drift": n >= ENOUGH and _chance(inside, n, 0.9) < SURE,
    }


def _chance(k: int, n: int, p: float) -> float:
    """P(X <= k) of a binomial."""
    return float(sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)))


def _before(connection: Connection, twin_id: str, valid_us: int) -> list[tuple[int, int]]:
    """(version, known_us) of the newest forecast at least each lead before this moment, each once."""
    f = forecasts.c
    found: dict[int, int] = {}
    for lead in LEADS:
        match = select(f.version, f.known_us).where(f.twin_id == twin_id, f.known_us < valid_us - int(lead * 1e6))
        row = connection.execute(match.order_by(f.known_us.desc(), f.version.desc()).limit(1)).first()
        if row is not None:
            found[row.version] = row.known_us
    return list(found.items())


def _times(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """{observable: (times us, quantiles (level, n))} of a stored forecast."""
    out = {}
    for name, item in result["items"].items():
        if len(item["local"]) == len(item["q50"]):  # over time, not over a window
            us = np.array([micros(datetime.fromisoformat(t)) for t in item["local"]])
            out[name] = (us, np.array([item[f"q{int(100 * q):02d}"] for q in LEVELS], dtype=float))
    return out


def _rank(said: Any, valid_us: int, value: float) -> tuple[float, float] | None:
    """(median, probability of a lower value) at this moment; None when the forecast does not reach there."""
    if said is None or not said[0][0] <= valid_us <= said[0][-1]:
        return None
    levels = np.array([np.interp(valid_us, said[0], row) for row in said[1]])
    low, high = levels[0], levels[-1]
    if value < low:
        rank = 0.025
    elif value > high:
        rank = 0.975
    else:
        rank = float(np.interp(value, levels, LEVELS))
    return float(levels[2]), rank
