"""A hospital's model asked as a twin: run it, compare options, choose among many; patients present as a log has them.

A model without data of its own is believed as its own uncertainty says (the kind's priors). It starts from who is
there, where that is known, else from a typical house at that hour. Every option meets the same replications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import KindError, ParseError, RecordError
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.event.text import read_model
from vitruvian.kinds.hospital import PATIENT, Hospital, Site
from vitruvian.models.eventlog import EventLog
from vitruvian.platform import plans
from vitruvian.verbs.compare import AS_PLANNED, compare, with_plan
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.ocba import ocba
from vitruvian.verbs.result import Comparison, Ensemble
from vitruvian.verbs.select import Selection, select

HOUR = 3600.0
REPLICATIONS = 200


@dataclass(frozen=True)
class House:
    """A model from a moment on (s since the origin, local clock): its kind, its case, and who is there."""

    kind: Hospital
    case: Case
    at: float
    present: Record

    @staticmethod
    def open(path: Path, origin: Origin, at: float, present: Record | None = None) -> House:
        """From a model's file; ParseError or KindError name its line."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise ParseError(f"cannot be read ({err})", where=str(path), fix="give a model in YAML or JSON") from err
        kind = Hospital(read_model(text, path.name))
        return House(kind, Case(Site(model="own"), origin=origin), at, present or Record.empty())

    def having(self, present: Record) -> House:
        """With these patients there at the start."""
        return replace(self, present=present)

    def twin(self, replications: int = REPLICATIONS, seed: int = 0, first: int = 0) -> Twin:
        """The twin with these replications, numbered from `first`: latents from the kind's priors, state at `at`."""
        drive = self.kind.compile(self.case, self.present, self.at, self.at, self.at)
        layout = Latents.of(self.kind.parameters, drive)
        numbers = range(first, first + replications)
        size = len(layout.names)
        z = np.array([generator(seed, "latents", i).standard_normal(size) for i in numbers]).reshape(replications, size)
        seeds = member_seeds(seed, first + replications)[first:]
        theta = layout.theta(layout.pad(z))
        state = self.kind.state_from(self.case, self.present, self.at, theta, seeds)
        belief = Belief(
            kind=self.kind.name,
            version=self.kind.version,
            names=layout.names,
            z=z,
            weights=np.full(replications, 1.0 / replications),
            at=self.at,
            known_at=self.at,
            method="the model's own uncertainty",
            seed=seed,
            state=state,
            window=(self.at, self.at),
        )
        return Twin(self.kind, self.case, self.present, belief)

    def plan(self, path: Path) -> tuple[Action, ...]:
        """The actions in a file, times from `at` on."""
        text = path.read_text(encoding="utf-8")
        return plans.parse(text, path.name, self.kind, plans.Clock(self.case.origin, self.at))

    def asked(self, hours: float, every: float = 1.0) -> Request:
        """Every observable each hour, every quantity over the whole time."""
        times = self.at + np.arange(1, int(hours / every) + 1) * every * HOUR
        window = [self.at, self.at + hours * HOUR]
        levels = {o.name: times for o in self.kind.observables if o.name not in self.kind.timed and not o.dims}
        return Request.of({**levels, **{q.name: window for q in self.kind.quantities}})

    def leaving(self, hours: float, replications: int = REPLICATIONS, seed: int = 0) -> dict[str, float]:
        """{patient who is there: chance to have left the house within these hours}, the likeliest first."""
        who = self.kind.patients(self.present, self.at)
        if not who:
            return {}
        request = Request.of({PATIENT: np.array([self.at + hours * HOUR])})
        here = forecast(self.twin(replications, seed), request, seed=seed)[PATIENT]
        gone = 1.0 - np.average(here.values[:, 0], axis=0, weights=here.weights)
        return dict(sorted(zip(who, gone.tolist(), strict=True), key=lambda pair: -pair[1]))

    def compare(
        self, options: Mapping[str, Sequence[Action]], hours: float, replications: int = REPLICATIONS, seed: int = 0
    ) -> Comparison:
        """Everything under each option and as planned, with the same replications."""
        return compare(self.twin(replications, seed), options, self.asked(hours), seed=seed)

    def choose(
        self,
        options: Mapping[str, Sequence[Action]],
        quantity: str,
        hours: float,
        delta: float,
        *,
        larger: bool = False,
        confidence: float = 0.95,
        most: int = 2000,
        budget: bool = False,
        seed: int = 0,
    ) -> Selection:
        """The best of the options and of doing as planned, with common random numbers.

        By Kim and Nelson's procedure, `most` replications an option at most, or by optimal allocation of that budget.
        """
        self.kind.quantity(quantity)
        request = Request.of({quantity: [self.at, self.at + hours * HOUR]})
        plans_ = {AS_PLANNED: (), **options}

        def sample(names: Sequence[str], start: int, count: int) -> np.ndarray:
            twin = self.twin(count, seed, start)
            belief = twin.believed()
            seeds = member_seeds(seed, start + count)[start:]
            out = []
            for name in names:
                case = with_plan(twin, plans_[name], belief.at, belief.known_at, name)
                drive = self.kind.compile(case, self.present, self.at, request.last(), self.at)
                layout = Latents.of(self.kind.parameters, drive)
                theta = layout.theta(layout.pad(belief.z))
                values, _ = self.kind.run(theta, drive, request, seeds, belief.state)
                out.append(values[quantity][:, 0] * (1.0 if larger else -1.0))
            return np.array(out)

        names = tuple(plans_)
        if budget:
            found = ocba(names, sample, delta, confidence=confidence, most=most * len(names))
        else:
            found = select(names, sample, delta, confidence=confidence, most=most)
        sign = 1.0 if larger else -1.0
        return replace(found, mean={n: sign * v for n, v in found.mean.items()})


def present_rows(log: EventLog, now: float, house: House) -> Record:
    """Who is there at `now` (s of the log): a row a patient, as the kind reads them. Activities are the model's steps.

    value: the step's number + 1, negative where they wait for it; valid_time: since when, on the house's clock.
    """
    known = log.before(now)
    steps = {s.name: k for k, s in enumerate(house.kind.model.steps)}
    classes = {c.name for c in house.kind.model.classes}
    shift = house.at - now
    parts = []
    for case, rows in known.traces():
        i = int(rows[-1])
        if np.isfinite(known.complete[i]):
            continue
        name, group = str(known.activity[i]), known.groups.get(case, "")
        if name not in steps:
            raise RecordError(
                f"patient {case} is at '{name}', which is no step of the model",
                where="--from",
                fix=f"steps are {', '.join(steps)}",
            )
        waits = not np.isfinite(known.start[i])
        since = float(known.enabled[i] if waits else known.start[i]) + shift
        value = float(steps[name] + 1) * (-1.0 if waits else 1.0)
        sensor = group if group in classes else ""
        who = np.array([case], dtype=object)
        parts.append(Record.of("patient", np.array([since]), np.array([value]), sensor=sensor, id=who))
    return Record.join(parts) if parts else Record.empty()


def targets(answer: Comparison, limits: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """{option: {quantity: chance to be at or below its limit}}."""
    out: dict[str, dict[str, float]] = {}
    for option, answered in answer.options.items():
        out[option] = {}
        for name, limit in limits.items():
            if name not in answered.items:
                raise KindError(
                    f"there is no quantity '{name}'", where="targets", fix=f"use {', '.join(answered.items)}"
                )
            out[option][name] = float(answered[name].probability(high=limit + 1e-12)[0])
    return out


def table(answer: Comparison, names: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """{option: {quantity: unit, mean, 5 % and 95 % quantile}}."""
    return {option: {n: _told(f[n]) for n in names} for option, f in answer.options.items()}


def differences(answer: Comparison, names: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The same of each other option minus the one compared with, replication by replication."""
    base = answer.options[answer.against]
    others = {option: f for option, f in answer.options.items() if option != answer.against}
    return {option: {n: _told(f[n].minus(base[n])) for n in names} for option, f in others.items()}


def _told(e: Ensemble) -> dict[str, Any]:
    low, high = float(e.quantile(0.05)[0]), float(e.quantile(0.95)[0])
    return {"unit": e.unit, "mean": float(e.mean()[0]), "p05": low, "p95": high}
