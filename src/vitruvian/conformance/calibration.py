"""Laws on calibration: the default method is calibrated on the kind's own simulated subjects, and agrees with NUTS."""

from __future__ import annotations

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.belief import Belief
from vitruvian.core.kind import AbstractKind, Differentiable
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.core.twin import Twin
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.sbc import sbc
from vitruvian.verbs.simulate import simulate_example

DRAWS = 400  # of either posterior: Monte Carlo error of a mean about 0.06 posterior sd with NUTS's correlation
MEANS, SPREADS = 0.25, 1.25  # four of those errors; ratio of sds: assumed tolerable for a Gaussian approximation


def _calibrated(trial: Trial) -> None:
    if not trial.example.observed:
        return  # the law on examples says who may observe nothing
    replications = trial.size.replications
    found = sbc(trial.kind, replications, trial.seed)
    worst = max(found.excess, key=lambda name: found.excess[name])
    demand(
        found.inside,
        f"simulation-based calibration with {found.method}: the ranks of '{worst}' leave the band by "
        f"{100 * found.excess[worst]:.1f} % of {replications} replications",
        trial,
        "look at the noise, the priors and whether the method suits the kind",
    )


def _reference(trial: Trial) -> None:
    for subject in range(trial.size.reference):
        example, told = simulate_example(trial.kind, seed=trial.seed + subject)
        twin = Twin(trial.kind, example.case, told.record)
        window = (example.t0, float(told.record.valid_time.max()))
        fast, slow = (
            calibrate(twin, method=m, window=window, members=DRAWS, seed=subject).believed() for m in (None, "nuts")
        )
        (mean, sd), (other, width) = _moments(fast), _moments(slow)
        shift, ratio = np.abs(mean - other) / width, sd / width
        k = int(np.argmax(np.maximum(shift / MEANS, np.abs(np.log(ratio)) / np.log(SPREADS))))
        demand(
            bool(shift[k] <= MEANS and 1 / SPREADS <= ratio[k] <= SPREADS),
            f"simulated subject {trial.seed + subject}: the posterior of '{fast.names[k]}' with {fast.method} lies "
            f"{shift[k]:.2f} sd from that of NUTS and is {ratio[k]:.2f} times as wide",
            trial,
            "calibrate with method='nuts', or give the parameter a prior in which the model is less curved",
        )


def _moments(belief: Belief) -> tuple[np.ndarray, np.ndarray]:
    mean = belief.weights @ belief.z
    return mean, np.sqrt(belief.weights @ (belief.z - mean) ** 2)


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
