"""Food text in grams to macronutrients: "Rice 100 g, egg 50 g" -> carbohydrate, protein, fat, fibre, each with an sd.

Each food is looked up in food.csv: per 100 g as eaten, every row with its source. Most are USDA FoodData Central, SR
Legacy (public domain), written to 0.1 g by hand; foods it lacks are composed or assumed, and say so. A name is tried as
it is written, without words of its preparation, as a dish of several foods in equal parts ("shredded pork with
celery"), and by its last words. What is not found is kept aside and listed; it adds to the sd, never to the sum.

sd of a nutrient: amounts as people note them are wrong by 15 % (assumed, between weighed and estimated portions); a
food's own carbohydrate by its row's sd, its protein, fat and fibre by 20 % (assumed); a dish in unknown parts by
another 35 % of each part, a food found by its last words by 20 % (assumed). Portions are independent.
"""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

NUTRIENTS = ("carbohydrate", "protein", "fat", "fibre")
AMOUNT_SD, NUTRIENT_SD, DISH_SD, TAIL_SD = 0.15, 0.20, 0.35, 0.20  # relative; see above
# sd over the table's foods, g/100 g: what an unknown food may hold
UNKNOWN_SD = {"carbohydrate": 20.0, "protein": 8.0, "fat": 10.0, "fibre": 2.5}
SOUP = 0.25  # share of solids in a soup: assumed
OIL = {"deep-fried": 10.0, "fried": 5.0, "pan-fried": 5.0, "scrambled": 5.0, "sauteed": 5.0, "braised": 3.0}  # g/100 g
PREPARED = re.compile(
    r"(?:steamed|boiled|braised|roast|roasted|baked|grilled|stewed|poached|smoked|sliced|shredded|minced|"
    r"diced|chopped|mashed|mixed|tossed|raw|fresh|hot|cold|cooked|dry|dried|salted|small|big|large|"
    r"organic|homemade|sauteed|scrambled|fried|stir-fried|deep-fried|pan-fried|stir|pan|deep|pieces|"
    r"piece|slices|slice|stuffing|stuffed|fillet|plain"
    r")"
)
SEASONING = {"sauce", "oil", "vinegar", "wine", "sweet", "sour", "salt", "soup", "basket", "style"}  # no part of a dish
ABSENT = ("data not available", "not available", "none", "nothing", "no data", "-", "/", "")
UNITS = {
    "g": 1.0,
    "gram": 1.0,
    "grams": 1.0,
    "kg": 1000.0,
    "mg": 0.001,
    "oz": 28.35,
    "ml": 1.0,
    "l": 1000.0,
    "cl": 10.0,
}
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(?:(grams?|kg|mg|g|oz|ml|cl|l)\b)?"
_AFTER = re.compile(rf"^(?P<name>.*?[^\d\s.,:])[\s,:]*{_NUMBER}\s*{_UNIT}\s*(?:each)?$", re.IGNORECASE)
_BEFORE = re.compile(rf"^{_NUMBER}\s*{_UNIT}\s*(?:of\s+)?(?P<name>[^\d].*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Nutrients:
    """Grams of each, or the sd of them."""

    carbohydrate: float = 0.0
    protein: float = 0.0
    fat: float = 0.0
    fibre: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Plain JSON, g."""
        return {n: round(getattr(self, n), 2) for n in NUTRIENTS}


@dataclass(frozen=True)
class Portion:
    """One food of a text: its words, grams (NaN where not said), and what it was taken for (empty: unknown)."""

    text: str
    grams: float
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Food:
    """What a text holds, g; `sd` of each; `unknown` are the words that were not found or have no amount."""

    carbohydrate: float
    protein: float
    fat: float
    fibre: float
    sd: Nutrients
    unknown: tuple[str, ...]
    portions: tuple[Portion, ...]

    @property
    def grams(self) -> float:
        """Weight of all portions whose amount is said."""
        return sum(p.grams for p in self.portions if not math.isnan(p.grams))

    @property
    def known(self) -> float:
        """Share of that weight which was found, 0 to 1; 0 when nothing is said."""
        found = sum(p.grams for p in self.portions if p.found and not math.isnan(p.grams))
        return found / self.grams if self.grams else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        sums = {n: round(getattr(self, n), 2) for n in NUTRIENTS}
        taken = [
            {"text": p.text, "grams": None if math.isnan(p.grams) else p.grams, "as": [*p.found]} for p in self.portions
        ]
        return {**sums, "sd": self.sd.to_json(), "unknown": [*self.unknown], "portions": taken}

    def plot(self, ax: Any = None) -> Any:
        """Grams of each nutrient with its sd (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(5, 3), layout="constrained")[1] if ax is None else ax
        ax.bar(
            NUTRIENTS, [getattr(self, n) for n in NUTRIENTS], yerr=[getattr(self.sd, n) for n in NUTRIENTS], capsize=4
        )
        ax.set_ylabel("g")
        return ax


@dataclass(frozen=True)
class Row:
    """One food of the table: grams per 100 g, relative sd of its carbohydrate, usual weight of a piece (g, or NaN)."""

    name: str
    per: Nutrients
    sd: float
    piece: float
    source: str


@dataclass(frozen=True)
class _Found:
    """Rows in equal parts, more oil (g/100 g), share of solids, and the relative sd that finding it so adds."""

    rows: tuple[Row, ...]
    oil: float = 0.0
    share: float = 1.0
    doubt: float = 0.0


def parse_food(text: str) -> Food:
    """Macronutrients of a text such as "Rice 100 g, egg 50 g" or "100 g rice; 2 eggs"."""
    portions, total, variance, unknown = [], dict.fromkeys(NUTRIENTS, 0.0), dict.fromkeys(NUTRIENTS, 0.0), []
    for words, amount, unit in _split(text):
        found = _find(words)
        grams = _grams(amount, unit, found)
        portions.append(Portion(words, grams, tuple(r.name for r in found.rows) if found else ()))
        if found is None or math.isnan(grams):
            unknown.append(words)
            for n in NUTRIENTS:
                variance[n] += 0.0 if math.isnan(grams) else (grams / 100 * UNKNOWN_SD[n]) ** 2
            continue
        for n in NUTRIENTS:
            mean, sd = _portion(found, n, grams)
            total[n] += mean
            variance[n] += sd**2
    sd = Nutrients(**{n: math.sqrt(v) for n, v in variance.items()})
    return Food(**total, sd=sd, unknown=tuple(unknown), portions=tuple(portions))


def _portion(found: _Found, nutrient: str, grams: float) -> tuple[float, float]:
    """Mean and sd (g) of one nutrient in a portion."""
    weight = grams / 100 * found.share
    parts = [getattr(r.per, nutrient) * weight / len(found.rows) for r in found.rows]
    own = [(r.sd if nutrient == "carbohydrate" else NUTRIENT_SD) for r in found.rows]
    dish = DISH_SD if len(parts) > 1 else 0.0
    soup = 0.5 if found.share < 1 else 0.0  # how thick a soup is: assumed
    variance = sum((p * math.hypot(s, dish)) ** 2 for p, s in zip(parts, own, strict=True))
    oil = found.oil * weight if nutrient == "fat" else 0.0
    mean = sum(parts) + oil
    return mean, math.sqrt(variance + (0.5 * oil) ** 2 + (mean * math.hypot(AMOUNT_SD, found.doubt, soup)) ** 2)


def _grams(amount: str, unit: str, found: _Found | None) -> float:
    if not amount:
        return math.nan
    if unit:
        return float(amount) * UNITS[unit.lower()]
    piece = found.rows[0].piece if found and len(found.rows) == 1 else math.nan
    return float(amount) * piece if float(amount) <= 20 else math.nan  # "egg 2" is two; "egg 50" says no unit


def _split(text: str) -> list[tuple[str, str, str]]:
    """(words, amount, unit) of each food in a text; amounts may stand before or after, commas join and part."""
    out: list[tuple[str, str, str]] = []
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.replace("\uff0c", ","))  # 1,000 g
    for piece in re.split(r"[;\n\u3001\uff1b]+", plain):
        waiting = ""
        for part in piece.split(","):
            words = f"{waiting}, {part.strip()}" if waiting else part.strip()
            after, before = _AFTER.match(words), _BEFORE.match(words)
            if after or before:
                match = after or before
                assert match is not None
                amount, unit = (g or "" for g in match.groups()[1:]) if after else (g or "" for g in match.groups()[:2])
                out.append((match["name"].strip(" ,.:"), amount, unit))
                waiting = ""
            else:
                waiting = words
        if waiting.strip(" .").lower() not in ABSENT:
            out += [(w.strip(), "", "") for w in waiting.split(",") if w.strip()]
    return out


def _find(words: str) -> _Found | None:
    name = re.sub(r"\s+", " ", re.sub(r"\([^)]*\)", " ", words.lower().replace("\u2019", "'"))).strip(" .,:")
    if row := _row(name):
        return _Found((row,))
    if name.endswith(" soup") and (inner := _find(name.removesuffix(" soup"))):
        return _Found(inner.rows, inner.oil, SOUP * inner.share, inner.doubt)
    bare, oil = _unprepared(name)
    if bare != name and (row := _row(bare)):
        return _Found((row,), oil)
    parts = [p for p in re.split(r",| with | and | in | stuffed | fried | of |/|\+|&", name) if p.strip()]
    if len(parts) > 1:
        return _dish(parts, oil)
    tokens = bare.split()
    for k in range(1, len(tokens)):
        if row := _row(" ".join(tokens[k:])) or _row(" ".join(tokens[:-k])):
            return _Found((row,), oil, doubt=TAIL_SD)
    near = difflib.get_close_matches(bare, _names(), n=1, cutoff=0.88) if len(bare) >= 5 else []
    return _Found((_names()[near[0]],), oil, doubt=TAIL_SD) if near else None


def _dish(parts: Sequence[str], oil: float) -> _Found | None:
    """Several foods in equal parts; a part that is not found is left out and adds doubt."""
    solid = [p for p in parts if p.split()[-1] not in SEASONING]
    found = [f for p in solid if (f := _find(p.strip())) is not None]
    if not found:
        return None
    rows = tuple(row for f in found for row in f.rows)
    doubt = math.hypot(DISH_SD * (len(solid) - len(found)), *(f.doubt for f in found))
    return _Found(rows, max([oil, *(f.oil for f in found)]), min(f.share for f in found), doubt)


def _unprepared(name: str) -> tuple[str, float]:
    """The name without words of preparation, and the oil that they add, g/100 g."""
    text = name.replace("stir fried", "fried").replace("pan fried", "pan-fried").replace("deep fried", "deep-fried")
    words = text.split()
    oil = max((OIL.get(w, 0.0) for w in words), default=0.0)
    kept = [w for w in words if not PREPARED.fullmatch(w)]
    return " ".join(kept) or name, oil


def _row(name: str) -> Row | None:
    names = _names()
    name = name.strip()
    for form in (name, name.removesuffix("s"), name.removesuffix("es")):
        if form in names:
            return names[form]
    return None


@cache
def table() -> tuple[Row, ...]:
    """The foods of food.csv."""
    return tuple(row for row, _ in _read())


@cache
def _names() -> dict[str, Row]:
    return {name: row for row, names in _read() for name in names}


@cache
def _read() -> tuple[tuple[Row, tuple[str, ...]], ...]:
    text = (files("vitruvian.models") / "food.csv").read_text(encoding="utf-8")
    out = []
    for r in csv.DictReader(text.splitlines()):
        per = Nutrients(**{n: float(r[n]) for n in NUTRIENTS})
        row = Row(r["name"], per, float(r["sd"]), float(r["piece"] or math.nan), r["source"])
        out.append((row, (r["name"], *(a for a in r["also"].split("|") if a))))
    return tuple(out)
