"""Filtering a twin from one instant of readings to the next: predict with the kind, update with an ensemble filter.

What a filter moves is one vector a member: the state, all latents (those of a past meal go on being learned), the
kind's discrepancy and the correlated error of each sensor (Ornstein-Uhlenbeck, carried exactly from instant to
instant). All of it is a function of (belief, readings): noise is keyed by (seed, observation id) or (seed, time),
never by the order of arrival.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vitruvian.core.belief import Belief, State
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, CapabilityError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Filterable
from vitruvian.core.latents import Latents, stack_theta
from vitruvian.core.prior import Fixed
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.inference import enkf
from vitruvian.engines.inference.particle import SHARE, jittered, systematic, weigh
from vitruvian.verbs.sensing import Sensed, in_gaussian_space, lasting, log_density, uncorrelated

DISCOUNT = 0.99  # of Liu & West 2001, who advise 0.95 to 0.99
LOOKED_BACK = 6 * 3600.0  # s of readings from which a kind judges the newest ones
TRUSTED = 0.5  # `spent` beyond which parameters are noticeably too sure: see engines/inference/enkf.py


@dataclass(frozen=True)
class Instant:
    """Readings of one moment: a belief before it, its kind and case, rows all of time t, and the record up to t."""

    kind: AbstractKind
    case: Case
    belief: Belief
    rows: Record
    record: Record
    known_at: float

    @property
    def at(self) -> float:
        """The moment, s."""
        return float(self.rows.valid_time[0])

    def forcing(self) -> Forcing:
        """From the belief's time to this moment."""
        return self.kind.compile(self.case, self.record, self.belief.at, self.at, self.known_at)


@dataclass(frozen=True)
class Predicted:
    """The ensemble just before its readings: z (member, latent) over `names`, of which `acting` drove it here."""

    instant: Instant
    names: tuple[str, ...]
    acting: tuple[str, ...]
    z: np.ndarray
    state: State
    sensed: Sensed


def predict(instants: Sequence[Instant], *, exact: bool) -> list[Predicted]:
    """One ensemble run for all instants, which share kind, start and moment: a member does not know its batch.

    exact: lasting errors without sampling error, for an ensemble Kalman filter.
    """
    kind, at = instants[0].kind, instants[0].at
    forcings = [i.forcing() for i in instants]
    instants = [_weighed(i, f) for i, f in zip(instants, forcings, strict=True)]
    layouts = [Latents.of(kind.parameters, f) for f in forcings]
    padded = [_carried(y, i.belief, kind, exact) for y, i in zip(layouts, instants, strict=True)]
    theta = stack_theta([y.theta(z) for y, z in zip(layouts, padded, strict=True)])
    counts = [i.belief.members for i in instants]
    seeds = np.concatenate([_seeds(i.belief.seed, n) for i, n in zip(instants, counts, strict=True)])
    start = _filterable(kind).gather([_state(i.belief) for i in instants])
    driving = forcings[0] if len(forcings) == 1 else Batch(tuple(forcings), np.repeat(np.arange(len(counts)), counts))
    names = sorted({n for i in instants for n in i.rows.observable.tolist()})
    outputs, state = kind.run(theta, driving, Request({n: np.array([at]) for n in names}), seeds, start)
    if state is None:
        raise CapabilityError(f"kind '{kind.name}' returned no state", where="assimilate", fix="use calibrate")
    edges = np.cumsum(counts)[:-1]
    mine = np.split(np.arange(len(seeds)), edges)
    out = []
    for k, (i, layout) in enumerate(zip(instants, layouts, strict=True)):
        belief, z = i.belief, padded[k][:, layout.active]
        columns = dict(zip(belief.names, belief.z.T, strict=True)) | dict(zip(layout.names, z.T, strict=True))
        every = np.stack(list(columns.values()), axis=1) if columns else z
        own = state.take(mine[k])
        beside = np.hstack([_filterable(kind).to_vector(own), every]) if exact else None
        sensed = Sensed(
            kind,
            {n: np.asarray(v)[mine[k]] for n, v in outputs.items()},
            {n: v[mine[k]] for n, v in theta.items()},
            lasting(kind, belief, i.rows, at, beside),
        )
        out.append(Predicted(i, tuple(columns), layout.names, every, own, sensed))
    return out


def _weighed(instant: Instant, forcing: Forcing) -> Instant:
    """The instant with its rows as its kind trusts them, given the last hours."""
    at = instant.at
    recent = instant.record.between(at - LOOKED_BACK, at)
    known = instant.kind.trusted(recent, forcing)
    return instant if known is recent else dataclasses.replace(instant, rows=known.between(at, at))


def _carried(layout: Latents, belief: Belief, kind: AbstractKind, exact: bool) -> np.ndarray:
    """Padded z of this layout; the latents of new slots come without correlation to what is believed."""
    padded = layout.carry(belief.names, belief.z, belief.seed)
    new = layout.active[[n not in belief.names for n in layout.names]]
    if exact and len(new):
        state = _filterable(kind).to_vector(_state(belief))
        held = [v[:, None] for v in belief.residual.values()]
        padded[:, new] = uncorrelated(padded[:, new], np.hstack([state, belief.z, *held]))
    return padded


def by_enkf(p: Predicted) -> Belief:
    """Serial square-root update of everything at once."""
    seen = in_gaussian_space(p.sensed, p.instant.rows)
    new = enkf.square_root(_vector(p), seen.mean, seen.y, seen.covariance, limit=seen.limit, parameters=_learners(p))
    return _moved(p, new)


def by_stochastic_enkf(p: Predicted) -> Belief:
    """Perturbed-observation update of everything at once."""
    rows, belief = p.instant.rows, p.instant.belief
    seen, draws = in_gaussian_space(p.sensed, rows), enkf.perturbations(belief.seed, rows.id.tolist(), belief.members)
    new = enkf.stochastic(
        _vector(p), seen.mean, seen.y, seen.covariance, draws, limit=seen.limit, parameters=_learners(p)
    )
    return _moved(p, new)


def by_particle(p: Predicted) -> Belief:
    """Weights by the readings' density; systematic resampling, parameters moved apart (Liu & West)."""
    belief, kind = p.instant.belief, p.instant.kind
    step = weigh(belief.weights, log_density(p.sensed, p.instant.rows))
    diagnostics = {
        "log_likelihood": belief.diagnostics.get("log_likelihood", 0.0) + step.log_likelihood,
        "ess": min(belief.diagnostics.get("ess", np.inf), step.ess),
    }
    new = _after(p, p.z, p.state, p.sensed.errors, step.weights, diagnostics)
    if step.ess >= SHARE * belief.members:
        return new
    chosen = systematic(step.weights, generator(belief.seed, "filter", "resample", new.at))
    z, free = new.z[chosen], np.isin(new.names, [n for n in p.acting if not _is_fixed(kind, n)])
    normals = generator(belief.seed, "filter", "jitter", new.at).standard_normal((len(z), int(free.sum())))
    z[:, free] = jittered(new.z[:, free], step.weights, chosen, normals, DISCOUNT)
    errors = {n: v[chosen] for n, v in new.residual.items()}
    equal = np.full(len(z), 1.0 / len(z))
    return dataclasses.replace(new, z=z, weights=equal, state=_state(new).take(chosen), residual=errors)


METHODS: Mapping[str, Callable[[Predicted], Belief]] = {
    "enkf": by_enkf,
    "stochastic enkf": by_stochastic_enkf,
    "particle": by_particle,
}


def _vector(p: Predicted) -> np.ndarray:
    kind = _filterable(p.instant.kind)
    errors = [p.sensed.errors[n][:, None] for n in sorted(p.sensed.errors)]
    return np.hstack([kind.to_vector(p.state), p.z, *errors])


def _learners(p: Predicted) -> np.ndarray | None:
    """Which columns of the vector are latents and lose variance to sampling error; none in a deterministic kind."""
    if not p.instant.kind.stochastic:
        return None
    width = _filterable(p.instant.kind).to_vector(p.state).shape[1]
    return np.array([False] * width + [True] * p.z.shape[1] + [False] * len(p.sensed.errors))


def _moved(p: Predicted, new: enkf.Updated) -> Belief:
    kind, before = _filterable(p.instant.kind), p.instant.belief
    width = kind.to_vector(p.state).shape[1]
    vector, z, rest = np.split(new.x, [width, width + p.z.shape[1]], axis=1)
    fixed = np.array([_is_fixed(p.instant.kind, n) for n in p.names], dtype=bool)
    z = np.where(fixed, p.z, z)
    errors = {n: rest[:, k] for k, n in enumerate(sorted(p.sensed.errors))}
    known = before.diagnostics
    seen = known.get("readings", 0.0) + len(new.fit)
    diagnostics = {
        "readings": seen,
        "fit": known.get("fit", 1.0) + (float(new.fit.sum()) - len(new.fit) * known.get("fit", 1.0)) / seen,
        "spent": known.get("spent", 0.0) + new.spent * p.instant.kind.stochastic,
        "log_likelihood": known.get("log_likelihood", 0.0) + new.log_likelihood,
    }
    return _after(p, z, kind.from_vector(vector, p.state), errors, before.weights, diagnostics)


def _after(
    p: Predicted,
    z: np.ndarray,
    state: State,
    errors: Mapping[str, np.ndarray],
    weights: np.ndarray,
    diagnostics: Mapping[str, float],
) -> Belief:
    """The belief at this moment."""
    before = p.instant.belief
    return dataclasses.replace(
        before,
        names=p.names,
        z=z,
        weights=weights,
        state=state,
        residual=dict(errors),
        at=p.instant.at,
        rows=before.rows + len(p.instant.rows),
        window=(before.window[0], p.instant.at),
        diagnostics=dict(diagnostics),
    )


def _is_fixed(kind: AbstractKind, latent: str) -> bool:
    return any(p.name == latent.split("@")[0] and isinstance(p.prior, Fixed) for p in kind.parameters)


def _filterable(kind: AbstractKind) -> Filterable:
    if not isinstance(kind, Filterable):
        raise CapabilityError(f"kind '{kind.name}' is not Filterable", where="assimilate", fix="use calibrate")
    return kind


def _state(belief: Belief) -> State:
    if belief.state is None:
        raise BeliefError("the belief has no state to filter from", where=belief.kind, fix="calibrate")
    return belief.state


@lru_cache(maxsize=64)
def _seeds(seed: int, count: int) -> np.ndarray:
    return member_seeds(seed, count)
