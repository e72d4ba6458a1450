"""The real sepsis log: cases made by a model learned from one half are compared with the other half.

Only completions are recorded and dates are shifted per case (data/hospital/sepsis/SOURCE.md), so what can be learned
is how a case goes on: the next activity by history, and the time to it. Cases are split by a hash of their name,
before anything is fitted. Distances are those of Chapela-Campa et al. (models/distances.py), over 20 simulated logs of
the held-back size.

Baselines, learned from the same half: `mean times` has every law of a time replaced by its mean; `mean laws` also the
law of where to next (by the most frequent after an activity, a mean of names being none); `no memory` draws the next
activity from their overall frequencies, with the learned times. The floor is the distance between two bootstrap halves
of the held-back cases; the split itself gives a second one.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models import routing, traces
from vitruvian.models.distances import earth_movers, ngram_distance
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import EPOCH, Event, EventLog, event_log
from vitruvian.models.routing import END
from vitruvian.models.survival import LearnedLaw
from vitruvian.models.traces import Traces

Progress = Callable[[float], None]
FILE = Path("hospital") / "sepsis" / "sepsis_events.csv.gz"
GRAM, SEED, LOGS = 3, 13, 20
Cases = list[tuple[list[str], np.ndarray]]


def held_back(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Cycle-time (h) or n-gram distance to the held-back cases: hosp.learn.sepsis_cycle or hosp.learn.sepsis_ngrams."""
    assert data is not None
    found = distances(test or data, 4 if quick else LOGS)
    progress(1.0)
    name = "cycle" if claim.endswith("cycle") else "ngrams"
    rows = {model: float(np.mean(both[name])) for model, both in found.items()}
    others = ("mean laws", "no memory") if name == "ngrams" else ("mean times", "mean laws")
    better = rows["learned"] < min(rows[o] for o in others)
    shown = others if name == "ngrams" else (*others, "no memory")
    floor = f"two bootstrap halves {rows['bootstrap halves']:.3g}, the two halves of the split {rows['split']:.3g}"
    return {
        "measured": rows["learned"],
        "met": better,
        "n": len(halves(test or data)[1].cases),
        "baseline": f"{', '.join(f'{o} {rows[o]:.3g}' for o in shown)}; floor: {floor}",
        "detail": {m: {k: [float(np.mean(v)), float(np.std(v))] for k, v in both.items()} for m, both in found.items()},
    }


@cache
def halves(root: Path) -> tuple[EventLog, EventLog]:
    """Cases to learn from and cases held back, by the hash of their name ("NA" is one of them)."""
    log = read(root)
    odd = {c: zlib.crc32(c.encode()) % 2 for c in log.cases}
    return log.only([c for c in log.cases if not odd[c]]), log.only([c for c in log.cases if odd[c]])


def read(root: Path) -> EventLog:
    """The log; every case name is text, as a hospital would have it."""
    events = []
    with gzip.open(root / FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=UTC)
            seconds = (at - EPOCH).total_seconds()
            events.append(Event(row["Case ID"], row["Activity"], float("nan"), seconds, row["org:group"]))
    return event_log(events, EPOCH)


@cache
def distances(root: Path, logs: int) -> dict[str, dict[str, list[float]]]:
    """{model: {distance: one value a simulated log}}."""
    seen, kept = halves(root)
    truth, n = cases(kept), len(kept.cases)
    learned = traces.learn(seen)
    out: dict[str, dict[str, list[float]]] = {"split": _apart(cases(seen), truth)}
    for i in range(logs):
        rng = generator(SEED, "boot", i)
        halved = [[truth[j] for j in rng.integers(n, size=n)] for _ in range(2)]
        made = {
            "learned": learned.simulate(n, SEED + i),
            "mean times": mean_times(learned).simulate(n, SEED + i),
            "mean laws": mean_laws(learned, n),
            "no memory": no_memory(learned).simulate(n, SEED + i),
        }
        for model, those in made.items():
            _add(out, model, _apart(those, truth))
        _add(out, "bootstrap halves", _apart(halved[0], halved[1]))
    return out


def cases(log: EventLog) -> Cases:
    """Activities and times (s since the first) of each case, in order."""
    out = []
    for _, rows in log.traces():
        order = rows[np.argsort(log.complete[rows], kind="stable")]
        out.append((log.activity[order].tolist(), log.complete[order] - log.complete[order[0]]))
    return out


def mean_times(learned: Traces) -> Traces:
    """The same ways, each step taking its mean time."""

    def mean(law: LearnedLaw) -> LearnedLaw:
        return replace(law, law=Law("constant", (law.law.mean,)))

    pairs = {k: mean(v) for k, v in learned.pairs.items()}
    nexts = {k: mean(v) for k, v in learned.nexts.items()}
    return Traces(learned.routing, pairs, nexts, mean(learned.any))


def mean_laws(learned: Traces, n: int) -> Cases:
    """Every case the same: the most frequent way, each step taking its mean time."""
    done: list[str] = []
    at = [0.0]
    while len(done) < traces.LONGEST:
        after = learned.routing.frequencies((done[-1] if done else routing.START,))
        name = next(iter(after))
        if name == END or name in done:  # the most frequent way goes round in circles: it ends there
            break
        if done:
            at.append(at[-1] + learned.law(done[-1], name).mean)
        done.append(name)
    return [(done, np.array(at))] * n


def no_memory(learned: Traces) -> Traces:
    """The same times, the next activity by overall frequency."""
    counts = {(): learned.routing.counts[()]}
    return Traces(routing.Routing(1, counts, {}), learned.pairs, learned.nexts, learned.any)


def _apart(a: Cases, b: Cases) -> dict[str, list[float]]:
    cycles = [np.array([times[-1] for _, times in x]) / 3600.0 for x in (a, b)]
    grams = [[names for names, _ in x] for x in (a, b)]
    return {"cycle": [earth_movers(*cycles)], "ngrams": [ngram_distance(*grams, n=GRAM)]}


def _add(out: dict[str, dict[str, list[float]]], model: str, found: dict[str, list[float]]) -> None:
    kept = out.setdefault(model, {k: [] for k in found})
    for k, v in found.items():
        kept[k] += v
