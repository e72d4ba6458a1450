"""Pictures of answers with matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vitruvian.core.case import Origin

if TYPE_CHECKING:
    from vitruvian.verbs.fitted import Fitted
    from vitruvian.verbs.result import Comparison, Ensemble, Forecast

COLOURS = (
    "#0b6e99",
    "#b5480f",
    "#3d7d3d",
    "#7a4fa3",
    "#8a6d00",
    "#a3355c",
)  # distinct in print and to colour-blind eyes


def axes(ax: Any) -> Any:
    """The given axes or new ones."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, 3.5), layout="constrained")[1] if ax is None else ax


def plot_forecast(answer: Forecast, name: str | None = None, ax: Any = None) -> Any:
    """Median, 50 and 90 % bands of one item."""
    ax = axes(ax)
    e = answer[name] if name else next(iter(answer.items.values()))
    _band(ax, answer, e, COLOURS[0], "forecast", both=True)
    return _finish(ax, answer, e)


def plot_comparison(answer: Comparison, name: str | None = None, ax: Any = None) -> Any:
    """Every option's median and 90 % band."""
    ax = axes(ax)
    first = answer.options[answer.against]
    chosen = name or next(iter(first.items))
    for colour, (option, f) in zip(COLOURS * len(answer.options), answer.options.items(), strict=False):
        _band(ax, f, f[chosen], colour, option, both=False)
    return _finish(ax, first, first[chosen])


def plot_fitted(answer: Fitted, name: str | None = None, ax: Any = None) -> Any:
    """Readings over the model's median and 90 % band."""
    ax = axes(ax)
    e = answer.items[name] if name else next(iter(answer.items.values()))
    when = [answer.origin.moment(t) for t in e.times]
    times, values = answer.readings(e.name)
    ax.fill_between(when, e.quantile(0.05), e.quantile(0.95), color=COLOURS[0], alpha=0.2, lw=0)
    ax.plot(when, e.quantile(0.5), color=COLOURS[0], label="model")
    ax.plot([answer.origin.moment(t) for t in times], values, ".", ms=3, color="#333333", label="readings")
    ax.set_ylabel(labelled(e))
    ax.set_title(f"{answer.kind}: model without its discrepancy, median with 90 % band", fontsize=9)
    _local_axis(ax, answer.origin)
    return ax


def plot_panels(answer: Forecast, names: Sequence[str]) -> Any:
    """Median with 50 and 90 % bands of several observables, a panel each; the first panel."""
    import matplotlib.pyplot as plt

    columns = 1 if len(names) < 4 else 2
    rows = -(-len(names) // columns)
    size = (4.5 + 4.5 * columns, 1.0 + 1.9 * rows)
    figure, panels = plt.subplots(rows, columns, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for panel, name in zip(panels.flat, names, strict=False):
        _band(panel, answer, answer[name], COLOURS[0], "median", both=True)
        panel.set_title(labelled(answer[name]), fontsize=9, loc="left")
        panel.set_ylim(bottom=0)
        _local_axis(panel, answer.origin)
        panel.get_legend().remove()
    for panel in panels.flat[len(names) :]:
        panel.axis("off")
    figure.suptitle(f"{answer.kind}: median with 50 and 90 % bands. {answer.disclaimer}", fontsize=9)
    return panels.flat[0]


def labelled(e: Ensemble) -> str:
    """Name and unit; a number of things has none."""
    name = e.name.replace("_", " ")
    return name if e.unit == "1" else f"{name} [{e.unit}]"


def _local_axis(ax: Any, origin: Origin) -> None:
    import matplotlib.dates as mdates

    locator = ax.xaxis.get_major_locator()
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=origin.moment(0.0).tzinfo))
    ax.legend(frameon=False)


def _band(ax: Any, answer: Forecast, e: Ensemble, colour: str, label: str, both: bool) -> None:
    if e.is_window:
        low, high = e.quantile(0.05), e.quantile(0.95)
        middle = e.quantile(0.5)
        ax.errorbar([label], middle[:1], [middle[:1] - low[:1], high[:1] - middle[:1]], fmt="o", color=colour)
        return
    when = [answer.origin.moment(t) for t in e.times]
    ax.fill_between(when, e.quantile(0.05), e.quantile(0.95), color=colour, alpha=0.18, lw=0)
    if both:
        ax.fill_between(when, e.quantile(0.25), e.quantile(0.75), color=colour, alpha=0.25, lw=0)
    ax.plot(when, e.quantile(0.5), color=colour, label=label)


def _finish(ax: Any, answer: Forecast, e: Ensemble) -> Any:
    ax.set_ylabel(labelled(e))
    ax.set_title(f"{answer.kind}: median with 90 % band. {answer.disclaimer}", fontsize=9)
    if not e.is_window:
        _local_axis(ax, answer.origin)
    return ax
