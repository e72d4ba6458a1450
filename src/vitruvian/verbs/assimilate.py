"""assimilate: new readings into a belief. A Filterable kind is filtered from where it stands; others are recalibrated.

Law: streaming equals batch. Whatever the order in which readings, corrections and removals arrive, the belief is that
of one pass over all that is known, bit for bit. To this end a filtered belief keeps the one it started from (`start`)
and a digest of what it has seen: when the past has changed, filtering begins again at `start`; when the past of `start`
itself has changed, that is calibrated again first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.kind import AbstractKind, Filterable
from vitruvian.core.noise import AbstractGaussianNoise
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.particle import systematic
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.filtering import METHODS, TRUSTED, Instant, predict


def assimilate(
    twin: Twin,
    new: Record | None = None,
    *,
    method: str | None = None,
    known_at: float | None = None,
    seed: int | None = None,
    members: int | None = None,
) -> Twin:
    """The twin with these readings in its record, and in its belief all that is known at `known_at` (default: all).

    method: "enkf" (default), "stochastic enkf" or "particle" (default where a noise is not Gaussian). seed: keys the
    filter's draws (default: the belief's). members: size of the ensemble (default: the calibration's). Errors:
    BeliefError without a belief; InferenceError if no member explains a reading.
    """
    news = [Record.empty() if new is None else new]
    return assimilate_many([twin], news, method=method, known_at=known_at, seed=seed, members=members)[0]


def assimilate_many(
    twins: Sequence[Twin],
    news: Sequence[Record],
    *,
    method: str | None = None,
    known_at: float | Sequence[float] | None = None,
    seed: int | None = None,
    members: int | None = None,
) -> list[Twin]:
    """`assimilate` for each twin. Twins of one kind that stand at the same moments share ensemble runs.

    known_at: one moment for all, or one for each.
    """
    moments = known_at if isinstance(known_at, Sequence) else [known_at] * len(twins)
    out: list[Twin] = []
    streams: dict[int, _Stream] = {}
    for k, (twin, new, moment) in enumerate(zip(twins, news, moments, strict=True)):
        belief, fresh = twin.believed(), twin.observe(new)
        known = max(belief.known_at, np.max(fresh.record.known_at, initial=-np.inf)) if moment is None else moment
        wish = _Wish(method or default_filter(twin.kind), belief.seed if seed is None else seed, members, float(known))
        if isinstance(twin.kind, Filterable):
            streams[k] = _stream(fresh, wish)
            out.append(fresh)
        else:
            out.append(_refitted(fresh, wish))
    _advance(list(streams.values()))
    for k, stream in streams.items():
        out[k] = out[k].having(stream.finished())
    return out


def default_filter(kind: AbstractKind) -> str:
    """The ensemble Kalman filter where every noise is Gaussian, else the particle filter."""
    return "enkf" if all(isinstance(n, AbstractGaussianNoise) for n in kind.noises) else "particle"


@dataclasses.dataclass(frozen=True)
class _Wish:
    """How to filter, and what is known."""

    method: str
    seed: int
    members: int | None
    known_at: float


class _Stream:
    """One twin on its way through the readings it has not seen. The only things that change: belief, edges."""

    def __init__(self, twin: Twin, start: Belief, belief: Belief, known_at: float) -> None:
        self.twin, self.start, self.belief, self.known_at = twin, start, belief, known_at
        self.record = twin.record.until(known_at)
        self.edges = np.unique(self.record.valid_time[self.record.valid_time > belief.at]).tolist()[::-1]

    def instant(self) -> Instant:
        """What comes next."""
        times, at = self.record.valid_time, self.edges[-1]
        first, last = np.searchsorted(times, at, side="left"), np.searchsorted(times, at, side="right")
        rows, past = self.record.where(np.arange(first, last)), self.record.where(np.arange(last))
        return Instant(self.twin.kind, self.twin.case, self.belief, rows, past, self.known_at)

    def finished(self) -> Belief:
        """The belief with its digest, and what a reader must know."""
        belief, notes = self.belief, self.start.notes
        if belief.diagnostics.get("spent", 0.0) > TRUSTED:
            since = belief.rows - self.start.rows
            notes += (f"after {since} readings {belief.members} members are too sure of parameters: recalibrate",)
        seen = self.twin.seen(*belief.window, self.known_at)
        return dataclasses.replace(belief, start=self.start, seen=seen, known_at=self.known_at, notes=notes)


def _stream(twin: Twin, wish: _Wish) -> _Stream:
    """From the belief as it stands if its past still holds, else from its start."""
    if wish.method not in METHODS:
        raise InferenceError(f"no method '{wish.method}'", where="assimilate", fix=f"use {', '.join(METHODS)}")
    belief, known = twin.believed(), wish.known_at
    start = belief if belief.start is None else belief.start
    if start.seen and start.seen != twin.seen(*start.window, known):
        start = _recalibrated(twin, start, known)
    same = (belief.method, belief.seed) == (wish.method, wish.seed) and wish.members in (None, belief.members)
    if start is belief.start and same and belief.seen == twin.seen(*belief.window, known):
        return _Stream(twin, start, belief, known)
    return _Stream(twin, start, _first(start, wish), known)


def _advance(streams: list[_Stream]) -> None:
    """Every stream to its end; those at the same moment go in one run."""
    while waiting := [s for s in streams if s.edges]:
        groups: dict[tuple[object, ...], list[_Stream]] = {}
        for s in waiting:
            groups.setdefault((id(s.twin.kind), s.belief.method, s.belief.at, s.edges[-1]), []).append(s)
        for group in groups.values():
            exact = group[0].belief.method == "enkf"
            for s, predicted in zip(group, predict([s.instant() for s in group], exact=exact), strict=True):
                s.belief = METHODS[s.belief.method](predicted)
                s.edges.pop()


def _first(start: Belief, wish: _Wish) -> Belief:
    """The start as a filter takes it: members of equal weight, running figures at nought."""
    count = wish.members or start.members
    plain = dataclasses.replace(
        start, method=wish.method, seed=wish.seed, diagnostics={}, notes=(), window=(start.window[0], start.at)
    )
    if count == start.members and np.ptp(start.weights) < 1e-12:
        return plain
    chosen = systematic(start.weights, generator(start.seed, "filter", "start"), count)
    return dataclasses.replace(
        plain,
        z=start.z[chosen],
        weights=np.full(count, 1.0 / count),
        state=None if start.state is None else start.state.take(chosen),
        residual={n: v[chosen] for n, v in start.residual.items()},
    )


def _recalibrated(twin: Twin, start: Belief, known: float) -> Belief:
    """The start again, on the same window with what is known of it now."""
    again = calibrate(
        twin, method=start.method, window=start.window, known_at=known, seed=start.seed, members=start.members
    )
    return again.believed()


def _refitted(twin: Twin, wish: _Wish) -> Twin:
    before = twin.believed()
    count = wish.members or before.members
    again = calibrate(twin, method=before.method, known_at=wish.known_at, seed=wish.seed, members=count)
    belief = again.believed()
    note = f"kind '{twin.kind.name}' is not Filterable: its whole window was calibrated again"
    return again.having(dataclasses.replace(belief, notes=(*belief.notes, note)))
