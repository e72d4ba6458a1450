"""Data points become Observations with LOINC and UCUM codes; what breaks its schema is kept with the reason."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import Client, parsed
from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import ParseError
from vitruvian.platform import registry
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.connect.mqtt import Broker, Gateway
from vitruvian.platform.connect.mqtt.openmhealth import checked, observation
from vitruvian.platform.store import Store

NOW = {"date_time": "2026-03-01T07:00:00Z"}


def point(name: str, version: str, number: str = "1", /, **body: Any) -> dict[str, Any]:
    schema = {"namespace": "omh", "name": name, "version": version}
    header = {"id": number, "creation_date_time": "2026-03-01T07:01:00Z", "schema_id": schema}
    return {"header": header | {"acquisition_provenance": {"source_name": "Dexcom G6"}}, "body": body}


def glucose(value: Any, number: str = "1", unit: str = "mg/dL", source: str = "interstitial fluid") -> dict[str, Any]:
    amount = {"value": value, "unit": unit}
    return point("blood-glucose", "3.0", number, blood_glucose=amount, specimen_source=source, effective_time_frame=NOW)


def read(data: dict[str, Any]) -> dict[str, Any]:
    return observation(data, "p1", "2026-03-01T08:00:00Z")


def test_a_reading_of_a_sensor() -> None:
    made = read(glucose(99))
    assert made["code"]["coding"] == [{"system": "http://loinc.org", "code": "99504-3"}]
    assert made["valueQuantity"]["code"] == "mg/dL"
    assert (made["effectiveDateTime"], made["issued"]) == ("2026-03-01T07:00:00+00:00", "2026-03-01T07:01:00Z")
    assert made["device"] == {"display": "Dexcom G6"}
    assert read(glucose(5.5, unit="mmol/L", source="capillary blood"))["code"]["coding"][0]["code"] == "14743-9"


def test_a_pair_is_a_panel_and_a_statistic_is_no_reading() -> None:
    sides = {
        f"{side}_blood_pressure": {"value": v, "unit": "mmHg"} for side, v in (("systolic", 120), ("diastolic", 80))
    }
    panel = read(point("blood-pressure", "3.0", **sides, effective_time_frame=NOW))
    assert [c["code"]["coding"][0]["code"] for c in panel["component"]] == ["8480-6", "8462-4"]
    frame = {"time_interval": {"start_date_time": "2026-03-01T07:00:00Z", "duration": {"value": 2, "unit": "h"}}}
    rate = {"value": 60, "unit": "beats/min"}
    mean = read(
        point("heart-rate", "2.0", heart_rate=rate, effective_time_frame=frame, descriptive_statistic="average")
    )
    assert mean["code"]["coding"] == [{"system": "urn:omh", "code": "heart-rate:average"}]
    assert mean["effectivePeriod"] == {"start": "2026-03-01T07:00:00+00:00", "end": "2026-03-01T09:00:00+00:00"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "is no data point"),
        ({"header": {}, "body": {}}, "header.schema_id"),
        (point("shoe-size", "1.0"), "the schema 'shoe-size' is not read"),
        (point("heart-rate", "x"), "has no name and version"),
        (glucose("99"), "is not a number"),
        (glucose(99, unit="g"), "'g' is not known"),
        (glucose(99, source="soup"), "'soup' is not known"),
        (glucose(99, number=""), "header.id"),
        (point("heart-rate", "2.0", heart_rate={"value": 60, "unit": "beats/min"}), "effective_time_frame"),
        (point("heart-rate", "1.0", heart_rate={"value": 60, "unit": "beats/min"}, effective_time_frame={}), "neither"),
    ],
    ids=range(10),
)
def test_a_broken_point_is_told_with_its_place(data: Any, said: str) -> None:
    with pytest.raises(ParseError, match=said) as err:
        read(data)
    assert err.value.fix


def test_early_versions_leave_the_time_open() -> None:
    checked("heart-rate", 1.0, {"heart_rate": {"value": 60, "unit": "beats/min"}})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path, followers=(feed,))
    yield made
    made.database.close()


def gateway(client: Client) -> Gateway:
    def writing(work: Any) -> Any:
        with client.database.write() as connection:
            return work(connection)

    return Gateway(writing, client.clock)


def test_payloads_reach_the_twin_once(client: Client) -> None:
    found = registry.get("metabolic")
    origin = Origin(datetime(2026, 2, 28, tzinfo=UTC), "UTC")
    store = Store(client.database)
    store.create_twin("p1", found, Case(found.subject(), origin=origin), now=origin.utc)
    take = gateway(client).take
    payload = json.dumps([glucose(99, "1"), glucose(5.5, "2", "mmol/L")]).encode()
    assert [take("omh/p1", payload) for _ in range(3)] == ["taken"] * 3
    assert sorted(store.record("p1").value.round(3)) == [99, round(5.5 * 18.0156, 3)]
    assert set(store.record("p1").sensor) == {"dexcom"} or set(store.record("p1").sensor) == {""}
    assert parsed(client("GET", "Observation?_summary=count"))["total"] == 2


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[{}]", b"[" * 5000, json.dumps(glucose("x")).encode()])
def test_a_bad_payload_is_kept_with_its_reason(client: Client, payload: bytes) -> None:
    said = gateway(client).take("omh/p1", payload)
    assert "Fix: " in said
    assert gateway(client).take("omh/p1", payload) == said
    with client.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT raw, answer FROM messages").fetchall()
    assert [(bytes(r[0]), r[1]) for r in rows] == [(payload, said)]


def test_brokers_are_addresses() -> None:
    assert Broker.of("mqtts://ada:x%40y@host/ward/omh") == Broker("host", 8883, "ward/omh", "ada", "x@y", True)
    for wrong in ("host", "mqtt://host", "mqtt://host/a/#", "http://host/omh"):
        with pytest.raises(Exception, match="is no broker"):
            Broker.of(wrong)
