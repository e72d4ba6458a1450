"""Bundles: a transaction holds as a whole or not at all, of a batch each entry by itself; both linear in size."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import Client, parsed
from vitruvian.platform.connect.fhir.bundle import _entry
from vitruvian.platform.connect.fhir.validate import structure

MOTHER, CHILD = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.database.close()


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **request: str) -> dict[str, Any]:
    made: dict[str, Any] = {"fullUrl": full_url} if full_url else {}
    made |= {"resource": resource} if resource else {}
    return made | {"request": {"method": method, "url": url, **request}}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def pulse(value: int, subject: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    made = {"resourceType": "Observation", "status": "final", "code": code, "subject": {"reference": subject}}
    return made | {"valueQuantity": {"value": value}}


def statuses(answer: Any) -> list[str]:
    return [e["response"]["status"] for e in answer["entry"]]


def test_entries_refer_to_each_other(client: Client) -> None:
    sent = bundle(
        "transaction",
        entry("POST", "Observation", pulse(72, MOTHER)),
        entry("POST", "Patient", patient(active=True), MOTHER),
        entry("POST", "Patient", patient(link=[{"other": {"reference": MOTHER}, "type": "seealso"}]), CHILD),
        entry("PUT", "Patient/x", patient(id="x", link=[{"other": {"reference": CHILD}, "type": "seealso"}])),
    )
    answer = parsed(client("POST", "", sent))
    assert (answer["type"], statuses(answer)) == ("transaction-response", ["201"] * 4)
    observation, mother, child, x = [e["resource"] for e in answer["entry"]]
    assert observation["subject"]["reference"] == f"Patient/{mother['id']}"
    assert child["link"][0]["other"]["reference"] == f"Patient/{mother['id']}"
    assert x["link"][0]["other"]["reference"] == f"Patient/{child['id']}"
    assert answer["entry"][1]["response"]["location"] == f"Patient/{mother['id']}/_history/1"


def test_references_by_criteria_and_conditional_creates(client: Client) -> None:
    client("PUT", "Patient/p", patient(id="p", identifier=[{"system": "urn:mrn", "value": "1"}]))
    again = patient(identifier=[{"system": "urn:mrn", "value": "1"}])
    sent = bundle(
        "transaction",
        entry("POST", "Patient", again, MOTHER, ifNoneExist="identifier=urn:mrn|1"),
        entry("POST", "Observation", pulse(72, MOTHER)),
        entry("POST", "Observation", pulse(73, "Patient?identifier=urn:mrn|1")),
    )
    answer = parsed(client("POST", "", sent))
    assert statuses(answer) == ["200", "201", "201"]
    assert {e["resource"]["subject"]["reference"] for e in answer["entry"][1:]} == {"Patient/p"}


@pytest.mark.parametrize(
    ("bad", "status", "where"),
    [
        (entry("POST", "Observation", pulse(1, CHILD)), 400, "Bundle.entry[1]"),
        (entry("POST", "Observation", pulse(1, "Patient?identifier=none")), 400, ""),
        (entry("PUT", "Patient/p", patient(id="p"), ifMatch='W/"7"'), 412, "Bundle.entry[1]"),
        (entry("POST", "Patient", patient(gender="x")), 400, "Bundle.entry[1].resource.gender"),
        (entry("POST", "Observation", patient()), 400, "Bundle.entry[1].request.url"),
        (entry("PUT", "Patient/q", patient(id="r")), 400, "Bundle.entry[1].Patient.id"),
        (entry("PUT", "Patient", patient(id="r")), 400, "Bundle.entry[1].request.url"),
        (entry("POST", "Nope", patient()), 400, "Bundle.entry[1].request.url"),
        (entry("PATCH", "Patient/p", patient()), 400, "Bundle.entry[1].request.method"),
        (entry("GET", "Patient/none"), 404, "Bundle.entry[1]"),
        (entry("POST", "Patient", patient(), MOTHER), 400, "Bundle.entry[1].fullUrl"),
        ({"resource": patient()}, 400, "Bundle.entry[1]"),
        ({"request": {"method": "POST", "url": "Patient"}}, 400, "Bundle.entry[1].resource"),
    ],
    ids=range(13),
)
def test_a_transaction_with_one_fault_leaves_nothing_behind(
    client: Client, bad: dict[str, Any], status: int, where: str
) -> None:
    answer = client("POST", "", bundle("transaction", entry("POST", "Patient", patient(), MOTHER), bad))
    assert answer.status == status
    issue = parsed(answer)["issue"][0]
    assert "Fix: " in issue["diagnostics"]
    assert issue.get("expression", [""])[0].startswith(where)
    assert parsed(client("GET", "Patient"))["total"] == 0


def test_one_resource_may_be_changed_once(client: Client) -> None:
    twice = [entry("PUT", "Patient/p", patient(id="p")), entry("DELETE", "Patient/p")]
    assert client("POST", "", bundle("transaction", *twice)).status == 400


def test_the_order_of_a_transaction_is_delete_post_put_get(client: Client) -> None:
    client("PUT", "Patient/old", patient(id="old"))
    sent = bundle(
        "transaction",
        entry("GET", "Patient?_summary=count"),
        entry("PUT", "Patient/new", patient(id="new")),
        entry("DELETE", "Patient/old"),
        entry("POST", "Patient", patient()),
    )
    answer = parsed(client("POST", "", sent))
    assert statuses(answer) == ["200", "201", "204", "201"]
    assert answer["entry"][0]["resource"]["total"] == 2


def test_a_batch_does_what_it_can(client: Client) -> None:
    sent = bundle(
        "batch",
        entry("POST", "Patient", patient()),
        entry("POST", "Patient", patient(gender="x")),
        entry("POST", "Observation", pulse(1, MOTHER)),
        entry("GET", "Patient/none"),
        entry("PUT", "Patient/p", patient(id="p")),
        {"request": {"method": "GET", "url": "Patient?unknown=1"}},
    )
    answer = parsed(client("POST", "", sent))
    assert (answer["type"], statuses(answer)) == ("batch-response", ["201", "400", "400", "404", "201", "400"])
    assert answer["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]
    assert parsed(client("GET", "Patient"))["total"] == 2


def test_a_bundle_that_is_no_request_is_refused(client: Client) -> None:
    for kind in ("collection", "searchset", "nope"):
        assert client("POST", "", bundle(kind)).status == 400
    assert client("POST", "", {"resourceType": "Bundle", "type": "batch"}).status == 200


def test_validation_is_linear_in_the_entries() -> None:
    def seconds(count: int) -> float:
        sent = bundle(
            "transaction", *[entry("POST", "Observation", pulse(i, "Patient/p"), f"urn:x:{i}") for i in range(count)]
        )
        start = time.process_time()
        assert structure({**sent, "entry": [{"request": e["request"]} for e in sent["entry"]]}) == ()
        assert all(_entry(i, e).problem is None for i, e in enumerate(sent["entry"]))
        return time.process_time() - start

    seconds(200)
    small, large = min(seconds(1000) for _ in range(3)), min(seconds(2000) for _ in range(3))
    print(f"1,000 entries {small:.3f} s CPU, 2,000 {large:.3f} s")
    assert large <= 2.6 * small  # 2.2 at full size (tests/science/test_fhir_official.py); short timings scatter
