"""What insulin doses and tablets do over the next hours, as columns for a learner. Plain arrays in and out.

A dose acts along a gamma curve, share 1 - (1 + age / tau) exp(-age / tau) by `age` (two equal compartments, fastest at
tau); a long-acting one as an exponential. A drug by mouth has a level (usual doses) that comes within ABSORBED and goes
with its half-life. Times are s. Shapes for a learner to weigh, not a dosing model; effects per unit are learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MINUTE, HOUR = 60.0, 3600.0
RAPID, INTERMEDIATE = (
    55.0 * MINUTE,
    5.0 * HOUR,
)  # fastest action: Novo Nordisk labels, aspart 1 to 3 h (its onset: assumed)
LONG = 13.0 * HOUR / np.log(2)  # glargine U100's half-life 13 h (Heise & Mathieu, Diabetes Obes Metab 2017)
ABSORBED = 1.0 * HOUR  # assumed
ACTS = ("rapid", "intermediate", "long")


@dataclass(frozen=True)
class Drug:
    """A drug by mouth (or liraglutide): class, usual dose (mg), half-life of its effect (h)."""

    group: str
    usual: float
    half_life: float


# usual doses: defined daily doses over intakes a day (WHO ATC/DDD index); half-lives: the products' labels
DRUGS = {
    "metformin": Drug("biguanide", 500.0, 6.0),
    "acarbose": Drug("glucosidase", 50.0, 2.0),
    "voglibose": Drug("glucosidase", 0.2, 2.0),
    "gliclazide": Drug("sulfonylurea", 30.0, 12.0),
    "glimepiride": Drug("sulfonylurea", 2.0, 8.0),
    "gliquidone": Drug("sulfonylurea", 30.0, 3.0),
    "repaglinide": Drug("glinide", 1.0, 1.5),
    "dapagliflozin": Drug("sglt2", 10.0, 13.0),
    "empagliflozin": Drug("sglt2", 10.0, 12.0),
    "sitagliptin": Drug("dpp4", 100.0, 12.0),
    "linagliptin": Drug("dpp4", 5.0, 24.0),
    "liraglutide": Drug("glp1", 1.2, 13.0),
    "pioglitazone": Drug("thiazolidinedione", 30.0, 24.0),
}
GROUPS = tuple(sorted({d.group for d in DRUGS.values()}))
Columns = dict[str, np.ndarray]
Given = Sequence[tuple[float, str, float]]  # (s, what, units or mg)


def acted(age: np.ndarray, acts: str) -> np.ndarray:
    """Share of a dose that has acted by `age` s, 0 before it is given."""
    held = np.maximum(age, 0.0)
    if acts == "long":
        return 1.0 - np.exp(-held / LONG)
    x = held / (RAPID if acts == "rapid" else INTERMEDIATE)
    return 1.0 - (1.0 + x) * np.exp(-x)


def insulin(doses: Given, origins: np.ndarray, lead: float) -> Columns:
    """Units that act between origin and target, are left after it, were given in the last 4 h or until the target."""
    end = origins + lead
    out: Columns = {}
    for acts in ACTS:
        own = [(at, units) for at, what, units in doses if what == acts]
        acting, left, recent = (np.zeros(len(origins)) for _ in range(3))
        for at, units in own:
            now, then = acted(origins - at, acts), acted(end - at, acts)
            acting += units * (then - now)
            left += units * np.where(end >= at, 1.0 - then, 0.0)
            recent += units * ((at > origins - 4 * HOUR) & (at <= end))
        out |= {f"{acts}_acting": acting, f"{acts}_left": left, f"{acts}_recent": recent}
    return out


def pump(rates: Sequence[tuple[float, float]], origins: np.ndarray) -> Columns:
    """Units per hour a pump gives at each origin; NaN where there is no pump yet."""
    if not rates:
        return {"pump": np.full(len(origins), np.nan)}
    times, values = np.array(rates).T
    i = np.searchsorted(times, origins, side="right") - 1
    return {"pump": np.where(i >= 0, values[np.maximum(i, 0)], np.nan)}


def by_mouth(tablets: Given, origins: np.ndarray, lead: float) -> Columns:
    """Level of each group of drugs midway to the target, in usual doses, and what is taken from an hour before on."""
    middle, end = origins + lead / 2, origins + lead
    level = {group: np.zeros(len(origins)) for group in GROUPS}
    taken = {group: np.zeros(len(origins)) for group in GROUPS}
    for at, name, amount in tablets:
        for part, drug in _parts(name):
            age = np.maximum(middle - at, 0.0)
            dose = amount / drug.usual / part
            level[drug.group] += dose * (1 - np.exp(-age / ABSORBED)) * 0.5 ** (age / (drug.half_life * HOUR))
            taken[drug.group] += dose * ((at > origins - HOUR) & (at <= end))
    return {f"{g}_level": v for g, v in level.items()} | {f"{g}_taken": v for g, v in taken.items()}


def _parts(name: str) -> list[tuple[float, Drug]]:
    """The drugs named in `name`; a tablet of two shares its weight."""
    found = [drug for known, drug in DRUGS.items() if known in name]
    return [(float(len(found)), drug) for drug in found]
