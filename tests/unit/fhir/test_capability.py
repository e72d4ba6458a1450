"""The CapabilityStatement does not lie: everything it states is done here, for every type, as it states it."""

from pathlib import Path
from typing import Any

import pytest

from fhir_examples import BASE, VALUES, Client, example, parsed, with_value
from vitruvian.platform.connect.fhir import definitions, values
from vitruvian.platform.connect.fhir.validate import validate

DONE = {
    "fhirVersion", "format", "date", "kind", "software", "implementation", "status", "resourceType", "rest",
}  # fmt: skip
STATED = {
    "type", "interaction", "versioning", "readHistory", "updateCreate", "conditionalCreate", "conditionalRead",
    "conditionalUpdate", "conditionalDelete", "searchParam", "operation",
}  # fmt: skip


def statement(client: Client) -> dict[str, Any]:
    return parsed(client("GET", "metadata"))


@pytest.mark.slow
def test_all_that_is_stated_is_done(tmp_path: Path) -> None:
    client = Client(tmp_path)
    stated = statement(client)
    assert validate(stated) == ()
    assert stated.keys() == DONE, "what else it states needs a test here"
    (rest,) = stated["rest"]
    assert {i["code"] for i in rest["interaction"]} == {"transaction", "batch"}  # test_bundle.py, and below
    assert [o["name"] for o in rest["operation"]] == ["export"]  # test_bulk.py
    assert {r["type"] for r in rest["resource"]} == definitions.resource_types()
    lies: list[tuple[str, ...]] = []
    for resource in rest["resource"]:
        assert resource.keys() == STATED
        assert [o["name"] for o in resource["operation"]] == ["validate"]
        for interaction in resource["interaction"]:
            INTERACTIONS[interaction["code"]](client, resource["type"])
        conditions(client, resource)
        lies += searches(client, resource["type"], resource["searchParam"])
    assert lies == []
    client.database.close()


def create(client: Client, kind: str) -> None:
    made = client("POST", kind, example(kind))
    assert made.status == 201, made.body
    assert parsed(client("POST", f"{kind}/$validate", example(kind)))["issue"][0]["severity"] == "information"


def read(client: Client, kind: str) -> None:
    client("PUT", f"{kind}/a1", {**example(kind), "id": "a1"})
    found = parsed(client("GET", f"{kind}/a1"))
    assert {k: v for k, v in found.items() if k not in ("id", "meta")} == example(kind)


def vread(client: Client, kind: str) -> None:
    assert client("GET", f"{kind}/a1/_history/1").status == 200


def update(client: Client, kind: str) -> None:
    changed = {**example(kind), "id": "a1", "language": "de"}
    assert client("PUT", f"{kind}/a1", changed, if_match='W/"1"').status == 200
    assert client("PUT", f"{kind}/a1", example(kind) | {"id": "a1"}, if_match='W/"1"').status == 412
    assert parsed(client("GET", f"{kind}/a1"))["language"] == "de"


def delete(client: Client, kind: str) -> None:
    client("PUT", f"{kind}/a2", {**example(kind), "id": "a2"})
    assert client("DELETE", f"{kind}/a2").status == 204
    assert client("GET", f"{kind}/a2").status == 410


def history_instance(client: Client, kind: str) -> None:
    assert parsed(client("GET", f"{kind}/a1/_history"))["entry"]


def history_type(client: Client, kind: str) -> None:
    assert parsed(client("GET", f"{kind}/_history"))["entry"]


def search_type(client: Client, kind: str) -> None:
    assert parsed(client("GET", f"{kind}?_id=a1"))["total"] == 1


INTERACTIONS = {
    "create": create,
    "read": read,
    "vread": vread,
    "update": update,
    "delete": delete,
    "history-instance": history_instance,
    "history-type": history_type,
    "search-type": search_type,
}


def conditions(client: Client, stated: dict[str, Any]) -> None:
    kind = stated["type"]
    assert (stated["conditionalCreate"], stated["conditionalUpdate"], stated["updateCreate"]) == (True, True, True)
    assert client("POST", kind, example(kind), if_none_exist="_id=a1").status == 200
    changed = {**example(kind), "language": "fr"}
    assert client("PUT", f"{kind}?_id=a1", changed).status == 200
    assert stated["conditionalRead"] == "not-match"
    assert client("GET", f"{kind}/a1", if_none_match='W/"3"').status == 304
    assert stated["conditionalDelete"] == "not-supported"
    assert client("DELETE", kind).status == 405
    assert (stated["versioning"], stated["readHistory"]) == ("versioned-update", True)


def searches(client: Client, kind: str, stated: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """One resource with a value at each path; each parameter finds it, and not what has another value."""
    known = definitions.parameters(kind)
    assert {s["name"] for s in stated} == known.keys() | {"_id", "_lastUpdated"}
    paths = sorted({(path, _target(p)) for p in known.values() for path in p.paths})
    entries = [
        {
            "resource": {**with_value(kind, path, target), "id": f"p{i}"},
            "request": {"method": "PUT", "url": f"{kind}/p{i}"},
        }
        for i, (path, target) in enumerate(paths)
    ]
    answer = parsed(client("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
    assert all(e["response"]["status"] == "201" for e in answer.get("entry", [])), answer
    lies = []
    for p in known.values():
        for path in p.paths:
            name = f"p{paths.index((path, _target(p)))}"
            value = list(values.at(with_value(kind, path, _target(p)), path))[-1]
            right, wrong = _asked(p.kind, *value)
            for query, total in ((right, 1), (wrong, 0)):
                page = client("GET", f"{kind}?_summary=count&_id={name}&{p.name}={query}")
                lies += [] if parsed(page).get("total") == total else [(kind, p.name, path, query)]
    return lies


def _target(parameter: definitions.Parameter) -> str:
    return parameter.targets[0] if parameter.kind == "reference" and parameter.targets else ""


def _asked(kind: str, element: str, value: Any) -> tuple[str, str]:
    if kind == "date":
        return "ge2026-02-28", "lt2020"
    if kind in ("quantity", "number"):
        return "ge0", "lt-5"
    if kind == "string":
        return {"HumanName": "noe", "Address": "erl"}.get(element, str(value)[:3].upper()), "zzz"
    if kind == "reference":
        return value["reference"] if isinstance(value, dict) else value, "Patient/zzz"
    if element in ("CodeableConcept", "Coding"):
        coding = value["coding"][0] if element == "CodeableConcept" else value
        return f"{coding['system']}|{coding['code']}", "zzz"
    if element == "Identifier":
        return "urn:mrn|123", "urn:mrn|124"
    if element == "ContactPoint":
        return VALUES["ContactPoint"]["value"], "556"
    return ("true", "false") if value is True else (str(value), "zzz")


def test_the_statement_names_the_server(tmp_path: Path) -> None:
    client = Client(tmp_path)
    assert statement(client)["implementation"]["url"] == BASE
    client.database.close()
