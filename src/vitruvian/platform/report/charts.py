"""The report's pictures as inline SVG (matplotlib), each with a sentence that says what it shows."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from vitruvian.core.section import Section
from vitruvian.platform.report.content import Content
from vitruvian.verbs.plots import COLOURS, axes

DAY = 86400.0
INK = "#333333"


def svg(draw: Callable[[Any], None], title: str, *, height: float = 3.0) -> str:
    """One figure as an <svg> with a title for screen readers."""
    import matplotlib as mpl

    mpl.use("Agg", force=False)
    import matplotlib.pyplot as plt

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with plt.rc_context({**style, "font.family": "sans-serif", "svg.hashsalt": "vitruvian"}):
        figure, ax = plt.subplots(figsize=(9, height), layout="constrained")
        draw(ax)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
        plt.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", text, count=1)
    text = re.sub(r'style="([^"]*)"', _attributes, text)
    prefix = hashlib.sha256(title.encode()).hexdigest()[:6]  # ids of several pictures on one page must differ
    text = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{prefix}-", text)
    return text.replace(">", f' role="img" aria-label="{escape(title)}">', 1)


def _attributes(style: re.Match[str]) -> str:
    """A style as attributes of its element: a browser that allows no inline style draws it all the same."""
    given = (part.split(":", 1) for part in style[1].split(";") if ":" in part)
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, value in given)


def record(content: Content) -> str:
    """All readings over time."""
    origin = content.twin.case.origin

    def draw(ax: Any) -> None:
        rows = content.record.only(content.observable)
        for colour, sensor in zip(COLOURS, sorted(set(rows.sensor.tolist())), strict=False):
            mine = rows.sensor == sensor
            when = [origin.moment(t) for t in rows.valid_time[mine]]
            ax.plot(
                when, rows.value[mine], ".", ms=2 if len(when) > 300 else 5, color=colour, label=sensor or "readings"
            )
        _finish(ax, content, legend=len(set(rows.sensor.tolist())) > 1)

    return svg(draw, f"All readings of {content.observable} over time")


def profile(content: Content) -> str | None:
    """Percentiles by time of day; None with less than three days of readings."""
    origin = content.twin.case.origin
    rows = content.record.only(content.observable)
    if len(rows) == 0 or np.ptp(rows.valid_time) < 3 * DAY:
        return None
    hour = np.array([origin.clock(t) for t in rows.valid_time]) / 3600.0
    bins = np.arange(0, 24.01, 0.5)
    middle = 0.5 * (bins[1:] + bins[:-1])
    bands = np.full((5, len(middle)), np.nan)
    for k in range(len(middle)):
        inside = (hour >= bins[k]) & (hour < bins[k + 1])
        if inside.sum() >= 3:
            bands[:, k] = np.percentile(rows.value[inside], [5, 25, 50, 75, 95])

    def draw(ax: Any) -> None:
        ax.fill_between(middle, bands[0], bands[4], color=COLOURS[0], alpha=0.18, lw=0, label="5 to 95 %")
        ax.fill_between(middle, bands[1], bands[3], color=COLOURS[0], alpha=0.3, lw=0, label="25 to 75 %")
        ax.plot(middle, bands[2], color=COLOURS[0], label="median")
        ax.set_xticks(range(0, 25, 3), [f"{h:02d}:00" for h in range(0, 25, 3)])
        ax.set_xlim(0, 24)
        ax.set_ylabel(_label(content))
        ax.legend(frameon=False, ncols=3)

    return svg(draw, f"{content.observable} by time of day, percentiles of the readings")


def added(part: Section) -> str | None:
    """The picture of a section that the kind adds."""
    draw = part.draw

    def drawn(ax: Any) -> None:
        if draw is not None:
            draw(ax)
            ax.set_title("")

    return svg(drawn, part.shows or part.title) if draw is not None else None


def fit(content: Content) -> str | None:
    """Readings of the window over the model."""
    if content.fitted is None:
        return None
    f = content.fitted

    def draw(ax: Any) -> None:
        f.plot(content.observable, ax)
        ax.set_title("")

    return svg(draw, f"Readings of {content.observable} over the calibrated model")


def forecast(content: Content) -> str:
    """The last hours' readings, then the forecast with bands."""
    twin, origin = content.twin, content.twin.case.origin
    e = content.forecast[content.observable]

    def draw(ax: Any) -> None:
        span = float(np.ptp(e.times))
        known = twin.record.until(twin.believed().known_at).only(content.observable)
        rows = known.between(content.now - span, content.now)
        ax.plot([origin.moment(t) for t in rows.valid_time], rows.value, ".", ms=4, color=INK, label="readings")
        when = [origin.moment(t) for t in e.times]
        ax.fill_between(when, e.quantile(0.05), e.quantile(0.95), color=COLOURS[0], alpha=0.18, lw=0, label="90 %")
        ax.fill_between(when, e.quantile(0.25), e.quantile(0.75), color=COLOURS[0], alpha=0.3, lw=0, label="50 %")
        ax.plot(when, e.quantile(0.5), color=COLOURS[0], label="median")
        ax.axvline(origin.moment(content.now), color=INK, lw=0.8, ls=":")
        _finish(ax, content, legend=True)

    return svg(draw, f"Forecast of {content.observable} with 50 and 90 per cent bands")


def options(content: Content) -> str | None:
    """Every option's median and 90 % band."""
    comparison = content.comparison
    if comparison is None:
        return None

    def draw(ax: Any) -> None:
        comparison.plot(content.observable, ax)
        ax.set_title("")

    return svg(draw, f"What if: {content.observable} under each option")


def learned(content: Content) -> str:
    """How much was learned per parameter."""
    rows = sorted(content.forecast.basis.learned.items(), key=lambda kv: kv[1])

    def draw(ax: Any) -> None:
        ax.barh([k for k, _ in rows], [100 * v for _, v in rows], color=COLOURS[0])
        ax.set_xlim(0, 100)
        ax.set_xlabel("learned from this subject's data, % of prior variance")

    return svg(draw, "Share learned per parameter", height=max(1.2, 0.3 * len(rows) + 0.7))


def _label(content: Content) -> str:
    return f"{content.observable} [{content.twin.kind.unit_of(content.observable)}]"


def _finish(ax: Any, content: Content, *, legend: bool) -> None:
    import matplotlib.dates as mdates

    zone = content.twin.case.origin.moment(0.0).tzinfo
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(ax.xaxis.get_major_locator(), tz=zone))
    ax.set_ylabel(_label(content))
    if legend:
        ax.legend(frameon=False, ncols=4)


__all__ = ["added", "axes", "fit", "forecast", "learned", "options", "profile", "record", "svg"]
