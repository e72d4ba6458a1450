"""An AR(2) around an unknown level, pushed by actions of unknown strength: everything is linear and Gaussian.

    x_k+1 = m + f1 (x_k - m) + f2 (x_k-1 - m) + q e_k,   x_0, x_-1 ~ N(m, s0^2);   a push at t_k adds b a to x_k

Level m = z and strength b = 1 + 0.5 z (one a push) are Gaussian, so that the Kalman filter over (x_k, x_k-1, m, b...)
is the exact posterior: closed form for every filter and smoother.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtri

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief, State
from vitruvian.core.case import Case, Subject
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Batch, Forcing, bucket
from vitruvian.core.kind import AbstractKind, ContextOfUse, Envelope, Example, Filterable, Outputs, Theta
from vitruvian.core.latents import slot_name
from vitruvian.core.noise import AbstractNoise, Discrepancy, Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record

STEP = 300.0
F1, F2, Q, S0 = 1.2, -0.3, 0.15, 0.5
STRENGTH = Normal(1.0, 0.5)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Thing(Subject):
    """Nothing is known of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Push(Action):
    """Adds `amount` times its unknown strength."""

    amount: float = field_("1", -10, 10, typical=1, meaning="size")


class LinearGaussian(AbstractKind, Filterable):
    """See above; noises and a discrepancy as given."""

    name, version = "linear_gaussian", "1"
    context_of_use = ContextOfUse("Is the filter exact?", "tests", "none", "anything else")
    envelope = Envelope({}, "none")
    parameters = (
        Parameter("level", "1", Normal(0.0, 1.0), "assumed", "level"),
        Parameter("strength", "1", STRENGTH, "assumed", "strength of a push", dims=("push",)),
    )
    observables = (Observable("x", "1"), Observable("rise", "1"), Observable("rate", "1"))
    quantities = ()
    actions, subject = (Push,), Thing
    state_version = "ar2"

    def __init__(
        self, noises: tuple[AbstractNoise, ...] = (), discrepancy: Discrepancy | None = None, q: float = Q
    ) -> None:
        self.q, self.stochastic = q, q > 0
        self.noises = noises or (Gaussian("x", sd=0.3), Gaussian("x", "rough", sd=1.0), Gaussian("rise", sd=0.2))
        self.discrepancies = {"x": discrepancy} if discrepancy else {}

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        pushes = [a for a in case.until(known_at).actions(Push, t0=t0, t1=t1) if isinstance(a, Push)]
        times = tuple(a.at for a in pushes)
        amounts = np.array([a.amount for a in pushes])
        slots, size = {"push": times}, {"push": bucket(len(times))}
        return Forcing(t0, t1, impulses={"push": (np.array(times), amounts)}, slots=slots, capacity=size)

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        if isinstance(forcing, Batch):
            return self._batch(theta, forcing, request, seeds, start)
        first, last = round(forcing.t0 / STEP), round(forcing.t1 / STEP)
        m = theta["level"]
        if start is None:
            now, before = m + S0 * normals(seeds, -1), m + S0 * normals(seeds, -2)
        else:
            now, before = start.tree["x"].T
        pushes = {round(t / STEP): (k, a) for k, (t, a) in enumerate(zip(*forcing.impulses["push"], strict=True))}
        seen: dict[str, list[np.ndarray]] = {n: [] for n in request.items}
        wanted = {n: {round(t / STEP) for t in request.times(n)} for n in request.items}
        for k in range(first, last + 1):
            if k in pushes and k < last:
                slot, amount = pushes[k]
                now = now + theta["strength"][:, slot] * amount
            for n in seen:
                if k in wanted[n]:
                    seen[n].append({"x": now, "rise": now - before, "rate": np.exp(now)}[n])
            if k < last:
                now, before = m + F1 * (now - m) + F2 * (before - m) + self.q * normals(seeds, k), now
        tree = {"x": np.stack([now, before], axis=1)}
        return {n: np.stack(v, axis=1) for n, v in seen.items()}, State(forcing.t1, self.state_version, tree)

    def _batch(
        self, theta: Theta, batch: Batch, request: Request, seeds: np.ndarray, start: State | None
    ) -> tuple[Outputs, State | None]:
        outputs, states = [], []
        for k, forcing in enumerate(batch.forcings):
            mine = np.flatnonzero(batch.index == k)
            part = {n: v[mine] for n, v in theta.items()}
            out, state = self.run(part, forcing, request, seeds[mine], None if start is None else start.take(mine))
            assert state is not None
            outputs.append(out)
            states.append(state)
        return {n: np.concatenate([o[n] for o in outputs]) for n in outputs[0]}, State.join(states)

    def to_vector(self, state: State) -> np.ndarray:
        return state.tree["x"]

    def from_vector(self, vector: np.ndarray, state: State) -> State:
        return State(state.at, state.version, {"x": vector})

    def example(self) -> Example:
        return Example(Case(Thing()), 0.0, 86400.0, {"x": np.arange(300.0, 86400.0, 300.0)}, ())


def normals(seeds: np.ndarray, step: int) -> np.ndarray:
    """One standard normal a member for this step, by counter: splitmix64 of (seed, step)."""
    with np.errstate(over="ignore"):
        x = seeds.astype(np.uint64) + np.uint64((step + 7) * 0x9E3779B97F4A7C15 % 2**64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x = x ^ (x >> np.uint64(31))
    return ndtri(((x >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def prior_belief(kind: LinearGaussian, members: int, seed: int) -> Belief:
    """What is believed at time zero before any reading."""
    from vitruvian.core.keys import generator, member_seeds

    z = generator(seed, "test prior").standard_normal((members, 1))
    theta = {"level": z[:, 0], "strength": np.ones((members, 8))}
    seeds = member_seeds(seed, members)
    _, state = kind.run(theta, Forcing(0.0, 0.0, impulses={"push": (np.zeros(0), np.zeros(0))}), Request({}), seeds)
    residual = {n: d.sd * generator(seed, "test d").standard_normal(members) for n, d in kind.discrepancies.items()}
    weights = np.full(members, 1.0 / members)
    return Belief(
        kind.name, kind.version, ("level",), z, weights, 0.0, 0.0, "prior", seed, state=state, residual=residual
    )


@dataclasses.dataclass(frozen=True)
class Exact:
    """Mean and covariance over ("x", "before", "d", "a", "level", "strength@t"...) at `at`, and log p(y)."""

    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    at: float

    def of(self, name: str) -> tuple[float, float]:
        """Mean and sd of one."""
        i = self.names.index(name)
        return float(self.mean[i]), float(np.sqrt(self.covariance[i, i]))


def kalman(kind: LinearGaussian, case: Case, record: Record) -> Exact:
    """The exact filter over all rows; z of level, and z of the strength of every push before the last row.

    d is the kind's discrepancy of x, a the correlated error of x's default sensor.
    """
    rows = record.until(np.inf)
    last = float(rows.valid_time.max())
    pushes = [a for a in case.actions(Push, t1=last) if isinstance(a, Push)]
    names = ("x", "before", "d", "a", "level", *(slot_name("strength", p.at) for p in pushes))
    n, at = len(names), {round(p.at / STEP): (5 + k, p.amount) for k, p in enumerate(pushes)}
    noise, d = kind.noise("x", ""), kind.discrepancies.get("x")
    assert isinstance(noise, Gaussian)
    mean, cov, total = np.zeros(n), np.eye(n), 0.0
    cov[0, 0] = cov[1, 1] = 1.0 + S0**2
    cov[0, 1] = cov[1, 0] = cov[0, 4] = cov[4, 0] = cov[1, 4] = cov[4, 1] = 1.0
    cov[2, 2], cov[3, 3] = d.sd**2 if d else 0.0, noise.sd_ar**2
    keep_d, keep_a = np.exp(-STEP / d.tau) if d else 0.0, np.exp(-STEP / noise.tau)
    step, shock = np.eye(n), np.zeros((n, n))
    step[0, [0, 1, 4]], step[1, [0, 1]] = (F1, F2, 1 - F1 - F2), (1.0, 0.0)
    step[2, 2], step[3, 3] = keep_d, keep_a
    shock[[0, 2, 3], [0, 2, 3]] = kind.q**2, cov[2, 2] * (1 - keep_d**2), cov[3, 3] * (1 - keep_a**2)
    for k in range(round(last / STEP) + 1):
        if k:
            mean, cov = step @ mean, step @ cov @ step.T + shock
        for i in np.flatnonzero(np.round(rows.valid_time / STEP) == k):
            h = np.zeros(n)
            h[0] = 1.0
            if rows.observable[i] == "rise":
                h[1] = -1.0
            elif rows.sensor[i] == "":
                h[2], h[3] = 1.0, 1.0
            else:
                h[2] = 1.0
            sd = rows.sd[i] if np.isfinite(rows.sd[i]) else kind.noise(rows.observable[i], rows.sensor[i]).sd
            s = h @ cov @ h + sd**2
            e = rows.value[i] - h @ mean
            total += -0.5 * (e**2 / s + np.log(2 * np.pi * s))
            mean, cov = mean + cov @ h * e / s, cov - np.outer(cov @ h, h @ cov) / s
        if k in at:  # after the readings of its moment, and only before the end
            slot, amount = at[k]
            jump = np.eye(n)
            jump[0, slot] = amount * STRENGTH.sd
            mean, cov = jump @ mean, jump @ cov @ jump.T
            mean[0] += amount * STRENGTH.mean
    return Exact(names, mean, cov, total, last)
