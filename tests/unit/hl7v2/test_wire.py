"""Bytes as messages: marks, character sets, line ends, batches."""

import pytest

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.hl7v2 import wire

HEAD = "MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||{charset}"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("", "utf-8"),
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("GB 18030-2000", "gb18030"),
    ],
)
def test_the_character_set_of_the_header_is_used(charset: str, codec: str) -> None:
    text = f"{HEAD.format(charset=charset)}\rPID|1||7||Müller\r"
    found = wire.decode(text.encode(codec))
    assert "Müller" in found.text
    assert found.codec == codec


def test_what_claims_nothing_and_is_no_utf8_is_latin() -> None:
    found = wire.decode(f"{HEAD.format(charset='')}\rPID|1||7||Müller".encode("latin-1"))
    assert ("Müller" in found.text, found.codec) == (True, "iso8859-1")


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_obeyed_and_removed(mark: str) -> None:
    assert wire.decode(HEAD.format(charset="").encode(mark)).text.startswith("MSH|")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\n"])
def test_any_line_end_will_do(end: str) -> None:
    text = wire.decode(end.join([HEAD.format(charset=""), "PID|1", "PV1|1", ""]).encode()).text
    assert [line[:3] for line in text.split("\r")] == ["MSH", "PID", "PV1"]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (HEAD.format(charset="KLINGON").encode(), "MSH-18"),
        (HEAD.format(charset="ASCII").encode() + "\rPID|1||7||Müller".encode(), "MSH-18"),
        (HEAD.format(charset="UNICODE UTF-8").encode() + "\rPID|ü".encode("latin-1"), "MSH-18"),
    ],
)
def test_a_wrong_character_set_is_told(data: bytes, where: str) -> None:
    with pytest.raises(ParseError) as err:
        wire.decode(data)
    assert err.value.where == where


def test_a_batch_is_its_messages() -> None:
    one = HEAD.format(charset="")
    found = wire.split("\r".join(["FHS|^~\\&", "BHS|^~\\&", one, "PID|1", one, "PID|2", "BTS|2", "FTS|1"]))
    assert [m.count("\r") for m in found.messages] == [2, 2]
    assert [e[:3] for e in found.envelope] == ["FHS", "BHS", "BTS", "FTS"]


@pytest.mark.parametrize("text", ["", "PID|1", "hello", "BHS|^~\\&\rBTS|0"])
def test_text_without_a_message_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        wire.split(text)
