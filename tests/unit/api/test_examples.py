"""Every operation of the OpenAPI document has an example that was a real exchange, and that its schema still allows."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from served import Served

NO_JSON = {  # what these answer or take is no JSON, or comes when it comes
    "/fhir/$export/{token}",
    "/fhir/$export/{token}/{file}",
    "/fhir/$export",
    "/fhir/$import",
    "/fhir/metadata",
    "/fhir/{kind}/_search",
    "/metrics",
    "/v1/stream",
    "/v1/twins/{twin_id}/waveforms/stream",
}
RECORD = "run tests/record_examples.py"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        if media == "application/json":
            yield "request", body
    for status, answer in operation["responses"].items():
        for media, body in answer.get("content", {}).items():
            if status.startswith("2") and media == "application/json":
                yield status, body


def test_every_operation_has_one_that_its_schema_allows(served: Served) -> None:
    document = served.app.app.openapi()
    lacking, wrong = [], []
    for path, method, operation in operations(document):
        found = list(bodies(operation))
        if path not in NO_JSON and not path.startswith("/fhir") and found:
            lacking += [] if any("example" in body for where, body in found if where != "request") else [(method, path)]
        for where, body in found:
            if "example" not in body:
                continue
            try:
                jsonschema.validate(body["example"], {**body["schema"], "components": document["components"]})
            except jsonschema.ValidationError as err:
                wrong.append((method, path, where, err.message[:200]))
    assert (lacking, wrong) == ([], []), RECORD


def test_what_is_recorded_is_still_there(served: Served) -> None:
    from vitruvian.api.schema import recorded

    there = {(path, method) for path, method, _ in operations(served.app.app.openapi())}
    gone = [(p, m) for p, methods in recorded().items() for m in methods if (p, m) not in there]
    assert gone == [], RECORD


@pytest.mark.parametrize(
    "pattern", [r"vt_[\w-]{40,}", r"password\": \"(?!correct horse|another long)", r"/tmp/|/home/"]
)
def test_no_secret_and_no_place_of_a_machine_is_in_them(pattern: str) -> None:
    from vitruvian.api.schema import recorded

    assert re.search(pattern, str(recorded())) is None
