"""What is claimed of hospital data, at small size: forecasts of real attendances, beds from ADT, learning from logs."""

import numpy as np
import pytest

from needs import require_data
from vitruvian.kinds.hospital.evidence import demand, live, nhs, recovery, sepsis

pytestmark = pytest.mark.science


def quiet(share: float) -> None:
    """No progress is shown."""


@pytest.mark.parametrize("what", ["attendances", "performance"])
def test_attendances_are_forecast_better_than_by_last_year(what: str) -> None:
    root = require_data("hospital/nhs_ae_attendances").parents[1]
    found = nhs.forecasts(f"hosp.nhs.{what}_crps", root, None, True, quiet)
    assert found["met"], found
    assert found["detail"]["providers"] == 130
    held = nhs.forecasts(f"hosp.nhs.{what}_coverage", root, None, True, quiet)
    assert held["met"], held


def test_a_forecast_of_attendances_does_not_know_the_months_to_come() -> None:
    root = require_data("hospital/nhs_ae_attendances").parents[1]
    y = nhs.attendances(root).scale("attendances")
    changed = np.concatenate([y[:, :18], y[:, 18:] + 1.0], axis=1)
    assert np.array_equal(nhs.drawn(y, 18), nhs.drawn(changed, 18))


def test_beds_are_forecast_from_an_adt_history_that_ends_mid_stay() -> None:
    held, forgot = live.coverage(25)
    assert 0.82 < held.mean() < 0.97
    assert forgot.mean(axis=0).min() < 0.4  # the ward, when all stays are taken to begin now


def test_synthetic_demand_by_specialty() -> None:
    root = require_data("hospital/uclh_patientflow_synthetic").parents[1]
    assert demand.arrivals("hosp.demand.coverage", root, None, True, quiet)["met"]


@pytest.mark.slow
def test_what_was_simulated_is_learned() -> None:
    assert recovery.recovered("hosp.learn.recovery", None, None, True, quiet)["met"]


@pytest.mark.slow
def test_cases_like_those_of_the_real_sepsis_log() -> None:
    root = require_data("hospital/sepsis").parents[1]
    assert "NA" in {*sepsis.halves(root)[0].cases, *sepsis.halves(root)[1].cases}
    for claim in ("hosp.learn.sepsis_cycle", "hosp.learn.sepsis_ngrams"):
        found = sepsis.held_back(claim, root, None, True, quiet)
        assert found["met"], found
