"""Pictures of scores with matplotlib (extra `plot`): calibration of forecasts, and error by horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.verbs.plots import COLOURS, axes
from vitruvian.verbs.rankband import rank_band

if TYPE_CHECKING:
    from vitruvian.verbs.backtested import Backtest
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


def plot_backtest(answer: Backtest, ax: Any = None) -> Any:
    """Root mean square error by horizon, the twin's and the baselines'."""
    ax = axes(ax)
    table = answer.table()
    minutes = [row["horizon"] / 60 for row in table]
    for colour, name in zip(COLOURS, answer.rows[answer.horizons[0]].by, strict=False):
        ax.plot(minutes, [row[name]["rmse"] for row in table], "o-", color=colour, label=name)
    ax.set_xlabel("horizon [min]")
    ax.set_ylabel(f"RMSE of {answer.observable} [{answer.unit}]")
    ax.set_title(f"{answer.kind}: forecasts against readings, plans {answer.plans}", fontsize=9)
    ax.set_ylim(bottom=0.0)
    ax.legend(frameon=False)
    return ax
