"""The law of streams: whatever the order of arrival, a followed twin ends as after the sorted stream, bit for bit."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.twin import Twin
from vitruvian.platform import registry
from vitruvian.platform.claims.senders import ORIGIN
from vitruvian.platform.follow import renew, standing
from vitruvian.platform.instant import micros
from vitruvian.platform.store import Deed, Observation, Source, Store
from vitruvian.platform.store.database import Database
from vitruvian.verbs.population import believe_prior

KIND, MEMBERS = "infusion", 16
NOW = datetime(2026, 4, 1, tzinfo=UTC)
SEED = 20261128
Facts = Sequence[Observation | Deed]
Progress = Callable[[float], None]


def permuted(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """Random streams with back-fills, corrections, removals, planned actions; mixed, doubled, cut into batches."""
    cases, rng = 20 if quick else 1000, np.random.default_rng(SEED)
    other = naive = 0
    with tempfile.TemporaryDirectory() as place:
        database = Database.open(place)
        for case in range(cases):
            facts = _stream(rng)
            doubled = [*facts, *(facts[int(i)] for i in rng.integers(len(facts), size=3))]
            mixed = [doubled[int(i)] for i in rng.permutation(len(doubled))]
            cuts = sorted({int(c) for c in rng.integers(1, len(mixed), size=2)})
            batches = [mixed[a:b] for a, b in itertools.pairwise([0, *cuts, len(mixed)])]
            other += _end(database, f"{case} mixed", batches) != _end(database, f"{case} sorted", [facts])
            naive += _last_wins(mixed) != _last_wins(facts)
            progress((case + 1) / cases)
        database.close()
    baseline = f"{naive} where the last to arrive wins"
    return {"measured": other, "met": other == 0, "n": cases, "baseline": baseline}


def _last_wins(facts: Facts) -> dict[str, Any]:
    """What a store without versions would hold."""
    told: dict[str, Any] = {}
    for fact in facts:
        told[fact.reading_id if isinstance(fact, Observation) else fact.action_id] = fact
    return told


def _stream(rng: np.random.Generator) -> list[Observation | Deed]:
    """Sorted by when each fact became known."""
    facts: list[Observation | Deed] = []
    for k in sorted(rng.choice(np.arange(1, 13), size=int(rng.integers(1, 5)), replace=False).tolist()):
        for version in range(int(rng.integers(1, 3))):
            valid = micros(ORIGIN + timedelta(hours=k))
            known = valid + version * int(rng.integers(1, 9)) * 3_600_000_000
            facts.append(
                Observation(
                    reading_id=f"r{k}",
                    observable="concentration",
                    unit="mg/L",
                    valid_us=valid,
                    known_us=known,
                    value=float(rng.choice([4.0, 8.5, 14.0])),
                    removed=version > 0 and bool(rng.integers(2)),
                )
            )
    for k in range(int(rng.integers(0, 3))):
        at = micros(ORIGIN + timedelta(hours=2 + 4 * k))
        known = at - int(rng.integers(0, 3)) * 3_600_000_000
        facts.append(Deed(action_id=f"b{k}", type="Bolus", at_us=at, known_us=known, body={"dose": 100.0 * (k + 1)}))
    return sorted(facts, key=lambda fact: fact.known_us or 0)


def _end(database: Database, name: str, batches: Sequence[Facts]) -> tuple[Any, ...]:
    """What the follower has made of these batches."""
    store, kind = Store(database, name.replace(" ", "-")), registry.get(KIND)
    case = Case(kind.subject(), origin=Origin(ORIGIN))
    twin = store.create_twin("S", kind, case, now=ORIGIN)
    store.save_belief(twin.id, believe_prior(Twin(kind, case), 0.0, members=MEMBERS).believed(), now=ORIGIN)
    with database.write() as connection:
        standing.begin(connection, store.tenant, twin.id, {"hours": 1.0}, "claims", 0)
    for facts in batches:
        readings = [f for f in facts if isinstance(f, Observation)]
        store.append_observations(twin.id, readings, Source("stream"), now=NOW)
        store.append_actions(twin.id, [f for f in facts if isinstance(f, Deed)], Source("stream"), now=NOW)
        with database.read() as connection:
            due = standing.of(connection, [twin.id])
        made = renew.renewed(database, lambda: NOW, due)
        with database.write() as connection:
            assert all(renew.keep(connection, one, NOW) for one in made if one.failed is None)
    found = store.latest_belief(twin.id)
    assert found is not None
    belief = found[1]
    state = () if belief.state is None else tuple(v.tobytes() for _, v in sorted(belief.state.tree.items()))
    return belief.z.tobytes(), belief.weights.tobytes(), state, belief.at, belief.known_at, belief.rows, belief.seen
