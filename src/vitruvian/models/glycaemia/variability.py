"""Variability in time: how glucose changes over minutes, hours and from day to day. On the even grid, mg/dL."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from vitruvian.models.glycaemia.trace import HOUR, MINUTE, Grid


def conga(grid: Grid, hours: float = 24.0) -> float:
    """CONGA-n: SD of differences n hours apart (McDonnell et al., Diabetes Technol Ther 7:253, 2005)."""
    return spread(grid.change(hours * HOUR))


def modd(grid: Grid) -> float:
    """Mean of daily differences: |G - G a day earlier at the same time| (Molnar et al., Diabetologia 8:342, 1972)."""
    return quiet(np.nanmean, np.abs(np.diff(grid.by_day, axis=0)))


def mag(grid: Grid) -> float:
    """Mean absolute change, mg/dL per hour of known glucose (Hermanides et al., Crit Care Med 38:838, 2010)."""
    steps = np.abs(grid.change(grid.step))
    hours = np.sum(~np.isnan(steps)) * grid.step / HOUR
    return float(np.nansum(steps) / hours) if hours else float("nan")


def gvp(grid: Grid) -> float:
    """Glucose variability percentage: by how much the trace is longer than a flat one, %.

    Length with mg/dL and minutes as equal axes (Peyser et al., Diabetes Technol Ther 20:6, 2018).
    """
    steps, minutes = grid.change(grid.step), grid.step / MINUTE
    return quiet(np.nanmean, 100 * (np.hypot(steps, minutes) / minutes - 1))


def sd_rate(grid: Grid, over: float = 15 * MINUTE) -> float:
    """SD of the rate of change over 15 min, mg/dL/min (Clarke & Kovatchev, Diabetes Technol Ther 11:S45, 2009)."""
    return spread(grid.change(over) / (over / MINUTE))


def sd_within_day(grid: Grid) -> float:
    """SDw: mean of each day's SD (this and the next five: Rodbard, Diabetes Technol Ther 11:551, 2009)."""
    return quiet(np.nanmean, _sd(grid.by_day, 1))


def sd_between_times(grid: Grid) -> float:
    """SDhh:mm: SD of the mean profile over the times of the day."""
    return spread(_mean(grid.by_day, 0))


def sd_within_hour(grid: Grid) -> float:
    """SDws 1h: mean of the SD in every window of an hour."""
    k = grid.points(HOUR)
    return quiet(np.nanmean, _sd(np.lib.stride_tricks.sliding_window_view(grid.values, k), 1))


def sd_of_daily_means(grid: Grid) -> float:
    """SDdm: SD of the daily means."""
    return spread(_mean(grid.by_day, 1))


def sd_between_days(grid: Grid) -> float:
    """SDb: SD over days at each time of the day, then the mean over times."""
    return quiet(np.nanmean, _sd(grid.by_day, 0))


def sd_between_days_level(grid: Grid) -> float:
    """SDb // dm: as SDb, of the profiles less their daily means."""
    days = grid.by_day
    return quiet(np.nanmean, _sd(days - _mean(days, 1)[:, None], 0))


def daily_cv(grid: Grid) -> tuple[float, float]:
    """Mean and SD over days of each day's CV, % (Umpierrez & Kovatchev, Am J Med Sci 356:518, 2018)."""
    days = grid.by_day
    each = 100 * _sd(days, 1) / _mean(days, 1)
    return quiet(np.nanmean, each), spread(each)


def spread(values: np.ndarray) -> float:
    """SD (n - 1) of what is known."""
    return float(_sd(values, None))


def quiet(reduce: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    """A NaN-skipping mean that is NaN, without a warning, where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(reduce(values))


def _sd(values: np.ndarray, axis: int | None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanstd(values, axis=axis, ddof=1)


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=axis)
