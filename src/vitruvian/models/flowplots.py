"""Pictures of flow: the process map, a Gantt of cases, census bands, and waits by hour of the week."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.models.routing import END, START

if TYPE_CHECKING:
    from vitruvian.models.beds import BedForecast
    from vitruvian.models.eventlog import EventLog
    from vitruvian.models.flowlearn import LearnedFlow

COLOURS = ("#0b6e99", "#b5480f", "#3d7d3d", "#7a4fa3", "#8a6d00", "#a3355c")
INK, FAINT = "#333333", "#dddddd"
LEAST = 0.02  # of all moves: thinner ones are left out of the map, and it says so
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plot_map(flow: LearnedFlow, ax: Any = None) -> Any:
    """Activities in the order they come, arrows as thick as cases go that way, median time under each name."""
    ax = _axes(ax, (9, 5))
    moves = {(h[0], b): n for h, seen in flow.routing.counts.items() if len(h) == 1 for b, n in seen.items()}
    total = max(sum(moves.values()), 1)
    others = {k: n for k, n in moves.items() if k[0] != k[1]}
    thick = {k: n for k, n in others.items() if n >= LEAST * total}
    for name in flow.activities:  # nobody stands alone: the way most come by and most go by is drawn, however rare
        for end in (0, 1):
            some = {k: n for k, n in others.items() if k[end] == name}
            if some and not any(k[end] == name for k in thick):
                way = max(some, key=lambda k: some[k])
                thick[way] = some[way]
    place = _layered([START, *flow.activities, END], moves)
    most = max(thick.values(), default=1)
    for (a, b), n in sorted(thick.items(), key=lambda t: t[1]):
        onward = place[b][0] > place[a][0] or (place[b][0] == place[a][0] and place[b][1] < place[a][1])
        bend = 0.0 if onward else 0.35  # backwards in an arc
        style = {"arrowstyle": "-|>", "color": COLOURS[0] if not bend else COLOURS[1], "alpha": 0.65}
        style |= {"lw": 0.6 + 4.0 * n / most, "shrinkA": 24, "shrinkB": 26, "connectionstyle": f"arc3,rad={bend}"}
        ax.annotate("", place[b], place[a], arrowprops=style)
        x, y = (0.55 * np.array(place[b]) + 0.45 * np.array(place[a])).tolist()
        said = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85}
        ax.text(x, y + 0.6 * bend, f"{n}", fontsize=7, color=INK, ha="center", va="center", bbox=said)
    for name, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.35", "fc": "white" if name not in (START, END) else FAINT, "ec": INK, "lw": 0.8}
        ax.text(x, y, _said(flow, name), ha="center", va="center", fontsize=8, bbox=box)
    left_out = len(moves) - len(thick)
    ax.set_title(f"{flow.summary['cases']} cases; {left_out} rarer ways are not drawn", fontsize=9)
    ax.set_xlim(-0.6, max(p[0] for p in place.values()) + 0.6)
    ys = [p[1] for p in place.values()]
    ax.set_ylim(min(ys) - 0.8, max(ys) + 0.8)
    ax.axis("off")
    return ax


def plot_gantt(log: EventLog, most: int = 30, ax: Any = None) -> Any:
    """The first cases, a line each: bars from start to completion, dots where only the completion is known."""
    import matplotlib as mpl
    import matplotlib.dates as mdates

    ax = _axes(ax, (10, 5))
    shades = mpl.colormaps["tab20"].colors  # pyright: ignore[reportAttributeAccessIssue]
    colour = {a: shades[i % len(shades)] for i, a in enumerate(log.activities)}
    drawn: set[str] = set()
    names = []
    for line, (case, rows) in enumerate(list(log.traces())[:most]):
        names.append(case)
        for i in rows:
            name = str(log.activity[i])
            label = name if name not in drawn and len(drawn) < len(shades) else None
            drawn.add(name)
            end = log.moment(float(log.complete[i]) if np.isfinite(log.complete[i]) else log.until)
            if np.isfinite(log.start[i]):
                begin = log.moment(float(log.start[i]))
                ax.barh(line, end - begin, left=begin, height=0.7, color=colour[name], label=label)
            else:
                ax.plot([end], [line], "o", ms=4, color=colour[name], label=label)
    ax.set_yticks(range(len(names)), names, fontsize=7)
    ax.invert_yaxis()
    locator = ax.xaxis.get_major_locator()
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=log.origin.tzinfo))
    ax.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def plot_census(answer: BedForecast, ax: Any = None) -> Any:
    """Median and 90 % band of the census of every unit over the hours from now: a panel each, in one where given."""
    if ax is None:
        return _panels(answer)
    for i, unit in enumerate(answer.pmf):
        colour = COLOURS[i % len(COLOURS)]
        low, high = answer.quantile(unit, 0.05), answer.quantile(unit, 0.95)
        ax.fill_between(answer.hours, low, high, step="mid", color=colour, alpha=0.18, lw=0)
        ax.step(answer.hours, answer.quantile(unit, 0.5), where="mid", color=colour, label=unit)
    ax.set_xlabel("hours from now")
    ax.set_ylabel("patients: median and 90 % band")
    ax.legend(frameon=False, fontsize=8)
    return ax


def _panels(answer: BedForecast) -> Any:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    columns = min(3, len(answer.pmf))
    rows = -(-len(answer.pmf) // columns)
    size = (3.2 * columns + 1, 1.7 * rows + 0.6)
    figure, panels = plt.subplots(rows, columns, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for panel, unit in zip(panels.flat, answer.pmf, strict=False):
        low, high = answer.quantile(unit, 0.05), answer.quantile(unit, 0.95)
        panel.fill_between(answer.hours, low, high, step="mid", color=COLOURS[0], alpha=0.2, lw=0)
        panel.step(answer.hours, answer.quantile(unit, 0.5), where="mid", color=COLOURS[0])
        panel.set_title(unit, fontsize=9, loc="left")
        panel.set_ylim(bottom=0)
        panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for panel in panels.flat[len(answer.pmf) :]:
        panel.axis("off")
    figure.supxlabel("hours from now", fontsize=9)
    figure.supylabel("patients: median and 90 % band", fontsize=9)
    return panels.flat[0]


def plot_waits(log: EventLog, ready: np.ndarray, ax: Any = None) -> Any:
    """Mean wait (min) before an activity by the hour and day in which it could begin; `ready`: flowlearn.enabled."""
    ax = _axes(ax, (8, 3))
    known = np.isfinite(ready) & np.isfinite(log.start)
    monday = log.origin - timedelta(days=log.origin.weekday())
    shift = (log.origin - monday).total_seconds() + log.offset_s
    hour = ((ready[known] + shift) // 3600).astype(int) % 168
    wait = np.maximum(log.start[known] - ready[known], 0.0) / 60.0
    grid = np.full(168, np.nan)
    for h in np.unique(hour):
        grid[h] = np.mean(wait[hour == h])
    shown = ax.imshow(grid.reshape(7, 24), aspect="auto", cmap="YlOrRd")
    ax.figure.colorbar(shown, ax=ax, label="mean wait, min")
    ax.set_yticks(range(7), DAYS)
    ax.set_xticks(range(0, 24, 3), [f"{h:02d}" for h in range(0, 24, 3)])
    ax.set_xlabel("hour of the day")
    return ax


def _said(flow: LearnedFlow, name: str) -> str:
    found = flow.activities.get(name)
    law = (found.hold or found.lead) if found else None
    if found is None or law is None:
        return name.strip("()")
    return f"{name}\n{found.rows} | {_duration(float(law.law.quantile(np.array(0.5))))}"


def _duration(hours: float) -> str:
    return f"{60 * hours:.0f} min" if hours < 2 else f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


def _layered(names: list[str], moves: dict[tuple[str, str], int]) -> dict[str, tuple[float, float]]:
    """Places: x by the mean position at which cases reach an activity (steady state of the moves), y to keep apart."""
    steps = dict.fromkeys(names, 0.0)
    for _ in range(len(names)):
        for b in names:
            into = [(steps[a] + 1.0, n) for (a, t), n in moves.items() if t == b and a != b and a in steps]
            if into and b != START:
                steps[b] = min(sum(s * n for s, n in into) / sum(n for _, n in into), float(len(names)))
    steps[END] = max(steps.values()) + 1.0
    order = sorted(names, key=lambda n: steps[n])
    columns = max(3, int(np.ceil(np.sqrt(2.0 * len(names)))))
    per = int(np.ceil(len(order) / columns))
    out = {}
    for i, name in enumerate(order):
        column, row = divmod(i, per)
        held = min(per, len(order) - column * per)
        out[name] = (1.6 * column, (held - 1) / 2.0 - row + 0.25 * (column % 2))
    return out


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
