"""What the synthetic sources speak: MLLP, MQTT with data points of Open mHealth, FHIR, and the native batches."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import aiomqtt
import httpx

from vitruvian.api.demo.house import Event
from vitruvian.api.demo.people import Person, Said
from vitruvian.platform.connect.fhir.arrival import SAID
from vitruvian.platform.connect.hl7v2.mllp import END, START
from vitruvian.platform.connect.mqtt import Broker
from vitruvian.platform.synthetic import MARK

UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"
RXNORM = {"fast": ("51428", "insulin aspart"), "basal": ("274783", "insulin glargine")}  # by ingredient
TEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data"}
AT_ONCE = 200  # entries in a transaction, points in a payload


class Mllp:
    """The hospital's admission system: one connection, opened again when it breaks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, events: Iterable[Event]) -> None:
        """Each acknowledged before the next."""
        for event in events:
            if self._line is None:
                self._line = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._line
            writer.write(START + event.message.encode() + END)
            answer = await reader.readuntil(END)
            if b"MSA|AA" not in answer:
                raise RuntimeError(f"refused: {answer.decode('utf-8', 'replace')}")


class Mqtt:
    """The gateway of the sensors: data points of Open mHealth, QoS 1."""

    def __init__(self, url: str) -> None:
        self.broker = Broker.of(url)

    async def send(self, person: Person, readings: Sequence[Said]) -> None:
        """All readings of one person, in payloads of at most AT_ONCE points."""
        async with aiomqtt.Client(self.broker.host, self.broker.port) as client:
            for i in range(0, len(readings), AT_ONCE):
                points = [_point(s) for s in readings[i : i + AT_ONCE]]
                await client.publish(f"{self.broker.prefix}/{person.id}", json.dumps(points), qos=1)


class Fhir:
    """The record system: patients, given insulin, and readings where there is no other way."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def patients(self, people: Iterable[Person]) -> None:
        """Who they are; the identifier is the name of the twin."""
        await self._transaction([_patient(p) for p in people])

    async def send(self, said: Sequence[Said]) -> None:
        """Readings as Observations, doses as MedicationAdministrations."""
        made = [_observation(s) if s.what == "glucose" else _given(s) for s in said]
        for i in range(0, len(made), AT_ONCE):
            await self._transaction(made[i : i + AT_ONCE])

    async def _transaction(self, resources: Sequence[dict[str, Any]]) -> None:
        if not resources:
            return
        entry = [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources
        ]
        body = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
        answer = await self.client.post("/fhir", json=body, headers={"Content-Type": "application/fhir+json"})
        answer.raise_for_status()


class Native:
    """Programs that post batches: the food diary, the bed board, a reader of a sensor."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(
        self, twin: str, source: str, observations: Sequence[Any] = (), actions: Sequence[Any] = ()
    ) -> dict[str, Any]:
        """One batch; what became of it."""
        if not observations and not actions:
            return {}
        body = {"source": f"{source} {MARK}", "observations": list(observations), "actions": list(actions)}
        answer = await self.client.post(f"/v1/twins/{twin}/records", json=body)
        return answer.raise_for_status().json()


async def people_say(
    said: Iterable[Said], twins: dict[str, str], fhir: Fhir, native: Native, mqtt: Mqtt | None
) -> None:
    """Everything by the way it comes: diaries natively, pens over FHIR, sensors as each person's gateway does."""
    by: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by[one.person.id].append(one)
    for name, some in by.items():
        person = some[0].person
        readings = [s for s in some if s.what == "glucose"]
        meals = [meal_row(s) for s in some if s.what == "meal"]
        doses = [s for s in some if s.what in RXNORM]
        await native.send(twins[name], "food diary", actions=meals)
        if person.by == "mqtt" and mqtt is not None:
            await mqtt.send(person, readings)
            await fhir.send(doses)
        elif person.by == "fhir":
            await fhir.send([*doses, *readings])
        else:
            await fhir.send(doses)
            await native.send(twins[name], "sensor reader", [reading_row(s) for s in readings])


def reading_row(said: Said) -> dict[str, Any]:
    """A row of a native batch."""
    row = {"observable": "glucose", "time": said.at.isoformat(), "value": said.value, "unit": "mg/dL"}
    return {**row, "device": f"sensor {said.person.id}", "known_at": said.known_at.isoformat()}


def meal_row(said: Said) -> dict[str, Any]:
    """A meal as an action."""
    fields = {"carbohydrate": said.value}
    return {"type": "Meal", "time": said.at.isoformat(), "known_at": said.known_at.isoformat(), "fields": fields}


def _point(said: Said) -> dict[str, Any]:
    schema = {"namespace": "omh", "name": "blood-glucose", "version": "4.0"}
    header: dict[str, Any] = {"id": f"{said.person.id}-{_name(said.at)}", "schema_id": schema}
    header["creation_date_time"] = said.known_at.isoformat()
    header["acquisition_provenance"] = {"source_name": f"sensor {MARK}", "modality": "sensed"}
    body = {"blood_glucose": {"value": said.value, "unit": "mg/dL"}, "specimen_source": "interstitial fluid"}
    return {"header": header, "body": {**body, "effective_time_frame": {"date_time": said.at.isoformat()}}}


def _patient(person: Person) -> dict[str, Any]:
    name = [{"text": person.subject}]
    made = {"resourceType": "Patient", "id": person.id, "meta": {"tag": [TEST]}, "name": name}
    return {**made, "identifier": [{"value": person.subject}]}


def _observation(said: Said) -> dict[str, Any]:
    quantity = {"value": said.value, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}
    return {
        "resourceType": "Observation",
        "id": f"{said.person.id}-{_name(said.at)}",
        "meta": {"tag": [TEST]},
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "99504-3"}]},
        "subject": {"reference": f"Patient/{said.person.id}"},
        "effectiveDateTime": said.at.isoformat(),
        "issued": said.known_at.isoformat(),
        "device": {"display": f"sensor {MARK}"},
        "valueQuantity": quantity,
    }


def _given(said: Said) -> dict[str, Any]:
    code, name = RXNORM[said.what]
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": name}
    dose = {"value": said.value, "unit": "[iU]", "system": UCUM, "code": "[iU]"}
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{said.person.id}-{said.what}-{_name(said.at)}",
        "meta": {"tag": [TEST]},
        "status": "completed",
        "medicationCodeableConcept": {"coding": [coding]},
        "subject": {"reference": f"Patient/{said.person.id}"},
        "effectiveDateTime": said.at.isoformat(),
        "extension": [{"url": SAID, "valueInstant": said.known_at.isoformat()}],
        "dosage": {"dose": dose},
    }


def _name(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M")
