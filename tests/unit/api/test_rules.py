"""Rules and channels are changed in place by one at a time, and a channel is tried."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from served import Served

RULE = {"name": "too high", "on": "reading", "of": "concentration", "high": 20.0}


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody who takes what is posted to them."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    thread.join()
    server.server_close()


def only(served: Served, path: str) -> dict[str, Any]:
    (item,) = served.call("GET", path).json()["items"]
    return item


def test_a_rule_is_changed_unless_somebody_was_quicker(served: Served) -> None:
    rule = {**RULE, "twin": served.make_twin()}
    made = served.call("POST", "/v1/alert-rules", json=rule).json()["id"]
    held = {"If-Match": f'"{only(served, "/v1/alert-rules")["tag"]}"'}
    changed = served.call("PUT", f"/v1/alert-rules/{made}", json={**rule, "high": 25.0}, headers=held)
    assert (changed.status_code, changed.json()["body"]["high"]) == (200, 25.0)
    assert only(served, "/v1/alert-rules") == changed.json()
    assert served.call("PUT", f"/v1/alert-rules/{made}", json=rule, headers=held).status_code == 412
    other = {**RULE, "kind": "infusion"}
    refused = served.call("PUT", f"/v1/alert-rules/{made}", json=other)
    assert (refused.status_code, refused.json()["where"]) == (422, "kind")
    assert served.call("PUT", f"/v1/alert-rules/{made}", served.add_token("clinician"), json=rule).status_code == 403
    elsewhere = served.add_token("admin", tenant="elsewhere")
    assert served.call("PUT", f"/v1/alert-rules/{made}", elsewhere, json=rule).status_code == 404
    assert served.call("PUT", "/v1/alert-rules/ru-0", json=rule).status_code == 404


def test_a_channel_is_tried_and_changed(served: Served, inbox: tuple[str, list[dict[str, Any]]]) -> None:
    url, got = inbox
    away = {"type": "webhook", "target": {"url": "http://127.0.0.1:9/"}}
    made = served.call("POST", "/v1/alert-channels", json=away).json()["id"]
    tried = served.call("POST", f"/v1/alert-channels/{made}/test").json()
    assert tried["delivered"] is False
    assert "ConnectError" in tried["error"]
    held = {"If-Match": f'"{only(served, "/v1/alert-channels")["tag"]}"'}
    body = {"type": "webhook", "target": {"url": url}, "escalation": 1}
    assert served.call("PUT", f"/v1/alert-channels/{made}", json=body, headers=held).json()["target"] == {"url": url}
    assert served.call("PUT", f"/v1/alert-channels/{made}", json=body, headers=held).status_code == 412
    assert served.call("POST", f"/v1/alert-channels/{made}/test").json() == {"delivered": True, "error": None}
    assert [(m["what"], m["twin"], m["severity"]) for m in got] == [("test", "", "info")]


@pytest.mark.parametrize(
    ("target", "where"),
    [({"url": "ftp://x"}, "target.url"), ({}, "target.url")],
)
def test_a_target_that_cannot_work_is_refused_at_its_field(served: Served, target: dict[str, Any], where: str) -> None:
    good = {"type": "webhook", "target": {"url": "http://127.0.0.1:9/"}}
    made = served.call("POST", "/v1/alert-channels", json=good).json()["id"]
    answer = served.call("PUT", f"/v1/alert-channels/{made}", json={**good, "target": target})
    assert (answer.status_code, answer.json()["where"]) == (422, where)
    smtp = {"type": "smtp", "target": {"host": "h", "port": "often", "from": "a@b", "to": "c@d"}}
    assert served.call("PUT", f"/v1/alert-channels/{made}", json=smtp).json()["where"] == "type"
    assert served.call("POST", "/v1/alert-channels", json=smtp).json()["where"] == "target.port"
