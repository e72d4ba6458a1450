"""Pictures of choices and causes with matplotlib (extra `plot`): options ranked, shares of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitruvian.verbs.plots import COLOURS, axes

if TYPE_CHECKING:
    from vitruvian.verbs.cohorted import Cohort
    from vitruvian.verbs.explained import Explanation
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


def plot_explanation(answer: Explanation, over: str | None = None, ax: Any = None) -> Any:
    """Shares with two standard errors, the largest on top: they lead from the reference to the answer."""
    ax = axes(ax)
    told = answer[over] if over else next(iter(answer.breakdowns.values()))
    shares = told.shares[:SHOWN]
    colours = [COLOURS[0] if s.share >= 0 else COLOURS[1] for s in shares]
    ax.barh(range(len(shares)), [s.share for s in shares], xerr=[2 * s.error for s in shares], color=colours)
    ax.set_yticks(range(len(shares)), [s.name for s in shares])
    ax.invert_yaxis()
    ax.axvline(0.0, color="0.6", lw=0.8)
    ax.set_xlabel(f"share of {answer.quantity} [{answer.unit}]")
    ax.set_title(f"{told.over}: from {told.reference:.4g} to {told.answer:.4g}. {answer.disclaimer}", fontsize=9)
    return ax


def plot_cohort(answer: Cohort, name: str | None = None, ax: Any = None) -> Any:
    """Subjects from the highest to the lowest mean, each with its 90 % band."""
    ax = axes(ax)
    first = next(iter(answer.forecasts.values()))
    chosen = name or next(iter(first.items))
    for k, (subject, mean) in enumerate(answer.ranking(chosen)):
        e = answer[subject][chosen]
        ax.plot([k, k], [float(e.quantile(q)[-1]) for q in (0.05, 0.95)], color=COLOURS[0], lw=1.5, alpha=0.4)
        ax.plot([k], [mean], ".", color=COLOURS[0])
    ax.set_xlabel(f"{len(answer)} subjects, in order")
    ax.set_ylabel(f"{chosen} [{first[chosen].unit}]")
    ax.set_title(f"{answer.kind}: mean and 90 % band. {answer.disclaimer}", fontsize=9)
    return ax
