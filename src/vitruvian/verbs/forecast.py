"""forecast: what will happen, from the belief's state on; so a 400-day twin forecasts as fast as a 4-day one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.latents import Latents, stack_theta
from vitruvian.core.noise import SEPARATOR, Discrepancy, Gaussian, lasting_error
from vitruvian.core.quantity import AbstractReducer, Request
from vitruvian.core.twin import Twin
from vitruvian.verbs.corrected import Learned
from vitruvian.verbs.result import Basis, Ensemble, Forecast

PLANNED = "\0as planned"  # the twin's own case among the options, run beside them for the correction
DENSE = 300.0  # s between points where a quantity of an observable with discrepancy is folded


def forecast(
    twin: Twin,
    request: Request,
    *,
    noise: bool = False,
    seed: int = 0,
    sensor: str = "",
    until: float | None = None,
    learned: bool = False,
) -> Forecast:
    """Ensembles of what is asked, from the belief's time on.

    Actions of the case known by the belief's known_at are used; later ones are not. noise: add the sensor's noise, for
    comparing with readings. learned: correct it by what other subjects taught (a Corrected kind). Errors: KindError for
    times before the belief's; BeliefError if it does not fit the kind.
    """
    belief, cases = twin.believed(), {"": twin.case}
    return ahead(
        twin, cases, request, seed=seed, noise=noise, sensor=sensor, belief=belief, until=until, learned=learned
    )[""]


def ahead(
    twin: Twin,
    cases: Mapping[str, Case],
    request: Request,
    *,
    seed: int,
    noise: bool,
    belief: Belief,
    sensor: str = "",
    until: float | None = None,
    learned: bool = False,
) -> dict[str, Forecast]:
    """One run over all cases with the same draws and random streams; corrected as the twin's own case is."""
    kind = twin.kind
    check_request(kind, request, span(belief, request, until)[0])
    split = Split.of(kind, request)
    taught = (
        Learned.of(twin.having(belief), [n for n in kind.discrepancies if n in split.run.items]) if learned else None
    )
    if taught is not None:
        split = dataclasses.replace(split, run=taught.with_times(split.run))
        cases = {**cases, PLANNED: twin.case}
    t0, t1 = span(belief, split.run, until)
    record = twin.record.until(belief.known_at)
    forcings = [kind.compile(case, record, t0, t1, belief.known_at) for case in cases.values()]
    thetas = [theta_of(kind, belief, f, seed) for f in forcings]
    count = belief.members
    seeds = np.tile(member_seeds(belief.seed, count), len(forcings))
    state = belief.state
    if state is not None:
        state = state.take(np.tile(np.arange(count), len(forcings)))
    driving = forcings[0] if len(forcings) == 1 else Batch.each(forcings, count)
    outputs, _ = kind.run(stack_theta(thetas), driving, split.run, seeds, state)
    parts = [{n: np.asarray(v)[k * count : (k + 1) * count] for n, v in outputs.items()} for k in range(len(cases))]
    out: dict[str, Forecast] = {}
    more: Mapping[str, np.ndarray] = {}
    if taught is not None:
        planned = _discrepant(kind, split.run, parts[-1], belief, t0, seed)
        more = taught.added(split.run, planned, belief.weights)
    for (name, case), mine, theta in zip(cases.items(), parts, thetas, strict=True):
        if name == PLANNED:
            continue
        told = dataclasses.replace(twin, case=case, belief=belief)
        answer = answered(told, request, split, mine, theta, seed=seed, noise=noise, sensor=sensor, more=more)
        notes = () if taught is None else taught.notes
        out[name] = dataclasses.replace(answer, warnings=(*answer.warnings, *notes))
    return out


def span(belief: Belief, request: Request, until: float | None = None) -> tuple[float, float]:
    """From where to where (s) members run to answer this."""
    t0 = belief.at if belief.state is not None else belief.window[0]
    return t0, max(request.last(), belief.at, -np.inf if until is None else until)


def answered(
    twin: Twin,
    request: Request,
    split: Split,
    outputs: Mapping[str, np.ndarray],
    theta: Theta,
    *,
    seed: int,
    noise: bool,
    sensor: str,
    more: Mapping[str, np.ndarray] | None = None,
) -> Forecast:
    """A twin's answer from the outputs of its members (member, ...): discrepancy, quantities of it, sensor noise.

    more: what was learned to add to each member's observables at the times run.
    """
    kind, belief = twin.kind, twin.believed()
    t0, _ = span(belief, request)
    values = {n: np.asarray(v) for n, v in outputs.items()}
    values |= _discrepant(kind, split.run, values, belief, t0, seed)
    values |= {n: values[n] + added for n, added in (more or {}).items()}
    items = _items(kind, request, split, values, belief.weights)
    if noise:
        items = {n: _noisy(kind, e, sensor, theta, seed, belief, t0) for n, e in items.items()}
    warnings = _warnings(kind, twin.case, belief)
    return Forecast(kind.name, belief.at, twin.case.origin, items, Basis.of(belief, kind), warnings, seed, noise)


def _discrepant(
    kind: AbstractKind,
    run: Request,
    outputs: Mapping[str, np.ndarray],
    belief: Belief,
    t0: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """The observables that are run and have a discrepancy, with it: (member, n)."""
    names = [n for n in kind.discrepancies if n in run.items]
    return {n: np.asarray(outputs[n]) + discrepancy_path(kind, belief, n, run.times(n), t0, seed) for n in names}


@dataclass(frozen=True)
class Split:
    """The request as run: quantities of observables with a discrepancy are folded afterwards from a dense path."""

    run: Request
    later: Mapping[str, tuple[str, np.ndarray]]  # quantity -> (observable, windows)

    @classmethod
    def of(cls, kind: AbstractKind, request: Request) -> Split:
        """Split a request."""
        items: dict[str, np.ndarray] = {}
        later: dict[str, tuple[str, np.ndarray]] = {}
        names = {o.name for o in kind.observables}
        for name in request.items:
            if name in names:
                items[name] = np.union1d(items.get(name, np.zeros(0)), request.times(name))
                continue
            of = kind.quantity(name).of
            if of not in kind.discrepancies:
                items[name] = request.windows(name)
                continue
            windows = request.windows(name)
            later[name] = (of, windows)
            dense = [np.linspace(a, b, max(2, int(np.ceil((b - a) / DENSE)) + 1)) for a, b in windows]
            items[of] = np.union1d(items.get(of, np.zeros(0)), np.concatenate(dense))
        return cls(Request(items), later)


def _items(
    kind: AbstractKind, request: Request, split: Split, values: Mapping[str, np.ndarray], weights: np.ndarray
) -> dict[str, Ensemble]:
    out: dict[str, Ensemble] = {}
    for name in request.items:
        unit = kind.unit_of(name)
        if name in split.later:
            of, windows = split.later[name]
            out[name] = Ensemble(name, unit, windows, _folded(kind, name, of, windows, split, values), weights)
        elif name in {o.name for o in kind.observables}:
            asked, run = request.times(name), split.run.times(name)
            picked = values[name] if len(asked) == len(run) else values[name][:, np.searchsorted(run, asked)]
            out[name] = Ensemble(name, unit, asked, picked, weights)
        else:
            out[name] = Ensemble(name, unit, request.windows(name), values[name], weights)
    return out


def _folded(
    kind: AbstractKind, name: str, of: str, windows: np.ndarray, split: Split, values: Mapping[str, np.ndarray]
) -> np.ndarray:
    q, times = kind.quantity(name), split.run.times(of)
    assert q.reducer is not None
    columns = []
    for a, b in windows:
        inside = (times >= a) & (times <= b)
        columns.append(fold(q.reducer, times[inside], values[of][:, inside]) * q.scale)
    return np.stack(columns, axis=1)


def fold(reducer: AbstractReducer, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A reducer over a sampled path: times (n,), values (member, n) -> (member,)."""
    total = reducer.initial(values[:, 0])
    for k in range(1, len(times)):
        total = reducer.step(total, values[:, k - 1], values[:, k], times[k] - times[k - 1])
    return reducer.final(total, times[-1] - times[0])


def theta_of(kind: AbstractKind, belief: Belief, forcing: Forcing, seed: int) -> Theta:
    """The belief's members under this forcing; slots it does not know are drawn by (seed, name)."""
    layout = Latents.of(kind.parameters, forcing)
    return layout.theta(layout.carry(belief.names, belief.z, seed))


def discrepancy_path(
    kind: AbstractKind, belief: Belief, name: str, times: np.ndarray, t0: float, seed: int
) -> np.ndarray:
    """The discrepancy's path (member, n) from its draw at the belief's time t0; the same under every option."""
    now = belief.residual[name] if name in belief.residual else np.zeros(belief.members)
    return _wander(kind.discrepancies[name], now, times, t0, generator(seed, "discrepancy", name))


def _wander(d: Discrepancy, now: np.ndarray, times: np.ndarray, t0: float, rng: np.random.Generator) -> np.ndarray:
    """Paths (member, n) of an Ornstein-Uhlenbeck process from its values (member,) at t0."""
    draws = rng.standard_normal((len(times), len(now)))
    out = np.empty((len(now), len(times)))
    before = t0
    for k, t in enumerate(times):
        keep = np.exp(-(t - before) / d.tau)
        now = now * keep + d.sd * np.sqrt(max(1.0 - keep**2, 0.0)) * draws[k]
        out[:, k], before = now, t
    return out


def _noisy(
    kind: AbstractKind, e: Ensemble, sensor: str, theta: Theta, seed: int, belief: Belief, t0: float
) -> Ensemble:
    if e.is_window or not any(n.observable == e.name for n in kind.noises):  # no sensor sees it: nothing to add
        return e
    values = read(kind, belief, e.name, sensor, e.values, e.times, theta, t0, seed)
    return Ensemble(e.name, e.unit, e.times, values, e.weights)


def read(
    kind: AbstractKind,
    belief: Belief,
    name: str,
    sensor: str,
    values: np.ndarray,
    times: np.ndarray,
    theta: Theta,
    t0: float,
    seed: int,
) -> np.ndarray:
    """Readings (member, n) that a sensor would give of an observable's values at times: its lasting error goes on from
    where the belief at t0 has it."""
    noise, key = kind.noise(name, sensor), f"{name}{SEPARATOR}{sensor}"
    process = lasting_error(noise)
    if process is not None and key in belief.residual and isinstance(noise, Gaussian):
        values = values + _wander(process, belief.residual[key], times, t0, generator(seed, "lasting", key))
        noise = dataclasses.replace(noise, sd_ar=0.0)
    return noise.sample(generator(seed, "sensor", name, sensor), values, times, theta)


def _warnings(kind: AbstractKind, case: Case, belief: Belief) -> tuple[str, ...]:
    said: Sequence[str] = kind.envelope.outside(case)
    return (*said, *belief.notes)


def check_request(kind: AbstractKind, request: Request, t0: float) -> None:
    """KindError for nothing asked, an unknown name, or a time before t0."""
    if not request.items:
        raise KindError("nothing was asked for", where="forecast", fix="name an observable or a quantity and its times")
    for name, times in request.items.items():
        kind.unit_of(name)
        if np.size(times) and np.min(times) < t0:
            raise KindError(
                f"'{name}' is asked at {np.min(times):g} s, before the belief at {t0:g} s",
                where="forecast",
                fix="ask later times, or forecast from an earlier belief (as-of)",
            )
