"""hosp.treatsim: Nelson's treatment centre as a model of ours, against the package treat-sim in six scenarios.

Nelson, Foundations and Methods of Stochastic Simulation, 2013, exercise 13. Laws and numbers are those of treat-sim
3.0.0 (MIT): triage exponential 3; registration lognormal 5, variance 2; examination normal 16, variance 3; trauma
room exponential 90; treatment lognormal 30 (variance 4) or 13.3 (variance 2), the latter for 60 %; 12 % trauma; min.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.engines.event import model as m
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Change, Counts, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables

Progress = Callable[[float], None]
MINUTE, HOURS = 60.0, 19.0
# servers of triage, examination, non-trauma treatment; mean examination, min
SCENARIOS = {
    "base": (1, 3, 1, 16.0), "triage+1": (2, 3, 1, 16.0), "exam+1": (1, 4, 1, 16.0), "treat+1": (1, 3, 2, 16.0),
    "swap_exam_treat": (2, 2, 1, 16.0), "short_exam": (2, 2, 1, 12.0),
}  # fmt: skip


def rates(data: Path) -> tuple[float, ...]:
    """Arrivals per hour by the minute from 06:00; the package's 19th hour is the first again.

    The package thins at the rate of the hour of the *last* arrival: until the first arrival of hour h the rate is that
    of an earlier hour j. Its mean rate x h into the hour is so sum_j p_j (l_h + (l_j - l_h) exp(-l_j x)), with p_j
    the chance that j is carried over; some 227 arrivals are expected in 19 h, not 229.5. That mean rate is used here.
    """
    with (data / "hospital" / "treat_sim" / "ed_arrivals.csv").open(encoding="utf-8") as file:
        hourly = [float(row["arrival_rate"]) for row in csv.DictReader(file)]
    carried: dict[float, float] = {hourly[0]: 1.0}
    out: list[float] = []
    for rate in (*hourly, hourly[0]):
        minutes = (np.arange(60) + 0.5) / 60.0
        mean = np.zeros(60)
        for j, p in carried.items():
            mean += p * (rate + (j - rate) * np.exp(-j * minutes))
        out += mean.tolist()
        stays = {j: p * math.exp(-j) for j, p in carried.items() if j != rate}
        carried = {**stays, rate: 1.0 - sum(stays.values())}
    return (*out, *([0.0] * 300))


def spread(mean: float, variance: float, law: str = "lognormal") -> Law:
    return Law(law=law, mean=mean, cv=math.sqrt(variance) / mean)


def centre(hourly: tuple[float, ...], triage: int, exam: int, treat: int, mean_exam: float) -> m.Model:
    """The model; its time 0 is 06:00."""
    servers = {"triage": triage, "clerk": 1, "exam": exam, "trauma": 2, "cubicle 1": treat, "cubicle 2": 1}

    def need(pool: str) -> tuple[m.Need, ...]:
        return (m.Need(pool=pool),)

    way = (
        m.Step(name="triage", seize=need("triage"), hold=Law(mean=3.0),
               route=m.Route(to={"registration": 1.0}, classes={"trauma": {"stabilise": 1.0}})),
        m.Step(name="registration", seize=need("clerk"), hold=spread(5.0, 2.0)),
        m.Step(name="exam", seize=need("exam"), hold=spread(mean_exam, 3.0, "normal"),
               route=m.Route(to={"treat": 0.6})),
        m.Step(name="treat", seize=need("cubicle 1"), hold=spread(13.3, 2.0), route=m.Route()),
        m.Step(name="stabilise", seize=need("trauma"), hold=Law(mean=90.0)),
        m.Step(name="trauma treat", seize=need("cubicle 2"), hold=spread(30.0, 4.0)),
    )  # fmt: skip
    return m.Model(
        name="treatment centre", label="Nelson 2013 by way of treat-sim (MIT)",
        pools=tuple(m.Pool(name=n, capacity=c) for n, c in servers.items()),
        classes=(m.PatientClass(name="trauma"), m.PatientClass(name="other")),
        pathways=(m.Pathway(name="way", steps=way),),
        arrivals=(m.Arrivals(
            name="door", pathway="way", rates=hourly, once=True, classes={"trauma": 0.12, "other": 0.88}),),
    )  # fmt: skip


def readings(counts: Counts) -> dict[str, Change]:
    """The package's metrics by its own names; times in min."""

    def wait(step: str) -> Change:
        return Change(counts.step(step, "waited"), counts.step(step, "started"), 1 / MINUTE)

    def total(class_: str) -> Change:
        return Change(counts.place("", "stayed", class_), counts.place("", "left", class_), 1 / MINUTE)

    return {
        "00_arrivals": Change(counts.place("", "entered")),
        "01a_triage_wait": wait("triage"),
        "02a_registration_wait": wait("registration"),
        "03a_examination_wait": wait("exam"),
        "04a_treatment_wait(non_trauma)": wait("treat"),
        "05_total_time(non-trauma)": total("other"),
        "06a_trauma_wait": wait("stabilise"),
        "07a_treatment_wait(trauma)": wait("trauma treat"),
        "08_total_time(trauma)": total("trauma"),
        "09_throughput": Change(counts.place("", "left")),
    }


def measured(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest |difference of means| over its joint 95 % half-width (Bonferroni) in six scenarios."""
    from scipy.stats import norm

    assert data is not None
    text = (files("vitruvian.kinds.hospital") / "evidence" / "treat_sim.json").read_text(encoding="utf-8")
    theirs, hourly = json.loads(text)["scenarios"], rates(data)
    members, ratios, detail = 200 if quick else 2000, {}, {}
    window = np.array([[0.0, HOURS]]) * 3600.0
    for n, (name, numbers) in enumerate(SCENARIOS.items()):
        tables = Tables(centre(hourly, *numbers), layers=1)
        items = readings(Counts(tables))
        drive = forcing(tables.model, 0.0, window[0, 1])
        seeds = member_seeds(20130170, members)
        out, _ = outputs(Simulation(tables), items, drive, Request(dict.fromkeys(items, window)), seeds, None, None)
        for metric in items:
            mean, error = theirs[name][metric]
            values = out[metric][:, 0]
            ours, own = float(values.mean()), float(values.std(ddof=1) / math.sqrt(members))
            detail[f"{name} {metric}"] = [ours, own, mean, error]
            ratios[f"{name} {metric}"] = abs(ours - mean) / math.hypot(own, error)
        progress((n + 1) / len(SCENARIOS))
    half = float(norm.isf(0.025 / len(ratios)))
    worst = max(ratios.values()) / half
    return {"measured": worst, "met": worst <= 1.0, "n": members, "baseline": None, "detail": detail}
