"""What holds when, fusion with intrinsic conduction, scar, questions and refusals of the heart's electrics."""

import dataclasses

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, FieldError
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.electrophysiology import KIND, Heart, Infarct, Pacing
from vitruvian.kinds.electrophysiology.questions import BestDelay, BestLead
from vitruvian.models.ecg.sites import LEADS_LV
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.decide import decide
from vitruvian.verbs.simulate import simulate

LARGE = Heart(lv_volume=260.0, rv_volume=170.0, long_axis=105.0, conduction="LBBB")
MEDIAN = {p.name: np.array([float(p.prior.value(0.0))]) for p in KIND.parameters}


def run(case: Case, request: dict, t1: float = 1000.0) -> dict[str, np.ndarray]:
    forcing = KIND.compile(case, Record.empty(), 0.0, t1, np.inf)
    return {k: v[0] for k, v in KIND.run(MEDIAN, forcing, Request.of(request), np.zeros(1, np.uint64))[0].items()}


def test_what_was_done_last_holds_from_its_time_on():
    case = Case(LARGE, (Pacing(at=100.0), Pacing(at=300.0, left="none", right="none")))
    out = run(case, {"lateral_delay": [99.9, 100.0, 299.9, 300.0]})["lateral_delay"]
    assert out[0] == out[3]  # switched off: as before
    assert out[1] == out[2] < out[0] - 20
    mean = run(case, {"lateral_delay_mean": [[0.0, 400.0]]})["lateral_delay_mean"][0]
    assert mean == pytest.approx(0.5 * out[0] + 0.5 * out[1])


def test_a_late_pacemaker_changes_nothing_and_fusion_lies_between():
    """Intrinsic conduction arrives at 185 + 7 ms; a first stimulus after all is activated is not seen."""
    late, fused, early = (
        run(Case(LARGE, (Pacing(at=0.0, left="none", av_delay=av),)), {"rv_activation": [1.0]})["rv_activation"][0]
        for av in (300.0, 185.0, 100.0)
    )
    alone = run(Case(LARGE), {"rv_activation": [1.0]})["rv_activation"][0]
    assert late == pytest.approx(alone)
    assert alone < fused < early


def test_a_new_scar_is_one_from_the_start():
    old = dataclasses.replace(LARGE, scar="mid inferolateral", transmurality=0.7)
    asked = {"ecg": [500.0], "lv_activation": [500.0]}
    new = run(Case(LARGE, (Infarct(at=200.0, segment="mid inferolateral", transmurality=0.7),)), asked)
    known = run(Case(old), asked)
    np.testing.assert_array_equal(new["ecg"], known["ecg"])
    assert known["lv_activation"][0] > run(Case(LARGE), asked)["lv_activation"][0]


def test_the_soonest_delay_is_chosen_and_a_lead_over_scar_never():
    read = {n.observable: np.array([0.0]) for n in KIND.noises}
    told = simulate(KIND, Case(LARGE), read, 0.0, seed=1)
    twin = calibrate(Twin(KIND, Case(LARGE), told.record), members=20)
    best = decide(twin, BestDelay(at=60.0))
    assert best.best is not None
    assert best.best.expected == min(o.expected for o in best.options)
    leads = BestLead(at=60.0).choice(Case(LARGE), 0.0).options
    assert set(leads) == {*LEADS_LV, "right apex alone"}
    scarred = Case(dataclasses.replace(LARGE, scar="mid inferolateral", transmurality=0.8))
    for case in (scarred, Case(LARGE, (Infarct(at=10.0, transmurality=0.8),))):
        refused = {name for name, plan in leads.items() if KIND.refusals(case, plan)}
        assert refused == {"mid inferolateral"}
        assert "over scar" in KIND.refusals(case, leads["mid inferolateral"])[0]


def test_delays_are_options_of_one_lead():
    choice = BestDelay(at=10.0, left="apical lateral").choice(Case(LARGE), 0.0)
    assert list(choice.options) == ["-60 ms", "-40 ms", "-20 ms", "+0 ms", "+20 ms", "+40 ms", "+60 ms"]
    assert {a.left for plan in choice.options.values() for a in plan} == {"apical lateral"}


def test_what_cannot_be_is_refused():
    with pytest.raises(FieldError, match=r"vv_delay.*-60 and 60 ms"):
        Pacing(at=0.0, vv_delay=90.0)
    with pytest.raises(FieldError, match=r"left.*must be one of"):
        Pacing(at=0.0, left="basal septal")
    forcing = KIND.compile(Case(LARGE), Record.empty(), 0.0, 1.0, np.inf)
    _, state = KIND.run(MEDIAN, forcing, Request({}), np.zeros(1, np.uint64))
    later = KIND.compile(Case(LARGE), Record.empty(), 5.0, 9.0, np.inf)
    with pytest.raises(BeliefError, match="recalibrate"):
        KIND.run(MEDIAN, later, Request({}), np.zeros(1, np.uint64), start=state)
