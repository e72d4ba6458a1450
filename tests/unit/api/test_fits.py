"""A fit from a tenant's own patients: made, compared, taken into use, kept over a restart, taken back; per tenant.

The patients are simulated; their kidneys fail far more often than the fit that came with the package says.
"""

from pathlib import Path
from typing import Any

import pytest

from failing_kidneys import COUNT, chart, person
from failing_kidneys import KINDS as FITS
from served import NOW, Served
from vitruvian.api.app import create_app
from vitruvian.kinds.deterioration import KIND
from vitruvian.platform.follow import standing
from vitruvian.platform.jobs import queue, work
from vitruvian.platform.trust.policy import Principal

pytestmark = pytest.mark.science  # dozens of patients: seconds, not fractions of one


def patient(served: Served, i: int) -> str:
    """The twin of one of them, with its chart."""
    twin = served.make_twin(**person(i, NOW))
    rows = chart(i, NOW)
    sent = served.call("POST", f"/v1/twins/{twin}/records", json={"source": "test", "observations": rows})
    assert sent.json()["new"] == len(rows), sent.text
    return twin


def done(served: Served) -> list[dict[str, Any]]:
    """Do what is queued, as the runner's child process does it."""
    out = []
    site = served.site
    while True:
        with site.database.write() as c:
            job = queue.claim(c, site.now_us)
        if job is None:
            return out
        place = site.database.url.render_as_string(hide_password=False)
        order = {"type": job.type, "tenant": job.tenant, "twin": job.twin_id, "actor": job.actor}
        result = work.run(place, {**order, "arguments": job.arguments}, lambda share: None)
        with site.database.write() as c:
            queue.finish(c, job, site.now_us, result=result)
        out.append(result)


def kind_of(served: Served, twin: str) -> Any:
    return served.site.live(Principal("local", "t", "admin"), twin).kind


def test_a_fit_is_made_compared_used_kept_and_taken_back(served: Served, tmp_path: Path) -> None:
    twin, *_ = [patient(served, i) for i in range(COUNT)]
    first = served.call("GET", FITS).json()
    assert (first["current"]["version"], first["current"]["artefact"], first["fits"]) == (0, KIND.artefact, [])
    assert kind_of(served, twin) is KIND
    before = served.call("POST", f"/v1/twins/{twin}/forecasts", json={"hours": 6, "of": ["aki_risk"]}).json()

    said = "kidneys fail more often than was said"
    assert served.call("POST", FITS, json={"reason": said}).status_code == 202
    (made,) = done(served)
    assert made["compared"]["better"] > 0.95
    assert made["compared"]["patients"] == round(0.4 * COUNT), "the rest taught it"
    assert "recalibrated on 24 followed patients" in made["origin"]
    assert "death: 3996 stays, 554 deaths;" in f"{made['origin']};", "nobody recorded a death: as it was"
    assert kind_of(served, twin) is KIND, "made is not taken"

    viewer = served.add_token("clinician")
    assert served.call("POST", f"{FITS}/{made['id']}/use", viewer, json={"reason": "x"}).status_code == 403
    with served.site.database.write() as c:
        standing.begin(c, "local", twin, {"hours": 6}, "t", served.site.now_us)
    used = served.call("POST", f"{FITS}/{made['id']}/use", json={"reason": "better"})
    assert (used.status_code, used.json()["current"]["fit"]) == (200, made["id"]), used.text
    assert served.call("POST", f"{FITS}/{made['id']}/use", json={"reason": "again"}).status_code == 422

    app = create_app(tmp_path, clock=lambda: NOW)  # another server on the same store
    again = Served(app, served.token)
    assert again.call("GET", FITS).json()["current"]["version"] == 1
    now = kind_of(again, twin)
    assert now.artefact == made["artefact"] != KIND.artefact
    assert now is kind_of(again, twin), "one object, so that twins are renewed together"
    assert [job["how"] for job in done(again)] == ["calibrated"], "who is followed learns it at once"
    after = again.call("POST", f"/v1/twins/{twin}/forecasts", json={"hours": 6, "of": ["aki_risk"]}).json()
    risk = [said["forecast"]["items"]["aki_risk"]["q50"][0] for said in (before, after)]
    assert risk[1] > 2 * risk[0]

    elsewhere = again.add_token("admin", tenant="elsewhere")
    assert again.call("GET", FITS, elsewhere).json()["current"]["version"] == 0
    gone = again.call("POST", f"{FITS}/back", json={"reason": "it alarmed too often"}).json()
    assert [u["artefact"] for u in gone["uses"]] == [KIND.artefact, made["artefact"], KIND.artefact]
    assert kind_of(again, twin) is KIND
    assert again.call("POST", f"{FITS}/back", json={"reason": "further"}).status_code == 422
    paths = [row["path"] for row in again.call("GET", "/v1/audit").json()["items"]]
    assert any(p.endswith("/use") for p in paths)
    assert any(p.endswith("/back") for p in paths), "both are audited"
    app.site.close()


def test_no_fit_without_a_reason_subjects_or_outcomes(served: Served) -> None:
    assert served.call("POST", "/v1/kinds/infusion/fits", json={"reason": "x"}).status_code == 422
    served.call("POST", FITS, json={})
    with pytest.raises(Exception, match="nothing has drifted"):
        done(served)
    with pytest.raises(Exception, match="twins of deterioration have readings"):
        work.run(
            served.site.database.url.render_as_string(hide_password=False),
            {"type": "refit", "tenant": "local", "twin": None, "actor": "t",
             "arguments": {"kind": "deterioration", "reason": "x"}},
            lambda share: None,
        )  # fmt: skip
