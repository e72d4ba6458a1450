"""What was begun before the window of a question, and still acts, is known to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vitruvian.core.case import Case, Origin
from vitruvian.kinds.home.model import ChangeDiuretic
from vitruvian.kinds.metabolic_slow import KIND as SLOW
from vitruvian.kinds.metabolic_slow import Diet, Patient
from vitruvian.models.glucose_actions import Exercise, Meal
from vitruvian.models.glucose_medicines import Metformin
from vitruvian.platform import registry
from vitruvian.platform.acting import acting, reach
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Observation, Source, Store

HOUR, DAY = 3600.0, 86400.0
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.fast
def test_what_lasts_is_kept_until_it_is_over_and_what_is_held_for_good() -> None:
    case = Case(
        Patient(hba1c=7.0),
        timeline=(
            Metformin(at=-400 * DAY, dose=2000.0),
            ChangeDiuretic(at=-3 * DAY, change=80.0, duration=5.0),
            ChangeDiuretic(at=-9 * DAY, change=80.0, duration=5.0),
            Exercise(at=-HOUR, mets=4.0, duration=90.0),
            Meal(at=-HOUR, carbohydrate=40.0),
            Meal(at=HOUR, carbohydrate=40.0),
        ),
    )
    kept = acting(case, 0.0).timeline
    assert [(type(a).__name__, a.at) for a in kept] == [
        ("Metformin", -400 * DAY),
        ("ChangeDiuretic", -3 * DAY),
        ("Exercise", -HOUR),
        ("Meal", HOUR),
    ]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("kind", "longest"), [("hospital", 168 * HOUR), ("home", 30 * DAY), ("metabolic", 5 * HOUR), ("risk", 0.0)]
)
def test_how_far_back_an_action_may_matter(kind: str, longest: float) -> None:
    assert reach(registry.get(kind)) == longest
    assert reach(SLOW) == float("inf")


def test_a_medicine_of_last_year_is_still_taken_in_the_forecast(tmp_path: Path) -> None:
    taken = (Metformin(at=-400 * DAY, dose=2000.0), Diet(at=5 * DAY, change=-500.0))
    case = Case(Patient(hba1c=7.0), taken, origin=Origin(START))
    rows = [
        Observation(
            reading_id=f"w{k}",
            observable="weight",
            valid_us=int((START + timedelta(days=7 * k)).timestamp() * 1e6),
            value=95.0 - 0.3 * k,
            unit="kg",
        )
        for k in range(8)
    ]
    with Store.open(tmp_path) as store:
        row = store.create_twin("Ada", SLOW, case)
        store.append_observations(row.id, rows, Source("scale"))
        live = LiveTwin(store, row, lambda: START + timedelta(days=50))
        live.calibrate(method="es-mda")
        assert [type(a).__name__ for a in live.know.twin(None, 49 * DAY).case.timeline] == ["Metformin", "Diet"]
        assert live.forecast(hours=24.0)["medicines"].values.min() == 1.0
