"""The law of streams: any permutation, duplication, back-fill or correction ends where the sorted stream does, bit for
bit; what was kept of it is renewed, scored and told exactly once."""

import dataclasses
import itertools
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kinds_for_tests.linear_gaussian import STEP, LinearGaussian, Push, Thing, prior_belief
from vitruvian.core.belief import Belief
from vitruvian.core.case import Case, Origin
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.models.alarms.reasons import Reasoned
from vitruvian.platform import registry
from vitruvian.platform.alerts import episodes, rules
from vitruvian.platform.follow import renew, scores, standing
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Observation, Source, Store
from vitruvian.platform.store.database import Database
from vitruvian.platform.store.schema import beliefs, forecasts
from vitruvian.platform.store.schema_live import standing as standing_table

ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = ORIGIN + timedelta(days=30)
KIND = LinearGaussian()
CASE = Case(Thing(), (Push(at=5 * STEP, amount=2.0),), origin=Origin(ORIGIN))
SOURCE = Source("stream")
MICRO = 1_000_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "get", lambda name: KIND)
        yield opened
    opened.close()


def us(seconds: float) -> int:
    return int(((ORIGIN - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() + seconds) * MICRO)


def reading(k: int, value: float, known: float, removed: bool = False) -> Observation:
    """A version of the k-th reading that became known so many steps after it was valid."""
    valid = us(k * STEP)
    facts = {"reading_id": f"r{k}", "observable": "x", "unit": "1", "removed": removed}
    return Observation(valid_us=valid, value=value, known_us=valid + int(known * STEP * MICRO), **facts)


@dataclasses.dataclass
class Followed:
    """A followed twin on a tenant of its own, from the prior at time 0."""

    store: Store

    def __post_init__(self) -> None:
        self.twin = self.store.create_twin("S1", KIND, CASE, now=ORIGIN).id
        self.store.save_belief(self.twin, prior_belief(KIND, 12, 7), now=ORIGIN)
        with self.store.database.write() as connection:
            standing.begin(connection, self.store.tenant, self.twin, {"hours": 6, "of": ["x"]}, "test", 0)

    def comes(self, rows: Sequence[Observation]) -> None:
        """Facts come, and the follower renews what is due."""
        self.store.append_observations(self.twin, rows, SOURCE, now=NOW)
        self.renew()

    def renew(self) -> int:
        database = self.store.database
        with database.read() as connection:
            due = standing.of(connection, [self.twin])
        made = renew.renewed(database, lambda: NOW, due)
        assert [one.failed for one in made] == [None]
        with database.write() as connection:
            return sum(renew.keep(connection, one, NOW) for one in made)

    @property
    def belief(self) -> Belief:
        found = self.store.latest_belief(self.twin)
        assert found is not None
        return found[1]


def followed(shared: Database) -> Followed:
    return Followed(Store(shared, secrets.token_hex(8)))


def end(shared: Database, batches: Sequence[Sequence[Observation]]) -> tuple[Any, ...]:
    twin = followed(shared)
    for rows in batches:
        twin.comes(rows)
    b = twin.belief
    assert b.state is not None
    state = tuple((name, value.tobytes()) for name, value in sorted(b.state.tree.items()))
    return b.z.tobytes(), b.weights.tobytes(), state, b.at, b.known_at, b.rows, b.seen


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Observation], list[list[Observation]]]:
    """The sorted stream, with corrections and removals; and the same in any order, doubled, in any batches."""
    rows: list[Observation] = []
    for k in sorted(draw(st.sets(st.integers(1, 12), min_size=1, max_size=5))):
        for version in range(draw(st.integers(1, 2))):
            removed = version > 0 and draw(st.booleans())
            rows.append(reading(k, draw(st.sampled_from([-1.0, 0.5, 2.0])), version * draw(st.integers(1, 9)), removed))
    doubled = rows + draw(st.lists(st.sampled_from(rows), max_size=3))
    mixed = draw(st.permutations(doubled))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(mixed) - 1)), max_size=2)))
    edges = [0, *(c for c in cuts if c < len(mixed)), len(mixed)]
    batches = [mixed[a:b] for a, b in itertools.pairwise(edges)]
    return sorted(rows, key=lambda r: (r.known_us or 0, r.reading_id)), [b for b in batches if b]


@settings(max_examples=100)
@given(streams())
def test_any_order_of_arrival_ends_where_the_sorted_stream_does(
    shared: Database, given_: tuple[list[Observation], list[list[Observation]]]
) -> None:
    ordered, batches = given_
    assert end(shared, batches) == end(shared, [ordered])


def test_a_renewal_is_written_whole_and_once(shared: Database) -> None:
    twin = followed(shared)
    twin.store.append_observations(twin.twin, [reading(1, 0.5, 0)], SOURCE, now=NOW)
    database = shared
    with database.read() as connection:
        due = standing.of(connection, [twin.twin])
    two = [renew.renewed(database, lambda: NOW, due)[0] for _ in range(2)]
    with database.write() as connection:
        assert [renew.keep(connection, one, NOW) for one in two] == [True, False], "the second server was slower"
        for table, count in ((beliefs, 2), (forecasts, 1)):  # the first belief is the prior
            match = select(func.count()).select_from(table).where(table.c.twin_id == twin.twin)
            assert connection.execute(match).scalar() == count
        match = select(standing_table.c.done_seq).where(standing_table.c.twin_id == twin.twin)
        assert connection.execute(match).scalar_one() == due[0].until


def test_only_what_is_new_is_due(shared: Database) -> None:
    twin, other = followed(shared), followed(shared)
    twin.comes([reading(1, 0.5, 0)])
    other.comes([reading(1, 0.5, 0)])
    with shared.read() as connection:
        newest = standing._newest(connection)
        assert not {twin.twin, other.twin} & {d.twin_id for d in standing.due(connection)}
    twin.store.append_observations(twin.twin, [reading(2, 0.6, 0)], SOURCE, now=NOW)
    with shared.read() as connection:
        told, until = standing.told(connection, newest, renew.FOLLOWER)
        assert [d.twin_id for d in told] == [twin.twin]
        assert until > newest
        assert twin.twin in {d.twin_id for d in standing.due(connection)}
        assert standing.told(connection, until, renew.FOLLOWER)[0] == []


def test_past_forecasts_are_scored_against_what_came_once(shared: Database) -> None:
    twin = followed(shared)
    twin.comes([reading(1, 0.5, 0)])
    twin.comes([reading(2, 0.6, 0), reading(4, 60.0, 0)])
    twin.renew()
    with shared.read() as connection:
        said = scores.summary(connection, twin.twin)
    (line,) = said["items"]
    assert (line["observable"], line["lead"], line["n"]) == ("x", 0.0, 2)
    assert line["in90"] == 0.5, "60 is far outside"
    assert said["proposal"] is None, "two readings say nothing of drift"


def test_a_twin_that_drifts_is_proposed_for_recalibration(shared: Database) -> None:
    twin = followed(shared)
    twin.comes([reading(1, 0.5, 0)])
    with shared.write() as connection:
        row = {"twin_id": twin.twin, "forecast_version": 1, "observable": "x", "valid_us": 0, "ahead_s": 60.0}
        for k in range(scores.ENOUGH):
            rank = 0.975 if k % 2 else 0.5
            told = {"reading_seq": 10_000 + k, "value": 3.0, "median": 1.0, "rank": rank, "created_us": 0}
            connection.execute(scores.scores.insert().values(**row, **told))
        said = scores.summary(connection, twin.twin)
    assert said["drift"]
    assert said["proposal"] == (
        "recalibrate: 50 % of 20 readings of x lay in the 90 % bands of the forecasts before them"
    )


def test_an_alert_becomes_durable_with_the_renewal_that_raised_it(shared: Database) -> None:
    twin = followed(shared)
    tenant = twin.store.tenant
    with shared.write() as connection:
        above = rules.Rule("reading", "x", high=3.0)
        rules.add(connection, tenant, None, "linear_gaussian", "high", above, "test", 0)
        sure = rules.Rule("forecast", "x", high=-50.0, probability=0.9, hours=1.0)
        rules.add(connection, tenant, twin.twin, "linear_gaussian", "soon", sure, "test", 0)
    twin.comes([reading(1, 0.5, 0)])
    twin.comes([reading(2, 4.0, 0)])
    with shared.read() as connection:
        found = {a["said"].partition(":")[0]: a["state"] for a in episodes.page(connection, tenant, 0, 9)}
        why = episodes.page(connection, tenant, 0, 9)[0]["detail"]["reasons"]
    assert found == {"soon": "open", "high": "open"}
    assert ("x", 4.0) in [(v["of"], v["value"]) for v in why["values"]]
    twin.comes([reading(3, 0.0, 0)])
    with shared.read() as connection:
        found = {a["said"].partition(":")[0]: a["state"] for a in episodes.page(connection, tenant, 0, 9)}
    assert found == {"soon": "open", "high": "resolved"}


def test_an_alert_is_not_lost_because_its_kind_cannot_say_why(shared: Database) -> None:
    class Mute(LinearGaussian, Reasoned):
        def reasons(self, case: Case, record: Any, at: float) -> Any:
            raise ZeroDivisionError("no reading")

    twin, belief = followed(shared), prior_belief(KIND, 12, 7)
    live = LiveTwin(twin.store, twin.store.find_twin(twin.twin), lambda: NOW)
    due = standing.Due(twin.twin, twin.store.tenant, "linear_gaussian", {}, 0, 1)
    said = renew.Renewed(due, live, belief, twin=Twin(Mute(), CASE, Record.empty())).reasons()
    assert said == {"reasons": None, "no_reasons": "ZeroDivisionError: no reading"}


def test_a_twin_without_a_belief_is_calibrated_once(shared: Database) -> None:
    store = Store(shared, secrets.token_hex(8))
    twin = store.create_twin("S1", KIND, CASE, now=ORIGIN).id
    store.append_observations(twin, [reading(1, 0.5, 0)], SOURCE, now=NOW)
    with shared.write() as connection:
        standing.begin(connection, store.tenant, twin, {"hours": 6}, "test", 0)
    from vitruvian.platform.jobs import queue

    for _ in range(2):
        with shared.read() as connection:
            due = standing.of(connection, [twin])
        made = renew.renewed(shared, lambda: NOW, due)
        with shared.write() as connection:
            assert renew.keep(connection, made[0], NOW)
    with shared.read() as connection:
        jobs = queue.page(connection, store.tenant, 0, 9)
    assert [(j["type"], j["state"]) for j in jobs] == [("calibrate", "queued")]
