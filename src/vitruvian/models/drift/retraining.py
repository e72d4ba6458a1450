"""A proposed retraining: why, how the new fit compares with the old one on held-back stays, and a way back.

    difference = mean over outcomes of loss(new) - loss(old), loss -ln p(outcome);  resampled by patient

A new fit is taken when it is better with the asked confidence on stays that neither was fitted on. The line of fits is
only ever added to: to go back is a new entry that names an old fit (by the content hash of its weights).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.core.keys import generator

DRAWS = 500
TINY = 1e-12


@dataclass(frozen=True)
class HeldBack:
    """Two fits on the same held-back outcomes: log loss and Brier score of each, and how sure the new one is better."""

    old: Mapping[str, float]
    new: Mapping[str, float]
    difference: float
    interval: tuple[float, float]
    better: float
    outcomes: int
    patients: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "interval": list(self.interval)}


def held_back(old: np.ndarray, new: np.ndarray, y: np.ndarray, patient: np.ndarray, seed: int = 0) -> HeldBack:
    """Risks of the old and new fit (n,), outcomes (n,), whose they are (n,). interval: 95 %, by patient."""
    _, which = np.unique(patient, return_inverse=True)
    losses = [_loss(p, y) for p in (old, new)]
    apart = np.bincount(which, weights=losses[1] - losses[0])
    count = np.bincount(which).astype(float)
    draws = generator(seed, "held-back").multinomial(len(count), np.full(len(count), 1.0 / len(count)), size=DRAWS)
    resampled = (draws @ apart) / (draws @ count)
    low, high = np.quantile(resampled, (0.025, 0.975)).tolist()
    was, now = ({"log_loss": float(x.mean()), "brier": float(np.mean((p - y) ** 2))}
                for x, p in zip(losses, (old, new), strict=True))  # fmt: skip
    difference = float(apart.sum() / count.sum())
    return HeldBack(was, now, difference, (low, high), float(np.mean(resampled < 0.0)), len(y), len(count))


def _loss(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = np.clip(p, TINY, 1.0 - TINY)
    return -np.where(y > 0, np.log(p), np.log1p(-p))


@dataclass(frozen=True)
class Entry:
    """One fit put to use: the hash of its weights, when (s), why, and how it compared (None: the first)."""

    artefact: str
    at: float
    reason: str
    compared: HeldBack | None = None


@dataclass(frozen=True)
class Line:
    """All fits of a kind that were put to use, the last one in use."""

    entries: tuple[Entry, ...]

    @property
    def current(self) -> Entry:
        """The fit in use."""
        return self.entries[-1]

    def take(self, artefact: str, at: float, reason: str, compared: HeldBack, confidence: float = 0.95) -> Line:
        """With a new fit in use; FieldError when it is not better with this confidence on the held-back stays."""
        if not reason.strip():
            raise FieldError("is empty", where="reason", fix="say why it was retrained")
        if compared.better < confidence:
            said = f"the new fit is better with probability {compared.better:.2f}, not {confidence:g}"
            raise FieldError(said, where="retraining", fix="keep the old one, or compare on more stays")
        return Line((*self.entries, Entry(artefact, at, reason, compared)))

    def back(self, at: float, reason: str) -> Line:
        """With the fit before the current one in use again; twice is further back."""
        used = [e.artefact for e in self.entries]
        earlier = self.entries[: used.index(self.current.artefact)]
        if not earlier:
            raise FieldError("there is no earlier fit", where="retraining", fix="nothing to do")
        return Line((*self.entries, Entry(earlier[-1].artefact, at, reason, earlier[-1].compared)))
