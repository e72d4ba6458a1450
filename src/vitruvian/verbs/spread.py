"""Where the spread of the members' answers comes from: a linear regression on their latents, its R^2 shared out.

Shapley effects (Lindeman, Merenda & Gold 1980; Owen, SIAM/ASA J Uncertain Quantif 2014;2:245), which part the variance
of dependent latents too; their total is the adjusted R^2. What is not linear, interactions and chance are the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.prior import Fixed
from vitruvian.verbs.explained import Spread
from vitruvian.verbs.replay import Replay
from vitruvian.verbs.shapley import Coalition, shapley

NEWEST = "newest readings"  # the cause that is no parameter: the discrepancy, conditioned on them


def latent_columns(replay: Replay) -> dict[str, np.ndarray]:
    """Columns of z of each parameter that can vary, all its slots together."""
    out = {}
    for p in replay.twin.kind.parameters:
        mine = np.array([n.partition("@")[0] == p.name for n in replay.belief.names])
        if mine.any() and not isinstance(p.prior, Fixed):
            out[p.name] = np.flatnonzero(mine)
    return out


def spread(replay: Replay, answers: np.ndarray) -> Spread:
    """Variance of the answers (member,) by parameter."""
    belief, players = replay.belief, latent_columns(replay)
    columns = {n: belief.z[:, c] for n, c in players.items()}
    if replay.observable and replay.observable in belief.residual:
        columns[NEWEST] = belief.residual[replay.observable][:, None]
    weights, variance = belief.weights, float(belief.weights @ (answers - belief.weights @ answers) ** 2)
    width, size = sum(c.shape[1] for c in columns.values()), 1.0 / float(np.sum(weights**2))
    if variance <= 1e-24 * float(weights @ answers) ** 2 or width > size / 2:
        why = "the members agree" if width <= size / 2 else f"{size:.0f} members are too few for {width} latents"
        return Spread(float(np.sqrt(variance)), {}, 1.0, f"not broken down: {why}")

    def values(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        named = list(columns.values())
        return [np.array([_explained([named[k] for k in c], answers, weights)]) for c in coalitions]

    shared = shapley(len(columns), values, np.ones(1), most=512, seed=replay.seed)
    adjusted = max(0.0, 1.0 - (1.0 - shared.all) * (size - 1.0) / max(size - width - 1.0, 1.0))
    scale = adjusted / shared.all if shared.all > 0 else 0.0
    shares = dict(sorted(zip(columns, (scale * shared.shares).tolist(), strict=True), key=lambda t: -t[1]))
    how = f"Shapley effects of a linear regression on the members' latents ({shared.how})"
    return Spread(float(np.sqrt(variance)), shares, 1.0 - adjusted, how)


def _explained(columns: Sequence[np.ndarray], answers: np.ndarray, weights: np.ndarray) -> float:
    """R^2 of the weighted linear regression of the answers (member,) on these columns."""
    if not columns:
        return 0.0
    root = np.sqrt(weights)[:, None]
    x, y = np.concatenate(columns, axis=1), answers - weights @ answers
    x = (x - weights @ x) * root
    fitted = x @ np.linalg.lstsq(x, y * root[:, 0], rcond=1e-8)[0]
    return float(fitted @ fitted / (weights @ y**2))
