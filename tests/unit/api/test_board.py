"""A unit's board: by risk, with band, trend, alarm and a reason; of one place; never another tenant's."""

from datetime import timedelta

import pytest

from served import NOW, Served
from vitruvian.models.alarms.reasons import Reasons, Trend, Value
from vitruvian.platform import board
from vitruvian.platform.trust.policy import Principal

ADMIN = Principal("local", "test", "admin")
HOUR = timedelta(hours=1)
VITALS = {"heart_rate": (88.0, 95.0), "respiratory_rate": (16.0, 30.0), "spo2": (97.0, 88.0), "systolic": (125.0, 95.0)}


def patient(served: Served, subject: str, *, ill: bool) -> str:
    twin = served.make_twin(kind="risk", subject=subject, origin=(NOW - 12 * HOUR).isoformat())
    rows = [
        {"observable": name, "time": (NOW - h * HOUR).isoformat(), "value": ends[1] if ill and h < 2 else ends[0]}
        for name, ends in VITALS.items()
        for h in (8, 6, 5, 4, 3, 1)
    ]
    served.call("POST", f"/v1/twins/{twin}/records", json={"source": "ward", "observations": rows})
    served.site.live(ADMIN, twin).calibrate()
    made = served.call("POST", f"/v1/twins/{twin}/forecasts", json={"hours": 12.0})
    assert made.status_code == 201, made.json()["detail"]
    return twin


def test_the_ill_come_first_and_why_is_said(served: Served) -> None:
    fine, ill = patient(served, "fine", ill=False), patient(served, "ill", ill=True)
    served.make_twin(kind="risk", subject="new", origin=(NOW - HOUR).isoformat())
    served.make_twin()  # of a kind without a risk
    said = served.call("GET", "/v1/board").json()
    assert [line["subject"] for line in said["items"]] == ["ill", "fine", "new"]
    first, second, last = said["items"]
    assert (first["id"], second["id"], last["risk"]) == (ill, fine, None)
    assert first["risk"]["q05"] < first["risk"]["q50"] < first["risk"]["q95"]
    assert first["risk"]["q50"] > 2 * second["risk"]["q50"]
    assert (first["risk"]["trend"], first["risk"]["hours"]) == ("new", 12.0)
    assert first["why"] != second["why"]
    assert {t["of"] for t in first["reasons"]["trends"]} == set(VITALS)
    own = served.call("GET", f"/v1/twins/{ill}/risk").json()
    assert (own["risks"], own["why"]) == ([first["risk"]], first["why"])
    assert [s["q50"] for s in own["course"]] == [first["risk"]["q50"]]
    nothing = {"risks": [], "course": [], "why": "", "reasons": {}}
    assert served.call("GET", f"/v1/twins/{last['id']}/risk").json() == nothing


def test_only_those_of_the_place_and_nobody_elses(served: Served) -> None:
    here, there = patient(served, "here", ill=False), patient(served, "there", ill=False)
    put = served.call("PUT", f"/v1/twins/{here}/place", json={"place": " Ward 3 ", "bed": "7"})
    assert put.json() == {"place": "Ward 3", "bed": "7"}
    (only,) = served.call("GET", "/v1/board?place=Ward%203").json()["items"]
    assert (only["id"], only["place"], only["bed"]) == (here, "Ward 3", "7")
    glances = {g["id"]: g["place"] for g in served.call("GET", "/v1/overview").json()["items"]}
    assert glances == {here: "Ward 3", there: ""}
    other = served.add_token("admin", tenant="elsewhere")
    assert served.call("GET", "/v1/board", other).json()["items"] == []
    assert served.call("PUT", f"/v1/twins/{here}/place", other, json={"place": "x"}).status_code == 404
    viewer = served.add_token("viewer")
    assert served.call("PUT", f"/v1/twins/{here}/place", viewer, json={"place": "x"}).status_code == 403
    served.call("PUT", f"/v1/twins/{here}/place", json={"place": ""})
    assert served.call("GET", "/v1/board?place=Ward%203").json()["items"] == []


@pytest.mark.parametrize(
    ("now", "before", "trend"),
    [(0.2, None, "new"), (0.2, 0.1, "rising"), (0.1, 0.2, "falling"), (0.1, 0.101, "steady"), (0.0, 0.0, "steady")],
)
def test_a_trend_is_told_by_what_was_said_before(now: float, before: float | None, trend: str) -> None:
    risk = board.Risk("risk", "", "", 3.0, dict.fromkeys(board.BANDS, now), before)
    assert risk.trend == trend


def test_the_line_says_what_changed_else_what_moved_else_what_was_seen() -> None:
    values = (Value("heart_rate", 120.0, "/min", 60.0), Value("spo2", 90.0, "%", 60.0))
    trends = (Trend("heart_rate", 30.0, "/min", 4 * 3600.0), Trend("spo2", -4.0, "%", 1800.0))
    said = board.sentence(Reasons(values, trends))
    assert said == "heart rate 120 /min, +30 in 4 h; spo2 90 %, -4 in 30 min"
    assert board.sentence(Reasons(values, trends, ("spo2 is 90 %; usual for this subject: 97",))).startswith("spo2 is")
    assert board.sentence(Reasons(values)) == "heart rate 120 /min; spo2 90 %"
