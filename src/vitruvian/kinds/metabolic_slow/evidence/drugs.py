"""What medicines do to a virtual cohort's means, against the trials their sizes were set to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.quantity import Request
from vitruvian.kinds.metabolic_slow.cohort import DAY, course, patients
from vitruvian.models import glucose_medicines as given
from vitruvian.models.glucose_medicines import DOING

Progress = Callable[[float], None]
# weeks; change of HbA1c (%) and of weight (kg) against none, at the full dose, from about 8 %; whose figures
PUBLISHED = {
    given.Metformin: (26, (-1.25, -0.95), (-2.0, 0.0), "Hirst, Diabetes Care 35:446 (2012): -1.12"),
    given.Empagliflozin: (26, (-0.95, -0.60), (-3.3, -1.5), "EMPA-REG MONO (2013): -0.85, -2.2 kg; specification 2C"),
    given.Sitagliptin: (26, (-0.85, -0.55), (-0.8, 0.8), "Aschner, Diabetes Care 29:2632 (2006): -0.79 to -0.6"),
    given.Semaglutide: (30, (-1.8, -1.4), (-6.5, -3.5), "SUSTAIN 1 (2017): -1.53, -3.6 kg; specification 2C"),
    given.Tirzepatide: (40, (-2.5, -2.0), (-12.5, -9.5), "SURPASS-2 (2021): -2.3 to -2.46, -11.2 to -12.4 kg"),
    given.Glimepiride: (26, (-1.78, -1.25), (0.5, 2.8), "Hirst, Diabetologia 56:973 (2013): -1.51 (-1.78 to -1.25)"),
    given.Acarbose: (26, (-0.90, -0.64), (-1.3, 0.3), "van de Laar, Diabetes Care 28:154 (2005): -0.77"),
    given.Pioglitazone: (26, (-1.6, -0.8), (1.5, 4.2), "Aronoff, Diabetes Care 23:1605 (2000): -0.95, -1.6 to none"),
    given.BasalInsulin: (26, (-1.7, -1.2), (1.0, 3.5), "Riddle, Diabetes Care 26:3080 (2003): -1.65; specification 2C"),
    given.PrandialInsulin: (
        52,
        (-1.7, -1.1),
        (2.5, 6.5),
        "Holman, N Engl J Med 357:1716 (2007), 4-T: -1.4, +5.7 kg of 1 year",
    ),
}


def classes(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Of the 20 means, how many lie inside the published range; every medicine alone, against nothing."""
    people = patients(100 if quick else 1000, 1)
    ends = sorted({row[0] * 7 * DAY for row in PUBLISHED.values()})
    request, days = Request.of({"hba1c": ends, "weight": ends}), ends[-1] / DAY
    none = course(people, [()] * len(people), request, days, 1)
    rows, outside = [], 0
    for k, (medicine, (weeks, a1c, kg, source)) in enumerate(PUBLISHED.items()):
        plan = (medicine(at=1.0, dose=DOING[medicine].full),)
        found = course(people, [plan] * len(people), request, days, 1)
        column, row = ends.index(weeks * 7 * DAY), {"medicine": medicine.__name__, "source": source}
        for name, (low, high) in (("hba1c", a1c), ("weight", kg)):
            change = (found[name] - none[name])[:, column]
            slack = 2.6 * float(change.std()) / np.sqrt(len(people)) if quick else 0.0
            outside += not low - slack <= change.mean() <= high + slack
            row |= {name: float(change.mean()), f"{name}_sd": float(change.std()), f"{name}_published": [low, high]}
        rows.append(row)
        progress((k + 1) / len(PUBLISHED))
    told = "; ".join(f"{r['medicine'].lower()} {r['hba1c']:+.2f} %, {r['weight']:+.1f} kg" for r in rows)
    return {
        "measured": f"{outside} outside: {told}",
        "met": outside == 0,
        "n": len(people),
        "baseline": "sizes were set to these means: this shows that a cohort keeps them, not that they were foreseen",
        "detail": rows,
    }
