"""The feed: everything after a sequence, once, in order, however it is cut."""

from pathlib import Path

import pytest

from levels import CASE, FILE, bolus, level
from vitruvian.kinds.infusion import KIND
from vitruvian.platform import feed
from vitruvian.platform.aside import Aside
from vitruvian.platform.jobs import queue
from vitruvian.platform.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(feed, "GROUP", 40)
    opened = Store.open(tmp_path)
    for name in ("S1", "S2"):
        twin = opened.create_twin(name, KIND, CASE)
        source = opened.begin_source(twin.id, FILE)
        opened.append(twin.id, source, [level(h, 1.0) for h in range(90)], [bolus(1, 100.0)])
        opened.append(twin.id, source, [level(999, 1.0)], (), [Aside("x", 1, "", "", "why", "fix")])
    with opened.database.write() as connection:
        queue.put(connection, "local", None, "evidence", {}, "ada", 1)
    return opened


def everything(store: Store, start: int = 0) -> list[feed.Event]:
    events, cursor = [], start
    with store.database.read() as connection:
        while True:
            some, after = feed.after(connection, cursor, tenant=store.tenant)
            events += some
            if after == cursor:
                return events
            cursor = after


def test_every_fact_is_told_once_and_in_order(store: Store) -> None:
    events = everything(store)
    assert [e.seq for e in events] == sorted({e.seq for e in events})
    told = [r["seq"] for e in events if e.type == "readings" for r in e.data["readings"]]
    assert len(told) == len(set(told)) == 182
    assert max(len(e.data["readings"]) for e in events if e.type == "readings") == feed.GROUP
    kinds = [e.type for e in events if e.type != "readings"]
    assert sorted(kinds) == ["action"] * 4 + ["job"] + ["kept_aside"] * 2 + ["twin"] * 2


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_small_steps_tell_the_same(store: Store, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [r["seq"] for e in everything(store) if e.type == "readings" for r in e.data["readings"]]
    monkeypatch.setattr(feed, "ROWS", rows)
    assert [r["seq"] for e in everything(store) if e.type == "readings" for r in e.data["readings"]] == whole


def test_a_stream_that_was_cut_off_goes_on_where_it_ended(store: Store) -> None:
    events = everything(store)
    for cut in events[::3]:
        rest = everything(store, cut.seq)
        assert [e.seq for e in rest if e.type != "readings"] == [
            e.seq for e in events if e.seq > cut.seq and e.type != "readings"
        ]
        told = [r["seq"] for e in rest if e.type == "readings" for r in e.data["readings"]]
        assert told == [
            r["seq"] for e in events if e.type == "readings" for r in e.data["readings"] if r["seq"] > cut.seq
        ]


def test_another_tenant_hears_nothing(store: Store) -> None:
    assert everything(Store(store.database, "other")) == []
