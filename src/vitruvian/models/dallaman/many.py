"""Runs of the published model for many people at once: minute by minute, arrays (minute, member).

One scan on states-first arrays, RK4 of a minute or a part of it; chunks of 128 steps are compiled once and the state is
carried on the host, so that any length runs the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.jaxsetup import jax
from vitruvian.engines.solvers import RK4
from vitruvian.models.dallaman.basal import basal
from vitruvian.models.dallaman.equations import SECRETION, STATES, Now, begin, eat, fluxes, rate
from vitruvian.models.dallaman.sets import ParameterSet

CHUNK = 128  # steps in one compiled piece
EATING = 2  # steps in a minute of eating: error 0.02 instead of 0.3 mg/dL, in steep stomachs
UNIT = 6000.0  # pmol in one unit of insulin: Kovatchev et al. 2009
WIDE = {"xla_cpu_prefer_vector_width": 512}  # where the processor has such registers; a fifth faster


@dataclass(frozen=True)
class Day:
    """What was run: arrays (minute + 1, member) at each full minute; fluxes are None unless asked for."""

    glucose: np.ndarray  # mg/dL, plasma
    sensor: np.ndarray  # mg/dL, interstitial
    insulin: np.ndarray | None = None  # pmol/L
    Ra: np.ndarray | None = None  # mg/kg/min
    EGP: np.ndarray | None = None  # mg/kg/min
    U: np.ndarray | None = None  # mg/kg/min
    S: np.ndarray | None = None  # pmol/kg/min


def run(
    people: ParameterSet,
    eaten: np.ndarray,
    infused: np.ndarray | None = None,
    *,
    parts: int = 1,
    flows: bool = False,
    dtype: Any = np.float64,
) -> Day:
    """From the basal state: people's numbers (member,), eaten g and infused U in each minute, both (minute, member).

    infused None: the basal infusion of those who do not secrete. parts: RK4 steps in a minute. dtype: float32 takes
    half the time and differs by less than 0.01 mg/dL in a day.
    """
    p = {n: np.atleast_1d(np.asarray(v, dtype=np.float64)) for n, v in people.numbers().items()}
    members = max(len(v) for v in p.values())
    p = {n: np.broadcast_to(v, (members,)) for n, v in p.items()}
    eaten = _checked("eaten", eaten, members)
    held = infused is None
    given = np.zeros((len(eaten), 1)) if held else UNIT * _checked("infused", infused, members) / p["BW"]
    if len(given) != len(eaten):
        raise KindError(f"{len(eaten)} minutes of food, {len(given)} of insulin", where="dallaman.run", fix="give both")
    h, at = _steps(eaten, parts)
    inputs = _inputs(eaten, given, h, at, dtype)
    rows = len(STATES) if np.any(p["secreting"]) else len(STATES) - SECRETION
    x, p = _begin(rows, p), {n: v.astype(dtype) for n, v in p.items()}
    x = tuple(np.asarray(r, dtype=dtype) for r in x)
    pieces = []
    for k in range(0, len(inputs["h"]), CHUNK):
        x, seen = _chunk(held, flows, x, p, {n: v[k : k + CHUNK] for n, v in inputs.items()})
        pieces.append({n: np.asarray(v) for n, v in seen.items()})
    return Day(**{n: np.concatenate([s[n] for s in pieces])[at] for n in pieces[0]})


def _steps(eaten: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Length of each step (min), and which step begins each full minute, the last one's end included.

    Minutes in which anyone eats are cut once more: the stomach's brake sets in within a minute.
    """
    counts = parts * np.where((eaten > 0).any(axis=1), EATING, 1)
    at = np.concatenate([[0], np.cumsum(counts)])
    return np.repeat(1.0 / counts, counts), at


def _inputs(eaten: np.ndarray, infused: np.ndarray, h: np.ndarray, at: np.ndarray, dtype: Any) -> dict[str, np.ndarray]:
    """Per step, padded to whole chunks with steps of no length: mg/min eaten, mg added to D, starts, pmol/kg/min."""
    minute = np.repeat(np.arange(len(eaten)), np.diff(at))
    first = np.zeros((len(h), 1))
    first[at[:-1]] = 1.0
    before = np.vstack([np.zeros((1, eaten.shape[1])), eaten[:-1]])
    by_minute = {"eaten": 1000.0 * eaten, "infused": infused}
    out = {"h": h[:, None], **{n: v[minute] for n, v in by_minute.items()}}
    out["served"] = out["eaten"] * first
    out["starts"] = ((eaten > 0) & (before <= 0))[minute] * first
    whole = CHUNK * -(-(len(h) + 1) // CHUNK)
    return {n: np.pad(v, ((0, whole - len(h)), (0, 0))).astype(dtype) for n, v in out.items()}


def _checked(what: str, value: np.ndarray, members: int) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] not in (1, members):
        raise KindError(f"{what} has shape {array.shape}", where="dallaman.run", fix=f"give (minute, {members})")
    return array


def _set(p: Any) -> ParameterSet:
    return ParameterSet(name="", source="", **p)


@partial(jax.jit, static_argnums=0)
def _begin(rows: int, p: Any) -> Any:
    return begin(basal(_set(p)), rows)


@partial(jax.jit, static_argnums=(0, 1), compiler_options=WIDE)
def _chunk(held: bool, flows: bool, x: Any, p: Any, inputs: Any) -> Any:
    """One chunk: the state after it, and what is seen at the start of each step."""
    person, solver = _set(p), RK4()
    b = basal(person)

    def step(x: Any, u: Any) -> Any:
        now = Now(eaten=u["eaten"], infused=b.ub if held else u["infused"])
        seen = {"glucose": x[4] / person.VG, "sensor": x[6] / person.VG}
        if flows:
            flow = fluxes(x, person, b, now)
            S = flow.S + 0.0 * x[4]
            seen |= {"insulin": x[10] / person.VI, "Ra": flow.Ra, "EGP": flow.EGP, "U": flow.U, "S": S}
        served = eat(x, u["starts"], u["served"])
        return solver.step(lambda t, y: rate(y, person, b, now), 0.0, served, u["h"]), seen

    return jax.lax.scan(step, x, inputs)
