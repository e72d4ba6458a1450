"""A state from a census: who is where now, since when, and what is left of it given that.

A hold in progress that began e ago ends after what is left of its law beyond e; so does a patience. What was kept from
earlier steps of the pathway is held. Draws are keyed by (seed, patient): a patient's luck is the same whoever else is there.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError, RecordError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator, key
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.memory import empty
from vitruvian.engines.event.model import Model
from vitruvian.engines.event.referencedraws import mixed
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables


@dataclass(frozen=True)
class Present:
    """A patient who is there: served at a step since `since` s, or waiting for it; in the house since `came` s."""

    id: str
    step: str
    since: float
    waiting: bool = False
    class_: str = ""
    came: float | None = None
    traits: Mapping[str, str] = field(default_factory=dict)


def kept(model: Model, step: str) -> tuple[str, ...]:
    """Pools held on coming to a step by its own pathway, earlier steps taken in order."""
    for pathway in model.pathways:
        holding: list[str] = []
        for s in pathway.steps:
            if s.name == step:
                return tuple(holding)
            during = [p for p in holding if p not in s.free]
            holding = [p for p in during if p not in s.release] + list(s.keep)
    return ()


def in_order(present: Sequence[Present]) -> list[Present]:
    """In the order in which the engine counts them."""
    return sorted(present, key=lambda p: (p.waiting, p.since, p.id))


def census_state(
    simulation: Simulation,
    drive: Forcing,
    present: Sequence[Present],
    seeds: np.ndarray,
    scales: Mapping[int, np.ndarray] | None = None,
    elapsed: bool = True,
) -> State:
    """State of every member at drive.t0 with these patients. elapsed=False forgets how long they have been served."""
    tables, t = simulation.tables, drive.t0
    memory = empty(tables, t, len(seeds), max(64, 2 * len(present)))
    house = _House(tables, memory, drive, dict(scales or {}))
    order = in_order(present)
    times = []
    for k, p in enumerate(order):
        times.append(house.place(p, k, seeds, t, elapsed))
    house.schedule(times)
    memory[:, at.BEGUN], memory[:, at.COUNTED] = at.FRESH, len(order)
    return State(t, simulation.state_version, {"memory": memory})


class _House:
    """Writes patients into the memories (member, word) of an empty house; addresses are the same for all members."""

    def __init__(self, tables: Tables, memory: np.ndarray, drive: Forcing, scales: dict[int, np.ndarray]) -> None:
        self.tables, self.memory, self.scales = tables, memory, scales
        self.i, self.f = memory, memory.view(np.float64)
        self.addresses: list[int] = []
        o = tables.offsets
        for g in range(len(tables.model.groups)):
            a = o["M_GROUPS"] + at.GROUP * g
            count = int(drive.schedules[f"open:{tables.group_names[g]}"].at(np.array([drive.t0]))[0])
            count = min(count, tables.units[g])
            self.i[:, a + at.OPEN_N] = self.i[:, a + at.FREE_N] = count
            self.f[:, a + at.OPEN_F] = count
            for u in range(count):
                self.i[:, self.unit(g, u) + at.STATE] = at.FREE

    def unit(self, group: int, k: int) -> int:
        """Address of a unit."""
        return int(self.i[0, self.tables.offsets["M_GROUPS"] + at.GROUP * group + at.UNITS]) + at.UNIT_SIZE * k

    def place(self, p: Present, k: int, seeds: np.ndarray, t: float, elapsed: bool) -> np.ndarray | None:
        """One patient; when their hold or patience ends (member,), None if nothing is to come."""
        m, tables, o = self.tables.model, self.tables, self.tables.offsets
        if p.step not in tables.step_index or p.since > t:
            what = f"there is no step '{p.step}'" if p.step not in tables.step_index else "comes after the census"
            raise RecordError(f"patient {p.id}: {what}", where="census", fix="correct the row, or leave it out")
        class_ = p.class_ or m.classes[0].name
        if class_ not in tables.classes:
            raise RecordError(
                f"patient {p.id}: there is no class '{class_}'", where="census", fix="name one of the model's"
            )
        c, number = tables.classes.index(class_), (at.CENSUS << (at.LAYER_BITS + at.INDEX_BITS)) | k
        step_no = tables.step_index[p.step]
        step = tables.steps[step_no]
        e = o["M_ENTITIES"] + at.ENTITY * k
        self.addresses.append(e)
        i, f = self.i, self.f
        i[:, at.TOP] = e + at.ENTITY
        i[:, at.ALIVE] += 1
        i[:, e + at.POS], i[:, e + at.RANK] = -1, (at.RANKS[at.END] << at.RANK_BITS) | number
        i[:, e + at.NUMBER], i[:, e + at.CLASS], i[:, e + at.STEP] = number, c, step_no
        i[:, e + at.TRAITS] = self._traits(p)
        i[:, e + at.HASH] = _hashes(seeds, number)
        came = p.since if p.came is None else p.came
        f[:, e + at.CAME_F] = f[:, e + at.ENTERED_F] = came
        f[:, e + at.SINCE_F] = f[:, e + at.FROM_F] = p.since
        f[:, e + at.LEFT_F], f[:, e + at.BEGAN_F] = np.nan, np.nan
        i[:, e + at.PLACE], i[:, e + at.GOAL] = -1, -1
        for pool in kept(m, p.step):
            if p.waiting or pool not in step.free:
                self._hold(e, [g for g, (q, _) in enumerate(m.groups) if q.name == pool], p)
        self._count(step_no, c, e, step.place, p)
        u = _uniforms(seeds, p.id)
        if p.waiting:
            i[:, e + at.OWN] = i[:, e + at.HELD_N]
            self._wait(e, step_no, c, p)
            if step.patience is None:
                return None
            i[:, e + at.WHAT] = at.RENEGE
            return t + self._left(step.patience.after, u, t - p.since if elapsed else 0.0, 1.0)
        i[:, e + at.OWN] = i[:, e + at.HELD_N]
        value = self._trait(tables.match(step), p)
        for need in step.seize:
            for _ in range(need.amount):
                self._hold(e, tables.alternatives(need, value) or [], p)
        f[:, e + at.BEGAN_F] = p.since
        i[:, e + at.WHAT] = at.END
        gain = self.scales.get(o["M_STEPS"] + at.STEP_SIZE * step_no + at.GAIN_F, np.ones(len(seeds)))
        left = self._left(step.holds.get(class_, step.hold), u, t - p.since if elapsed else 0.0, gain)
        f[:, e + at.LENGTH_F] = left + (t - p.since)
        return t + left

    def _left(self, law: Law, u: np.ndarray, elapsed: float, gain: np.ndarray | float) -> np.ndarray:
        return law.remaining(u, elapsed / np.asarray(gain) * np.ones(len(u))) * gain

    def _traits(self, p: Present) -> int:
        packed = 0
        for k, a in enumerate(self.tables.model.attributes):
            packed |= list(a.chances).index(self._trait(a.name, p)) << (8 * k)
        return packed

    def _trait(self, name: str | None, p: Present) -> str:
        """The patient's value of an attribute, where it is not known the most likely one; "" for no attribute."""
        chances = next((a.chances for a in self.tables.model.attributes if a.name == name), {"": 1.0})
        return p.traits.get(name or "", max(chances, key=lambda v: chances[v]))

    def _hold(self, e: int, groups: list[int], p: Present) -> None:
        """Give e a unit of the first of these groups that has one in service, else one that is off (over capacity)."""
        o = self.tables.offsets
        for state in (at.FREE, at.OFF):
            for g in groups:
                for k in range(self.tables.units[g]):
                    u = self.unit(g, k)
                    if self.i[0, u + at.STATE] != state:
                        continue
                    a = o["M_GROUPS"] + at.GROUP * g
                    self.i[:, u + at.STATE], self.i[:, u + at.HOLDER] = at.BUSY, e
                    self.f[:, a + at.BUSY_F] += 1.0
                    if state == at.FREE:
                        self.i[:, a + at.FREE_N] -= 1
                    else:
                        self.i[:, u + at.LEAVING] = 1
                        self.f[:, a + at.OVER_F] += 1.0
                    n = int(self.i[0, e + at.HELD_N])
                    self.i[:, e + at.HELD + n] = u
                    self.i[:, e + at.HELD_N] = n + 1
                    return
        names = ", ".join(self.tables.group_names[g] for g in groups)
        raise RecordError(
            f"patient {p.id} at '{p.step}': no unit of {names} is left, all are taken by others of this census",
            where="census", fix="correct the census, or enlarge the pool (spare units)",
        )  # fmt: skip

    def _count(self, step: int, c: int, e: int, place: str, p: Present) -> None:
        classes, o = len(self.tables.classes), self.tables.offsets
        places = self.tables.model.places
        rows = [o["M_PLACES"] + at.PLACES * (len(places) * classes + c)]
        if place:
            rows.append(o["M_PLACES"] + at.PLACES * (places.index(place) * classes + c))
            self.i[:, e + at.PLACE] = places.index(place)
        for r in rows:
            self.f[:, r + at.P_PRESENT] += 1.0
        w = o["M_WAITS"] + at.WAITS * (step * classes + c)
        self.f[:, w + (at.W_WAITING if p.waiting else at.W_HOLDING)] += 1.0

    def _wait(self, e: int, step: int, c: int, p: Present) -> None:
        tables, o, i = self.tables, self.tables.offsets, self.i
        i[:, o["M_STEPS"] + at.STEP_SIZE * step + at.WAITING] += 1
        match = tables.match(tables.steps[step])
        value = 0
        if match:
            a = next(k for k, x in enumerate(tables.model.attributes) if x.name == match)
            value = (int(i[0, e + at.TRAITS]) >> (8 * a)) & 0xFF
        n = tables.lists.index((step, value, c))
        q = o["M_LISTS"] + at.LIST_SIZE * n
        last = int(i[0, q + at.TAIL])
        i[:, e + at.LIST], i[:, e + at.PREV], i[:, e + at.NEXT] = q, last, 0
        if last:
            i[:, last + at.NEXT] = e
        else:
            i[:, q + at.HEAD] = e
        i[:, q + at.TAIL] = e
        words = tables.words
        i[:, at.URGENT] += int(words[words[at.T_CLASSES] + at.CLASS_SIZE * c + at.PREEMPTS])

    def schedule(self, times: Sequence[np.ndarray | None]) -> None:
        """Heaps of what is to come: sorted by time, hence heaps."""
        coming = [(e, when) for e, when in zip(self.addresses, times, strict=True) if when is not None]
        if not coming:
            return
        heap = int(self.i[0, at.HEAP])
        addresses = np.array([e for e, _ in coming], dtype=np.int64)
        when = np.stack([w for _, w in coming], axis=1)
        order = np.argsort(when, axis=1, kind="stable")
        members = np.arange(len(when))[:, None]
        ranks = np.arange(len(coming))
        self.f[:, heap + 2 * ranks] = np.take_along_axis(when, order, axis=1)
        self.i[:, heap + 2 * ranks + 1] = addresses[order]
        self.i[members, addresses[order] + at.POS] = ranks[None, :]
        self.f[:, heap + 2 * len(coming)] = np.inf
        self.i[:, at.HEAPED] = len(coming)


def _hashes(seeds: np.ndarray, number: int) -> np.ndarray:
    """What a patient's draws start from, per member, as signed words: `hashing.entity_hash`."""
    c = 0x9E3779B97F4A7C15
    out = [mixed((mixed((int(s) + c) % 2**64) + c * number) % 2**64) for s in seeds]
    return np.array(out, dtype=np.uint64).view(np.int64)


def _uniforms(seeds: np.ndarray, patient: str) -> np.ndarray:
    """One uniform a member for what is left of a patient's hold, keyed by the patient's own name."""
    c = 0x9E3779B97F4A7C15
    base = key("census", patient) % 2**64
    words = [mixed((mixed((int(s) + c) % 2**64) + c * base) % 2**64) for s in seeds]
    return (np.array([w >> 12 for w in words], dtype=np.float64) + 0.5) * 2.0**-52


def head_count_state(
    simulation: Simulation,
    drive: Forcing,
    present: int,
    seeds: np.ndarray,
    scales: Mapping[int, np.ndarray],
    rate: np.ndarray,
) -> State:
    """State at drive.t0 with `present` patients at the only step, nothing known of how long; its law is exponential.

    What is left of an exponential service is as long as a whole one. rate (member,) /s: those who wait are the last who
    came, so they came at Poisson times before. Draws are keyed by seed and patient.
    """
    tables, t = simulation.tables, drive.t0
    step = tables.model.steps[0]
    if len(tables.model.steps) != 1 or step.hold.law != "exponential":
        raise KindError("a census without elapsed times needs one station with exponential service", where="census")
    group = tables.group_names[0]
    served = int(min(present, drive.schedules[f"open:{group}"].at(np.array([t]))[0]))
    who = [Present(id=f"{k:06d}", step=step.name, since=t, waiting=k >= served) for k in range(present)]
    state = census_state(simulation, drive, who, seeds, scales)
    since = state.tree["memory"].view(np.float64)
    words = [tables.offsets["M_ENTITIES"] + at.ENTITY * k for k in range(served, present)]
    gaps = np.array([generator(int(s), "census", "since").exponential(size=present - served) for s in seeds])
    came = t - np.cumsum(gaps.reshape(len(seeds), -1), axis=1)[:, ::-1] / np.asarray(rate)[:, None]
    for field_ in (at.SINCE_F, at.FROM_F, at.CAME_F, at.ENTERED_F):
        since[:, [w + field_ for w in words]] = came
    return state
