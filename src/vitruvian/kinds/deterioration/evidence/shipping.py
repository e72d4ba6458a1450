"""Fit the weights that are shipped: `python -m vitruvian.kinds.deterioration.evidence.shipping ROOT`.

Without ROOT only those of simulated stays.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from vitruvian.kinds.deterioration import shipped
from vitruvian.kinds.deterioration.evidence.data import physionet
from vitruvian.kinds.deterioration.learning import learn
from vitruvian.kinds.deterioration.simulated import learn_simulated, simulated
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.icu.kdigo import onsets

SEED = 20260401
SIMULATED_SEED, SIMULATED_STAYS = 11, 2000  # of each unit; those that are scored have other seeds


def fitted(root: Path) -> Weights:
    """Death in hospital, and onset of acute kidney injury by creatinine, on all shared stays of PhysioNet 2012."""
    stays = physionet(root)
    onset = onsets(stays.readings["creatinine"], len(stays))
    kidney = replace(stays, outcomes={**stays.outcomes, "onset": onset})
    return learn({"death": stays, "aki": kidney}, SEED)


def fitted_simulated() -> Weights:
    """What no shared data label, on simulated stays."""
    return learn_simulated(simulated(SIMULATED_STAYS, SIMULATED_SEED), SEED)


if __name__ == "__main__":
    made = {shipped.SIMULATED_FILE: fitted_simulated()}
    if len(sys.argv) > 1:
        made[shipped.FILE] = fitted(Path(sys.argv[1]))
    for name, weights in made.items():
        (Path(shipped.__file__).parent / name).write_bytes(weights.to_bytes())
        sys.stdout.write(f"{weights.origin}\n{weights.digest}\n")
