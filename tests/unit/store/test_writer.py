"""Group commit: each request holds or fails by itself, and what failed left nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from levels import level
from vitruvian.core.errors import FieldError, StoreError
from vitruvian.platform.store import Source, Store
from vitruvian.platform.store.bulk import Batch
from vitruvian.platform.store.writer import Writer


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM observations")).scalar_one()


def test_what_waits_is_committed_together(store: Store) -> None:
    writer, twin = Writer(store.database), store.find_twin("S1")
    gate = threading.Event()
    first = writer.submit(lambda _: gate.wait(10))
    rest = [writer.append(Batch(twin, Source("x"), [level(h, 1.0)])) for h in range(50)]
    gate.set()
    assert first.result()
    assert {f.result().observations[0].status for f in rest} == {"new"}
    assert writer.groups <= 3
    seqs = [f.result().observations[0].seq for f in rest]
    assert seqs == sorted(set(seqs))
    writer.close()


def test_one_that_fails_takes_back_only_its_own(store: Store) -> None:
    writer, twin = Writer(store.database), store.find_twin("S1")
    gate = threading.Event()

    def fails(connection: Connection) -> None:
        connection.execute(text("DELETE FROM observations"))
        raise FieldError("no")

    before = writer.append(Batch(twin, Source("x"), [level(1, 1.0)]))
    writer.submit(lambda _: gate.wait(10))
    bad, good = writer.submit(fails), writer.append(Batch(twin, Source("x"), [level(2, 1.0)]))
    gate.set()
    with pytest.raises(FieldError, match="no"):
        bad.result()
    assert (before.result().count("new"), good.result().count("new")) == (1, 1)
    assert writer.submit(count).result() == 2
    writer.close()


def test_a_fault_ends_its_group_and_not_the_writer(store: Store) -> None:
    writer = Writer(store.database)
    with pytest.raises(ZeroDivisionError):
        writer.submit(lambda _: 1 // 0).result()
    assert writer.submit(count).result() == 0
    writer.close()
    with pytest.raises(StoreError, match="too much is waiting"):
        writer.submit(count)


def test_threads_that_write_by_themselves_take_turns(store: Store) -> None:
    writer, twin = Writer(store.database), store.find_twin("S1")

    def direct(h: int) -> int:
        return store.append_observations(twin.id, [level(h, 1.0)], Source("y")).count("new")

    with ThreadPoolExecutor(8) as pool:
        futures = [writer.append(Batch(twin, Source("x"), [level(100 + h, 1.0)])) for h in range(20)]
        assert sum(pool.map(direct, range(20))) == 20
        assert sum(f.result().count("new") for f in futures) == 20
    assert writer.submit(count).result() == 40
    writer.close()
