"""What can be seen of a model's flow, by name: observables at times, quantities over windows."""

from __future__ import annotations

import re

from vitruvian.core.quantity import Observable, Quantity
from vitruvian.engines.event.model import Model
from vitruvian.engines.event.readings import Change, Counts, Level, Patients, Weighted

HOUR = 3600.0
PATIENT = "patient"  # rows of a record that say who is where: see `model.present_at`
MOST = 1e6  # assumed: no count reaches it


def slug(name: str) -> str:
    """A name as part of another."""
    return re.sub(r"\W+", "_", name).strip("_").lower()


def observables(model: Model, counts: Counts) -> dict[str, tuple[Observable, Level | Patients]]:
    """{name: (declaration, reading)} of everything that has a level at any time."""
    seize = [s.name for s in model.steps if s.seize or s.use]
    boarding = [s.name for s in model.steps if s.boarding]
    still = (
        "1 while a patient who was there at the start is in the house, one after another as `Hospital.patients` says"
    )
    out: dict[str, tuple[Observable, Level | Patients]] = {
        PATIENT: (Observable(PATIENT, "1", dims=("patient",), low=0, high=1, meaning=still), Patients()),
        "present": (_count("present", "patients in the house"), Level(counts.place("", "present"))),
        "waiting": (_count("waiting", "patients who wait for something"), Level(counts.steps(seize, "waiting"))),
        "boarding": (_count("boarding", "patients who wait for a bed elsewhere"),
                     Level(counts.steps(boarding, "waiting"))),
    }  # fmt: skip
    for place in model.places:
        name = f"census_{slug(place)}"
        out[name] = (_count(name, f"patients in {place}"), Level(counts.place(place, "present")))
    for pool in model.pools:
        name = f"busy_{slug(pool.name)}"
        out[name] = (_count(name, f"units of {pool.name} in use"), Level(counts.pool(pool.name, "busy")))
    for supply in model.supplies:
        name = f"level_{slug(supply.name)}"
        out[name] = (_count(name, f"amount of {supply.name} there is"), Level(counts.supply(supply.name, "level")))
    return out


def _count(name: str, meaning: str) -> Observable:
    return Observable(name, "1", low=0, high=MOST, meaning=meaning)


def quantities(model: Model, counts: Counts) -> dict[str, tuple[Quantity, Change]]:
    """{name: (declaration, reading)} of everything that is counted over a window."""
    waits = [s.name for s in model.steps if s.seize or s.use]
    boarding = [s.name for s in model.steps if s.boarding]
    over = tuple(w for p in model.pools if p.kind == "staff" for w in counts.pool(p.name, "over_time"))
    out = {
        "mean_wait": (Quantity("mean_wait", "h", "time waited by those who came, all steps together", low=0),
                      Change(counts.steps(waits, "waited"), counts.place("", "entered"), 1 / HOUR)),
        "length_of_stay": (Quantity("length_of_stay", "h", "mean stay of those who left the house", low=0),
                           Change(counts.place("", "stayed"), counts.place("", "left"), 1 / HOUR)),
        "left": (Quantity("left", "1", "patients who left", low=0), Change(counts.place("", "left"))),
        "unseen": (Quantity("unseen", "1", "patients who left unseen or were turned away", low=0),
                   Change(counts.place("", "unseen"))),
        "diverted": (Quantity("diverted", "1", "patients turned away where no place was left", low=0),
                     Change(counts.steps([s.name for s in model.steps if s.queue] or waits, "turned_away"))),
        "boarding_hours": (Quantity("boarding_hours", "h", "hours waited for a bed elsewhere", low=0),
                           Change(counts.steps(boarding, "waiting_time"), (), 1 / HOUR)),
        "late_beds": (Quantity("late_beds", "1", "waits for a bed beyond their target", low=0),
                      Change(counts.steps(boarding, "late"))),
        "response_time": (Quantity("response_time", "h", "mean wait for the first step", low=0),
                          _response(model, counts)),
        "overtime": (Quantity("overtime", "h", "hours worked or used beyond the shift", low=0),
                     Change(over, (), 1 / HOUR)),
        "cost": (Quantity("cost", "1", "cost, in the model's currency", low=0), Change(cost(model, counts))),
    }  # fmt: skip
    for c in model.classes:
        name = f"wait_{slug(c.name)}"
        of = tuple(w for s in waits for w in counts.step(s, "waited", c.name))
        out[name] = (Quantity(name, "h", f"time waited by those of class {c.name}", low=0),
                     Change(of, counts.place("", "entered", c.name), 1 / HOUR))  # fmt: skip
    for place in model.stay_targets:
        name = f"over_target_{slug(place)}"
        out[name] = (Quantity(name, "1", f"share of stays in {place} beyond the target", low=0, high=1),
                     Change(counts.place(place, "over_target"), counts.place(place, "left")))  # fmt: skip
    for pool in model.pools:
        name = f"utilisation_{slug(pool.name)}"
        out[name] = (Quantity(name, "1", f"time {pool.name} is in use / time it is there (above 1: overtime)", low=0),
                     Change(counts.pool(pool.name, "busy_time"), counts.pool(pool.name, "open_time")))  # fmt: skip
    return out


def _response(model: Model, counts: Counts) -> Change:
    ways = {p.name: p.steps[0].name for p in model.pathways}
    first = sorted({ways[a.pathway] for a in model.arrivals if not a.appointments})
    return Change(counts.steps(first, "waited"), counts.steps(first, "started"), 1 / HOUR)


def cost(model: Model, counts: Counts) -> tuple[Weighted, ...]:
    """The ledger as weights on what the kernel counts: hours, steps, supplies, waits, the unseen."""
    out: list[Weighted] = []
    for p in model.pools:
        for column, price in (("open", p.cost_hour), ("busy", p.cost_busy_hour), ("over", p.cost_overtime_hour)):
            if price:
                out += counts.pool(p.name, f"{column}_time", price / HOUR)
    for s in model.steps:
        if s.cost:
            out += counts.step(s.name, "started", None, s.cost)
        for c in model.classes:
            if c.cost_wait_hour and (s.seize or s.use):
                out += counts.step(s.name, "waiting_time", c.name, c.cost_wait_hour / HOUR)
    for supply in model.supplies:
        if supply.cost:
            out += counts.supply(supply.name, "used", supply.cost)
    for c in model.classes:
        if c.cost_left:
            out += counts.place("", "unseen", c.name, c.cost_left)
    return tuple(out)
