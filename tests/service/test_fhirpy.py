"""An unmodified foreign client, fhirpy, drives the server: creates, reads, searches, updates, and meets refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Running

fhirpy = pytest.importorskip("fhirpy", reason="NOT TESTED: fhirpy is not here. Fix: pip install fhirpy")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    made = Running(str(tmp_path))
    made.prepare()
    made.start()
    yield made
    made.stop()


def test_fhirpy(server: Running) -> None:
    from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

    client = fhirpy.SyncFHIRClient(f"{server.url}/fhir", authorization=f"Bearer {server.token}")
    identifier = [{"system": "urn:mrn", "value": "1"}]
    patient = client.resource("Patient", name=[{"family": "Noether"}], identifier=identifier)
    patient.save()
    found = client.resources("Patient").search(family="noe").fetch_all()
    assert [p["id"] for p in found] == [patient["id"]]
    assert client.resources("Patient").count() == 1
    patient["active"] = True
    patient.save()
    read = client.reference("Patient", patient["id"]).to_resource()
    assert (read["active"], read["meta"]["versionId"]) == (True, "2")
    with pytest.raises(OperationOutcome, match="administrative-gender"):
        client.resource("Patient", gender="x").save()
    with pytest.raises(OperationOutcome, match="'shoe' is not known"):
        client.resources("Patient").search(shoe="1").fetch()
    patient.delete()
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", patient["id"]).to_resource()
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    bundle = client.resource("Bundle", type="transaction", entry=[entry])
    bundle.save()
    assert bundle["type"] == "transaction-response"
