"""The slow layer: what it must do whatever its sizes are."""

import numpy as np
import pytest

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.keys import member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic_slow import KIND, Diet, Patient
from vitruvian.kinds.metabolic_slow.questions import Deprescribe, taken
from vitruvian.models import bodyweight, glucose_medicines, redcells
from vitruvian.models.glucose_medicines import Empagliflozin, Glimepiride, Metformin, Pioglitazone, Semaglutide
from vitruvian.verbs.decide import decide
from vitruvian.verbs.population import believe_prior

DAY = 86400.0
TIMES = np.array([0.0, 30.0, 180.0, 360.0]) * DAY
SOMEBODY = Patient(hba1c=8.0, weight=95.0)


def median(*actions: Action, person: Patient = SOMEBODY, **z: float) -> dict[str, np.ndarray]:
    """{observable: (time,)} of the median person of this kind at z."""
    case = Case(person, actions)
    forcing = KIND.compile(case, Record.empty(), 0.0, TIMES[-1], TIMES[-1])
    layout = Latents.of(KIND.parameters, forcing)
    row = KIND.population(case).moments(layout.names)[0].copy()
    for name, value in z.items():
        row[layout.names.index(name)] = value
    names = ("weight", "hba1c", "mean_glucose", "beta_cells", "medicines")
    theta = layout.theta(layout.pad(row[None]))
    outputs, _ = KIND.run(theta, forcing, Request(dict.fromkeys(names, TIMES)), member_seeds(1, 1))
    return {n: np.asarray(v)[0] for n, v in outputs.items()}


def test_who_changes_nothing_loses_only_beta_cells():
    found = median()
    assert found["weight"] == pytest.approx(95.0, abs=1e-6)
    assert found["hba1c"][0] == pytest.approx(8.0, abs=1e-9)
    assert 8.0 < found["hba1c"][-1] < 8.4
    assert found["beta_cells"][-1] == pytest.approx(np.exp(-0.04 * 360 / 365.25), rel=0.1)
    flat = median(decline=-60.0)  # no loss of cells: nothing moves
    assert flat["mean_glucose"] == pytest.approx(flat["mean_glucose"][0], rel=1e-6)


def test_what_is_taken_at_the_start_is_in_balance_and_shows_when_it_stops():
    held = median(Metformin(at=-DAY, dose=2000.0), decline=-60.0)
    assert held["mean_glucose"] == pytest.approx(held["mean_glucose"][0], rel=1e-6)
    stopped = median(Metformin(at=-DAY, dose=2000.0), Metformin(at=DAY, dose=0.0), decline=-60.0)
    begun = median(Metformin(at=DAY, dose=2000.0), decline=-60.0)
    assert stopped["hba1c"][-1] > 8.5
    assert begun["hba1c"][-1] < 7.5
    assert list(stopped["medicines"]) == [1, 0, 0, 0]


def test_doses_saturate_and_medicines_add_up():
    half, full = (median(Semaglutide(at=DAY, dose=d))["hba1c"][-1] for d in (0.5, 1.0))
    assert 8.0 - half > 0.5 * (8.0 - full)
    both = median(Metformin(at=DAY, dose=2000.0), Empagliflozin(at=DAY, dose=25.0))["hba1c"][-1]
    alone = [median(a)["hba1c"][-1] for a in (Metformin(at=DAY, dose=2000.0), Empagliflozin(at=DAY, dose=25.0))]
    assert both < min(alone) - 0.2
    shares = glucose_medicines.together({Metformin: 2000.0})
    assert np.exp(shares["production"]) == pytest.approx(1 - glucose_medicines.DOING[Metformin].production)


def test_urine_takes_less_glucose_where_kidneys_filter_less():
    well, ill = (
        median(Empagliflozin(at=DAY, dose=25.0), person=Patient(hba1c=8.0, egfr=e))["hba1c"][-1] for e in (100, 35)
    )
    assert well < ill - 0.2


def test_a_diet_follows_the_planner_when_hunger_is_held():
    found = median(Diet(at=0.0, change=-500.0, control=1.0), unsaid=0.0)
    b = bodyweight.build(95.0, 1.70, 58.0, 1.0, 1.5)
    x = np.array(bodyweight.begin(b))
    for _ in range(360):  # Heun, a day
        slope = np.array(bodyweight.rate(b, bodyweight.Body(*x), -500.0, 0.5 * (b.intake - 500.0)))
        ahead = np.array(bodyweight.rate(b, bodyweight.Body(*(x + slope)), -500.0, 0.5 * (b.intake - 500.0)))
        x = x + 0.5 * (slope + ahead)
    assert found["weight"][-1] == pytest.approx(float(bodyweight.weight(b, bodyweight.Body(*x))), abs=0.1)


def test_half_of_hba1c_is_of_five_weeks_and_none_of_half_a_year_ago():
    days = np.linspace(0.0, 400.0, 40_001)
    weight = redcells.kernel(days)
    total = np.trapezoid(weight, days)
    assert total == pytest.approx(1.0, abs=1e-6)
    assert np.trapezoid(weight[days <= 35], days[days <= 35]) == pytest.approx(0.48, abs=0.03)
    assert weight[days >= 200].max() < 3e-3 * weight[0]


def test_medicines_are_refused_where_the_label_forbids_them():
    ill = Case(Patient(egfr=25.0, heart_failure="yes", hypoglycaemia="yes"))
    plan = (
        Metformin(at=0.0, dose=500.0),
        Pioglitazone(at=0.0, dose=15.0),
        Glimepiride(at=0.0, dose=2.0),
        Empagliflozin(at=0.0, dose=0.0),  # stopping is always allowed
    )
    said = KIND.refusals(ill, plan)
    assert [s.split(":")[0] for s in said] == ["metformin", "pioglitazone", "glimepiride"]
    assert KIND.refusals(Case(Patient(egfr=90.0)), plan) == ()


def test_what_could_go_is_asked_of_what_is_taken():
    timeline = (Metformin(at=-DAY, dose=2000.0), Glimepiride(at=-DAY, dose=2.0), Glimepiride(at=10 * DAY, dose=0.0))
    case = Case(Patient(hba1c=6.0), timeline)
    assert [type(a) for a in taken(case, 20 * DAY)] == [Metformin]
    twin = believe_prior(Twin(KIND, case), 20 * DAY, start=0.0, members=40, seed=1)
    answer = decide(twin, Deprescribe(at=21 * DAY, target=8.5, in_range=0.0, months=3.0, certainty=0.5))
    assert answer.best is not None
    assert answer.best.name == "without metformin"
    both = decide(twin, Deprescribe(at=21 * DAY, target=8.5, months=3.0, certainty=0.5))
    assert both.best is None  # 70 % of the time in range is to be kept too, and would not be
    strict = decide(twin, Deprescribe(at=21 * DAY, target=5.6, months=3.0, certainty=0.9))
    assert strict.best is None
