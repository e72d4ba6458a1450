"""Files to facts: what a kind sees and does, once each, in any order; what it has no place for is listed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError, ParseError, StoreError
from vitruvian.core.units import convert
from vitruvian.platform import registry
from vitruvian.platform.ingest import Taken, observe
from vitruvian.platform.store import Receipts, Store

EXPORTS = Path(__file__).parents[2] / "data" / "exports"
ORIGIN = Origin(datetime(2025, 4, 30, 22, tzinfo=UTC), "Europe/Berlin")  # local midnight
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make(store: Store, subject: str, kind: str = "metabolic") -> str:
    found = registry.get(kind)
    return store.create_twin(subject, found, Case(found.subject(), origin=ORIGIN), now=NOW).id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        make(opened, "Ada")
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for many examples; each example has a twin of its own."""
    with Store.open(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


def take(store: Store, *names: str, twin: str = "Ada", **said: Any) -> tuple[Taken, ...]:
    return observe(store, twin, [EXPORTS / n for n in names], **{"now": NOW, **said})


def timeline(store: Store) -> list[dict[str, Any]]:
    return [{k: v for k, v in a.to_json().items() if v is not None} for a in store.case("Ada").timeline]


def test_a_sensor_export_becomes_a_record(store: Store) -> None:
    (taken,) = take(store, "clarity_g7_mgdl.csv")
    record = store.record("Ada").only("glucose")
    assert record.valid_time[:2].tolist() == [(7 * 60 + 55) * 60 + 3.0, 8 * 3600 + 3.0]  # 07:55:03, 08:00:03 in Berlin
    assert record.value.tolist() == [104.0, 106.0, 111.0, 40.0, 400.0, 124.0, 131.0]
    assert record.limit.tolist() == [0, 0, 0, -1, 1, 0, 0]
    assert record.known_at.tolist() == record.valid_time.tolist()
    assert set(record.sensor.tolist()) == {"dexcom"}
    finger = store.record("Ada").only("blood_glucose")  # LOINC 2339-0
    assert (finger.value.tolist(), finger.sensor.tolist()) == ([118.0], ["fingerstick"])
    assert (taken.new, taken.changed, taken.known, taken.kept_aside) == (12, 0, 0, 1)
    assert taken.lines()[1] == "12 new"


def test_events_become_the_kinds_actions_in_its_own_units(store: Store) -> None:
    (taken,) = take(store, "clarity_g7_mgdl.csv")
    assert timeline(store) == [
        {"type": "Meal", "at": 28890.0, "carbohydrate": 45.0},
        {"type": "Insulin", "at": 28920.0, "units": 4.5, "formulation": "fast"},
        {"type": "Exercise", "at": 64800.0, "mets": 4.5, "duration": 45.0},  # 2700 s are 45 min
        {"type": "Insulin", "at": 79200.0, "units": 18.0, "formulation": "basal"},
    ]
    assert "'medium' exercise is taken as 4.5 METs (assumed)" in taken.lines()


def test_mmol_per_litre_is_converted_once(store: Store) -> None:
    take(store, "clarity_g6_mmol.csv")
    value = store.record("Ada").value
    assert value[0] == 5.8 * 18.0156 == pytest.approx(104.49048)
    assert value.tolist() == [convert(x, "mmol/L", "mg/dL", "glucose") for x in (5.8, 2.2, 22.2, 6.0)]


def test_taking_in_the_same_again_changes_nothing(store: Store) -> None:
    names = ("clarity_g7_mgdl.csv", "meals.csv", "nightscout_treatments.json", "nightscout_entries.json")
    take(store, *names)
    before, aside = store.record("Ada").digest(), store.kept_aside("Ada")
    actions = timeline(store)
    again = take(store, *names)
    assert [(t.new, t.changed) for t in again] == [(0, 0)] * 4
    assert (store.record("Ada").digest(), store.kept_aside("Ada"), timeline(store)) == (before, aside, actions)


def test_a_dose_that_stands_in_two_files_is_given_once(store: Store) -> None:
    _, meals = take(store, "clarity_g7_mgdl.csv", "meals.csv")
    assert (meals.new, meals.known) == (3, 2)  # the evening dose and the walk are there already
    basal = [a for a in timeline(store) if a.get("formulation") == "basal"]
    assert len(basal) == 1


def test_what_the_kind_has_no_place_for_is_kept_aside_with_the_reason(store: Store) -> None:
    take(store, "nightscout_treatments.json")
    assert [(a.line, a.column, a.reason) for a in store.kept_aside("Ada")] == [
        (38, "", "'Site Change' carries nothing that is read"),
        (17, "Exercise", "missing field mets"),
        (23, "Basal", "there is no action 'Basal'"),
    ]


def test_late_entries_are_known_late(store: Store) -> None:
    take(store, "nightscout_entries.json", "nightscout_treatments.json")
    late = [a for a in timeline(store) if "known_at" in a]
    assert [(a["at"], a["known_at"]) for a in late] == [(9 * 3600.0, 33 * 3600.0)]  # entered a day later
    record = store.record("Ada")
    assert record.known_at[record.valid_time == 8 * 3600 + 1200].tolist() == [10 * 3600.0]
    assert len(store.case("Ada", NOW - timedelta(days=245, hours=2)).timeline) < len(timeline(store))


def test_a_corrected_table_corrects_the_twin_and_the_past_stays_readable(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "meals.csv"
    seen = []
    for day, grams in ((1, 45), (2, 60), (3, 45)):
        file.write_text(f"id,time,carbs_g\nm1,2025-05-0{day} 08:00,{grams}\n")
        (taken,) = observe(store, "Ada", [file], now=datetime(2025, 6, day, tzinfo=UTC))
        seen.append((taken.new, taken.changed))
    assert seen == [(1, 0), (0, 1), (0, 1)]
    then = {day: store.case("Ada", datetime(2025, 6, day, tzinfo=UTC)).timeline for day in (1, 2, 3)}
    assert [[(a.at, a.to_json()["carbohydrate"]) for a in actions] for actions in then.values()] == [
        [(8 * 3600.0, 45.0)],
        [(32 * 3600.0, 60.0)],
        [(56 * 3600.0, 45.0)],
    ]


def test_two_foods_at_one_time_are_two_and_a_row_said_twice_is_one(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "meals.csv"
    file.write_text("time,carbs_g\n2025-05-01 08:00,30\n2025-05-01 08:00,12\n2025-05-01 08:00,30\n")
    (taken,) = observe(store, "Ada", [file], now=NOW)
    assert [a["carbohydrate"] for a in timeline(store)] == [30.0, 12.0]
    assert any("1 events stand twice" in line for line in taken.lines())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2025-05-01 08:00,250,,", "must be between 0 and 200 g (got 250)"),
        ("2025-05-01 08:00,-5,,", "'-5' is negative"),
        ("2025-05-01 08:00,x,,", "'x' is not a number"),
        ("2025-05-01 08:00,,5,inhaled", "insulin type 'inhaled' is not known"),
        ("2025-05-01,45,,", "is not a time"),
    ],
)
def test_amounts_that_cannot_be_are_kept_aside(store: Store, tmp_path: Path, row: str, reason: str) -> None:
    file = tmp_path / "meals.csv"
    file.write_text(f"time,carbs_g,insulin_units,insulin_type\n2025-05-02 08:00,45,,\n{row}\n")
    observe(store, "Ada", [file], now=NOW)
    assert [a["carbohydrate"] for a in timeline(store)] == [45.0]
    (aside,) = store.kept_aside("Ada")
    assert aside.line == 3
    assert reason in aside.reason


def test_a_kind_that_sees_no_glucose_refuses_the_file_before_anything_is_stored(store: Store) -> None:
    make(store, "Bob", "infusion")
    with pytest.raises(ParseError, match=r"nothing in it is for a infusion twin.*does not see interstitial glucose"):
        take(store, "plain_mgdl.csv", twin="Bob")
    assert [h.what for h in store.history("Bob")] == ["created"]


def test_of_several_files_a_wrong_one_leaves_nothing_of_the_others(store: Store, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ParseError, match=r"bad\.csv"):
        observe(store, "Ada", [EXPORTS / "clarity_g7_mgdl.csv", tmp_path / "bad.csv"], now=NOW)
    assert len(store.record("Ada")) == 0
    with pytest.raises(FieldError, match="no file is named"):
        observe(store, "Ada", [], now=NOW)
    with pytest.raises(StoreError, match="no twin 'Eve'"):
        take(store, "meals.csv", twin="Eve")


def test_one_sensor_by_two_ways_is_pointed_out(store: Store, tmp_path: Path) -> None:
    lines = [f"2025-05-01T08:{m:02d}:00Z,100,dexcom,{{}}" for m in range(0, 60, 5)]
    for device in ("A", "B"):
        file = tmp_path / f"{device}.csv"
        file.write_text("time,glucose_mgdl,sensor,device\n" + "\n".join(lines).format(*[device] * 12) + "\n")
        (taken,) = observe(store, "Ada", [file], now=NOW)
        said = [line for line in taken.lines() if "two ways" in line]
        assert said == (
            []
            if device == "A"
            else ["12 readings of dexcom by another device lie in the time of 'B': one sensor, two ways?"]
        )


def test_progress_runs_to_the_end_and_receipts_name_every_row(store: Store, tmp_path: Path) -> None:
    rows = [f"2025-05-{1 + i // 288:02d}T{i // 12 % 24:02d}:{i % 12 * 5:02d}:00Z,{100 + i % 50}" for i in range(5000)]
    (tmp_path / "long.csv").write_text("time,glucose_mgdl\n" + "\n".join(rows) + "\n")
    shares: list[float] = []
    receipts: list[Receipts] = []
    observe(
        store,
        "Ada",
        [tmp_path / "long.csv", EXPORTS / "meals.csv"],
        now=NOW,
        progress=shares.append,
        acknowledge=receipts.append,
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert max(len(r.observations) for r in receipts) <= 2000  # bounded transactions
    assert sum(r.count("new") for r in receipts) == 5005


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), batches=st.integers(1, 4))
def test_any_order_of_rows_and_files_ends_in_the_same_record(
    shared: Store, tmp_path_factory: pytest.TempPathFactory, seed: int, batches: int
) -> None:
    """Shuffled, split over files that overlap, given in any order: the record is that of the sorted file."""
    dice = random.Random(seed)
    folder = tmp_path_factory.mktemp("files")
    rows = [f"2025-05-01T{i // 12:02d}:{i % 12 * 5:02d}:00Z,{dice.randint(60, 250)}" for i in range(120)]
    parts = [dice.sample(rows, dice.randint(1, 120)) for _ in range(batches)]
    parts.append([row for row in rows if not any(row in part for part in parts)] or rows[:1])
    files = [write(folder / f"{i}.csv", part) for i, part in enumerate(parts)]
    whole, pieces = (make(shared, f"{seed}-{len(shared.list_twins())}") for _ in range(2))
    observe(shared, whole, [write(folder / "whole.csv", rows)], now=NOW)
    observe(shared, pieces, dice.sample(files, len(files)), now=NOW)
    one, other = shared.record(whole), shared.record(pieces)
    assert one.digest() == other.digest()
    assert len(one) == 120
    assert np.unique(one.id).size == 120


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("time,glucose_mgdl\n" + "\n".join(rows) + "\n")
    return path
