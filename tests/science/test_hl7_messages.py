"""Real HL7 v2 messages: all are parsed, acknowledged, re-encoded without loss; a dirty stream loses none."""

from pathlib import Path

import hl7

from hl7_messages import Hospital, said
from needs import require_data
from vitruvian.platform.connect.hl7v2 import wire


def files() -> list[Path]:
    found = sorted(require_data("interop", "hl7v2").glob("*.hl7"))
    assert len(found) >= 60
    return found


def test_all_are_acknowledged(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    refused = {}
    for path in files():
        (answer,) = hospital.take(path.read_bytes())
        if said(answer) not in ("AA", "CA"):
            refused[path.name] = str(answer)
    hospital.database.close()
    assert refused == {}


def test_all_are_encoded_again_without_loss() -> None:
    changed = []
    for path in files():
        for message in wire.split(wire.decode(path.read_bytes()).text).messages:
            changed += [path.name] if str(hl7.parse(message)).rstrip("\r") != message.rstrip("\r") else []
    assert changed == []


def test_taking_them_again_changes_nothing(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    counts = []
    for _ in range(2):
        for path in files()[:20]:
            hospital.take(path.read_bytes())
        with hospital.database.read() as connection:
            tables = ("fhir_versions", "messages", "merges")
            counts.append([connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar() for t in tables])
    hospital.database.close()
    assert counts[0] == counts[1]
    assert counts[0][1] == 20
