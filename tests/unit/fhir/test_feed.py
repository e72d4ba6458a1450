"""Resources become facts of twins: by code and unit, corrected, taken back, merged and unmerged; nothing is dropped."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import Client
from vitruvian.core.case import Case, Origin
from vitruvian.platform import registry
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.instant import micros
from vitruvian.platform.store import Store

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ORIGIN = Origin(datetime(2026, 2, 28, tzinfo=UTC), "UTC")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path, followers=(feed,))
    yield made
    made.database.close()


def twin(client: Client, subject: str, kind: str = "infusion") -> Store:
    store = Store(client.database)
    found = registry.get(kind)
    person = found.subject() if kind == "metabolic" else found.example().case.subject
    store.create_twin(subject, found, Case(person, origin=ORIGIN), now=ORIGIN.utc)
    return store


def level(name: str, value: Any, unit: str = "mg/L", *, code: str = "4049-3", patient: str = "p1", **more: Any) -> dict:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-03-01T07:00:00Z",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    } | more


def put(client: Client, resource: dict[str, Any]) -> None:
    answer = client("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
    assert answer.status in (200, 201), answer.body


def now(store: Store, subject: str) -> list[tuple[str, float]]:
    """(id, value) of the readings in force."""
    record = store.record(subject)
    newest: dict[str, tuple[float, float, bool]] = {}
    for name, known, value, gone in zip(record.id, record.known_at, record.value, record.removed, strict=True):
        if name not in newest or known >= newest[name][0]:
            newest[name] = (known, value, gone)
    return sorted((name, value) for name, (_, value, gone) in newest.items() if not gone)


def test_a_reading_reaches_its_twin_in_the_twins_unit(client: Client) -> None:
    store = twin(client, "p1")
    put(client, level("a", 11.5))
    put(client, level("b", 0.0123, "g/L"))
    assert now(store, "p1") == [("Observation/a", 11.5), ("Observation/b", pytest.approx(12.3))]


def test_both_codes_of_glucose_give_the_same_reading(client: Client) -> None:
    store = twin(client, "p1", "metabolic")
    put(client, level("a", 99, "mg/dL", code="99504-3"))
    put(client, level("b", 5.5, "mmol/L", code="99504-3"))
    (_, mass), (_, molar) = now(store, "p1")
    assert molar == pytest.approx(5.5 * 18.0156)
    assert mass == 99


def test_a_scale_and_a_watch_reach_the_person_at_home(client: Client) -> None:
    store = twin(client, "p1", "home")
    put(client, level("a", 176.37, "[lb_av]", code="29463-7"))
    put(client, level("b", 98.6, "[degF]", code="8310-5"))
    put(client, level("c", 97, "%", code="59408-5"))
    (_, weight), (_, warmth), (_, saturation) = now(store, "p1")
    assert (round(weight, 2), round(warmth, 2), saturation) == (80.0, 37.0, 97)


def test_a_correction_is_a_further_version_and_an_error_takes_it_back(client: Client) -> None:
    store = twin(client, "p1")
    put(client, level("a", 11.5))
    put(client, level("a", 12.5, status="corrected"))
    assert now(store, "p1") == [("Observation/a", 12.5)]
    put(client, level("a", 12.5, status="entered-in-error"))
    assert now(store, "p1") == []
    put(client, level("b", 3))
    client("DELETE", "Observation/b")
    assert now(store, "p1") == []
    assert len(store.record("p1").value) == 5, "all of it stays readable"


def test_it_moves_with_its_subject(client: Client) -> None:
    store = twin(client, "p1")
    twin(client, "Patient/p2")
    put(client, level("a", 11.5))
    put(client, level("a", 11.5, patient="p2"))
    assert (now(store, "p1"), now(store, "Patient/p2")) == ([], [("Observation/a", 11.5)])


def test_twins_are_found_by_identifier(client: Client) -> None:
    store = twin(client, "urn:mrn|9")
    body = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:mrn", "value": "9"}]}
    put(client, body)
    put(client, level("a", 11.5))
    put(client, level("x", 1.0, patient="other"))
    put(client, level("y", 2.0) | {"subject": {"reference": "http://elsewhere.example/fhir/Patient/p1"}})
    assert now(store, "urn:mrn|9") == [("Observation/a", 11.5)]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (level("a", 1, code="718-7"), "no observable of kind 'infusion' has the code"),
        (level("a", 1, "Cel"), "cannot convert 'Cel' to 'mg/L'"),
        (level("a", 1, "glub"), "glub"),
        (level("a", 1) | {"effectiveDateTime": "2026-03-01"}, "has no time of day"),
        (level("a", 1) | {"effectiveDateTime": "2027-03-01T08:00:00Z"}, "lies in the future"),
        ({k: v for k, v in level("a", 1).items() if k != "effectiveDateTime"}, "does not say when"),
        ({k: v for k, v in level("a", 1).items() if k != "valueQuantity"}, "has no value"),
        ({k: v for k, v in level("a", 1).items() if k != "valueQuantity"} | {"valueString": "x"}, "not a number"),
        (level("a", 1) | {"valueQuantity": {"value": 1}}, "has no unit"),
    ],
    ids=range(9),
)
def test_what_cannot_be_used_is_kept_aside(client: Client, resource: dict[str, Any], reason: str) -> None:
    store = twin(client, "p1")
    for _ in range(2):
        put(client, resource)
    (aside,) = store.kept_aside("p1")
    assert reason in aside.reason
    assert aside.file == "Observation/a"
    assert aside.fix
    assert now(store, "p1") == []


def test_components_and_limits(client: Client) -> None:
    store = twin(client, "p1")
    code = {"coding": [{"system": LOINC, "code": "4049-3"}]}
    body = level("a", 1)
    del body["valueQuantity"]
    less = {"value": 0.5, "comparator": "<", "unit": "mg/L", "system": UCUM, "code": "mg/L"}
    put(client, body | {"component": [{"code": code, "valueQuantity": less}]})
    assert now(store, "p1") == [("Observation/a/component[0]", 0.5)]
    assert store.record("p1").limit.tolist() == [-1]


def test_given_medication_becomes_an_action(client: Client) -> None:
    store = twin(client, "p1")
    base = {"resourceType": "MedicationAdministration", "status": "completed", "subject": {"reference": "Patient/p1"}}
    drug = {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "10438"}]}}
    grams = {"value": 0.3, "unit": "g", "system": UCUM, "code": "g"}
    at = {"effectiveDateTime": "2026-03-01T06:00:00Z"}
    put(client, {**base, **drug, **at, "id": "m1", "dosage": {"dose": grams}})
    rate = {"value": 30, "unit": "mg/h", "system": UCUM, "code": "mg/h"}
    period = {"effectivePeriod": {"start": "2026-03-01T06:00:00Z", "end": "2026-03-01T07:30:00Z"}}
    put(client, {**base, **drug, **period, "id": "m2", "dosage": {"rateQuantity": rate}})
    other = {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "1"}]}}
    put(client, {**base, **other, **at, "id": "m3", "dosage": {"dose": grams}})
    put(client, {**base, **drug, **at, "id": "m4"})
    timeline = [action.to_json() for action in store.case("p1").timeline]
    assert [(a["type"], a.get("dose"), a.get("rate"), a.get("duration")) for a in timeline] == [
        ("Bolus", 300.0, None, None),
        ("Infuse", None, 30.0, 1.5),
    ]
    assert [a.file for a in store.kept_aside("p1")] == ["MedicationAdministration/m3", "MedicationAdministration/m4"]
    put(client, {**base, **drug, **at, "id": "m1", "dosage": {"dose": grams}, "status": "entered-in-error"})
    assert [a["type"] for a in (x.to_json() for x in store.case("p1").timeline)] == ["Infuse"]


def test_a_merge_joins_and_its_undoing_parts(client: Client) -> None:
    store = twin(client, "p1")
    twin(client, "p2")
    for name in ("p1", "p2"):
        put(client, {"resourceType": "Patient", "id": name})
    put(client, level("a", 1, patient="p1"))
    put(client, level("b", 2, patient="p2"))
    said = micros(datetime(2026, 3, 1, 7, 30, tzinfo=UTC))
    whole = {"resourceType": "Patient", "id": "p2"}
    link = {"link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]}
    with client.database.write() as connection:  # as a message of that time does it
        archive = Archive(connection, "local", micros(client.clock()), said_us=said)
        archive.put({**whole, **link}, "p2")
        feed(archive)
    both = [("Observation/a", 1), ("Observation/b", 2)]
    assert now(store, "p1") == now(store, "p2") == both
    put(client, level("c", 3, patient="p2"))
    assert now(store, "p1") == [*both, ("Observation/c", 3)]
    known = dict(zip(store.record("p1").id, store.record("p1").known_at, strict=True))
    assert known["Observation/b"] == (said - micros(ORIGIN.utc)) / 1e6, "not known to be p1's before it was said"
    put(client, whole)
    assert now(store, "p1") == [("Observation/a", 1)]
    assert now(store, "p2") == [("Observation/b", 2), ("Observation/c", 3)]
    put(client, {**whole, **link})
    assert now(store, "p1") == [*both, ("Observation/c", 3)]
