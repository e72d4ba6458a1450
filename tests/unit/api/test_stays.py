"""Stays: each version of a reading holds until the next; an end is no stay; older ones are left out."""

from datetime import timedelta
from typing import Any

from served import NOW, Served


def at(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def row(name: str, minutes: float, value: float) -> dict[str, Any]:
    return {"observable": "concentration", "id": name, "time": at(minutes), "value": value, "sensor": "red"}


def test_who_was_where_from_when_to_when(served: Served) -> None:
    twin = served.make_twin()
    moves = [row("a", 300, 1.0), row("a", 200, 2.0), row("b", 150, 1.0), row("a", 100, 3.0), row("b", 90, 0.0)]
    for move in moves:
        served.call("POST", f"/v1/twins/{twin}/records", json={"source": "board", "observations": [move]})
    since = at(180).replace("+00:00", "Z")
    said = served.call("GET", f"/v1/twins/{twin}/stays?observable=concentration&since={since}").json()
    found = [(s["who"], s["value"], s["start"], s["end"]) for s in said["items"]]
    z = [at(m).replace("+00:00", "Z") for m in (200, 150, 100, 90)]
    assert found == [("a", 2.0, z[0], z[2]), ("b", 1.0, z[1], z[3]), ("a", 3.0, z[2], None)]
    assert (said["cut"], said["items"][0]["sensor"]) == (False, "red")
    wrong = served.call("GET", f"/v1/twins/{twin}/stays?observable=mood")
    assert (wrong.status_code, "mood" in wrong.json()["detail"]) == (422, True)
