"""Fit the weights that are shipped: `python -m vitruvian.kinds.deterioration.evidence.shipping ROOT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from vitruvian.kinds.deterioration import shipped
from vitruvian.kinds.deterioration.evidence.data import physionet
from vitruvian.kinds.deterioration.learning import learn
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.icu.kdigo import onsets

SEED = 20260401


def fitted(root: Path) -> Weights:
    """Death in hospital, and onset of acute kidney injury by creatinine, on all shared stays of PhysioNet 2012."""
    stays = physionet(root)
    onset = onsets(stays.readings["creatinine"], len(stays))
    kidney = replace(stays, outcomes={**stays.outcomes, "onset": onset})
    return learn({"death": stays, "aki": kidney}, SEED)


if __name__ == "__main__":
    weights = fitted(Path(sys.argv[1]))
    (Path(shipped.__file__).parent / shipped.FILE).write_bytes(weights.to_bytes())
    sys.stdout.write(f"{weights.origin}\n{weights.digest}\n")
