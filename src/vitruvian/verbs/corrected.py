"""The learned correction of a forecast: each member keeps its rank, the margins become those that were learned.

At each learned time the members' values are replaced by the learned quantiles in the order of the members (ensemble
copula coupling: Schefzik, Thorarinsdottir & Gneiting, Stat Sci 28:616, 2013), so that how a member goes on over time is
the mechanism's. What this adds to each member is found once, for the case as planned, and added under every option:
differences between options are untouched. Between learned times it is a line; after the last it fades.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import CapabilityError
from vitruvian.core.kind import Corrected, Margins
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin


@dataclass(frozen=True)
class Learned:
    """The margins by observable at a belief's time, and what to say of them."""

    at: float
    margins: Mapping[str, Margins]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, twin: Twin, names: Sequence[str]) -> Learned:
        """For the observables of a request. CapabilityError if the kind has learned no correction."""
        kind, belief = twin.kind, twin.believed()
        if not isinstance(kind, Corrected):
            raise CapabilityError(
                f"kind '{kind.name}' has learned no correction", where="forecast", fix="leave `learned` out"
            )
        case, record = twin.case.until(belief.known_at), twin.record.until(belief.known_at)
        found = {n: kind.margins(n, case, record, belief.at) for n in names}
        spoken = {n: m for n, m in found.items() if m is not None and len(m.times)}
        if spoken:
            note = f"corrected by what other people's sensors taught ({kind.correction_artefact})"
        else:
            note = "not corrected: nothing was learned from people and sensors like this"
        return cls(belief.at, spoken, (note,))

    def with_times(self, request: Request) -> Request:
        """The request as run, with the learned times."""
        items = {n: np.asarray(t) for n, t in request.items.items()}
        for n, m in self.margins.items():
            items[n] = np.union1d(request.times(n), m.times)
        return Request(items)

    def added(self, request: Request, values: Mapping[str, np.ndarray], weights: np.ndarray) -> dict[str, np.ndarray]:
        """What to add to each member at the times run: (member, n); values are those of the case as planned."""
        out = {}
        for n, m in self.margins.items():
            times = request.times(n)
            there = values[n][:, np.searchsorted(times, m.times)]
            knots = np.concatenate([np.zeros((len(there), 1)), _ranked(there, m, weights)], axis=1)
            at = np.concatenate([[self.at], m.times])
            path = np.stack([np.interp(times, at, k) for k in knots])
            out[n] = path * np.exp(-np.maximum(times - at[-1], 0.0) / m.fade)
        return out


def _ranked(values: np.ndarray, margins: Margins, weights: np.ndarray) -> np.ndarray:
    """Learned quantile at each member's rank less its value, (member, k)."""
    out = np.empty_like(values)
    for k in range(values.shape[1]):
        order = np.argsort(values[:, k], kind="stable")
        rank = np.empty(len(order))
        rank[order] = np.cumsum(weights[order]) - 0.5 * weights[order]
        out[:, k] = np.interp(rank, margins.levels, margins.values[:, k]) - values[:, k]
    return out
