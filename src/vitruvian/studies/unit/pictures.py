"""Pictures of a unit with matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from vitruvian.studies.unit.crashes import Crashes
    from vitruvian.studies.unit.response import Tonight

BLUE = "#0b6e99"


def axes(ax: Any) -> Any:
    """The given axes or new ones."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6, 3.5), layout="constrained")[1] if ax is None else ax


def draw_count(answer: Crashes, ax: Any) -> Any:
    """How many crash, with what probability."""
    ax = axes(ax)
    most = max(answer.quantile(0.999), 3) + 1
    ax.bar(np.arange(most), answer.probability[:most], color=BLUE)
    ax.set_xlabel(f"crashes in {answer.hours} h")
    ax.set_ylabel("probability")
    return ax


def draw_patterns(answer: Tonight, ax: Any) -> Any:
    """Late answers over cost."""
    ax = axes(ax)
    for p in answer.patterns:
        ax.plot(p.cost.mean(), p.late.mean(), "o", color=BLUE)
        ax.annotate(
            p.staffing.name, (p.cost.mean(), p.late.mean()), xytext=(4, 4), textcoords="offset points", fontsize=8
        )
    ax.set_xlabel("cost a night, USD")
    ax.set_ylabel(f"answers later than {answer.demand.target_minutes:g} min a night")
    return ax
