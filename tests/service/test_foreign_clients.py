"""Foreign clients, unmodified, drive one server: each creates, reads or searches, updates, and meets a refusal.

fhirpy and fhir-kit-client over FHIR, python-hl7's own client over MLLP, mosquitto_pub over MQTT.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fhirpy
import hl7
import httpx
import pytest
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from hl7.client import MLLPClient

import npm
from hl7_messages import oru, said
from needs import require
from running import Running, free_port


@dataclass(frozen=True)
class Connected:
    """A server with its ports for HL7 and the broker it listens to."""

    server: Running
    mllp: int
    broker: int

    def found(self, query: str) -> list[dict[str, Any]]:
        """Resources by a FHIR search."""
        headers = {"Authorization": f"Bearer {self.server.token}"}
        answer = httpx.get(f"{self.server.url}/fhir/{query}", headers=headers).raise_for_status().json()
        return [entry["resource"] for entry in answer.get("entry", ())]

    def soon(self, query: str, count: int) -> list[dict[str, Any]]:
        """The same, once there are so many."""
        deadline = time.monotonic() + 30
        while len(found := self.found(query)) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    place = tmp_path_factory.mktemp("foreign")
    program, mllp, port = require("mosquitto"), free_port(), free_port()
    config = place / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen([str(program), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Running(str(place / "store"))
    server.prepare()
    server.start("--mllp", str(mllp), "--mqtt", f"mqtt://127.0.0.1:{port}/omh")
    yield Connected(server, mllp, port)
    server.stop()
    broker.terminate()
    broker.wait()


def test_fhirpy(connected: Connected) -> None:
    server = connected.server
    client = fhirpy.SyncFHIRClient(f"{server.url}/fhir", authorization=f"Bearer {server.token}")
    identifier = [{"system": "urn:mrn", "value": "1"}]
    patient = client.resource("Patient", name=[{"family": "Noether"}], identifier=identifier)
    patient.save()
    found = client.resources("Patient").search(family="noe").fetch_all()
    assert [p["id"] for p in found] == [patient["id"]]
    assert client.resources("Patient").search(family="noe").count() == 1
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


def test_fhir_kit_client(connected: Connected) -> None:
    seen = json.loads(npm.run("fhir_kit.js", f"{connected.server.url}/fhir", connected.server.token))
    assert seen == {
        "version": "4.0.1",
        "read": "Hopper",
        "found": [True],
        "updated": [True, "2"],
        "old": True,
        "history": 2,
        "stale": [412, "OperationOutcome"],
        "transaction": ["201"] * 3,
        "pages": [2, 1],
        "wrong": [422, "OperationOutcome"],
        "unknown": [400, "OperationOutcome"],
        "stranger": [401, "OperationOutcome"],
        "gone": [410, "OperationOutcome"],
    }


def test_python_hl7s_client(connected: Connected) -> None:
    with MLLPClient("127.0.0.1", connected.mllp) as client:

        def send(message: bytes) -> str:
            return said(hl7.parse(client.send_message(message).strip(b"\x0b\x1c\r").decode()))

        assert send(oru("11.5", at="20260301090000+0000", number="k1")) == "AA"
        (made,) = connected.found("Observation?code=4049-3")
        assert made["valueQuantity"]["value"] == 11.5
        corrected = oru("12.5", at="20260301093000+0000", number="k2", status="C")
        assert send(corrected) == "AA"
        (updated,) = connected.found("Observation?code=4049-3")
        assert (updated["id"], updated["valueQuantity"]["value"], updated["status"]) == (made["id"], 12.5, "corrected")
        assert [p["name"][0]["family"] for p in connected.found("Patient?family=lovelace")] == ["Lovelace"]
        assert send(b"MSH|^~\\&|A|B|C|D|2026||XYZ^A01|9|P|2.5\r") == "AR"
        assert send(b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|10|P|2.5\r") == "AE", "no PID"


def test_mosquitto_pub(connected: Connected) -> None:
    program = require("mosquitto_pub")

    def publish(payload: str) -> None:
        command = [str(program), "-p", str(connected.broker), "-V", "5", "-q", "1", "-t", "omh/pub1", "-m", payload]
        subprocess.run(command, check=True, timeout=30)

    def point(value: int, created: str) -> str:
        schema = {"namespace": "omh", "name": "heart-rate", "version": "2.0"}
        header = {"id": "p-1", "creation_date_time": created, "schema_id": schema}
        frame = {"date_time": "2026-03-01T07:00:00Z"}
        body = {"heart_rate": {"value": value, "unit": "beats/min"}, "effective_time_frame": frame}
        return json.dumps({"header": header, "body": body})

    query = "Observation?subject=Patient/pub1"
    publish(point(61, "2026-03-01T07:01:00Z"))
    (made,) = connected.soon(query, 1)
    assert made["valueQuantity"]["value"] == 61
    publish("rubbish")  # taken from the broker, kept with the reason, and no resource
    publish(point(62, "2026-03-01T07:05:00Z"))
    deadline = time.monotonic() + 30
    while (now := connected.found(query)[0])["valueQuantity"]["value"] == 61 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (now["id"], now["valueQuantity"]["value"]) == (made["id"], 62)
    assert len(connected.found(query)) == 1
