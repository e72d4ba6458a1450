"""No-U-turn sampler: the offline reference against which the fast methods are tested. By blackjax (extra `sample`).

Draws from p(z | y) ~ exp(-|r(z)|^2 / 2) N(z; mean, C) for white residuals r with Jacobian J = dr/dz by forward
sensitivities: the gradient is -J'r - C^-1 (z - mean). Hoffman & Gelman, Journal of Machine Learning Research
2014;15:1593; window adaptation of step and mass matrix as in Stan. R-hat and bulk effective sample size: Vehtari et
al., Bayesian Analysis 2021;16:667, by blackjax.

The model stays on the host: the sampler is compiled, and each leapfrog step calls back once with the positions of all
chains, so that a step costs one ensemble run of as many members as there are chains. Typically 3 to 15 such runs a
draw. Holds for smooth r and one connected mode; a posterior of several modes shows as R-hat above 1.01.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import key

MIXED = 1.01  # R-hat: Vehtari et al. 2021
ACCEPTANCE = 0.9  # smaller steps than the usual 0.8: a reference may be slow, not biased (assumed)
Linearise = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Sampled:
    """Draws (chain, draw, n) with, per latent (n,), R-hat and bulk effective sample size; and the divergent draws."""

    draws: np.ndarray
    rhat: np.ndarray
    ess: np.ndarray
    divergences: int
    gradients: int

    @property
    def z(self) -> np.ndarray:
        """All draws, (chain * draw, n)."""
        return self.draws.reshape(-1, self.draws.shape[-1])

    def members(self, count: int) -> np.ndarray:
        """`count` draws evenly from all chains, (count, n)."""
        z = self.draws.swapaxes(0, 1).reshape(-1, self.draws.shape[-1])
        return z[np.linspace(0, len(z) - 1, count).round().astype(int)]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: chains that have not mixed, draws that diverged."""
        said = []
        if (worst := float(self.rhat.max(initial=1.0))) > MIXED:
            said.append(f"NUTS: R-hat is {worst:.3f}, above {MIXED}: the chains have not mixed")
        if self.divergences:
            said.append(f"NUTS: {self.divergences} draws diverged: the posterior has corners the sampler cannot turn")
        return tuple(said)

    @property
    def diagnostics(self) -> dict[str, float]:
        """The worst R-hat and effective sample size, divergent draws, ensemble runs of the model."""
        return {
            "rhat": float(self.rhat.max(initial=1.0)),
            "ess": float(self.ess.min(initial=np.inf)),
            "divergences": float(self.divergences),
            "gradients": float(self.gradients),
        }


def nuts(
    linearise: Linearise,
    mean: np.ndarray,
    covariance: np.ndarray,
    *,
    seed: int,
    draws: int = 250,
    warmup: int = 300,
    chains: int = 4,
    around: tuple[np.ndarray, np.ndarray] | None = None,
) -> Sampled:
    """Posterior of z ~ N(mean (n,), covariance (n, n)); linearise: z (chain, n) -> r (chain, m), dr/dz (chain, m, n).

    draws: kept from each chain. around: mode and covariance of a Laplace posterior, to start from and to measure steps
    by; default the prior. Errors: InferenceError when blackjax is not installed.
    """
    blackjax = _blackjax()
    from vitruvian.engines.jaxsetup import jax, jnp

    centre, shape = (mean, covariance) if around is None else around
    root = cholesky(shape, lower=True)
    density, count = _density(linearise, mean, covariance, centre, root)
    warm = blackjax.window_adaptation(
        blackjax.nuts, density, is_mass_matrix_diagonal=around is not None, target_acceptance_rate=ACCEPTANCE
    )

    def one(draw_key: Any, start: Any) -> Any:
        first, second = jax.random.split(draw_key)
        (state, tuned), _ = warm.run(first, start, num_steps=warmup)
        step = blackjax.nuts(density, **tuned).step

        def body(state: Any, k: Any) -> Any:
            state, info = step(k, state)
            return state, (state.position, info.is_divergent)

        return jax.lax.scan(body, state, jax.random.split(second, draws))[1]

    keys = jax.random.split(jax.random.key(key(seed, "nuts") % 2**63), chains)
    starts = jax.random.normal(jax.random.key(key(seed, "nuts", "start") % 2**63), (chains, len(mean)), jnp.float64)
    v, divergent = jax.jit(jax.vmap(one))(keys, starts)
    z = centre + np.asarray(v) @ root.T
    if not np.isfinite(z).all():
        raise InferenceError("the sampler left the real line", where="NUTS", fix="narrow the priors")
    rhat = np.atleast_1d(blackjax.diagnostics.rhat(jnp.asarray(z)))
    ess = np.atleast_1d(blackjax.diagnostics.ess_bulk(jnp.asarray(z)))
    return Sampled(z, rhat, ess, int(np.asarray(divergent).sum()), count[0])


def _density(
    linearise: Linearise, mean: np.ndarray, covariance: np.ndarray, centre: np.ndarray, root: np.ndarray
) -> tuple[Any, list[int]]:
    """log density of v, z = centre + root v, for JAX; and a counter of model runs."""
    from vitruvian.engines.jaxsetup import jax, jnp

    n, count, prior = len(mean), [0], cho_factor(covariance)

    def host(v: Any) -> tuple[np.ndarray, np.ndarray]:
        v = np.asarray(v)
        z = centre + v.reshape(-1, n) @ root.T
        count[0] += 1
        with np.errstate(all="ignore"):  # a leap too far is rejected below
            r, jac = linearise(z)
            pull = cho_solve(prior, (z - mean).T, check_finite=False).T
            value = -0.5 * (r**2).sum(axis=1) - 0.5 * ((z - mean) * pull).sum(axis=1)
            slope = -(np.einsum("kmn,km->kn", jac, r) + pull) @ root
        good = np.isfinite(value) & np.isfinite(slope).all(axis=1)
        value, slope = np.where(good, value, -np.inf), np.where(good[:, None], slope, 0.0)
        return value.reshape(v.shape[:-1]), slope.reshape(v.shape)

    def both(v: Any) -> Any:
        out = (jax.ShapeDtypeStruct((), jnp.float64), jax.ShapeDtypeStruct((n,), jnp.float64))
        return jax.pure_callback(host, out, v, vmap_method="broadcast_all")

    @jax.custom_vjp
    def density(v: Any) -> Any:
        return both(v)[0]

    density.defvjp(both, lambda slope, ct: (ct * slope,))
    return density, count


def _blackjax() -> Any:
    try:
        import blackjax
    except ImportError as err:
        raise InferenceError("NUTS needs blackjax", where="nuts", fix="pip install vitruvian[sample]") from err
    return blackjax
