"""What is believed of a subject before any of its data: the population."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.belief import Belief, PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.core.keys import generator, key, member_seeds
from vitruvian.core.kind import AbstractKind, Fittable, Reconstructible, Resumable
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.calibrate import MEMBERS

PRIOR = "prior"  # the method of a belief that rests on no data


def believe_prior(
    twin: Twin,
    at: float,
    *,
    start: float | None = None,
    prior: PopulationPrior | None = None,
    seed: int = 0,
    members: int = MEMBERS,
) -> Twin:
    """The twin with the population's belief at `at` (s), its members run from `start` (default: the kind's warm-up).

    Readings are not used, but for the state of a Reconstructible kind that has some by then. prior: else the twin's
    own, else the kind's for such a subject.
    """
    kind = twin.kind
    t0 = at - kind.warmup if start is None else start
    if t0 > at:
        raise FieldError(f"start {t0:g} s is after {at:g} s", where="believe_prior", fix="start earlier")
    prior = prior or (twin.belief.prior if twin.belief else kind.population(twin.case))
    record = twin.record.until(at)
    forcing = kind.compile(twin.case, record, t0, at, at)
    layout = Latents.of(kind.parameters, forcing)
    mean, covariance = prior.moments(layout.names)
    normals = generator(seed, PRIOR).standard_normal((members, len(layout.names)))
    z = mean + normals @ np.linalg.cholesky(covariance).T
    theta, seeds = layout.theta(layout.pad(z)), member_seeds(seed, members)
    state = None
    if isinstance(kind, Reconstructible) and len(record):
        state = kind.state_from(twin.case, record, at, theta, seeds)
    elif isinstance(kind, Resumable):
        state = kind.run(theta, forcing, Request({}), seeds)[1]
    draws = {n: d.sd * generator(seed, "residual", n).standard_normal(members) for n, d in kind.discrepancies.items()}
    return twin.having(
        Belief(
            kind=kind.name,
            version=kind.version,
            names=layout.names,
            z=z,
            weights=np.full(members, 1.0 / members),
            at=at,
            known_at=at,
            method=PRIOR,
            seed=seed,
            state=state,
            residual=draws if state is not None else {},
            prior=prior,
            window=(t0, at),
            artefact=kind.artefact if isinstance(kind, Fittable) else "",
        )
    )


def virtual(
    kind: AbstractKind,
    cases: Sequence[Case],
    n: int,
    *,
    at: float,
    start: float | None = None,
    prior: PopulationPrior | None = None,
    seed: int = 0,
) -> dict[str, Twin]:
    """`n` virtual subjects, each a draw from the population, on the cases in turn; the first k are the same for any n.

    Each twin's belief is a single member: within a subject nothing is unknown, between subjects everything varies.
    """
    if not cases or n < 1:
        raise FieldError("needs a case and a count of at least 1", where="virtual", fix="give them")
    out = {}
    for i in range(n):
        twin = Twin(kind, cases[i % len(cases)], Record.empty())
        own = key(seed, "virtual", i) % 2**31
        out[f"virtual-{i + 1}"] = believe_prior(twin, at, start=start, prior=prior, seed=own, members=1)
    return out
