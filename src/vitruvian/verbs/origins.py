"""What would have been said at past moments: many origins between two calibrations, in few runs of the model.

Between calibrations z stands still, so the members' paths depend on the origin only through what was known by then.
Origins whose forcings are equal share a run; only the discrepancy is conditioned afresh at each. The answers are those
of forecast(track(twin, origin)), which the tests check.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import key, member_seeds
from vitruvian.core.kind import AbstractKind, Reconstructible, Resumable, Theta
from vitruvian.core.latents import Latents
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.observing import Observing
from vitruvian.verbs.forecast import discrepancy_path, forecast, read
from vitruvian.verbs.together import digest_of, run_together
from vitruvian.verbs.track import MEMORY, late, residual_draws, track


@dataclass(frozen=True)
class Said:
    """At one origin, for target times (n,): noise-free mean (n,), readings' ensemble (member, n), weights."""

    origin: float
    times: np.ndarray
    point: np.ndarray
    values: np.ndarray
    weights: np.ndarray


def said_at(
    twin: Twin, origins: Sequence[float], targets: Sequence[np.ndarray], observable: str, sensor: str, seed: int
) -> Iterator[Said]:
    """Forecasts of readings at each origin's target times (s), by a twin calibrated no later than the first.

    The twin may hold what came later: each origin sees its case and record as known by then.
    """
    kind = twin.kind
    if isinstance(kind, Reconstructible) or not isinstance(kind, Resumable):
        return _one_by_one(twin, origins, targets, observable, sensor, seed)
    return _together(twin, origins, targets, observable, sensor, seed)


def origin_seed(seed: int, origin: float) -> int:
    """The seed of the forecast at this origin, whatever other origins there are."""
    return key(seed, "origin", origin) % 2**31


def _one_by_one(
    twin: Twin, origins: Sequence[float], targets: Sequence[np.ndarray], observable: str, sensor: str, seed: int
) -> Iterator[Said]:
    for origin, times in zip(origins, targets, strict=True):
        known = dataclasses.replace(twin, case=twin.case.until(origin), record=twin.record.until(origin))
        now, request, own = track(known, origin), Request({observable: times}), origin_seed(seed, origin)
        weights = now.believed().weights
        point = forecast(now, request, seed=own)[observable].mean()
        values = forecast(now, request, seed=own, noise=True, sensor=sensor)[observable].values
        yield Said(origin, times, point, values, weights)


@dataclass(frozen=True)
class _Seen:
    """What was known at an origin, and the forcing it makes."""

    case: Case
    record: Record
    forcing: Forcing
    digest: str


def _together(
    twin: Twin, origins: Sequence[float], targets: Sequence[np.ndarray], observable: str, sensor: str, seed: int
) -> Iterator[Said]:
    kind, belief = twin.kind, twin.believed()
    t1 = max(float(t.max()) for t in targets)
    fresh = late(twin.case, belief, max(origins))
    t0 = belief.window[0] if fresh else belief.at
    request = _request(kind, twin.record, belief, t0, t1, observable, targets)
    before = None if fresh else _past(twin, belief)
    seen = [_seen(twin, origin, t0, t1) for origin in origins]
    groups = list({s.digest: s.forcing for s in seen}.values())
    order = {d: i for i, d in enumerate(dict.fromkeys(s.digest for s in seen))}
    seeds = member_seeds(belief.seed, belief.members)
    runs = [(f, belief.names, belief.z) for f in groups]
    ran = run_together(kind, runs, request, seeds, None if fresh else belief.state, belief.seed)
    for origin, times, now in zip(origins, targets, seen, strict=True):
        theta, outputs = ran[order[now.digest]]
        path = _Path(belief, request, outputs, before)
        own = origin_seed(seed, origin)
        moved = _conditioned(kind, belief, now, theta, path)
        value = path.at(observable, times)
        if observable in kind.discrepancies:
            value = value + discrepancy_path(kind, moved, observable, times, moved.at, own)
        noise = kind.noise(observable, sensor)
        mean = noise.inverse(noise.location(value, theta)) if isinstance(noise, AbstractGaussianNoise) else value
        readings = read(kind, moved, observable, sensor, value, times, theta, moved.at, own)
        yield Said(origin, times, belief.weights @ mean, readings, belief.weights)


def _seen(twin: Twin, origin: float, t0: float, t1: float) -> _Seen:
    case, record = twin.case.until(origin), twin.record.until(origin)
    forcing = twin.kind.compile(case, record, t0, t1, origin)
    return _Seen(case, record, forcing, digest_of(forcing))


def _request(
    kind: AbstractKind, record: Record, belief: Belief, t0: float, t1: float, name: str, targets: Sequence[np.ndarray]
) -> Request:
    """The target times, and the times of every reading that a discrepancy may be conditioned on."""
    items = {name: np.unique(np.concatenate(targets))}
    for other, d in kind.discrepancies.items():
        times = record.only(other).valid_time
        kept = times[(times >= max(t0, belief.at - MEMORY * d.tau)) & (times <= t1)]
        items[other] = np.union1d(items.get(other, np.zeros(0)), kept)
    return Request({n: t for n, t in items.items() if len(t)})


def _past(twin: Twin, belief: Belief) -> tuple[Request, dict[str, np.ndarray]]:
    """The members' outputs at the readings before the belief's time that still say something."""
    kind, (t0, t1) = twin.kind, belief.window
    items = {}
    for name, d in kind.discrepancies.items():
        times = twin.record.only(name).valid_time
        items[name] = np.unique(times[(times >= max(t0, t1 - MEMORY * d.tau)) & (times <= t1)])
    request = Request({n: t for n, t in items.items() if len(t)})
    if not request.items:
        return request, {}
    case, record = twin.case.until(belief.known_at), twin.record.until(belief.known_at)
    forcing = kind.compile(case, record, t0, t1, belief.known_at)
    layout = Latents.of(kind.parameters, forcing)
    theta = layout.theta(layout.carry(belief.names, belief.z, belief.seed))
    outputs, _ = kind.run(theta, forcing, request, member_seeds(belief.seed, belief.members))
    return request, dict(outputs)


@dataclass(frozen=True)
class _Path:
    """The members' noise-free outputs at asked times, before the belief's time and after."""

    belief: Belief
    request: Request
    outputs: dict[str, np.ndarray]
    before: tuple[Request, dict[str, np.ndarray]] | None

    def at(self, name: str, times: np.ndarray) -> np.ndarray:
        """(member, n) at times that were asked for."""
        asked = self.request.times(name) if name in self.request.items else np.zeros(0)
        old = asked[:0] if self.before is None or name not in self.before[1] else self.before[0].times(name)
        out = np.empty((self.belief.members, len(times)))
        past = np.isin(times, old)
        if past.any() and self.before is not None:
            out[:, past] = np.asarray(self.before[1][name])[:, np.searchsorted(old, times[past])]
        if not past.all():
            out[:, ~past] = self.outputs[name][:, np.searchsorted(asked, times[~past])]
        return out


def _conditioned(kind: AbstractKind, belief: Belief, now: _Seen, theta: Theta, path: _Path) -> Belief:
    """The belief at the newest reading known, its discrepancies drawn given the readings."""
    at = max(belief.at, float(np.max(now.record.valid_time, initial=-np.inf)))
    if not kind.discrepancies:
        return dataclasses.replace(belief, at=at)
    keep = np.zeros(len(now.record), dtype=bool)
    for name, d in kind.discrepancies.items():
        mine = now.record.observable == name
        keep |= mine & (now.record.valid_time >= at - MEMORY * d.tau)
    whole = dataclasses.replace(now.forcing, t0=belief.window[0], t1=at)
    seen = Observing.of(kind, whole, kind.trusted(now.record.where(keep), whole))
    outputs = {n: path.at(n, seen.request.times(n)) for n in seen.request.items}
    residual = seen.remaining(kind, outputs, theta, at, residual_draws(kind, belief, at, now.record))
    return dataclasses.replace(belief, at=at, residual=residual)
