"""The OpenAPI document: FastAPI's, with what each operation's permission is, and how to show who one is."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from vitruvian.api.gate import COOKIE, PUBLIC, routes
from vitruvian.api.problems import ProblemBody

ABOUT = """Healthcare digital twins: what will happen, what if, what is best, why, and how do you know.

Every time is ISO 8601 with an offset; a time without one is local to the twin's subject where that is said. Lists come
in pages: `next` is the value of `after` for the following page. What is read carries an ETag. Errors are
application/problem+json with what is wrong, where, and the fix. For research use: not a medical device."""


def install(app: FastAPI) -> None:
    """`app.openapi()` makes the document once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, openapi_version="3.1.0"
    )
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["ProblemBody"] = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "an API token: POST /v1/tokens"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "POST /v1/sessions sets it"},
    }
    for route, permission in routes(app):
        for method in route.methods or ():
            operation = made["paths"].get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            operation["x-permission"] = permission
            operation["security"] = [] if permission == PUBLIC else [{"token": []}, {"session": []}]
            _problem_for_422(operation)
            _exemplify(operation, recorded().get(route.path_format, {}).get(method.lower(), {}))
    return made


@cache
def recorded() -> dict[str, dict[str, dict[str, Any]]]:
    """{path: {method: {"request" or a status: what was sent and answered}}}: tests/record_examples.py made it."""
    return json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))


def _exemplify(operation: dict[str, Any], said: dict[str, Any]) -> None:
    """Real requests and answers beside the schemas."""
    for where, example in said.items():
        place = operation.get("requestBody" if where == "request" else "responses", {})
        content = (place if where == "request" else place.get(where, {})).get("content", {})
        for media, body in content.items():
            if media.endswith("json"):
                body["example"] = example


def _problem_for_422(operation: dict[str, Any]) -> None:
    """FastAPI documents its own form of a 422; here it is a problem like every other."""
    found = operation["responses"].get("422")
    if found is not None and "application/fhir+json" not in found.get("content", {}):  # which is an OperationOutcome
        found["description"] = "Unprocessable Content"
        found["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
