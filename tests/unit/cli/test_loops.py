"""vitruvian loops: the beat of a stored twin, for people, for programs and as a picture; swapped numbers are told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from vitruvian.platform.session import Session
from vitruvian.verbs.population import believe_prior

pytestmark = pytest.mark.science  # compiled code is loaded: seconds
Run, Ask = Callable[..., Result], Callable[..., Any]
VISIT = "time,observable,value,unit\n2026-01-10T09:00Z,mpap,38,mm[Hg]\n2026-02-10T09:00Z,sbp,70,mm[Hg]\n"
SWAPPED = "2026-02-10T09:00Z,dbp,117,mm[Hg]\n"


@pytest.fixture
def heart(own_home: Path, run: Run, tmp_path: Path) -> str:
    """A twin that believes what is believed of such patients: no calibration is waited for."""
    (tmp_path / "visit.csv").write_text(VISIT + SWAPPED, encoding="utf-8")
    who = ["--kind", "circulation", "--subject", "Eva", "--set", "condition=PAH moderate", "--zone", "UTC"]
    run("twin", "create", *who, str(tmp_path / "visit.csv"))
    session = Session.begin()
    live = session.open("Eva")
    last, known = live.know.span(None)
    twin = believe_prior(live.know.twin(None, -np.inf), last, members=40, seed=1)
    belief = twin.believed()
    live.store.save_belief(live.row.id, belief, now=live.clock(), actor="test")
    assert known >= belief.known_at
    session.store.close()
    return "Eva"


def test_the_beat_of_a_stored_twin_beside_a_drug(heart: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "drug.yaml").write_text('- Prostacyclin: {at: "+1d", dose: 20 ng/kg/min}\n', encoding="utf-8")
    asked = ("loops", heart, "--at", "+90d", "--option", "prostacyclin=drug.yaml")
    picture = tmp_path / "loops.png"
    said = run(*asked, "--out", str(picture)).output
    assert picture.read_bytes().startswith(b"\x89PNG")
    for expected in (
        "right ventricle: end-systolic elastance (Ees)",
        "prostacyclin",
        "2 readings are kept and not believed",
    ):
        assert expected in said
    told = json.loads(run(*asked, "--json").stdout)
    assert told["options"]["prostacyclin"]["differences"]["mpap"]["q95"] < 0
    assert "may be swapped" in " ".join(told["warnings"])


@pytest.mark.slow
def test_a_report_shows_the_loops_and_what_is_not_believed(heart: str, run: Run) -> None:
    run("report", heart, "--out", "eva.html", "--hours", "2160")
    page = Path("eva.html").read_text("utf-8")
    for expected in ("Pressure-volume loop: right ventricle", "coupling to its artery (Ees/Ea)", "they may be swapped"):
        assert expected in page
    assert page.count("<svg") >= 4


def test_what_cannot_be_asked_is_told_in_words(heart: str, run: Run) -> None:
    assert "more than a year ahead" in run("loops", heart, "--at", "+900d", code=1).output
    assert "is not a duration" in run("loops", heart, "--at", "+soon", code=1).output
    assert "it is known from" in run("loops", heart, "--at", "2020-01-01T00:00", code=1).output
