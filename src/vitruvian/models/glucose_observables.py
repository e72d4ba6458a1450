"""What glucose models are asked for: glucose in blood and as a sensor sees it, and quantities of it."""

from __future__ import annotations

from vitruvian.core.quantity import AreaAbove, FractionWithin, Maximum, Mean, Minimum, Observable, Quantity

HOUR = 3600.0

OBSERVABLES = (
    Observable("glucose", "mg/dL", "99504-3", low=20, high=1000, meaning="interstitial glucose, as a sensor sees"),
    Observable("blood_glucose", "mg/dL", "2339-0", low=20, high=1000, meaning="glucose in blood"),
)
QUANTITIES = (
    Quantity("mean_glucose", "mg/dL", "mean sensor glucose", "glucose", Mean()),
    Quantity("peak_glucose", "mg/dL", "highest sensor glucose", "glucose", Maximum()),
    Quantity("lowest_glucose", "mg/dL", "lowest sensor glucose", "glucose", Minimum()),
    Quantity("time_in_range", "%", "time with 70 to 180 mg/dL", "glucose", FractionWithin(70, 180.001), 100.0),
    Quantity("time_below_70", "%", "time below 70 mg/dL", "glucose", FractionWithin(high=70), 100.0),
    Quantity("time_above_180", "%", "time above 180 mg/dL", "glucose", FractionWithin(low=180.001), 100.0),
    Quantity("area_above_140", "mg.h/dL", "area above 140 mg/dL", "glucose", AreaAbove(140.0), 1 / HOUR),
)
