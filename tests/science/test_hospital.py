"""The hospital's claims on a part of their size: exact queues of every family, and the random models' traces."""

import json
from importlib.resources import files

import numpy as np
import pytest

from needs import require_data
from vitruvian.kinds.hospital.evidence import exact, kernels, treat_sim
from vitruvian.kinds.hospital.evidence.oracles import Oracle

pytestmark = pytest.mark.science


def some() -> list[Oracle]:
    """One in four oracles, of every family."""
    return [o for k, o in enumerate(exact.all_oracles()) if k % 4 == 0]


@pytest.mark.parametrize("oracle", some(), ids=lambda o: o.name)
def test_the_engine_agrees_with_theory(oracle: Oracle) -> None:
    for name, (z, _) in exact.compared(oracle, 60, seed=77).items():
        assert abs(z) < 4.5, name


def test_the_published_exact_numbers() -> None:
    """The hospital specification's Jackson network and classes of the emergency department."""
    from vitruvian.models.markovqueues import priorities

    waits = priorities(8, [10 * p for p in (0.03, 0.12, 0.45, 0.30, 0.10)], 0.7)
    assert waits == pytest.approx([0.0571, 0.0657, 0.1347, 0.5507, 2.0928], abs=5e-5)


def test_options_share_their_luck() -> None:
    assert kernels.paired("hosp.crn", None, None, True, lambda share: None)["met"]


def test_the_treatment_centre_agrees_with_the_package() -> None:
    data = require_data("hospital", "treat_sim").parents[1]
    found = treat_sim.measured("hosp.treatsim", data, None, True, lambda share: None)
    assert found["met"], found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_stored_means_of_treat_sim_are_those_of_the_package() -> None:
    """What hosp.treatsim compares with, run again: 60 replications of the base case and of a swap of servers."""
    package = pytest.importorskip("treat_sim.model", reason="NOT TESTED: install .[peers]")
    stored = json.loads((files("vitruvian.kinds.hospital") / "evidence" / "treat_sim.json").read_text("utf-8"))
    told = package.get_scenarios()
    for name in ("base", "swap_exam_treat"):
        found = package.multiple_replications(told[name], n_reps=60)
        for metric in found.columns:
            mean, error = stored["scenarios"][name][metric]
            own = found[metric].std() / np.sqrt(60)
            assert abs(found[metric].mean() - mean) < 4.5 * np.hypot(own, error), (name, metric)
