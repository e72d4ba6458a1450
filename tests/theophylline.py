"""A patient in closed form for the tests of the command line and the session: what one compartment says, with noise."""

import math
from datetime import datetime, timedelta

from vitruvian.core.keys import generator

START = datetime(2024, 3, 1, 8)  # noqa: DTZ001 the local clock in Berlin, as an export shows it
CL, V, WEIGHT = 0.05, 0.5, 80.0  # L/h/kg, L/kg, kg: who the levels come from
SD = 0.5  # mg/L, the kind's assay


def true_level(hours: float) -> float:
    """One compartment in closed form, mg/L: 300 mg at START and 24 h later."""
    return sum(300.0 / (V * WEIGHT) * math.exp(-CL / V * (hours - h)) for h in (0.0, 24.0) if hours >= h)


def levels(first: int, last: int) -> str:
    """A table of levels every two hours in [first, last) h, with the assay's noise (seed 1)."""
    rows = ["time,observable,value,unit"]
    for hour in range(first, last, 2):
        value = true_level(hour) + SD * generator(1, "levels", hour).standard_normal()
        rows.append(f"{(START + timedelta(hours=hour)).isoformat()},concentration,{max(value, 0.0):.3f},mg/L")
    return "\n".join(rows) + "\n"
