"""The unit: an exact count, response times by queueing theory, paired nights, risks from files and from twins."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from vitruvian.cli.unit import read, unit
from vitruvian.core.errors import FieldError, ParseError, VitruvianError
from vitruvian.studies.unit.crashes import Risks, crashes
from vitruvian.studies.unit.evidence import exact, nights
from vitruvian.studies.unit.response import tonight
from vitruvian.studies.unit.ward import Demand, Staffing


def still(share: float) -> None:
    """No progress."""


@pytest.mark.parametrize("measure", [exact.count, exact.response, exact.dropped, exact.pairs, nights.pit])
def test_what_the_study_claims(measure: Any) -> None:
    found = measure("", None, None, True, still)
    assert found["met"] is True, found


def test_members_make_the_count_wider_than_one_poisson_binomial() -> None:
    each = np.array([0.05, 0.4])  # two members: a calm night or a bad one
    risks = Risks(np.broadcast_to(each[:, None, None], (2, 10, 1)).copy(), tuple("abcdefghij"))
    found = crashes(risks)
    assert found.mean == pytest.approx(10 * each.mean())
    count = np.arange(11)
    variance = float((found.probability * count**2).sum() - found.mean**2)
    assert variance == pytest.approx(float(np.mean(10 * each * (1 - each)) + np.var(10 * each)))
    assert (found.quantile(0.05), found.at_least(0)) == (0, pytest.approx(1.0))


def test_hours_multiply_and_rates_add_up() -> None:
    risks = Risks(np.full((1, 2, 3), 0.1), ("a", "b"))
    assert risks.within() == pytest.approx(np.full((1, 2), 1 - 0.9**3))
    assert risks.rates().sum() == pytest.approx(2 * (1 - 0.9**3))


def test_the_same_seed_the_same_nights_and_a_plot() -> None:
    risks = Risks(np.full((3, 8, 4), 0.05), tuple("abcdefgh"), 22.0, "synthetic")
    usual = Staffing("three", (("00:00", "24:00", 3),))
    said = [tonight(risks, [usual, usual.more(1, "22:00", "06:00")], Demand(care=0.2), nights=200).to_json()
            for _ in range(2)]  # fmt: skip
    assert said[0] == said[1]
    assert said[0]["patterns"][0]["cost_a_night"] == pytest.approx(3 * 4 * usual.cost)
    assert said[0]["gains"][0]["cost"] == pytest.approx(4 * usual.cost)
    assert "varies" in said[0]["notes"][1]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Risks(np.full((1, 2, 3), 1.2), ("a", "b")), "no probability"),
        (lambda: Risks(np.full((1, 2, 3), 0.2), ("a",)), "1 patients"),
        (
            lambda: tonight(Risks(np.full((1, 1, 1), 0.1), ("a",)), [Staffing("one", (("00:00", "24:00", 1),))]),
            "cannot",
        ),
        (lambda: Demand(care=-1.0), "care"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, match: str) -> None:
    with pytest.raises(FieldError, match=match):
        make()


def test_a_file_of_risks(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("patient,hour,hazard\na,0,0.1\na,1,0.2\nb,0,0\nb,1,0\n", encoding="utf-8")
    assert read(path, 20.0).hazard.shape == (1, 2, 2)
    for text, match in (
        ("patient,hour\na,0\n", "no column hazard"),
        ("patient,hour,hazard\na,0,x\n", "line 2"),
        ("patient,hour,hazard\na,0,0.1\na,2,0.1\n", "without a gap"),
        ("patient,hour,hazard\na,0,0.1\nb,1,0.1\n", "one row each"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ParseError, match=match):
            read(path, 20.0)
    done = CliRunner().invoke(unit, ["tonight", "--nurses", "00:00-24:00=3"])
    assert isinstance(done.exception, VitruvianError)


def test_risks_come_from_the_twins_of_a_unit() -> None:
    from vitruvian.core.twin import Twin
    from vitruvian.kinds.risk import KIND
    from vitruvian.kinds.risk.generator import ward
    from vitruvian.studies.unit.gather import gathered
    from vitruvian.verbs.calibrate import calibrate

    twins = {p.subject: calibrate(Twin(KIND, p.case, p.record), seed=1) for p in ward(3, 5).patients}
    risks = gathered(twins, "risk", hours=4)
    assert risks.hazard.shape[1:] == (3, 4)
    assert np.all((risks.hazard > 0.0) & (risks.hazard < 1.0))
    with pytest.raises(VitruvianError, match="is no risk"):
        gathered(twins, "peak")
