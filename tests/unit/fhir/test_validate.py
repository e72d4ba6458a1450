"""Validation: every R4 type has a smallest valid example, and each rule refuses what breaks it, at its place."""

import copy
from typing import Any

import pytest

from fhir_examples import example
from vitruvian.platform.connect.fhir import definitions, model, primitives
from vitruvian.platform.connect.fhir.validate import structure, validate

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "valueQuantity": {"value": 72, "unit": "/min"},
}


def test_r4_has_146_resources() -> None:
    assert len(definitions.resource_types()) == 146


def test_the_smallest_example_of_every_type_is_valid() -> None:
    assert {kind: found for kind in definitions.resource_types() if (found := structure(example(kind)))} == {}


@pytest.mark.slow  # loads the class of every type
def test_fhir_resources_finds_them_valid_too() -> None:
    assert {kind: found for kind in definitions.resource_types() if (found := model.check(example(kind)))} == {}


def test_every_required_element_is_required() -> None:
    for kind in definitions.resource_types():
        whole = example(kind)
        for name in whole.keys() - {"resourceType"}:
            less = {key: value for key, value in whole.items() if key != name}
            said = [issue for issue in structure(less) if issue.code == "required"]
            assert said, f"{kind} without {name} is taken"
            assert said[0].expression == kind


def with_(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in {**copy.deepcopy(OBSERVATION), **changes}.items() if v is not ...}


@pytest.mark.parametrize(
    ("resource", "expression", "said"),
    [
        (with_(status="nope"), "Observation.status", "required value set observation-status"),
        (with_(status=...), "Observation", "lacks the required element 'status'"),
        (with_(code={}), "Observation.code", "empty object"),
        (with_(category=[]), "Observation.category", "empty array"),
        (with_(category={"text": "x"}), "Observation.category", "is an array even for one value"),
        (with_(code=[{"text": "x"}]), "Observation.code", "may be given once only"),
        (with_(colour="red"), "Observation.colour", "is no element of this type in R4"),
        (with_(valueQuantity={"value": "72"}), "Observation.valueQuantity.value", "number without quotes"),
        (with_(valueString="x"), "Observation", "has both valueQuantity and valueString"),
        (with_(note=[{"text": "a\x00b"}]), "Observation.note[0].text", "control character U+0000"),
        (with_(note=[{"text": ""}]), "Observation.note[0].text", "is empty"),
        (with_(note=[{"text": "\ud800"}]), "Observation.note[0].text", "control character U+D800"),
        (with_(effectiveDateTime="2026-02-30"), "Observation.effectiveDateTime", "a day that no calendar has"),
        (with_(effectiveDateTime="2026-03-01T08:00:00"), "Observation.effectiveDateTime", "with a zone"),
        (with_(issued="2026-03-01"), "Observation.issued", "is not written"),
        (
            with_(component=[{"code": {"text": "x"}, "valueInteger": 1.5}]),
            "Observation.component[0].valueInteger",
            "whole",
        ),
        (with_(subject=None), "Observation.subject", "is null"),
        (with_(extension=[{"url": "http://x"}]), "Observation.extension[0]", "neither a value nor extensions"),
        (with_(code={"id": "a"}), "Observation.code", "has an id but no content"),
        (with_(_status={}), "Observation._status", "must be an object"),
        (with_(contained=[{"resourceType": "Nope"}]), "Observation.contained[0]", "not an R4 resource type"),
        (
            with_(text={"status": "generated", "div": "<div><script>1</script></div>"}),
            "Observation.text.div",
            "scripts",
        ),
        ({"resourceType": "Nope"}, "", "not an R4 resource type"),
        ({}, "", "has no resourceType"),
        ([], "", "must be a resource"),
        (None, "", "must be a resource"),
    ],
    ids=range(26),
)
def test_each_rule_names_the_place_and_the_fix(resource: Any, expression: str, said: str) -> None:
    found = validate(resource)
    assert any(i.expression == expression and said in i.what and i.fix for i in found), found


def test_an_array_of_primitives_may_have_gaps_that_are_explained() -> None:
    why = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
    patient = {"resourceType": "Patient", "name": [{"given": ["Ada", None], "_given": [None, why]}]}
    assert validate(patient) == ()
    unexplained = {"resourceType": "Patient", "name": [{"given": ["Ada", None]}]}
    assert [i.expression for i in validate(unexplained)] == ["Patient.name[0].given[1]"]
    uneven = {"resourceType": "Patient", "name": [{"given": ["Ada"], "_given": [None, why]}]}
    assert "has 2 places, given has 1" in validate(uneven)[0].what


def test_a_required_element_may_be_an_extension_that_says_why_it_lacks() -> None:
    why = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
    assert structure(with_(status=..., _status=why)) == ()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("code", ["a", "a b"], [" a", "a  b", "a\n", ""]),
        (
            "date",
            ["2024-02-29", "2026-03", "1999"],
            ["2023-02-29", "0000", "2026-13", "26-01-01", "2026-03-01T08:00:00Z"],
        ),
        ("decimal", [1, -2], [True, "1", "72"]),
        ("id", ["a-1.B"], ["a_b", "", "x" * 65]),
        ("instant", ["2026-03-01T08:00:00.123+01:00"], ["2026-03-01T08:00Z", "2026-03-01T24:00:00Z"]),
        ("integer", [-(2**31), 2**31 - 1], [2**31, 1.5, "1", True]),
        ("oid", ["urn:oid:1.2.840"], ["1.2.840", "urn:oid:3.1"]),
        ("uri", ["urn:x", "http://a/b?c=d"], ["a b", ""]),
        ("uuid", ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"], ["53fefa32-fcbb-4ff8-8a92-55ee120877b7"]),
        ("time", ["23:59:60", "08:00:00.5"], ["8:00:00", "24:00:00", "08:00"]),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_primitive_formats(kind: str, good: list[Any], bad: list[Any]) -> None:
    assert [v for v in good if primitives.check(kind, v)] == []
    assert [v for v in bad if not primitives.check(kind, v)] == []


def test_a_coding_outside_a_required_value_set_is_found_in_concepts_too() -> None:
    bound = [
        (kind, element)
        for kind in definitions.resource_types()
        for element in definitions.shape(kind).elements.values()
        if isinstance(element.codes, dict)
    ]
    assert bound, "R4 binds concepts of some resources"
    for kind, element in bound:
        wrong: Any = {"system": "urn:wrong", "code": "wrong"}
        wrong = {"coding": [wrong]} if element.type == "CodeableConcept" else wrong
        broken = example(kind) | {element.name: [wrong] if element.many else wrong}
        assert any("required value set" in issue.what for issue in structure(broken)), (kind, element.name)


@pytest.mark.slow
def test_fhir_resources_checks_what_r4b_left_as_r4_has_it() -> None:
    without = {kind for kind in definitions.resource_types() if model.model(kind) is None}
    assert "Observation" not in without
    # R4B dropped or changed these, and their parts
    assert all(kind.startswith(("Medicinal", "Substance", "Evidence", "Effect", "Risk")) for kind in without)
    assert len(without) == 20


def test_validation_does_not_change_the_resource() -> None:
    before = example("Observation")
    after = copy.deepcopy(before)
    validate(after)
    assert after == before
