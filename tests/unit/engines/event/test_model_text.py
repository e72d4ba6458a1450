"""The declarative model as text: both ways, its schema, and errors that name line, place and cure."""

import json

import jsonschema
import pytest

from vitruvian.core.errors import KindError, ParseError
from vitruvian.engines.event.text import json_schema, read_model, write_json, write_yaml

SMALL = """\
name: small
label: synthetic, for a test
pools:
  - {name: nurse, kind: staff, groups: [{name: day, count: 3, roster: day}, {name: night, count: 2, roster: night}]}
  - {name: bed, kind: bed, capacity: 4, turnaround: {hold: {law: gamma, mean: 20, cv: 0.5}}}
rosters:
  - {name: day, shifts: [{start: 07:00, end: 19:30}]}
  - {name: night, shifts: [{start: 19:00, end: 07:30}]}
pathways:
  - name: walk-in
    steps:
      - {name: triage, place: ed, seize: [{pool: nurse}], hold: {mean: 8}}
      - {name: stay, place: ed, seize: [{pool: bed}, {pool: nurse}], hold: 30}
arrivals: [{name: door, pathway: walk-in, rates: [3, 5, 6, 2]}]
"""


def test_a_model_survives_yaml_and_json() -> None:
    model = read_model(SMALL)
    assert read_model(write_yaml(model)) == model
    assert read_model(write_json(model)) == model
    assert model.steps[1].hold.law == "fixed"


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    plain = json.loads(write_json(read_model(SMALL)))
    jsonschema.validate(plain, json_schema())
    plain["pools"][1]["kind"] = "sofa"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, json_schema())


def test_times_and_names_stay_text() -> None:
    """YAML 1.1 would read 19:30 as 1170 and no as false."""
    model = read_model(SMALL.replace("name: walk-in", "name: NO").replace("pathway: walk-in", "pathway: NO"))
    assert model.pathways[0].name == "NO"
    assert model.rosters[0].shifts[0].end == "19:30"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{pool: bed}", "{pool: cot}",
         r"f.yaml, line 13: pathways\[0\].steps\[1\].seize\[0\].pool: there is no pool 'cot'"),
        ("hold: 30", "hold: -30", r"line 13.*must be >= 0 \(got -30\)"),
        ("hold: 30", "hold: {law: gamma, mean: 3}", r"line 13.*lacks cv"),
        ("hold: 30", "hold: {law: wobbly, mean: 3}", r"line 13.*law: 'wobbly' is not among"),
        ("end: 19:30", "end: 07:00", r"line 7.*no length"),
        ("end: 19:30", "end: 25:30", r"line 7.*no time of day"),
        ("- {name: day, shifts: [{start: 07:00, end: 19:30}]}",
         "- {name: day, shifts: [{start: 07:00, end: 19:30}, {start: 12:00, end: 13:00, count: 1}]}",
         r"line 4.*needs 4 on mon 12:00, the group has 3"),
        ("roster: night", "roster: nights", r"line 4.*no roster 'nights'"),
        ("pathway: walk-in", "pathway: walkin", r"line 14.*no pathway 'walkin'"),
        ("hold: 30}", "hold: 30, route: {to: {theatre: 1}}}", r"line 13.*no step 'theatre'"),
        ("hold: 30}", "hold: 30, route: {to: {triage: 0.8, leave: 0.3}}}", r"line 13.*sum 1.1"),
        ("hold: 30}", "hold: 30, colour: red}", r"Step has no field 'colour'"),
        ("hold: 30}", "hold: 30, keep: [nurses]}", r"no pool 'nurses'"),
        ("capacity: 4", "capacity: 4.5", r"line 5: pools\[1\].capacity: must be a whole number"),
        ("capacity: 4", "capacity: -4", r"must be >= 0"),
        ("capacity: 4", "capacity: 4, capacity: 5", r"given twice"),
        ("arrivals: [", "arrivals: {", r"f.yaml, line"),
        ("{pool: bed}", "{pool: bed, amount: 5}", r"never has 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, said: str) -> None:
    assert old in SMALL
    with pytest.raises((KindError, ParseError), match=said) as caught:
        read_model(SMALL.replace(old, new, 1), "f.yaml")
    assert caught.value.fix


def test_pools_that_may_wait_for_each_other_are_refused() -> None:
    """Ward patients keep their bed for the ICU, ICU patients theirs for the ward: both full, nobody moves."""
    text = """\
name: knot
label: synthetic, for a test
pools: [{name: ward, capacity: 1}, {name: icu, capacity: 1}]
pathways:
  - name: worse
    steps:
      - {name: ward stay, seize: [{pool: ward}], hold: 60, keep: [ward]}
      - {name: icu stay, seize: [{pool: icu}], free: [ward], hold: 60, keep: [icu]}
      - {name: back, seize: [{pool: ward}], free: [icu], hold: 60}
arrivals: [{name: door, pathway: worse, rates: [1]}]
"""
    with pytest.raises(KindError, match=r"'ward' is held by those who wait at 'icu stay' for 'icu'"):
        read_model(text)
    assert read_model(text + "cycles: detect\n").cycles == "detect"
    one_way = text.replace(", keep: [icu]", "").replace(", free: [icu]", "")
    assert read_model(one_way).cycles == "refuse"
