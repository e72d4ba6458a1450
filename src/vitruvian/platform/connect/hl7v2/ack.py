"""Acknowledgements: MSH, MSA and, for what is refused, ERR with place and code (HL7 v2.9 section 2.9, table 0357)."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

CODES = {
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    207: "Application internal error",
}
REJECTED = (200, 201, 202, 203)  # refused for what they are: AR; other errors are in the content: AE
_numbers = itertools.count(1)
_process = secrets.token_hex(4)


@dataclass(frozen=True)
class Fault:
    """Why a message is refused: a code of table 0357, the place ("PID-3"), what is wrong, the fix."""

    code: int
    where: str
    what: str
    fix: str

    @property
    def kind(self) -> str:
        """AE: error in the content; AR: rejected."""
        return "AR" if self.code in REJECTED else "AE"


def reply(header: Sequence[str], now: datetime, code: str, fault: Fault | None = None) -> str:
    """An ACK to the message with these MSH fields (header[9] is MSH-10); `code` is AA, AE, AR, CA, CE or CR."""
    said = [*header, *[""] * (21 - len(header))]
    separator, marks = said[1] or "|", said[2] or "^~\\&"
    component = marks[0]
    event = said[9].split(component)
    kind = component.join(["ACK", event[1], "ACK"]) if len(event) > 1 and event[1] else "ACK"
    msh = ["MSH", marks, said[5], said[6], said[3], said[4], now.strftime("%Y%m%d%H%M%S+0000"), "", kind]
    msh += [f"{_process}{next(_numbers):08d}", said[11] or "P", said[12] or "2.5.1"]
    if said[18]:
        msh += ["", "", "", "", "", said[18]]
    lines = [separator.join(msh), separator.join(["MSA", code, said[10]])]
    if fault is not None:
        lines.append(separator.join(_err(fault, component, marks, separator, said[12])))
    return "\r".join(lines) + "\r"


def _err(fault: Fault, component: str, marks: str, separator: str, version: str) -> list[str]:
    segment, _, field = fault.where.partition("-")
    part = marks[3] if len(marks) > 3 else "&"
    text = _escape(f"{fault.where} {fault.what}. Fix: {fault.fix}", marks, separator)
    known = CODES[fault.code]
    if version and version < "2.5":  # before 2.5 ERR-1 holds place and code
        return ["ERR", component.join([segment, "1", field, part.join([str(fault.code), known, "HL70357"])])]
    place = component.join([segment, "1", field]) if field else segment
    return ["ERR", "", place, component.join([str(fault.code), known, "HL70357"]), "E", "", "", "", text]


def _escape(text: str, marks: str, separator: str) -> str:
    escape = marks[2] if len(marks) > 2 else "\\"
    named = {escape: "E", separator: "F", marks[0]: "S", marks[1]: "R", **({marks[3]: "T"} if len(marks) > 3 else {})}
    return "".join(f"{escape}{named[c]}{escape}" if c in named else " " if c in "\r\n" else c for c in text)


def fields(text: str) -> list[str]:
    """MSH by the standard's numbers, [1] the separator; what can be had of a broken header."""
    line = text.split("\r", 1)[0]
    if not line.startswith("MSH") or len(line) < 8:
        return ["MSH", "|", "^~\\&"]
    separator = line[3]
    return ["MSH", separator, *line[4:].split(separator)]
