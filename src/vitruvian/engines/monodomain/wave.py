"""What a run gave: when each node was activated, what was watched, and the states at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.monodomain.tissue import Tissue


@dataclass(frozen=True, eq=False)
class Wave:
    """activation (node,) ms, NaN where none; watched (time, row) at `times` ms; states (state, node) at `end` ms."""

    tissue: Tissue
    cell: AbstractCell
    activation: np.ndarray
    times: np.ndarray
    watched: np.ndarray
    states: np.ndarray
    end: float

    @property
    def reached(self) -> float:
        """Share of the nodes that were activated."""
        return float(np.mean(np.isfinite(self.activation)))

    def at(self, places: np.ndarray) -> np.ndarray:
        """Activation (ms) at places (n, 3) mm."""
        return self.activation[self.tissue.nearest(places)]

    def to_json(self) -> dict[str, Any]:
        """Summary, and what was watched."""
        return {
            "nodes": len(self.activation),
            "spacing_mm": list(self.tissue.spacing),
            "end_ms": self.end,
            "reached": self.reached,
            "last_activation_ms": float(np.nanmax(self.activation)) if self.reached else None,
            "times_ms": self.times.tolist(),
            "watched": self.watched.tolist(),
        }

    def plot(self, axis: int = 2) -> Any:
        """Activation in the middle slice across one axis."""
        from matplotlib.figure import Figure

        grid = np.full(self.tissue.shape, np.nan)
        grid[self.tissue.number >= 0] = self.activation
        figure = Figure(figsize=(5, 4), layout="constrained")
        ax = figure.subplots()
        middle = np.take(grid, grid.shape[axis] // 2, axis=axis)
        image = ax.imshow(middle.T, origin="lower", cmap="viridis", interpolation="nearest")
        figure.colorbar(image, ax=ax, label="activation, ms")
        ax.set_xticks([])
        ax.set_yticks([])
        return figure
