"""R4's interactions: versions, conditions, history, refusals with their status and an OperationOutcome."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_examples import BASE, Client, parsed
from vitruvian.platform.connect.fhir import definitions

PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}]}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.database.close()


def test_what_is_created_is_read_as_it_was_written(client: Client) -> None:
    sent = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":72.10}}'
    made = client("POST", "Observation", sent)
    assert made.status == 201
    assert made.headers["ETag"] == 'W/"1"'
    where = made.headers["Location"].removeprefix(BASE + "/")
    read = client("GET", where.partition("/_history")[0])
    assert read.status == 200
    assert b'"valueQuantity":{"value":72.10}}' in read.body
    assert client("GET", where).body == read.body == made.body


def test_versions_follow_each_other_and_stay(client: Client) -> None:
    assert client("PUT", "Patient/p", {**PATIENT, "id": "p"}).status == 201
    assert client("PUT", "Patient/p", {**PATIENT, "id": "p", "active": True}, if_match='W/"1"').status == 200
    stale = client("PUT", "Patient/p", {**PATIENT, "id": "p", "active": False}, if_match='W/"1"')
    assert stale.status == 412
    assert "at version 2" in parsed(stale)["issue"][0]["diagnostics"]
    assert "active" not in parsed(client("GET", "Patient/p/_history/1"))
    assert parsed(client("GET", "Patient/p"))["active"] is True
    history = parsed(client("GET", "Patient/p/_history"))
    assert [e["response"]["etag"] for e in history["entry"]] == ['W/"2"', 'W/"1"']


def test_an_update_that_changes_nothing_makes_no_version(client: Client) -> None:
    client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    again = client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    assert (again.status, again.headers["ETag"]) == (200, 'W/"1"')


def test_a_deleted_resource_is_gone_and_can_come_back(client: Client) -> None:
    client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    assert client("DELETE", "Patient/p").status == 204
    assert client("GET", "Patient/p").status == 410
    assert client("GET", "Patient/p/_history/2").status == 410
    assert parsed(client("GET", "Patient"))["total"] == 0
    assert client("DELETE", "Patient/p").status == 204
    assert client("PUT", "Patient/p", {**PATIENT, "id": "p"}).status == 201
    methods = [e["request"]["method"] for e in parsed(client("GET", "Patient/p/_history"))["entry"]]
    assert methods == ["PUT", "DELETE", "PUT"]


def test_conditional_create_and_update(client: Client) -> None:
    once = client("POST", "Patient", PATIENT, if_none_exist="identifier=urn:mrn|1")
    again = client("POST", "Patient", PATIENT, if_none_exist="identifier=urn:mrn|1")
    assert (once.status, again.status) == (201, 200)
    assert once.version == again.version
    assert client("PUT", "Patient?identifier=urn:mrn|1", {**PATIENT, "active": True}).status == 200
    assert client("PUT", "Patient?identifier=urn:mrn|2", {**PATIENT, "active": True}).status == 201
    many = client("POST", "Patient", PATIENT, if_none_exist="identifier=urn:mrn|1")
    assert many.status == 412, "two match by now"


def test_a_read_may_be_saved(client: Client) -> None:
    client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    assert client("GET", "Patient/p", if_none_match='W/"1"').status == 304


def test_preferred_answers(client: Client) -> None:
    assert client("POST", "Patient", PATIENT, prefer="return=minimal").body == b""
    assert (
        parsed(client("POST", "Patient", PATIENT, prefer="return=OperationOutcome"))["resourceType"]
        == "OperationOutcome"
    )


@pytest.mark.parametrize(
    ("method", "address", "body", "headers", "status"),
    [
        ("GET", "Patient/none", None, {}, 404),
        ("GET", "Patient/p/_history/9", None, {}, 404),
        ("GET", "Patient/none/_history", None, {}, 404),
        ("GET", "Patient/a_b", None, {}, 400),
        ("GET", "Nope/1", None, {}, 404),
        ("GET", "Nope", None, {}, 404),
        ("PATCH", "Patient/p", b"[]", {}, 405),
        ("DELETE", "Patient", None, {}, 405),
        ("POST", "", PATIENT, {}, 400),
        ("POST", "Observation", PATIENT, {}, 400),
        ("PUT", "Patient/q", {**PATIENT, "id": "p"}, {}, 400),
        ("PUT", "Patient/q", PATIENT, {}, 400),
        ("PUT", "Patient/p", {**PATIENT, "id": "p"}, {"if_match": "1"}, 400),
        ("POST", "Patient", {"resourceType": "Patient", "gender": "x"}, {}, 422),
        ("POST", "Patient", b"<Patient/>", {"content_type": "application/fhir+xml"}, 415),
        ("POST", "Patient", b"\xff", {}, 400),
        ("POST", "Patient", b"{", {}, 400),
        ("GET", "Patient", None, {"accept": "application/fhir+xml"}, 406),
        ("GET", "Patient?_format=xml", None, {}, 406),
        ("GET", "Patient?_count=x", None, {}, 400),
        ("GET", "Patient?birthdate=x", None, {}, 400),
        ("GET", "Patient?unknown=x", None, {}, 400),
        ("GET", "Patient?name:sounds=x", None, {}, 400),
        ("GET", "Patient?_sort=shoe", None, {}, 400),
        ("GET", "Patient/p/_history?_count=x", None, {}, 400),
    ],
    ids=range(25),
)
def test_refusals_say_what_where_and_the_fix(
    client: Client, method: str, address: str, body: object, headers: dict[str, str], status: int
) -> None:
    client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    answer = client(method, address, body, **headers)
    assert answer.status == status
    outcome = parsed(answer)
    assert outcome["resourceType"] == "OperationOutcome"
    assert all("Fix: " in issue["diagnostics"] for issue in outcome["issue"])
    assert parsed(client("GET", "Patient/p"))["meta"]["versionId"] == "1", "nothing of it was kept"


def test_validate_only_looks(client: Client) -> None:
    assert parsed(client("POST", "Patient/$validate", PATIENT))["issue"][0]["severity"] == "information"
    wrong = parsed(client("POST", "Patient/$validate", {**PATIENT, "gender": "x"}))["issue"][0]
    assert (wrong["severity"], wrong["expression"]) == ("error", ["Patient.gender"])
    assert parsed(client("GET", "Patient"))["total"] == 0


def test_tenants_do_not_see_each_other(client: Client, tmp_path: Path) -> None:
    other = Client(tmp_path, tenant="other")
    client("PUT", "Patient/p", {**PATIENT, "id": "p"})
    assert other("GET", "Patient/p").status == 404
    assert parsed(other("GET", "Patient"))["total"] == 0
    assert other("PUT", "Patient/p", {**PATIENT, "id": "p"}).headers["ETag"] == 'W/"1"'
    other.database.close()


def test_search_parameters_are_r4s() -> None:
    assert {"identifier", "name", "birthdate", "gender"} <= definitions.parameters("Patient").keys()
    assert definitions.parameters("Observation")["patient"].targets == ("Patient",)
