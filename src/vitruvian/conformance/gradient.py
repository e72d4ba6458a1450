"""The law on derivatives: forward sensitivities and JAX's own derivative of `run` equal a finite difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial, largest
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Differentiable
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Maximum, Mean, Minimum, Request

MEMBERS = 3
STEP = 1e-4  # in z: a central difference then errs by about 1e-8 of the third derivative
TOLERANCE = 1e-4  # of the largest slope of the same answer
SMOOTH = (Mean, Minimum, Maximum)


def _smooth(trial: Trial) -> set[str]:
    """Answers that have a derivative: no map without a time axis, no count of time above a level."""
    kept = {o.name for o in trial.kind.observables if o.axis == "grid"}
    return kept | {q.name for q in trial.kind.quantities if isinstance(q.reducer, SMOOTH)}


def _gradient(trial: Trial) -> None:
    kind, request = trial.kind, trial.everything()
    assert isinstance(kind, Differentiable)
    forcing = trial.compile()
    z = trial.z(forcing, MEMBERS)
    values, slopes = kind.sensitivities(z, forcing, request)
    expected = _differences(trial, forcing, request, z)
    plain, _ = trial.run(forcing, request, Latents.of(kind.parameters, forcing).theta(z))
    along = _along(trial, forcing, request, z)
    for name in sorted(_smooth(trial)):
        gap = largest(np.asarray(values[name]), np.asarray(plain[name]))
        scale = max(1e-12, float(np.abs(plain[name]).max()))
        demand(gap <= 1e-6 * scale, f"sensitivities give another '{name}' than run (by {gap:.3g})", trial)
        _agree(trial, name, np.asarray(slopes[name]), expected[name], "its sensitivities")
        _agree(trial, name, along[name], expected[name].sum(axis=-1), "JAX's derivative of run")


def _differences(trial: Trial, forcing: Forcing, request: Request, z: np.ndarray) -> dict[str, np.ndarray]:
    """Central differences along every column of z, (member, ..., width)."""
    layout = Latents.of(trial.kind.parameters, forcing)
    out = {}
    columns: list[dict[str, np.ndarray]] = []
    for k in layout.active:
        shift = STEP * np.eye(layout.width)[k]
        up, _ = trial.run(forcing, request, layout.theta(z + shift))
        down, _ = trial.run(forcing, request, layout.theta(z - shift))
        columns.append({n: (np.asarray(up[n], float) - np.asarray(down[n], float)) / (2 * STEP) for n in request.items})
    for name in request.items:
        slopes = np.stack([c[name] for c in columns], axis=-1)
        out[name] = np.zeros((*slopes.shape[:-1], layout.width))  # a slot that is not there moves nothing
        out[name][..., layout.active] = slopes
    return out


def _along(trial: Trial, forcing: Forcing, request: Request, z: np.ndarray) -> dict[str, np.ndarray]:
    """Derivative of a traced run along (1, ..., 1) of the active columns: run must survive tracing."""
    from vitruvian.engines.jaxsetup import jax, jnp

    layout = Latents.of(trial.kind.parameters, forcing)
    direction = np.zeros_like(z)
    direction[:, layout.active] = 1.0

    def traced(z: Any) -> Any:
        return trial.kind.run(layout.theta(z), forcing, request, trial.seeds(MEMBERS))[0]

    _, slopes = jax.jvp(traced, (jnp.asarray(z),), (jnp.asarray(direction),))
    return {name: np.asarray(s) for name, s in slopes.items()}


def _agree(trial: Trial, name: str, found: np.ndarray, expected: np.ndarray, what: str) -> None:
    demand(found.shape == expected.shape, f"'{name}': {what} have shape {found.shape}, not {expected.shape}", trial)
    scale = max(1e-9, float(np.abs(expected).max()))
    gap = largest(found, expected)
    demand(
        gap <= TOLERANCE * scale,
        f"'{name}': {what} differ from a finite difference by {gap:.3g} (slopes reach {scale:.3g})",
        trial,
    )


GRADIENT = (
    Law("gradient", "Sensitivities and JAX's derivative equal a finite difference.", _gradient, (Differentiable,)),
)
