"""Programmed stimulation of a sheet: activity outlives an early beat where re-entry has room, only there."""

import numpy as np
import pytest

from vitruvian.core.errors import KindError
from vitruvian.engines.induction import induce
from vitruvian.engines.monodomain import Tissue
from vitruvian.models.cells import MitchellSchaeffer

pytestmark = pytest.mark.science
SHEET = Tissue.slab((60.0, 60.0, 1.0), 1.0, np.diag([0.1, 0.1, 0.1]))
X, Y = SHEET.nodes[:, 0], SHEET.nodes[:, 1]
EDGE = (X < 2.0).astype(float)
PATCH = ((X - 25.0) ** 2 + (Y - 30.0) ** 2 < 144.0).astype(float)
BRIEF = {"cycle": 300.0, "drive": 1, "first": 230.0, "step": 20.0, "lasting": 600.0, "dt": 0.1}


def test_a_beat_in_the_wake_of_another_starts_re_entry_where_waves_are_short():
    found = induce(SHEET, MitchellSchaeffer(tau_close=40.0, tau_open=60.0), [EDGE, PATCH], **BRIEF)
    assert found.inducing is not None
    assert found.tried[0].lasted < 300.0  # a late beat passes and is gone
    assert found.inducing.coupling[0] < found.tried[0].coupling[0]
    assert found.to_json()["inducible"]
    assert found.plot() is not None


def test_waves_longer_than_the_sheet_start_nothing():
    """0.5 mm/ms times 240 ms is 120 mm: no room on 60 (Mines' law of circuits)."""
    found = induce(SHEET, MitchellSchaeffer(), [EDGE, PATCH], **{**BRIEF, "cycle": 500.0, "first": 300.0})
    assert found.inducing is None
    assert not found.to_json()["inducible"]


def test_a_protocol_without_an_extra_beat_is_refused():
    with pytest.raises(KindError, match="one extra beat's"):
        induce(SHEET, MitchellSchaeffer(), [EDGE])
