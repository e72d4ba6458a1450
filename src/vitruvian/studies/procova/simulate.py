"""Simulated trials in blocks: what validity, power and design exploration are measured on.

A trial is (patient, trial) arrays of outcome, arm and score. Arms are permutations of a fixed allocation; the score
and what it leaves out are standard normal; the outcome is a monotone function of their sum, so that a score
correlates as asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import key
from vitruvian.studies.procova.many import Trials, ancova_many

CHUNK = 250  # trials a block: arrays of 200 patients stay in the second-level cache
OUTCOMES, SCORES = ("normal", "binary", "skewed"), ("good", "useless", "inverted")


def stream(*parts: object) -> np.random.Generator:
    """A keyed SFC64 generator: twice as fast as the counter-based one, for blocks that nobody splits."""
    return np.random.Generator(np.random.SFC64(key(*parts)))


@dataclass(frozen=True)
class Scenario:
    """n patients, `treated` of them; correlation of score and hidden outcome; effect on the hidden outcome's scale.

    outcome: normal (the hidden one); binary (hidden > 0.5, 31 %); skewed (exponential of the same rank, skewness 2).
    score: good, useless (independent), inverted (sign turned). heterogeneity: the effect grows so with the score.
    """

    n: int
    outcome: str = "normal"
    score: str = "good"
    correlation: float = 0.5
    effect: float = 0.0
    heterogeneity: float = 0.0
    treated: int = 0  # 0: half

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES or self.score not in SCORES:
            fix = f"outcome {', '.join(OUTCOMES)}; score {', '.join(SCORES)}"
            raise InferenceError(f"no scenario '{self.outcome}', '{self.score}'", where="simulation", fix=fix)

    def outcomes(self, hidden: np.ndarray) -> np.ndarray:
        """The outcome of the hidden standard normal; changes the array given."""
        if self.outcome == "binary":
            return (hidden > 0.5).astype(np.float64)
        return -np.log(ndtr(-hidden)) if self.outcome == "skewed" else hidden

    def block(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """y, arm, score (n, count)."""
        score = rng.standard_normal((self.n, count))
        hidden = rng.standard_normal((self.n, count))
        hidden *= np.sqrt(1 - self.correlation**2)
        hidden += np.multiply(score, self.correlation)
        arm = self.arms(count)
        last = self.treated or self.n // 2
        hidden[:last] += self.effect
        if self.heterogeneity:
            hidden[:last] += self.heterogeneity * score[:last]
        given = {"good": score, "inverted": -score}.get(self.score)
        return self.outcomes(hidden), arm, rng.standard_normal((self.n, count)) if given is None else given

    def arms(self, count: int) -> np.ndarray:
        """(n, count); patients are exchangeable, so the first `treated` of them are a random sample."""
        arm = np.zeros((self.n, count))
        arm[: self.treated or self.n // 2] = 1.0
        return arm


def blocks(scenario: Scenario, count: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """`count` trials in blocks; the first n are the same whatever `count` is, up to whole blocks."""
    for k in range(0, count, CHUNK):
        yield scenario.block(stream(seed, "trials", scenario, k), min(CHUNK, count - k))


def analysed(scenario: Scenario, count: int, seed: int, *, adjusted: bool = True) -> Trials:
    """All trials by ANCOVA on the score, or by the difference in means."""
    parts = [ancova_many(y, a, m if adjusted else None) for y, a, m in blocks(scenario, count, seed)]
    variance = {k: np.concatenate([p.variance[k] for p in parts]) for k in parts[0].variance}
    return Trials(np.concatenate([p.effect for p in parts]), variance, parts[0].df)
