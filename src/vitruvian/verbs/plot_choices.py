"""Pictures of choices and causes with matplotlib (extra `plot`): options ranked, shares of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitruvian.verbs.plots import COLOURS, axes

if TYPE_CHECKING:
    from vitruvian.verbs.recommended import Recommendation

SHOWN = 12  # options or causes in one picture


def plot_recommendation(answer: Recommendation, ax: Any = None) -> Any:
    """Expected objective with its 90 % band, the best on top; hollow: a constraint is not met."""
    ax = axes(ax)
    options = answer.options[:SHOWN]
    for k, option in enumerate(options):
        low, high = (float(option.objective.quantile(q)[0]) for q in (0.05, 0.95))
        colour = COLOURS[0] if option.feasible else COLOURS[1]
        ax.plot([low, high], [k, k], color=colour, lw=2, alpha=0.5)
        ax.plot([option.expected], [k], "o", color=colour, mfc=colour if option.feasible else "white")
    ax.set_yticks(range(len(options)), [o.name for o in options])
    ax.invert_yaxis()
    ax.set_xlabel(f"{answer.objective.quantity} [{answer.unit}], expected and 90 % band")
    ax.set_title(f"{answer.kind}: hollow = a constraint is not met. {answer.disclaimer}", fontsize=9)
    return ax
