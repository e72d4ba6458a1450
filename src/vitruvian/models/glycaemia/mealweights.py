"""The shipped detector of unannounced meals, learned from CGMacros (Das et al., PhysioNet 2025, CC BY 4.0).

30 adults without insulin, Dexcom, 874 logged meals of 20 g and more; one false detection a day on them. Printed by
`python -m vitruvian.kinds.metabolic.evidence.unannounced DATA`, rounded. How it does on people it was not learned from:
the claim `met.unannounced`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.models.glycaemia.trace import Trace
from vitruvian.models.glycaemia.unannounced import Detector, LikelyMeals

SHIPPED = Detector(
    centre=(10.15, 0.2507, -0.6676, 0.3474, 0.1272, 0.1031, -0.0155, 0.0763),
    scale=(17.01, 12.5, 28.81, 0.5632, 0.69, 0.7051, 0.7114, 0.6985),
    weights=(-3.119, 0.2709, 0.27, -0.3196, 0.6652, -0.9602, -0.764, -0.0332, -0.7287),
    threshold=0.45,
    size=(3.449, 0.1483, 0.4696),
    start_sd=23.2,
    source="CGMacros (Das et al., PhysioNet 2025, CC BY 4.0), Dexcom of 30 adults",
)


def likely_meals(trace: Trace, logged: Sequence[float] | np.ndarray = (), detector: Detector = SHIPPED) -> LikelyMeals:
    """Meals that a sensor shows beside those logged (s of the trace). Nothing is added to any record."""
    return detector.find(trace, logged)
