"""Local times: summer and winter, the hour that comes twice, the hour that never was, a clock that travels."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core.errors import FieldError, ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import Import, read
from vitruvian.platform.connect.clock import EPOCH
from vitruvian.platform.connect.items import INTERSTITIAL, How, Reading, Timed
from vitruvian.platform.connect.zones import Clock
from vitruvian.platform.instant import micros, moment

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BERLIN, YORK = "Europe/Berlin", "America/New_York"
BACK = datetime(2025, 10, 25, 22, tzinfo=UTC)  # Berlin goes back at 01:00 UTC on the 26th: 02:00 to 03:00 comes twice
FORTH = datetime(2025, 3, 29, 22, tzinfo=UTC)  # and forward at 01:00 UTC on 30 March: 02:00 to 03:00 never is


def every5(start: datetime, hours: float) -> list[datetime]:
    return [start + timedelta(minutes=5 * i) for i in range(int(hours * 12))]


def local(when: datetime, zone: str) -> str:
    return when.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def plain(path: Path, stamps: list[str], zone: str | None = BERLIN) -> Import:
    rows = [f"{stamp},{100 + i % 50}" for i, stamp in enumerate(stamps)]
    (path / "t.csv").write_text("time,glucose_mgdl\n" + "\n".join(rows) + "\n")
    return read(path / "t.csv", zone=zone, now=NOW)


def clarity(path: Path, rows: list[tuple[str, int]], zone: str) -> Import:
    head = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Glucose Value (mg/dL),"
    head += "Transmitter Time (Long Integer),Transmitter ID"
    lines = [f"{i},{stamp},EGV,,{100 + i % 50},{ticks},8AB1CD" for i, (stamp, ticks) in enumerate(rows, 1)]
    (path / "c.csv").write_text("\n".join([head, *lines]) + "\n")
    return read(path / "c.csv", zone=zone, now=NOW)


def instants(found: Import) -> list[datetime]:
    return [moment(r.utc_us) for r in found.readings]


@pytest.mark.parametrize("turn", [1, -1], ids=["ascending", "descending"])
def test_the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows(tmp_path: Path, turn: int) -> None:
    truth = every5(BACK, 8)[::turn]
    found = plain(tmp_path, [local(t, BERLIN) for t in truth])
    assert sorted(instants(found)) == sorted(truth)
    assert (found.report.told_apart, found.report.undecided, found.kept_aside) == (24, 0, ())
    assert found.report.order == ("ascending" if turn > 0 else "descending")


def test_without_a_jump_back_the_hour_is_not_guessed(tmp_path: Path) -> None:
    truth = [t for t in every5(BACK, 8) if not (t.day == 26 and t.hour == 1)]  # the second time is missing
    found = plain(tmp_path, [local(t, BERLIN) for t in truth])
    unsure = [t for t in truth if t.day == 26 and t.hour == 0]
    assert instants(found) == [t for t in truth if t not in unsure]
    assert found.report.undecided == len(found.kept_aside) == 12
    assert "comes twice in Europe/Berlin" in found.kept_aside[0].reason
    assert "offset" in found.kept_aside[0].fix


def test_a_time_that_never_was_is_kept_aside(tmp_path: Path) -> None:
    truth = every5(FORTH, 8)
    stamps = [local(t, BERLIN) for t in truth]
    found = plain(tmp_path, [*stamps, "2025-03-30T02:30:00"])
    assert instants(found) == truth
    assert [a.reason for a in found.kept_aside] == [
        "this local time does not exist in Europe/Berlin: clocks went forward"
    ]
    assert found.report.skipped == 1


def test_the_transmitters_clock_decides_where_the_order_cannot(tmp_path: Path) -> None:
    truth = every5(datetime(2025, 11, 2, 2, tzinfo=UTC), 8)  # New York goes back at 06:00 UTC
    rows = sorted((local(t, YORK), int((t - truth[0]).total_seconds()) + 5000) for t in truth)  # sorted as text
    assert [r[1] for r in rows] != sorted(r[1] for r in rows)
    found = clarity(tmp_path, rows, YORK)
    assert sorted(instants(found)) == truth
    assert found.report.undecided == 0


def test_a_clock_that_travels_keeps_the_true_distance(tmp_path: Path) -> None:
    truth = every5(datetime(2025, 7, 1, 12, tzinfo=UTC), 24)
    flight = truth[100]
    rows = [
        (local(t, YORK if t < flight else "America/Los_Angeles"), int((t - truth[0]).total_seconds()) + 77)
        for t in truth
    ]
    found = clarity(tmp_path, rows, YORK)
    assert instants(found) == truth
    assert [r.offset_s for r in found.readings[98:102]] == [-4 * 3600] * 2 + [-7 * 3600] * 2
    assert found.report.moved == len(truth) - 100
    assert any("journey" in line for line in found.report.lines())


@pytest.mark.parametrize("ticks", [lambda i: 1, lambda i: i, lambda i: 10**9 - 300 * i, lambda i: (i * 7919) % 10007])
def test_a_transmitters_clock_that_does_not_keep_step_is_not_believed(tmp_path: Path, ticks: object) -> None:
    truth = every5(datetime(2025, 7, 1, 12, tzinfo=UTC), 24)
    assert callable(ticks)
    found = clarity(tmp_path, [(local(t, YORK), ticks(i)) for i, t in enumerate(truth)], YORK)
    assert instants(found) == truth
    assert found.report.moved == 0


def test_a_time_with_its_offset_needs_no_zone(tmp_path: Path) -> None:
    stamps = ["2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00", "2025-10-26T01:45:00Z"]
    found = plain(tmp_path, stamps, None)
    assert instants(found) == [datetime(2025, 10, 26, h, m, tzinfo=UTC) for h, m in ((0, 30), (1, 30), (1, 45))]
    assert [r.offset_s for r in found.readings] == [7200, 3600, 0]


def test_local_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"t.csv, line 2: the times are local.*zone='Europe/Berlin'"):
        plain(tmp_path, ["2025-07-01T08:00:00"], None)
    with pytest.raises(FieldError, match="'Berlin' is no time zone"):
        plain(tmp_path, ["2025-07-01T08:00:00"], "Berlin")


def turns(zone: str) -> list[datetime]:
    """Noons (UTC) before a day on which the zone's clock changed."""
    days = [datetime(2020, 1, 1, 12, tzinfo=UTC) + timedelta(days=i) for i in range(6 * 365)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, a, b in zip(days, offsets, offsets[1:], strict=False) if a != b] or days[:1]


ZONES = [BERLIN, YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "Africa/Casablanca"]
TURNS = {zone: turns(zone) for zone in ZONES}


@settings(max_examples=150)
@given(data=st.data(), step=st.integers(60, 5000), turn=st.sampled_from([1, -1]))
def test_local_times_come_back_to_their_instants(data: st.DataObject, step: int, turn: int) -> None:
    """Every instant around a clock change is found again, or kept aside as one that comes twice: none is misplaced."""
    zone = data.draw(st.sampled_from(ZONES))
    begin = data.draw(st.sampled_from(TURNS[zone])) + timedelta(minutes=data.draw(st.integers(0, 24 * 60)))
    kept = data.draw(st.lists(st.booleans(), min_size=60, max_size=60))
    truth = [begin + timedelta(seconds=step * i) for i in range(60) if kept[i]][::turn]
    rows = []
    for i, t in enumerate(truth):
        wall = micros(t.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC))
        body = Reading(wall, 0, INTERSTITIAL, float(i), "mg/dL", "cgm", "", 0, None, i, "")
        rows.append(Timed(wall, None, "one", None, body))
    placed = list(Clock("f", How(micros(NOW), ZoneInfo(zone))).place(rows))
    assert len(placed) == len(truth)
    for row in placed:
        if isinstance(row, Reading):
            assert moment(row.utc_us) == truth[int(row.value)]
        else:
            assert isinstance(row, Aside)
            assert "comes twice" in row.reason


def test_wall_clocks_count_from_the_same_epoch() -> None:
    assert EPOCH.replace(tzinfo=UTC) == moment(0)
