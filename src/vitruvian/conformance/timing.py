"""Laws about time: the past knows neither the horizon, nor what will be done, nor what is learned later."""

from __future__ import annotations

import dataclasses

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial, largest, leaves, same_bits
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import Outputs, Reconstructible
from vitruvian.core.latents import stack_theta

MEMBERS = 8
HALVES = (slice(0, MEMBERS), slice(MEMBERS, 2 * MEMBERS))
EARLY = 1.0  # s before an action at which nothing of it may be seen


def _horizon(trial: Trial) -> None:
    t0, t1 = trial.example.t0, trial.example.t1
    middle = trial.middle()
    request = trial.everything(t0, middle)
    long, short = trial.compile(), trial.compile(t1=middle)
    a, _ = trial.run(long, request, trial.theta(long, MEMBERS))
    b, _ = trial.run(short, request, trial.theta(short, MEMBERS))
    _unchanged(trial, b, a, "a longer run")
    later = np.concatenate([np.linspace(t0, middle, 9), [t1]])
    both = trial.observables(later)
    c, _ = trial.run(long, both, trial.theta(long, MEMBERS))
    first = {n: np.asarray(v)[:, :9] for n, v in c.items()}
    _unchanged(trial, {n: a[n] for n in first}, first, "a later question")


def _before(trial: Trial) -> None:
    """Adding an action changes nothing before it."""
    for e in trial.effects():
        action = dataclasses.replace(e.action, known_at=trial.example.t0)
        request = trial.observables(np.linspace(trial.example.t0, action.at - EARLY, 9))
        without, with_it = trial.compile(), trial.compile(trial.example.case.plus(action))
        theta = [trial.theta(f, MEMBERS) for f in (without, with_it)]
        a, _ = trial.run(without, request, theta[0])
        b, _ = trial.run(with_it, request, theta[1])
        what = f"{type(action).__name__} at {action.at:g} s"
        _unchanged(trial, a, b, what)
        together, _ = trial.run(
            Batch.each([without, with_it], MEMBERS), request, stack_theta(theta), trial.pair(MEMBERS)
        )
        first, second = ({n: np.asarray(v)[rows] for n, v in together.items()} for rows in HALVES)
        _unchanged(trial, first, second, f"as an option beside none, {what}")


def _unchanged(trial: Trial, a: Outputs, b: Outputs, cause: str) -> None:
    if name := same_bits(a, b):
        gap = largest(np.asarray(a[name]), np.asarray(b[name]))
        demand(False, f"{cause} changes '{name}' in the past (by up to {gap:.3g})", trial, "let time run one way")


def _known(trial: Trial) -> None:
    """compile uses only actions, series and rows known by then: the future cut off changes no array."""
    t1, known = trial.example.t1, trial.middle()
    case = trial.example.case
    for e in trial.effects():
        case = case.plus(dataclasses.replace(e.action, at=known, known_at=t1), dataclasses.replace(e.action, at=t1))
    record, cut = trial.record, trial.record.until(known)
    whole = trial.compile(case, known_at=known, record=record)
    part = trial.compile(case.until(known), known_at=known, record=cut)
    if name := _differs(whole, part):
        demand(False, f"what is known only later changes the forcing's {name}", trial, "use case.until(known_at)")
    if isinstance(trial.kind, Reconstructible):
        theta, seeds = trial.theta(part, MEMBERS), trial.seeds(MEMBERS)
        a = trial.kind.state_from(case, record, known, theta, seeds)
        b = trial.kind.state_from(case.until(known), cut, known, theta, seeds)
        demand(leaves(a.tree) == leaves(b.tree), "what is known only later changes the reconstructed state", trial)


def _truncation(trial: Trial) -> None:
    """An answer about a moment rests on readings up to it: rows cut off after it change nothing."""
    t0, cut = trial.example.t0, trial.middle()
    request = trial.observables(np.linspace(t0, cut, 9))
    whole, part = trial.compile(record=trial.record), trial.compile(record=trial.record.until(cut))
    a, _ = trial.run(whole, request, trial.theta(whole, MEMBERS))
    b, _ = trial.run(part, request, trial.theta(part, MEMBERS))
    _unchanged(trial, b, a, "a later reading")


def _differs(a: Forcing, b: Forcing) -> str:
    for name in sorted(set(a.arrays) | set(b.arrays)):
        if name not in a.arrays or name not in b.arrays:
            return f"array '{name}'"
        if not np.array_equal(a.arrays[name], b.arrays[name], equal_nan=np.asarray(a.arrays[name]).dtype.kind == "f"):
            return f"array '{name}'"
    for what in ("impulses", "schedules"):
        x, y = getattr(a, what), getattr(b, what)
        for name in sorted(set(x) | set(y)):
            if name not in x or name not in y or leaves(x[name]) != leaves(y[name]):
                return f"{what} '{name}'"
    return next((f for f in ("slots", "capacity", "breaks") if getattr(a, f) != getattr(b, f)), "")


def _bucket(trial: Trial) -> None:
    """One more action within its bucket keeps every array's shape, so that nothing is compiled again."""
    for e in trial.effects():
        many = [dataclasses.replace(e.action, known_at=trial.example.t0) for _ in range(5)]
        times = np.linspace(trial.example.t0, trial.example.t1, 7)[1:-1]
        placed = [dataclasses.replace(a, at=float(t)) for a, t in zip(many, times, strict=True)]
        held = len(trial.example.case.actions(type(e.action)))
        room = 8 - (held % 8 or 8)  # until the bucket is full
        few, more = trial.example.case, trial.example.case.plus(*placed[: max(min(room, 5), 0)])
        a, b = trial.compile(few), trial.compile(more)
        shapes = [{n: np.shape(v) for n, v in f.arrays.items()} for f in (a, b)]
        same = shapes[0] == shapes[1] and a.capacity == b.capacity
        name = type(e.action).__name__
        demand(same, f"one more {name} changes shapes: {shapes[0]} to {shapes[1]}", trial, "pad to bucket(count)")


TIMING = (
    Law(
        "horizon", "The past does not know the horizon: neither a longer run nor a later question changes it.", _horizon
    ),
    Law("before", "An action changes nothing before its time, to the last bit.", _before),
    Law("known", "Only what was known by then enters: cutting the future off changes nothing.", _known),
    Law("truncation", "No answer rests on a later reading: cutting the record off changes none before.", _truncation),
    Law("bucket", "An action keeps array shapes within its bucket.", _bucket),
)
