"""What the twin follows, and the scales on which its noise is Gaussian.

Vital signs on their own scale; oxygen saturation as log(101 - x), since it crowds below 100; laboratory values and
urine as logarithms (lognormal reference ranges: Ichihara & Boyd, Clin Chem Lab Med 2010;48:1537).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.models.icu.channels import BY_NAME, Channel

FOLLOWED = (
    "heart_rate",
    "systolic",
    "diastolic",
    "mean_pressure",
    "respiratory_rate",
    "spo2",
    "temperature",
    "gcs",
    "urine",
    "fio2",
    "creatinine",
    "bun",
    "potassium",
    "sodium",
    "bicarbonate",
    "glucose",
    "lactate",
    "ph",
    "wbc",
    "platelets",
)
LOGARITHM = {"urine": 10.0, "creatinine": 0.0, "bun": 0.0, "glucose": 0.0, "lactate": 0.0, "wbc": 0.5, "platelets": 0.0}
TOP = 101.0  # % of saturation: one above what a sensor shows, so that the logarithm is finite


@dataclass(frozen=True)
class Scale:
    """Of one channel: to and from the space of Gaussian errors."""

    channel: Channel

    def to(self, value: np.ndarray) -> np.ndarray:
        """Transformed values."""
        name = self.channel.name
        if name == "spo2":
            return np.log(TOP - np.minimum(value, 100.0))
        return np.log(value + LOGARITHM[name]) if name in LOGARITHM else np.asarray(value, dtype=np.float64)

    def back(self, value: np.ndarray) -> np.ndarray:
        """In the channel's own unit, kept within its limits."""
        name = self.channel.name
        if name == "spo2":
            out = TOP - np.exp(value)
        else:
            out = np.exp(value) - LOGARITHM[name] if name in LOGARITHM else value
        return np.clip(out, self.channel.low, self.channel.high)


SCALES = tuple(Scale(BY_NAME[name]) for name in FOLLOWED)
INDEX = {name: i for i, name in enumerate(FOLLOWED)}
