"""Broken, foreign and hostile files: a clear error or rows kept aside; never a wrong number, never a stack trace."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.platform.connect import Import, read

EXPORTS = Path(__file__).parents[2] / "data" / "exports"
SAMPLES = sorted(p.name for p in EXPORTS.glob("*.[cj]s*"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "time,glucose_mgdl\n"


@pytest.fixture
def given(tmp_path: Path) -> Callable[..., Import]:
    """Reads these bytes as a file."""

    def read_bytes(content: bytes | str, name: str = "t.csv", **said: Any) -> Import:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read(tmp_path / name, zone="Europe/Berlin", **{"now": NOW, **said})

    return read_bytes


def rows(count: int, start: datetime = datetime(2025, 5, 1, tzinfo=UTC)) -> list[str]:
    return [f"{(start + timedelta(minutes=5 * i)):%Y-%m-%dT%H:%M:%SZ},{100 + i % 60}" for i in range(count)]


def facts(found: Import) -> set[tuple[Any, ...]]:
    said = {(r.utc_us, r.value, r.unit, r.sensor, r.device, r.limit) for r in found.readings}
    return said | {(e.utc_us, e.type, *sorted(e.amounts.items()), *e.words.items()) for e in found.events}


def plainly(reading: Callable[[], Import], name: str) -> Import | None:
    """What is read; None for an error that says what, where and the fix. Any other error fails the test."""
    try:
        return reading()
    except VitruvianError as err:
        said = err
    assert name in said.where
    assert said.what
    assert said.fix
    return None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_at_any_byte_says_nothing_that_the_whole_does_not(name: str, given: Callable[..., Import]) -> None:
    whole = (EXPORTS / name).read_bytes()
    truth = facts(given(whole, name, dates="mdy" if "us" in name else "dmy"))
    read_at_all = 0
    some = random.Random(name).sample(range(len(whole)), min(150, len(whole)))
    for end in sorted({*some, *range(max(0, len(whole) - 150), len(whole))}):
        found = plainly(lambda end=end: given(whole[:end], name, dates="mdy" if "us" in name else "dmy"), name)
        if found is None:
            continue
        read_at_all += 1
        wrong = facts(found) - truth
        if name == "meals.csv" and wrong:  # a hand-written table may end without a line end: said aloud
            assert any("has no line end" in note for note in found.report.notes)
            continue
        assert not wrong, (end, whole[max(0, end - 60) : end], wrong)
    assert read_at_all > 0


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_bytes_never_raise_anything_but_a_plain_error(name: str, given: Callable[..., Import]) -> None:
    whole = (EXPORTS / name).read_bytes()
    dice = random.Random(name)
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(broken))
            how = dice.random()
            if how < 0.5:
                broken[at] = dice.choice(b'\x00\xff",;\n\r{}[]0- \x1f\xc3T')
            elif how < 0.8:
                del broken[at : at + dice.randint(1, 40)]
            else:
                broken[at:at] = dice.randbytes(dice.randint(1, 20))
        plainly(lambda broken=bytes(broken): given(broken, name), name)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "t.csv: is empty. Fix: export it again"),
        (b" \r\n\n ", "is empty"),
        (random.Random(1).randbytes(5000), r"t.csv, byte \d+: is not text"),
        (b"time,glucose_mgdl\n" + b"\x00" * 500, "is not text"),
        (b"PK\x03\x04" + bytes(100), "a zip archive or an Excel workbook.*save it as CSV"),
        (b"\x1f\x8b\x08" + bytes(100), "compressed with gzip"),
        (b"%PDF-1.7 report", "a PDF report.*CSV instead"),
        (b"SQLite format 3\x00" + bytes(100), "is a database"),
        ("a,b,c\n1,2,3\n", "none of the exports that are read; its first line is 'a,b,c'.*Dexcom Clarity CSV"),
        ("hello world, this is a letter\n", "none of the exports"),
        ("Zeitstempel (JJJJ-MM-TTThh:mm:ss);Ereignistyp\n2025;EGW\n", "another language.*English"),
        ("time,glucose_mgdl\n", "has no reading, meal or dose"),
        ("time,glucose_mgdl,gl\n2025-05-01T08:00Z,100,100\n", "several glucose columns: 'glucose_mgdl' and 'gl'"),
        ("{}", "neither an entry nor a treatment"),
        ("[]", "has no reading"),
        ('{"sgv": 100', "breaks off"),
        ('[{"sgv": 100, "date": NaN}]', "NaN is not JSON"),
        ("[" * 100_000, "has no reading"),
        ("[" + '{"a":' * 100_000, "no row can be used"),
    ],
)
def test_what_is_no_export_is_refused(content: bytes | str, what: str, given: Callable[..., Import]) -> None:
    with pytest.raises(ParseError, match=what):
        given(content)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"nowhere.csv: cannot be read \(No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(ParseError, match="is a folder"):
        read(tmp_path)


def test_times_in_the_future_are_kept_aside(given: Callable[..., Import]) -> None:
    found = given(HEAD + "\n".join([*rows(10), "2026-01-01T00:00:01Z,100", "2125-05-01T08:00Z,100"]) + "\n")
    assert len(found.readings) == 10
    assert [a.line for a in found.kept_aside] == [12, 13]
    assert "2026-01-01T00:00:01Z is in the future (now 2026-01-01T00:00:00Z)" in found.kept_aside[0].reason
    with pytest.raises(ParseError, match=r"line 2, column 'time': no row can be used; the first: .* is in the future"):
        given(HEAD + "2126-01-01T00:00:00Z,100\n")


def test_a_clock_that_was_never_set_is_noticed(given: Callable[..., Import]) -> None:
    found = given(HEAD + "\n".join(["1970-01-01T00:05:00Z,100", *rows(3)]) + "\n")
    assert [a.reason for a in found.kept_aside] == ["1970-01-01T00:05:00Z is before there were sensors"]


def test_doubles_are_not_doubled_and_contradictions_are_kept_aside(given: Callable[..., Import]) -> None:
    lines = rows(5)
    found = given(HEAD + "\n".join([*lines, *lines, "2025-05-01T00:10:00Z,250"]) + "\n")
    assert (len(found.readings), found.report.duplicates) == (5, 5)
    assert [a.reason for a in found.kept_aside] == [
        "another value (102 mg/dL) of this device stands at 2025-05-01T00:10:00Z"
    ]


@pytest.mark.parametrize("seed", range(5))
def test_rows_in_any_order_say_the_same(seed: int, given: Callable[..., Import]) -> None:
    lines = rows(300)
    shuffled = random.Random(seed).sample(lines, len(lines))
    one, other, back = (given(HEAD + "\n".join(some) + "\n") for some in (lines, shuffled, lines[::-1]))
    assert facts(one) == facts(other) == facts(back)
    assert [f.report.order for f in (one, other, back)] == ["ascending", "mixed", "descending"]
    assert one.report.gaps == other.report.gaps == back.report.gaps == ()
    assert (one.report.back_filled, back.report.back_filled) == (0, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_encodings(end: str, coding: str, given: Callable[..., Import]) -> None:
    text = end.join(["time,glucose_mgdl,Bemerkung", *(row + ",süß" for row in rows(20))]) + end
    assert facts(given(text.encode(coding))) == facts(given(HEAD + "\n".join(rows(20)) + "\n"))


def test_bytes_of_another_encoding_do_not_matter_where_nothing_is_read(given: Callable[..., Import]) -> None:
    text = "time,glucose_mgdl,note\n" + "\n".join(row + ",süß" for row in rows(20)) + "\n"
    assert len(given(text.encode("latin-1")).readings) == 20


def test_an_unquoted_decimal_comma_is_not_cut(given: Callable[..., Import]) -> None:
    found = given("time,glucose (mmol/L),note\n2025-05-01T08:00Z,5,8,\n2025-05-01T08:05Z,6,\n")
    assert [r.value for r in found.readings] == [6.0]
    lines = "time,glucose (mmol/L)\n2025-05-01T08:00Z,5,8\n2025-05-01T08:05Z,6.1\n"
    found = given(lines)
    assert [r.value for r in found.readings] == [6.1]
    assert [a.reason for a in found.kept_aside] == ["has 3 fields, the header 2"]
    assert "decimal comma" in found.kept_aside[0].fix


def test_a_quote_that_is_never_closed_costs_one_row(given: Callable[..., Import]) -> None:
    lines = rows(200)
    lines[3] = '"' + lines[3]
    found = given(HEAD + "\n".join(lines) + "\n")
    assert len(found.readings) == 199
    assert [(a.line, a.reason) for a in found.kept_aside] == [(5, "a quote is opened and not closed")]


def test_line_breaks_inside_quotes_belong_to_the_field(given: Callable[..., Import]) -> None:
    text = 'time,glucose_mgdl,note\n2025-05-01T08:00Z,100,"two\nlines, ""quoted"""\n2025-05-01T08:05Z,101,x\n'
    found = given(text)
    assert [(r.value, r.line) for r in found.readings] == [(100.0, 2), (101.0, 4)]


def test_an_endless_line_is_one_row(given: Callable[..., Import]) -> None:
    found = given(HEAD + rows(1)[0] + "\n" + "9" * 3_000_000 + "\n" + rows(3)[2] + "\n")
    assert len(found.readings) == 2
    assert found.kept_aside[0].reason == "the line has more than 100000 characters"
    assert len(found.kept_aside[0].raw) <= 300


def test_noise_between_good_rows_costs_only_itself(given: Callable[..., Import]) -> None:
    good = [row.encode() for row in rows(500)]
    noise = [
        random.Random(i).randbytes(30).replace(b"\n", b"").replace(b"\r", b"").replace(b'"', b"") for i in range(9)
    ]
    mixed = [part for i, row in enumerate(good) for part in ([row, noise[i // 60]] if i % 60 == 59 else [row])]
    found = given(HEAD.encode() + b"\n".join(mixed) + b"\n")
    assert len(found.readings) == 500
    assert len(found.kept_aside) == 8


def test_two_subjects_in_one_file_are_never_mixed(given: Callable[..., Import]) -> None:
    text = "subject,time,mg_dl\n1,2025-05-01T08:00Z,100\n2,2025-05-01T08:00Z,150\n"
    with pytest.raises(ParseError, match=r"line 3, column 'subject'.*several subjects: '1' and '2'.*split"):
        given(text)


def test_a_file_of_nothing_but_unusable_rows_is_given_up_early(given: Callable[..., Import]) -> None:
    with pytest.raises(ParseError, match=r"line 2.*no row can be used; the first: 'x' is not a time"):
        given(HEAD + "x,y\n" * 100_000)


def test_json_objects_that_are_broken_cost_only_themselves(given: Callable[..., Import]) -> None:
    whole = [{"sgv": 100 + i, "date": 1746079200000 + 300000 * i} for i in range(5)]
    parts = [json.dumps(e) for e in whole]
    parts[2] = '{"sgv": 1x2, "date": 1746079800000}'
    found = given("[\n" + ",\n".join(parts) + "\n]", "n.json")
    assert [r.value for r in found.readings] == [100.0, 101.0, 103.0, 104.0]
    assert [a.line for a in found.kept_aside] == [4]
    assert "not JSON" in found.kept_aside[0].reason


@pytest.mark.parametrize("form", ["[{}]", "{}", '{{"status": 200, "result": [{}]}}'])
def test_json_in_its_usual_wrappings(form: str, given: Callable[..., Import]) -> None:
    entries = [json.dumps({"sgv": 100 + i, "date": 1746079200000 + 300000 * i}) for i in range(3000)]
    text = form.format(("\n" if form == "{}" else ",").join(entries))
    found = given(text, "n.json")
    assert [r.value for r in found.readings] == [100.0 + i if i != 301 else 400.0 for i in range(501)]  # 401: high
    assert len(found.kept_aside) == 2499  # above 600
