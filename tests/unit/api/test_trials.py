"""Trials over HTTP: planned, explored, analysed, reported; refused with place and fix; nobody sees another's."""

from typing import Any

import pytest

from served import Served
from trial_tables import columns, csv_of, protocol_text
from vitruvian.core.errors import ConflictError
from vitruvian.platform.jobs import queue, work
from vitruvian.studies.procova import planning

pytestmark = pytest.mark.science  # a stack is fitted: seconds, not fractions of one
HISTORY = csv_of(columns(60, 1, trial=False))
TRIAL = csv_of(columns(60, 2, trial=True))
SENT = {"protocol": protocol_text(), "history": {"name": "history.csv", "text": HISTORY}}


def claimed(served: Served) -> queue.Job:
    with served.site.database.write() as connection:
        job = queue.claim(connection, served.site.now_us)
    assert job is not None
    return job


def result_of(served: Served, job: queue.Job) -> Any:
    order = {"tenant": job.tenant, "twin": None, "type": job.type, "actor": job.actor, "arguments": job.arguments}
    return work.run(served.site.database.url.render_as_string(hide_password=False), order, lambda share: None)


def worked(served: Served) -> None:
    """The queued job, done here and now."""
    job = claimed(served)
    result = result_of(served, job)
    with served.site.database.write() as connection:
        queue.finish(connection, job, served.site.now_us, result=result)


def test_what_was_sent_later_is_not_overwritten_by_a_job_of_before(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/trials/{served.call('POST', '/v1/trials', json=SENT).json()['id']}"
    planned = planning.plan_trial

    def meanwhile(*given: Any, **named: Any) -> Any:
        answer = served.call("PUT", f"{path}/protocol", json={"protocol": protocol_text(title="Another protocol")})
        assert answer.status_code == 202, answer.text
        return planned(*given, **named)

    monkeypatch.setattr(planning, "plan_trial", meanwhile)
    with pytest.raises(ConflictError, match="sent meanwhile"):
        result_of(served, claimed(served))
    monkeypatch.setattr(planning, "plan_trial", planned)
    assert served.call("GET", path).json()["plan"] is None
    worked(served)
    assert served.call("GET", path).json()["plan"]["protocol"]["title"] == "Another protocol"


def test_a_trial_from_protocol_to_report(served: Served) -> None:
    made = served.call("POST", "/v1/trials", json=SENT)
    assert made.status_code == 202, made.text
    trial, path = made.json(), f"/v1/trials/{made.json()['id']}"
    assert (trial["plan"], trial["job"]["state"], trial["title"]) == (None, "queued", "A synthetic trial")
    early = served.call("POST", f"{path}/designs", json={})
    assert (early.status_code, early.json()["fix"]) == (409, "wait for its job")
    assert served.call("GET", f"{path}/report").status_code == 404
    worked(served)
    planned = served.call("GET", path).json()
    assert planned["job"]["state"] == "done"
    assert planned["size"]["total"] < planned["covariates"]["total"]
    assert len(planned["plan"]["score"]["report"]["deciles"]) == 10
    explored(served, path, planned)

    data = {"data": {"name": "trial.csv", "text": TRIAL}}
    assert served.call("POST", f"{path}/data", json=data).status_code == 202
    worked(served)
    done = served.call("GET", path).json()
    primary = done["analysis"]["primary"]
    assert primary["low"] < -4 < primary["high"]
    assert done["analysis"]["guards"]["type_one"]["permutation p"] == pytest.approx(primary["p"], abs=0.06)
    page = served.call("GET", f"{path}/report")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers.get_list("content-security-policy") == [page.headers["content-security-policy"]]
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    for part in (done["plan"]["history"]["hash"], done["analysis"]["trial"]["hash"], "data:image/svg", "seed"):
        assert part in page.text
    assert served.call("GET", f"{path}/score").json()["family"] == "continuous"
    assert [t["analysed"] for t in served.call("GET", "/v1/trials").json()["items"]] == [True]
    assert "p17," not in str(done)  # no patient's row comes back


def explored(served: Served, path: str, planned: dict[str, Any]) -> None:
    """Every lever moves the size in the direction that it must."""
    same = served.call("POST", f"{path}/designs", json={}).json()
    assert same["sizes"] == planned["plan"]["sizes"]

    def total(**design: float) -> int:
        answer = served.call("POST", f"{path}/designs", json=design)
        assert answer.status_code == 200, answer.text
        return answer.json()["sizes"]["score and covariates"]["total"]

    base = total()
    assert total(effect=-8) < base < total(effect=-3)
    assert total(power=0.8) < base < total(alpha=0.01)
    assert total(correlation=0.97) < base < total(correlation=0.3)
    assert base < total(deflation=0.6)
    assert base < total(ratio=3)
    assert base < total(inflation=1.3)
    dropping = served.call("POST", f"{path}/designs", json={"dropout": 0.25}).json()["sizes"]["score and covariates"]
    assert (dropping["total"], dropping["randomised"]) == (base, pytest.approx(base / 0.75, abs=3))
    point = same["point"]
    assert point["fewest"] <= point["total"] <= point["most"]
    none = served.call("POST", f"{path}/designs", json={"effect": 0})
    assert (none.status_code, none.json()["where"]) == (409, "design.effect")
    tiny = served.call("POST", f"{path}/designs", json={"effect": 1e-300})
    assert (tiny.status_code, tiny.json()["fix"]) == (409, "check effect and sd")


def test_a_trial_can_be_planned_anew_and_taken_back(served: Served) -> None:
    trial = served.call("POST", "/v1/trials", json=SENT).json()["id"]
    again = {"protocol": protocol_text(title="Another")}
    changed = served.call("PUT", f"/v1/trials/{trial}/protocol", json=again)
    assert (changed.status_code, changed.json()["title"]) == (202, "Another")
    assert served.call("DELETE", f"/v1/trials/{trial}").status_code == 204
    assert served.call("GET", f"/v1/trials/{trial}").status_code == 404
    with served.site.database.read() as connection:
        assert connection.exec_driver_sql("SELECT length(history) FROM trials").scalar() == 0


def test_roles_and_tenants(served: Served) -> None:
    trial = served.call("POST", "/v1/trials", json=SENT).json()["id"]
    viewer, stranger = served.add_token("viewer"), served.add_token("admin", tenant="elsewhere")
    assert served.call("GET", f"/v1/trials/{trial}", viewer).status_code == 200
    assert served.call("POST", "/v1/trials", viewer, json=SENT).status_code == 403
    assert served.call("GET", f"/v1/trials/{trial}", stranger).status_code == 404
    assert served.call("DELETE", f"/v1/trials/{trial}", stranger).status_code == 404
    assert served.call("GET", "/v1/trials", stranger).json()["items"] == []
    audited = served.call("GET", "/v1/audit").json()["items"]
    assert any(row["permission"] == "trials:write" and row["path"] == "/v1/trials" for row in audited)


LEAKED = columns(60, 1, trial=False)
LEAKED["weight"] = [f"{float(v) + 0.001 * k:.3f}" for k, v in enumerate(LEAKED["score"])]
DOUBLED = {**columns(60, 1, trial=False)}
DOUBLED["id"] = [*DOUBLED["id"][:-1], "p2"]
REFUSED = {
    "not YAML": ({"protocol": "title: ["}, 422, "protocol.yaml"),
    "deep": ({"protocol": "[" * 5000}, 422, "protocol.yaml"),
    "a date that is none": ({"protocol": "title: 2020-99-99"}, 422, "protocol.yaml"),
    "a text": ({"protocol": "hello"}, 422, "protocol.yaml"),
    "seed": ({"protocol": protocol_text(seed="x")}, 422, "protocol.yaml, seed"),
    "looks": ({"protocol": protocol_text(design={"effect": 1, "looks": 5})}, 422, "protocol.yaml, design"),
    "effect": ({"protocol": protocol_text(design={"effect": float("nan")})}, 422, "protocol.yaml, design.effect"),
    "outcome as covariate": ({"protocol": protocol_text(covariates=["score"])}, 422, "protocol.yaml, covariates"),
    "no column": ({"protocol": protocol_text(covariates=["heigth"])}, 422, "history.csv"),
    "ragged": ({"history": {"name": "history.csv", "text": "a,b\n1\n"}}, 422, "history.csv, line 2"),
    "quotes": ({"history": {"name": "history.csv", "text": 'a,b\n"1,2\n'}}, 422, "history.csv, line 2"),
    "nothing": ({"history": {"name": "history.csv", "text": ""}}, 422, "history.csv"),
    "leaked": ({"history": {"name": "history.csv", "text": csv_of(LEAKED)}}, 422, "history.csv, column 'weight'"),
    "doubled": ({"history": {"name": "history.csv", "text": csv_of(DOUBLED)}}, 422, "history.csv, column 'id'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_planned_is_refused_with_place_and_fix(served: Served, name: str) -> None:
    changed, status, where = REFUSED[name]
    answer = served.call("POST", "/v1/trials", json={**SENT, **changed})
    told = answer.json()
    assert (answer.status_code, told["where"]) == (status, where), told
    assert told["fix"]
    assert served.call("GET", "/v1/trials").json()["items"] == []
