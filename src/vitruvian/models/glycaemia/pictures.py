"""Pictures of glycaemia with matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.models.glycaemia.ranges import RANGES

if TYPE_CHECKING:
    from vitruvian.models.glycaemia.alarm import AlarmScore
    from vitruvian.models.glycaemia.artefacts import Artefacts
    from vitruvian.models.glycaemia.errorgrid import ErrorGrid
    from vitruvian.models.glycaemia.metrics import Metrics
    from vitruvian.models.glycaemia.profile import Profile
    from vitruvian.models.glycaemia.unannounced import LikelyMeals

# red to orange of the AGP report: Johnson et al., Diabetes Technol Ther 21:S2-17 (2019)
RANGE_COLOURS = {
    "very_low": "#8b1a1a",
    "low": "#d6453d",
    "in_range": "#3d8c40",
    "high": "#f2c037",
    "very_high": "#e07b24",
}
BLUE, INK = "#0b6e99", "#333333"
ZONE_COLOURS = {"A": "#3d8c40", "B": "#8a9a2b", "C": "#f2c037", "D": "#e07b24", "E": "#8b1a1a"}


def axes(ax: Any, size: tuple[float, float] = (8, 3.5)) -> Any:
    """The given axes or new ones."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def draw_ranges(answer: Metrics, ax: Any) -> Any:
    """Time in the five ranges, one bar each, with 90 % intervals where there are some."""
    ax = axes(ax)
    for row, (name, colour) in enumerate(RANGE_COLOURS.items()):
        v = answer[name]
        ax.barh(row, v.value, color=colour)
        if not np.isnan(v.low):
            ax.plot([v.low, v.high], [row, row], color=INK, lw=1.2)
        ax.text(max(v.value, 0 if np.isnan(v.high) else v.high) + 1, row, f"{v.value:.1f} %", va="center", fontsize=8)
    ax.set_yticks(range(len(RANGES)), [r.meaning for r in RANGES.values()])
    ax.set_xlim(0, 110)
    ax.set_xlabel(f"% of readings over {answer.sufficiency.days} days")
    return ax


def draw_profile(answer: Profile, ax: Any) -> Any:
    """Median, 25 to 75 % and 5 to 95 % by local time of day, the target range behind."""
    ax = axes(ax)
    p05, p25, p50, p75, p95 = answer.bands
    ax.axhspan(70, 180, color=RANGE_COLOURS["in_range"], alpha=0.08, lw=0)
    for level in (70, 180):
        ax.axhline(level, color=RANGE_COLOURS["in_range"], lw=0.8)
    ax.fill_between(answer.hours, p05, p95, color=BLUE, alpha=0.18, lw=0, label="5 to 95 %")
    ax.fill_between(answer.hours, p25, p75, color=BLUE, alpha=0.32, lw=0, label="25 to 75 %")
    ax.plot(answer.hours, p50, color=BLUE, label="median")
    ax.set_xlim(0, 24)
    ax.set_xticks(range(0, 25, 3), [f"{h:02d}:00" for h in range(0, 25, 3)])
    top = float(np.nanmax(p95)) if not np.isnan(p95).all() else 250.0
    ax.set_ylim(40, max(250.0, 1.05 * top))
    ax.set_ylabel("glucose [mg/dL]")
    ax.set_title(f"Ambulatory glucose profile, {answer.days} days", fontsize=9)
    ax.legend(frameon=False, ncols=3, fontsize=8)
    return ax


def draw_grid(answer: ErrorGrid, ax: Any) -> Any:
    """The pairs, coloured by zone, over the lines between the zones."""
    from vitruvian.models.glycaemia.errorgrid import GRIDS, ZONES, error_grid

    ax = axes(ax, (5.2, 5))
    top = max(400.0, 1.05 * float(max(answer.reference.max(), answer.reading.max())))
    at = np.linspace(1.0, top, 300)
    x, y = (a.ravel() for a in np.meshgrid(at, at))
    level = np.searchsorted(ZONES, error_grid(x, y, answer.name).zones).reshape(300, 300)
    ax.contour(at, at, level, levels=[0.5, 1.5, 2.5, 3.5], colors="#999999", linewidths=0.7)
    for zone, percent in answer.percent.items():
        mine = answer.zones == zone
        if mine.any():
            label = f"{zone}: {percent:.1f} %"
            ax.plot(answer.reference[mine], answer.reading[mine], ".", ms=4, color=ZONE_COLOURS[zone], label=label)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_aspect("equal")
    ax.set_xlabel("reference [mg/dL]")
    ax.set_ylabel("reading [mg/dL]")
    ax.set_title(f"{GRIDS[answer.name]}, {len(answer.zones)} pairs", fontsize=9)
    ax.legend(frameon=False, fontsize=8)
    return ax


def draw_leads(answer: AlarmScore, ax: Any) -> Any:
    """How long before the lows the alarms came."""
    ax = axes(ax)
    ax.hist(answer.leads / 60.0, bins=12, color=BLUE)
    ax.set_xlabel("minutes from alarm to low")
    ax.set_ylabel("lows caught")
    ax.set_title(f"recall {100 * answer.recall:.0f} %, {answer.false_per_day:.2f} false alarms a day", fontsize=9)
    return ax


def draw_meals(answer: LikelyMeals, ax: Any) -> Any:
    """The last three days of a trace, with each likely meal at its start: g and its 90 % range."""
    ax = axes(ax)
    t = answer.trace.civil
    late = t >= t[-1] - 3 * 86400.0
    ax.plot(t[late] / 3600, answer.trace.values[late], color=BLUE, lw=1, label="sensor")
    for m in (m for m in answer.found if m.at >= answer.trace.times[late][0]):
        hour = float(np.interp(m.at, answer.trace.times, t)) / 3600
        ax.axvline(hour, color=RANGE_COLOURS["very_high"], lw=1, ls="--")
        said = f"{m.grams:.0f} g ({m.low:.0f} to {m.high:.0f})"
        ax.annotate(said, (hour, ax.get_ylim()[1]), rotation=90, va="top", ha="right", fontsize=7, color=INK)
    ax.set_xlabel("hours of the local clock since the first midnight")
    ax.set_ylabel("glucose, mg/dL")
    ax.legend(loc="upper left", fontsize=8)
    return ax


def draw_artefacts(answer: Artefacts, ax: Any) -> Any:
    """Every candidate of a compression low, from an hour before its start to two hours after."""
    ax = axes(ax)
    t, g = answer.trace.times, answer.trace.values
    for a in answer.found:
        near = (t >= a.start - 3600.0) & (t <= a.start + 7200.0)
        ax.plot((t[near] - a.start) / 60, g[near], color=INK, lw=0.6, alpha=0.5)
        low = slice(a.first, a.last + 1)
        ax.plot((t[low] - a.start) / 60, g[low], color=RANGE_COLOURS["low"], lw=1.5)
    ax.axhline(70, color=RANGE_COLOURS["in_range"], lw=0.8)
    ax.set_xlabel("min since the fall began")
    ax.set_ylabel("glucose, mg/dL")
    return ax
