"""Event engine against SimPy and Ciw on three workloads of the hospital specification, and two hospital-sized runs.

(a) M/M/10 at load 0.9; (b) five stations in a Jackson network, 4.62 visits a customer; (c) an emergency department:
triage classes, nurse, doctor by priority, scanner by priority for 35 %. Exponential everything, statistics kept.
Customers a second of CPU time, median and best of seven runs for ours, of three for the peers on a stated number of
customers; a ratio is that of the medians, `ratio_of_best` that of the best.
Compile time is left out and given apart. Writes benchmarks/results/event.json.
"""

from __future__ import annotations

import json
import os
import platform
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.event import model as m
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Counts
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital import Hospital, shipped
from vitruvian.kinds.hospital.evidence.networks import JACKSON_C, JACKSON_MU, JACKSON_ROUTES, jackson_model

HOUR = 3600.0
OURS, PEERS = 200_000, {"SimPy": 50_000, "Ciw": 20_000}
SHARES = (0.03, 0.12, 0.45, 0.30, 0.10)
ED = {"nurse": (2, 0.15), "doctor": (8, 0.7), "scanner": (2, 0.5)}  # servers, mean h


def model_a() -> tuple[m.Model, float]:
    """M/M/10, arrivals 9 an hour, services of 1 h."""
    step = m.Step(name="desk", seize=(m.Need(pool="server"),), hold=Law(unit="h", mean=1.0))
    return m.Model(
        name="a", label="benchmark", pools=(m.Pool(name="server", capacity=10),),
        pathways=(m.Pathway(name="way", steps=(step,)),),
        arrivals=(m.Arrivals(name="door", pathway="way", rates=(9.0,)),),
    ), 9.0  # fmt: skip


def model_c() -> tuple[m.Model, float]:
    """The emergency department."""
    routes = {"doctor": m.Route(to={"scanner": 0.35})}
    steps = tuple(
        m.Step(name=n, seize=(m.Need(pool=n),), hold=Law(unit="h", mean=mean), route=routes.get(n))
        for n, (_, mean) in ED.items()
    )
    classes = tuple(m.PatientClass(name=f"c{k}", priority=float(k)) for k in range(5))
    shares = {f"c{k}": p for k, p in enumerate(SHARES)}
    door = m.Arrivals(name="door", pathway="way", rates=(10.0,), classes=shares)
    pools = tuple(m.Pool(name=n, capacity=c) for n, (c, _) in ED.items())
    way = m.Pathway(name="way", steps=steps)
    return m.Model(name="c", label="benchmark", pools=pools, classes=classes, pathways=(way,), arrivals=(door,)), 10.0


def ours(model: m.Model, rate: float, repeats: int = 7) -> tuple[float, float, float]:
    """Customers a second of CPU time, the median and the best of the repeats, and mean time in system, h."""
    tables = Tables(model, layers=1)
    counts, simulation = Counts(tables), Simulation(tables)
    words = [w for w, _ in (*counts.place("", "left"), *counts.place("", "stayed"))]
    end = OURS / rate * HOUR
    drive, seeds, spent, seen = forcing(model, 0.0, end), member_seeds(1, repeats), [], np.zeros(0)
    for k in range(repeats):
        begin = time.process_time()
        found, _ = simulation.run(drive, seeds[k : k + 1], np.array([end]), words, room=4096)
        spent.append(time.process_time() - begin)
        seen = found[0, 0]
    half = len(words) // 2
    left, stayed = seen[:half].sum(), seen[half:].sum()
    return float(left / np.median(spent)), float(left / np.min(spent)), float(stayed / left / HOUR)


def with_simpy(name: str, customers: int) -> float:
    """CPU seconds of SimPy for so many customers, waits kept."""
    import simpy

    env, rng = simpy.Environment(), random.Random(1)
    waits: dict[str, list[float]] = {}

    def visit(pool: Any, key: str, mean: float, priority: int | None) -> Any:
        came = env.now
        with pool.request() if priority is None else pool.request(priority=priority) as request:
            yield request
            waits.setdefault(key, []).append(env.now - came)
            yield env.timeout(rng.expovariate(1.0 / mean))

    def arrivals(rate: float, count: int, customer: Callable[[], Any]) -> Any:
        for _ in range(count):
            yield env.timeout(rng.expovariate(rate))
            env.process(customer())

    if name == "a":
        server = simpy.Resource(env, 10)
        env.process(arrivals(9.0, customers, lambda: visit(server, "desk", 1.0, None)))
    elif name == "b":
        pools = [simpy.Resource(env, c) for c in JACKSON_C]
        rows = [[(int(k[1:]), p) for k, p in row.items()] for row in JACKSON_ROUTES]

        def walk(at: int) -> Any:
            while at >= 0:
                yield from visit(pools[at], f"s{at}", 1.0 / JACKSON_MU[at], None)
                u, at_next = rng.random(), -1
                for k, p in rows[at]:
                    u -= p
                    if u < 0:
                        at_next = k
                        break
                at = at_next

        env.process(arrivals(1.0, 2 * customers // 3, lambda: walk(0)))
        env.process(arrivals(0.5, customers // 3, lambda: walk(1)))
    else:
        nurse = simpy.Resource(env, ED["nurse"][0])
        others = {n: simpy.PriorityResource(env, ED[n][0]) for n in ("doctor", "scanner")}

        def patient() -> Any:
            triage = rng.choices(range(5), SHARES)[0]
            yield from visit(nurse, "nurse", ED["nurse"][1], None)
            yield from visit(others["doctor"], f"doctor {triage}", ED["doctor"][1], triage)
            if rng.random() < 0.35:
                yield from visit(others["scanner"], "scanner", ED["scanner"][1], triage)

        env.process(arrivals(10.0, customers, patient))
    begin = time.process_time()
    env.run()
    return time.process_time() - begin


def with_ciw(name: str, customers: int) -> float:
    """CPU seconds of Ciw until so many customers are through, its records kept."""
    import ciw
    from ciw.dists import Exponential as exp

    if name == "a":
        network = ciw.create_network(
            arrival_distributions=[exp(9.0)], service_distributions=[exp(1.0)], number_of_servers=[10]
        )
    elif name == "b":
        rows = [[row.get(f"s{k}", 0.0) for k in range(5)] for row in JACKSON_ROUTES]
        network = ciw.create_network(
            arrival_distributions=[exp(1.0), exp(0.5), None, None, None],
            service_distributions=[exp(mu) for mu in JACKSON_MU],
            number_of_servers=list(JACKSON_C), routing=rows,
        )  # fmt: skip
    else:
        classes = [f"c{k}" for k in range(5)]
        rows = [[0.0, 1.0, 0.0], [0.0, 0.0, 0.35], [0.0, 0.0, 0.0]]
        network = ciw.create_network(
            arrival_distributions={c: [exp(10.0 * SHARES[k]), None, None] for k, c in enumerate(classes)},
            service_distributions={c: [exp(1.0 / mean) for _, mean in ED.values()] for c in classes},
            number_of_servers=[c for c, _ in ED.values()], routing=dict.fromkeys(classes, rows),
            priority_classes={c: k for k, c in enumerate(classes)},
        )  # fmt: skip
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    begin = time.process_time()
    simulation.simulate_until_max_customers(customers, method="Finish")
    return time.process_time() - begin


def week() -> dict[str, Any]:
    """A week of the 500-bed hospital x 1,000 replications on two threads; the day from now x 200."""
    kind = Hospital(shipped("general_hospital"), threads=2)
    out: dict[str, Any] = {}
    for name, days, members, quantity in (
        ("week x 1000", 7, 1000, "late_beds"),
        ("day from now x 200", 1, 200, "late_beds"),
    ):
        theta = {p.name: np.ones(members) for p in kind.parameters}
        seeds, case = member_seeds(3, members), kind.example().case
        state = kind.state_from(case, Record.empty(), 0.0, theta, seeds)
        drive = kind.compile(case, Record.empty(), 0.0, days * 24 * HOUR, 0.0)
        asked = Request(
            {quantity: np.array([[0.0, days * 24 * HOUR]]), "present": np.arange(0.0, days * 24 + 1) * HOUR}
        )
        begin, cpu = time.perf_counter(), time.process_time()
        got, _ = kind.run(theta, drive, asked, seeds, state)
        out[name] = {
            "wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu,
            "mean_present": float(got["present"].mean()), "mean_late_beds": float(got[quantity].mean()),
        }  # fmt: skip
    return out


def machine() -> str:
    """Processor, cores and versions."""
    import numba

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")
    load = os.getloadavg()[0]
    return f"{model} x {os.cpu_count()}, load {load:.0f}, numba {numba.__version__}, Python {platform.python_version()}"


def main() -> None:
    """Measure all sides in one process and write the result."""
    begin = time.process_time()
    from vitruvian.engines.event import kernel

    result: dict[str, Any] = {"load_or_compile_cpu_s": time.process_time() - begin, "kernel": kernel.__name__}
    models = {"a": model_a(), "b": (jackson_model(), 1.5), "c": model_c()}
    for name, (model, rate) in models.items():
        speed, best_speed, stay = ours(model, rate)
        row: dict[str, Any] = {
            "customers": OURS, "ours_per_cpu_s": speed, "ours_best_per_cpu_s": best_speed,
            "mean_time_in_system_h": stay,
        }  # fmt: skip
        for peer, run in (("SimPy", with_simpy), ("Ciw", with_ciw)):
            n = PEERS[peer]
            spent = [run(name, n) for _ in range(3)]
            usual, best = n / float(np.median(spent)), n / min(spent)
            row[peer] = {
                "customers": n, "per_cpu_s": usual, "best_per_cpu_s": best,
                "ratio": speed / usual, "ratio_of_best": best_speed / best,
            }  # fmt: skip
        result[name] = row
    result["hospital"] = week()
    result["targets"] = {"SimPy": 50, "Ciw": 120, "week_wall_s": 10, "day_wall_s": 1}
    result["machine"] = machine()
    path = Path(__file__).parent / "results" / "event.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
