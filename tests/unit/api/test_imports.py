"""A twin from files over HTTP, and bulk readings out as Parquet and in again; event logs for a hospital's twin."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from served import Served
from vitruvian.platform import flowlog
from vitruvian.platform.connect import parquet
from vitruvian.platform.evidence import folder
from vitruvian.platform.store import Store
from vitruvian.platform.trust.policy import Principal

DEMO = folder("metabolic") / "demo"
DAY, MINUTES = datetime(2026, 3, 1, tzinfo=UTC), timedelta(minutes=5)
EVENT = (
    '<event><string key="concept:name" value="{step}"/><string key="lifecycle:transition" value="{what}"/>'
    '<date key="time:timestamp" value="2026-03-01T{at}:00Z"/></event>'
)


def post(served: Served, files: dict[str, bytes], **form: str) -> Any:
    return served.call(
        "POST", "/v1/twins/from-files", data=form, files=[("files", (name, data)) for name, data in files.items()]
    )


def test_a_twin_from_a_sensors_export_and_a_list_of_meals(served: Served) -> None:
    files = {name: (DEMO / name).read_bytes() for name in ("clarity_export.csv", "meals.csv")}
    files["clarity_export.csv"] += b"9999,2026-02-05T08:00:00,EGV,,,,SYN-1,seven,,,,,,\n"
    made = post(served, files, subject="Ada", zone="America/Chicago", fields='{"weight": "91 kg"}')
    assert made.status_code == 201, made.text
    said = made.json()
    assert said["twin"]["readings"] > 2800
    assert said["twin"]["fields"]["weight"] == 91.0
    assert [f["file"] for f in said["files"]] == list(files)
    (lying,) = said["kept_aside"]
    assert (lying["field"], lying["source"]) == ("Glucose Value (mg/dL)", "clarity_export.csv")
    assert lying["fix"]
    assert post(served, files, subject="Ada").status_code == 409


@pytest.mark.parametrize(
    ("form", "data", "status", "where"),
    [
        ({"kind": "none"}, b"x", 404, "kinds"),
        ({"fields": "[1]"}, b"x", 422, "fields"),
        ({"zone": "Mars"}, b"x", 422, "zone"),
        ({}, b"nothing that is read", 422, "x.csv"),
        ({}, b"PAR1 but broken", 422, "x.csv"),
        ({}, b'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/"></log>', 422, "x.csv"),
    ],
)
def test_what_cannot_be_a_twin_leaves_none_behind(
    served: Served, form: dict[str, str], data: bytes, status: int, where: str
) -> None:
    answer = post(served, {"x.csv": data}, subject="Ada", **form)
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert where in json.dumps(said)
    assert said["fix"]
    assert served.call("GET", "/v1/twins").json()["items"] == []


def test_readings_go_out_as_parquet_and_come_in_again(served: Served) -> None:
    same = {"observable": "glucose", "unit": "mg/dL", "device": 'a,"b"\nc'}
    rows = [
        {**same, "time": DAY + i * MINUTES, "known_at": DAY + (i + 1) * MINUTES, "value": 100.25 + i, "limit": limit}
        for i, limit in enumerate([0, 0, -1, 1, *[0] * 36])
    ]
    first = post(served, {"one.parquet": parquet.write(rows)}, subject="Ada").json()
    assert (first["twin"]["readings"], first["kept_aside"]) == (40, [])
    out = served.call("GET", f"/v1/twins/{first['twin']['id']}/observations.parquet")
    assert out.headers["content-type"] == "application/vnd.apache.parquet"
    second = post(served, {"two.parquet": out.content}, subject="Ben").json()
    both = [served.call("GET", f"/v1/twins/{t['twin']['id']}/timeline").json() for t in (first, second)]
    assert both[0] == both[1]
    assert [o["limit"] for o in both[0]["observations"][:5]] == [0, 0, -1, 1, 0]
    assert len(_read(out.content)) == 40


def _read(data: bytes) -> list[dict[str, Any]]:
    return pq.read_table(io.BytesIO(data)).to_pylist()


def test_parquet_in_columns_that_cannot_be_read_says_so(served: Served) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"time": [DAY], "observable": ["glucose"], "value": [[1.0]]}), out)
    answer = post(served, {"x.parquet": out.getvalue()}, subject="Ada")
    assert (answer.status_code, "nested" in answer.json()["detail"]) == (422, True)


def log(*visits: str) -> bytes:
    whole = "".join(f'<trace><string key="concept:name" value="v{i}"/>{v}</trace>' for i, v in enumerate(visits))
    return f'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{whole}</log>'.encode()


def ran(step: str, start: str, end: str = "") -> str:
    begun = EVENT.format(step=step, what="start", at=start)
    return begun + (EVENT.format(step=step, what="complete", at=end) if end else "")


def test_an_event_log_is_who_is_where_and_can_be_taken_in_again_when_it_is_longer(served: Served) -> None:
    first = ran("triage", "08:10", "08:20") + ran("assessment", "08:40")
    second = ran("triage", "09:05", "09:15") + ran("tea", "09:20", "09:30")
    looked = served.call("POST", "/v1/files?name=log.xes&kind=hospital", content=log(first, second)).json()
    assert (looked["format"], looked["kept_aside"], len(looked["examples"])) == (flowlog.FORMAT, 1, 1)
    made = post(served, {"log.xes": log(first, second)}, subject="House", kind="hospital").json()
    assert [(a["raw"], a["field"]) for a in made["kept_aside"]] == [("tea (1 events)", "concept:name")]
    twin = made["twin"]["id"]
    longer = ran("triage", "08:10", "08:20") + ran("assessment", "08:40", "09:00")
    third = ran("triage", "10:05", "10:15")
    again = served.call("GET", f"/v1/twins/{twin}/kept-aside").json()["items"]
    assert len(again) == 1
    store = Store(served.site.database)
    live = served.site.live(Principal("local", "test", "admin"), twin)
    before = store.record(twin, None).until(float("inf")).only("patient")
    assert dict(zip(before.id, before.value, strict=True)) == {"visit v0": 3.0, "visit v1": 0.0}
    path = Path(served.site.database.url.database).parent / "longer.xes"
    path.write_bytes(log(longer, second, third))
    (taken,) = live.observe(path)
    assert taken.new + taken.changed > 0
    assert taken.known > 0
    after = store.record(twin, None).until(float("inf")).only("patient")
    assert dict(zip(after.id, after.value, strict=True)) == {"visit v0": 0.0, "visit v1": 0.0, "visit v2": 0.0}
    counted = store.record(twin, None).until(float("inf")).only("arrivals")
    assert counted.value.tolist() == [1.0], "of full hours"
    took = store.record(twin, None).until(float("inf")).only("pace_time")
    assert took.value.tolist() == pytest.approx([1 / 3])
    assert flowlog.is_xes(path)


def test_a_report_to_print(served: Served) -> None:
    twin = served.make_twin()
    levels = [
        {"observable": "concentration", "time": f"2026-03-01T{h:02d}:00:00Z", "value": 12 - h / 4} for h in (9, 11, 13)
    ]
    dose = [{"type": "Bolus", "time": "2026-03-01T08:00:00Z", "fields": {"dose": 300}}]
    served.call("POST", f"/v1/twins/{twin}/records", json={"observations": levels, "actions": dose})
    page = served.call("GET", f"/v1/twins/{twin}/report?hours=2")
    assert page.status_code == 200, page.text[:300]
    assert "text/html" in page.headers["content-type"]
    assert "S1" in page.text
