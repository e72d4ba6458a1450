"""The example case: a large heart with left bundle branch block, three ECGs of it, and what each action does."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Effect, Example
from vitruvian.kinds.electrophysiology.actions import Heart, Infarct, Pacing
from vitruvian.kinds.electrophysiology.seen import NOISES

DAY = 86400.0
CRT = "both ventricles paced: QRS 160 to about 130 ms in CRT cohorts (Coppola et al., Europace 2016 [order]); assumed"
LATE = "a scarred lateral wall conducts late; assumed"


def example() -> Example:
    """ECGs on three days."""
    heart = Heart(
        lv_volume=260.0, rv_volume=170.0, long_axis=105.0, lv_wall=8.0, conduction="LBBB",
    )  # fmt: skip
    at = 4 * DAY
    effects = (
        Effect(Pacing(at=at), "lv_activation_mean", DAY, -90.0, -5.0, CRT),
        Effect(Infarct(at=at, segment="mid inferolateral"), "lv_activation_mean", DAY, 1.0, 120.0, LATE),
    )
    visits = np.array([0.0, 1.0, 2.0]) * DAY
    observed = {noise.observable: visits for noise in NOISES}
    return Example(Case(heart), 0.0, 7 * DAY, observed, effects)
