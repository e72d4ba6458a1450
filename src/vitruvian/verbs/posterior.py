"""The ways to a posterior over z: one function a method, all with the same problem and the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Differentiable, ExactLikelihood, Fittable
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.engines.inference.laplace import Laplace, gauss_newton
from vitruvian.engines.inference.marginals import Marginals, marginals
from vitruvian.engines.inference.observing import Observing


@dataclass(frozen=True)
class Problem:
    """What is to be estimated from what."""

    kind: AbstractKind
    case: Case
    record: Record
    forcing: Forcing
    known_at: float
    prior: PopulationPrior
    seed: int
    members: int

    @property
    def layout(self) -> Latents:
        """Columns of z."""
        return Latents.of(self.kind.parameters, self.forcing)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Prior mean and covariance of the active latents."""
        return self.prior.moments(self.layout.names)

    def normals(self, purpose: str) -> np.ndarray:
        """Standard normals (member, latent), keyed."""
        return generator(self.seed, purpose).standard_normal((self.members, len(self.layout.names)))

    def seen(self) -> Observing:
        """The record through the kind's Gaussian noises."""
        return Observing.of(self.kind, self.forcing, self.record)


@dataclass(frozen=True)
class Posterior:
    """Members z (member, latent), their weights, and how it went."""

    z: np.ndarray
    weights: np.ndarray
    notes: tuple[str, ...] = ()
    diagnostics: Mapping[str, float] = field(default_factory=dict)


def _equal(members: int) -> np.ndarray:
    return np.full(members, 1.0 / members)


def linearised(problem: Problem) -> tuple[Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], Observing]:
    """z (k, active) -> white residuals (k, rows) and Jacobians (k, rows, active), by forward sensitivities."""
    kind = problem.kind
    if not isinstance(kind, Differentiable):
        raise CapabilityError(f"kind '{kind.name}' is not Differentiable", where="laplace", fix="use es-mda")
    seen, layout = problem.seen(), problem.layout
    active = layout.active

    def linearise(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        padded = layout.pad(z)
        outputs, slopes = kind.sensitivities(padded, problem.forcing, seen.request)
        residual = seen.residuals(outputs, layout.theta(padded))
        return residual, seen.slopes(outputs, slopes, padded)[..., active]

    return linearise, seen


def mode_of(problem: Problem) -> Laplace:
    """Gauss-Newton MAP from the prior mean, with its Laplace covariance."""
    linearise, _ = linearised(problem)

    def one(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual, slopes = linearise(z[None, :])
        return residual[0], slopes[0]

    return gauss_newton(one, *problem.moments())


def around(problem: Problem, found: Laplace) -> Marginals:
    """The posterior around a mode with its most skewed marginals put right."""
    kind, layout = problem.kind, problem.layout
    linearise, seen = linearised(problem)

    def residuals(z: np.ndarray) -> np.ndarray:
        theta = layout.theta(layout.pad(np.resize(z, (_size(len(z)), z.shape[1]))))
        outputs, _ = kind.run(theta, problem.forcing, seen.request, member_seeds(problem.seed, _size(len(z))))
        return seen.residuals(outputs, theta)[: len(z)]

    return marginals(found, linearise, residuals, np.linalg.inv(problem.moments()[1]))


def _size(members: int) -> int:
    """Members in steps of 64, so that few sizes are compiled."""
    return 64 * -(-members // 64)


def by_laplace(problem: Problem) -> Posterior:
    """Gauss-Newton MAP, then draws from the Laplace posterior, its most skewed marginals put right."""
    found = mode_of(problem)
    notes = () if found.converged else (f"Gauss-Newton did not converge in {found.steps} steps",)
    z = around(problem, found).draws(problem.normals("laplace"))
    diagnostics = {"steps": float(found.steps), "objective": found.objective, "converged": float(found.converged)}
    return Posterior(z, _equal(problem.members), notes, diagnostics)


def by_nuts(problem: Problem) -> Posterior:
    """No-U-turn sampler, the offline reference; it starts from the Laplace posterior."""
    from vitruvian.engines.inference.nuts import nuts

    mean, covariance = problem.moments()
    linearise, _ = linearised(problem)
    near = mode_of(problem)
    found = nuts(linearise, mean, covariance, seed=problem.seed, around=(near.mode, near.covariance))
    return Posterior(found.members(problem.members), _equal(problem.members), found.notes, found.diagnostics)


def by_es_mda(problem: Problem) -> Posterior:
    """Ensemble smoother with multiple data assimilation."""
    from vitruvian.engines.inference.smoother import es_mda, prior_ensemble

    kind, layout, seen = problem.kind, problem.layout, problem.seen()
    mean, covariance = problem.moments()
    seeds = member_seeds(problem.seed, problem.members)
    z0 = prior_ensemble(mean, covariance, problem.members, problem.seed)

    def simulate(z: np.ndarray) -> np.ndarray:
        theta = layout.theta(layout.pad(z))
        outputs, _ = kind.run(theta, problem.forcing, seen.request, seeds)
        return seen.predictions(outputs, theta)

    found = es_mda(simulate, seen.y, seen.covariance, z0, problem.seed, limit=seen.limit, localise=kind.stochastic)
    return Posterior(found.z, _equal(len(found.z)), (), found.diagnostics)


def by_exact_likelihood(problem: Problem) -> Posterior:
    """Likelihood-tempered sequential Monte Carlo with the kind's own likelihood."""
    from vitruvian.engines.inference.smc import tempered_smc

    kind, layout, forcing = problem.kind, problem.layout, problem.forcing
    if not isinstance(kind, ExactLikelihood):
        raise CapabilityError(f"kind '{kind.name}' has no exact likelihood", where="calibrate", fix="use es-mda")
    mean, covariance = problem.moments()

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        theta = layout.theta(layout.pad(z))
        return kind.log_likelihood(theta, problem.case, problem.record, forcing.t0, forcing.t1)

    z, weights, evidence, diagnostics = tempered_smc(
        log_likelihood, mean, covariance, members=problem.members, seed=problem.seed
    )
    return Posterior(z, weights, (), {**diagnostics, "log_evidence": evidence})


def by_fit(problem: Problem) -> Posterior:
    """A fitted kind: its weights were learned from many subjects, and its priors are that fit's posterior."""
    if not isinstance(problem.kind, Fittable):
        raise CapabilityError(f"kind '{problem.kind.name}' is not Fittable", where="calibrate", fix="use es-mda")
    mean, covariance = problem.moments()
    z = mean + problem.normals("fitted") @ np.linalg.cholesky(covariance).T
    note = "weights come from the population fit; nothing was learned from this subject alone"
    return Posterior(z, _equal(problem.members), (note,), {})


METHODS: Mapping[str, Callable[[Problem], Posterior]] = {
    "fitted": by_fit,
    "exact": by_exact_likelihood,
    "laplace": by_laplace,
    "nuts": by_nuts,
    "es-mda": by_es_mda,
}
