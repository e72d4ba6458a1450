"""`--test` on claims of real data: the shared people cut into two roots of the same layout, one with gaps in it."""

import csv
import gzip

import pytest

from needs import find_data_root, require_data
from vitruvian.kinds.metabolic.evidence import hypoglycaemia, sensor_hour, sensors, unannounced
from vitruvian.kinds.metabolic.evidence.forecasts import family

pytestmark = [pytest.mark.science, pytest.mark.slow]
LIMIT = 40  # readings of the person with very little data


def cut(source, target, column, people, short=()):
    """The rows of these people, of those in `short` the first LIMIT."""
    target.parent.mkdir(parents=True, exist_ok=True)
    opener = gzip.open if source.suffix == ".gz" else open
    count: dict[str, int] = {}
    with (
        opener(source, "rt", encoding="utf-8", newline="") as file,
        opener(target, "wt", encoding="utf-8", newline="") as out,
    ):
        rows = csv.DictReader(file)
        writer = csv.DictWriter(out, rows.fieldnames or [])
        writer.writeheader()
        for row in rows:
            name = row[column]
            count[name] = count.get(name, 0) + 1
            if name in people and (name not in short or count[name] <= LIMIT):
                writer.writerow(row)


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """CGMacros: nine people to learn from, four others: one of them among the nine, one without demographics, one
    with 40 readings."""
    source = require_data("cgm", "cgmacros")
    with open(source / "subjects.csv", encoding="utf-8", newline="") as file:
        names = [row["subject"] for row in csv.DictReader(file)]
    known, both, bare, short = set(names[:9]), names[8], names[9], names[10]
    asked = {both, bare, short, names[11]}
    data, test = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("test")
    for root, people in ((data, known), (test, asked)):
        folder = root / "cgm" / "cgmacros"
        for name in ("dexcom.csv.gz", "libre.csv.gz", "meals.csv"):
            cut(source / name, folder / name, "subject", people, {short} if name.endswith("gz") else ())
        cut(source / "subjects.csv", folder / "subjects.csv", "subject", people - {bare})
    return data, test, {"both": both, "bare": bare, "short": short, "new": names[11]}


def test_the_forecaster_scores_others_holds_out_the_same_and_names_the_rest(roots):
    data, test, who = roots
    found = family(data, test, True)
    assert {s.subject for s in found.scored[3600.0]} == {who["both"], who["bare"], who["new"]}
    said = "\n".join(found.notes)
    assert f"held out of learning where scored: {who['both']}" in said
    assert f"{who['short']}: not scored: {LIMIT} readings of Dexcom, 144 are needed" in said
    assert f"{who['bare']}: no row in subjects.csv" in said
    for claim, measure in (
        ("met.cgmacros.rmse60", sensors.errors),
        ("met.cgmacros.own60", sensors.errors),
        ("met.cover90", sensors.bands),
        ("met.cgmacros.meal", sensors.meals),
    ):
        row = measure(claim, data, test, True, lambda share: None)
        assert row["n"] > 0, claim
        assert row["baseline"], claim
        assert row["notes"][: len(found.notes)] == list(found.notes) or tuple(row["notes"]) == found.notes, claim


def test_hidden_meals_of_others_are_found(roots):
    data, test, who = roots
    row = unannounced.hidden("met.unannounced", data, test, True, lambda share: None)
    assert row["n"] > 20
    assert any(who["short"] in note for note in row["notes"])


def test_lows_and_the_next_hour_of_others(tmp_path):
    """Weinstock and GlucoBench's iglu: two people of the shared ones, held out by name; one root without Shanghai."""
    source = require_data("cgm", "glucobench")
    for name, people in (("weinstock", {"2", "3", "4"}), ("iglu_broll", {"Subject 1"})):
        with gzip.open(source / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
            there = list(dict.fromkeys(row["id"] for row in csv.DictReader(file)))
        chosen = people & set(there) or set(there[:2])
        cut(source / f"{name}.csv.gz", tmp_path / "cgm" / "glucobench" / f"{name}.csv.gz", "id", chosen)
    lows = hypoglycaemia.alarms("met.hypo", find_data_root(), tmp_path, True, lambda share: None)
    assert lows["measured"]["Shanghai"] == "nobody to test"
    assert "false a day" in lows["measured"]["Weinstock"]
    hour = sensor_hour.glucobench("met.glucobench", find_data_root(), tmp_path, True, lambda share: None)
    assert set(hour["measured"]) == {"iglu"}
    assert any("held out of learning" in note for note in hour["notes"])


def test_a_root_without_the_set_says_what_is_missing(tmp_path):
    require_data("cgm", "cgmacros")
    row = sensors.bands("met.cover90", find_data_root(), tmp_path, True, lambda share: None)
    assert row["met"] is None
    assert "there is no dexcom.csv.gz or libre.csv.gz under cgm/cgmacros" in row["measured"]
