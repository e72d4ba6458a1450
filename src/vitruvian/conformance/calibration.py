"""The law on calibration: the default method is calibrated on the kind's own simulated subjects."""

from __future__ import annotations

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.kind import AbstractKind, Differentiable
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.verbs.sbc import sbc


def _default(trial: Trial) -> None:
    _ranked(trial, None, trial.size.replications)


def _reference(trial: Trial) -> None:
    if trial.size.reference:
        _ranked(trial, "nuts", trial.size.reference)


def _ranked(trial: Trial, method: str | None, replications: int) -> None:
    found = sbc(trial.kind, replications, trial.seed, method)
    worst = max(found.excess, key=lambda name: found.excess[name])
    demand(
        found.inside,
        f"simulation-based calibration with {found.method}: the ranks of '{worst}' leave the band by "
        f"{100 * found.excess[worst]:.1f} % of {replications} replications",
        trial,
        "look at the noise, the priors and whether the method suits the kind",
    )


def _observed(kind: AbstractKind) -> bool:
    return bool(kind.example().observed) and bool(kind.parameters)


def _sampled(kind: AbstractKind) -> bool:
    return _observed(kind) and not kind.stochastic and all(isinstance(n, AbstractGaussianNoise) for n in kind.noises)


CALIBRATION = (
    Law(
        "calibrated",
        "Simulation-based calibration of the default method stays in the simultaneous band.",
        _default,
        (),
        _observed,
    ),
    Law("reference", "So does that of NUTS, beside it.", _reference, (Differentiable,), _sampled),
)
