"""HL7 v2 messages written by hand from the standard, and a taker of them on a store of its own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hl7

from fhir_examples import BASE, Client
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.connect.hl7v2 import Intake

PID = "PID|1||{mrn}^^^HOSP^MR||Lovelace^Ada||18151210|F"


def message(kind: str, *segments: str, at: str = "20260301080000+0000", number: str = "1", more: str = "") -> bytes:
    """A message of version 2.5.1; `more`: MSH from field 13 on."""
    head = f"MSH|^~\\&|LAB|HOSP|TWINS|HERE|{at}||{kind}|{number}|P|2.5.1{more}"
    return ("\r".join([head, *segments]) + "\r").encode()


def pid(mrn: str = "77") -> str:
    return PID.format(mrn=mrn)


def obx(value: str, *, status: str = "F", unit: str = "mg/L", kind: str = "NM", at: str = "20260301070000+0000") -> str:
    """A theophylline level (LOINC 4049-3)."""
    return f"OBX|1|{kind}|4049-3^Theophylline^LN||{value}|{unit}|10-20||||{status}|||{at}"


def oru(value: str, *, at: str, number: str, status: str = "F", order: str = "F1", **more: str) -> bytes:
    return message(
        "ORU^R01",
        pid(),
        f"OBR|1|P1|{order}|4049-3^Theophylline^LN",
        obx(value, status=status, **more),
        at=at,
        number=number,
    )


class Hospital(Client):
    """A store with a FHIR server to look into it and an intake of HL7."""

    def __init__(self, place: Path, **more: Any) -> None:
        super().__init__(place, followers=(feed,))
        self.intake = Intake(self.writing, self.clock, **more)

    def writing(self, work: Any) -> Any:
        with self.database.write() as connection:
            return work(connection)

    def take(self, data: bytes) -> list[Any]:
        """The parsed answers."""
        text = "".join(answer.decode("utf-8", "replace") for answer in self.intake.take(data))
        starts = [i for i in range(len(text)) if text.startswith("MSH|", i) and (i == 0 or text[i - 1] == "\r")]
        return [hl7.parse(text[a:b]) for a, b in itertools.pairwise([*starts, len(text)])]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every resource of a type."""
        from fhir_examples import parsed

        return [e["resource"] for e in parsed(self("GET", f"{kind}?_count=1000")).get("entry", [])]


def said(answer: Any) -> str:
    """AA, AE, ..."""
    return str(answer.segment("MSA")[1])


BERLIN = ZoneInfo("Europe/Berlin")
__all__ = ["BASE", "BERLIN", "Hospital", "message", "obx", "oru", "pid", "said"]
