"""A table for any kind: readings by observable, actions by field, in the units that stand there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import ParseError
from vitruvian.kinds.infusion import KIND, Bolus, Infuse, Person
from vitruvian.platform.connect import read
from vitruvian.platform.ingest import observe
from vitruvian.platform.store import Store

NOW = datetime(2026, 4, 1, tzinfo=UTC)
LEVELS = """\
time,observable,value,unit
2026-03-01T08:00,concentration,11.5,mg/L
2026-03-01T09:00,concentration,1.05,mg/dL
2026-03-01T10:00,concentration,9,kg
2026-03-01T11:00,conc,9,mg/L
2026-03-01T12:00,concentration,<0.5,mg/L
2026-03-01T13:00,concentration,high,mg/L
"""


def stored(tmp_path: Path, text: str, zone: str = "Europe/Berlin") -> Store:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    store = Store.open(tmp_path / "store")
    store.create_twin("S1", KIND, Case(Person(), origin=Origin(datetime(2026, 3, 1, tzinfo=UTC), zone)), now=NOW)
    observe(store, "S1", [tmp_path / "table.csv"], now=NOW)
    return store


def test_readings_come_in_the_kinds_unit_and_local_time(tmp_path: Path) -> None:
    with stored(tmp_path, LEVELS) as store:
        record = store.record("S1")
        assert (record.valid_time / 3600).tolist() == [7.0, 8.0, 11.0]  # Berlin is an hour ahead in March
        assert record.value.tolist() == pytest.approx([11.5, 10.5, 0.5])
        assert record.limit.tolist() == [0, 0, -1]
        aside = {row.line: row.reason for row in store.kept_aside("S1")}
    assert set(aside) == {4, 5, 7}
    assert "'kg' to 'mg/L'" in aside[4]
    assert "conc" in aside[5]
    assert "not a number" in aside[7]


def test_two_observables_of_one_moment_are_two_readings(tmp_path: Path) -> None:
    rows = [f"2026-03-01T{h:02d}:00,{name},5,mg/L" for h in range(8, 12) for name in "ab"]
    text = "\n".join(["time,observable,value,unit", *rows]) + "\n"
    (tmp_path / "two.csv").write_text(text, encoding="utf-8")
    found = read(tmp_path / "two.csv", zone="UTC", now=NOW)
    assert [r.what for r in found.readings] == ["a", "b"] * 4
    assert (found.report.duplicates, found.report.close) == (0, 0), "and not one sensor by two ways"
    assert [(use.sensor, use.readings) for use in found.report.devices] == [("a", 4), ("b", 4)]


def test_actions_take_amounts_with_or_without_unit(tmp_path: Path) -> None:
    text = "time,action,dose,rate,duration\n2026-03-01 08:00,Bolus,0.3 g,,\n2026-03-01 09:00,Infuse,,30,90 min\n"
    with stored(tmp_path, text, "UTC") as store:
        bolus, infuse = store.case("S1").timeline
    assert isinstance(bolus, Bolus)
    assert bolus.dose == pytest.approx(300.0)
    assert isinstance(infuse, Infuse)
    assert (infuse.rate, infuse.duration) == (30.0, pytest.approx(1.5))


def test_a_table_without_units_says_where_to_write_them(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"line 2.*concentration has no unit.*column unit"):
        stored(tmp_path, "time,observable,value\n2026-03-01T08:00,concentration,3\n").close()
