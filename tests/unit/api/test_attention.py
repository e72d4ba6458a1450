"""What needs attention, with reasons; where data come from; what other systems have sent."""

from datetime import timedelta
from typing import Any

from served import NOW, Served
from vitruvian.platform.alerts import episodes, rules
from vitruvian.platform.connect.mqtt import Gateway
from vitruvian.platform.jobs import queue
from vitruvian.platform.trust.policy import Principal

STEP = timedelta(minutes=5)
ADMIN = Principal("local", "test", "admin")


def batch(last: Any, count: int, value: float = 9.0) -> dict[str, Any]:
    at = [(last - i * STEP).isoformat() for i in range(count)]
    return {"source": "pump", "observations": [{"observable": "concentration", "time": t, "value": value} for t in at]}


def test_a_silent_sensor_a_failed_job_and_an_alert(served: Served) -> None:
    quiet, fine, alone = (served.make_twin(subject=name) for name in ("quiet", "fine", "alone"))
    served.call("POST", f"/v1/twins/{quiet}/records", json=batch(NOW - timedelta(hours=2), 12))
    served.call("POST", f"/v1/twins/{fine}/records", json=batch(NOW, 12))
    for twin in (quiet, fine):
        served.call("PUT", f"/v1/twins/{twin}/following", json={"hours": 1})
    bad = [{"observable": "concentration", "time": NOW.isoformat(), "value": 1e9}]
    served.call("POST", f"/v1/twins/{alone}/records", json={"observations": bad})
    rule = {"name": "high", "twin": fine, "on": "reading", "of": "concentration", "high": 5.0, "severity": "critical"}
    served.call("POST", "/v1/alert-rules", json=rule)
    now_us = served.site.now_us
    with served.site.database.write() as connection:
        job = queue.put(connection, "local", alone, "calibrate", {}, "test", now_us)
        claimed = queue.claim(connection, now_us)
        assert claimed is not None
        queue.finish(connection, claimed, now_us, error={"what": "no reading"})
        rules.evaluate(connection, served.site.store(ADMIN).find_twin(fine), None, now_us)
        (alert,) = episodes.page(connection, "local", 0, 10)
    said = served.call("GET", "/v1/attention").json()
    found = {i["twin"]["subject"]: [(r["code"], r["about"]) for r in i["reasons"]] for i in said["items"]}
    assert found == {
        "fine": [("alert", alert["id"])],
        "quiet": [("silent", None)],
        "alone": [("job", job), ("kept_aside", None)],
    }
    assert [i["severity"] for i in said["items"]] == ["critical", "warning", "warning"]
    assert said["total"] == 3
    silence = next(r for i in said["items"] for r in i["reasons"] if r["code"] == "silent")
    assert silence["said"] == "no reading for 2 h; one came every 5 min"
    assert len(served.call("GET", "/v1/attention?limit=1").json()["items"]) == 1
    served.call("POST", f"/v1/alerts/{alert['id']}/acknowledge", json={"reason": "seen"})
    assert "fine" not in {i["twin"]["subject"] for i in served.call("GET", "/v1/attention").json()["items"]}


def test_another_tenant_sees_none_of_it(served: Served) -> None:
    twin = served.make_twin()
    served.call(
        "POST", f"/v1/twins/{twin}/records", json={"observations": [{"observable": "x", "time": "?", "value": 1}]}
    )
    other = served.add_token("admin", tenant="elsewhere")
    assert served.call("GET", "/v1/attention", token=other).json()["items"] == []
    assert served.call("GET", f"/v1/twins/{twin}/sources", token=other).status_code == 404
    assert served.call("GET", "/v1/messages", token=other).json()["items"] == []


def test_sources_and_their_freshness(served: Served) -> None:
    twin = served.make_twin()
    served.call("POST", f"/v1/twins/{twin}/records", json=batch(NOW - timedelta(hours=1), 3))
    dose = {"source": "pen", "actions": [{"type": "Bolus", "time": NOW.isoformat(), "fields": {"dose": 100}}]}
    served.call("POST", f"/v1/twins/{twin}/records", json=dose)
    served.call("POST", f"/v1/twins/{twin}/records", json=batch(NOW, 2, 1e9))
    items = served.call("GET", f"/v1/twins/{twin}/sources").json()["items"]
    assert {i["name"]: (i["readings"], i["actions"], i["kept_aside"]) for i in items} == {
        "pump": (3, 0, 2),
        "pen": (0, 1, 0),
    }
    assert {i["name"]: i["last"] for i in items} == {"pump": "2026-03-02T07:00:00Z", "pen": "2026-03-02T08:00:00Z"}


def test_messages_and_why_one_was_not_taken(served: Served) -> None:
    def writing(work: Any) -> Any:
        with served.site.database.write() as connection:
            return work(connection)

    Gateway(writing, served.site.clock).take("omh/p1", b"rubbish")
    (line,) = served.call("GET", "/v1/messages?protocol=mqtt").json()["items"]
    assert (line["protocol"], line["sender"], line["taken"]) == ("mqtt", "omh/p1", False)
    assert "Fix: " in line["why"]
    assert served.call("GET", "/v1/messages?protocol=hl7v2").json()["items"] == []


def test_lists_that_grow_are_paged_either_way(served: Served) -> None:
    twin = served.make_twin()
    for i in range(5):
        served.call("POST", f"/v1/twins/{twin}/records", json={**batch(NOW - i * STEP, 1), "source": f"s{i}"})
    path = f"/v1/twins/{twin}/history"
    whole = served.call("GET", path).json()["items"]
    for newest, expected in ((False, whole), (True, whole[::-1])):
        seen: list[Any] = []
        after = "0"
        while after is not None:
            page = served.call("GET", path, params={"newest": newest, "after": after, "limit": 2}).json()
            seen += page["items"]
            after = page["next"]
        assert seen == expected
    log = served.call("GET", "/v1/audit?newest=true&limit=2").json()
    assert [e["path"] for e in log["items"]] == [path, path]
    first = served.call("GET", f"/v1/twins/{twin}/history").json()["items"]
    assert [h["what"] for h in first] == ["created", *["observed"] * 5]
    assert first[-1]["detail"] == "s4: 1 readings, 0 actions"
