"""How likely a patient in hospital dies, or gets acute kidney injury, sepsis, circulatory or respiratory failure, or is
moved to intensive care, and when: competing hazards.

At any time t, from nothing but what had been seen by then, X(t):

    logit P(outcome | X)  =  eta(X) + s(X) u,     u ~ N(0, 1)

eta, s: mean and doubt of an ensemble of unlike learners, stacked and calibrated on patients that no learner saw
(engines/crossfit.py): boosted trees, with and without random thresholds, monotone where medicine knows the sign. For
onsets, eta drives an hourly hazard with leaving as competing end; for death, eta is the chance of death before leaving
hospital, and its times and those of leaving are two life tables (timing.py: Singer & Willett 1993; Larson & Dinse
1985). X (models/icu/columns.py): newest value and its age, extremes, mean, slope and counts over 6, 12, 24 h and all
that came, of some forty things that are charted; that something was not measured is information, and is used as such.

Predictive, not causal: signs of illness are signs, and treatment is in the data. Holds for adults like those it was
fitted on, in the first days of intensive care. Leaves out diagnoses, drugs, notes, waveforms, and limits of treatment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, ContextOfUse, Envelope, Example, Fittable, Outputs, Theta
from vitruvian.core.noise import AbstractNoise, Binary, Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Observable, Quantity, Request
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.kinds.deterioration import beside
from vitruvian.kinds.deterioration.again import fitted_again, told_of
from vitruvian.kinds.deterioration.drivers import reasons_at
from vitruvian.kinds.deterioration.learning import learn
from vitruvian.kinds.deterioration.past import Past, Remembered
from vitruvian.kinds.deterioration.patient import HOUR, MEANING, OUTCOMES, Patient
from vitruvian.kinds.deterioration.shown import sections_of
from vitruvian.kinds.deterioration.weights import PRIOR, Weights
from vitruvian.models.alarms.reasons import Reasoned, Reasons
from vitruvian.models.drift.renewable import Followed, Renewable, Told
from vitruvian.models.icu.channels import BY_NAME, CHANNELS
from vitruvian.models.icu.columns import Known

FIT = "population fit; kinds/deterioration/README.md"
LABEL = " (learned from simulated stays alone)"
SCORES = {  # observable: highest value, how it is counted, what it is
    "news2": (20, beside.news2_of, "NEWS2 of the last values; what was not charted counts as normal"),
    "qsofa": (3, beside.qsofa_of, "qSOFA of the last values; what was not charted counts as normal"),
    "sofa": (24, beside.sofa_of, "SOFA of the last 24 h, without vasopressors"),
}


@dataclass(frozen=True, eq=False)
class Deterioration(AbstractKind, Fittable, Reasoned, Renewable):
    """The risk twin of one patient; its outcomes are those its weights were fitted for."""

    weights: Weights = field(default_factory=Weights)

    name, version = "deterioration", "2"
    context_of_use = ContextOfUse(
        "Which patients of this unit are likely to deteriorate in the next hours, how sure is that, and why?",
        "clinicians and engineers who evaluate early-warning methods, beside the unit's own scores",
        "a missed deterioration, or alarms that are no longer heeded; it informs, it never decides",
        "decisions on treatment or its limits; children; asking what an intervention would do",
    )
    envelope = Envelope(
        {"Patient.age": (16, 91.4), "Patient.hours_before": (0, 168)},
        "PhysioNet 2012 set A: adults in one hospital's units, first 48 h (Silva et al., Comput Cardiol 2012;39:245)",
    )
    actions, subject = (), Patient

    def __post_init__(self) -> None:
        told = tuple(o for o in OUTCOMES if o in self.weights.ensembles) or OUTCOMES
        declared = {
            "outcomes": told,
            "parameters": tuple(_open(o, self._label(o)) for o in told),
            "observables": (
                *(_hazard(o, self._label(o)) for o in told),
                *(_score(n) for n in SCORES),
                *(c.observable for c in CHANNELS),
            ),
            "quantities": _quantities({o: self._label(o) for o in told}),
            "noises": (*(Binary(o) for o in told), *(Gaussian(c.name, sd=c.sd) for c in CHANNELS)),
        }
        for name, value in declared.items():
            object.__setattr__(self, name, value)

    outcomes: tuple[str, ...] = field(init=False)
    parameters: tuple[Parameter, ...] = field(init=False)
    observables: tuple[Observable, ...] = field(init=False)
    quantities: tuple[Quantity, ...] = field(init=False)
    noises: tuple[AbstractNoise, ...] = field(init=False)

    def _label(self, outcome: str) -> str:
        """What is said of every number about an outcome that was learned from nobody real."""
        return LABEL if self.weights.is_simulated(outcome) else ""

    @property
    def artefact(self) -> str:
        return self.weights.digest

    def fit(self, table: Any, seed: int) -> Deterioration:
        """Weights from stays by outcome: {"death": Stays, "aki": Stays, ...} (models/icu/stays.py)."""
        if unknown := sorted(set(table) - set(OUTCOMES)):
            raise KindError(
                f"no outcome {', '.join(unknown)}", where="deterioration.fit", fix=f"use {', '.join(OUTCOMES)}"
            )
        return Deterioration(learn(table, seed))

    def to_bytes(self) -> bytes:
        return self.weights.to_bytes()

    def of_bytes(self, data: bytes, where: str) -> Deterioration:
        return Deterioration(Weights.from_bytes(data, where))

    def fit_again(self, people: Sequence[Followed], seed: int) -> Deterioration:
        return Deterioration(fitted_again(self.weights, people, seed))

    def told(self, people: Sequence[Followed]) -> Told:
        return told_of(self.weights, people)

    @property
    def origin(self) -> str:
        return self.weights.origin

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, arrays=Past.of(case, record, known_at).arrays)

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(len(seeds), dtype=int))
        if len(batch.index) != len(seeds):
            raise KindError(f"forcing has {len(batch.index)} members, theta {len(seeds)}", where="kind 'deterioration'")
        out: dict[str, np.ndarray] = {}
        for k, one in enumerate(batch.forcings):
            members = np.flatnonzero(batch.index == k)
            mine = {name: np.asarray(value)[members] for name, value in theta.items()}
            for name, values in self._answers(mine, Past(dict(one.arrays)), request).items():
                out.setdefault(name, np.empty((len(seeds), values.shape[1])))[members] = values
        return out, None

    def _answers(self, theta: Theta, whole: Past, request: Request) -> dict[str, np.ndarray]:
        out, count = {}, len(theta[f"open_{self.outcomes[0]}"])
        past = Remembered(whole)
        for name in request.items:
            if name in self.outcomes:
                eta = self.logits(name, theta, past.known(request.times(name) - HOUR))
                out[name] = self._within(name, theta, eta, np.ones(eta.shape[1]), None)
            elif name in SCORES:
                told = SCORES[name][1](past.known(request.times(name))).total
                out[name] = np.tile(told.astype(np.float64), (count, 1))
            elif name in BY_NAME:
                last = past.last(name, request.times(name))
                out[name] = np.tile(np.where(np.isnan(last), BY_NAME[name].rest, last), (count, 1))
            else:
                out[name] = self._quantity(name, theta, past, request.windows(name))
        return out

    def _quantity(self, name: str, theta: Theta, past: Remembered, windows: np.ndarray) -> np.ndarray:
        self.quantity(name)
        seen = past.known(windows[:, 0])
        hours = (windows[:, 1] - windows[:, 0]) / HOUR
        if name == "hospital_death":
            return expit(self.logits("death", theta, seen))
        if name == "leaves_alive":
            return self._ends(self.logits("death", theta, seen), hours, 1)
        outcome = name.removesuffix("_risk")
        return self._within(outcome, theta, self.logits(outcome, theta, seen), hours, seen)

    def logits(self, outcome: str, theta: Theta, known: Known) -> np.ndarray:
        """eta + s u, (member, n), at n landmarks."""
        mean, doubt = self.moments(outcome, known)
        return mean + doubt * np.asarray(theta[f"open_{outcome}"])[:, None]

    def moments(self, outcome: str, known: Known) -> tuple[np.ndarray, np.ndarray]:
        """eta and s (n,) at n landmarks; before any fit, what is assumed of everybody."""
        if outcome not in self.weights.ensembles:
            mean, doubt = PRIOR[outcome]
            return np.full(len(known.x), mean), np.full(len(known.x), doubt)
        ensemble = self.weights.ensembles[outcome]
        return ensemble.moments(known.x[:, [known.names.index(n) for n in ensemble.names]])

    def _within(self, outcome: str, theta: Theta, eta: np.ndarray, hours: np.ndarray, seen: Known | None) -> np.ndarray:
        """Chance of the outcome within `hours` (n,) of landmarks with logits (member, n); seen: what they know, which
        tells who leaves first (None: within one hour nobody does)."""
        if outcome == "death":
            return self._ends(eta, hours, 0)
        onset = self.weights.onsets.get(outcome)
        if onset is None:  # unfitted: the logit is of an onset within 6 h
            return -np.expm1(hours / 6.0 * np.log1p(-expit(eta)))
        longest = int(np.ceil(hours.max(initial=0.0)))
        leaving = None if seen is None or longest < 2 else self._leaving(outcome, theta, seen, longest)
        return np.stack(
            [onset.over(eta[:, i], float(h), None if leaving is None else leaving[:, i]) for i, h in enumerate(hours)],
            axis=1,
        )

    def _leaving(self, outcome: str, theta: Theta, seen: Known, hours: int) -> np.ndarray | None:
        """Hazard (member, n, hour) of leaving before the outcome; None where nothing was learned of it."""
        told, ends = self.weights.leaving.get(outcome), self.weights.ends
        if told is not None:
            g = told.logit(seen.x[:, [seen.names.index(n) for n in told.names]])
            hazard = self.weights.onsets[outcome].leaving(g, hours)
            return np.broadcast_to(hazard, (len(theta[f"open_{outcome}"]), *hazard.shape))
        if ends is None or "death" not in self.weights.ensembles:
            return None
        return ends.leaving(expit(self.logits("death", theta, seen)), hours)

    def _ends(self, eta: np.ndarray, hours: np.ndarray, which: int) -> np.ndarray:
        p, ends = expit(eta), self.weights.ends
        if ends is None:  # unfitted: both ends come at a constant rate, mean 8 days (assumed)
            came = -np.expm1(-hours / (8 * 24.0))
            return (p if which == 0 else 1.0 - p) * came
        return np.stack([ends.over(p[:, i], float(h))[which] for i, h in enumerate(hours)], axis=1)

    def reasons(self, case: Case, record: Record, at: float) -> Reasons:
        """Of the outcome whose risk now stands out most: the values it rests on, trends, what changed, what would make
        it wrong."""
        return reasons_at(self.weights, self.outcomes, Past.of(case, record, at), at)

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        """What was charted, what was not, and what is kept but not believed."""
        return sections_of(record)

    def example(self) -> Example:
        return Example(Case(Patient()), 0.0, 24 * HOUR, {"heart_rate": np.arange(1.0, 24.0) * HOUR}, ())


def _open(outcome: str, label: str) -> Parameter:
    meaning = f"what the fit left open about {MEANING[outcome]}{label}"
    return Parameter(f"open_{outcome}", "1", Normal(0.0, 1.0), FIT, meaning)


def _hazard(outcome: str, label: str) -> Observable:
    meaning = f"{MEANING[outcome]}{label} in the hour that ends now, seen from its start"
    return Observable(outcome, "1", low=0, high=1, meaning=meaning)


def _score(name: str) -> Observable:
    highest, _, meaning = SCORES[name]
    return Observable(name, "{score}", low=0, high=highest, meaning=meaning)


def _quantities(labels: Mapping[str, str]) -> tuple[Quantity, ...]:
    seen = "in the window, seen from its start"
    out = [
        Quantity(f"{o}_risk", "1", f"probability of {MEANING[o]}{label} {seen}", low=0, high=1)
        for o, label in labels.items()
    ]
    if "death" in labels:
        whole = "probability of death before leaving hospital, seen from the window's start"
        out.append(Quantity("hospital_death", "1", whole, low=0, high=1))
        out.append(Quantity("leaves_alive", "1", f"probability of leaving hospital alive {seen}", low=0, high=1))
    return tuple(out)
