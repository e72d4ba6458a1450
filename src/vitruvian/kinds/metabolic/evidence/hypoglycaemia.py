"""Alarms half an hour ahead of glucose below 70 mg/dL, on sensors alone: ShanghaiT2DM (15 min) and Weinstock (5 min).

Trees on a sensor's past (models/sensorpast.py) learn whether a reading below 70 comes within 30 min. The threshold is
the one of highest recall at 0.9 false alarms a day on half of the training people, whom the trees of that choice did
not see. Five folds by person; visits of one patient stay together. The baseline says: a line through the last 15 min.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.boosting import Growth, grow
from vitruvian.kinds.metabolic.evidence import others
from vitruvian.kinds.metabolic.evidence.forecasts import Progress
from vitruvian.models import sensorpast as past
from vitruvian.models.glycaemia import alarm
from vitruvian.models.glycaemia.trace import Trace
from vitruvian.models.sensorpast import MISSING

RECALL, FALSE, FOLDS, HORIZON, LOW = 0.85, 1.0, 5, 1800.0, 70.0
ASKED = 0.9  # false alarms a day on the people who set the threshold: others differ, so a tenth is kept in hand
GROWTH = Growth(trees=150, rate=0.06, leaves=16, least=100, columns=0.5)
THRESHOLDS = np.geomspace(0.02, 0.9, 24)
MOST, CHOOSERS = 60_000, 24  # rows learned from; people a threshold is chosen on
FEW, DAY = 27, 86400.0  # records of --quick; s


@dataclass(frozen=True)
class Worn:
    """A sensor record: whose it is, times (n,) s since `midnight`, values (n,) mg/dL, s between readings."""

    who: str
    times: np.ndarray
    values: np.ndarray
    interval: float
    midnight: float

    def columns(self) -> tuple[tuple[str, ...], np.ndarray]:
        """A learner's columns at every reading."""
        trace = past.Trace(self.times, self.values, self.interval)
        return past.table([past.past(trace, self.times), past.clock(self.times % 86400.0)])

    def coming(self) -> np.ndarray:
        """1 where a reading below 70 comes within the horizon, 0 where none does, NaN where that is not known."""
        low = np.full(len(self.times), np.nan)
        known = np.isfinite(past.Trace(self.times, self.values, self.interval).target(self.times, HORIZON))
        ends = np.searchsorted(self.times, self.times + HORIZON, side="right")
        below = np.append(0, np.cumsum(self.values < LOW))
        there = below[ends] > below[np.arange(1, len(self.times) + 1)]
        low[known | there] = there[known | there]
        return np.where(self.values < LOW, np.nan, low)

    def watched(self, probability: np.ndarray) -> alarm.Watched:
        """The record under this probability."""
        return alarm.Watched(self.times, probability, alarm.lows(Trace.of(self.times, self.values)))


@others.told
def alarms(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Recall, false alarms a day and lead, per data set; met when both sets reach the target."""
    assert data is not None
    measured, detail, beside, met, n = {}, {}, {}, True, 0
    sets = {"Shanghai": shanghai, "Weinstock": weinstock}
    notes: tuple[str, ...] = ()
    for k, (name, read) in enumerate(sets.items()):
        known, _ = read(data)
        asked, aside = (known, {}) if test is None else read(test)
        if not known or not asked:
            measured[name] = "nobody to test"
            continue
        if quick:
            few = list(others.spread(known, FEW))
            known, asked = few, few if test is None else list(others.spread(asked, FEW))
        found, simple = _validated(known, asked)
        held = others.held_out(_people(known), _people(asked)) if test is not None else ()
        notes += tuple(f"{name}: {said}" for said in (*held, *others.aside(aside)))
        measured[name] = f"recall {found.recall:.2f}, {found.false_per_day:.2f} false a day, lead {found.lead:.0f} min"
        beside[name] = f"line: recall {simple.recall:.2f}, {simple.false_per_day:.2f} false a day"
        detail[name] = {"trees": found.to_json(), "line": simple.to_json()}
        if found.events:  # of people without a low, false alarms are all there is to say
            met = met and found.recall >= RECALL
        met = bool(met and found.false_per_day <= FALSE)
        n += found.events
        progress((k + 1) / len(sets))
    return {
        "measured": measured,
        "met": met if n else None,
        "n": n,
        "baseline": beside,
        "detail": detail,
        "notes": notes,
    }


def _people(worn: Sequence[Worn]) -> list[others.Whose]:
    """Who they are, in the order they come, with all their readings."""
    out = []
    for who in dict.fromkeys(w.who for w in worn):
        mine = [w for w in worn if w.who == who]
        times = np.concatenate([w.midnight + w.times for w in mine])
        out.append(others.Whose.of(who, times, np.concatenate([w.values for w in mine])))
    return out


def _validated(known: Sequence[Worn], asked: Sequence[Worn]) -> tuple[alarm.AlarmScore, alarm.AlarmScore]:
    """Scores over all people asked, each under an alarm that others set: trees, and a line."""
    people = _people(known)
    tested = people if asked is known else _people(asked)
    scores: list[list[alarm.AlarmScore]] = [[], []]
    for part in others.parts(people, tested, FOLDS):
        place = {people[i].name: i for i in part.learners}
        theirs = [w for w in known if w.who in place]
        names = {tested[i].name for i in part.tested}
        mine = [w for w in asked if w.who in names]
        half = [place[w.who] // FOLDS % 2 == 0 for w in theirs]
        first = _learned([w for w, h in zip(theirs, half, strict=True) if h])
        watched = [w for w, h in zip(theirs, half, strict=True) if not h][:CHOOSERS]
        whole = _learned(theirs)
        for kept, (pick, final) in zip(scores, ((first, whole), (_line, _line)), strict=True):
            curve = alarm.trade_off([w.watched(pick(w)) for w in watched], THRESHOLDS)
            setting = alarm.chosen(curve, false_per_day=ASKED)[0]
            kept += [alarm.score(setting.raised(w.times, final(w)), w.watched(w.values).truth) for w in mine]
    return alarm.AlarmScore.join(scores[0]), alarm.AlarmScore.join(scores[1])


def _learned(people: Sequence[Worn]) -> Any:
    """Worn -> probability (n,) at each reading, from these people."""
    parts = [(w.columns(), w.coming()) for w in people]
    names = parts[0][0][0]
    x = np.concatenate([c[1][np.isfinite(y)] for c, y in parts])
    y = np.concatenate([y[np.isfinite(y)] for _, y in parts])
    step = max(1, len(y) // MOST)
    forest = grow(names, x[::step], y[::step], seed=1, growth=GROWTH)
    return lambda w: np.clip(forest.predict(w.columns()[1]), 0.0, 1.0)


def _line(w: Worn) -> np.ndarray:
    """1 at 40 mg/dL or less in half an hour by the slope of the last 15 min, 0 at 120 and above."""
    names, x = w.columns()
    slope = x[:, names.index("slope_15")]
    ahead = w.values + 30.0 * np.where(slope == MISSING, 0.0, slope)
    return np.clip((120.0 - ahead) / 80.0, 0.0, 1.0)


def shanghai(root: Path) -> tuple[list[Worn], dict[str, str]]:
    """ShanghaiT2DM: a record a visit, patients by number; and why others stand aside."""
    return _read(root, Path("cgm") / "shanghai_t2dm", "signals_15min.csv.gz", ("record", "cgm_mgdl"), 900.0)


def weinstock(root: Path) -> tuple[list[Worn], dict[str, str]]:
    """Weinstock 2016: older adults with type 1 diabetes, every 5 min; and why others stand aside."""
    return _read(root, Path("cgm") / "glucobench", "weinstock.csv.gz", ("id", "gl"), 300.0)


def _read(
    root: Path, folder: Path, file: str, columns: tuple[str, str], interval: float
) -> tuple[list[Worn], dict[str, str]]:
    """Records longer than a day, and why others stand aside. Nothing where there is no such file."""
    place, out, aside = others.placed(root, folder, (file,)), [], {}
    for name, (times, values) in ({} if place is None else _rows(place / file, *columns)).items():
        midnight = np.floor(times[0] / DAY) * DAY
        if len(times) > DAY / interval:
            who = name.split("_")[0] if columns[0] == "record" else name  # a visit's name begins with the patient's
            out.append(Worn(who, times - midnight, values, interval, float(midnight)))
        else:
            aside[name] = f"not scored: {len(times)} readings, a day of them is needed"
    return out, aside


def _rows(path: Path, who: str, value: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Times (s since 1970) and values by record, in order, one reading a moment."""
    found: dict[str, dict[float, float]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, restval=""):
            if row[value].strip():
                at = datetime.fromisoformat(row["time"]).replace(tzinfo=UTC).timestamp()
                found.setdefault(row[who], {})[at] = float(row[value])
    return {
        name: (np.array(sorted(readings)), np.array([readings[t] for t in sorted(readings)]))
        for name, readings in found.items()
    }
