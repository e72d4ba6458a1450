"""Laboratory values from tables and FHIR, each by its own conversion, into a twin's subject."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from needs import require_data
from vitruvian.core.errors import ParseError
from vitruvian.core.units import convert
from vitruvian.kinds.metabolic import Person
from vitruvian.platform.connect import how
from vitruvian.platform.connect.analytes import ANALYTES
from vitruvian.platform.connect.labs import Labs, read_labs
from vitruvian.platform.labs import take_labs
from vitruvian.platform.session import Session

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def taken(path: Path, content: str, **more: Any) -> Labs:
    path.write_text(content, encoding="utf-8")
    return read_labs(path, how(zone="Europe/Berlin", now=NOW, **more))


def values(found: Labs) -> dict[str, tuple[float, str]]:
    return {lab.analyte.name: (lab.value, lab.unit) for lab in found.found}


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "target", "expected"),
    [
        ("hba1c", 48.0, "mmol/mol", "%", 6.54),  # IFCC-NGSP master equation: 48 is 6.5 %
        ("hba1c", 6.5, "%", "mmol/mol", 47.5),
        ("fasting_glucose", 5.5, "mmol/L", "mg/dL", 99.1),
        ("fasting_insulin", 60.0, "pmol/L", "u[iU]/mL", 10.0),
        ("c_peptide", 2.0, "ng/mL", "nmol/L", 0.662),  # 1 ng/mL is 0.331 nmol/L
        ("ldl", 3.0, "mmol/L", "mg/dL", 116.0),
        ("triglycerides", 1.7, "mmol/L", "mg/dL", 150.5),
        ("weight", 180.0, "[lb_av]", "kg", 81.65),
    ],
)
def test_each_analyte_has_its_own_conversion(
    analyte: str, value: float, unit: str, target: str, expected: float
) -> None:
    bridge = next(a.bridge for a in ANALYTES if a.name == analyte)
    assert float(convert(value, unit, target, bridge)) == pytest.approx(expected, rel=2e-3)


def test_every_analyte_of_a_person_has_a_field_and_a_code_is_of_one_analyte() -> None:
    fields = set(Person.__dataclass_fields__)
    assert {a.name for a in ANALYTES} <= fields
    codes = [c for a in ANALYTES for c in a.codes]
    assert len(codes) == len(set(codes))


def test_a_value_a_row(tmp_path: Path) -> None:
    rows = ["date,test,value,unit", "2026-02-03,HbA1c,48,mmol/mol", "2026-02-03T07:30,1558-6,101,mg/dL"]
    rows += ["2026-02-03,Ferritin,80,ug/L", "2026-02-03,LDL-C,high,mg/dL", "2026-02-04,eGFR,88,ml/min/1.73m2"]
    found = taken(tmp_path / "labs.csv", "\n".join(rows) + "\n")
    assert values(found) == {
        "hba1c": (48.0, "mmol/mol"),
        "fasting_glucose": (101.0, "mg/dL"),
        "egfr": (88.0, "mL/min/{1.73_m2}"),
    }
    assert [a.reason for a in found.kept_aside] == ["'high' is not a number"]
    assert found.passed_over == {"'Ferritin'": 1}
    first, second = found.found[:2]
    # a day without a time ends at local midnight; Berlin is an hour ahead of UTC in February
    assert datetime.fromtimestamp(first.utc_us / 1e6, UTC) == datetime(2026, 2, 3, 22, 59, tzinfo=UTC)
    assert datetime.fromtimestamp(second.utc_us / 1e6, UTC) == datetime(2026, 2, 3, 6, 30, tzinfo=UTC)


def test_a_test_a_column_as_study_tables_have_it(tmp_path: Path) -> None:
    head = "Date;HbA1c (mmol/mol);Fasting Plasma Glucose (mg/dl);Fasting C-peptide (nmol/L);Weight (kg);Smoking"
    found = taken(tmp_path / "wide.csv", f"{head}\n03.02.2026;56,3;137.7;0.64;55.8;no\n13.02.2026;;;/;56\n")
    assert values(found) == {
        "hba1c": (56.3, "mmol/mol"),
        "fasting_glucose": (137.7, "mg/dL"),
        "c_peptide": (0.64, "nmol/L"),
        "weight": (56.0, "kg"),
    }


def test_what_is_not_said_is_not_guessed(tmp_path: Path) -> None:
    found = taken(tmp_path / "bare.csv", "date,HbA1c\n2026-02-03,48\n")
    assert [a.reason for a in found.kept_aside] == ["hba1c without its unit"]
    found = taken(tmp_path / "order.csv", "date,HbA1c (%)\n03/02/2026,6.5\n")
    assert [a.fix for a in found.kept_aside] == ["say --dates dmy or mdy"]
    with pytest.raises(ParseError, match="is no table of laboratory values"):
        taken(tmp_path / "other.csv", "a,b\n1,2\n")
    assert "in the future" in taken(tmp_path / "late.csv", "date,HbA1c (%)\n2027-01-01,6.5\n").kept_aside[0].reason


def observation(code: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-01-10T08:00:00+01:00",
        "valueQuantity": {"value": value, "code": unit, "system": "http://unitsofmeasure.org"},
        **more,
    }


def bundle(*resources: Mapping[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def test_a_bundle(tmp_path: Path) -> None:
    found = taken(
        tmp_path / "bundle.json",
        bundle(
            {"resourceType": "Patient", "id": "1", "birthDate": "1970-01-01"},
            observation("59261-8", 48, "mmol/mol", issued="2026-01-12T10:00:00Z"),
            observation("14771-0", 5.5, "mmol/L"),
            observation("2093-3", 5.1, "mmol/L", status="entered-in-error"),
            observation("2085-9", 3, "mg/dL", valueQuantity={"value": 3, "code": "mg/dL", "comparator": "<"}),
            observation("718-7", 14, "g/dL"),
        ),
    )
    assert values(found) == {"hba1c": (48.0, "mmol/mol"), "fasting_glucose": (5.5, "mmol/L")}
    assert found.found[0].known_us is not None
    assert found.found[0].known_us > found.found[0].utc_us
    assert [a.reason for a in found.kept_aside] == ["total_cholesterol with status 'entered-in-error'", "hdl < 3"]
    assert found.passed_over == {"Patient resources": 1, "LOINC 718-7": 1}
    assert "1970" not in repr(found)


def test_one_resource_a_line_and_two_patients(tmp_path: Path) -> None:
    lines = [json.dumps(observation("29463-7", w, "kg")) for w in (80, 81)]
    assert len(taken(tmp_path / "obs.ndjson", "\n".join(lines)).found) == 2
    other = observation("29463-7", 70, "kg", subject={"reference": "Patient/2"})
    with pytest.raises(ParseError, match="several patients"):
        taken(tmp_path / "two.json", bundle(observation("29463-7", 80, "kg"), other))
    with pytest.raises(ParseError, match="is not JSON"):
        taken(tmp_path / "broken.json", '{"resourceType": "Bundle", ')


def test_synthea_bundles_are_read() -> None:
    folder = require_data("interop", "synthea-r4")
    found = [read_labs(path, how(zone="UTC", now=NOW)) for path in sorted(folder.glob("*.json"))]
    assert all({"weight", "height"} <= set(values(f)) for f in found)
    assert {"egfr", "ldl", "triglycerides"} <= {n for f in found for n in values(f)}
    assert not any(f.kept_aside for f in found)


@pytest.fixture
def session(own_home: Path) -> Session:
    return Session.begin(own_home)


def test_a_twins_subject_as_it_was_known_then(session: Session, tmp_path: Path) -> None:
    live, _ = session.create("metabolic", "Ada", zone="UTC", fields={"weight": "90 kg", "age": "50"})
    rows = ["date,test,value,unit", "2025-01-10,HbA1c,64,mmol/mol", "2026-01-10,HbA1c,48,mmol/mol"]
    rows += ["2026-01-10,Weight,84,kg", "2026-01-10,HbA1c,4800,mmol/mol"]
    path = tmp_path / "labs.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (report,) = take_labs(live, path)
    assert (report.new, report.known) == (3, 0)
    assert report.newest["hba1c"][0] == pytest.approx(6.543, abs=1e-3)
    assert "outside 3.5 to 18 %" in report.kept_aside[0].reason
    now = live.store.case(live.row.id).subject
    assert isinstance(now, Person)
    assert (now.weight, now.age, now.hba1c) == (84.0, 50.0, pytest.approx(6.543, abs=1e-3))
    then = live.store.case(live.row.id, datetime(2025, 6, 1, tzinfo=UTC)).subject
    assert isinstance(then, Person)
    assert (then.weight, then.hba1c) == (90.0, pytest.approx(8.007, abs=1e-3))
    again = take_labs(live, path)[0]
    assert (again.new, again.known) == (0, 3), "the same file again changes nothing"
    assert live.store.case(live.row.id).timeline == (), "a fact about the subject is no action"
    assert len(live.store.kept_aside(live.row.id)) == 1, "nor does it set aside twice"


def test_the_command(session: Session, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from vitruvian.cli import main

    session.create("metabolic", "Ada", zone="UTC")
    session.create("infusion", "Bob", zone="UTC", fields={"weight": "80"})
    path = tmp_path / "labs.csv"
    path.write_text("date,HbA1c (%),Weight (lb)\n2026-01-10,6.5,180\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["twin", "labs", "Ada", str(path)])
    assert done.exit_code == 0, done.output
    assert "hba1c: 6.5 % (2026-01-10)" in done.stdout
    assert "weight: 81.65 kg" in done.stdout
    told = json.loads(CliRunner().invoke(main, ["twin", "labs", "Bob", str(path), "--json"]).stdout)[0]
    assert told["newest"]["weight"]["value"] == pytest.approx(81.65, abs=0.01)
    assert "infusion twin's subject has no hba1c" in told["kept_aside"][0]["reason"]
