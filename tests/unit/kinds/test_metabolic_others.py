"""Other people under `--test`: who is scored, who is held out of learning, and what is said of the rest."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from vitruvian.kinds.metabolic.evidence import others
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import FOLDER, study

START = np.datetime64("2020-05-01T00:00:00")
DEMOGRAPHICS = {
    "Age": "50", "Body weight": "180", "Height": "68", "A1c PDL (Lab)": "6.0",
    "Fasting GLU - PDL (Lab)": "110", "Insulin": "12", "status": "preD",
}  # fmt: skip


def person(name, seed, count=300):
    rng = np.random.default_rng(seed)
    values = np.round(120 + 30 * np.sin(np.arange(count) / 20 + seed) + rng.normal(0, 2, count))
    return others.Whose.of(name, np.arange(count) * 300.0, values)


def test_new_people_exclude_nobody_from_learning():
    known, new = [person(str(k), k) for k in range(8)], [person("x", 20), person("y", 21)]
    (part,) = others.parts(known, new, 5)
    assert part.learners == tuple(range(8))
    assert part.tested == (0, 1)
    assert others.held_out(known, new) == ()


def test_who_is_in_both_is_held_out_by_name_and_by_readings():
    known = [person(str(k), k) for k in range(10)]
    renamed = others.Whose("stranger", known[3].readings[:100])
    (part,) = others.parts(known, [person("7", 40), renamed], 5)
    assert set(range(10)) - set(part.learners) == {3, 7}
    assert others.held_out(known, [renamed]) == ("held out of learning where scored: 3",)


def test_all_the_same_people_are_scored_by_folds_and_nobody_learns_from_himself():
    known = [person(str(k), k) for k in range(10)]
    copies = [others.Whose(k.name, k.readings.copy()) for k in known]
    found = list(others.parts(known, copies, 5))
    assert sorted(i for p in found for i in p.tested) == list(range(10))
    assert all(not set(p.learners) & set(p.tested) for p in found)
    assert [p.tested for p in others.parts(known, known, 5)] == [p.tested for p in found]


def test_too_few_to_learn_from_says_what_to_do():
    known = [person(str(k), k) for k in range(5)]
    with pytest.raises(others.NobodyError, match=r"4 people are left to learn from, 5 are needed.*Fix"):
        list(others.parts(known, [person("0", 0)], 5))


def test_a_set_may_lie_in_its_folder_in_its_own_name_or_at_the_root(tmp_path):
    for place in ("cgm/cgmacros", "cgmacros", "."):
        root = tmp_path / place.replace("/", "_").replace(".", "flat")
        (root / place).mkdir(parents=True)
        (root / place / "dexcom.csv.gz").touch()
        assert others.placed(root, FOLDER, ("dexcom.csv.gz",)) == root / place
    with pytest.raises(others.NobodyError, match=r"no libre\.csv\.gz under cgm/cgmacros.*Fix: lay it out"):
        others.found(tmp_path, FOLDER, ("libre.csv.gz",))


def test_a_claim_that_can_score_nobody_says_so_and_notes_are_kept():
    def measure(claim, data, test, quick, progress):
        if test is None:
            return {"measured": 1.0, "met": True, "n": 1, "baseline": None, "notes": ()}
        raise others.NobodyError("nobody", where="here", fix="name others")

    told = others.told(measure)
    assert "notes" not in told("c", None, None, True, print)
    assert told("c", None, Path(), True, print)["measured"] == "not measured: here: nobody. Fix: name others"


def write(path, head, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def cgmacros(root, counts, demographics, meals=True):
    """Subjects with so many Dexcom readings each, those in `demographics` with a row there."""
    folder = root / FOLDER
    rows = []
    for k, (name, count) in enumerate(counts.items()):
        times = START + np.arange(count) * np.timedelta64(300, "s")
        values = 110 + 30 * np.sin(np.arange(count) / 15 + k)
        rows += [[name, str(t).replace("T", " "), f"{v:.0f}"] for t, v in zip(times, values, strict=True)]
    write(folder / "dexcom.csv.gz", ["subject", "time", "mg_dl"], rows)
    write(folder / "subjects.csv", ["subject", *DEMOGRAPHICS], [[n, *DEMOGRAPHICS.values()] for n in demographics])
    if meals:
        head = ["subject", "time", "meal_type", "meal_kcal", "carb_g", "protein_g", "fat_g", "fiber_g", "amount_pct"]
        eaten = [[n, "2020-05-01 12:00:00", "Lunch", "500", "60", "20", "15", "5", "100"] for n in counts]
        write(folder / "meals.csv", head, eaten)
    return root


def test_what_a_folder_of_others_lacks_is_said_and_the_rest_is_scored(tmp_path):
    data = cgmacros(tmp_path / "data", {str(k): 300 for k in range(1, 8)}, [str(k) for k in range(1, 8)])
    test = cgmacros(tmp_path / "test", {"31": 300, "32": 300, "33": 20}, ["31", "34"])
    there = study(test)
    assert there.aside == {"34": "no readings of a sensor"}
    cast = asked(data, test)
    assert [s.name for s in cast.people] == ["31", "32"]
    assert cast.people[0].person.diabetes == "prediabetes"
    assert cast.people[1].person == type(cast.people[1].person)()
    said = "\n".join(cast.notes)
    assert "32: no row in subjects.csv" in said
    assert "33: not scored: 20 readings of Dexcom, 144 are needed" in said
    assert "34: no readings of a sensor" in said
    assert "31" not in said


def test_files_and_cells_may_be_missing_or_broken(tmp_path):
    root = cgmacros(tmp_path / "no_meals", {"9": 200}, [], meals=False)
    (root / FOLDER / "subjects.csv").unlink()
    path = root / FOLDER / "dexcom.csv.gz"
    with gzip.open(path, "at", encoding="utf-8") as file:
        file.write("9,yesterday,100\n9,2020-05-03 00:00:00,\n9,2020-05-03 00:05:00,5.5\n")
    (subject,) = study(root).subjects
    assert len(subject.record) == 200
    assert "no meals" in subject.notes
    assert "3 rows could not be read" in subject.notes


def test_impossible_demographics_are_left_out_and_the_diagnosis_is_taken_from_hba1c(tmp_path):
    root = cgmacros(tmp_path, {"9": 200}, [])
    row = DEMOGRAPHICS | {"Age": "500", "A1c PDL (Lab)": "7.1", "status": ""}
    write(root / FOLDER / "subjects.csv", ["subject", *row], [["9", *row.values()]])
    (subject,) = study(root).subjects
    assert subject.person.diabetes == "type2"
    assert subject.person.age is None
    assert "age 500 a is left out" in subject.notes


def test_nobody_to_score_names_everybody_and_why(tmp_path):
    data = cgmacros(tmp_path / "data", {str(k): 300 for k in range(1, 8)}, [])
    test = cgmacros(tmp_path / "test", {"33": 20}, [])
    with pytest.raises(others.NobodyError, match=r"nobody can be scored \(33: not scored: 20 readings"):
        asked(data, test)
