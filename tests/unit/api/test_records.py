"""Records over HTTP: durable, once, row by row; what cannot be used lies aside with its reason."""

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from levels import CASE, FILE, level
from served import Served
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.store import Source, Store
from vitruvian.platform.store.bulk import Batch
from vitruvian.platform.store.database import Database
from vitruvian.platform.store.writer import Writer


def reading(hours: float, value: Any = 9.0, **more: Any) -> dict[str, Any]:
    """A level at so many hours after 08:00."""
    minutes = round(hours * 60)
    time = f"2026-03-01T{8 + minutes // 60:02d}:{minutes % 60:02d}:00Z"
    return {"observable": "concentration", "time": time, "value": value, **more}


def send(served: Served, twin: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = served.call("POST", f"/v1/twins/{twin}/records", json={"observations": list(rows)}, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_sent_twice_is_kept_once(served: Served) -> None:
    twin = served.make_twin()
    first = send(served, twin, reading(1), reading(2))
    assert [o["status"] for o in first["outcomes"]] == ["new", "new"]
    again = send(served, twin, reading(2), reading(3), reading(1))
    assert [o["status"] for o in again["outcomes"]] == ["duplicate", "new", "duplicate"]
    assert again["outcomes"][2]["seq"] == first["outcomes"][0]["seq"]
    changed = send(served, twin, reading(1, 7.0))
    assert changed["outcomes"][0] | {"id": ""} == {"status": "changed", "id": "", "seq": 6, "version": 2}
    page = served.call("GET", f"/v1/twins/{twin}/observations").json()
    assert [(r["version"], r["value"]) for r in page["items"]] == [(1, 9.0), (1, 9.0), (1, 9.0), (2, 7.0)]
    shown = served.call("GET", f"/v1/twins/{twin}/timeline").json()["observations"]
    assert [r["value"] for r in shown] == [7.0, 9.0, 9.0]


def test_units_are_converted_once(served: Served) -> None:
    twin = served.make_twin()
    send(served, twin, reading(1, 9000, unit="ug/L"), reading(2, 9.0, unit="mg/L"), reading(3, 0.9, unit="mg/dL"))
    page = served.call("GET", f"/v1/twins/{twin}/observations").json()
    assert [(round(r["value"], 12), r["unit"]) for r in page["items"]] == [(9.0, "mg/L")] * 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"observable": "concentration", "value": 1}, "missing required field `time`"),
        ({"observable": "concentration", "value": "9", "time": "2026-03-01T09:00:00Z"}, "Expected `float`, got `str`"),
        ({"observable": "concentration", "value": 9, "time": "2026-03-01T09:00:00"}, "timezone"),
        ({"observable": "sodium", "value": 9, "time": "2026-03-01T09:00:00Z"}, "there is no observable 'sodium'"),
        ({"observable": "concentration", "value": 9, "unit": "kg", "time": "2026-03-01T09:00:00Z"}, "kg"),
        ({"observable": "concentration", "value": 900, "time": "2026-03-01T09:00:00Z"}, "outside 0 to 100"),
        ({"observable": "concentration", "value": 9, "time": "2027-03-01T09:00:00Z"}, "in the future"),
        ({"observable": "concentration", "value": 9, "time": "1026-03-01T09:00:00Z"}, "before 1900"),
        ({"observable": "concentration", "value": 9, "sd": -1, "time": "2026-03-01T09:00:00Z"}, "more than 0"),
        ({"observable": "concentration", "value": 9, "id": "a\x00", "time": "2026-03-01T09:00:00Z"}, "NUL"),
        ("noise", "Expected `object`, got `str`"),
    ],
)
def test_a_bad_row_is_kept_aside_and_the_others_are_taken(served: Served, row: Any, reason: str) -> None:
    twin = served.make_twin()
    outcome = send(served, twin, reading(1), row, reading(2))
    assert [o["status"] for o in outcome["outcomes"]] == ["new", "kept_aside", "new"]
    assert reason in outcome["outcomes"][1]["reason"]
    (aside,) = served.call("GET", f"/v1/twins/{twin}/kept-aside").json()["items"]
    assert (aside["line"], aside["reason"]) == (2, outcome["outcomes"][1]["reason"])
    assert aside["fix"]
    send(served, twin, reading(1), row, reading(2))
    assert len(served.call("GET", f"/v1/twins/{twin}/kept-aside").json()["items"]) == 1, "not doubled"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"observations": 1}', b'{"rows": []}', b'{"observations": []}', b"\xff\xfe", b"nul\x00"],
)
def test_what_is_no_batch_is_refused(served: Served, body: bytes) -> None:
    answer = served.call("POST", f"/v1/twins/{served.make_twin()}/records", content=body)
    assert answer.status_code == 400
    assert answer.json()["fix"]


def test_a_body_without_end_is_cut_off(served: Served) -> None:
    twin = served.make_twin()
    big = b'{"observations": [' + b" " * served.site.settings.body_bytes + b"]}"
    assert served.call("POST", f"/v1/twins/{twin}/records", content=big).status_code == 413


def test_actions_may_lie_ahead_and_are_checked(served: Served) -> None:
    twin = served.make_twin()
    rows = [
        {"type": "Bolus", "time": "2026-03-05T08:00:00Z", "fields": {"dose": 300}},
        {"type": "Bolus", "time": "2026-03-05T08:00:00Z", "fields": {"dose": 9000}},
        {"type": "Nothing", "time": "2026-03-05T08:00:00Z"},
    ]
    answer = served.call("POST", f"/v1/twins/{twin}/records", json={"actions": rows}).json()
    assert [o["status"] for o in answer["outcomes"]] == ["new", "kept_aside", "kept_aside"]
    assert "600" in answer["outcomes"][1]["reason"]
    shown = served.call("GET", f"/v1/twins/{twin}/timeline").json()["actions"]
    assert [(a["type"], a["dose"]) for a in shown] == [("Bolus", 300)]


def test_rows_of_many_twins_come_in_one_batch(served: Served) -> None:
    twins = [served.make_twin(subject=f"S{i}") for i in range(3)]
    rows = [reading(h, twin=t) for h in (1, 2) for t in twins]
    answer = served.call("POST", "/v1/records", json={"observations": rows}).json()
    assert answer["new"] == 6
    for t in twins:
        assert served.call("GET", f"/v1/twins/{t}").json()["readings"] == 2


def test_a_request_with_a_key_is_done_once(served: Served) -> None:
    key = {"Idempotency-Key": "k1"}
    twin = served.make_twin()
    first = send(served, twin, reading(1), headers=key)
    again = send(served, twin, reading(1), headers=key)
    assert (first["new"], again["duplicate"]) == (1, 1)
    other = served.call("POST", f"/v1/twins/{twin}/records", json={"observations": [reading(1, 5.0)]}, headers=key)
    assert other.status_code == 409
    assert "came before with other content" in other.json()["detail"]


def test_a_twin_with_a_key_is_made_once(served: Served) -> None:
    body, key = {"kind": "infusion", "subject": "S1"}, {"Idempotency-Key": "k1"}
    first = served.call("POST", "/v1/twins", json=body, headers=key)
    again = served.call("POST", "/v1/twins", json=body, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert served.call("POST", "/v1/twins", json={**body, "subject": "S2"}, headers=key).status_code == 409
    assert served.call("POST", "/v1/twins", json=body).status_code == 409, "the subject has one"


def test_a_reading_taken_back_is_still_there_as_of_then(served: Served) -> None:
    twin = served.make_twin()
    name = send(served, twin, reading(1))["outcomes"][0]["id"]
    assert served.call("DELETE", f"/v1/twins/{twin}/observations/{name}").json()["status"] == "changed"
    assert served.call("GET", f"/v1/twins/{twin}/timeline").json()["observations"] == []
    then = {"as_of": "2026-03-01T12:00:00Z"}
    assert len(served.call("GET", f"/v1/twins/{twin}/timeline", params=then).json()["observations"]) == 1
    assert served.call("DELETE", f"/v1/twins/{twin}/observations/none").status_code == 404


def test_pages_follow_each_other_and_etags_hold(served: Served) -> None:
    twin = served.make_twin()
    send(served, twin, *[reading(h / 4, 1.0 + h) for h in range(10)])
    seen, after = [], "0"
    while after is not None:
        page = served.call("GET", f"/v1/twins/{twin}/observations", params={"after": after, "limit": 4}).json()
        seen += [r["value"] for r in page["items"]]
        after = page["next"]
    assert seen == [1.0 + h for h in range(10)]
    whole = served.call("GET", f"/v1/twins/{twin}")
    same = served.call("GET", f"/v1/twins/{twin}", headers={"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    send(served, twin, reading(9))
    assert served.call("GET", f"/v1/twins/{twin}", headers={"If-None-Match": whole.headers["etag"]}).status_code == 200


ROW = st.builds(
    level,
    st.integers(0, 4),
    st.sampled_from([1.0, 2.0]),
    known_us=st.sampled_from([None, 1, 2]),
    idempotency_key=st.sampled_from(["", "", "", "a", "b"]),
    removed=st.booleans(),
)


@pytest.fixture(scope="module")
def shared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@settings(max_examples=60)
@given(st.lists(st.lists(ROW, min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_fast_way_ends_where_the_careful_one_does(shared_database: Database, batches: list[list[Any]]) -> None:
    """Group commit of batches equals appending them one by one: receipts, refusals and rows."""
    fast, careful = (_end(Store(shared_database, secrets.token_hex(8)), batches, fast) for fast in (True, False))
    assert fast == careful


def _end(store: Store, batches: list[list[Any]], fast: bool) -> tuple[Any, ...]:
    twin = store.create_twin("S1", KIND, CASE, now=CASE.origin.utc)
    source, writer = store.begin_source(twin.id, FILE), Writer(store.database)
    if fast:
        waiting = [writer.append(Batch(twin, Source("levels.csv", "plain"), rows)) for rows in batches]
        said = [_said(future.result) for future in waiting]
    else:
        said = [_said(partial(store.append, twin.id, source, rows)) for rows in batches]
    writer.close()
    record = store.record(twin.id)
    return said, np.sort(record.value).tolist(), "" if _now(batches) else record.digest()


def _said(work: Any) -> Any:
    try:
        return [(r.id, r.status, r.version) for r in work().observations]
    except Exception as err:  # noqa: BLE001 the refusal is the outcome
        return err.args[0].partition("(")[0]


def _now(batches: list[list[Any]]) -> bool:
    """Whether some version is known from the moment of its arrival on, which differs between two runs."""
    return any(row.known_us is None for rows in batches for row in rows)
