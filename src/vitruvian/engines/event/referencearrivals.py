"""The reference's sources: Poisson layers by the walk along the rate's pieces, and the week's appointments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.model import DAYS
from vitruvian.engines.event.referencedraws import ACCEPT, GAP, PUNCTUAL, SHARE, SHOW, TRAIT, Stream
from vitruvian.engines.event.referencethings import Patient
from vitruvian.engines.event.rosters import WEEK, minutes

if TYPE_CHECKING:
    from vitruvian.engines.event.reference import Reference


class Door:
    """One source."""

    def __init__(self, member: Reference, k: int) -> None:
        self.member, self.k, self.source = member, k, member.model.arrivals[k]
        self.rate = member.forcing.schedules[f"rate:{self.source.name}"]
        self.factor = member.forcing.schedules[f"factor:{self.source.name}"]
        self.driver = member.forcing.schedules.get(f"driver:{self.source.name}") if self.source.driven else None
        self.slope = member.slopes.get(self.source.name, 0.0)
        self.offset = float(member.forcing.arrays["offset"][0]) if "offset" in member.forcing.arrays else 0.0
        self.scale = member.gains.get(self.source.name, 1.0)
        self.first = member.tables.step_index[
            next(p for p in member.model.pathways if p.name == self.source.pathway).steps[0].name
        ]

    def open(self) -> None:
        """The first candidate of every layer."""
        booked = self.source.appointments
        if booked is None:
            for layer in range(self.member.tables.layers):
                self.candidate(layer, 0, self.member.forcing.t0)
            return
        self.slots = sorted(
            (DAYS.index(d) * 1440 + minutes(x, "")) * 60.0
            for d in booked.days
            for x in booked.times
            for _ in range(booked.count)
        )
        self.ahead = max(booked.early * 60.0, 0.0) + 4.0 * (booked.spread * 60.0)
        index = max(int((self.member.forcing.t0 + self.offset) / WEEK) - 1, 0) * len(self.slots)
        while self.slot(index) - self.ahead < self.member.forcing.t0:
            index += 1
        self.slot_event(index)

    def slot(self, index: int) -> float:
        return WEEK * (index // len(self.slots)) + self.slots[index % len(self.slots)] - self.offset

    def slot_event(self, index: int) -> None:
        t = self.slot(index) - self.ahead
        self.member.at(t, (5, self.k << at.LAYER_BITS), lambda: self.arrival(0, index, t))

    def number(self, layer: int, index: int) -> int:
        return (((self.k << at.LAYER_BITS) | layer) << at.INDEX_BITS) | index

    def candidate(self, layer: int, index: int, anchor: float) -> None:
        """Schedule candidate `index` after the anchor, where the mass to it is spent."""
        mass = Stream.of(self.member.seed, self.number(layer, index)).exponential(GAP)
        edges = [float(x) for x in self.rate.times if x > anchor and math.isfinite(x)]
        t = math.inf
        for edge in [*edges, math.inf]:
            rate = float(self.rate.at(np.array([anchor]))[0]) * self.scale
            t = anchor + mass / rate if rate > 0 else math.inf
            if t < edge or edge > self.member.t1:
                break
            mass = max(mass - rate * (edge - anchor), 0.0)
            anchor = edge
        if t <= self.member.t1:
            rank = (5, (self.k << at.LAYER_BITS) | layer)
            self.member.at(t, rank, lambda: self.arrival(layer, index, t))

    def arrival(self, layer: int, index: int, t: float) -> None:
        number = self.number(layer, index)
        stream = Stream.of(self.member.seed, number)
        factor = float(self.factor.at(np.array([t]))[0])
        if self.driver is not None:
            factor *= 1.0 + self.slope * float(self.driver.at(np.array([t]))[0])
        chance = factor - layer
        if chance >= 1.0 or (chance > 0.0 and stream.uniform(ACCEPT) < chance):
            self.come(number, stream, index, t)
        if self.source.appointments is None:
            self.candidate(layer, index + 1, t)
        else:
            self.slot_event(index + 1)

    def come(self, number: int, stream: Stream, index: int, t: float) -> None:
        booked, model = self.source.appointments, self.member.model
        if booked is not None and booked.no_show > 0 and stream.uniform(SHOW) < booked.no_show:
            self.member.note(at.ABSENT, number, self.k)
            return
        name = drawn(self.source.classes or {model.classes[0].name: 1.0}, stream.uniform(SHARE))
        traits = {
            a.name: drawn(a.classes.get(name, a.chances), stream.uniform(TRAIT, k))
            for k, a in enumerate(model.attributes)
        }
        class_ = next(c for c in model.classes if c.name == name)
        patient = Patient(number, class_, stream, traits)
        if booked is not None and self.ahead > 0:
            there = self.slot(index) - booked.early * 60.0 + booked.spread * 60.0 * stream.normal(PUNCTUAL)
            self.member.patient_at(max(there, t), patient, lambda: self.arrive(patient))
        else:
            self.arrive(patient)

    def arrive(self, patient: Patient) -> None:
        index = self.member.model.classes.index(patient.class_)
        self.member.note(at.ARRIVES, patient.number, self.k, index)
        self.member.join(patient, self.first)


def drawn(chances: Mapping[str, float], u: float) -> str:
    """The value at u; rounding's rest belongs to the last."""
    possible = [(name, p) for name, p in chances.items() if p > 0]
    total = 0.0
    for name, p in possible:
        total += p
        if u < total:
            return name
    return possible[-1][0]
