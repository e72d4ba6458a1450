"""The gate: nothing is open by oversight, each role may what the table says, another tenant's things are not there."""

from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from served import Served
from vitruvian.api.gate import PUBLIC, STATIC, check, need, routes
from vitruvian.api.pages import PAGES
from vitruvian.platform.trust import people
from vitruvian.platform.trust.policy import PERMISSIONS, ROLES, Principal

PASSWORD = "correct horse battery staple"
OPEN = {
    "/docs",
    "/openapi.json",
    "/style.css",
    "/health/live",
    "/health/ready",
    "/v1/setup",
    "/v1/sessions",
    "/v1/sessions/one-time",
    "/enter",
    "/v1/sessions/current",
    "/fhir/metadata",
}


def test_every_route_names_a_permission_and_few_are_open(served: Served) -> None:
    named = {(route.path, permission) for route, permission in routes(served.app.app)}
    assert named
    assert None not in {permission for _, permission in named}
    assert {path for path, permission in named if permission == PUBLIC} == OPEN
    client = {path.split("/")[1] for path, permission in named if permission == STATIC}
    assert client == {"", *PAGES, "assets", "favicon.svg", "theme.js"}


def test_a_route_without_a_permission_stops_the_server() -> None:
    app = FastAPI()

    @app.get("/forgotten")
    def forgotten() -> int:
        return 1

    @app.get("/guarded")
    def guarded(who: Annotated[Principal, need("twins:read")]) -> int:
        return 1

    app.routes[:] = [route for route in app.routes if getattr(route, "path", "") in ("/forgotten", "/guarded")]
    with pytest.raises(ValueError, match=r"/forgotten.*name no permission|name no permission.*/forgotten"):
        check(app)


def test_who_is_not_known_may_nothing(served: Served) -> None:
    for route, permission in routes(served.app.app):
        if permission in (PUBLIC, STATIC):
            continue
        for method in route.methods or ():
            for token in ("", "vt_wrong"):
                answer = served.call(method, route.path.replace("{", "").replace("}", ""), token)
                assert answer.status_code == 401, f"{method} {route.path}"
                kind = "fhir" if route.path.startswith("/fhir") else "problem"
                assert answer.headers["content-type"] == f"application/{kind}+json"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_what_the_table_does_not_give_it(served: Served, role: str) -> None:
    token = served.add_token(role)
    for route, permission in routes(served.app.app):
        if permission not in PERMISSIONS:
            continue
        for method in route.methods or ():
            if permission in ROLES[role] or "stream" in route.path:
                continue
            answer = served.call(method, route.path.replace("{", "").replace("}", ""), token)
            assert answer.status_code == 403, f"{role}: {method} {route.path}"


def test_scopes_narrow_a_role(served: Served) -> None:
    token = served.add_token("admin", ["kinds:read"])
    assert served.call("GET", "/v1/kinds", token).status_code == 200
    refused = served.call("GET", "/v1/twins", token)
    assert refused.status_code == 403
    assert "twins:read" in refused.json()["detail"]


def test_what_is_another_tenants_is_not_there(served: Served) -> None:
    twin = served.make_twin()
    other = served.add_token("admin", tenant="other")
    for path in ("", "/observations", "/kept-aside", "/timeline", "/history", "/belief"):
        assert served.call("GET", f"/v1/twins/{twin}{path}", other).status_code == 404
    assert served.call("GET", "/v1/twins", other).json()["items"] == []
    row = {"twin": twin, "observable": "concentration", "time": "2026-03-01T12:00:00Z", "value": 9}
    sent = served.call("POST", "/v1/records", other, json={"observations": [row]}).json()
    assert (sent["refused"], sent["outcomes"][0]["status"]) == (1, "refused")
    assert served.call("GET", "/v1/tokens", other).json()["items"][0]["role"] == "admin"
    assert len(served.call("GET", "/v1/tokens", other).json()["items"]) == 1


def test_no_default_password_and_one_first_user(served: Served) -> None:
    site = served.site
    with site.database.write() as connection:
        first = people.setup_token(connection, site.now_us)
        token = people.setup_token(connection, site.now_us)
    body = {"name": "ada", "password": PASSWORD}
    assert served.call("POST", "/v1/setup", "", json={**body, "token": first}).status_code == 404, "the older one"
    assert served.call("GET", "/v1/me", token).status_code == 401, "the set-up token is no API token"
    short = served.call("POST", "/v1/setup", "", json={**body, "password": "short", "token": token})
    assert (short.status_code, short.json()["where"]) == (422, "password")
    assert served.call("POST", "/v1/setup", "", json={**body, "token": token}).status_code == 201
    assert served.call("POST", "/v1/setup", "", json={**body, "token": token}).status_code == 404, "spent"
    with site.database.write() as connection:
        assert people.setup_token(connection, site.now_us) is None
        stored = connection.execute(text("SELECT password FROM users")).scalar_one()
    assert stored.startswith("$argon2id$")


def test_a_session_needs_its_csrf_value_for_changes(served: Served) -> None:
    made = served.call("POST", "/v1/users", json={"name": "grace", "password": PASSWORD, "role": "clinician"})
    assert made.status_code == 201

    async def visit(c: httpx.AsyncClient) -> None:
        wrong = await c.post("/v1/sessions", json={"name": "grace", "password": "wrong password here"})
        nobody = await c.post("/v1/sessions", json={"name": "nobody", "password": PASSWORD})
        assert (wrong.status_code, nobody.status_code) == (401, 401)
        assert wrong.json()["detail"] == nobody.json()["detail"], "names cannot be guessed"
        came = await c.post("/v1/sessions", json={"name": "grace", "password": PASSWORD})
        cookie = came.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await c.get("/v1/twins")).status_code == 200
        body = {"kind": "infusion", "subject": "S9"}
        assert (await c.post("/v1/twins", json=body)).status_code == 403
        csrf = {"X-CSRF-Token": came.json()["csrf"]}
        assert (await c.post("/v1/twins", json=body, headers=csrf)).status_code == 201
        assert (await c.delete("/v1/sessions/current", headers=csrf)).status_code == 204

    served.run(visit, "")
    user = made.json()["id"]
    assert served.call("DELETE", f"/v1/users/{user}").status_code == 204
    assert served.call("POST", "/v1/sessions", "", json={"name": "grace", "password": PASSWORD}).status_code == 401


def test_a_token_taken_back_is_worth_nothing(served: Served) -> None:
    made = served.call("POST", "/v1/tokens", json={"name": "gateway", "role": "clinician"}).json()
    assert served.call("GET", "/v1/twins", made["token"]).status_code == 200
    assert served.call("DELETE", f"/v1/tokens/{made['id']}").status_code == 204
    assert served.call("GET", "/v1/twins", made["token"]).status_code == 401
    assert served.call("DELETE", f"/v1/tokens/{made['id']}").status_code == 404


def test_every_access_allowed_or_refused_is_on_record(served: Served) -> None:
    viewer = served.add_token("viewer")
    twin = served.make_twin()
    served.call("GET", f"/v1/twins/{twin}", viewer)
    served.call("POST", f"/v1/twins/{twin}/records", viewer, json={})
    served.call("POST", f"/v1/twins/{twin}/records", json={"observations": [{"observable": "x"}]})
    entries = served.call("GET", "/v1/audit").json()["items"]
    said = [(e["actor"], e["permission"], e["method"], e["status"]) for e in entries]
    assert said == [
        ("token admin", "twins:write", "POST", 201),
        ("token viewer", "twins:read", "GET", 200),
        ("token viewer", "records:write", "POST", 403),
        ("token admin", "records:write", "POST", 200),
    ]


def test_the_audit_log_cannot_be_changed(served: Served) -> None:
    served.call("GET", "/v1/twins")
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError, match="append-only"), served.site.database.write() as connection:
            connection.execute(text(statement))


def test_who_comes_too_often_is_asked_to_wait(served: Served) -> None:
    served.site.gate._callers.rate, served.site.gate._callers.burst = 0.5, 2
    answers = [served.call("GET", "/v1/kinds") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "2"
