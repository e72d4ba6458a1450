"""Simulate, log, learn, on the shipped models with all their features: are the true values inside the 95 % intervals?

Each run plays four weeks of a shipped model after two weeks of warming up, writes the log that a hospital would have
(models/tracelog.py), and learns from it. Checked: the mean of every step's hold (by class where the model has it so),
every routing share by class, and the arrivals of every unplanned source. Left out, because the log shows another thing
than the model's number: holds of steps whose staff hand over (the handover's time is in them), and steps seen fewer
than 20 times. All intervals of all runs are counted together, in the band for the runs: those of one run hang
together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import key
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.model import LEAVE, Model, Step
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital.evidence.recovery import judged
from vitruvian.kinds.hospital.shipped import shipped
from vitruvian.models import survival
from vitruvian.models.eventlog import EventLog
from vitruvian.models.flow import integral
from vitruvian.models.routing import END, wilson
from vitruvian.models.survival import Durations
from vitruvian.models.tracelog import GAVE_UP, trace_log

Progress = Callable[[float], None]
MODELS = ("emergency", "intensive_care", "radiology")
DAY, HOUR, WARM, DAYS, FEW, SEED = 86400.0, 3600.0, 14, 28, 20, 29


def recovered(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Share of the true values inside their 95 % intervals, three shipped models and 100 seeds."""
    seeds = 4 if quick else 100
    held: dict[str, list[list[bool]]] = {m: [] for m in MODELS}
    missed: Counter[str] = Counter()
    for i in range(seeds):
        for name in MODELS:
            answers = dict(checked(name, i))
            held[name].append(list(answers.values()))
            missed.update(f"{name}: {what}" for what, inside in answers.items() if not inside)
        progress((i + 1) / seeds)
    found = judged(held, seeds)
    found["detail"]["missed most often"] = {k: n / seeds for k, n in missed.most_common(5)}
    return found


def checked(name: str, seed: int) -> Iterator[tuple[str, bool]]:
    """(what, whether its true value is inside) of one run."""
    simulation = built(name)
    model, end = simulation.tables.model, (WARM + DAYS) * DAY
    drive = forcing(model, 0.0, end)
    rows = simulation.trace(drive, key(SEED, name, seed) % 2**63)
    log = trace_log(simulation.tables, rows, end, WARM * DAY)
    yield from holds(model, log)
    yield from ways(model, log)
    since, until = np.array([WARM * DAY]), np.array([end])
    first = log.rows(np.flatnonzero(np.r_[True, log.case[1:] != log.case[:-1]]))
    came = np.where(np.isfinite(first.enabled), first.enabled, first.at())
    for source in model.arrivals:
        step = next(p for p in model.pathways if p.name == source.pathway).steps[0].name
        shared = [s for s in model.arrivals if s.pathway == source.pathway]
        if any(s.appointments for s in shared) or source is not shared[0]:
            continue
        mass = sum(float(integral(drive.schedules[f"rate:{s.name}"], since, until)[0]) for s in shared)
        named = (first.activity == step) | (first.activity == step + GAVE_UP)
        n = int((named & (came >= WARM * DAY)).sum())
        yield f"arrivals at {step}", abs(n - mass) <= 1.96 * np.sqrt(max(n, 1))


def holds(model: Model, log: EventLog) -> Iterator[tuple[str, bool]]:
    """Means of holds, stays in progress at the end censored."""
    handing = {p.name for p in model.pools if p.off_shift == "handover"}
    group = np.array([log.groups.get(c, "") for c in log.case.tolist()], dtype=object)
    for step in model.steps:
        if step.batch or {n.pool for n in step.seize} & handing:
            continue
        rows = (log.activity == step.name) & np.isfinite(log.start)
        for class_ in step.holds or ("",):
            law = step.holds.get(class_, step.hold)
            some = rows & (group == class_) if class_ else rows
            mean = law.mean_s / HOUR
            if int((some & np.isfinite(log.complete)).sum()) >= FEW and law.law != "fixed":
                yield f"hold of {step.name} {class_}".rstrip(), _covers(log, some, mean)


def _covers(log: EventLog, rows: np.ndarray, mean: float) -> bool:
    ended = np.isfinite(log.complete[rows])
    stop = np.where(ended, log.complete[rows], log.until)
    begin = WARM * DAY  # cases over by then are not in the log: a stay begun before it is entered late
    entry = np.clip(begin - log.start[rows], 0.0, stop - log.start[rows])
    seen = stop > begin
    stays = Durations.of((stop - log.start[rows])[seen] / HOUR, ended[seen], entry[seen] / HOUR)
    low, high = survival.learn(stays).mean_interval
    return low <= mean <= high


def ways(model: Model, log: EventLog) -> Iterator[tuple[str, bool]]:
    """Shares of where they go next, by class: Wilson's intervals of what the log counts."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for case, rows in log.traces():
        names = [str(log.activity[i]) for i in rows]
        for k, i in enumerate(rows):
            if np.isfinite(log.complete[i]) and log.complete[i] >= WARM * DAY and not names[k].endswith(GAVE_UP):
                after = names[k + 1].removesuffix(GAVE_UP) if k + 1 < len(names) else END
                counts.setdefault((names[k], log.groups.get(case, "")), Counter())[after] += 1
    for step in model.steps:
        if step.route is None or step.route.attribute is not None:
            continue
        for (name, class_), seen in counts.items():
            if name == step.name and seen.total() >= FEW:
                yield from _shares(step, class_, seen)


def _shares(step: Step, class_: str, seen: Counter[str]) -> Iterator[tuple[str, bool]]:
    assert step.route is not None
    chances = dict(step.route.classes.get(class_, step.route.to))
    chances[END] = chances.pop(LEAVE, 0.0) + max(0.0, 1.0 - sum(chances.values()))
    for target, p in list(chances.items())[:-1] if len(chances) > 1 else []:  # the last is what the others leave
        if 0.0 < p < 1.0:
            low, high = wilson(seen[target], seen.total())
            yield f"{step.name} to {target} {class_}".rstrip(), low <= p <= high


@cache
def built(name: str) -> Simulation:
    """The shipped model, compiled."""
    return Simulation(Tables(shipped(name)))
