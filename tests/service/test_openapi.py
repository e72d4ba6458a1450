"""The whole OpenAPI document, generated requests: no 5xx, no status and no body that it does not state."""

import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from running import Running
from vitruvian.api.app import create_app
from vitruvian.platform.claims.evidence import fuzz

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(str(tmp_path_factory.mktemp("store")))
    made.prepare()
    made.start()
    yield made
    made.stop()


def operations() -> Any:
    """The document of an application that is not running: its routes are those of one that is.

    Without the answers that never end: tests of the live streams read those.
    """
    with tempfile.TemporaryDirectory() as place:
        app = create_app(place)
        document = app.app.openapi()
        app.site.close()
    streams = {p for p, o in document["paths"].items() if "text/event-stream" in str(o.get("get", {}).get("responses"))}
    assert streams == set(fuzz.ENDLESS)
    schema = schemathesis.openapi.from_dict(document)
    for path in streams:
        schema = schema.exclude(path=path)
    return schema


SCHEMA = operations()


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
def test_every_operation_keeps_what_the_document_says(case: Any, server: Running) -> None:
    if case.path == "/v1/jobs" and case.method == "POST" and isinstance(case.body, dict):
        case.body = {**case.body, "arguments": {"kind": "none"}}  # no job that runs for minutes
    case.call_and_validate(
        base_url=server.url,
        headers={"Authorization": f"Bearer {server.token}"},
        checks=CHECKS,
    )


def test_sequences_in_which_answers_feed_the_next_request_keep_it_too() -> None:
    found = fuzz.sequences("", None, None, True, lambda share: None)
    assert found["met"], found
