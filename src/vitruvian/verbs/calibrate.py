"""calibrate: from the population prior to a belief, on all data of an absolute window."""

from __future__ import annotations

import numpy as np

from vitruvian.core.belief import Belief, PopulationPrior, State
from vitruvian.core.errors import InferenceError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Differentiable, ExactLikelihood, Fittable, Reconstructible, Resumable
from vitruvian.core.latents import Latents
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.observing import Observing
from vitruvian.verbs.posterior import METHODS, Posterior, Problem
from vitruvian.verbs.sensing import lasting_names

MEMBERS = 200


def calibrate(
    twin: Twin,
    *,
    method: str | None = None,
    window: tuple[float, float] | None = None,
    known_at: float | None = None,
    prior: PopulationPrior | None = None,
    seed: int = 0,
    members: int = MEMBERS,
) -> Twin:
    """A new twin whose belief rests on what was known at `known_at` (default: everything) in `window` (s, absolute).

    method: "fitted", "exact" (tempered SMC), "laplace", "nuts" or "es-mda"; default by the kind's capabilities in that
    order. prior: a population prior over z, else the twin's own, else the kind's for such a subject. Errors:
    InferenceError if there is nothing to calibrate on.
    """
    kind = twin.kind
    known = float(np.max(twin.record.known_at, initial=-np.inf)) if known_at is None else known_at
    record = twin.record.until(known)
    if len(record) == 0:
        raise InferenceError("there is no reading to calibrate on", where=f"kind '{kind.name}'", fix="observe first")
    t0, t1 = window or default_window(kind, record)
    prior = prior or (twin.belief.prior if twin.belief else kind.population(twin.case))
    forcing = kind.compile(twin.case, record, t0, t1, known)
    problem = Problem(kind, twin.case, record, forcing, known, prior, seed, members)
    chosen = method or default_method(kind)
    if chosen not in METHODS:
        raise InferenceError(f"no method '{chosen}'", where="calibrate", fix=f"use {', '.join(METHODS)}")
    posterior = METHODS[chosen](problem)
    return twin.having(_belief(problem, posterior, chosen, twin.seen(t0, t1, known)))


def default_method(kind: AbstractKind) -> str:
    """Fittable > ExactLikelihood > Laplace > ES-MDA, by capability."""
    if isinstance(kind, Fittable):
        return "fitted"
    if isinstance(kind, ExactLikelihood):
        return "exact"
    gaussian = all(isinstance(n, AbstractGaussianNoise) for n in kind.noises)
    if isinstance(kind, Differentiable) and gaussian and not kind.stochastic:
        return "laplace"
    return "es-mda"


def default_window(kind: AbstractKind, record: Record) -> tuple[float, float]:
    """The kind's window back from the last reading, but not before the first; and its warm-up before that."""
    last = float(record.valid_time.max())
    return max(float(record.valid_time.min()), last - kind.window) - kind.warmup, last


def _belief(problem: Problem, posterior: Posterior, method: str, seen: str) -> Belief:
    kind, forcing = problem.kind, problem.forcing
    layout = Latents.of(kind.parameters, forcing)
    state, residual, rows = _end(problem, posterior, layout)
    return Belief(
        kind=kind.name,
        version=kind.version,
        names=layout.names,
        z=posterior.z,
        weights=posterior.weights,
        at=forcing.t1,
        known_at=problem.known_at,
        method=method,
        seed=problem.seed,
        state=state,
        residual=residual,
        prior=problem.prior,
        window=(forcing.t0, forcing.t1),
        rows=0 if method == "fitted" else rows,  # a population fit uses none of this subject's readings
        artefact=kind.artefact if isinstance(kind, Fittable) else "",
        notes=posterior.notes,
        diagnostics=posterior.diagnostics,
        seen=seen,
    )


def _end(problem: Problem, posterior: Posterior, layout: Latents) -> tuple[State | None, dict[str, np.ndarray], int]:
    """State of every member at the window's end, the discrepancy there, and how many readings were used."""
    kind, forcing, count = problem.kind, problem.forcing, len(posterior.z)
    theta = layout.theta(layout.pad(posterior.z))
    seeds = member_seeds(problem.seed, count)
    rows = len(problem.record.between(forcing.t0, forcing.t1))
    if isinstance(kind, Reconstructible):
        return kind.state_from(problem.case, problem.record, forcing.t1, theta, seeds), {}, rows
    if not isinstance(kind, Resumable):
        return None, {}, rows
    if not kind.discrepancies:
        return _run_end(kind, theta, forcing, Request({}), seeds)[1], {}, rows
    seen = Observing.of(kind, forcing, kind.trusted(problem.record.between(forcing.t0, forcing.t1), forcing))
    outputs, state = _run_end(kind, theta, forcing, seen.request, seeds)
    names = lasting_names(kind, problem.record)
    draws = {n: generator(problem.seed, "residual", n).standard_normal(count) for n in names}
    return state, seen.remaining(kind, outputs, theta, forcing.t1, draws), rows


def _run_end(
    kind: AbstractKind, theta: dict[str, np.ndarray], forcing: Forcing, request: Request, seeds: np.ndarray
) -> tuple[dict[str, np.ndarray], State | None]:
    outputs, state = kind.run(theta, forcing, request, seeds)
    return dict(outputs), state
