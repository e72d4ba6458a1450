"""What a model must satisfy beyond its types: names that exist, chances that add up, rosters that can be, no deadlock.

Every error names the place in the model, what is wrong there, and what to do.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping

from vitruvian.core.errors import KindError
from vitruvian.engines.event.model import LEAVE, Arrivals, Model, Need, Pool, Route, Step
from vitruvian.engines.event.rosters import check_roster, minutes
from vitruvian.engines.event.waits import cycle

MOST_HELD = 8  # units one patient may hold at a time
MOST_ATTRIBUTES = 6
MOST_VALUES = 255
Where = Callable[[str], str]


def check_model(model: Model, where: Where = lambda path: path) -> None:
    """Raise KindError for the first thing that is wrong."""
    _unique(model, where)
    rosters = {r.name: r for r in model.rosters}
    for i, roster in enumerate(model.rosters):
        check_roster(roster, where(f"rosters[{i}]"))
    for i, pool in enumerate(model.pools):
        _pool(model, pool, f"pools[{i}]", where, rosters)
    for i, supply in enumerate(model.supplies):
        if supply.stock and supply.lead is None and supply.reorder_at > 0:
            raise KindError(
                f"stock '{supply.name}' is never delivered", where=where(f"supplies[{i}]"), fix="give its lead"
            )
    _classes(model, where)
    for p, pathway in enumerate(model.pathways):
        if not pathway.steps:
            raise KindError(f"pathway '{pathway.name}' has no steps", where=where(f"pathways[{p}]"), fix="give one")
        for s, step in enumerate(pathway.steps):
            _step(model, step, f"pathways[{p}].steps[{s}]", where)
    for i, source in enumerate(model.arrivals):
        _source(model, source, f"arrivals[{i}]", where)
    _rest(model, where)
    if model.cycles == "refuse" and (found := cycle(model)):
        raise KindError(
            f"pools may wait for each other for ever: {found}",
            where=where("pathways"),
            fix="give one back before the next is seized, or say cycles: detect",
        )


def _unique(model: Model, where: Where) -> None:
    groups: Mapping[str, Iterable[str]] = {
        "pools": (p.name for p in model.pools),
        "rosters": (r.name for r in model.rosters),
        "classes": (c.name for c in model.classes),
        "attributes": (a.name for a in model.attributes),
        "pathways": (p.name for p in model.pathways),
        "arrivals": (a.name for a in model.arrivals),
        "supplies": (s.name for s in model.supplies),
        "steps": (s.name for s in model.steps),
        "uncertain": (u.name for u in model.uncertain),
    }
    for what, names in groups.items():
        seen: set[str] = set()
        for name in names:
            if name in seen or not name or name == LEAVE:
                raise KindError(f"the name '{name}' is used twice or reserved", where=where(what), fix="rename one")
            seen.add(name)


def _known(name: str, known: Iterable[str], what: str, where: str) -> None:
    names = list(known)
    if name not in names:
        raise KindError(
            f"there is no {what} '{name}'", where=where, fix=f"use one of {', '.join(names) or '(none yet)'}"
        )


def _pool(model: Model, pool: Pool, path: str, where: Where, rosters: Mapping[str, object]) -> None:
    if (pool.capacity is None) == (not pool.groups):
        raise KindError(f"pool '{pool.name}' needs capacity or groups", where=where(path), fix="give one of the two")
    if pool.groups and pool.roster:
        raise KindError(
            f"pool '{pool.name}' has groups, each with its own roster", where=where(path), fix="move it there"
        )
    names = [g.name for g in pool.parts]
    if len(set(names)) < len(names):
        raise KindError(f"two groups of '{pool.name}' share a name", where=where(path), fix="rename one")
    for i, group in enumerate(pool.parts):
        if group.roster is not None:
            place = where(f"{path}.groups[{i}].roster" if pool.groups else f"{path}.roster")
            _known(group.roster, rosters, "roster", place)
            roster = next(r for r in model.rosters if r.name == group.roster)
            check_roster(roster, place, group.count)
    for what, by in (("turnaround", pool.turnaround), ("breakdown", pool.breakdown)):
        if by is not None and by.by is not None:
            _known(by.by, (p.name for p in model.pools), "pool", where(f"{path}.{what}.by"))
            if by.by == pool.name:
                raise KindError(
                    f"'{pool.name}' cannot look after itself", where=where(f"{path}.{what}.by"), fix="name another pool"
                )
    for i, planned in enumerate(pool.maintenance):
        place = f"{path}.maintenance[{i}]"
        _known(planned.group or names[0], names, "group", where(f"{place}.group"))
        minutes(planned.start, where(f"{place}.start"))
        minutes(planned.end, where(f"{place}.end"))


def _classes(model: Model, where: Where) -> None:
    if not model.classes:
        raise KindError("there are no patient classes", where=where("classes"), fix="give one, or leave classes out")
    for i, c in enumerate(model.classes):
        for mode in c.under:
            _known(mode, model.modes, "mode", where(f"classes[{i}].under"))
    if len(model.attributes) > MOST_ATTRIBUTES:
        raise KindError(f"more than {MOST_ATTRIBUTES} attributes", where=where("attributes"), fix="merge some")
    for i, a in enumerate(model.attributes):
        path = f"attributes[{i}]"
        if not 0 < len(a.chances) <= MOST_VALUES:
            raise KindError(
                f"attribute '{a.name}' needs 1 to {MOST_VALUES} values", where=where(path), fix="give chances"
            )
        _chances(a.chances, where(f"{path}.chances"), whole=True)
        for name, chances in a.classes.items():
            _known(name, (c.name for c in model.classes), "class", where(f"{path}.classes"))
            for value in chances:
                _known(value, a.chances, "value", where(f"{path}.classes.{name}"))
            _chances(chances, where(f"{path}.classes.{name}"), whole=True)


def _chances(chances: Mapping[str, float], where: str, whole: bool = False) -> None:
    total = sum(chances.values())
    if any(p < 0 for p in chances.values()) or total > 1 + 1e-9 or (whole and abs(total - 1) > 1e-6):
        wanted = "add to 1" if whole else "be >= 0 and add to 1 at most"
        raise KindError(
            f"chances must {wanted} (got {dict(chances)}, sum {total:g})", where=where, fix="put them right"
        )


def _step(model: Model, step: Step, path: str, where: Where) -> None:
    pools = {p.name: p for p in model.pools}
    for i, need in enumerate(step.seize):
        _need(model, pools, need, f"{path}.seize[{i}]", where)
    if sum(n.amount for n in step.seize) > MOST_HELD:
        raise KindError(f"seizes more than {MOST_HELD} units", where=where(f"{path}.seize"), fix="use a supply")
    _uses(model, step, path, where)
    seized = {n.pool for n in step.seize}
    for field, names in (("free", step.free), ("keep", step.keep), ("release", step.release)):
        for name in names:
            _known(name, pools, "pool", where(f"{path}.{field}"))
            if field == "keep" and name not in seized:
                raise KindError(
                    f"keeps '{name}', which it does not seize", where=where(f"{path}.keep"), fix="seize it here"
                )
    for name in step.holds:
        _known(name, (c.name for c in model.classes), "class", where(f"{path}.holds"))
    _elsewhere(model, step, path, where)
    if step.route:
        _route(model, step.route, f"{path}.route", where)


def _uses(model: Model, step: Step, path: str, where: Where) -> None:
    known = {s.name: s for s in model.supplies}
    for supply, amount in step.use.items():
        _known(supply, known, "supply", where(f"{path}.use"))
        if not 0 < amount <= known[supply].capacity:
            raise KindError(
                f"uses {amount:g} of {known[supply].capacity:g} '{supply}'",
                where=where(f"{path}.use"),
                fix="use more than nought and no more than there can be",
            )
    if len(step.use) > 2:
        raise KindError("uses more than two supplies", where=where(f"{path}.use"), fix="split the step")


def _elsewhere(model: Model, step: Step, path: str, where: Where) -> None:
    """Where those go who find no room, give up or are interrupted."""
    steps = [s.name for s in model.steps]
    if step.queue and step.queue.full not in (LEAVE, "block"):
        _known(step.queue.full, steps, "step", where(f"{path}.queue.full"))
        if step.queue.full == step.name:
            raise KindError(
                "sends whom it has no room for to itself", where=where(f"{path}.queue.full"), fix="name another"
            )
    for field, name in (("patience.to", step.patience.to if step.patience else LEAVE), ("reroute", step.reroute)):
        if name != LEAVE:
            _known(name, steps, "step", where(f"{path}.{field}"))
    if step.batch and (step.patience or step.queue):
        raise KindError(
            "a batch has neither patience nor limit", where=where(f"{path}.batch"), fix="put them on the step before"
        )
    if step.interrupted == "reroute" and step.batch:
        raise KindError("a batch cannot be rerouted", where=where(f"{path}.interrupted"), fix="resume or restart it")


def _need(model: Model, pools: Mapping[str, Pool], need: Need, path: str, where: Where) -> None:
    _known(need.pool, pools, "pool", where(f"{path}.pool"))
    parts = pools[need.pool].parts
    for name in need.groups:
        _known(name, (g.name for g in parts), "group", where(f"{path}.groups"))
    if need.match is not None:
        _known(need.match, (a.name for a in model.attributes), "attribute", where(f"{path}.match"))
    for value in next((a.chances for a in model.attributes if a.name == need.match), {"": 1.0}):
        fits = [g for g in parts if suits(need, g.name, g.skills, g.attributes, value)]
        if sum(g.count for g in fits) < need.amount:
            said = f" for {need.match} '{value}'" if need.match else ""
            raise KindError(
                f"'{need.pool}' never has {need.amount} such unit(s){said}",
                where=where(path),
                fix="add units, or ask for less",
            )


def suits(need: Need, name: str, skills: Iterable[str], attributes: Mapping[str, str], value: str) -> bool:
    """Can a group with these skills and attributes serve the need of a patient whose matched value is this?"""
    if need.groups and name not in need.groups:
        return False
    if need.skill is not None and need.skill not in skills:
        return False
    if any(attributes.get(k) != v for k, v in need.attributes.items()):
        return False
    return need.match is None or attributes.get(need.match) == value


def _route(model: Model, route: Route, path: str, where: Where) -> None:
    rows = [("to", route.to), ("under", route.under)]
    rows += [(f"classes.{k}", v) for k, v in route.classes.items()] + [
        (f"values.{k}", v) for k, v in route.values.items()
    ]
    for name, row in rows:
        for target in row:
            _known(target, [*(s.name for s in model.steps), LEAVE], "step", where(f"{path}.{name}"))
        _chances(row, where(f"{path}.{name}"))
    for name in route.classes:
        _known(name, (c.name for c in model.classes), "class", where(f"{path}.classes"))
    if route.mode is not None:
        _known(route.mode, model.modes, "mode", where(f"{path}.mode"))
    if route.attribute is not None:
        _known(route.attribute, (a.name for a in model.attributes), "attribute", where(f"{path}.attribute"))
        chances = next(a.chances for a in model.attributes if a.name == route.attribute)
        for value in route.values:
            _known(value, chances, "value", where(f"{path}.values"))
    if bool(route.values) != (route.attribute is not None) or (route.under and route.mode is None):
        raise KindError(
            "an attribute and its values, a mode and its chances go together", where=where(path), fix="give both"
        )


def _source(model: Model, source: Arrivals, path: str, where: Where) -> None:
    _known(source.pathway, (p.name for p in model.pathways), "pathway", where(f"{path}.pathway"))
    for name in source.classes:
        _known(name, (c.name for c in model.classes), "class", where(f"{path}.classes"))
    if source.classes:
        _chances(source.classes, where(f"{path}.classes"), whole=True)
    elif len(model.classes) > 1:
        raise KindError("of which class are they?", where=where(f"{path}.classes"), fix="give {class: share}")
    for mode in (source.only, source.unless):
        if mode is not None:
            _known(mode, model.modes, "mode", where(path))
    if bool(source.rates) == (source.appointments is not None):
        raise KindError("needs rates or appointments", where=where(path), fix="give one of the two")
    for field, wanted in (("weekdays", 7), ("months", 12)):
        if len(getattr(source, field)) not in (0, wanted):
            raise KindError(f"needs {wanted} factors", where=where(f"{path}.{field}"), fix=f"give {wanted} or none")
    if source.appointments:
        for i, time in enumerate(source.appointments.times):
            minutes(time, where(f"{path}.appointments.times[{i}]"))
        if not source.appointments.times or not source.appointments.days:
            raise KindError("no times are booked", where=where(f"{path}.appointments"), fix="give days and times")


def _rest(model: Model, where: Where) -> None:
    for i, day in enumerate(model.holidays):
        try:
            datetime.date.fromisoformat(day)
        except ValueError as err:
            raise KindError(f"'{day}' is no date", where=where(f"holidays[{i}]"), fix="write YYYY-MM-DD") from err
    for place in model.stay_targets:
        _known(place, model.places, "place", where("stay_targets"))
    for i, u in enumerate(model.uncertain):
        for field, names in (("arrivals", [a.name for a in model.arrivals]), ("steps", [s.name for s in model.steps])):
            for name in getattr(u, field):
                _known(name, names, field[:-1], where(f"uncertain[{i}].{field}"))
    if not model.pathways or not model.arrivals:
        raise KindError("a model needs a pathway and arrivals", where=where(""), fix="give both")
