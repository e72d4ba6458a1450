"""Synthetic control patients with two markers and dropout. Their truth is not the model: a logistic decline and t
noise.

    score(t) = 60 - 30 / (1 + exp(-(t - m) / 200 d)) + 6 u + 3 e,  m = 500 d - 120 age',  e Student t with 5 df
    log enzyme(t) = 3.3 + 0.25 u' + 0.15 (t / year) (1 + 0.4 u) + 0.2 e';   leaving: hazard 0.01 a month (1.5 at low
      score)

Visits at 0, 3, 6, 9, 12, 18, 24 months, each up to 20 days late, one in ten missed. Every number is assumed.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.progression.visits import Visits
from vitruvian.models.trialtable import Frame

MONTH = 30.4375  # d
PLAN = np.array([3, 6, 9, 12, 18, 24]) * MONTH
HORIZON = 24 * MONTH


def visits(count: int, seed: int) -> Visits:
    """`count` synthetic patients."""
    rng = generator(seed, "progression.synthetic")
    age = np.clip(rng.normal(65, 9, count), 30, 95)
    sex = np.where(rng.random(count) < 0.5, "female", "male").astype(object)
    u, v = rng.standard_normal((2, count))
    v = 0.3 * u + np.sqrt(1 - 0.09) * v
    middle = 500 - 120 * (age - 65) / 9 + 60 * rng.standard_normal(count)

    def score(t: np.ndarray) -> np.ndarray:
        clean = 60 - 30 / (1 + np.exp(-(t - middle[:, None]) / 200)) + 6 * u[:, None]
        return clean + 3 * rng.standard_t(5, t.shape) / np.sqrt(5 / 3)

    def enzyme(t: np.ndarray) -> np.ndarray:
        log = 3.3 + 0.25 * v[:, None] + 0.15 * (t / 365.25) * (1 + 0.4 * u[:, None])
        return np.exp(log + 0.2 * rng.standard_normal(t.shape))

    at = PLAN + rng.uniform(0, 20, (count, len(PLAN)))
    zero = np.zeros((count, 1))
    first, later = (score(zero)[:, 0], enzyme(zero)[:, 0]), np.stack([score(at), enzyme(at)], axis=2)
    low = (later[:, :, 0] < 40).mean(axis=1) > 0.3
    leave = rng.exponential(1.0, count) / (0.01 * np.where(low, 1.5, 1.0)) * MONTH
    end = np.minimum(leave, HORIZON + 30)
    seen = (at <= end[:, None]) & (rng.random(at.shape) < 0.9)
    patient, _ = np.nonzero(seen)
    base = Frame({"age": age, "sex": sex, "score": first[0], "enzyme": first[1]}, f"synthetic, seed {seed}")
    return Visits(base, ("score", "enzyme"), patient, at[seen], later[seen], end, (leave < HORIZON + 30).astype(float))
