"""The population that comes with the package, learned from PhysioNet 2012 set A, checked against its hash.

Silva et al., Predicting in-hospital mortality of ICU patients: the PhysioNet/Computing in Cardiology Challenge 2012,
Comput Cardiol 2012;39:245; data: Open Data Commons Attribution License 1.0, which lets works made from them be passed
on with this notice.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.ouchannels import Population
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.kinds.vitals.learning import TAU_LEVEL
from vitruvian.kinds.vitals.tracking import Errors

FILE = "population.json"  # what evidence/shipping.py wrote
DIGITS = 8


def to_json(population: Population, errors: Errors) -> dict[str, Any]:
    """Plain lists, rounded."""
    names = ("mean", "noise", "level", "swing", "tau")
    out: dict[str, Any] = {n: _rounded(getattr(population, n)) for n in names}
    out |= {"names": list(population.names), "tau_level": population.tau_level, "origin": population.origin}
    return out | {"errors": {n: _rounded(table) for n, table in errors.by.items()}}


def from_json(data: dict[str, Any]) -> tuple[Population, Errors]:
    """Back from `to_json`."""
    arrays = {n: np.array(data[n], dtype=np.float64) for n in ("mean", "noise", "level", "swing", "tau")}
    population = Population(tuple(data["names"]), tau_level=data["tau_level"], origin=data["origin"], **arrays)
    return population, Errors({n: np.array(t) for n, t in data["errors"].items()})


def digest_of(population: Population, errors: Errors) -> str:
    """SHA-256 of the canonical bytes."""
    text = json.dumps(to_json(population, errors), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def shipped_population() -> tuple[Population, Errors, str]:
    """From the file beside this one, a textbook population where it was left out; KindError if it is another."""
    file = files("vitruvian.kinds.vitals") / FILE
    if not file.is_file():
        return textbook(), Errors(), ""
    stored = json.loads(file.read_text(encoding="utf-8"))
    population, errors = from_json(stored["population"])
    if digest_of(population, errors) != stored["digest"]:
        raise KindError("the population is not the one that was learned", where=f"vitals/{FILE}", fix="reinstall")
    return population, errors, stored["digest"]


def textbook() -> Population:
    """Reference values, nothing alike between channels: before anything was learned (assumed)."""
    rest = np.array([float(s.to(np.array(s.channel.rest))) for s in SCALES])
    near = [float(s.to(np.array(min(s.channel.rest + s.channel.sd, s.channel.high)))) for s in SCALES]
    sd = np.maximum(np.abs(np.array(near) - rest), 0.05)
    wide = np.diag((2.0 * sd) ** 2)
    return Population(FOLLOWED, rest, sd, wide, np.diag(sd**2), TAU_LEVEL, np.full(len(FOLLOWED), 6.0), "assumed")


def _rounded(values: np.ndarray) -> list[Any]:
    return [_rounded(v) if np.ndim(v) else float(f"{float(v):.{DIGITS}g}") for v in values]
