"""What a landmark knows of a stay, as columns: the past of every channel, and what clinicians derive from it.

Of each channel: the newest value and its age, the first; over 6, 12, 24 h and all that came: count, lowest, highest,
mean, spread, slope (which of them: SHAPE). Then what several things say together (models/icu/combined.py), and hours in
the unit. NaN: never seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.engines.pasts import Landmarks, Readings, newest, window
from vitruvian.models.icu.channels import CHANNELS, LABS, TREATMENT
from vitruvian.models.icu.combined import NONE, combined
from vitruvian.models.icu.stays import STATIC

ALL = 1000.0  # h: everything that came
SHAPE = {  # window (h): statistics, of vital signs and of laboratory values
    "vital": {
        6.0: ("mean", "min", "max"),
        12.0: ("mean", "slope", "count"),
        24.0: ("min", "max", "mean", "sd", "slope"),
    }
    | {ALL: ("count", "min", "max", "mean", "sd")},
    "lab": {24.0: ("count", "min", "max", "slope"), ALL: ("count", "min", "max", "mean")},
    "treatment": {6.0: ("count",), 24.0: ("count",), ALL: ("count",)},
}
KINDS = {c.name: "lab" for c in LABS} | {c.name: "treatment" for c in TREATMENT}


@dataclass(frozen=True, eq=False)
class Known:
    """Columns x (n, k) with their names, NaN where nothing was seen."""

    names: tuple[str, ...]
    x: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        return self.x[:, self.names.index(name)]

    def only(self, keep: np.ndarray) -> Known:
        """The columns where `keep` (k,) is true."""
        return Known(tuple(n for n, k in zip(self.names, keep, strict=True) if k), self.x[:, keep])


def known(readings: Mapping[str, Readings], static: Mapping[str, np.ndarray], marks: Landmarks) -> Known:
    """Columns of every landmark; static {name: (s,)} by stay."""
    out: dict[str, np.ndarray] = {"hours": marks.at}
    out |= {name: static[name][marks.whose] for name in STATIC}
    for c in CHANNELS:
        mine = readings.get(c.name, NONE)
        for what, column in newest(mine, marks).items():
            out[f"{c.name}.{what}"] = column
        for hours, wanted in SHAPE[KINDS.get(c.name, "vital")].items():
            for what, column in window(mine, marks, hours, wanted).items():
                out[f"{c.name}.{what}.{'all' if hours == ALL else f'{hours:.0f}h'}"] = column
    out |= combined(out, readings, marks)
    return Known(tuple(out), np.column_stack(list(out.values())))
