"""Pictures of scores with matplotlib (extra `plot`): calibration of forecasts, and error by horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.verbs.plots import COLOURS, axes
from vitruvian.verbs.rankband import rank_band

if TYPE_CHECKING:
    from vitruvian.verbs.validate import Validation


def plot_validation(answer: Validation, ax: Any = None) -> Any:
    """Empirical distribution of the PIT minus the uniform, inside its simultaneous band when calibrated."""
    ax = axes(ax)
    points = tuple((np.arange(1, 20) / 20).tolist())
    band = rank_band(max(int(answer.effective), 2), 0.99, points)
    grid = np.array(points)
    ax.fill_between(grid, band.low / band.n - grid, band.high / band.n - grid, color=COLOURS[0], alpha=0.18, lw=0)
    u = np.sort(answer.pit)
    share = np.searchsorted(u, grid, side="right") / len(u)
    ax.plot(grid, share - grid, "o-", color=COLOURS[0], ms=3, label=f"{answer.n} readings")
    ax.axhline(0.0, color="0.6", lw=0.8)
    ax.set_xlabel("forecast probability")
    ax.set_ylabel("share of readings minus probability")
    ax.set_title(f"{answer.name}: calibration with simultaneous 99 % band", fontsize=9)
    ax.legend(frameon=False)
    return ax
