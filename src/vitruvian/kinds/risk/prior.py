"""What is believed of the weights before any fit."""

from __future__ import annotations

import numpy as np

from vitruvian.engines.logistic import Weights
from vitruvian.engines.table import Last, names
from vitruvian.kinds.risk.patient import COLUMNS, VITALS

PRIOR_MEAN = np.append(-5.0, np.zeros(len(COLUMNS)))  # intercept: about 0.7 % an hour, assumed
PRIOR_SD = np.append(1.5, np.full(len(COLUMNS), 0.5))  # of a weight per sd of its column: assumed


def unfitted() -> Weights:
    """The prior alone; vital signs standardised by their values at rest."""
    rest = {v.observable.name: v for v in VITALS}
    centre = np.array([rest[c.of].rest if isinstance(c, Last) else 0.0 for c in COLUMNS])
    scale = np.array([rest[c.of].sd if isinstance(c, Last) else 1.0 for c in COLUMNS])
    return Weights(names(COLUMNS), centre, scale, PRIOR_MEAN, np.diag(PRIOR_SD**2), origin="")
