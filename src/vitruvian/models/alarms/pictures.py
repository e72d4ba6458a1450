"""Pictures of alarms with matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitruvian.models.alarms.choose import Choice
    from vitruvian.models.alarms.score import AlarmScore, DecisionCurve

BLUE, GREY = "#0b6e99", "#999999"


def axes(ax: Any) -> Any:
    """The given axes or new ones."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6, 3.5), layout="constrained")[1] if ax is None else ax


def draw_leads(answer: AlarmScore, ax: Any) -> Any:
    """How long before the event the alarm came."""
    ax = axes(ax)
    ax.hist(answer.leads / 3600.0, bins=24, color=BLUE)
    ax.set_xlabel("from the alarm to the event, h")
    ax.set_ylabel(f"events ({answer.recalled} of {answer.events} announced)")
    return ax


def draw_choice(answer: Choice, ax: Any) -> Any:
    """Every threshold's recall and load; the chosen one marked."""
    ax = axes(ax)
    ax.plot([s.load for _, s in answer.tried], [s.recall for _, s in answer.tried], ".", color=GREY, ms=3)
    ax.plot([answer.score.load], [answer.score.recall], "o", color=BLUE)
    ax.axvline(answer.load, color=GREY, lw=1.0, ls="--")
    ax.set_xlabel("alarms a patient-day")
    ax.set_ylabel("event recall")
    return ax


def draw_curve(answer: DecisionCurve, ax: Any) -> Any:
    """Net benefit beside calling everybody and nobody."""
    ax = axes(ax)
    ax.plot(answer.p, answer.net, color=BLUE, label="this risk")
    ax.plot(answer.p, answer.everybody, color=GREY, label="everybody")
    ax.axhline(0.0, color=GREY, lw=1.0, ls="--", label="nobody")
    ax.set_ylim(bottom=min(-0.01, float(answer.net.min())))
    ax.set_xlabel("threshold probability")
    ax.set_ylabel("net benefit a look")
    ax.legend()
    return ax
