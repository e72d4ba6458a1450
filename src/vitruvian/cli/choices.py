"""What is best, and how good past forecasts were: recommendations and backtests for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.cli.answers import closing
from vitruvian.cli.tables import number, span, table

if TYPE_CHECKING:
    from vitruvian.verbs.backtested import Backtest
    from vitruvian.verbs.explained import Explanation
    from vitruvian.verbs.recommended import Option, Recommendation

WORDS = {"min": "as low as possible", "max": "as high as possible"}


def recommendation_lines(answer: Recommendation, subject: str) -> list[str]:
    """Options in order, and why some may not be done."""
    goal = answer.objective
    start, end = (answer.origin.moment(t).strftime("%Y-%m-%d %H:%M") for t in goal.window)
    wish = WORDS.get(goal.sense) or f"close to {goal.target:g} {answer.unit}"
    out = [f"{subject}: {goal.quantity} {wish}, {start} to {end}", ""]
    header = ("option", goal.quantity, "90 %", "unit", "chance of best", "better than as planned", "allowed")
    out += table(header, [_row(o, answer.unit) for o in answer.options])
    reasons = [f"  {o.name}: {reason}" for o in answer.options for reason in o.reasons]
    if reasons:
        out += ["", "Not allowed because:", *reasons]
    best = "no option meets every constraint" if answer.best is None else f"best: {answer.best.name}"
    notes = [n for n in answer.notes if n != answer.basis.sentence()]
    return [*out, "", best, *notes, *closing(answer.basis, answer.warnings)]


def backtest_lines(answer: Backtest, subject: str) -> list[str]:
    """Errors by horizon beside the baselines' on the same origins."""
    from vitruvian.platform.duration import said

    plans = "known beforehand" if answer.plans == "known" else "coming as a surprise"
    out = [
        f"{subject}: {answer.observable} [{answer.unit}], forecasts then against readings that came; actions {plans}"
    ]
    rows = []
    for row in answer.table():
        names = [name for name, value in row.items() if isinstance(value, dict)]
        for name in names:
            scores = row[name]
            less = f"{-100 * scores['less']:+.0f} %" if "less" in scores else ""
            told = (
                number(scores["rmse"]),
                number(scores["mae"]),
                number(scores["crps"]),
                f"{100 * scores['cover90']:.0f} %",
            )
            rows.append((said(row["horizon"]) if name == names[0] else "", str(row["n"]), name, *told, less))
    out += table(("ahead", "n", "by", "RMSE", "MAE", "CRPS", "in 90 % band", "twin against it"), rows)
    return [*out, "", *dict.fromkeys(answer.notes)]


def explanation_lines(answer: Explanation, subject: str) -> list[str]:
    """Shares of every breakdown, and where the spread comes from."""
    start, end = (answer.origin.moment(t).strftime("%Y-%m-%d %H:%M") for t in answer.window)
    told = f"{number(answer.answer)} {answer.unit}, 90 % {span(*answer.band)}"
    out = [f"{subject}: {answer.quantity}, {start} to {end}: {told}"]
    for b in answer.breakdowns.values():
        rows = [(s.name, f"{s.share:+.3g}", f"{s.error:.2g}", f"{s.removed:+.3g}", s.meaning) for s in b.shares]
        out += ["", f"By {b.over}, from {number(b.reference)} to {number(b.answer)} {answer.unit} ({b.meaning}):"]
        out += table((b.over, "share", "s.e.", "moves it by", "meaning"), rows)
    rest = [("the rest", answer.spread.rest)]
    shares = [*sorted(answer.spread.shares.items(), key=lambda kv: -kv[1]), *rest]
    out += ["", f"Its spread (sd {number(answer.spread.sd)} {answer.unit}) comes from:"]
    out += table(("", ""), [(name, f"{100 * share:.0f} %") for name, share in shares if share >= 0.005])
    return [*out, "", *answer.notes, *closing(answer.basis, ())]


def _row(o: Option, unit: str) -> tuple[str, ...]:
    low, high = (float(o.objective.quantile(q)[0]) for q in (0.05, 0.95))
    mean, worse, better = o.better
    gain = "" if mean == worse == better == 0 else f"{number(mean)} ({span(worse, better)})"
    allowed = "yes" if o.feasible else "no"
    return o.name, number(o.expected), span(low, high), unit, f"{100 * o.best:.0f} %", gain, allowed
