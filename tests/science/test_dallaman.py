"""The Dalla Man model: basal state, mass, print, what its step costs, classes of glucose tolerance, simglucose."""

import dataclasses

import numpy as np
import pytest

from needs import missing
from vitruvian.core.errors import KindError
from vitruvian.kinds.metabolic.evidence.mealcurves import SETS, printed
from vitruvian.kinds.metabolic.evidence.peer import simglucose
from vitruvian.kinds.metabolic.evidence.virtual import doses, eaten, table_agrees
from vitruvian.models import dallaman as dm

pytestmark = pytest.mark.science
NAMES = [s.name for s in SETS]


def fed(grams, minutes=1440, at=60, rate=5.0):
    out = np.zeros((minutes, 1))
    out[at : at + int(grams / rate)] = rate
    return out


def test_every_set_stands_still_in_a_fast_of_a_day():
    day = dm.run(dm.stacked(SETS), np.zeros((1440, 1)), flows=True)
    assert np.abs(day.glucose - day.glucose[0]).max() < 1e-9
    assert day.insulin is not None
    assert day.EGP is not None
    assert np.abs(day.insulin - day.insulin[0]).max() < 1e-9
    np.testing.assert_allclose(day.EGP[0], [s.EGPb for s in SETS])


@pytest.mark.parametrize("person", [dm.NORMAL, dm.TYPE2], ids=lambda s: s.name)
def test_what_follows_from_the_basal_state_is_what_is_printed(person):
    for name, (computed, value) in printed(person).items():
        assert computed == pytest.approx(value, rel=0.01), name


def test_all_that_is_eaten_appears_in_plasma_but_for_the_share_lost():
    people = dm.stacked(SETS)
    day = dm.run(people, fed(60.0, 4 * 1440), flows=True)
    assert day.Ra is not None
    appeared = np.trapezoid(day.Ra, axis=0) * people.BW / 1000.0
    # a slow stomach still holds a little after four days; nothing is made
    assert (appeared <= 0.9 * 60.0 * 1.001).all()
    np.testing.assert_allclose(appeared, 0.9 * 60.0, rtol=0.002)


def test_the_stomachs_brake_is_the_two_tanh_of_the_paper():
    Q, D, p = np.linspace(0.0, 75e3, 300), 75e3, dm.NORMAL
    aa, cc = 5.0 / (2 * D * (1 - p.b)), 5.0 / (2 * D * p.d)
    paper = p.kmin + (p.kmax - p.kmin) / 2 * (np.tanh(aa * (Q - p.b * D)) - np.tanh(cc * (Q - p.d * D)) + 2)
    np.testing.assert_allclose(dm.kempt(Q, np.full(300, D), p, dm.basal(p)), paper, rtol=1e-12)


def test_one_step_a_minute_and_single_precision_cost_less_than_a_tenth_of_a_milligram():
    people, food = dm.stacked(SETS), fed(75.0, 360)
    exact = dm.run(people, food, parts=16)
    for dtype in (np.float64, np.float32):
        day = dm.run(people, food, dtype=dtype)
        assert np.abs(day.glucose - exact.glucose).max() < 0.1
        assert np.abs(day.sensor - exact.sensor).max() < 0.1


@pytest.mark.parametrize(
    ("person", "low", "high"),
    [(dm.NORMAL, 70.0, 140.0), (dm.PREDIABETES, 140.0, 200.0), (dm.TYPE2, 200.0, 400.0)],
    ids=["normal", "prediabetes", "type 2"],
)
def test_two_hours_after_75_g_each_set_is_in_its_class(person, low, high):
    """American Diabetes Association, Standards of Care, section 2: 140 and 200 mg/dL."""
    two_hours = dm.run(person, fed(75.0, 200, at=0, rate=15.0)).glucose[120, 0]
    assert low <= two_hours < high


def test_who_does_not_secrete_needs_no_rows_of_secretion():
    person = dm.patient("adult#001")
    alone = dm.run(person, fed(50.0, 600)).glucose[:, 0]
    beside = dm.run(dm.stacked([person, dm.NORMAL]), fed(50.0, 600)).glucose[:, 0]
    np.testing.assert_allclose(alone, beside, atol=1e-9)


def test_insulin_lowers_and_meals_raise_at_their_time_and_not_before():
    person, minutes = dm.patient("adult#005"), 480
    still = doses([person], np.array([np.inf]), minutes)
    bolus = still.copy()
    bolus[120] += 2.0
    nothing = np.zeros((minutes, 1))
    base, dosed, ate = (
        dm.run(person, e, u).glucose for e, u in ((nothing, still), (nothing, bolus), (fed(20, minutes, 120), still))
    )
    assert (dosed[:121] == base[:121]).all()
    assert (ate[:121] == base[:121]).all()
    assert dosed[300, 0] < base[300, 0] - 10.0
    assert ate[160, 0] > base[160, 0] + 10.0


def test_glucose_is_never_negative():
    overdose = doses([dm.patient("adult#001")], np.array([np.inf]), 1440)
    overdose[60] += 60.0
    assert dm.run(dm.patient("adult#001"), np.zeros((1440, 1)), overdose).glucose.min() > 0.0


def test_shapes_that_do_not_fit_are_told():
    with pytest.raises(KindError, match="eaten has shape"):
        dm.run(dm.NORMAL, np.zeros((10, 3)))
    with pytest.raises(KindError, match="10 minutes of food, 9 of insulin"):
        dm.run(dm.NORMAL, np.zeros((10, 1)), np.zeros((9, 1)))


def test_simglucose_has_the_same_table_and_the_same_slopes():
    peer = simglucose()
    if peer is None:
        missing("simglucose", "pip install 'vitruvian[peers]'")
    assert table_agrees(peer) < 1e-9
    order = ["Q1", "Q2", "Qgut", "Gp", "Gt", "Ip", "X", "I1", "Id", "Il", "S1", "S2", "Gs"]
    rng = np.random.default_rng(1)
    for person in dm.patients()[::7]:
        b = dm.basal(person)
        names: list[str] = list(dm.STATES[:14])
        x = {n: float(v) * rng.uniform(0.7, 1.3) for n, v in zip(names, dm.begin(b, 14), strict=True)}
        x |= {"Q1": 9e3, "Q2": 2e4, "Qgut": 4e3, "D": 4.2e4, "X": rng.normal(0, 30.0)}
        now = dm.Now(eaten=5000.0, infused=3.0)
        ours = dict(zip(names, dm.rate(tuple(x[n] for n in names), person, b, now), strict=True))
        action = peer.module.Action(CHO=5.0, insulin=3.0 * person.BW / 6000.0)
        patient = peer.quick_patient(person.name)
        theirs = patient.model(0.0, np.array([x[n] for n in order]), action, patient._params, 4.2e4, 0.0)
        np.testing.assert_allclose([ours[n] for n in order], theirs, rtol=1e-9, atol=1e-9)


def test_the_workload_of_the_comparison_is_what_it_says():
    assert eaten(1440).sum() == 210.0
    given = doses([dm.patient("adult#001")], np.array([10.0]), 1440)
    assert given.sum() == pytest.approx(19.5 + dm.basal(dm.patient("adult#001")).ub * dm.patient("adult#001").BW * 0.24)


def test_a_set_between_two_has_its_own_basal_state():
    half = dm.between("half", "assumed", dm.NORMAL, dm.TYPE2, 0.5)
    assert dm.NORMAL.Gb < half.Gb < dm.TYPE2.Gb
    assert dataclasses.replace(half, name="x").numbers() == half.numbers()
