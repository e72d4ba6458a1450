"""Food text to macronutrients: what is parsed, what is kept aside, how uncertain it is."""

from __future__ import annotations

import json
import math

import pytest

from needs import require_data
from vitruvian.models.food import NUTRIENTS, parse_food, table


@pytest.mark.parametrize(
    ("text", "carbohydrate", "protein"),
    [
        ("Rice 100 g", 28.2, 2.7),
        ("Rice 100 g, egg 50 g", 28.2 + 0.55, 2.7 + 6.3),
        ("100 g rice; 2 eggs", 28.2 + 1.1, 2.7 + 12.6),
        ("rice150G", 42.3, 4.05),
        ("Rice 1,000 g", 282.0, 27.0),
        ("0.1 kg of rice", 28.2, 2.7),
        ("Milk 250 ml", 12.0, 8.0),
        ("Steamed sliced lotus root 50 g", 8.0, 0.8),
        ("Celery and carrot 100 g", (3.0 + 9.6) / 2, (0.7 + 0.9) / 2),
        ("Wax gourd soup 200 g", 2 * 3.0 / 4, 2 * 0.4 / 4),
        ("Carrot, celery and shredded pork 90 g", 0.3 * (9.6 + 3.0 + 0.5), 0.3 * (0.9 + 0.7 + 25.0)),
    ],
)
def test_what_a_text_holds(text: str, carbohydrate: float, protein: float) -> None:
    found = parse_food(text)
    assert found.unknown == ()
    assert found.carbohydrate == pytest.approx(carbohydrate, rel=1e-9)
    assert found.protein == pytest.approx(protein, rel=1e-9)


def test_frying_adds_fat_and_nothing_else() -> None:
    plain, fried = parse_food("Eggplant 100 g"), parse_food("Fried eggplant 100 g")
    assert fried.fat == pytest.approx(plain.fat + 5.0)
    assert fried.carbohydrate == plain.carbohydrate


def test_the_unknown_is_kept_listed_and_makes_less_certain() -> None:
    known, more = parse_food("Rice 100 g"), parse_food("Rice 100 g; xyzzy 100 g; bread")
    assert more.unknown == ("xyzzy", "bread")
    assert more.carbohydrate == known.carbohydrate
    assert more.sd.carbohydrate == pytest.approx(math.hypot(known.sd.carbohydrate, 20.0))
    assert more.known == 0.5


def test_no_report_is_not_a_meal() -> None:
    found = parse_food("Data not available")
    assert (found.grams, found.unknown, found.carbohydrate) == (0.0, (), 0.0)
    assert parse_food("").portions == ()


def test_a_number_without_a_unit_is_a_count_only_where_a_piece_is_known() -> None:
    assert parse_food("egg 2").portions[0].grams == 100.0
    assert parse_food("egg 50").unknown == ("egg",)
    assert parse_food("spinach 2").unknown == ("spinach",)


def test_uncertainty_of_portions_adds_in_squares_and_a_dish_is_less_certain_than_its_parts() -> None:
    one = parse_food("Rice 100 g").sd.carbohydrate
    assert one == pytest.approx(28.2 * math.hypot(0.20, 0.15))
    assert parse_food("Rice 100 g; rice 100 g").sd.carbohydrate == pytest.approx(math.sqrt(2) * one)
    dish = parse_food("Rice with potato 200 g").sd.carbohydrate
    assert dish > parse_food("Rice 100 g; potato 100 g").sd.carbohydrate


def test_every_food_has_a_source_and_adds_up() -> None:
    rows = table()
    assert len(rows) > 200
    for row in rows:
        assert row.source
        assert 0 <= row.sd <= 1
        per = row.per
        assert per.carbohydrate + per.protein + per.fat <= 100.5, row.name
        assert 0 <= per.fibre <= per.carbohydrate, row.name


# as printed in USDA's SR 28 (ABBREV): NDB number, carbohydrate, protein, fat, fibre in 100 g
SR28 = [
    ("rice", "20045", 28.17, 2.69, 0.28, 0.4),
    ("brown rice", "20037", 25.58, 2.74, 0.97, 1.6),
    ("couscous", "20029", 23.22, 3.79, 0.16, 1.4),
    ("quinoa", "20137", 21.30, 4.40, 1.92, 2.8),
    ("millet", "20032", 23.67, 3.51, 1.00, 1.3),
    ("rice noodles", "20134", 24.01, 1.79, 0.20, 1.0),
    ("egg noodles", "20310", 25.16, 4.54, 2.07, 1.2),
    ("white bread", "18069", 49.42, 8.85, 3.33, 2.7),
    ("whole wheat bread", "18075", 42.71, 12.45, 3.50, 6.0),
    ("okra", "11279", 4.51, 1.87, 0.21, 2.5),
    ("onion", "11282", 9.34, 1.10, 0.10, 1.7),
    ("green onion", "11291", 7.34, 1.83, 0.19, 2.6),
    ("snow peas", "11301", 7.05, 3.27, 0.23, 2.8),
    ("peas", "11305", 15.63, 5.36, 0.22, 5.5),
    ("green pepper", "11333", 4.64, 0.86, 0.17, 1.7),
]


@pytest.mark.parametrize("row", SR28, ids=lambda row: row[0])
def test_the_table_is_what_the_department_of_agriculture_prints(
    row: tuple[str, str, float, float, float, float],
) -> None:
    found = parse_food(f"{row[0]} 100 g")
    got = (found.carbohydrate, found.protein, found.fat, found.fibre)
    assert got == pytest.approx(row[2:], abs=0.051)


def test_plain_json() -> None:
    found = parse_food("Rice 100 g; bread")
    json.dumps(found.to_json(), allow_nan=False)
    assert set(NUTRIENTS) <= set(found.to_json())


def test_almost_all_of_the_shanghai_diet_records_is_found() -> None:
    import csv

    with (require_data("cgm", "shanghai_t2dm") / "events.csv").open(encoding="utf-8", newline="") as file:
        meals = [parse_food(r["text"]) for r in csv.DictReader(file) if r["kind"] == "diet"]
    grams = sum(m.grams for m in meals)
    assert sum(m.grams * m.known for m in meals) / grams > 0.98
