"""HL7 messages become resources, whatever their order; each is answered rightly; none is taken twice."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import parsed
from hl7_messages import BERLIN, Hospital, message, oru, pid, said
from vitruvian.core.case import Case, Origin
from vitruvian.platform import registry
from vitruvian.platform.store import Store

ORIGIN = Origin(datetime(2026, 2, 28, tzinfo=UTC), "UTC")


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(tmp_path)
    yield made
    made.database.close()


def adt(event: str, at: str, place: str = "", number: str = "", *, visit: str = "V1", more: str = "") -> bytes:
    segments = [f"EVN|{event}|{at}", pid(), f"PV1|1|I|{place}" + "|" * 16 + f"{visit}^^^HOSP" + more]
    return message(f"ADT^{event}", *segments, at=at, number=number or f"{event}-{at}")


def day(hour: int, minute: int = 0) -> str:
    return f"20260301{hour:02d}{minute:02d}00+0000"


def test_an_admission_makes_patient_and_visit(hospital: Hospital) -> None:
    (answer,) = hospital.take(adt("A01", day(8), "WARD^1^A"))
    assert said(answer) == "AA"
    assert str(answer.segment("MSA")[2]) == f"A01-{day(8)}"
    assert str(answer.segment("MSH")[9]) == "ACK^A01^ACK"
    (patient,) = hospital.all("Patient")
    assert patient["identifier"][0] | {"type": 0} == {"system": "urn:hl7:HOSP", "value": "77", "type": 0}
    assert (patient["name"], patient["gender"], patient["birthDate"]) == (
        [{"family": "Lovelace", "given": ["Ada"]}], "female", "1815-12-10",
    )  # fmt: skip
    (visit,) = hospital.all("Encounter")
    assert (visit["status"], visit["class"]["code"]) == ("in-progress", "IMP")
    assert visit["subject"]["reference"] == f"Patient/{patient['id']}"


STORY = [
    adt("A01", day(8), "ER^1"),
    adt("A02", day(9), "WARD^2"),
    adt("A02", day(10), "ICU^3"),
    adt("A12", day(11), "WARD^2"),  # the transfer to the ICU did not happen
    adt("A03", day(12), "WARD^2"),
    adt("A13", day(13), "WARD^2"),  # nor did the discharge
]


def visit_of(hospital: Hospital) -> dict[str, Any]:
    (visit,) = hospital.all("Encounter")
    return {key: value for key, value in visit.items() if key not in ("meta", "extension")}


def test_transfers_and_cancellations(hospital: Hospital) -> None:
    expected = [
        ("in-progress", ["ER^1"]),
        ("in-progress", ["ER^1", "WARD^2"]),
        ("in-progress", ["ER^1", "WARD^2", "ICU^3"]),
        ("in-progress", ["ER^1", "WARD^2"]),
        ("finished", ["ER^1", "WARD^2"]),
        ("in-progress", ["ER^1", "WARD^2"]),
    ]
    for one, (status, places) in zip(STORY, expected, strict=True):
        assert said(hospital.take(one)[0]) == "AA"
        visit = visit_of(hospital)
        assert (visit["status"], [p["location"]["display"] for p in visit["location"]]) == (status, places)
    visit = visit_of(hospital)
    assert [p["status"] for p in visit["location"]] == ["completed", "active"]
    assert visit["location"][0]["period"] == {"start": "2026-03-01T08:00:00+00:00", "end": "2026-03-01T09:00:00+00:00"}
    assert "end" not in visit["period"]


def test_the_visit_does_not_know_the_order_of_arrival(hospital: Hospital, tmp_path: Path) -> None:
    for one in STORY:
        hospital.take(one)
    expected = visit_of(hospital)
    for seed in range(6):
        place = tmp_path / str(seed)
        other = Hospital(place)
        shuffled = [*STORY, *STORY[:3]]
        random.Random(seed).shuffle(shuffled)
        for one in shuffled:
            assert said(other.take(one)[0]) == "AA"
        assert visit_of(other) == expected, f"seed {seed}"
        other.database.close()


def test_a_cancelled_admission(hospital: Hospital) -> None:
    hospital.take(adt("A01", day(8), "ER^1"))
    hospital.take(adt("A11", day(9), "ER^1"))
    assert visit_of(hospital)["status"] == "cancelled"


def test_results_keep_their_digits(hospital: Hospital) -> None:
    hospital.take(oru("11.50", at=day(9), number="1"))
    (result,) = hospital.all("Observation")
    assert result["status"] == "final"
    assert result["valueQuantity"]["value"].text == "11.50"
    assert result["valueQuantity"]["code"] == "mg/L"
    assert result["code"]["coding"][0] == {"system": "http://loinc.org", "code": "4049-3", "display": "Theophylline"}
    assert result["effectiveDateTime"] == "2026-03-01T07:00:00+00:00"


def levels(hospital: Hospital) -> Any:
    """What the twin's record says, without the order in which it came."""
    record = Store(hospital.database).record("urn:hl7:HOSP|77")
    rows = zip(record.id, record.valid_time, record.known_at, record.value, record.removed, strict=True)
    return sorted(rows)


def results_of(hospital: Hospital) -> Any:
    return [
        {k: v for k, v in r.items() if k != "meta"} for r in sorted(hospital.all("Observation"), key=lambda r: r["id"])
    ]


CORRECTED = [
    oru("11.5", at=day(9), number="1"),
    oru("12.5", at=day(10), number="2", status="C"),
    oru("", at=day(11), number="3", status="D"),
    oru("13.5", at=day(12), number="4", status="C"),
    oru("20.5", at=day(9), number="5", order="F2"),
    oru("", at=day(10), number="6", order="F2", status="W"),
    oru("3.5", at=day(9), number="7", order="F3"),
]


def make_twin(hospital: Hospital) -> None:
    found = registry.get("infusion")
    case = Case(found.example().case.subject, origin=ORIGIN)
    Store(hospital.database).create_twin("urn:hl7:HOSP|77", found, case, now=ORIGIN.utc)


def test_corrections_and_deletions_reach_the_twin(hospital: Hospital) -> None:
    make_twin(hospital)
    for one in CORRECTED:
        assert said(hospital.take(one)[0]) == "AA"
    last = {}
    for name, _, known, value, gone in levels(hospital):
        last[name] = max(last.get(name, (-1.0, 0.0, False)), (known, value, gone))
    assert sorted((value, gone) for _, value, gone in last.values()) == [(0.0, True), (3.5, False), (13.5, False)]


def test_results_do_not_know_the_order_of_arrival(hospital: Hospital, tmp_path: Path) -> None:
    make_twin(hospital)
    for one in CORRECTED:
        hospital.take(one)
    expected, stored = levels(hospital), results_of(hospital)
    rng = random.Random(3)
    orders = [list(p) for p in rng.sample(list(itertools.permutations(CORRECTED)), 6)]
    for i, order in enumerate(orders):
        other = Hospital(tmp_path / str(i))
        make_twin(other)
        for one in [*order, order[0], order[3]]:
            assert said(other.take(one)[0]) == "AA"
        assert results_of(other) == stored
        assert levels(other) == expected
        other.database.close()


def test_a_message_that_comes_again_gets_its_answer_again(hospital: Hospital) -> None:
    first = hospital.intake.take(CORRECTED[0])
    assert hospital.intake.take(CORRECTED[0]) == first
    assert first
    assert parsed(hospital("GET", f"Observation/{hospital.all('Observation')[0]['id']}/_history")).get("total") is None
    assert len(parsed(hospital("GET", "Observation/_history"))["entry"]) == 1


def test_a_merge_and_its_undoing(hospital: Hospital) -> None:
    make_twin(hospital)
    hospital.take(message("ADT^A04", pid("88"), "PV1|1|O", number="a"))
    level = oru("9.5", at=day(9), number="b").replace(b"77^^^HOSP", b"88^^^HOSP")
    hospital.take(level)
    assert levels(hospital) == []
    assert (
        said(hospital.take(message("ADT^A40^ADT_A39", pid("77"), "MRG|88^^^HOSP^MR", at=day(10), number="c"))[0])
        == "AA"
    )
    assert [row[3] for row in levels(hospital)] == [9.5]
    prior = next(p for p in hospital.all("Patient") if p["identifier"][0]["value"] == "88")
    assert (prior["active"], prior["link"][0]["type"]) == (False, "replaced-by")
    hospital.take(message("ADT^A31", pid("88"), at=day(11), number="d"))
    assert [row[3] for row in levels(hospital)] == [9.5], "demographics do not undo a merge"
    assert said(hospital.take(message("ADT^A37", pid("77"), pid("88"), at=day(12), number="e"))[0]) == "AA"
    assert [row[4] for row in levels(hospital)] == [False, True], "taken back"


def test_orders_and_appointments(hospital: Hospital) -> None:
    hospital.take(message("ORM^O01", pid(), "ORC|NW|P9|F9", "OBR|1|P9|F9|24317-0^Hemogram^LN", number="1"))
    (order,) = hospital.all("ServiceRequest")
    assert (order["status"], order["code"]["coding"][0]["code"]) == ("active", "24317-0")
    hospital.take(message("ORM^O01", pid(), "ORC|CA|P9|F9", "OBR|1|P9|F9|24317-0^Hemogram^LN", number="2"))
    assert [o["status"] for o in hospital.all("ServiceRequest")] == ["revoked"]
    sch = "SCH|1|2|||||Check||30|MIN|^^^20260302090000+0000"
    assert said(hospital.take(message("SIU^S12", sch, pid(), number="3"))[0]) == "AA"
    (booked,) = hospital.all("Appointment")
    assert (booked["status"], booked["start"], booked["end"]) == (
        "booked", "2026-03-02T09:00:00+00:00", "2026-03-02T09:30:00+00:00",
    )  # fmt: skip
    hospital.take(message("SIU^S15", sch, pid(), at=day(9), number="4"))
    assert [a["status"] for a in hospital.all("Appointment")] == ["cancelled"]


@pytest.mark.parametrize(
    ("data", "code", "number", "where"),
    [
        (message("ADT^A01", number=""), "AE", "101", "MSH^1^10"),
        (message("", pid()), "AE", "101", "MSH^1^9"),
        (message("XYZ^A01", pid()), "AR", "200", "MSH^1^9"),
        (message("ADT^A01"), "AE", "100", "PID"),
        (message("ADT^A01", "PID|1"), "AE", "101", "PID^1^3"),
        (message("ADT^A40", pid()), "AE", "100", "MRG"),
        (message("ADT^A40", pid(), "MRG|"), "AE", "101", "MRG^1^1"),
        (message("SIU^S12", pid()), "AE", "100", "SCH"),
        (message("SIU^S12", "SCH|1|2", pid()), "AE", "101", "TQ1^1^7"),
        (message("ORU^R01", pid(), "OBX|1|NM|1^x^LN||1|||||Z|Z"), "AE", "103", "OBX^1^11"),
        (message("ADT^A01", pid()).replace(b"|2.5.1", b"|9.1"), "AR", "203", "MSH^1^12"),
        (message("ADT^A01", pid()).replace(b"|P|2.5.1", b"|Q|2.5.1"), "AR", "202", "MSH^1^11"),
        (message("ADT^A01", pid(), more="||||||KLINGON"), "AE", "102", "MSH^1^18"),
        (b"hello", "AE", "100", "MSH"),
        (b"", "AE", "100", "MSH"),
        (b"MSH", "AE", "100", "MSH"),
        (b"\x00\xff" * 50, "AE", "100", "MSH"),
    ],
    ids=range(17),
)
def test_refusals_name_place_code_and_fix(hospital: Hospital, data: bytes, code: str, number: str, where: str) -> None:
    (answer,) = hospital.take(data)
    assert said(answer) == code
    err = answer.segment("ERR")
    assert (str(err[2]), str(err[3]).split("^")[0]) == (where, number)
    assert "Fix: " in str(err[8])
    assert hospital.all("Patient") == [], "nothing of it was kept"


def test_before_version_2_5_err_is_written_as_it_was_then(hospital: Hospital) -> None:
    (answer,) = hospital.take(message("ADT^A01", "PID|1").replace(b"|2.5.1", b"|2.3"))
    assert str(answer.segment("ERR")[1]) == "PID^1^3^101&Required field missing&HL70357"


def test_enhanced_mode_answers_when_it_is_asked_to(hospital: Hospital) -> None:
    def answers(mode: str, *segments: str, application: str = "NE") -> list[str]:
        more = f"|||{mode}|{application}"
        return [said(a) for a in hospital.take(message("ADT^A04", *segments, number=mode + application, more=more))]

    assert answers("AL", pid()) == ["CA"]
    assert answers("NE", pid()) == []
    assert answers("ER", pid()) == []
    assert answers("SU", pid()) == ["CA"]
    assert answers("AL", "PID|1") == ["CE"]
    assert answers("AL", pid(), application="AL") == ["CA", "AA"]
    assert answers("NE", "PID|1", application="ER") == ["AE"]


def test_a_batch_is_answered_by_a_batch(hospital: Hospital) -> None:
    parts = [
        b"FHS|^~\\&|LAB\r",
        b"BHS|^~\\&|LAB|HOSP|TWINS|HERE|2026||||B7\r",
        CORRECTED[0],
        message("ADT^A01", "PID|1"),
        STORY[0],
    ]
    text = hospital.intake.take(b"".join([*parts, b"BTS|3\r", b"FTS|1\r"]))[0].decode()
    assert text.startswith("BHS|^~\\&|TWINS|HERE|LAB|HOSP")
    assert [line.split("|")[1] for line in text.split("\r") if line.startswith("MSA")] == ["AA", "AE", "AA"]
    assert text.endswith("BTS|3\r")
    assert len(hospital.all("Observation")) == len(hospital.all("Encounter")) == 1


def test_local_times_are_of_the_senders_zone(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path, zone=BERLIN)
    hospital.take(oru("1.5", at="20260701100000", number="1").replace(b"20260301070000+0000", b"20260701090000"))
    assert hospital.all("Observation")[0]["effectiveDateTime"] == "2026-07-01T09:00:00+02:00"
    hospital.database.close()


def test_values_of_every_kind(hospital: Hospital) -> None:
    segments = [
        "OBX|1|SN|1-1^a^LN||<^0.5|mg/L|||||F",
        "OBX|2|SN|1-2^a^LN||^1^-^2|mg/L|||||F",
        "OBX|3|CWE|1-3^a^LN||260385009^Negative^SCT||||||F",
        "OBX|4|ST|1-4^a^LN||R\\T\\D \\F\\ x||||||F",
        "OBX|5|NM|1-5^a^LN||27~25||||||F",
        "OBX|6|DT|1-6^a^LN||20260301||||||F",
        "OBX|7|NM|1-7^a^LN||||||||X",
        "OBX|8|NM|1-8^a^LN||.50|beats/min|||||F",
    ]
    assert said(hospital.take(message("ORU^R01", pid(), "OBR|1||F1", *segments))[0]) == "AA"
    found = {r["code"]["coding"][0]["code"]: r for r in hospital.all("Observation")}
    assert (found["1-1"]["valueQuantity"]["comparator"], found["1-1"]["valueQuantity"]["value"].text) == ("<", "0.5")
    assert found["1-2"]["valueRange"]["high"]["value"] == 2
    assert found["1-3"]["valueCodeableConcept"]["coding"][0]["system"] == "http://snomed.info/sct"
    assert found["1-4"]["valueString"] == "R&D | x"
    assert found["1-5"]["valueString"] == "27\n25"
    assert found["1-6"]["valueDateTime"] == "2026-03-01"
    assert found["1-7"]["status"] == "cancelled"
    assert (found["1-8"]["valueQuantity"]["value"].text, found["1-8"]["valueQuantity"]["code"]) == ("0.50", "/min")
