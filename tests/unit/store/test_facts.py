"""Append-only facts: acknowledged once, no version lost, readable as of any past moment, whatever their order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from levels import CASE, FILE, bolus, hour, level, us
from vitruvian.core.errors import StoreError
from vitruvian.core.record import Record
from vitruvian.kinds.infusion import KIND, Bolus, Infuse
from vitruvian.platform.store import Aside, Deed, Observation, Store
from vitruvian.platform.store.schema import observations


def values(store: Store, as_of: float | None = None, **more: Any) -> dict[float, float]:
    """{hour: level} in force, as known at that hour."""
    record = store.record("S1", None if as_of is None else hour(as_of), **more).until(np.inf)
    return dict(zip((record.valid_time / 3600).tolist(), record.value.tolist(), strict=True))


def test_what_goes_in_comes_out_exactly(store: Store) -> None:
    rows = [level(1.0, 0.1 + 0.2, sensor="assay", sd=0.25), level(2.5, 1e-300, limit=-1), level(1 / 3, 7.0)]
    receipts = store.append_observations("S1", rows, FILE, now=hour(5))
    assert [r.status for r in receipts.observations] == ["new"] * 3
    seqs = [r.seq for r in receipts.observations]
    assert seqs == sorted(set(seqs))
    record = store.record("S1")
    assert record.valid_time.tolist() == [1200.0, 3600.0, 9000.0]
    assert record.known_at.tolist() == record.valid_time.tolist()
    assert record.value.tolist() == [7.0, 0.1 + 0.2, 1e-300]
    assert record.limit.tolist() == [0, 0, -1]
    assert record.sensor.tolist() == ["", "assay", ""]
    assert record.sd[1] == 0.25
    assert np.isnan(record.sd[[0, 2]]).all()


def test_the_same_rows_again_are_duplicates(store: Store) -> None:
    rows = [level(h, h) for h in range(5)]
    store.append_observations("S1", rows, FILE, now=hour(6))
    before = store.record("S1").digest()
    again = store.append_observations("S1", [*rows, rows[0]], FILE, now=hour(7))
    assert again.count("duplicate") == 6
    assert store.record("S1").digest() == before


def test_a_changed_value_is_a_further_version_known_from_now_on(store: Store) -> None:
    store.append_observations("S1", [level(1, 10.0)], FILE, now=hour(2))
    changed = store.append_observations("S1", [level(1, 12.0)], FILE, now=hour(3))
    assert [(r.status, r.version) for r in changed.observations] == [("changed", 2)]
    assert values(store, 2.9) == {1.0: 10.0}
    assert values(store, 3) == {1.0: 12.0}
    assert len(store.record("S1")) == 2  # the first version is not overwritten
    back = store.append_observations("S1", [level(1, 10.0)], FILE, now=hour(4))  # and the change may be taken back
    assert [(r.status, r.version) for r in back.observations] == [("changed", 3)]
    assert values(store) == {1.0: 10.0}


def test_versions_name_what_they_replace(store: Store) -> None:
    store.append_observations("S1", [level(1, 10.0), level(2, 20.0), level(1, 11.0)], FILE, now=hour(3))
    with store.database.read() as connection:
        t = observations.c
        rows = connection.execute(select(t.reading_id, t.version, t.seq, t.supersedes).order_by(t.seq)).fetchall()
    first, second, third = rows
    assert (first.version, first.supersedes, second.supersedes) == (1, None, None)
    assert (third.reading_id, third.version, third.supersedes) == (first.reading_id, 2, first.seq)


def test_a_removed_reading_is_gone_from_then_on_and_stays_readable_before(store: Store) -> None:
    store.append_observations("S1", [level(1, 10.0), level(2, 20.0)], FILE, now=hour(2))
    store.remove_observations("S1", ["level@1"], FILE, now=hour(4))
    assert values(store) == {2.0: 20.0}
    assert values(store, 3.9) == {1.0: 10.0, 2.0: 20.0}
    with pytest.raises(StoreError, match="there is no reading_id 'level@9'"):
        store.remove_observations("S1", ["level@9"], FILE)


def test_back_filled_rows_are_known_only_later_and_never_behind_the_cursor(store: Store) -> None:
    store.append_observations("S1", [level(3, 30.0)], FILE, now=hour(3))
    cursor = store.append_observations("S1", [level(4, 40.0)], FILE, now=hour(4)).observations[-1].seq
    late = store.append_observations("S1", [level(1, 10.0, known_us=us(5))], FILE, now=hour(5)).observations[0]
    assert late.seq > cursor
    assert values(store, 4.5) == {3.0: 30.0, 4.0: 40.0}
    assert values(store, 5) == {1.0: 10.0, 3.0: 30.0, 4.0: 40.0}
    assert values(store, as_of_seq=cursor) == {3.0: 30.0, 4.0: 40.0}


def test_a_senders_key_is_honoured_once_and_may_not_be_reused(store: Store) -> None:
    row = level(1, 10.0, idempotency_key="MSG-1")
    assert store.append_observations("S1", [row, row], FILE).count("duplicate") == 1
    store.append_observations("S1", [level(1, 11.0, idempotency_key="MSG-2")], FILE, now=hour(9))
    assert store.append_observations("S1", [row], FILE, now=hour(10)).count("duplicate") == 1  # delivered again, late
    assert values(store) == {1.0: 11.0}
    with pytest.raises(StoreError, match="'MSG-1' came before with other content"):
        store.append_observations("S1", [level(1, 13.0, idempotency_key="MSG-1")], FILE)


def test_a_batch_is_all_or_nothing(store: Store) -> None:
    store.append_observations("S1", [level(1, 10.0, idempotency_key="A")], FILE)
    with pytest.raises(StoreError):
        store.append_observations("S1", [level(2, 20.0), level(3, 1.0, idempotency_key="A")], FILE)
    assert values(store) == {1.0: 10.0}


def test_only_the_window_asked_for_is_read(store: Store) -> None:
    store.append_observations("S1", [level(h, h) for h in range(10)], FILE, now=hour(10))
    assert store.record("S1", since=hour(7)).valid_time.tolist() == [7 * 3600.0, 8 * 3600.0, 9 * 3600.0]


def test_tenants_do_not_see_each_other(store: Store) -> None:
    other = Store(store.database, tenant="elsewhere")
    assert other.list_twins() == ()
    with pytest.raises(StoreError, match="no twin 'S1'"):
        other.record("S1")
    twin = other.create_twin("S1", KIND, CASE)
    other.append_observations("S1", [level(1, 99.0, idempotency_key="K")], FILE)
    store.append_observations("S1", [level(1, 10.0, idempotency_key="K")], FILE)
    assert values(store) == {1.0: 10.0}
    assert twin.id != store.find_twin("S1").id


def test_no_fact_is_ever_updated_or_deleted(store: Store) -> None:
    said: list[str] = []
    engine = store.database._engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, statement, *_: said.append(statement))
    store.append("S1", FILE, [level(1, 1.0), level(1, 2.0)], [bolus(1, 5.0)], [Aside("f", 1, "", "", "r", "x")])
    store.append("S1", FILE, [level(1, 3.0)], [bolus(1, 6.0)])
    store.remove_observations("S1", ["level@1"], FILE)
    store.remove_actions("S1", ["bolus@1"], FILE)
    assert any(s.startswith("INSERT INTO observations") for s in said)
    changed = {s.split()[1] for s in said if s.startswith("UPDATE")}
    assert changed <= {"counters", "sources"}  # the last sequence given out; the report of a file that was read
    assert not any(s.startswith("DELETE") for s in said)


def test_writers_at_once_store_everything_once(store: Store) -> None:
    rows = [level(h, float(h)) for h in range(100)]

    def write(offset: int) -> int:
        with Store.open(store.database.where) as own:
            return own.append_observations("S1", rows[offset : offset + 60], FILE, now=hour(200)).count("new")

    with ThreadPoolExecutor(4) as pool:
        new = sum(pool.map(write, (0, 20, 40, 0)))
    assert new == len(store.record("S1")) == 100
    with store.database.read() as connection:
        seqs = connection.execute(select(observations.c.seq)).scalars().all()
    assert len(set(seqs)) == 100


# actions


def test_a_case_comes_back_as_it_was_given(store: Store) -> None:
    assert store.case("S1") == CASE


def test_actions_are_known_when_told_and_can_be_corrected_and_removed(store: Store) -> None:
    plan = Deed(action_id="i1", type="Infuse", at_us=us(10), body={"rate": 30.0, "duration": 2.0})
    store.append_actions("S1", [plan, bolus(1, 100.0)], FILE, now=hour(2))
    assert store.case("S1", hour(1.9)).actions(Infuse) == ()  # a plan is known when it is told, before it happens
    assert store.case("S1", hour(2)).actions(Infuse) == (Infuse(at=36000.0, known_at=7200.0, rate=30.0, duration=2.0),)
    store.append_actions("S1", [bolus(1, 150.0)], FILE, now=hour(3))
    doses = {h: [a.to_json()["dose"] for a in store.case("S1", hour(h)).actions(Bolus)] for h in (2, 3)}
    assert doses == {2: [300.0, 100.0], 3: [300.0, 150.0]}
    store.remove_actions("S1", ["bolus@1"], FILE, now=hour(4))
    assert [a.at for a in store.case("S1").actions(Bolus)] == [0.0]
    assert len(store.case("S1", hour(3)).actions(Bolus)) == 2


def test_a_type_the_kind_does_not_have_is_named(store: Store) -> None:
    store.append_actions("S1", [bolus(1, 1.0, type="Meal")], FILE)
    with pytest.raises(Exception, match="there is no action 'Meal'"):
        store.case("S1")


# rows kept aside, history


def test_rows_kept_aside_are_listed_once(store: Store) -> None:
    row = Aside("levels.csv", 7, "value", "1;x;", "not a number", "write digits")
    assert store.append("S1", FILE, asides=[row, row]).kept_aside == 1
    assert store.append("S1", FILE, asides=[row, row._replace(line=8)]).kept_aside == 1
    assert store.kept_aside("S1") == (row, row._replace(line=8))


def test_history_tells_what_happened(store: Store) -> None:
    source = store.begin_source("S1", FILE)
    store.append_observations("S1", [level(1, 1.0), level(2, 2.0)], source)
    store.finish_source(source, {"rows": 2})
    assert [(h.what, h.detail) for h in store.history("S1")] == [
        ("created", "infusion 1"),
        ("observed", "twin create: 0 readings, 1 actions"),
        ("observed", "levels.csv: 2 readings, 0 actions"),
    ]


# the law of arrival

Versions = st.lists(
    st.tuples(
        st.integers(0, 3),  # which reading
        st.integers(0, 4),  # known so many hours after
        st.sampled_from([1.0, 2.0, 3.0]),
        st.booleans(),  # removed
    ),
    min_size=1,
    max_size=12,
)


def told(versions: list[tuple[int, int, float, bool]]) -> list[Observation]:
    return [level(r, v, known_us=us(r + k), removed=gone) for r, k, v, gone in versions]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for many examples; each example has a twin of its own."""
    with Store.open(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@settings(max_examples=60)
@given(versions=Versions, data=st.data())
def test_any_order_duplication_and_batching_of_arrival_ends_in_the_same_record(
    shared: Store, versions: list[tuple[int, int, float, bool]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(versions))
    twice = [*shuffled, *data.draw(st.lists(st.sampled_from(versions), max_size=5))]
    size = data.draw(st.integers(1, 5))
    one = arrived(shared, [told(versions)])
    other = arrived(shared, [told(twice[i : i + size]) for i in range(0, len(twice), size)])
    assert one.digest() == other.digest()
    for h in range(9):
        assert one.until(h * 3600.0).digest() == other.until(h * 3600.0).digest()


@settings(max_examples=30)
@given(hours=st.lists(st.integers(0, 20), min_size=1, max_size=20), data=st.data())
def test_readings_without_a_told_time_are_the_same_in_any_order(
    shared: Store, hours: list[int], data: st.DataObject
) -> None:
    rows = [level(h, float(h)) for h in hours]
    shuffled = data.draw(st.permutations(rows))
    one, other = arrived(shared, [rows]), arrived(shared, [shuffled[:3], shuffled[3:], rows])
    assert one.digest() == other.digest()


def arrived(store: Store, batches: list[list[Observation]]) -> Record:
    """The record of a new twin after these batches; nothing is doubled in the table."""
    twin = store.create_twin(f"S{len(store.list_twins())}", KIND, CASE).id
    for rows in batches:
        store.append_observations(twin, rows, FILE, now=hour(48))
    with store.database.read() as connection:
        t = observations.c
        match = select(func.count(), func.count(t.idempotency_key.distinct())).where(t.twin_id == twin)
        total, distinct = connection.execute(match).one()
    record = store.record(twin)
    assert total == distinct == len(record)
    return record
