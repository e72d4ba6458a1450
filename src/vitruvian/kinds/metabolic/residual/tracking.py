"""The mechanism followed along a sensor: an extended Kalman filter over state, disturbance and personal parameters.

    s = (x, d, z):  dx/dt = rate(x, theta(z)) + d on G;   dd = -d / TAU dt + noise;   z returns to its prior over DAYS

x: the states of model.py; d: glucose that appears or vanishes for reasons the case does not know (mg/dL/min); z: what
differs between persons, a stationary process around its prior, since people change. One pass costs a linearisation a
step, so that every reading of many people can be an origin; a forecast is the mechanism run on from the mean.

Jazwinski, Stochastic Processes and Filtering Theory (1970), ch. 8; readings that jump count less (Huber).
Holds where a step of five minutes changes little; its covariance says nothing of a meal's delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.kinds.metabolic import model
from vitruvian.kinds.metabolic.residual.steps import STEP, Inputs, Timeline, mesh

KIND = model.Metabolic()
FOLLOWED = tuple(
    p.name for p in KIND.parameters if not p.dims and p.name not in ("dose_action", "walk", "libre_bias", "start")
)
STATES, DAY = model.STATES, model.DAY
X = D = len(STATES)  # rows of x; the row of d
WIDTH = X + 1 + len(FOLLOWED)
CHUNK = 288  # steps in one compiled piece: a day
SIZES, ORIGINS = (1, 32, 160), (1, 64, 512, 1024, 3072)  # people and origins are padded to one of these
PRIORS = {p.name: p.prior for p in KIND.parameters}
# sd at the first reading: mg/dL, /min, g (assumed: it is forgotten within hours)
FIRST = {"G": 10.0, "C": 3.0, "Z": 0.005, "X": 0.005, "L": 8.0, "Q1": 8.0, "Q2": 8.0}


@dataclass(frozen=True)
class Tuning:
    """Sizes of what the equations leave out: chosen on the first eight people of CGMacros, by hand, once."""

    sensor: float = 2.0  # mg/dL, white error of a reading
    d_sd: float = 1.7  # mg/dL/min, disturbance
    d_tau: float = 40.0  # min, its memory
    g_sd: float = 0.5  # mg/dL per sqrt(min) on G
    meal: float = 0.15  # error of a meal's size over its size, beyond what d takes up
    days: float = 30.0  # memory of a person's parameters
    huber: float = 3.0  # sd from which a surprise counts less


TUNING = Tuning()


def theta(z: Any) -> dict[str, Any]:
    """Parameters (member,) from z (followed, member); others, and each meal's delay and size, at their medians."""
    zero = 0.0 * z[0]
    out = {name: prior.value(zero) for name, prior in PRIORS.items()}
    return out | {name: PRIORS[name].value(z[k]) for k, name in enumerate(FOLLOWED)}


def _step(s: Any, u: Mapping[str, Any]) -> Any:
    """s (WIDTH, member) one step on."""
    lanes = u["meal_at"].shape[0]
    th = theta(s[D + 1 :])
    th |= {name: jnp.broadcast_to(th[name], u["meal_at"].shape) for name in ("delay", "amplitude")}
    now = {f"lane{k}": jnp.full(u["t"].shape, float(k)) for k in range(lanes)} | dict(u)  # slot k is lane k
    x = KIND.jump(tuple(s[:X]), th, now)

    def rate(t: Any, y: Any) -> Any:
        dG, *rest = KIND.rate(t, y[:X], th, now)
        return tuple(jnp.broadcast_to(r, s[0].shape) / 60.0 for r in (dG + y[X], *rest, -y[X] / TUNING.d_tau))

    return jnp.concatenate([jnp.stack(KIND.solver.step(rate, u["t"], (*x, s[D]), u["h"])), s[D + 1 :]])


def _tangents(s: Any, u: Any) -> tuple[Any, Any]:
    """The step and its Jacobian (member, WIDTH, WIDTH)."""

    def along(direction: Any) -> Any:
        return jax.jvp(partial(_step, u=u), (s,), (jnp.broadcast_to(direction[:, None], s.shape),))

    moved, slope = jax.vmap(along, out_axes=(None, 0))(jnp.eye(WIDTH))
    return moved, jnp.transpose(slope, (2, 1, 0))


def _noise(s: Any, u: Any, variance: Any) -> Any:
    """Variances that a step adds, (member, WIDTH)."""
    h = u["h"] / 60.0
    entered, dose, slow = KIND.entering(u["t"] + 0.5 * u["h"], theta(s[D + 1 :]), u)
    meal = TUNING.meal**2 * dose * entered * h
    rows = [jnp.zeros_like(h)] * X
    rows[0] = TUNING.g_sd**2 * h
    rows[STATES.index("L")] = (meal * slow**2).sum(axis=0)
    rows[STATES.index("Q1")] = (meal * (1 - slow) ** 2).sum(axis=0)
    rows.append(TUNING.d_sd**2 * (1 - jnp.exp(-2 * h / TUNING.d_tau)))
    forget = 1 - jnp.exp(-2 * u["h"] / (TUNING.days * DAY))
    return jnp.concatenate([jnp.stack(rows).T, forget[:, None] * variance], axis=1)


def _predicted(s: Any, P: Any, u: Any, mean: Any, variance: Any) -> tuple[Any, Any]:
    """Mean and covariance a step on, before its reading; z returns to its prior."""
    moved, F = _tangents(s, u)
    keep = jnp.exp(-u["h"] / (TUNING.days * DAY))
    scale = jnp.concatenate([jnp.ones((len(keep), X + 1)), jnp.tile(keep[:, None], (1, WIDTH - X - 1))], axis=1)
    P = F @ P @ jnp.swapaxes(F, 1, 2) * scale[:, :, None] * scale[:, None, :]
    P = P + jnp.eye(WIDTH) * _noise(s, u, variance)[:, None, :]
    return jnp.concatenate([moved[: D + 1], mean.T + keep * (moved[D + 1 :] - mean.T)]), P


def _bounded(s: Any) -> Any:
    """Glucose, amounts and parameters within what they can be."""
    parts = (
        jnp.clip(s[:2], 20.0, 1000.0),
        s[2:4],
        jnp.maximum(s[4:11], 0.0),
        s[11 : D + 1],
        jnp.clip(s[D + 1 :], -6, 6),
    )
    return jnp.concatenate(parts)


@jax.jit
def _filter(s: Any, P: Any, mean: Any, variance: Any, steps: Any) -> Any:
    """One chunk; s (WIDTH, member), P (member, WIDTH, WIDTH); what is kept is after each step's reading."""

    def body(carry: Any, u: Any) -> Any:
        s, P = carry
        moved, Pm = _predicted(s, P, u, mean, variance)
        seen = jnp.isfinite(u["y"]) & (u["h"] > 0)
        error = jnp.where(seen, u["y"] - moved[1], 0.0)
        S = Pm[:, 1, 1] + TUNING.sensor**2
        surprise = error / jnp.sqrt(S)
        S = S * jnp.maximum(1.0, jnp.abs(surprise) / TUNING.huber) ** 2
        gain = jnp.where(seen[:, None], Pm[:, :, 1] / S[:, None], 0.0)
        new = _bounded(moved + gain.T * error)
        left = Pm - gain[:, :, None] * Pm[:, 1, None, :]
        s = jnp.where(u["h"] > 0, new, s)
        P = jnp.where((u["h"] > 0)[:, None, None], 0.5 * (left + jnp.swapaxes(left, 1, 2)), P)
        sd = jnp.sqrt(jnp.maximum(jnp.diagonal(P, axis1=1, axis2=2), 0.0)).T
        return (s, P), {"s": s, "sd": sd, "surprise": surprise}

    return jax.lax.scan(body, (s, P), steps)


@jax.jit
def _ahead(s: Any, steps: Any) -> Any:
    """C after each step, (step, member), without readings."""

    def body(s: Any, u: Any) -> Any:
        s = _step(s, u)
        return s, s[1]

    return jax.lax.scan(body, s, steps)[1]


@dataclass(frozen=True)
class Tracked:
    """A person followed: at each reading's time (n,) the mean s (n, WIDTH), its sd, the standardised surprise (n,)."""

    timeline: Timeline
    times: np.ndarray
    s: np.ndarray
    sd: np.ndarray
    surprise: np.ndarray
    covariance: np.ndarray  # of s at the end, (WIDTH, WIDTH)

    def person(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of z at the end."""
        return self.s[-1, D + 1 :], self.covariance[D + 1 :, D + 1 :]


def follow(
    people: Sequence[tuple[Case, np.ndarray, np.ndarray]], priors: Sequence[PopulationPrior], known_at: float = np.inf
) -> list[Tracked]:
    """Filter each person's readings (times, values), all at once; the first reading sets where glucose starts."""
    lines = [Timeline.of(case, known_at) for case, _, _ in people]
    meshes = [mesh(times, float(times[0])) for _, times, _ in people]
    size = _size(len(people), SIZES)
    steps = max(1, -(-max(len(m[0]) for m in meshes) // CHUNK)) * CHUNK
    packed = [_packed(line, m, y, steps) for line, m, (_, _, y) in zip(lines, meshes, people, strict=True)]
    packed += packed[-1:] * (size - len(people))
    inputs = {k: np.stack([p[k] for p in packed], axis=-1) for k in packed[0]}
    moments = [prior.moments(FOLLOWED) for prior in priors]
    moments += moments[-1:] * (size - len(people))
    mean, covariance = np.stack([m for m, _ in moments]), np.stack([c for _, c in moments])
    first = [float(y[0]) for _, _, y in people]
    s, P = _begin(mean, covariance, np.array(first + first[-1:] * (size - len(people))))
    kept = [{"s": s[None], "sd": np.zeros((1, *s.shape)), "surprise": np.zeros((1, size))}]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    for k in range(0, steps, CHUNK):
        (s, P), told = _filter(s, P, mean, variance, {n: v[k : k + CHUNK] for n, v in inputs.items()})
        kept.append({n: np.asarray(v) for n, v in told.items()})
    joined = {n: np.concatenate([part[n] for part in kept]) for n in kept[0]}
    last = np.asarray(P)
    out = []
    for i, ((_, times, _), m, line) in enumerate(zip(people, meshes, lines, strict=True)):
        at = np.append(0, 1 + np.flatnonzero(m[2] >= 0))
        s_i, sd_i = joined["s"][at, :, i], joined["sd"][at, :, i]
        out.append(Tracked(line, times, s_i, sd_i, joined["surprise"][at, i], last[i]))
    return out


def ahead(one: Tracked, origins: np.ndarray, leads: Sequence[float]) -> np.ndarray:
    """Sensor glucose `leads` s (multiples of STEP) after the readings at positions `origins`, (origin, lead)."""
    at = one.times[origins]
    t = at[None, :] + STEP * np.arange(round(max(leads) / STEP))[:, None]
    u = one.timeline.inputs(t.ravel(), np.full(t.size, STEP))
    pad = np.minimum(np.arange(_size(len(at), ORIGINS)), max(len(at) - 1, 0))
    steps = {k: np.moveaxis(v.reshape(*t.shape, *v.shape[1:]), 1, -1)[..., pad] for k, v in u.items()}
    path = np.asarray(_ahead(one.s[origins].T[:, pad], steps))[:, : len(at)]
    return path[[round(lead / STEP) - 1 for lead in leads]].T


def _size(count: int, sizes: tuple[int, ...]) -> int:
    return next((k for k in sizes if k >= count), -(-count // sizes[-1]) * sizes[-1])


def _packed(line: Timeline, m: tuple[np.ndarray, np.ndarray, np.ndarray], y: np.ndarray, steps: int) -> Inputs:
    """A person's steps, padded with steps of no length; each with the reading at its end."""
    begin, length, reading = m
    pad = steps - len(begin)
    t = np.append(begin, np.full(pad, begin[-1] if len(begin) else 0.0))
    seen = np.where(reading >= 0, y[np.maximum(reading, 0)], np.nan)
    return line.inputs(t, np.append(length, np.zeros(pad))) | {"y": np.append(seen, np.full(pad, np.nan))}


def _begin(mean: np.ndarray, covariance: np.ndarray, glucose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    s, P = np.zeros((WIDTH, len(mean))), np.zeros((len(mean), WIDTH, WIDTH))
    s[0] = s[1] = glucose
    s[D + 1 :] = mean.T
    for name, sd in FIRST.items():
        P[:, STATES.index(name), STATES.index(name)] = sd**2
    P[:, D, D] = TUNING.d_sd**2
    P[:, D + 1 :, D + 1 :] = covariance
    return s, P
