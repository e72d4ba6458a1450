"""Bulk import and export: lines in, lines out, the same resources; bad lines are told, good ones are stored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_examples import BASE, Client, parsed
from vitruvian.platform.connect.fhir import written

LINES = [
    b'{"resourceType":"Patient","id":"p1","active":true}',
    b'{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"valueQuantity":{"value":72.10}}',
    b'{"resourceType":"Patient","id":"p2","multipleBirthInteger":2}',
]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.database.close()


def told(client: Client, lines: list[bytes]) -> list[str]:
    return [issue["diagnostics"] for issue in parsed(client("POST", "$import", b"\n".join(lines)))["issue"]]


def test_lines_are_stored_once(client: Client) -> None:
    assert told(client, LINES) == ["3 stored, 0 unchanged, 0 refused"]
    assert told(client, [*LINES, b"", b"\r"]) == ["0 stored, 3 unchanged, 0 refused"]


def test_a_bad_line_is_told_and_the_others_are_stored(client: Client) -> None:
    said = told(client, [LINES[0], b'{"resourceType":"Patient","gender":"x"}', b"{", LINES[2]])
    assert said[0] == "2 stored, 0 unchanged, 2 refused"
    assert "(line 2)" in said[1]
    assert "Patient.gender" in said[1]
    assert "line 3" in said[2]


def test_what_is_exported_is_what_was_imported(client: Client) -> None:
    told(client, LINES)
    begun = client("GET", "$export")
    assert begun.status == 202
    where = begun.headers["Content-Location"].removeprefix(BASE + "/")
    client("PUT", "Patient/late", {"resourceType": "Patient", "id": "late"})
    manifest = parsed(client("GET", where))
    assert [(o["type"], o["count"]) for o in manifest["output"]] == [("Observation", 1), ("Patient", 2)]
    lines = b"".join(client("GET", o["url"].removeprefix(BASE + "/")).body for o in manifest["output"]).splitlines()
    plain = sorted(written.dumps({k: v for k, v in written.loads(line).items() if k != "meta"}) for line in lines)
    assert plain == sorted(LINES)


def test_types_and_times_of_an_export(client: Client) -> None:
    told(client, LINES)
    where = client("GET", "$export?_type=Patient&_since=2020-01-01T00:00:00Z").headers["Content-Location"]
    assert [o["type"] for o in parsed(client("GET", where.removeprefix(BASE + "/")))["output"]] == ["Patient"]
    where = client("GET", "$export?_since=2030-01-01T00:00:00Z").headers["Content-Location"]
    assert parsed(client("GET", where.removeprefix(BASE + "/")))["output"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [("$export?_type=Nope", 400), ("$export?_since=x", 400), ("$export?_x=1", 400), ("$export/nope", 404)],
)
def test_what_cannot_be_exported_is_refused(client: Client, address: str, status: int) -> None:
    assert client("GET", address).status == status
