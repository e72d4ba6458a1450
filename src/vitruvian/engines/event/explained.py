"""A deadlock in words: who holds what and waits for what."""

from __future__ import annotations

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.tables import Tables


def deadlock(tables: Tables, memory: np.ndarray) -> KindError:
    """The error that names everybody who will never go on, from one member's memory (word,)."""
    at_s = float(memory.view(np.float64)[at.TIME_F])
    said = []
    for e, blocked in _waiting(tables, memory):
        if memory[e + at.HELD_N] == 0 or memory[e + at.MARK] == memory[at.STAMP]:
            continue
        held = [_unit(tables, memory, int(memory[e + at.HELD + k])) for k in range(int(memory[e + at.HELD_N]))]
        step = tables.steps[int(memory[e + (at.GOAL if blocked else at.STEP)])]
        wants = " and ".join(n.pool for n in step.seize) or "room"
        who = f"a patient of class '{tables.classes[int(memory[e + at.CLASS])]}'"
        said.append(f"{who} holds {', '.join(held)} and waits for {wants} before '{step.name}'")
    return KindError(
        f"deadlock at {at_s / 3600.0:.2f} h: " + "; ".join(said),
        where=f"model '{tables.model.name}'",
        fix="let a step give back what it holds before it seizes the next (free, release), or add units",
    )


def _waiting(tables: Tables, memory: np.ndarray) -> list[tuple[int, bool]]:
    out = []
    for n in range(len(tables.lists)):
        e = int(memory[tables.offsets["M_LISTS"] + at.LIST_SIZE * n + at.HEAD])
        while e:
            out.append((e, False))
            e = int(memory[e + at.NEXT])
    for k in range(len(tables.steps)):
        m = tables.offsets["M_STEPS"] + at.STEP_SIZE * k
        e = int(memory[m + at.BLOCK_FIRST]) if memory[m + at.BLOCK_N] else 0
        while e:
            out.append((e, True))
            e = int(memory[e + at.NEXT])
    return out


def _unit(tables: Tables, memory: np.ndarray, u: int) -> str:
    g = int(memory[u + at.GROUP_OF])
    group = (g - tables.offsets["M_GROUPS"]) // at.GROUP
    return f"{tables.group_names[group]} {(u - int(memory[g + at.UNITS])) // at.UNIT_SIZE + 1}"
