"""Ports: where a kind can be driven by another, what joins two of them, and in which order parts can be run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError, UnitError
from vitruvian.core.forcing import Batch
from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.record import Record
from vitruvian.core.units import factor


@dataclass(frozen=True)
class Input:
    """An input port: the forcing's schedule of this name, in this unit, which `compile` gives a value of its own."""

    name: str
    unit: str
    meaning: str


class Driven(ABC):
    """A kind with input ports: another kind's observable may stand in for these schedules."""

    inputs: tuple[Input, ...]


class ExactGiven(ABC):
    """Its likelihood is known in closed form given its forcing, whoever drives it."""

    @abstractmethod
    def log_likelihood_given(self, theta: Theta, forcing: Batch, record: Record) -> np.ndarray:
        """log p(record | theta, forcing), (member,)."""


@dataclass(frozen=True)
class Link:
    """`source` "part.observable" drives `target` "part.input"."""

    source: str
    target: str

    @property
    def ends(self) -> tuple[str, str]:
        """The parts at both ends."""
        return self.source.partition(".")[0], self.target.partition(".")[0]

    @property
    def ports(self) -> tuple[str, str]:
        """The observable and the input, without their parts."""
        return self.source.partition(".")[2], self.target.partition(".")[2]

    def conversion(self, parts: Mapping[str, AbstractKind]) -> tuple[float, float]:
        """(slope, offset) from the source's unit to the target's; errors name both ports."""
        where = f"link {self.source} -> {self.target}"
        for part in self.ends:
            if part not in parts:
                raise KindError(f"there is no part '{part}'", where=where, fix=f"use {', '.join(parts)}")
        source, target = parts[self.ends[0]], parts[self.ends[1]]
        seen = source.observable(self.ports[0])
        if seen.axis != "grid" or seen.dims:
            raise KindError(f"'{self.source}' is no single number in time", where=where, fix="link one that is")
        ports = {i.name: i for i in target.inputs} if isinstance(target, Driven) else {}
        if self.ports[1] not in ports:
            choice = ", ".join(ports) or "a kind that is Driven"
            raise KindError(f"'{self.ends[1]}' has no input '{self.ports[1]}'", where=where, fix=f"use {choice}")
        unit = ports[self.ports[1]].unit
        try:
            return factor(seen.unit, unit)
        except UnitError as err:
            raise UnitError(
                f"'{self.source}' is in '{seen.unit}', '{self.target}' takes '{unit}'", where=where, fix=err.fix
            ) from err


def order(parts: Sequence[str], links: Sequence[Link]) -> tuple[str, ...]:
    """Parts such that every source comes before its targets; KindError names a cycle."""
    done: list[str] = []

    def visit(part: str, path: tuple[str, ...]) -> None:
        if part in path:
            cycle = " -> ".join((part, *path[: path.index(part) + 1]))
            raise KindError(f"cyclic coupling: {cycle}", where="couple", fix="cut a link, or declare it two_way=True")
        if part in done:
            return
        for source in (link.ends[0] for link in links if link.ends[1] == part):
            visit(source, (part, *path))
        done.append(part)

    for part in parts:
        visit(part, ())
    return tuple(done)
