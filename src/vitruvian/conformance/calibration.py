"""Laws on calibration: the default method is calibrated on the kind's own simulated subjects, and agrees with NUTS."""

from __future__ import annotations

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.kind import AbstractKind, Differentiable
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.verbs.agreement import agreement
from vitruvian.verbs.sbc import sbc

AGAIN = 4


def _calibrated(trial: Trial) -> None:
    if not trial.example.observed:
        return  # the law on examples says who may observe nothing
    replications = trial.size.replications
    found = sbc(trial.kind, replications, trial.seed)
    if not found.inside:  # one calibrated kind in a hundred leaves a 99 % band: four times as many new subjects decide
        replications *= AGAIN
        found = sbc(trial.kind, replications, trial.seed + 1)
    worst = max(found.excess, key=lambda name: found.excess[name])
    demand(
        found.inside,
        f"simulation-based calibration with {found.method}: the ranks of '{worst}' leave the band by "
        f"{100 * found.excess[worst]:.1f} % of {replications} replications",
        trial,
        "look at the noise, the priors and whether the method suits the kind",
    )


def _reference(trial: Trial) -> None:
    worst = agreement(trial.kind, trial.size.reference, trial.seed)[0]
    demand(
        worst.holds,
        f"simulated subject {worst.subject}: the posterior of '{worst.latent}' with {worst.method} lies "
        f"{worst.shift:.2f} sd from that of NUTS and is {worst.ratio:.2f} times as wide",
        trial,
        "calibrate with method='nuts', or give the parameter a prior in which the model is less curved",
    )


def _latent(kind: AbstractKind) -> bool:
    return bool(kind.parameters)


def _sampled(kind: AbstractKind) -> bool:
    return _latent(kind) and not kind.stochastic and all(isinstance(n, AbstractGaussianNoise) for n in kind.noises)


CALIBRATION = (
    Law(
        "calibrated",
        "Simulation-based calibration of the default method stays in the simultaneous band.",
        _calibrated,
        applies_if=_latent,
    ),
    Law(
        "reference",
        "Beside it, NUTS finds the same posterior.",
        _reference,
        (Differentiable,),
        _sampled,
        full_only=True,
    ),
)
