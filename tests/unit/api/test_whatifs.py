"""What-ifs are kept for everybody of the tenant, changed by one at a time, and seen by nobody else."""

from typing import Any

from served import Served

DOSE = {"dose": [{"type": "Bolus", "at": "2026-03-02T09:00:00Z", "dose": 100.0}]}
GOAL = {"objective": {"quantity": "peak_level", "sense": "min"}, "constraints": []}


def plan(**more: Any) -> dict[str, Any]:
    return {"name": "a dose at nine", "options": DOSE, "hours": 4.0, "goal": GOAL, **more}


def test_one_is_kept_opened_by_another_changed_and_taken_back(served: Served) -> None:
    twin = served.make_twin()
    made = served.call("POST", f"/v1/twins/{twin}/what-ifs", served.add_token("clinician"), json=plan())
    assert made.status_code == 201, made.text
    path = f"/v1/what-ifs/{made.json()['id']}"
    viewer = served.add_token("viewer")
    seen = served.call("GET", path, viewer)
    assert seen.json() == made.json()
    assert {k: seen.json()[k] for k in ("twin", *plan())} == {"twin": twin, **plan()}
    assert served.call("PUT", path, viewer, json=plan()).status_code == 403
    held = {"If-Match": seen.headers["etag"]}
    changed = served.call("PUT", path, json=plan(name="later"), headers=held)
    assert (changed.json()["name"], changed.json()["version"], changed.json()["actor"]) == (
        "later",
        2,
        "token clinician",
    )
    late = served.call("PUT", path, json=plan(name="mine"), headers=held)
    assert (late.status_code, late.json()["where"]) == (412, "If-Match")
    assert served.call("DELETE", path, headers=held).status_code == 412
    assert [w["name"] for w in served.call("GET", f"/v1/twins/{twin}/what-ifs").json()["items"]] == ["later"]
    assert served.call("DELETE", path, headers={"If-Match": '"2"'}).status_code == 204
    assert served.call("GET", path).status_code == 404
    assert served.call("GET", f"/v1/twins/{twin}/what-ifs").json()["items"] == []


def test_the_same_request_is_done_once(served: Served) -> None:
    twin = served.make_twin()
    for _ in range(2):
        served.call("POST", f"/v1/twins/{twin}/what-ifs", json=plan(), headers={"Idempotency-Key": "k"})
    assert len(served.call("GET", f"/v1/twins/{twin}/what-ifs").json()["items"]) == 1


def test_what_the_kind_does_not_know_is_refused_at_its_place(served: Served) -> None:
    twin = served.make_twin()
    for wrong, where, said in (
        ({"d": [{"Bolus": {"at": "+1h", "dose": -3}}]}, "options.d", "dose"),
        ({"d": [{"Meal": {"at": "+1h"}}]}, "options.d", "no action of kind 'infusion'"),
        ({"d": [{"Bolus": {"at": "soon", "dose": 3}}]}, "options.d", "soon"),
    ):
        answer = served.call("POST", f"/v1/twins/{twin}/what-ifs", json=plan(options=wrong))
        assert answer.status_code == 422
        assert where in answer.json()["where"]
        assert said in answer.json()["detail"]
    assert served.call("POST", f"/v1/twins/{twin}/what-ifs", json=plan(name="")).status_code == 422
    long = {"d": [{"Bolus": {"at": "+1h", "dose": 3, "x": "y" * 70_000}}]}
    assert "64000" in served.call("POST", f"/v1/twins/{twin}/what-ifs", json=plan(options=long)).json()["detail"]


def test_another_tenant_sees_none(served: Served) -> None:
    twin = served.make_twin()
    made = served.call("POST", f"/v1/twins/{twin}/what-ifs", json=plan()).json()["id"]
    other = served.add_token("admin", tenant="elsewhere")
    assert served.call("GET", f"/v1/twins/{twin}/what-ifs", other).status_code == 404
    for method in ("GET", "DELETE"):
        assert served.call(method, f"/v1/what-ifs/{made}", other).status_code == 404
    assert served.call("PUT", f"/v1/what-ifs/{made}", other, json=plan()).status_code == 404
