"""FHIR over HTTP: the server under /fhir, behind the same gate, with OperationOutcomes for errors."""

from served import Served

PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}]}


def test_create_read_update_search_delete(served: Served) -> None:
    made = served.call("POST", "/fhir/Patient", json=PATIENT)
    assert made.status_code == 201, made.text
    assert made.headers["content-type"] == "application/fhir+json"
    where = f"/fhir/Patient/{made.json()['id']}"
    assert made.headers["location"].endswith(f"{where}/_history/1")
    assert served.call("GET", where).json() == made.json()
    changed = {**made.json(), "active": True}
    assert served.call("PUT", where, json=changed, headers={"If-Match": 'W/"1"'}).status_code == 200
    assert (
        served.call("PUT", where, json={**changed, "active": False}, headers={"If-Match": 'W/"1"'}).status_code == 412
    )
    found = served.call("GET", "/fhir/Patient?identifier=urn:mrn|1").json()
    assert (found["total"], found["entry"][0]["resource"]["active"]) == (1, True)
    assert served.call("DELETE", where).status_code == 204
    assert served.call("GET", where).status_code == 410
    assert len(served.call("GET", f"{where}/_history").json()["entry"]) == 3


def test_a_transaction(served: Served) -> None:
    entry = {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": [entry, entry]}
    answer = served.call("POST", "/fhir", json=sent)
    assert answer.status_code == 200, answer.text
    assert [e["response"]["status"] for e in answer.json()["entry"]] == ["201", "201"]


def test_who_may(served: Served) -> None:
    nobody = served.call("GET", "/fhir/Patient", token="")
    assert nobody.status_code == 401
    assert nobody.json()["resourceType"] == "OperationOutcome"
    assert served.call("GET", "/fhir/metadata", token="").status_code == 200
    viewer = served.add_token("viewer")
    assert served.call("GET", "/fhir/Patient", token=viewer).status_code == 200
    assert served.call("POST", "/fhir/Patient", json=PATIENT, token=viewer).status_code == 403
    assert served.call("POST", "/fhir", json=PATIENT, token=viewer).status_code == 403
    assert served.call("POST", "/fhir/Patient/_search", token=viewer).status_code == 200


def test_refusals_are_operation_outcomes(served: Served) -> None:
    wrong = served.call("POST", "/fhir/Patient", json={**PATIENT, "gender": "x"})
    assert wrong.status_code == 422
    assert wrong.json()["issue"][0]["expression"] == ["Patient.gender"]
    assert served.call("GET", "/fhir/Patient?shoe=1").json()["resourceType"] == "OperationOutcome"


def test_bulk(served: Served) -> None:
    line = b'{"resourceType":"Patient","id":"p1"}'
    assert "1 stored" in served.call("POST", "/fhir/$import", content=line).text
    begun = served.call("GET", "/fhir/$export")
    assert begun.status_code == 202
    manifest = served.call("GET", begun.headers["content-location"]).json()
    (file,) = manifest["output"]
    lines = served.call("GET", file["url"])
    assert lines.headers["content-type"] == "application/fhir+ndjson"
    assert b'"id":"p1"' in lines.content
