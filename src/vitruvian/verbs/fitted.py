"""fitted: how well the belief's model follows the readings it was calibrated on, without its discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.case import Origin
from vitruvian.core.keys import member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.result import Ensemble


@dataclass(frozen=True)
class Fitted:
    """Per observable the model's ensemble at the readings' times, and the readings of the window."""

    kind: str
    origin: Origin
    items: Mapping[str, Ensemble]
    record: Record

    def readings(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Times and values of an observable's readings."""
        rows = self.record.only(name)
        return rows.valid_time, rows.value

    def error(self, name: str) -> np.ndarray:
        """Mean of the ensemble minus reading, one a reading."""
        times, values = self.readings(name)
        e = self.items[name]
        return e.mean()[np.searchsorted(e.times, times)] - values

    def mard(self, name: str) -> float:
        """Mean absolute relative difference, %."""
        _, values = self.readings(name)
        return float(100 * np.mean(np.abs(self.error(name)) / np.abs(values)))

    def rmse(self, name: str) -> float:
        """Root mean square error in the observable's unit."""
        return float(np.sqrt(np.mean(self.error(name) ** 2)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: per observable the bands, RMSE and number of readings."""
        out: dict[str, Any] = {"kind": self.kind}
        for name, e in self.items.items():
            out[name] = {**e.to_json(), "rmse": self.rmse(name), "n": len(self.readings(name)[0])}
        return out

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Readings over the model's median and 90 % band (matplotlib axes)."""
        from vitruvian.verbs.plots import plot_fitted

        return plot_fitted(self, name, ax)


def fitted(twin: Twin) -> Fitted:
    """The belief's members run again over its window, at every reading's time."""
    kind, belief = twin.kind, twin.believed()
    t0, t1 = belief.window
    known = twin.record.until(belief.known_at)
    rows = known.between(t0, t1)
    forcing = kind.compile(twin.case, known, t0, t1, belief.known_at)
    layout = Latents.of(kind.parameters, forcing)
    theta = layout.theta(layout.carry(belief.names, belief.z, belief.seed))
    request = Request({n: np.unique(rows.only(n).valid_time) for n in sorted(set(rows.observable.tolist()))})
    outputs, _ = kind.run(theta, forcing, request, member_seeds(belief.seed, belief.members))
    items = {
        n: Ensemble(n, kind.unit_of(n), request.times(n), np.asarray(v), belief.weights) for n, v in outputs.items()
    }
    return Fitted(kind.name, twin.case.origin, items, rows)
