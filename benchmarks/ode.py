"""ODE engine against scipy's solve_ivp in a loop and diffrax under vmap: 1,000 members x 1 day, 1-min output.

The workload is written once, in numpy-like code, and given to all three. Peers: scipy on a stated subsample (its cost
is linear in members), diffrax with Tsit5 at constant 1-min steps and adaptive. Compile time is left out on all sides
and given apart. Writes benchmarks/results/ode.json.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Subject
from vitruvian.core.forcing import Forcing, Schedule
from vitruvian.core.kind import ContextOfUse, Envelope, Example
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.ode import AbstractOdeKind

MEMBERS, SUBSAMPLE, MINUTE, DAY = 1000, 20, 60.0, 86400.0
MEALS = (7 * 60.0, 12 * 60.0, 18 * 60.0)  # min
GRAMS = (45.0, 70.0, 80.0)  # specs: meals of the simglucose workload


def bergman(x: Any, th: Mapping[str, Any], meal: Any) -> tuple[Any, ...]:
    """Minimal model with two gut compartments and a first-order insulin response; per min, 6 states."""
    g, xi, i, q1, q2, gs = x
    ra = th["kabs"] * q2
    return (
        -(th["SG"] + xi) * g + th["SG"] * 90.0 + 0.9 * ra / 120.0,
        -0.02 * (xi - th["SI"] * (i - 10.0)),
        -0.15 * (i - 10.0) + 0.01 * (g - 90.0),
        meal - 0.05 * q1,
        0.05 * q1 - ra,
        (g - gs) / 7.0,
    )


class Bench(AbstractOdeKind):
    """The workload as a kind."""

    name, version = "bench", "1"
    states, step, time_unit = ("G", "X", "I", "Q1", "Q2", "Gs"), 60.0, 60.0
    context_of_use = ContextOfUse("How fast?", "engineers", "none", "anything else")
    envelope = Envelope({}, "assumed")
    parameters = (
        Parameter("SG", "/min", LogNormal.around(0.02, 0.3), "assumed", "glucose effectiveness"),
        Parameter("SI", "L/m[iU]/min", LogNormal.around(5e-4, 0.4), "assumed", "insulin sensitivity"),
        Parameter("kabs", "/min", LogNormal.around(0.03, 0.3), "assumed", "absorption"),
    )
    observables = (Observable("glucose", "mg/dL"),)
    quantities, actions, subject, noises = (), (), Subject, ()

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        times = np.array([t for m in MEALS for t in (m * MINUTE, (m + 15) * MINUTE)])
        rates = np.array([r for g in GRAMS for r in (g * 1000.0 / 15.0, 0.0)])
        return Forcing(t0, t1, schedules={"meal": Schedule(times, rates)})

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        zero = 0.0 * th["SG"]
        return 90.0 + zero, zero, 10.0 + zero, zero, zero, 90.0 + zero

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return bergman(x, th, u["meal"])

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"glucose": x[5]}

    def example(self) -> Example:
        return Example(Case(Subject()), 0.0, DAY, {}, ())


def meal_at(t: Any, xp: Any) -> Any:
    """The same input for the peers, t in min."""
    on = [xp.where((t >= m) & (t < m + 15), g * 1000.0 / 15.0, 0.0) for m, g in zip(MEALS, GRAMS, strict=True)]
    return on[0] + on[1] + on[2]


def timed(fn: Callable[[], Any], repeats: int = 5) -> tuple[float, float, Any]:
    """First call (compilation included), median of the repeats, last answer."""
    start = time.perf_counter()
    answer = fn()
    first = time.perf_counter() - start
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = fn()
        spent.append(time.perf_counter() - start)
    return first, float(np.median(spent)), answer


def ours(theta: dict[str, np.ndarray]) -> tuple[float, float, np.ndarray]:
    """This engine."""
    kind = Bench()
    forcing = kind.compile(kind.example().case, Record.empty(), 0.0, DAY, 0.0)
    request = Request({"glucose": np.arange(0.0, DAY + 1, MINUTE)})
    first, median, (out, _) = timed(lambda: kind.run(theta, forcing, request, np.arange(MEMBERS)))
    return first, median, np.asarray(out["glucose"])


def with_diffrax(theta: dict[str, np.ndarray], adaptive: bool) -> tuple[float, float, np.ndarray]:
    """Tsit5 under vmap, saving every minute; the meal's edges are given to the adaptive controller."""
    import diffrax

    def rate(t: Any, x: Any, th: Any) -> Any:
        return jnp.stack(bergman(x, th, meal_at(t, jnp)))

    edges = jnp.array([t for m in MEALS for t in (m, m + 15)])
    controller = diffrax.PIDController(rtol=1e-5, atol=1e-5) if adaptive else diffrax.ConstantStepSize()
    if adaptive:
        controller = diffrax.ClipStepSizeController(controller, jump_ts=edges)

    @jax.jit
    @jax.vmap
    def solve(th: Any) -> Any:
        start = jnp.array([90.0, 0.0, 10.0, 0.0, 0.0, 90.0])
        save = diffrax.SaveAt(ts=jnp.arange(0.0, 1441.0))
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(rate), diffrax.Tsit5(), 0.0, 1440.0, 1.0, start, th, saveat=save,
            stepsize_controller=controller, max_steps=4096,
        )  # fmt: skip
        assert found.ys is not None
        return found.ys[:, 5]

    return timed(lambda: np.asarray(solve(theta)), repeats=3)


def with_scipy(theta: dict[str, np.ndarray]) -> tuple[float, np.ndarray]:
    """RK45 a member, stopped at the meal's edges; seconds for MEMBERS, scaled from the subsample."""
    from scipy.integrate import solve_ivp

    edges = [0.0, *[t for m in MEALS for t in (m, m + 15.0)], 1440.0]
    out = np.empty((SUBSAMPLE, 1441))
    start = time.perf_counter()
    for j in range(SUBSAMPLE):
        th = {k: v[j] for k, v in theta.items()}
        x = np.array([90.0, 0.0, 10.0, 0.0, 0.0, 90.0])
        for a, b in pairwise(edges):
            meal = float(meal_at(0.5 * (a + b), np))
            found = solve_ivp(
                lambda t, y, th=th, meal=meal: bergman(y, th, meal), (a, b), x,
                t_eval=np.arange(a, b + 1), rtol=1e-6, atol=1e-6,
            )  # fmt: skip
            out[j, int(a) : int(b) + 1], x = found.y[5], found.y[:, -1]
    return (time.perf_counter() - start) * MEMBERS / SUBSAMPLE, out


def machine() -> str:
    """Processor, cores and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")
    return f"{model} x {os.cpu_count()}, jax {jax.__version__}, Python {platform.python_version()}"


def main() -> None:
    """Measure all sides in one process and write the result."""
    rng = np.random.default_rng(20261122)
    kind = Bench()
    theta = {p.name: np.asarray(p.prior.value(rng.standard_normal(MEMBERS))) for p in kind.parameters}
    first, mine, glucose = ours(theta)
    scipy_s, exact = with_scipy(theta)
    rows = [{"peer": "scipy solve_ivp RK45 loop", "seconds": scipy_s, "note": f"scaled from {SUBSAMPLE} members"}]
    for adaptive in (False, True):
        compile_s, seconds, other = with_diffrax(theta, adaptive)
        # at constant steps its stages see the meal's edge a step early or late: the error is that, not the solver's
        name = f"diffrax Tsit5 vmap, {'adaptive 1e-5' if adaptive else 'constant 1 min'}"
        gap = float(np.abs(other[:SUBSAMPLE] - exact).max())
        rows.append({"peer": name, "seconds": seconds, "first_call_s": compile_s, "max_error_mg_dl": gap})
    for row in rows:
        row["ratio"] = row["seconds"] / mine
    result = {
        "workload": f"{MEMBERS} members x 1 day, 6-state minimal model, 3 meals, 1-min output, float64",
        "ours": {
            "seconds": mine,
            "first_call_s": first,
            "patient_days_per_s": MEMBERS / mine,
            "max_error_mg_dl": float(np.abs(glucose[:SUBSAMPLE] - exact).max()),
        },
        "peers": rows,
        "machine": machine(),
    }
    path = Path(__file__).parent / "results" / "ode.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
