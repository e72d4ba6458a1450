"""A virtual cohort of people with type 2 diabetes: who they are, by the sources of `Covariates`, and their course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.forcing import Batch
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import Theta
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic_slow.actions import Patient
from vitruvian.kinds.metabolic_slow.model import MetabolicSlow

KIND = MetabolicSlow()
DAY = 86400.0


@dataclass(frozen=True)
class Covariates:
    """Means and spreads of adults with type 2 diabetes, by the source; `women` a share, `years` a gamma's mean."""

    source: str
    age: tuple[float, float]
    women: float
    index: tuple[float, float]  # kg/m2
    hba1c: tuple[float, float]  # %
    years: float
    egfr: tuple[float, float]  # mL/min/1.73 m2
    heart_failure: float = 0.0  # share


TRIALS = Covariates(
    "tables of SUSTAIN 1, SURPASS-2, EMPA-REG MONO and DiRECT, about their middle",
    (55.0, 10.0),
    0.5,
    (92.0 / 1.70**2, 4.5),
    (8.0, 0.8),
    4.0,
    (90.0, 16.0),
)
# US adults with diagnosed diabetes: age, sex and index from the CDC's National Diabetes Statistics Report 2022 (NHANES
# 2017 to 2020: 89.8 % overweight, index mean 32); HbA1c from Fang, N Engl J Med 384:2219 (2021); years from NHANES
# (Casagrande 2013); eGFR and heart failure from Afkarian, JAMA 316:602 (2016) and the AHA's statistics. From memory.
ADULTS = Covariates(
    "US adults with diagnosed type 2 diabetes: NHANES, CDC 2022; Fang 2021; Afkarian 2016",
    (60.0, 13.0),
    0.48,
    (32.0, 6.5),
    (7.5, 1.5),
    10.0,
    (84.0, 22.0),
    0.10,
)


def patients(
    count: int,
    seed: int,
    *,
    hba1c: float | None = None,
    years: float | None = None,
    weight: float | None = None,
    of: Covariates = TRIALS,
) -> list[Patient]:
    """People drawn from the covariates; hba1c, years, weight (kg at 1.70 m): other means. Height 1.70 m (0.09)."""
    rng = generator(seed, "cohort")
    male = rng.random(count) >= of.women
    height = np.clip(rng.normal(163.0, 6.0, count) + 13.0 * male, 145, 205)
    middle = of.index[0] if weight is None else weight / 1.70**2
    index = np.clip(rng.normal(middle, of.index[1], count), 24 if of is TRIALS else 19, 48)
    age = np.clip(rng.normal(*of.age, count), 22, 78)
    mean_years = of.years if years is None else years
    since = np.clip(rng.gamma(1.6, mean_years / 1.6, count), 0.0, 30.0)
    mean_level = of.hba1c[0] if hba1c is None else hba1c
    level = np.clip(rng.normal(mean_level, of.hba1c[1], count), 6.3 if of is TRIALS else 5.7, 11.5)
    kidneys = np.clip(rng.normal(*of.egfr, count), 45 if of is TRIALS else 16, 130)
    failing = rng.random(count) < of.heart_failure
    return [
        Patient(
            weight=float(index[k] * (height[k] / 100) ** 2),
            height=float(height[k]),
            sex="male" if male[k] else "female",
            age=float(age[k]),
            years=float(since[k]),
            hba1c=float(level[k]),
            egfr=float(kidneys[k]),
            heart_failure="yes" if failing[k] else "no",
        )
        for k in range(count)
    ]


def theta_of(
    people: Sequence[Patient], plans: Sequence[Sequence[Action]], days: float, seed: int
) -> tuple[Theta, Batch]:
    """A draw of the parameters a person, the same whatever is done, and what drives each."""
    forcings, columns, end = [], [], days * DAY
    draws = generator(seed, "parameters").standard_normal((len(people), len(KIND.parameters)))
    for person, plan, drawn in zip(people, plans, draws, strict=True):
        case = Case(person, tuple(plan))
        forcings.append(KIND.compile(case, Record.empty(), 0.0, end, end))
        mean, cov = KIND.population(case).moments(tuple(p.name for p in KIND.parameters))
        columns.append(mean + np.linalg.cholesky(cov) @ drawn)
    layout = Latents.of(KIND.parameters, forcings[0])
    return layout.theta(layout.pad(np.array(columns))), Batch.each(forcings, 1)


def course(
    people: Sequence[Patient],
    plans: Sequence[Sequence[Action]],
    request: Request,
    days: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """{name: (person, ...)} under each one's plan."""
    theta, forcings = theta_of(people, plans, days, seed)
    outputs, _ = KIND.run(theta, forcings, request, member_seeds(seed, len(people)))
    return {n: np.asarray(v) for n, v in outputs.items()}
