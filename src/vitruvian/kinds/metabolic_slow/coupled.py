"""The slow and the fast layer as one twin, by averaging: every so many days the slow layer takes a day's means.

    fast   y' = minutes.rate(y; person(x)),                       minutes
    slow   x' = model.moved(x; <G>, <ln G>, <urine>),             days, <.> over a day of y with x held
    level  x's balance of glucose without meals: usual food, no insulin before meals; both act in the fast layer, which
           moves the day's mean. HbA1c, what beta cells lose and regain, and energy lost in urine follow that mean.

`averaged` carries the fast state from day to day; a day is run at the slow state of its middle (reached by the means of
the day before), and its means move the slow layer by the whole day; with `every` > 1 a day stands for as many.
`resolved` is the reference: both layers together, the slow states moved every minute by the glucose of that minute,
fast steps of half a minute. The kind itself holds the means in one algebraic balance instead (fast to calibrate); how
far it is from this twin is evidence slow.day. Averaging of slow-fast systems: Sanders, Verhulst & Murdock, Averaging
Methods in Nonlinear Dynamical Systems (2007), ch. 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import Theta
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.kinds.metabolic_slow import minutes as fast
from vitruvian.kinds.metabolic_slow import parameters as par
from vitruvian.kinds.metabolic_slow.model import ACTION2, CELLS2, GLUCOSE2, LEVEL, URINE, Day, MetabolicSlow, leaking
from vitruvian.models import betacell
from vitruvian.models import bodyweight as body
from vitruvian.models.glucose_medicines import FADING

KIND = MetabolicSlow()
DAY = 86400.0
REFERENCE = float(betacell.insulin(GLUCOSE2, CELLS2))
# What is begun moves the basal level by this factor of what it moves the kind's balance, since meals have their own
# answer here: set so that a coupled cohort keeps the means of the same trials (evidence slow.coupled_drugs).
LEVELLED = {"production": 1.9, "secretion": 0.5, "insulin": 1.45, "urine": 1.2}
BEFORE_MEALS = 0.4  # share of mealtime insulin's part of the balance that moves the level too: set with those
FLOOR = 90.0  # mg/dL of the basal level below which the liver makes more: assumed
FINDING = 6  # days on which the basal level is sought whose day has the starting mean
NAMES: tuple[str, ...] = (
    "weight",
    "hba1c",
    "mean_glucose",
    "time_in_range",
    "time_below_range",
    "spread",
    "insulin",
    "triglycerides",
)
IN = ("kg", "%", "mg/dL", "%", "%", "1", "pmol/L", "mg/dL")
UNITS: dict[str, str] = dict(zip(NAMES, IN, strict=True))


@dataclass(frozen=True)
class Months:
    """Day by day: `days` (day,) since the start, each of NAMES (day, member). Day k is the state at its beginning for
    weight and HbA1c, and that day's own minutes for glucose."""

    days: np.ndarray
    values: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: mean and 90 % of the members."""
        bands = {n: np.quantile(v, [0.05, 0.5, 0.95], axis=1).tolist() for n, v in self.values.items()}
        return {"days": self.days.tolist(), "quantiles": [0.05, 0.5, 0.95], "unit": UNITS, "values": bands}

    def plot(self, name: str = "time_in_range", ax: Any = None) -> Any:
        """Median and 90 % of the members (matplotlib axes)."""
        import matplotlib.pyplot as plt

        axes = plt.subplots()[1] if ax is None else ax
        low, middle, high = np.quantile(self.values[name], [0.05, 0.5, 0.95], axis=1)
        axes.fill_between(self.days, low, high, alpha=0.25)
        axes.plot(self.days, middle)
        axes.set_xlabel("days")
        axes.set_ylabel(f"{name.replace('_', ' ')} ({UNITS[name]})")
        return axes


def averaged(theta: Theta, forcing: Forcing | Batch, days: int, *, every: int = 1) -> Months:
    """`days` days from the start of the forcing, coupled every `every` days; theta (member,) as in the kind's run."""
    static, steps, th = _inputs(theta, forcing, days, every)
    carry = _begin(static, {n: v[0] for n, v in steps.items()}, th)
    _, out = _days(every, carry, static, steps, th)
    return Months(np.arange(0.0, days, every), {n: np.asarray(v, dtype=np.float64) for n, v in out.items()})


def resolved(theta: Theta, forcing: Forcing | Batch, days: int) -> Months:
    """The same, both layers together minute by minute: the reference of `averaged`."""
    static, steps, th = _inputs(theta, forcing, days, 1)
    carry = _begin(static, {n: v[0] for n, v in steps.items()}, th)
    _, out = _whole(carry, static, steps, th)
    return Months(np.arange(0.0, days), {n: np.asarray(v, dtype=np.float64) for n, v in out.items()})


def _inputs(theta: Theta, forcing: Forcing | Batch, days: int, every: int) -> tuple[Any, Any, Any]:
    """Fixed inputs (member,), what holds in each step (step, member), and theta."""
    members = len(next(iter(theta.values())))
    forcings, index = (forcing.forcings, forcing.index) if isinstance(forcing, Batch) else ((forcing,), None)
    index = np.zeros(members, dtype=int) if index is None else index
    if len(index) != members:
        raise KindError(f"{members} members of theta, {len(index)} of the forcing", where="coupled", fix="give as many")
    times = forcings[0].t0 + DAY * np.arange(0.0, days, every)
    static = {n: np.array([float(f.arrays[n]) for f in forcings])[index] for n in forcings[0].arrays}
    steps = {
        n: np.stack([_at(f.schedules[n], times) for f in forcings], axis=1)[:, index] for n in forcings[0].schedules
    }
    return static, steps, {n: np.asarray(v, dtype=np.float64) for n, v in theta.items()}


def _at(schedule: Schedule, times: np.ndarray) -> np.ndarray:
    return schedule.at(times)


class _Twin:
    """The slow layer's view of a moment, and what it says to the fast one."""

    def __init__(self, th: Any, u: Any, base: Any) -> None:
        self.th, self.u, self.base = th, u, base

    def frozen(self, x: Any, used: Any) -> fast.Frozen:
        """What the fast layer is told; used: how far the stomach is used to what slows it."""
        th, u, now = self.th, self.u, KIND.now(x, self.th, self.u)
        r, b = th["response"], _build(th)
        level = jnp.clip(self.base["Gb"] * jnp.exp(x[LEVEL] - self.base["level"]), fast.LOWEST, fast.HIGHEST)
        cells = now.B / CELLS2
        told = fast.Frozen(
            level=level,
            insulin=fast.settled_insulin(level, now.B, REFERENCE),
            action=jnp.clip(now.S / ACTION2, *fast.ACTIONS),
            secretion=jnp.clip(cells, *fast.SECRETIONS),
            weight=body.weight(b, body.Body(*x[:4])),
            carbohydrate=now.eating / par.KCAL * jnp.exp(r * u["absorption"]),
            emptying=jnp.exp(r * (u["slowed"] + u["fresh"]) - used),
            urine=r * u["urine"] * u["kidneys"] / URINE,
            units=r * u["mealtime"],
        )
        return fast.Frozen(*(v.astype(fast.SINGLE) for v in told))

    def new_urine(self, x: Any) -> Any:
        """SGLT2 inhibition begun since the start, of a full dose."""
        return self.th["response"] * KIND.new(x, self.u)["urine"] * self.u["kidneys"] / URINE

    def rates(self, x: Any, used: Any, seen: fast.Seen, weight: Any) -> tuple[Any, Any]:
        """Of the slow layer and of the stomach's habit, per day."""
        th, u, r = self.th, self.u, self.th["response"]
        lost = par.KCAL * fast.MINUTES / 1000.0 * seen.urine * weight
        new = KIND.new(x, u)
        levelled = u | {n: u[n] + (factor - 1.0) * new[n] for n, factor in LEVELLED.items()}
        insulin = r * (levelled["insulin"] - (1.0 - BEFORE_MEALS) * mealtime(u))
        day = Day(seen.G, self.base["log_G"] - seen.log_G, lost, 1.0 + 0.0 * seen.G, insulin, FLOOR)
        return KIND.moved(x, th, levelled, day), (r * u["fresh"] - used) / FADING


def mealtime(u: Any) -> Any:
    """uU/mL of the insulin that is given before meals."""
    from vitruvian.models.glucose_medicines import DOING, PrandialInsulin, size

    return DOING[PrandialInsulin].insulin * size(PrandialInsulin, u["mealtime"])


def _build(th: Any) -> body.Build:
    return body.Build(**{n: th[n] for n in body.Build._fields})


def _theta(th: Any, static: Any) -> Any:
    return {**th, **KIND.derived(th, static)}


@partial(jax.jit, static_argnums=())
def _begin(static: Any, first: Any, th: Any) -> Any:
    """Slow and fast state, habit, the base (the basal level whose day has the starting mean), and that day."""
    th, u = _theta(th, static), static | first
    x = tuple(jnp.broadcast_to(r, th["glucose"].shape) for r in KIND.initial(th, u))
    r = th["response"]
    level = jnp.log(
        betacell.balance(
            1.0,
            th["sensitivity"],
            x[6],
            r * (u["insulin"] - (1.0 - BEFORE_MEALS) * mealtime(u)),
            leaking(r * u["urine"], u),
        )
    )
    x = (*x[:LEVEL], level, *x[LEVEL + 1 :])
    base = {"Gb": 0.85 * th["glucose"], "level": level, "log_G": jnp.log(th["glucose"])}
    used = r * u["fresh"]
    y = fast.start(_Twin(th, u, base).frozen(x, used))

    def nearer(carry: Any, _: Any) -> Any:
        Gb, y = carry
        frozen = _Twin(th, u, base | {"Gb": Gb}).frozen(x, used)
        y, seen = _day(y, frozen, jnp.zeros_like(frozen.level), 1)
        return (jnp.clip(Gb + 0.9 * (th["glucose"] - seen.G), fast.LOWEST, fast.HIGHEST), y), seen

    (Gb, y), days = jax.lax.scan(nearer, (base["Gb"], y), None, length=FINDING)
    first = fast.Seen(*(v[-1] for v in days))
    return x, y, used, base | {"Gb": Gb, "log_G": first.log_G}, first


def _day(y: Any, frozen: fast.Frozen, new_urine: Any, parts: int) -> tuple[Any, fast.Seen]:
    """One day of the fast layer with the slow one held: Heun's steps; the state after it, and its means (float64)."""
    own, h = fast.person(frozen), jnp.asarray(1.0 / parts, fast.SINGLE)

    def step(carry: Any, now: Any) -> Any:
        y, total = carry
        y = fast.jump(y, frozen, now["begins"])
        a = fast.rate(y, frozen, own, now["eaten"])
        b = fast.rate(tuple(v + h * k for v, k in zip(y, a, strict=True)), frozen, own, now["eaten"])
        y = tuple(v + 0.5 * h * (k + m) for v, k, m in zip(y, a, b, strict=True))
        return (y, fast.Seen(*(s + v for s, v in zip(total, fast.seen(y, own[0], new_urine), strict=True)))), None

    nothing = fast.Seen(*(jnp.zeros_like(frozen.level) for _ in fast.Seen._fields))
    (y, total), _ = jax.lax.scan(step, (tuple(y), nothing), fast.meal_inputs(parts))
    return y, fast.Seen(*(v.astype(jnp.float64) / (fast.MINUTES * parts) for v in total))


def _told(x: Any, middle: Any, th: Any, u: Any, seen: fast.Seen) -> dict[str, Any]:
    """One row of `Months`: the slow state as a step begins, the day of its middle."""
    slow, now = KIND.outputs(0.0, x, th, u), KIND.now(middle, th, u)
    shape = KIND.shape(now, seen.G, th["response"], u)
    return {
        **{n: slow[n] for n in ("weight", "hba1c", "triglycerides")},
        "mean_glucose": seen.G,
        "time_in_range": 100.0 * seen.inside,
        "time_below_range": 100.0 * seen.below,
        "spread": jnp.sqrt(jnp.maximum(seen.log_G2 - seen.log_G**2, 0.0)),  # sd of log glucose
        "insulin": seen.insulin,
        **{f"shape.{n}": v for n, v in shape._asdict().items()},
    }


@partial(jax.jit, static_argnums=0)
def _days(every: int, carry: Any, static: Any, steps: Any, th: Any) -> Any:
    """All days, the slow layer moved by `every` days a step."""
    th, base = _theta(th, static), carry[3]

    def step(carry: Any, u: Any) -> Any:
        x, y, used, last = carry
        twin = _Twin(th, static | u, base)
        weight = twin.frozen(x, used).weight.astype(jnp.float64)
        middle, habit = _ahead(twin, (x, used), last, weight, every, 0.5)  # where the slow layer will be half way
        y, seen = _day(y, twin.frozen(middle, habit), twin.new_urine(middle).astype(fast.SINGLE), 1)
        told = _told(x, middle, th, static | u, seen)
        x, used = _ahead(twin, (x, used), seen, weight, every, 1.0)
        return (x, y, used, seen), told

    return jax.lax.scan(step, (*carry[:3], carry[4]), steps)


def _ahead(twin: _Twin, now: Any, seen: fast.Seen, weight: Any, times: int, h: float) -> Any:
    """(x, used) after so many steps of h days with a day's means held."""
    return jax.lax.fori_loop(0, times, lambda _, state: _step(twin, state, seen, weight, h), now)


def _step(twin: _Twin, now: Any, seen: fast.Seen, weight: Any, h: float) -> Any:
    """(x, used) after h days, by classical Runge-Kutta."""

    def rate(state: Any) -> Any:
        x, used = twin.rates(state[:-1], state[-1], seen, weight)
        return (*x, used)

    stepped = _classical(rate, (*now[0], now[1]), h)
    return stepped[:-1], stepped[-1]


PARTS = 2  # fast steps in a minute of the reference


@jax.jit
def _whole(carry: Any, static: Any, steps: Any, th: Any) -> Any:
    """All days, both layers by the minute; the fast one by classical Runge-Kutta of half a minute."""
    th, base = _theta(th, static), carry[3]
    h = jnp.asarray(1.0 / PARTS, fast.SINGLE)

    def minute(u: Any, carry: Any, now: Any) -> Any:
        x, y, used, total = carry
        twin = _Twin(th, static | u, base)
        frozen, new = twin.frozen(x, used), twin.new_urine(x).astype(fast.SINGLE)
        own = fast.person(frozen)
        for k in range(PARTS):
            y = fast.jump(y, frozen, now["begins"][k])
            y = _classical(lambda v, e=now["eaten"][k]: fast.rate(v, frozen, own, e), y, h)
        seen = fast.Seen(*(v.astype(jnp.float64) for v in fast.seen(y, own[0], new)))
        slow, habit = twin.rates(x, used, seen, frozen.weight.astype(jnp.float64))
        part = 1.0 / fast.MINUTES
        x = tuple(v + part * w for v, w in zip(x, slow, strict=True))
        total = fast.Seen(*(s + v for s, v in zip(total, seen, strict=True)))
        return (x, y, used + part * habit, total), None

    def day(carry: Any, u: Any) -> Any:
        x, y, used = carry
        first, nothing = x, fast.Seen(*(jnp.zeros_like(x[0]) for _ in fast.Seen._fields))
        inputs = {n: v.reshape(fast.MINUTES, PARTS) for n, v in fast.meal_inputs(PARTS).items()}
        (x, y, used, total), _ = jax.lax.scan(partial(minute, u), (x, y, used, nothing), inputs)
        seen = fast.Seen(*(v / fast.MINUTES for v in total))
        return (x, y, used), _told(first, first, th, static | u, seen)

    return jax.lax.scan(day, carry[:3], steps)


def _classical(rate: Any, y: Any, h: Any) -> Any:
    a = rate(y)
    b = rate(tuple(v + 0.5 * h * k for v, k in zip(y, a, strict=True)))
    c = rate(tuple(v + 0.5 * h * k for v, k in zip(y, b, strict=True)))
    d = rate(tuple(v + h * k for v, k in zip(y, c, strict=True)))
    return tuple(v + h / 6.0 * (k + 2.0 * m + 2.0 * n + o) for v, k, m, n, o in zip(y, a, b, c, d, strict=True))
