"""Event logs, XES, ADT and scanner times: what they hold, and what becomes of what is wrong in them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from needs import require_data
from vitruvian.core.errors import ParseError, RecordError
from vitruvian.models.admissions import Adt, stays_of
from vitruvian.platform.connect import adt, eventcsv, ris, xes
from vitruvian.platform.connect.adt import AdtColumns
from vitruvian.platform.connect.eventcsv import Columns
from vitruvian.platform.connect.ris import RisColumns

USUAL = Columns(case="case", activity="what", start="from", complete="to", resource="who")


def written(tmp_path: Path, text: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_case_named_na_is_a_case(tmp_path: Path) -> None:
    text = "case;what;from;to;who\nNA;triage;2026-03-01 08:00;2026-03-01 08:10;ann\nnull;triage;2026-03-01 09:00;;\n"
    log = eventcsv.read(written(tmp_path, text), USUAL)
    assert log.cases == ("NA", "null")
    assert log.summary()["in_progress"] == 1
    assert log.complete[0] - log.start[0] == 600.0


def test_no_column_is_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, "case,what,to\n1,triage,2026-03-01T08:00\n")
    with pytest.raises(ParseError, match=r"not said which column is the case.*'case', 'what', 'to'.*--case NAME"):
        eventcsv.read(path, Columns(activity="what", complete="to"))
    with pytest.raises(ParseError, match="no column 'who' for the resource"):
        eventcsv.read(path, Columns(case="case", activity="what", complete="to", resource="who"))


def test_every_bad_row_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    text = (
        "case,what,from,to,who\n"
        "1,bed,2026-03-01T08:00,2026-03-01T07:00,a\n"  # ends before it starts
        "2,bed,2026-03-01T08:00,yesterday,a\n"  # no time
        ",bed,2026-03-01T08:00,2026-03-01T09:00,a\n"  # no case
        "3,bed,2026-03-01T08:00,2026-03-01T09:00,a\n"
        "3,bed,2026-03-01T08:00,2026-03-01T09:00,a\n"  # twice
        "4,bed,2026-03-01T08:00,2026-03-01T09:00,a,b\n"  # a field too many
        "5,bed,2026-03"  # breaks off
    )
    log = eventcsv.read(written(tmp_path, text), USUAL)
    assert log.cases == ("3",)
    said = [f"{r.where}: {r.what}" for r in log.repairs]
    for line, what in [(2, "negative stay"), (3, "is not a time"), (4, "has no case"), (6, "twice"), (7, "6 fields")]:
        assert any(f"line {line}:" in s and what in s for s in said), (line, said)
    assert any("line 8:" in s and "breaks off" in s for s in said)
    assert len(log.repairs) == 6


def test_what_is_not_text_or_empty_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(b"case,what,to\n" + b"1,a,2026-03-01T08:00\n" * 99)
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    columns = Columns(case="case", activity="what", complete="to")
    with pytest.raises(ParseError, match="breaks off"):
        eventcsv.read(tmp_path / "cut.csv.gz", columns)
    with pytest.raises(ParseError, match="is empty"):
        eventcsv.read(written(tmp_path, ""), columns)
    with pytest.raises(RecordError, match="no row that can be used"):
        eventcsv.read(written(tmp_path, "case,what,to\n1,a,never\n"), columns)


def test_local_times_are_read_in_their_zone(tmp_path: Path) -> None:
    text = "case,what,from,to,who\n1,bed,25/10/2026 00:30,25/10/2026 03:30,a\n2,bed,25/10/2026 01:30,,a\n"
    log = eventcsv.read(written(tmp_path, text), USUAL, zone="Europe/London", dates="dmy")
    assert log.complete[0] - log.start[0] == 4 * 3600.0  # the clocks went back in between
    assert any("came twice" in r.what for r in log.repairs)
    with pytest.raises(ParseError, match="no time zone 'Mars'"):
        eventcsv.read(written(tmp_path, text), USUAL, zone="Mars")


def test_start_and_complete_rows_are_paired(tmp_path: Path) -> None:
    text = (
        "case,what,word,at\n1,scan,start,2026-03-01T08:00\n1,scan,complete,2026-03-01T08:20\n"
        "1,scan,start,2026-03-01T09:00\n1,read,complete,2026-03-01T08:50\n1,read,paused,2026-03-01T08:55\n"
    )
    log = eventcsv.read(written(tmp_path, text), Columns(case="case", activity="what", time="at", lifecycle="word"))
    assert log.activity.tolist() == ["scan", "read", "scan"]
    assert np.isnan(log.start[1])  # completion only
    assert np.isnan(log.complete[2])  # in progress
    assert "unknown life-cycle transition 'paused'" in {r.what for r in log.repairs}


XES = """<?xml version="1.0"?>
<log xmlns="http://www.xes-standard.org/"><trace><string key="concept:name" value="NA"/>
<event><string key="concept:name" value="triage"/><date key="time:timestamp" value="2026-03-01T08:00:00+01:00"/>
<string key="lifecycle:transition" value="start"/></event>
<event><string key="concept:name" value="triage"/><date key="time:timestamp" value="2026-03-01T08:10:00+01:00"/>
<string key="lifecycle:transition" value="complete"/><string key="org:resource" value="ann"/></event></trace>
<trace><event><string key="concept:name" value="bed"/><date key="time:timestamp" value="2026-03-01T10:00:00.5Z"/>
</event></trace></log>"""


def test_xes(tmp_path: Path) -> None:
    log = xes.read(written(tmp_path, XES, "log.xes"))
    assert log.cases == ("NA", "trace 2")
    assert log.complete[0] - log.start[0] == 600.0
    broken = xes.read(written(tmp_path, XES[: XES.index("</event></trace>\n<trace>")], "cut.xes"))
    assert any("breaks off" in r.what for r in broken.repairs)


def test_xes_expands_no_entity(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + XES.replace('<?xml version="1.0"?>', "")
    with pytest.raises(ParseError, match="declares a document type"):
        xes.read(written(tmp_path, bomb, "bomb.xes"))
    with pytest.raises(ParseError, match="not an XES log"):
        xes.read(written(tmp_path, "<html></html>", "page.xes"))


def told(*rows: tuple[float, str, str]) -> list[Adt]:
    return [Adt(at, "v", code, unit, f"line {i + 2}") for i, (at, code, unit) in enumerate(rows)]


def test_adt_transfers_and_discharge_are_stays() -> None:
    rows = told((0, "A04", "ED"), (3, "A06", "AMU"), (4, "A08", "AMU"), (9, "A02", "W1"), (99, "A03", "W1"))
    stays, repairs = stays_of(rows)
    assert [(s.activity, s.start, s.complete) for s in stays] == [("ED", 0, 3), ("AMU", 3, 9), ("W1", 9, 99)]
    assert repairs == []


def test_cancelled_events_are_taken_back() -> None:
    rows = told((0, "A01", "W1"), (5, "A02", "W2"), (6, "A12", "W1"), (7, "A03", ""), (8, "A13", ""))
    stays, repairs = stays_of(rows)
    assert [(s.activity, s.start) for s in stays] == [("W1", 0)]
    assert np.isnan(stays[0].complete)
    assert len(repairs) == 2
    assert stays_of(told((0, "A01", "W1"), (1, "A11", "W1")))[0] == []


def test_impossible_adt_is_listed_not_dropped() -> None:
    stays, repairs = stays_of(told((0, "A03", ""), (1, "A01", "W1"), (2, "A01", "W2"), (3, "A03", ""), (4, "A03", "")))
    assert [(s.activity, s.start, s.complete) for s in stays] == [("W1", 1, 2), ("W2", 2, 3)]
    said = " | ".join(r.what for r in repairs)
    for what in ("discharge before admission", "overlapping stays", "discharged twice"):
        assert what in said


def test_adt_file_with_unknown_units_and_two_beds(tmp_path: Path) -> None:
    text = (
        "who,visit,event,at,unit\n"
        "p,1,ADT^A01,2026-03-01T08:00,W1\np,2,A01,2026-03-01T09:00,W2\nq,3,A01,2026-03-01T09:00,Moon\n"
        "q,4,A99,2026-03-01T09:00,W1\n"
    )
    columns = AdtColumns(visit="visit", event="event", time="at", unit="unit", patient="who")
    log = adt.read(written(tmp_path, text), columns, units=("W1", "W2"))
    assert log.cases == ("1", "2")
    said = " | ".join(r.what for r in log.repairs)
    for what in ("unknown unit 'Moon'", "unknown event 'A99'", "visit 1 of the same patient is still in a unit"):
        assert what in said


def test_scanner_times(tmp_path: Path) -> None:
    text = (
        "acc,mod,asked,begun,ended,room\n1,MR,2026-03-01T08:00,2026-03-01T08:30,2026-03-01T09:00,MR1\n"
        "2,CT,2026-03-01T08:00,2026-03-01T07:30,2026-03-01T08:10,CT1\n3,CT,2026-03-01T08:00,,,\n"
    )
    columns = RisColumns(exam="acc", modality="mod", begun="begun", ended="ended", requested="asked", room="room")
    log = ris.read(written(tmp_path, text), columns)
    assert log.start[0] - log.enabled[0] == 1800.0
    assert {r.what for r in log.repairs} == {"begun before it was asked for", "was not begun: requested only"}


def test_a_log_known_until_now_ends_mid_stay(tmp_path: Path) -> None:
    text = "case,what,from,to,who\n1,bed,2026-03-01T08:00,2026-03-02T08:00,\n2,bed,2026-03-03T08:00,2026-03-04T08:00,\n"
    log = eventcsv.read(written(tmp_path, text), USUAL)
    now = float(log.start[0]) + 3600.0
    assert len(log.before(now)) == 1
    assert log.census(now).case.tolist() == ["1"]
    assert log.census(now).until - log.census(now).start[0] == 3600.0


def test_the_real_sepsis_log_keeps_all_its_cases() -> None:
    path = require_data("hospital/sepsis") / "sepsis_events.csv.gz"
    columns = Columns(case="Case ID", activity="Activity", complete="Complete Timestamp", resource="org:group")
    log = eventcsv.read(path, columns)
    assert len(log.cases) == 1050
    assert "NA" in log.cases
    assert len(log) + len(log.repairs) == 15214
    first = [
        {str(log.activity[i]): float(log.complete[i]) for i in r[::-1]} for c, r in log.traces() if c != "NA"
    ]  # going back, so that the first of each activity stays
    wait = [
        (d["ER Triage"] - d["ER Registration"]) / 3600 for d in first if {"ER Triage", "ER Registration"} <= d.keys()
    ]
    assert np.median(wait) == pytest.approx(0.138, abs=0.002)  # SOURCE.md of the data set
