"""track: the same belief about parameters, brought up to newer readings: state advanced, discrepancy re-conditioned."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Reconstructible, Resumable
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.observing import Observing
from vitruvian.verbs.sensing import lasting_names

MEMORY = 12.0  # time constants after which a reading says nothing more about the discrepancy: exp(-12) = 6e-6


def track(twin: Twin, known_at: float) -> Twin:
    """The twin at the newest reading known at `known_at` (s): z is kept, what moves with time is not.

    The members run again over the belief's window, lengthened to the newest reading; the discrepancy is drawn anew
    given its last MEMORY time constants of readings; slots of new events are drawn from their prior. A Reconstructible
    kind starts from what is seen. Parameters learn nothing: that is calibrate's and assimilate's. Errors: BeliefError
    for a belief that knows more than `known_at`, or that was filtered.
    """
    kind, belief = twin.kind, twin.believed()
    if belief.start is not None:
        raise BeliefError("the belief was filtered, its state is not a run of its z", where="track", fix="assimilate")
    if known_at < belief.known_at:
        raise BeliefError(
            f"the belief knows what became known at {belief.known_at:g} s, after {known_at:g} s",
            where="track",
            fix="calibrate with known_at",
        )
    record = twin.record.until(known_at)
    at = max(belief.at, float(np.max(record.valid_time, initial=-np.inf)))
    started = belief.state if not kind.discrepancies and not late(twin.case, belief, known_at) else None
    t0 = belief.window[0] if started is None else started.at
    forcing = kind.compile(twin.case, record, t0, at, known_at)
    layout = Latents.of(kind.parameters, forcing)
    names, z = grown(belief, layout)
    theta = layout.theta(layout.carry(names, z, belief.seed))
    seeds = member_seeds(belief.seed, belief.members)
    if isinstance(kind, Reconstructible):
        state, residual = kind.state_from(twin.case, record, at, theta, seeds), {}
    elif not isinstance(kind, Resumable):
        state, residual = None, {}
    else:
        seen = observing(kind, forcing, record)
        outputs, state = kind.run(theta, forcing, seen.request, seeds, started)
        residual = seen.remaining(kind, outputs, theta, at, residual_draws(kind, belief, at, record))
    return twin.having(
        dataclasses.replace(
            belief,
            names=names,
            z=z,
            at=at,
            known_at=known_at,
            state=state,
            residual=residual,
            window=(belief.window[0], at),
            rows=len(record.between(belief.window[0], at)),
            seen=twin.seen(belief.window[0], at, known_at),
        )
    )


def late(case: Case, belief: Belief, known_at: float) -> bool:
    """Whether something before the belief's time became known since: then its state must be run again."""
    told = any(a.at < belief.at and belief.known_at < a.known <= known_at for a in case.timeline)
    for series in case.series.values():
        known = series.times if series.known_at is None else series.known_at
        told |= bool(np.any((series.times < belief.at) & (known > belief.known_at) & (known <= known_at)))
    return told


def grown(belief: Belief, layout: Latents) -> tuple[tuple[str, ...], np.ndarray]:
    """The belief's names and z (member, latent) with the layout's new slots, drawn from their prior."""
    new = [name for name in layout.names if name not in belief.names]
    if not new:
        return belief.names, belief.z
    drawn = layout.carry(belief.names, belief.z, belief.seed)[:, layout.active]
    where = {name: i for i, name in enumerate(layout.names)}
    return (*belief.names, *new), np.concatenate([belief.z, drawn[:, [where[n] for n in new]]], axis=1)


def observing(kind: AbstractKind, forcing: Forcing, record: Record) -> Observing:
    """The readings that still say something about the discrepancies at the forcing's end."""
    keep = np.zeros(len(record), dtype=bool)
    for name, d in kind.discrepancies.items():
        keep |= (record.observable == name) & (record.valid_time >= forcing.t1 - MEMORY * d.tau)
    return Observing.of(kind, forcing, kind.trusted(record.where(keep), forcing))


def residual_draws(kind: AbstractKind, belief: Belief, at: float, record: Record) -> Mapping[str, np.ndarray]:
    """Standard normals (member,) a discrepancy, keyed by the time too: errors of the draw average out over time."""
    names = lasting_names(kind, record)
    return {n: generator(belief.seed, "residual", n, at).standard_normal(belief.members) for n in names}
