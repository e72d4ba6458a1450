"""A model compiled to tables: every name a number, every step a record, every law three numbers in s.

The steps of the model come first, then one for the turnaround and one for the repair of each pool that has them: work
on a unit goes through the same kernel as a patient, under a class of its own.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.checks import MOST_HELD, suits
from vitruvian.engines.event.law import FAMILIES, Law
from vitruvian.engines.event.model import DAYS, INTERRUPTED, LEAVE, OFF_SHIFT, Model, Need, Step
from vitruvian.engines.event.rosters import minutes
from vitruvian.engines.event.waits import cycle
from vitruvian.engines.event.words import Words

MINUTE, HOUR = 60.0, 3600.0
WORK_CLASS = "(work)"
LAYERS = 6  # a source's factor stays at or below this


@dataclass(frozen=True)
class Tables:
    """Tables of a model. `spare`: units a pool may gain beyond its groups' counts, {pool: units}.

    `flat`: rates never change, whatever the forcing, so that layers of arrivals wait until somebody needs them.
    """

    model: Model
    spare: Mapping[str, int] = field(default_factory=dict)
    layers: int = LAYERS
    flat: bool = False

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The model's steps, then those of work on units."""
        return (*self.model.steps, *(s for s, _ in self.work))

    @cached_property
    def work(self) -> tuple[tuple[Step, str], ...]:
        """Steps of work on units, with the pool they are for."""
        out = []
        for pool in self.model.pools:
            for what, plan in (("turnaround", pool.turnaround), ("repair", pool.breakdown)):
                if plan is not None:
                    law = getattr(plan, "hold", None) or getattr(plan, "repair", None)
                    seize = (Need(pool=plan.by),) if plan.by else ()
                    name = f"{what} of {pool.name}"
                    out.append((Step(name=name, seize=seize, hold=law or Law(mean=0.0), preemptible=False), pool.name))
        return tuple(out)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; the last is that of work on units."""
        return (*(c.name for c in self.model.classes), WORK_CLASS)

    @cached_property
    def step_index(self) -> dict[str, int]:
        """Number of each step."""
        return {s.name: k for k, s in enumerate(self.steps)}

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """pool/group of every group, then the supplies."""
        return (*(f"{p.name}/{g.name}" for p, g in self.model.groups), *(s.name for s in self.model.supplies))

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Units of every group, spare ones included."""
        return tuple(g.count + int(self.spare.get(p.name, 0)) for p, g in self.model.groups)

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Schedules the kernel reads, in order: units open, modes, rates (/s), factors."""
        sources = [a.name for a in self.model.arrivals]
        opened = [f"open:{name}" for name in self.group_names[: len(self.model.groups)]]
        modes = [f"mode:{m}" for m in self.model.modes]
        return (*opened, *modes, *(f"rate:{s}" for s in sources), *(f"factor:{s}" for s in sources), *self.drivers)

    @cached_property
    def drivers(self) -> tuple[str, ...]:
        """Schedules of the inputs that drive sources."""
        return tuple(f"driver:{a.name}" for a in self.model.arrivals if a.driven)

    @cached_property
    def lists(self) -> tuple[tuple[int, int, int], ...]:
        """(step, value matched, class) of every waiting list."""
        out = []
        patients = len(self.classes) - 1
        for k, step in enumerate(self.steps):
            values = range(self._values(step))
            classes = range(patients) if k < len(self.model.steps) else (patients,)
            out += [(k, v, c) for v in values for c in classes]
        return tuple(out)

    def _values(self, step: Step) -> int:
        name = self.match(step)
        return len(next(a.chances for a in self.model.attributes if a.name == name)) if name else 1

    def match(self, step: Step) -> str:
        """The attribute a step's needs are matched on; "" if none."""
        found = sorted({n.match for n in step.seize if n.match is not None})
        if len(found) > 1:
            raise KindError(
                f"matches on {' and '.join(found)}", where=f"step '{step.name}'", fix="match on one attribute a step"
            )
        return found[0] if found else ""

    def alternatives(self, need: Need, value: str) -> list[int]:
        """Groups that can serve a need, in the order in which they are tried."""
        found = [
            k
            for k, (p, g) in enumerate(self.model.groups)
            if p.name == need.pool and suits(need, g.name, g.skills, g.attributes, value)
        ]
        if need.groups:
            found.sort(key=lambda k: need.groups.index(self.model.groups[k][1].name))
        return found

    @cached_property
    def offsets(self) -> dict[str, int]:
        """Where the regions of a member's memory begin."""
        m, classes = self.model, len(self.classes)
        groups = len(m.groups) + len(m.supplies)
        sizes = {
            "M_CLASSES": classes,
            "M_MODES": at.MODE_SIZE * max(len(m.modes), 1),
            "M_GROUPS": groups * at.GROUP,
            "M_UNITS": sum(self.units) * at.UNIT_SIZE,
            "M_LISTS": len(self.lists) * at.LIST_SIZE,
            "M_STEPS": len(self.steps) * at.STEP_SIZE,
            "M_SOURCES": len(m.arrivals) * self.layers * at.SOURCE_SIZE,
            "M_WAITS": len(self.steps) * classes * at.WAITS,
            "M_PLACES": (len(m.places) + 1) * classes * at.PLACES,
        }
        out, address = {}, at.HEADER
        for name, size in sizes.items():
            out[name] = address
            address += size
        return {**out, "M_ENTITIES": address}

    @cached_property
    def words(self) -> np.ndarray:
        """The tables as int64 words."""
        return _Builder(self).words()

    @cached_property
    def digest(self) -> str:
        """Changes when the layout of a member's memory or the meaning of an address changes."""
        return hashlib.sha256(self.words.tobytes()).hexdigest()[:16]


class _Builder:
    """Writes the words of one `Tables`."""

    def __init__(self, tables: Tables) -> None:
        self.t, self.m, self.w = tables, tables.model, Words()
        self.laws: dict[Law, int] = {}
        self.classes = len(tables.classes)
        if len(self.m.arrivals) + len(self.m.groups) + len(self.m.supplies) >= at.CENSUS:
            raise KindError("too many sources and groups", where=f"model '{self.m.name}'", fix=f"below {at.CENSUS}")

    def words(self) -> np.ndarray:
        w, t, m = self.w, self.t, self.m
        w.add([0] * at.TABLES_HEADER)
        needs = [self._needs(t.steps[k], v) for k, v, _ in t.lists]
        header = {
            "N_STEPS": len(t.steps), "N_GROUPS": len(m.groups), "N_SUPPLIES": len(m.supplies),
            "N_SOURCES": len(m.arrivals), "N_CLASSES": self.classes, "N_LISTS": len(t.lists), "N_UNITS": sum(t.units),
            "N_TRAITS": len(m.attributes), "N_PLACES": len(m.places), "N_MODES": len(m.modes),
            "CYCLES": int(bool(cycle(m))), "N_LAYERS": t.layers, "WORK": self.classes - 1, "FLAT": int(t.flat),
            "MAKERS": sum(n for n, (p, _) in zip(t.units, m.groups, strict=True) if p.turnaround or p.breakdown),
            **t.offsets,
        }  # fmt: skip
        header["T_STEPS"] = self._records([self._step(k, s) for k, s in enumerate(t.steps)])
        header["T_GROUPS"] = self._records(self._groups(needs))
        header["T_SOURCES"] = self._records([self._source(k) for k in range(len(m.arrivals))])
        header["T_CLASSES"] = self._records([self._class(k) for k in range(self.classes)])
        header["T_TRAITS"] = w.add([self._trait(a, c) for a in range(len(m.attributes)) for c in range(self.classes)])
        targets = [m.stay_targets.get(p, math.inf) * MINUTE for p in m.places]
        header["T_TARGETS"] = w.add([*targets, math.inf])
        for name, value in header.items():
            w.put(getattr(at, name), value)
        # the static part of every list: what the kernel copies into a new member
        self.needs = needs
        w.put(at.TABLES_HEADER - 1, w.add(needs))
        return w.array()

    def _records(self, records: list[list[int | float]]) -> int:
        address = len(self.w)
        for record in records:
            self.w.add(record)
        return address

    def _law(self, law: Law) -> int:
        if law not in self.laws:
            s = law.scale
            values = self.w.add([len(law.values), *(float(v) * s for v in law.values)]) if law.values else 0
            record = [FAMILIES.index(law.law), law.shift * s, *map(float, law.numbers), values]
            self.laws[law] = self.w.add(record)
        return self.laws[law]

    def _needs(self, step: Step, value: int) -> int:
        """[units, then for each: alternatives, their addresses]; 0 if nothing is needed."""
        name = self.t.match(step)
        values = list(next(a.chances for a in self.m.attributes if a.name == name)) if name else [""]
        picks = [self.t.alternatives(n, values[value]) for n in step.seize for _ in range(n.amount)]
        groups = self.t.offsets["M_GROUPS"]
        out = [len(picks)]
        for found in picks:
            out += [len(found), *(groups + at.GROUP * g for g in found)]
        return self.w.add(out)

    def _pools(self, names: tuple[str, ...]) -> int:
        """[count, numbers of these pools]; 0 if none."""
        index = [p.name for p in self.m.pools]
        return self.w.add([len(names), *(index.index(n) for n in names)]) if names else 0

    def _row(self, chances: Mapping[str, float]) -> int:
        """[count, then cumulative chance and step]; what is lacking to 1 leaves."""
        out: list[int | float] = []
        total = 0.0
        for name, p in chances.items():
            total += p
            if p > 0:
                out += [2.0 if total > 1 - 1e-9 else total, at.GONE if name == LEAVE else self.t.step_index[name]]
        return self.w.add([len(out) // 2, *out])

    def _goal(self, name: str) -> int:
        return {LEAVE: at.GONE, "block": at.BLOCK}.get(name, self.t.step_index.get(name, at.GONE))

    def _step(self, k: int, step: Step) -> list[int | float]:
        t, m, w = self.t, self.m, self.w
        base = next(n for n, (s, _, _) in enumerate(t.lists) if s == k)
        first = base if k < len(m.steps) else base - (self.classes - 1)
        index = {s.name: n for n, s in enumerate(m.supplies)}
        supply = t.offsets["M_GROUPS"] + at.GROUP * len(m.groups)
        used: list[int | float] = []
        for name, amount in step.use.items():
            used += [supply + at.GROUP * index[name], float(amount)]
        used += [0, 0.0] * (2 - len(step.use))
        name = t.match(step)
        attributes = [a.name for a in m.attributes]
        route = step.route
        default = route.to if route else {m.next_step(step.name): 1.0}
        if k >= len(m.steps):
            default = {}
        by_class = route.classes if route else {}
        routes = [self._row(by_class.get(c, default)) for c in t.classes]
        holds = [self._law(step.holds.get(c, step.hold)) for c in t.classes]
        chosen = -1
        values = 0
        if route and route.attribute is not None:
            chosen = attributes.index(route.attribute)
            rows = [route.values.get(v) for v in m.attributes[chosen].chances]
            values = w.add([0 if row is None else self._row(row) for row in rows])
        mode = m.modes.index(route.mode) if route and route.mode is not None else -1
        queue, patience, batch = step.queue, step.patience, step.batch
        return [
            first, attributes.index(name) if name else -1, *used,
            self._pools(step.free), self._pools(step.keep), self._pools(step.release),
            float(step.priority), queue.limit if queue else -1, self._goal(queue.full) if queue else at.GONE,
            self._law(patience.after) if patience else 0, self._goal(patience.to) if patience else at.GONE,
            batch.size if batch else 0,
            math.inf if batch is None or batch.most_wait is None else batch.most_wait * MINUTE,
            int(step.preemptible), INTERRUPTED.index(step.interrupted), self._goal(step.reroute),
            math.inf if step.target is None else step.target * MINUTE,
            m.places.index(step.place) if step.place else -1,
            w.add(holds), w.add(routes), chosen, values, mode, self._row(route.under) if route and mode >= 0 else 0,
            int(not step.seize and not step.use),
        ]  # fmt: skip

    def _groups(self, needs: list[int]) -> list[list[int | float]]:
        t, m = self.t, self.m
        touching: list[list[int]] = [[] for _ in range(len(m.groups) + len(m.supplies))]
        values = {
            s.name: list(next(a.chances for a in m.attributes if a.name == t.match(s))) for s in t.steps if t.match(s)
        }
        for n, (k, v, _) in enumerate(t.lists):
            step = t.steps[k]
            value = values[step.name][v] if step.name in values else ""
            found = {g for need in step.seize for g in t.alternatives(need, value)}
            found |= {len(m.groups) + [s.name for s in m.supplies].index(name) for name in step.use}
            for g in found:
                touching[g].append(t.offsets["M_LISTS"] + at.LIST_SIZE * n)
        out: list[list[int | float]] = []
        pools = [p.name for p in m.pools]
        for (pool, _), lists in zip(m.groups, touching, strict=False):
            turn, repair = f"turnaround of {pool.name}", f"repair of {pool.name}"
            out.append([
                pools.index(pool.name), self.w.add([len(lists), *lists]), OFF_SHIFT.index(pool.off_shift),
                pool.handover * MINUTE if pool.off_shift == "handover" else 0.0,
                t.step_index.get(turn, -1), t.step_index.get(repair, -1),
                self._law(pool.breakdown.every) if pool.breakdown else 0, 0, 0.0, 0, 0, 0,
            ])  # fmt: skip
        for supply, lists in zip(m.supplies, touching[len(m.groups) :], strict=True):
            lead = self._law(supply.lead or Law(law="fixed", mean=0.0)) if supply.stock else 0
            out.append([
                -1, self.w.add([len(lists), *lists]), 0, 0.0, -1, -1, 0, int(supply.stock), float(supply.reorder_at),
                lead, 0, 0,
            ])  # fmt: skip
        return out

    def _source(self, k: int) -> list[int | float]:
        t, m, source = self.t, self.m, self.m.arrivals[k]
        pathway = next(p for p in m.pathways if p.name == source.pathway)
        shares = source.classes or {m.classes[0].name: 1.0}
        row: list[int | float] = []
        total = 0.0
        for name, p in shares.items():
            total += p
            if p > 0:
                row += [total, t.classes.index(name)]
        row[-2] = 2.0
        sources = len(m.arrivals)
        channel = len(m.groups) + len(m.modes) + k
        driver = t.channels.index(f"driver:{source.name}") if source.driven else -1
        booked, slots = source.appointments, 0
        no_show, early, spread, ahead = 0.0, 0.0, 0.0, 0.0
        if booked is not None:
            times = [
                (DAYS.index(d) * 1440 + minutes(x, source.name)) * MINUTE
                for d in booked.days
                for x in booked.times
                for _ in range(booked.count)
            ]
            slots = self.w.add([len(times), *sorted(times)])
            no_show, early, spread = booked.no_show, booked.early * MINUTE, booked.spread * MINUTE
            ahead = max(early, 0.0) + 4.0 * spread
        return [
            int(booked is not None), t.step_index[pathway.steps[0].name], self.w.add([len(row) // 2, *row]),
            channel, channel + sources, driver, float(no_show), float(early), float(spread), float(ahead), slots, k,
        ]  # fmt: skip

    def _class(self, k: int) -> list[int | float]:
        m = self.m
        if k == self.classes - 1:
            return [0.0, 0, 0.0, 0]
        c = m.classes[k]
        under = self.w.add([float(c.under.get(mode, math.nan)) for mode in m.modes]) if m.modes else 0
        return [c.ageing / HOUR, int(c.preempts), float(c.priority), under]

    def _trait(self, a: int, c: int) -> int:
        attribute = self.m.attributes[a]
        values = list(attribute.chances)
        chances = attribute.classes.get(self.t.classes[c], attribute.chances)
        row: list[int | float] = []
        total = 0.0
        for name, p in chances.items():
            total += p
            if p > 0:
                row += [total, values.index(name)]
        row[-2] = 2.0
        return self.w.add([len(row) // 2, *row])


assert MOST_HELD == at.MOST_HELD
