"""An ensemble of unlike learners of a yes-or-no outcome: cross-fitted by subject, stacked, calibrated, with its doubt.

Subjects are parted into K folds. Each learner l is fitted K times, each time without one fold, so that every row has a
logit z_l from models that never saw its subject. On those logits a logistic regression learns

    logit P(y = 1 | x) = b + sum_l w_l z_l(x),    w_l >= 0

(stacking: Wolpert, Neural Netw 1992;5:241; Breiman, Mach Learn 1996;24:49), hence calibrated on subjects that no
learner saw. Then every learner is fitted once more on all of them. A new x gets the mean of the whole fit and of the
mean over the K fits. That mean varies less than one fit's logit, on which the stack was calibrated: its weights are
`sharpen` times as large, the intercept such that as many events are expected as came. What the fit left open about x is
the delete-d jackknife over the folds (Shao & Wu, Ann Stat 1989;17:1176): variance (K - 1) mean_k (eta_k - mean eta)^2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from vitruvian.core.keys import generator
from vitruvian.engines.oddsforest import Growth, OddsForest, grow
from vitruvian.engines.ridgelogistic import Ridge, fit_ridge
from vitruvian.engines.stagedforest import StagedForest, grow_staged

Learner = OddsForest | StagedForest | Ridge
STORED: dict[str, type[Learner]] = {"F": OddsForest, "S": StagedForest, "R": Ridge}  # letter in an archive
LETTER = {kind: letter for letter, kind in STORED.items()}


@dataclass(frozen=True)
class Recipe:
    """Learners of an ensemble: forests, and a ridge logistic regression if it has a penalty; folds; prior sd of the
    stack's weights about an equal share. A forest may learn a related outcome with more events: the stack weighs it."""

    forests: tuple[Growth, ...]
    penalty: float | None = None
    folds: int = 4
    loose: float = 0.2
    sharpen: float = 1.0


@dataclass(frozen=True, eq=False)
class Ensemble:
    """names (k,) of the columns; learners by fold, and those of all rows; stack (1 + learner,): intercept, weights;
    origin: fitted on what."""

    names: tuple[str, ...]
    folds: tuple[tuple[Learner, ...], ...]
    whole: tuple[Learner, ...]
    stack: np.ndarray
    origin: str
    gain: Mapping[str, float] = field(default_factory=dict)  # share of the loss the forests saved by each column

    def _logit(self, learners: tuple[Learner, ...], x: np.ndarray) -> np.ndarray:
        out = np.full(len(x), self.stack[0])
        for w, one in zip(self.stack[1:], learners, strict=True):
            if w > 0.0:
                out += w * one.predict(x)
        return out

    def moments(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logit (n,) and the sd of what the fit left open (n,) for x (n, k), NaN where nothing was seen."""
        each = np.stack([self._logit(learners, x) for learners in self.folds])
        mean = each.mean(axis=0)
        doubt = np.sqrt((len(each) - 1) * ((each - mean) ** 2).mean(axis=0))
        return 0.5 * (mean + self._logit(self.whole, x)), doubt

    def logit(self, x: np.ndarray) -> np.ndarray:
        """Log odds (n,)."""
        return self.moments(x)[0]

    def risk(self, x: np.ndarray) -> np.ndarray:
        """P(y = 1 | x), (n,)."""
        return expit(self.logit(x))

    @property
    def digest(self) -> str:
        """SHA-256 of names, stack and all learners."""
        told = hashlib.sha256("\n".join(self.names).encode() + self.stack.tobytes())
        for learners in (*self.folds, self.whole):
            for one in learners:
                told.update(one.digest.encode())
        return told.hexdigest()

    def to_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """For numpy.savez."""
        kinds = "".join(LETTER[type(one)] for one in self.folds[0])
        gain = np.array([self.gain.get(n, 0.0) for n in self.names], dtype=np.float32)
        out = {"names": np.array(self.names), "kinds": np.array(kinds), "origin": np.array(self.origin), "gain": gain}
        out |= {"stack": self.stack, "folds": np.array(len(self.folds))}
        for k, learners in enumerate((*self.folds, self.whole)):
            for j, one in enumerate(learners):
                out |= {f"{k}.{j}.{n}": a for n, a in one.to_arrays().items()}
        return {f"{prefix}{n}": a for n, a in out.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "") -> Ensemble:
        """Back from `to_arrays`."""
        mine = {n.removeprefix(prefix): arrays[n] for n in arrays if n.startswith(prefix)}
        folds = []
        for k in range(int(mine["folds"]) + 1):
            learners: list[Learner] = []
            for j, kind in enumerate(str(mine["kinds"])):
                start = f"{k}.{j}."
                parts = {n.removeprefix(start): a for n, a in mine.items() if n.startswith(start)}
                learners.append(STORED[kind].from_arrays(parts))
            folds.append(tuple(learners))
        names = tuple(str(n) for n in mine["names"])
        gain = dict(zip(names, mine["gain"].tolist(), strict=True))
        return cls(names, tuple(folds[:-1]), folds[-1], np.asarray(mine["stack"]), str(mine["origin"]), gain)


@dataclass(frozen=True, eq=False)
class Fitted:
    """An ensemble, and for each row it was fitted on the stacked logit (n,) of learners that never saw its subject."""

    ensemble: Ensemble
    held_out: np.ndarray


def fit(
    names: Sequence[str],
    x: np.ndarray,
    y: np.ndarray,
    subject: np.ndarray,
    recipe: Recipe,
    *,
    seed: int,
    origin: str,
    signs: Mapping[str, int] | None = None,
    also: Mapping[str, np.ndarray] | None = None,
) -> Fitted:
    """x (n, k) with NaN where nothing was seen, y (n,) 0 or 1, subject (n,); signs {column: +1 or -1}: where a monotone
    forest's risk never falls, or never rises; also {target: (n,)}: outcomes that other forests learn (a forest whose
    target is not there learns y). InferenceError without LightGBM."""
    sign = [(signs or {}).get(n, 0) for n in names]
    part = folds_of(subject, y, recipe.folds, seed)
    count = len(recipe.forests) + (recipe.penalty is not None)
    held = np.zeros((count, len(y)))

    def learned(rows: np.ndarray, k: int) -> tuple[Learner, ...]:
        found: list[Learner] = []
        for j, growth in enumerate(recipe.forests):
            tree_seed = int(generator(seed, "crossfit", k, j).integers(2**31 - 1))
            told = (also or {}).get(growth.target, y)
            if growth.stages:
                column = names.index(growth.stages)
                found.append(grow_staged(x[rows], told[rows], growth, tree_seed, sign, column))
            else:
                found.append(grow(x[rows], told[rows], growth, tree_seed, sign))
        return (*found, fit_ridge(x[rows], y[rows], recipe.penalty)) if recipe.penalty is not None else tuple(found)

    folds = []
    for k in range(recipe.folds):
        folds.append(learned(part != k, k))
        for j, one in enumerate(folds[k]):
            held[j, part == k] = one.predict(x[part == k])
    whole = learned(np.full(len(y), True), recipe.folds)
    stack = sharpened(stacked(held, y, recipe.loose), held, y, recipe.sharpen)
    gain = np.sum([one.gain for one in whole if not isinstance(one, Ridge)], axis=0)
    share = dict(zip(names, (gain / max(float(np.sum(gain)), 1e-300)).tolist(), strict=True))
    return Fitted(Ensemble(tuple(names), tuple(folds), whole, stack, origin, share), stack[0] + stack[1:] @ held)


def sharpened(stack: np.ndarray, held: np.ndarray, y: np.ndarray, by: float) -> np.ndarray:
    """Weights `by` times as large, and the intercept at which as many events are expected as came."""
    spread = by * stack[1:] @ held
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if expit(middle + spread).sum() < y.sum() else (low, middle)
    return np.append(0.5 * (low + high), by * stack[1:])


def folds_of(subject: np.ndarray, y: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """The fold (n,) of each row: whole subjects, dealt in turn, those with an event apart from those without."""
    who, place = np.unique(subject, return_inverse=True)
    event = np.zeros(len(who))
    np.maximum.at(event, place, y)
    order = generator(seed, "folds").permutation(len(who))
    order = order[np.argsort(event[order], kind="stable")]
    dealt = np.empty(len(who), dtype=int)
    dealt[order] = np.arange(len(who)) % folds
    return dealt[place]


def stacked(held: np.ndarray, y: np.ndarray, loose: float) -> np.ndarray:
    """Intercept and weights (1 + learner,) of the logistic stack on held-out logits (learner, n): posterior mode,
    weights about one equal share with sd `loose` each, none below 0."""
    from scipy.optimize import minimize

    share = 1.0 / len(held)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        eta = w[0] + w[1:] @ held
        off = (w[1:] - share) / loose
        value = np.logaddexp(0.0, eta).sum() - y @ eta + 0.5 * off @ off
        residual = expit(eta) - y
        return float(value), np.append(residual.sum(), held @ residual + off / loose)

    start = np.append(0.0, np.full(len(held), share))
    bounds = [(None, None), *[(0.0, None)] * len(held)]
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
