"""Can pools wait for each other for ever? Who holds what while waiting for what, followed along every route."""

from __future__ import annotations

from itertools import pairwise

from vitruvian.engines.event.model import LEAVE, Model, Step


def targets(model: Model, step: Step) -> set[str]:
    """Every step that may come after, whatever the reason."""
    out: set[str] = {step.reroute} if step.interrupted == "reroute" else set()
    route = step.route
    if route is None:
        out.add(model.next_step(step.name))
    else:
        rows = [route.to, route.under, *route.classes.values(), *route.values.values()]
        out |= {name for row in rows for name, p in row.items() if p > 0}
    return out - {LEAVE}


def held(model: Model) -> dict[str, frozenset[str]]:
    """Pools that may be held by someone who waits for a step, {step: pools}; blocked ones hold the step before too."""
    steps = {s.name: s for s in model.steps}
    holding: dict[str, set[str]] = {name: set() for name in steps}
    todo = list(steps)
    while todo:
        step = steps[todo.pop()]
        during = {n.pool for n in step.seize} | (holding[step.name] - set(step.free))
        after = (during - {n.pool for n in step.seize} - set(step.release)) | set(step.keep)
        for name in targets(model, step):
            blocks = steps[name].queue is not None and getattr(steps[name].queue, "full", "") == "block"
            carried = during if blocks else after
            _spread(holding, todo, name, carried)
        for other in (step.queue.full if step.queue else LEAVE, step.patience.to if step.patience else LEAVE):
            if other in steps:
                _spread(holding, todo, other, holding[step.name])
    return {name: frozenset(pools) for name, pools in holding.items()}


def _spread(holding: dict[str, set[str]], todo: list[str], name: str, pools: set[str]) -> None:
    if not pools <= holding[name]:
        holding[name] |= pools
        todo.append(name)


def cycle(model: Model) -> str:
    """A cycle of pools, each held by those who wait for the next, as text; "" if there is none."""
    edges: dict[str, dict[str, str]] = {}
    holding = held(model)
    for step in model.steps:
        wanted = {n.pool for n in step.seize}
        if step.queue and step.queue.full == "block":
            wanted |= {n.pool for n in step.seize}
        for pool in holding[step.name]:
            edges.setdefault(pool, {}).update(dict.fromkeys(wanted, step.name))
    for start in edges:
        path = _path(edges, start)
        if path:
            said = [f"'{a}' is held by those who wait at '{edges[a][b]}' for '{b}'" for a, b in pairwise(path)]
            return "; ".join(said)
    return ""


def _path(edges: dict[str, dict[str, str]], start: str) -> list[str]:
    """Shortest way from `start` back to itself, [] if none."""
    paths, seen = [[start]], set()
    while paths:
        path = paths.pop(0)
        for name in edges.get(path[-1], {}):
            if name == start:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return []
