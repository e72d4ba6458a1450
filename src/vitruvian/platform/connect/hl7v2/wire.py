"""Bytes of HL7 v2 as messages: byte-order marks, character sets (MSH-18), line ends, batches (FHS, BHS).

Segments end with a carriage return; files and careless senders write line feeds, which are read too. Without MSH-18 the
text is UTF-8 if it can be, else Latin-1 (the standard says ASCII, a subset of both).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vitruvian.core.errors import ParseError

# HL7 table 0211, without the double-byte sets that are switched to by escape sequences
CHARACTER_SETS = {
    "ASCII": "ascii",
    **{f"8859/{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR14": "shift_jis",
}
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
ENVELOPE = ("FHS", "BHS", "BTS", "FTS")


class Text(NamedTuple):
    """Decoded text and the codec it came in, in which the answer goes back."""

    text: str
    codec: str


class Batch(NamedTuple):
    """Messages of a file, and what its envelope says: the segments FHS, BHS, BTS, FTS."""

    messages: tuple[str, ...]
    envelope: tuple[str, ...]


def decode(data: bytes) -> Text:
    """Text with carriage returns; ParseError (field MSH-18) when the bytes are not in the character set they claim."""
    codec, body = "", data
    for mark, named in MARKS:
        if data.startswith(mark):
            codec, body = named, data[len(mark) :]
            break
    said = "" if codec else _said(body)
    if said:
        codec = CHARACTER_SETS.get(said, "")
        if not codec:
            raise ParseError(f"character set '{said[:40]}' is not known", where="MSH-18", fix="send UNICODE UTF-8")
    try:
        text = body.decode(codec or "utf-8")
    except UnicodeDecodeError as err:
        if codec:
            what = f"the bytes are not {said or codec} (byte {err.start})"
            raise ParseError(what, where="MSH-18", fix="name the character set the message is in") from None
        codec = "iso8859-1"
        text = body.decode(codec)
    lines = (line.lstrip("\n") for line in text.replace("\r\n", "\r").replace("\n", "\r").split("\r"))
    return Text("\r".join(line for line in lines if line.strip()), codec or "utf-8")


def split(text: str) -> Batch:
    """The messages of a text: one, or those between FHS/BHS and BTS/FTS. ParseError when none begins."""
    messages: list[list[str]] = []
    envelope = []
    for line in text.split("\r"):
        name = line[:3]
        if name in ENVELOPE:
            envelope.append(line)
        elif name == "MSH":
            messages.append([line])
        elif messages:
            messages[-1].append(line)
        else:
            raise ParseError(f"begins with '{name[:3]}', not with MSH", where="MSH", fix="begin with MSH, FHS or BHS")
    if not messages:
        raise ParseError("holds no message, or one that is too long", where="MSH", fix="begin with MSH, FHS or BHS")
    return Batch(tuple("\r".join(lines) + "\r" for lines in messages), tuple(envelope))


def _said(body: bytes) -> str:
    """MSH-18, first repetition, from bytes whose character set is not known yet (its own letters are ASCII)."""
    start = body.find(b"MSH")
    if start < 0 or len(body) < start + 8:
        return ""
    separator, repeats = body[start + 3 : start + 4], body[start + 5 : start + 6]
    fields = re.split(rb"[\r\n]", body[start:], maxsplit=1)[0].split(separator)
    return fields[17].split(repeats)[0].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""
