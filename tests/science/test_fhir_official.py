"""FHIR against HL7's own material: official examples, primitive values, StructureDefinitions; synthetic patients."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import Client, parsed
from needs import require_data
from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir import definitions, model, primitives, written
from vitruvian.platform.connect.fhir.validate import structure, validate

PRIMITIVES = {
    "base64_binary": "base64Binary",
    "date_time": "dateTime",
    "positive_int": "positiveInt",
    "unsigned_int": "unsignedInt",
}


def official() -> list[Path]:
    return sorted(require_data("interop", "fhir-r4-official-examples").glob("*.json"))


def as_written(value: Any) -> bytes:
    """Every value with its digits; the order of members is no matter in JSON."""
    if isinstance(value, dict):
        return b"{" + b",".join(written.dumps(k) + b":" + as_written(value[k]) for k in sorted(value)) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(as_written, value)) + b"]"
    return written.dumps(value)


def test_official_examples_are_stored_and_read_back_equal(tmp_path: Path) -> None:
    client, unequal = Client(tmp_path), []
    for path in official():
        sent = written.loads(path.read_bytes())
        stored = client("PUT", f"{sent['resourceType']}/{sent['id']}", path.read_bytes())
        assert stored.status == 201, (path.name, stored.body[:500])
        got = parsed(client("GET", f"{sent['resourceType']}/{sent['id']}"))
        for resource in (sent, got):  # the server's own, which replaces the sender's
            meta = {k: v for k, v in resource.pop("meta", {}).items() if k not in ("versionId", "lastUpdated")}
            resource |= {"meta": meta} if meta else {}
        unequal += [path.name] if as_written(sent) != as_written(got) else []
    client.database.close()
    assert len(official()) >= 185
    assert unequal == []


def test_primitive_values() -> None:
    wrong = []
    files = sorted(require_data("interop", "fhir-r4-primitives").glob("*.ndjson"))
    for path in files:
        name, verdict, _ = path.name.split(".")
        for line in path.read_text("utf-8").splitlines():
            if line and _accepted(PRIMITIVES.get(name, name), line) != (verdict == "valid"):
                wrong.append((path.name, line))
    assert len(files) >= 20
    assert wrong == []


def _accepted(kind: str, line: str) -> bool:
    try:
        value = written.loads(line)
    except ParseError:
        return False
    if kind == "reference":
        held = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": value}
        return structure(held) == ()
    return primitives.check(kind, value) is None


def test_the_tables_are_the_structure_definitions() -> None:
    different = []
    for path in sorted(require_data("interop", "fhir-r4-structuredefinitions").glob("*.json")):
        for element in json.loads(path.read_text("utf-8"))["snapshot"]["element"][1:]:
            parent, _, name = element["path"].rpartition(".")
            shape = definitions.shape(parent)
            group = name.removesuffix("[x]")
            held = [e for e in shape.elements.values() if name in (e.name, f"{e.group}[x]")]
            required = group in (*shape.required, *shape.required_groups)
            types = 1 if not name.endswith("[x]") else len(element["type"])
            if (len(held), held[0].many, required) != (types, element["max"] == "*", element["min"] > 0):
                different.append(element["path"])
    assert different == []


def test_required_bindings_of_the_structure_definitions_are_enforced() -> None:
    """Every code element with a required binding: a code that is not in it is refused (unless it cannot be listed)."""
    loose = []
    for path in sorted(require_data("interop", "fhir-r4-structuredefinitions").glob("*.json")):
        for element in json.loads(path.read_text("utf-8"))["snapshot"]["element"][1:]:
            binding = element.get("binding", {})
            if binding.get("strength") != "required":
                continue
            parent, _, name = element["path"].rpartition(".")
            held = definitions.shape(parent).elements.get(name)
            if held is not None and held.codes is None:
                loose.append((element["path"], binding["valueSet"].rpartition("/")[2].partition("|")[0]))
    # media types and languages are open lists (BCP 13, BCP 47)
    assert {value_set for _, value_set in loose} <= {"mimetypes", "all-languages", "ucum-units"}, loose


def test_synthetic_patients_are_taken_whole(tmp_path: Path) -> None:
    path = min(require_data("interop", "synthea-r4").glob("*.json"), key=lambda p: p.stat().st_size)
    client = Client(tmp_path)
    answer = client("POST", "", path.read_bytes())
    assert answer.status == 200, answer.body[:1000]
    entries = parsed(answer)["entry"]
    assert {e["response"]["status"] for e in entries} == {"201"}
    patient = next(e["resource"]["id"] for e in entries if e["resource"]["resourceType"] == "Patient")
    sent = [e["resource"] for e in written.loads(path.read_bytes())["entry"]]
    count = sum(r["resourceType"] == "Observation" for r in sent)
    assert parsed(client("GET", f"Observation?patient={patient}&_summary=count"))["total"] == count
    client.database.close()


def pulses(count: int) -> dict[str, Any]:
    """A transaction of observations of one patient who is in it too."""
    who = "urn:uuid:11111111-1111-4111-8111-111111111111"
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    pulse = {"resourceType": "Observation", "status": "final", "code": code, "subject": {"reference": who}}
    posted = {"method": "POST", "url": "Observation"}
    first = {"fullUrl": who, "resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    entries = [
        {"fullUrl": f"urn:oid:1.2.{i}", "resource": {**pulse, "valueInteger": i}, "request": posted}
        for i in range(count)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [first, *entries]}


@pytest.mark.slow
def test_twenty_thousand_entries_cost_twice_ten_thousand(tmp_path: Path) -> None:
    client = Client(tmp_path)
    model.model("Observation")
    client("POST", "", pulses(100))
    cost = {}
    for count in (10_000, 20_000):
        sent = pulses(count)
        start = time.process_time()
        assert client("POST", "", sent).status == 200
        cost[count] = time.process_time() - start
    client.database.close()
    print(f"transaction: 10,000 entries {cost[10_000]:.1f} s CPU, 20,000 {cost[20_000]:.1f} s")
    assert cost[20_000] <= 2.2 * cost[10_000]


def test_fhir_resources_agrees_on_the_official_examples() -> None:
    assert {p.name: found for p in official()[:60] if (found := validate(written.loads(p.read_bytes())))} == {}
