"""FHIR in: read, validated, stored and indexed, beside what fhir.resources takes for its validation alone.

Both sides in one process, CPU seconds, best of three. Peer: `fhir.resources` R4B `model_validate_json` on the same
bytes. Ours is FhirServer: JSON with its digits, the R4 tables, fhir.resources' own check, the version and its search
index in SQLite (durable). "validate" is the same without the store. Also the cost of a bundle's size.
Writes benchmarks/results/fhir_path.json.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vitruvian.platform.connect.fhir import FhirServer, Request, model, written
from vitruvian.platform.connect.fhir.validate import structure, validate
from vitruvian.platform.store.database import Database

RESULTS = Path(__file__).parent / "results" / "fhir_path.json"
COUNT, BUNDLE = 2_000, 1_000
PULSE = {
    "resourceType": "Observation",
    "status": "final",
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}
    ],
    "code": {
        "coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}],
        "text": "Heart rate",
    },
    "subject": {"reference": "Patient/p1", "display": "somebody"},
    "encounter": {"reference": "Encounter/e1"},
    "effectiveDateTime": "2026-03-01T08:00:00+01:00",
    "issued": "2026-03-01T08:00:10.123+01:00",
    "valueQuantity": {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
}


def rate(work: Callable[[], int]) -> float:
    """Resources a second of CPU, best of three."""
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        done = work()
        best = max(best, done / (time.process_time() - start))
    return best


def bundle(count: int) -> bytes:
    """A transaction of observations."""
    request = {"method": "POST", "url": "Observation"}
    entries = [
        {"resource": {**PULSE, "valueQuantity": {"value": i, "unit": "/min"}}, "request": request} for i in range(count)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


def main() -> None:
    """Measure, print, write."""
    text = json.dumps(PULSE).encode()
    peer = model.model("Observation")
    with tempfile.TemporaryDirectory() as place:
        database = Database.open(place)
        server = FhirServer(database, lambda: datetime.now(UTC), "http://here/fhir")

        def post(address: str, body: bytes, status: int) -> None:
            answer = server.handle(Request("POST", address, [], {}, body))
            assert answer.status == status, answer.body[:300]

        def alone() -> int:
            for _ in range(COUNT):
                peer.model_validate_json(text)
            return COUNT

        def tables() -> int:
            for _ in range(COUNT):
                assert not structure(written.loads(text))
            return COUNT

        def validated() -> int:
            for _ in range(COUNT):
                assert not validate(written.loads(text))
            return COUNT

        def single() -> int:
            for _ in range(COUNT // 10):
                post("Observation", text, 201)
            return COUNT // 10

        sizes = {n: bundle(n) for n in (BUNDLE, 10_000, 20_000)}

        def bundled() -> int:
            post("", sizes[BUNDLE], 200)
            return BUNDLE

        rows: dict[str, Any] = {
            "fhir.resources validate alone (peer)": rate(alone),
            "our tables alone (JSON with digits, R4 elements, codes, formats)": rate(tables),
            "validate: tables and fhir.resources": rate(validated),
            "transaction of 1,000: validated, stored, indexed": rate(bundled),
            "single POST, a commit each": rate(single),
        }
        cost = {}
        for n in (10_000, 20_000):
            start = time.process_time()
            post("", sizes[n], 200)
            cost[n] = time.process_time() - start
        database.close()
    first = rows["fhir.resources validate alone (peer)"]
    result = {
        "workload": f"vital-sign Observation of {len(text)} bytes; resources per CPU second of the client process",
        "rates": {name: round(value) for name, value in rows.items()},
        "cost over fhir.resources": {name: round(first / value, 2) for name, value in rows.items()},
        "transaction, CPU s": {str(n): round(value, 2) for n, value in cost.items()},
        "20,000 over 10,000": round(cost[20_000] / cost[10_000], 2),
        "machine": f"{platform.machine()} x {os.cpu_count()}, Python {platform.python_version()}",
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
