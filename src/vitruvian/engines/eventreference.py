"""The event kernel again, in plain Python: what a `Network` means, written to be read and to check the compiled one.

Same draws (Philox4x32-10 of seed, patient, purpose), other code: a calendar in a heap, patients as objects, no tables.
The trace of one member must be bit-identical to the kernel's. Slow: for tests.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.engines.network import Network

_GAP, _ACCEPT, _SERVICE, _ROUTE = 0, 1, 2, 3
_JOIN, _START, _END = 0, 1, 2
_MASK = 0xFFFFFFFF


def philox4x32(seed: int, entity: int, purpose: int) -> tuple[int, int]:
    """Philox4x32-10 (Salmon et al., SC'11): two 64-bit words."""
    k0, k1 = seed & _MASK, seed >> 32
    x = [entity & _MASK, entity >> 32, purpose & _MASK, purpose >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(b >> 32) ^ x[1] ^ k0, b & _MASK, (a >> 32) ^ x[3] ^ k1, a & _MASK]
        k0, k1 = (k0 + 0x9E3779B9) & _MASK, (k1 + 0xBB67AE85) & _MASK
    return x[0] | x[1] << 32, x[2] | x[3] << 32


def _unit(word: int) -> float:
    return ((word >> 12) + 0.5) / 2**52


@dataclass
class _Patient:
    number: int
    visit: int = 0


@dataclass
class _Place:
    """A station at work."""

    waiting: deque[_Patient] = field(default_factory=deque)
    busy: int = 0
    open: float = 0.0


class Reference:
    """One member of a network: parameters in SI units (1/s, s, slope per unit of the driver)."""

    def __init__(self, network: Network, numbers: Mapping[str, float], forcing: Forcing, seed: int) -> None:
        self.net, self.numbers, self.forcing, self.seed = network, numbers, forcing, seed
        self.places = [_Place() for _ in network.stations]
        self.calendar: list[tuple[float, int, int, int, _Patient | None]] = []  # time, rank, tie, station or layer
        self.gaps: dict[tuple[int, int], tuple[int, float]] = {}
        self.trace: list[tuple[float, int, int, int]] = []

    def run(self) -> list[tuple[float, int, int, int]]:
        """Every event up to t1: (time, 0 joins | 1 is served | 2 ends, patient, station)."""
        for schedule in [self.forcing.schedules[s.servers] for s in self.net.stations]:
            for t in [self.forcing.t0, *schedule.times[schedule.times > self.forcing.t0].tolist()]:
                heapq.heappush(self.calendar, (t, 0, 0, 0, None))
        for s in range(len(self.net.sources)):
            for layer in range(self._layers(s)):
                self._plan_arrival(s, layer)
        while self.calendar and self.calendar[0][0] <= self.forcing.t1:
            t, rank, _, which, patient = heapq.heappop(self.calendar)
            if rank == 0:
                self._change(t)
            elif rank == 1 and patient is not None:
                self._end(t, which, patient)
            else:
                self._arrive(t, *divmod(which, 256))
        return self.trace

    def _draw(self, number: int, visit: int, purpose: int) -> tuple[float, float]:
        first, second = philox4x32(self.seed, number, visit << 4 | purpose)
        return _unit(first), _unit(second)

    def _layers(self, s: int) -> int:
        source = self.net.sources[s]
        most = max(_values(self.forcing.schedules[source.factor]))
        if source.driver:
            slope = self.numbers[source.slope]
            most *= max(1.0, *(1.0 + slope * v for v in _values(self.forcing.schedules[source.driver])))
        return max(1, math.ceil(most))

    def _plan_arrival(self, s: int, layer: int) -> None:
        n, last = self.gaps.get((s, layer), (0, self.forcing.t0))
        number = (s * 256 + layer) * 2**36 + n
        rate = self.numbers[self.net.sources[s].rate]
        t = last - math.log(self._draw(number, 0, _GAP)[0]) / rate if rate > 0 else math.inf
        self.gaps[s, layer] = (n + 1, t)
        heapq.heappush(self.calendar, (t, 2, s * 256 + layer, s * 256 + layer, None))

    def _arrive(self, t: float, s: int, layer: int) -> None:
        source = self.net.sources[s]
        number = (s * 256 + layer) * 2**36 + self.gaps[s, layer][0] - 1
        chance = _at(self.forcing.schedules[source.factor], t)
        if source.driver:
            chance *= 1.0 + self.numbers[source.slope] * _at(self.forcing.schedules[source.driver], t)
        if self._draw(number, 0, _ACCEPT)[0] < chance - layer:
            self._join(t, self.net.position[source.to], _Patient(number))
        self._plan_arrival(s, layer)

    def _join(self, t: float, k: int, patient: _Patient) -> None:
        self.places[k].waiting.append(patient)
        self.trace.append((t, _JOIN, patient.number, k))
        self._serve(t, k)

    def _serve(self, t: float, k: int) -> None:
        place = self.places[k]
        while place.waiting and place.busy < place.open:
            patient = place.waiting.popleft()
            place.busy += 1
            heapq.heappush(self.calendar, (t + self._duration(k, patient), 1, patient.number, k, patient))
            self.trace.append((t, _START, patient.number, k))

    def _duration(self, k: int, patient: _Patient) -> float:
        law = self.net.stations[k].service
        u, v = self._draw(patient.number, patient.visit, _SERVICE)
        mean = self.numbers[law.mean]
        if law.family == "exponential":
            return mean * -math.log(u)
        if law.family == "lognormal":
            z = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
            return mean * math.exp(law.sigma * z - 0.5 * law.sigma * law.sigma)
        return mean

    def _end(self, t: float, k: int, patient: _Patient) -> None:
        self.places[k].busy -= 1
        self.trace.append((t, _END, patient.number, k))
        row = self.net.routes.get(self.net.stations[k].name, {})
        if row:
            u, total = self._draw(patient.number, patient.visit, _ROUTE)[0], 0.0
            for j, station in enumerate(self.net.stations):
                total += row.get(station.name, 0.0)
                if u < total:
                    patient.visit += 1
                    self._join(t, j, patient)
                    break
        self._serve(t, k)

    def _change(self, t: float) -> None:
        for k, station in enumerate(self.net.stations):
            self.places[k].open = _at(self.forcing.schedules[station.servers], t)
            self._serve(t, k)


def _values(schedule: Schedule) -> list[float]:
    return [schedule.before, *schedule.values.tolist()]


def _at(schedule: Schedule, t: float) -> float:
    value = schedule.before
    for time, level in zip(schedule.times.tolist(), schedule.values.tolist(), strict=True):
        if time <= t:
            value = level
    return value
