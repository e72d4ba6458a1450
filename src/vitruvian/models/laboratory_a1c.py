"""The laboratory's HbA1c from days of a sensor, with what else is known of the person, and the band of one person.

    (HbA1c, sensor mean, fasting glucose, age, glycated albumin) ~ N(m, D R' D),  R' = 0.9 R + 0.1 I
    HbA1c | what is known of the rest ~ N(m_0 + c C^-1 (x - m), s^2 (1 - c C^-1 c))
    with an earlier laboratory value beside sensor days of then:  + w (lab - expected then),  w = r s^2 / (s^2 + a^2)

Correlations R of a group of people, shrunk to none (a ridge); the band is Student's, as wide as few people ask for. A
sensor's mean says of HbA1c what it says in that group: GMI and ADAG take the mean of all sensors as true, but a Dexcom
and a Libre on one arm differ by 40 mg/dL in CGMacros. What is left, s, is the person's own gap (red cells' life,
glycation; Cohen, Blood 112:4284, 2008) and the laboratory's error a; the share r of s that stays with a person is taken
from McCarter, Diabetes Care 27:1259 (2004). Holds for people like those of the group. Anaemia, kidney disease below an
eGFR of 30, transfusion, pregnancy and haemoglobin variants break it: `doubts` says so. Sensor days of another time than
the blood (after a change of treatment) break it too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError

GMI = (3.31, 0.02392)  # Bergenstal, Diabetes Care 41:2275 (2018)
ADAG = (46.7 / 28.7, 1 / 28.7)  # Nathan, Diabetes Care 31:1473 (2008)
SHRINK = 0.1  # chosen among 0.03, 0.1 and 0.2 after a look at leave-one-out in CGMacros: they hardly differ
ASSAY = 0.2  # %, sd of a laboratory's HbA1c: NGSP, within 0.4 in 95 %
LASTING = 0.7  # share of the gap's variance that stays: McCarter 2004, correlation over visits 0.6 to 0.8
LEAST_DAYS = 10.0  # sensor days that stand for a quarter: Battelino, Diabetes Care 42:1593 (2019): 70 % of 14
KNOWABLE = ("sensor", "fasting_glucose", "age", "glycated_albumin")
UNITS = {"sensor": "mg/dL", "fasting_glucose": "mg/dL", "age": "a", "glycated_albumin": "%"}


@dataclass(frozen=True)
class Group:
    """People with a laboratory's HbA1c: their number, and mean, sd and correlation of HbA1c and what `names` say."""

    names: tuple[str, ...]
    n: int
    mean: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray
    source: str = ""

    @classmethod
    def of(cls, hba1c: np.ndarray, known: Mapping[str, np.ndarray], source: str = "") -> Group:
        """From values (person,); nan where one is not known: pairs that are known count."""
        rows = np.stack([hba1c, *known.values()])
        mean, sd = np.nanmean(rows, axis=1), np.nanstd(rows, axis=1)
        z = (rows - mean[:, None]) / sd[:, None]
        here = ~np.isnan(z)
        filled = np.where(here, z, 0.0)
        return cls(tuple(known), rows.shape[1], mean, sd, filled @ filled.T / (here.astype(float) @ here.T), source)

    def expected(self, known: Mapping[str, float]) -> tuple[float, float, int]:
        """HbA1c (%) to be expected of one whose `known` these are, its sd, and the degrees of freedom of the band."""
        given = {1 + self.names.index(n): v for n, v in known.items() if n in self.names and math.isfinite(v)}
        if not given:
            raise FieldError("nothing is known", where="HbA1c from sensor days", fix=f"give {', '.join(self.names)}")
        use = list(given)
        x = np.array([(v - self.mean[i]) / self.sd[i] for i, v in given.items()])
        R = (1.0 - SHRINK) * self.correlation + SHRINK * np.eye(len(self.mean))
        weights = np.linalg.solve(R[np.ix_(use, use)], R[use, 0])
        left = max(1.0 - float(R[0, use] @ weights), 0.0)
        wider = 1.0 + (1.0 + float(x @ x)) / self.n  # the mean and the weights are known from n people only
        value = self.mean[0] + self.sd[0] * float(weights @ x)
        return float(value), float(self.sd[0] * math.sqrt(left * wider)), max(self.n - len(use) - 1, 2)


CGMACROS = Group(
    ("sensor", "fasting_glucose", "age"),
    30,
    np.array([6.1133, 141.0678, 119.8667, 47.9333]),
    np.array([0.8374, 27.2508, 26.8387, 12.2282]),
    np.array(
        [
            [1.0, 0.81593, 0.86748, 0.56588],
            [0.81593, 1.0, 0.83168, 0.38124],
            [0.86748, 0.83168, 1.0, 0.50019],
            [0.56588, 0.38124, 0.50019, 1.0],
        ]
    ),
    "adults without, before and with type 2 diabetes, HbA1c 4.6 to 8.3 %, ten days of a Dexcom G6: CGMacros "
    "(Das et al., PhysioNet 2025, CC BY 4.0)",
)


@dataclass(frozen=True)
class Earlier:
    """A laboratory's HbA1c (%) of before, and what was known then beside it (as `known`)."""

    hba1c: float
    known: Mapping[str, float]


@dataclass(frozen=True)
class Estimate:
    """HbA1c (%) with its band; gmi and adag beside it; what it rests on and what it does not know."""

    value: float
    sd: float
    freedom: int
    known: Mapping[str, float]
    gmi: float
    adag: float
    gap: float  # %, of what was added for the person's own earlier values
    notes: tuple[str, ...]

    def band(self, share: float = 0.9) -> tuple[float, float]:
        """%, holding a laboratory's value with this probability."""
        from scipy.stats import t

        half = float(t.ppf(0.5 + share / 2, self.freedom)) * self.sd
        return self.value - half, self.value + half

    def below(self, target: float) -> float:
        """Probability that the laboratory would say less than this (%)."""
        from scipy.stats import t

        return float(t.cdf((target - self.value) / self.sd, self.freedom))

    def sentence(self) -> str:
        """Estimated HbA1c 6.9 % (90 %: 6.1 to 7.7)."""
        low, high = self.band()
        return f"Estimated laboratory HbA1c {self.value:.1f} % (90 %: {low:.1f} to {high:.1f}); GMI {self.gmi:.1f} %"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "hba1c": self.value,
            "unit": "%",
            "band90": list(self.band()),
            "sd": self.sd,
            "gmi": self.gmi,
            "adag": self.adag,
            "own_gap": self.gap,
            "known": {n: {"value": v, "unit": UNITS[n]} for n, v in self.known.items()},
            "notes": list(self.notes),
            "label": "estimated from a group of people, not measured; research use",
        }

    def plot(self, ax: Any = None) -> Any:
        """The estimate's density beside GMI and ADAG (matplotlib axes)."""
        import matplotlib.pyplot as plt
        from scipy.stats import t

        axes = plt.subplots()[1] if ax is None else ax
        x = np.linspace(self.value - 4 * self.sd, self.value + 4 * self.sd, 201)
        axes.fill_between(x, t.pdf((x - self.value) / self.sd, self.freedom) / self.sd, alpha=0.3, label="estimate")
        axes.axvline(self.gmi, linestyle="--", label="GMI")
        axes.axvline(self.adag, linestyle=":", label="ADAG")
        axes.set_xlabel("HbA1c (%)")
        axes.legend()
        return axes


def linear(line: tuple[float, float], mean: float) -> float:
    """HbA1c (%) by a published straight line of mean glucose (mg/dL)."""
    return line[0] + line[1] * mean


def estimate(
    group: Group, known: Mapping[str, float], *, days: float = math.nan, earlier: tuple[Earlier, ...] = ()
) -> Estimate:
    """What the laboratory would say now, for one whose `known` (names and units: UNITS) these are.

    days: of the sensor, to be told where they are few. earlier: own laboratory values, whose gap is carried over.
    """
    if bad := sorted(set(known) - set(KNOWABLE)):
        raise FieldError(f"'{bad[0]}' is not used", where="HbA1c from sensor days", fix=f"give {', '.join(KNOWABLE)}")
    value, sd, freedom = group.expected(known)
    gap, left = _carried(group, earlier, sd)
    mean = known.get("sensor", math.nan)
    notes = [f"from {group.n} people: {group.source}"] if group.source else []
    if math.isfinite(days) and days < LEAST_DAYS:
        notes.append(f"{days:.1f} sensor days: fewer than {LEAST_DAYS:g} say less of a quarter than the band tells")
    unknown = [n for n in group.names if n not in known]
    if unknown:
        notes.append("would be narrower with: " + ", ".join(n.replace("_", " ") for n in unknown))
    return Estimate(value + gap, left, freedom, dict(known), linear(GMI, mean), linear(ADAG, mean), gap, tuple(notes))


def _carried(group: Group, earlier: tuple[Earlier, ...], sd: float) -> tuple[float, float]:
    """Own gap (%) by earlier laboratory values, and the sd that is left."""
    if not earlier:
        return 0.0, sd
    gaps = np.array([e.hba1c - group.expected(e.known)[0] for e in earlier])
    own = LASTING * max(sd**2 - ASSAY**2, 0.0)  # variance of what stays with the person
    other = sd**2 - own  # of what changes from time to time, the assay's included
    weight = own / (own + other / len(gaps))
    return float(weight * gaps.mean()), math.sqrt(max(other + own * (1.0 - weight), ASSAY**2))


def doubts(*, egfr: float | None = None, conditions: str = "") -> tuple[str, ...]:
    """Why HbA1c would not tell this person's glucose: ADA, Standards of Care 2024, section 6."""
    said = []
    if egfr is not None and egfr < 30:
        said.append(f"an eGFR of {egfr:g}: HbA1c reads low where red cells live shorter")
    words = ("anaemia", "anemia", "transfusion", "pregnan", "haemoglobinopathy", "thalass", "sickle", "erythropoietin")
    said += [f"'{w}' is told: HbA1c may not tell glucose" for w in words if w in conditions.lower()]
    return tuple(said)
