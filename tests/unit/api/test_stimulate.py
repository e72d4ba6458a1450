"""Programmed stimulation as a job: bad input is refused when it is asked, what was tried is seen and kept."""

from typing import Any

import pytest

from served import Served
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.stimulation import Muscle
from vitruvian.platform import stimulated
from vitruvian.platform.jobs import queue, work

pytestmark = pytest.mark.science
HEART = {"kind": "electrophysiology", "subject": "H1", "origin": "2026-03-01T08:00:00Z"}
ASKED = {"cycle": 500.0, "drive": 1, "extra": 1, "first": 300.0, "step": 90.0, "lasting": 600.0}


def ask(served: Served, twin: str | None, **arguments: Any) -> Any:
    return served.call("POST", "/v1/jobs", json={"type": "stimulate", "twin": twin, "arguments": arguments})


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"cycle": 0.6}, "arguments.cycle"),
        ({"first": 700.0}, "arguments.first"),
        ({"site": "left ear"}, "arguments.site"),
        ({"extra": 1.5}, "arguments.extra"),
        ({"isthmus": -1}, "arguments.isthmus"),
        ({"couplings": 3}, "arguments.couplings"),
    ],
)
def test_bad_input_is_a_problem_and_no_job(served: Served, given: dict[str, Any], where: str) -> None:
    said = ask(served, served.make_twin(**HEART), **given)
    assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json")
    assert said.json()["where"] == where
    assert said.json()["fix"]
    assert served.call("GET", "/v1/jobs").json()["items"] == []


def test_a_twin_of_another_kind_is_refused(served: Served) -> None:
    said = ask(served, served.make_twin())
    assert 400 <= said.status_code < 500
    assert "electrophysiology" in said.text


def test_sequences_are_kept_as_they_are_tried_and_cancelling_leaves_them(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = IdealBiventricle(lv_volume=40.0, rv_volume=45.0, long_axis=58.0, lv_wall=5.0, rv_wall=4.0).anatomy(2.0)
    monkeypatch.setattr(stimulated, "of_twin", lambda live, seed: (small, Muscle(apd=220.0)))
    path = f"/v1/jobs/{ask(served, served.make_twin(**HEART), **ASKED).json()['id']}"
    with served.site.database.write() as c:
        job = queue.claim(c, served.site.now_us)
    assert job is not None
    order = {"tenant": job.tenant, "twin": job.twin_id, "type": job.type, "actor": job.actor}
    order |= {"arguments": job.arguments, "kept": job.kept}
    seen: list[int] = []

    def keep(kept: Any) -> None:
        with served.site.database.write() as c:
            assert queue.keep(c, job, kept)
        seen.append(len(served.call("GET", path).json()["result"]["tried"]))

    place = served.site.database.url.render_as_string(hide_password=False)
    result = work.run(place, order, lambda share: None, keep)
    assert seen == list(range(1, len(result["tried"]) + 1))
    assert "not inducible" in result["basis"]["sentence"]
    assert "no patient's risk" in result["disclaimer"]
    again = work.run(place, {**order, "kept": {"tried": result["tried"]}}, lambda share: None)
    assert again["tried"] == result["tried"]
    assert served.call("POST", f"{path}/cancel").json()["state"] == "cancelled"
    assert len(served.call("GET", path).json()["result"]["tried"]) == seen[-1]
