"""Search: kinds of parameters, prefixes, modifiers, paging, sorting; strict and lenient."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_examples import BASE, Client, parsed
from vitruvian.platform.connect.fhir import values

LOINC = "http://loinc.org"


def observation(name: str, when: str, value: float, code: str = "8867-4", subject: str = "Patient/p") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": subject},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    made = Client(tmp_path_factory.mktemp("store"))
    given = [
        observation("a", "2026-03-01T08:00:00Z", 60),
        observation("b", "2026-03-01T12:00:00+02:00", 70),
        observation("c", "2026-03-02", 80, "8480-6"),
        observation("d", "2026-03-03T08:00:00Z", 90, subject="Patient/q"),
        observation("e", "2026-03-03T09:00:00Z", 5.4, subject="http://other.example/fhir/Patient/p"),
        observation("f", "2026-03-04T09:00:00Z", 5.44, subject="Device/p"),
    ]
    del given[3]["valueQuantity"]
    given[3]["dataAbsentReason"] = {"coding": [{"code": "unknown"}]}
    for resource in given:
        assert made("PUT", f"Observation/{resource['id']}", resource).status == 201
    names = [("p", "Müller", "Zoë"), ("q", "Muller", "Ann"), ("r", "Von Müller", "Zo")]
    for name, family, first in names:
        body = {"resourceType": "Patient", "id": name, "name": [{"family": family, "given": [first]}]}
        made("PUT", f"Patient/{name}", body | {"birthDate": f"19{len(first)}0-05"})
    yield made
    made.database.close()


def ids(client: Client, address: str, **headers: str) -> list[str]:
    answer = client("GET", address, **headers)
    assert answer.status == 200, answer.body
    return [e["resource"]["id"] for e in parsed(answer).get("entry", [])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abcdef"),
        ("_id=a,b", "ab"),
        (f"code={LOINC}|8867-4", "abdef"),
        ("code=8480-6", "c"),
        ("code=8480-6,8867-4", "abcdef"),
        (f"code={LOINC}|", "abcdef"),
        ("code=|8480-6", ""),
        ("code=urn:other|8480-6", ""),
        ("code:not=8480-6", "abdef"),
        ("status=http://hl7.org/fhir/observation-status|final", "abcdef"),
        ("patient=p", "abc"),
        ("patient=Patient/p", "abce"),
        ("subject=Device/p", "f"),
        ("subject:Device=p", "f"),
        ("subject=p", "abcf"),
        ("date=2026-03-01", "ab"),
        ("date=2026-03-01T10:00:00Z", "b"),
        ("date=ge2026-03-02&date=lt2026-03-03", "c"),
        ("date=gt2026-03-03", "f"),
        ("date=le2026-03-01T08:00:00Z", "a"),
        ("date=ne2026-03", ""),
        ("date=sa2026-03-03T08:00:00Z", "ef"),
        ("date=eb2026-03-02", "ab"),
        ("date=2026", "abcdef"),
        ("value-quantity=5.4", "ef"),
        ("value-quantity=5.40", "e"),
        ("value-quantity=gt70", "c"),
        ("value-quantity=ge70|http://unitsofmeasure.org|/min", "bc"),
        ("value-quantity=ge70|http://unitsofmeasure.org|mg", ""),
        ("value-quantity:missing=true", "d"),
        ("data-absent-reason:missing=false", "d"),
        ("code=8867-4&patient=p&date=2026-03-01", "ab"),
        ("_lastUpdated=gt2020", "abcdef"),
        ("_lastUpdated=lt2020", ""),
    ],
)
def test_observations(client: Client, query: str, found: str) -> None:
    assert "".join(ids(client, f"Observation?{query}")) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("family=mull", "pq"),
        ("family=MÜLLER", "pq"),
        ("family:exact=Müller", "p"),
        ("family:contains=mull", "pqr"),
        ("name=zo", "pr"),
        ("given=ann,zoe", "pq"),
        ("birthdate=1930-05", "pq"),
        ("_sort=family", "qpr"),
        ("_sort=-_id", "rqp"),
        ("_sort=given,_id", "qrp"),
    ],
)
def test_patients(client: Client, query: str, found: str) -> None:
    got = "".join(ids(client, f"Patient?{query}"))
    assert got == found or ("_sort=family" in query and sorted(got[:2]) == ["p", "q"])


@pytest.mark.parametrize("query", ["_count=2", "_count=2&_sort=-date", "_count=2&status=final"])
def test_pages_hold_everything_once(client: Client, query: str) -> None:
    address, seen = f"Observation?{query}", []
    for _ in range(9):
        page = parsed(client("GET", address))
        assert page["total"] == 6
        seen += [e["resource"]["id"] for e in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            break
        address = following[0].removeprefix(BASE + "/")
    assert sorted(seen) == list("abcdef")
    assert seen == sorted(seen, reverse="-date" in query)


def test_counting_only(client: Client) -> None:
    for query in ("_summary=count", "_count=0"):
        page = parsed(client("GET", f"Observation?{query}"))
        assert (page["total"], page.get("entry")) == (6, None)


def test_by_post_and_by_identifier(client: Client) -> None:
    form = client(
        "POST", "Observation/_search", b"code=8480-6&_count=5", content_type="application/x-www-form-urlencoded"
    )
    assert [e["resource"]["id"] for e in parsed(form)["entry"]] == ["c"]
    subject = {"identifier": {"system": "urn:mrn", "value": "9"}}
    body = observation("", "2026-04-01", 1) | {"subject": subject}
    del body["id"]
    made = parsed(client("POST", "Observation", body))["id"]
    assert ids(client, "Observation?subject:identifier=urn:mrn|9") == [made]
    client("DELETE", f"Observation/{made}")


def test_what_is_not_known_is_refused_unless_asked_otherwise(client: Client) -> None:
    refused = client("GET", "Observation?shoe=42&code=8480-6")
    assert refused.status == 400
    assert "'shoe' is not known for Observation" in parsed(refused)["issue"][0]["diagnostics"]
    lenient = parsed(client("GET", "Observation?shoe=42&code=8480-6", prefer="handling=lenient"))
    assert lenient["total"] == 1
    assert "shoe" not in lenient["link"][0]["url"]


def test_an_update_is_found_by_its_new_values_only(client: Client) -> None:
    client("PUT", "Device/x", {"resourceType": "Device", "id": "x", "status": "active"})
    client("PUT", "Device/x", {"resourceType": "Device", "id": "x", "status": "inactive"})
    assert ids(client, "Device?status=active") == []
    assert ids(client, "Device?status=inactive") == ["x"]
    client("DELETE", "Device/x")
    assert ids(client, "Device?status=inactive") == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024", 366 * 86400),
        ("2026-02", 28 * 86400),
        ("2026-03-01", 86400),
        ("2026-03-01T08:00Z", 60),
        ("2026-03-01T08:00:00Z", 1),
        ("2026-03-01T08:00:00.5Z", 0.1),
    ],
)
def test_a_time_is_as_long_as_it_is_vague(text: str, seconds: float) -> None:
    found = values.span(text)
    assert found is not None
    assert found[1] - found[0] == round(seconds * 1e6)
    assert values.span("2026-03-01T10:00:00+02:00") == values.span("2026-03-01T08:00:00Z")
