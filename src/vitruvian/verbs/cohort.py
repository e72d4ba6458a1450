"""cohort: the same question to many twins of one kind, in as few runs as their times allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import FieldError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.keys import member_seeds
from vitruvian.core.kind import AbstractKind, Fittable, Resumable
from vitruvian.core.latents import stack_theta
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.verbs.cohorted import Cohort
from vitruvian.verbs.forecast import Split, answered, check_request, span, theta_of
from vitruvian.verbs.result import Forecast
from vitruvian.verbs.together import digest_of

MOST = 4096  # members in one run: bounds the memory, not the answer


def cohort(
    twins: Mapping[str, Twin],
    request: Request,
    *,
    after: bool = False,
    noise: bool = False,
    sensor: str = "",
    seed: int = 0,
) -> Cohort:
    """Forecasts of every twin (subject -> twin), the answers of `forecast` one by one; beliefs may differ in size.

    Times of the request are seconds since each twin's origin; with `after`, since each twin's belief. Twins that run
    from the same to the same time share runs. Errors: KindError for twins of several kinds; BeliefError as in forecast.
    """
    if not twins:
        raise FieldError("a cohort needs at least one twin", where="cohort", fix="give some")
    asked = {
        name: _Asked(name, twin, _shifted(request, twin.believed().at if after else 0.0))
        for name, twin in twins.items()
    }
    _check_one_kind(twins)
    groups: dict[tuple[object, ...], list[_Asked]] = {}
    for a in asked.values():
        groups.setdefault(a.alike, []).append(a)
    told: dict[str, Forecast] = {}
    for group in groups.values():
        for some in _chunks(group):
            told |= _run(some, noise, sensor, seed)
    first = next(iter(twins.values()))
    return Cohort(first.kind.name, {name: told[name] for name in twins}, after)


@dataclass(frozen=True)
class _Asked:
    """A twin and what it is asked, in its own time."""

    name: str
    twin: Twin
    request: Request

    @property
    def alike(self) -> tuple[object, ...]:
        """What twins must share to be run together: times, and that they start from a state or do not."""
        belief = self.twin.believed()
        times = tuple((n, np.asarray(t).tobytes()) for n, t in sorted(self.request.items.items()))
        return (*span(belief, self.request), belief.state is None, times)


def _run(some: Sequence[_Asked], noise: bool, sensor: str, seed: int) -> dict[str, Forecast]:
    """One run over all members of these twins."""
    kind, request = some[0].twin.kind, some[0].request
    beliefs = [a.twin.believed() for a in some]
    t0, t1 = span(beliefs[0], request)
    check_request(kind, request, t0)
    split = Split.of(kind, request)
    forcings, index, thetas = _forcings(some, t0, t1, seed)
    counts = [b.members for b in beliefs]
    seeds = np.concatenate([member_seeds(b.seed, b.members) for b in beliefs])
    states = [b.state for b in beliefs if b.state is not None]
    driving = forcings[0] if len(forcings) == 1 else Batch(tuple(forcings), np.repeat(index, counts))
    outputs, _ = kind.run(stack_theta(thetas), driving, split.run, seeds, _gathered(kind, states))
    ends, out = np.cumsum(counts), {}
    for a, theta, end, count in zip(some, thetas, ends.tolist(), counts, strict=True):
        mine = {n: np.asarray(v)[end - count : end] for n, v in outputs.items()}
        out[a.name] = answered(a.twin, a.request, split, mine, theta, seed=seed, noise=noise, sensor=sensor)
    return out


def _gathered(kind: AbstractKind, states: Sequence[State]) -> State | None:
    if not states:
        return None
    return kind.gather(states) if isinstance(kind, Resumable) else State.join(states)


def _forcings(some: Sequence[_Asked], t0: float, t1: float, seed: int) -> tuple[list[Forcing], np.ndarray, list]:
    """The distinct forcings, which of them each twin has, and each twin's theta."""
    distinct: dict[str, int] = {}
    forcings, index, thetas = [], [], []
    for a in some:
        belief = a.twin.believed()
        forcing = a.twin.kind.compile(a.twin.case, a.twin.record.until(belief.known_at), t0, t1, belief.known_at)
        digest = digest_of(forcing)
        if digest not in distinct:
            distinct[digest] = len(forcings)
            forcings.append(forcing)
        index.append(distinct[digest])
        thetas.append(theta_of(a.twin.kind, belief, forcing, seed))
    return forcings, np.array(index), thetas


def _chunks(group: Sequence[_Asked]) -> list[list[_Asked]]:
    """Runs of at most MOST members (one twin at least)."""
    out: list[list[_Asked]] = []
    size = MOST
    for a in group:
        size += a.twin.believed().members
        if size > MOST:
            out.append([])
            size = a.twin.believed().members
        out[-1].append(a)
    return out


def _shifted(request: Request, by: float) -> Request:
    return Request({n: np.asarray(t, dtype=np.float64) + by for n, t in request.items.items()})


def _check_one_kind(twins: Mapping[str, Twin]) -> None:
    kinds = {
        (t.kind.name, t.kind.version, t.kind.artefact if isinstance(t.kind, Fittable) else "") for t in twins.values()
    }
    if len(kinds) > 1:
        told = ", ".join(sorted({f"{name} {version}" for name, version, _ in kinds}))
        raise KindError(f"twins of several kinds: {told}", where="cohort", fix="ask each kind by itself")
