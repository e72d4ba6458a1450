"""The weights that come with the package: fitted on synthetic patients at a fixed seed, checked against their hash."""

from __future__ import annotations

import json
from importlib.resources import files

from vitruvian.core.errors import KindError
from vitruvian.engines.logistic import Weights
from vitruvian.engines.table import HOUR, Table, landmark_table
from vitruvian.kinds.risk.generator import ward
from vitruvian.kinds.risk.patient import COLUMNS, EVENT

PATIENTS, SEED = 1500, 20260101
FILE = "weights.json"  # what fit_shipped() gave: {"digest": ..., "weights": ...}


def synthetic_table(patients: int, seed: int) -> Table:
    """Hourly landmarks of a synthetic ward."""
    source = f"synthetic ward of {patients} patients (kinds/risk/generator.py, seed {seed})"
    return landmark_table(ward(patients, seed).patients, COLUMNS, EVENT, every=HOUR, within=HOUR, source=source)


def shipped_weights() -> Weights:
    """From the file beside this one; KindError if it is not what was fitted."""
    stored = json.loads((files("vitruvian.kinds.risk") / FILE).read_text(encoding="utf-8"))
    weights = Weights.from_json(stored["weights"])
    if weights.digest != stored["digest"]:
        raise KindError("weights are not those that were fitted", where=f"risk/{FILE}", fix="reinstall the package")
    return weights
