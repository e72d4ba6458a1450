"""A virtual cohort of people with type 2 diabetes, and what an action does to its means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.forcing import Batch
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic_slow.actions import Patient
from vitruvian.kinds.metabolic_slow.model import MetabolicSlow

KIND = MetabolicSlow()
DAY = 86400.0


def patients(count: int, seed: int, *, hba1c: float = 8.0, years: float = 4.0, weight: float = 92.0) -> list[Patient]:
    """Adults as the trials enrolled them: means and sds of their tables (SUSTAIN 1, SURPASS-2, EMPA-REG MONO, DiRECT).

    Age 55 (10), body mass index from `weight`, 1.70 m (0.09), HbA1c `hba1c` (0.8), half of them women.
    """
    rng = generator(seed, "cohort")
    male = rng.random(count) < 0.5
    height = np.clip(rng.normal(163.0, 6.0, count) + 13.0 * male, 145, 205)
    index = np.clip(rng.normal(weight / 1.70**2, 4.5, count), 24, 48)
    age = np.clip(rng.normal(55.0, 10.0, count), 22, 78)
    since = np.clip(rng.gamma(1.6, years / 1.6, count), 0.0, 30.0)
    level = np.clip(rng.normal(hba1c, 0.8, count), 6.3, 11.5)
    kidneys = np.clip(rng.normal(90.0, 16.0, count), 45, 130)
    return [
        Patient(
            weight=float(index[k] * (height[k] / 100) ** 2),
            height=float(height[k]),
            sex="male" if male[k] else "female",
            age=float(age[k]),
            years=float(since[k]),
            hba1c=float(level[k]),
            egfr=float(kidneys[k]),
        )
        for k in range(count)
    ]


def course(
    people: Sequence[Patient],
    plans: Sequence[Sequence[Action]],
    request: Request,
    days: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """{name: (person, ...)} under each one's plan; a draw of the parameters a person, the same whatever is done."""
    end = days * DAY
    forcings, columns = [], []
    draws = generator(seed, "parameters").standard_normal((len(people), len(KIND.parameters)))
    for person, plan, drawn in zip(people, plans, draws, strict=True):
        case = Case(person, tuple(plan))
        forcings.append(KIND.compile(case, Record.empty(), 0.0, end, end))
        mean, cov = KIND.population(case).moments(tuple(p.name for p in KIND.parameters))
        columns.append(mean + np.linalg.cholesky(cov) @ drawn)
    layout = Latents.of(KIND.parameters, forcings[0])
    theta = layout.theta(layout.pad(np.array(columns)))
    outputs, _ = KIND.run(theta, Batch.each(forcings, 1), request, member_seeds(seed, len(people)))
    return {n: np.asarray(v) for n, v in outputs.items()}
