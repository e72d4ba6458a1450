"""Impossible haemodynamics reach a twin over HTTP: kept, listed with the fix, and nothing is learned from them."""

from datetime import timedelta
from typing import Any

import pytest

from served import NOW, Served
from vitruvian.platform.trust.policy import Principal

pytestmark = pytest.mark.science  # calibrations: seconds, not fractions of one
DAY = timedelta(days=1)
VISIT = {"sbp": 118.0, "dbp": 72.0, "heart_rate": 74.0, "lv_edv": 130.0, "lv_ef": 56.0, "mpap": 34.0, "pawp": 9.0}


def rows(numbers: dict[str, float], ago: int) -> list[dict[str, Any]]:
    at = (NOW - ago * DAY).isoformat()
    return [{"observable": n, "time": at, "known_at": at, "value": v} for n, v in numbers.items()]


def twin(served: Served, name: str) -> str:
    made = served.make_twin(
        kind="circulation", subject=name, origin=(NOW - 100 * DAY).isoformat(), fields={"condition": "PAH mild"}
    )
    sent = served.call("POST", f"/v1/twins/{made}/records", json={"observations": rows(VISIT, 60)}).json()
    assert sent["new"] == len(VISIT)
    return made


def test_what_cannot_be_is_kept_listed_with_the_fix_and_not_learned_from(served: Served) -> None:
    clean, dirty = twin(served, "clean"), twin(served, "dirty")
    path = f"/v1/twins/{dirty}"
    swapped = served.call("POST", f"{path}/records", json={"observations": rows({"sbp": 72.0, "dbp": 118.0}, 61)})
    wedge = served.call("POST", f"{path}/records", json={"observations": rows({"mpap": 28.0, "pawp": 44.0}, 66)})
    assert (swapped.json()["new"], wedge.json()["new"]) == (2, 2)
    beyond = rows({"lv_ef": 0.56, "mpap": 4.5e3, "lv_edv": 0.13, "cardiac_output": 5300.0}, 62)
    aside = served.call("POST", f"{path}/records", json={"observations": beyond}).json()
    assert aside["kept_aside"] == len(beyond)
    items = served.call("GET", f"{path}/kept-aside").json()["items"]
    told = " ".join(item["reason"] + item["fix"] for item in items)
    for looks in ("a fraction (56 %)", "L (130 mL)", "mL/min (5.3 L/min)"):
        assert f"looks like {looks}" in told

    listed = served.call("GET", f"{path}/doubted").json()["items"]
    assert {(row["observable"], row["value"]) for row in listed} == {
        ("sbp", 72.0), ("dbp", 118.0), ("mpap", 28.0), ("pawp", 44.0)
    }  # fmt: skip
    assert all("swapped" in row["why"] or "check the zero" in row["why"] for row in listed)
    assert served.call("GET", f"/v1/twins/{clean}/doubted").json()["items"] == []

    live = served.site.live(Principal("local", "t", "admin"), dirty)
    assert live.calibrate(days=40.0).twin.believed().rows == len(VISIT)
    said = served.call("POST", f"{path}/loops", json={}).json()
    assert "4 readings are kept and not believed" in " ".join(said["warnings"])
    unwise = {"options": {"x": [{"Exercise": {"at": "+1d", "power": 900}}]}}
    refused = served.call("POST", f"{path}/loops", json=unwise)
    assert refused.status_code == 422
    assert "between 0 and 120 W" in refused.json()["detail"] + refused.json()["fix"]
