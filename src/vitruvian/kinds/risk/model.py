"""Hourly risk that a patient on a ward deteriorates, from the past of five vital signs: the teaching fitted kind.

    P(deterioration in (t - 1 h, t] | none before) = 1 / (1 + exp(-(w_0 + sum_k w_k x_k(t - 1 h)))),   w = m + L u

x: standardised features of what had been seen one hour earlier (patient.py); u ~ N(0, I) the parameters; m, L L': the
Laplace posterior of a Bayesian logistic regression over many patients (discrete-time hazard: Singer & Willett, J Educ
Stat 1993;18:155). Predictive, not causal: vital signs are signs, and what is done about them is not in it. Leaves out
diagnoses, laboratory values, and everything that was never recorded; vital signs are carried forward as last seen.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import ContextOfUse, Envelope, ExactLikelihood, Example, Fittable, Theta
from vitruvian.core.noise import Binary, Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Observable, Quantity
from vitruvian.core.record import Record
from vitruvian.engines.logistic import Weights, fit_logistic, linear
from vitruvian.engines.table import HOUR, Last, Table, features, names, view
from vitruvian.engines.vector import AbstractVectorKind
from vitruvian.kinds.risk.patient import COLUMNS, EVENT, VITALS, Patient
from vitruvian.kinds.risk.prior import PRIOR_MEAN, PRIOR_SD, unfitted

FIT = "population fit; kinds/risk/README.md"


@dataclasses.dataclass(frozen=True, eq=False)
class DeteriorationRisk(AbstractVectorKind, Fittable, ExactLikelihood):
    """Discrete-time hazard with a posterior over its weights."""

    weights: Weights = dataclasses.field(default_factory=unfitted)

    name, version = "risk", "1"
    context_of_use = ContextOfUse(
        "Who on this ward should be looked at first?",
        "engineers learning the contract",
        "none: teaching; fitted on synthetic patients",
        "care; asking what an intervention would do",
    )
    envelope = Envelope({"Patient.age": (20, 95)}, "range of the synthetic patients (generator.py)")
    parameters = tuple(
        Parameter(name, "1", Normal(0.0, 1.0), FIT, f"what the fit left open about the weight of {name}")
        for name in ("intercept", *names(COLUMNS))
    )
    observables = (
        Observable(EVENT, "1", low=0, high=1, meaning="deterioration in the hour that ends now, seen from its start"),
        *(v.observable for v in VITALS),
    )
    quantities = (
        Quantity("risk", "1", "probability of deterioration in the window, seen from its start", low=0, high=1),
    )
    actions, subject = (), Patient
    noises = (Binary(EVENT), *(Gaussian(v.observable.name, sd=v.sd) for v in VITALS))

    @property
    def artefact(self) -> str:
        return self.weights.digest if self.weights.origin else ""

    def fit(self, table: Any, seed: int) -> DeteriorationRisk:
        """Weights from a landmark Table of COLUMNS; the mode is unique, so the seed changes nothing."""
        assert isinstance(table, Table)
        origin = f"{table.source}: {len(table.y)} landmarks, {int(table.y.sum())} events"
        return DeteriorationRisk(fit_logistic(table, PRIOR_MEAN, PRIOR_SD, origin))

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, arrays=view(case, record, known_at))

    def hazard(self, theta: Theta, arrays: dict[str, np.ndarray], at: np.ndarray, by: np.ndarray) -> np.ndarray:
        """P(deterioration in (at, at + 1 h]) from what had been seen at `by`, (member, n)."""
        w = self.weights.draws(np.stack([theta[p.name] for p in self.parameters], axis=1))
        return expit(linear(self.weights.standardised(features(COLUMNS, arrays, at, by)), w))

    def at(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], times: np.ndarray) -> np.ndarray:
        if name == EVENT:
            return self.hazard(theta, arrays, times - HOUR, times - HOUR)
        vital = next(v for v in VITALS if v.observable.name == name)
        last = Last(name, np.inf).at(arrays, times, times)
        return np.tile(np.where(np.isnan(last), vital.rest, last), (len(theta["intercept"]), 1))

    def over(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], windows: np.ndarray) -> np.ndarray:
        columns = []
        for start, end in windows:
            at = np.arange(start, end, HOUR)
            share = np.minimum((end - at) / HOUR, 1.0)  # of the last hour
            hazard = self.hazard(theta, arrays, at, np.full(len(at), start))
            columns.append(-np.expm1(np.add.reduce(share * np.log1p(-hazard), axis=1)))
        return np.stack(columns, axis=1)

    def log_likelihood(self, theta: Theta, case: Case, record: Record, t0: float, t1: float) -> np.ndarray:
        rows = record.until(np.inf).only(EVENT).between(t0, t1)
        hazard = self.at(EVENT, theta, view(case, record), rows.valid_time)
        return self.noise(EVENT, "").log_likelihood(rows.value, hazard, rows.valid_time, theta)

    def example(self) -> Example:
        return Example(Case(Patient()), 0.0, 24 * HOUR, {EVENT: np.arange(1.0, 25.0) * HOUR}, ())
