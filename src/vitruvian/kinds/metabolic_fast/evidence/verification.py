"""Verification of the fast layer: it stands still in a fast, is the published model, and is calibrated on itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic_fast.model import MetabolicFast
from vitruvian.kinds.metabolic_fast.parameters import set_of
from vitruvian.models.dallaman import run
from vitruvian.models.glucose_actions import Meal, Person
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
KIND = MetabolicFast()
HOUR, MINUTE = 3600.0, 60.0
DIAGNOSES = ("none", "prediabetes", "type2", "type1")
DRIFT, WIRING = 0.1, 1.0  # mg/dL; the published run serves food by the minute, the kind continuously
RATIO = (1.5, 3.5)  # protein's over fat's: "2 times", "3 times" in the abstract of Moghaddam 2006


def glucose(
    person: Person, actions: tuple[Action, ...], z: Mapping[str, Any], times: np.ndarray, name: str = "blood_glucose"
) -> np.ndarray:
    """(member, time) at these z; what z does not name is at the person's population mean."""
    case = Case(person, actions)
    t0, t1 = float(times[0]), float(times[-1])
    forcing = KIND.compile(case, Record.empty(), t0, t1, t1)
    layout = Latents.of(KIND.parameters, forcing)
    members = max((np.size(v) for v in z.values()), default=1)
    full = np.tile(KIND.population(case).moments(layout.names)[0], (members, 1))
    for latent, value in z.items():
        full[:, layout.names.index(latent)] = value
    outputs, _ = KIND.run(layout.theta(layout.pad(full)), forcing, Request({name: times}), member_seeds(1, members))
    return np.asarray(outputs[name])


def fasting(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest drift in 24 h over draws of every diagnosis."""
    members = 25 if quick else 250
    times = np.linspace(0.0, 24 * HOUR, 25)
    worst = {}
    for k, diagnosis in enumerate(DIAGNOSES):
        draws = generator(1, "fast", diagnosis).standard_normal((len(KIND.parameters), members))
        z = dict(zip((p.name for p in KIND.parameters), draws, strict=True)) | {"start": np.zeros(members)}
        found = glucose(Person(diabetes=diagnosis), (), z, times)
        worst[diagnosis] = float(np.abs(found - found[:, :1]).max())
        progress((k + 1) / len(DIAGNOSES))
    drift = max(worst.values())
    return {"measured": drift, "met": drift < DRIFT, "n": 4 * members, "baseline": None, "detail": worst}


def published(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest difference of the kind from the published model's own run, 75 g of carbohydrate and nothing else."""
    minutes = 240 if quick else 600
    eaten = np.zeros((minutes, 1))
    eaten[60:75] = 5.0
    alone = Meal(at=60 * MINUTE, carbohydrate=75.0, protein=0.0, fat=0.0, fibre=0.0)
    morning = next(p for p in KIND.parameters if p.name == "morning").prior.z(0.0)
    gaps = {}
    for k, diagnosis in enumerate(DIAGNOSES):
        person = Person(diabetes=diagnosis, weight=set_of(Person(diabetes=diagnosis)).BW)
        kind = glucose(person, (alone,), {"morning": morning}, np.arange(minutes + 1) * MINUTE)[0]
        gaps[diagnosis] = float(np.abs(kind - run(set_of(person), eaten).glucose[:, 0]).max())
        progress((k + 1) / len(DIAGNOSES))
    worst = max(gaps.values())
    return {"measured": worst, "met": worst < WIRING, "n": 4 * minutes, "baseline": None, "detail": gaps}


def mixed(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """What 30 g of protein and of fat take off the response to 50 g of glucose, in the healthy set."""
    areas = {
        name: response(protein, fat) for name, protein, fat in (("alone", 0, 0), ("protein", 30, 0), ("fat", 0, 30))
    }
    progress(1.0)
    off = {n: 1.0 - areas[n] / areas["alone"] for n in ("protein", "fat")}
    ratio = off["protein"] / off["fat"]
    met = off["fat"] > 0 and RATIO[0] <= ratio <= RATIO[1]
    return {"measured": ratio, "met": bool(met), "n": 3, "baseline": None, "detail": {"taken_off": off}}


def response(protein: float, fat: float, carbohydrate: float = 50.0) -> float:
    """Incremental area over 2 h, mg min/dL, healthy set."""
    meal = Meal(at=8 * HOUR, carbohydrate=carbohydrate, protein=protein, fat=fat, fibre=0.0)
    times = 8 * HOUR + np.arange(0.0, 121.0, 5.0) * MINUTE
    curve = glucose(Person(diabetes="none"), (meal,), {}, times)[0]
    return float(np.trapezoid(np.maximum(curve - curve[0], 0.0), times / MINUTE))


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with Laplace, at the example's density of readings."""
    n = 10 if quick else 200
    found = sbc(KIND, n, seed=2, progress=progress)
    worst = max(found.excess.values())
    return {"measured": worst, "met": found.inside, "n": n, "baseline": None, "detail": found.to_json()}
