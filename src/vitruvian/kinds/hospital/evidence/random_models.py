"""Random models with every feature of the event engine, for the comparison of its kernel with its reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitruvian.engines.event import model as m
from vitruvian.engines.event.checks import check_model
from vitruvian.engines.event.law import Law

POOLS, CLASSES, MODES = 4, 3, ("fast track",)


def random_model(seed: int) -> m.Model:
    """A model with most features, small and busy; pools may wait for each other, so it may end in a deadlock."""
    rng = np.random.default_rng(seed)
    rosters = tuple(roster(rng, k) for k in range(2))
    pools = tuple(pool(rng, k) for k in range(POOLS))
    supplies = (
        m.Supply(name="oxygen", capacity=float(rng.integers(4, 9))),
        m.Supply(name="kits", capacity=20.0, stock=True, reorder_at=8.0, lead=law(rng, 90.0)),
    )
    pathways = tuple(pathway(rng, k) for k in range(2))
    names = [s.name for p in pathways for s in p.steps]
    pathways = tuple(routed(rng, p, names) for p in pathways)
    model = m.Model(
        name="random",
        label="synthetic, for a test",
        pools=pools,
        supplies=supplies,
        rosters=rosters,
        classes=tuple(patient_class(rng, k) for k in range(CLASSES)),
        attributes=(m.Attribute(name="sex", chances={"f": 0.6, "m": 0.4}, classes={"c1": {"f": 0.1, "m": 0.9}}),),
        modes=MODES,
        pathways=pathways,
        arrivals=tuple(source(rng, k, pathways) for k in range(3)),
        stay_targets={"ed": 240.0} if any(s.place == "ed" for p in pathways for s in p.steps) else {},
        cycles="detect",
    )
    check_model(model)
    return model


def law(rng: np.random.Generator, mean: float) -> Law:
    """Any family about this mean, min."""
    mean = float(mean * rng.uniform(0.5, 1.5))
    kinds: list[dict[str, Any]] = [
        {"law": "exponential", "mean": mean},
        {"law": "fixed", "mean": round(mean)},
        {"law": "lognormal", "mean": mean, "cv": 0.7},
        {"law": "gamma", "mean": mean, "cv": float(rng.choice([0.4, 1.4]))},
        {"law": "weibull", "mean": mean, "shape": 1.5, "shift": 2.0},
        {"law": "normal", "mean": mean, "cv": 0.6},
        {"law": "uniform", "low": 0.0, "high": 2 * mean},
        {"law": "triangular", "low": 0.0, "mode": mean, "high": 2 * mean},
        {"law": "empirical", "values": (0.0, mean / 2, mean, 3 * mean)},
    ]
    return Law(**kinds[int(rng.integers(len(kinds)))])


def roster(rng: np.random.Generator, k: int) -> m.Roster:
    first = int(rng.integers(1, 4))
    shifts = (
        m.Shift(start="07:00", end="15:00"),
        m.Shift(days=m.DAYS[first:], start="15:00", end="23:30", count=1),
        m.Shift(start="23:30", end="06:00", count=int(rng.integers(0, 2))),
    )
    return m.Roster(name=f"r{k}", shifts=shifts)


def pool(rng: np.random.Generator, k: int) -> m.Pool:
    def some(chance: float) -> bool:
        return bool(rng.random() < chance)

    def rota() -> str | None:
        return f"r{rng.integers(2)}" if some(0.5) else None

    groups = (
        m.Group(name="a", count=int(rng.integers(1, 3)), skills=("x",), attributes={"sex": "f"}, roster=rota()),
        m.Group(name="b", count=int(rng.integers(1, 3)), attributes={"sex": "m"}, roster=rota()),
    )
    worker = f"p{k + 1}" if k + 1 < POOLS and some(0.5) else None
    turnaround = m.Turnaround(hold=law(rng, 10.0), by=worker) if some(0.4) else None
    breakdown = m.Breakdown(every=law(rng, 600.0), repair=law(rng, 60.0), by=worker) if some(0.4) else None
    planned = (m.Maintenance(group="a", start="10:00", end="12:00"),) if some(0.3) else ()
    return m.Pool(
        name=f"p{k}",
        groups=groups,
        off_shift=str(rng.choice(m.OFF_SHIFT)),
        handover=5.0,
        turnaround=turnaround,
        breakdown=breakdown,
        maintenance=planned,
    )


def patient_class(rng: np.random.Generator, k: int) -> m.PatientClass:
    return m.PatientClass(
        name=f"c{k}",
        priority=float(k),
        ageing=float(rng.choice([0.0, 0.5])),
        preempts=k == 0 and bool(rng.random() < 0.7),
        under={"fast track": 2.0 - k} if k < 2 else {},
    )


def pathway(rng: np.random.Generator, k: int) -> m.Pathway:
    return m.Pathway(name=f"way{k}", steps=tuple(step(rng, f"{k}{j}") for j in range(int(rng.integers(2, 5)))))


def step(rng: np.random.Generator, name: str) -> m.Step:
    pools = rng.permutation(POOLS)[: rng.integers(0, 3)]
    needs = []
    for p in pools:
        kinds: list[dict[str, Any]] = [{}, {"skill": "x"}, {"match": "sex"}, {"groups": ("b", "a")}, {"amount": 2}]
        needs.append(m.Need(pool=f"p{p}", **kinds[int(rng.integers(len(kinds)))]))
    keep = tuple(n.pool for n in needs if rng.random() < 0.25)
    batch = m.Batch(size=int(rng.integers(2, 4)), most_wait=30.0 if rng.random() < 0.7 else None)
    extra: dict[str, Any] = {}
    kind = rng.integers(5)
    if kind == 0:
        extra["batch"] = batch
    elif kind == 1:
        extra["patience"] = m.Patience(after=law(rng, 40.0))
    elif kind == 2:
        extra["queue"] = m.Queue(limit=int(rng.integers(0, 3)), full=str(rng.choice([m.LEAVE, "block"])))
    policy = str(rng.choice(m.INTERRUPTED[:3] if kind == 0 else m.INTERRUPTED))
    return m.Step(
        name=name,
        place=str(rng.choice(["", "ward", "ed"])),
        seize=tuple(needs),
        use={"oxygen": 2.0} if rng.random() < 0.2 else {"kits": 3.0} if rng.random() < 0.2 else {},
        hold=law(rng, 25.0),
        holds={"c1": law(rng, 35.0)} if rng.random() < 0.3 else {},
        keep=keep,
        free=tuple(f"p{p}" for p in range(POOLS) if rng.random() < 0.5),
        release=tuple(f"p{p}" for p in range(POOLS) if rng.random() < 0.4),
        priority=float(rng.choice([0.0, 1.0])),
        preemptible=bool(rng.random() < 0.8),
        interrupted=policy,
        target=15.0,
        **extra,
    )


def routed(rng: np.random.Generator, pathway: m.Pathway, names: list[str]) -> m.Pathway:
    """Some steps get routes by chance, class, attribute and mode, among all steps."""
    import dataclasses

    def row() -> dict[str, float]:
        chosen = [str(n) for n in rng.choice(names, size=2, replace=False)] if len(names) > 1 else names
        share = 0.6 * rng.dirichlet(np.ones(len(chosen)))
        return {**{n: float(p) for n, p in zip(chosen, share, strict=True)}, m.LEAVE: 0.2}

    steps = []
    for s in pathway.steps:
        if rng.random() < 0.4:
            by = {"attribute": "sex", "values": {"m": row()}} if rng.random() < 0.3 else {}
            mode = {"mode": "fast track", "under": row()} if rng.random() < 0.3 else {}
            s = dataclasses.replace(s, route=m.Route(to=row(), classes={"c2": row()}, **by, **mode))
        steps.append(s)
    return m.Pathway(name=pathway.name, steps=tuple(steps))


def source(rng: np.random.Generator, k: int, pathways: tuple[m.Pathway, ...]) -> m.Arrivals:
    shares = rng.dirichlet(np.ones(CLASSES))
    classes = {f"c{c}": float(p) for c, p in enumerate(shares)}
    classes["c0"] += 1.0 - sum(classes.values())
    name = pathways[int(rng.integers(len(pathways)))].name
    if k == 2:
        booked = m.Appointments(
            days=m.DAYS, times=("08:00", "09:00", "09:20", "13:30"), count=2, no_show=0.15, early=5.0,
            spread=float(rng.choice([0.0, 8.0])),
        )  # fmt: skip
        return m.Arrivals(name=f"s{k}", pathway=name, classes=classes, appointments=booked)
    rates = tuple(float(x) for x in rng.uniform(0.0, 2.5, rng.integers(1, 7)))
    return m.Arrivals(name=f"s{k}", pathway=name, classes=classes, rates=rates)
