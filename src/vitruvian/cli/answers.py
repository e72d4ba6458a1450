"""Answers for people: aligned, in local time, with what they rest on and what must be said beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.cli.tables import number, span, sparkline, table

if TYPE_CHECKING:
    from vitruvian.core.kind import AbstractKind
    from vitruvian.platform.learned import Learned
    from vitruvian.verbs.result import Basis, Comparison, Ensemble, Forecast

ROWS = 12  # times that are printed; --json has all
RESEARCH = "For research use: not a medical device, no treatment should rest on this."


def forecast_lines(answer: Forecast, kind: AbstractKind, subject: str) -> list[str]:
    """A forecast: every observable over time, every quantity over its window."""
    out = [f"{subject}: {kind.name} forecast from {_local(answer, answer.at)}"]
    for e in answer.items.values():
        if not e.is_window and e.values.ndim == 2:
            out += ["", *_course(answer, e, kind)]
    out += _quantities(answer.items.values(), kind)
    return [*out, "", *closing(answer.basis, answer.warnings)]


def comparison_lines(answer: Comparison, kind: AbstractKind, subject: str) -> list[str]:
    """Options side by side, and how each differs from the reference, member by member."""
    reference = answer.options[answer.against]
    out = [f"{subject}: {kind.name}, what if, from {_local(reference, reference.at)}"]
    for name, first in reference.items.items():
        if first.values.ndim != 2:
            continue
        rows = []
        for option, f in answer.options.items():
            e = f[name]
            where = slice(0, 1) if e.is_window else slice(-1, None)
            median, low, high = (float(e.quantile(q)[where][0]) for q in (0.5, 0.05, 0.95))
            rows.append((option, number(median), span(low, high), _difference(answer, option, name, where)))
        when = "over the window" if first.is_window else f"at {_local(reference, float(first.times[-1]))}"
        meaning = _meaning(kind, name)
        out += ["", f"{name} [{first.unit}] {when}{': ' + meaning if meaning else ''}"]
        out += table(("option", "median", "90 %", f"against {answer.against}"), rows)
    return [*out, "", *closing(answer.basis, answer.warnings)]


def learned_lines(answer: Learned) -> list[str]:
    """What a twin believes: parameters with their intervals and the share learned."""
    belief, basis = answer.twin.believed(), answer.basis
    origin = answer.twin.case.origin
    a, b = (origin.moment(t).strftime("%Y-%m-%d %H:%M") for t in belief.window)
    rows = [
        (p["name"], number(p["q50"]), span(p["q05"], p["q95"]), p["unit"], f"{100 * p['learned']:.0f} %", p["meaning"])
        for p in answer.parameters()
    ]
    head = (
        f"Belief {answer.version}, {answer.how} by {basis.method} on {basis.rows} readings, {a} to {b} ({origin.zone})"
    )
    return [
        head,
        *table(("parameter", "median", "90 %", "unit", "learned", "meaning"), rows),
        "",
        *closing(basis, belief.notes),
    ]


def closing(basis: Basis, warnings: Sequence[str]) -> list[str]:
    """What an answer rests on, its warnings, and what it is not for."""
    said = [f"Warning: {w}" for w in dict.fromkeys(warnings)]
    return [basis.sentence(), *said, RESEARCH]


def _course(answer: Forecast, e: Ensemble, kind: AbstractKind) -> list[str]:
    median = e.quantile(0.5)
    q05, q25, q75, q95 = (e.quantile(q).tolist() for q in (0.05, 0.25, 0.75, 0.95))
    picked = np.unique(np.linspace(0, len(e.times) - 1, min(ROWS + 1, len(e.times))).round().astype(int)).tolist()
    rows = [
        (_local(answer, float(e.times[i])), number(float(median[i])), span(q25[i], q75[i]), span(q05[i], q95[i]))
        for i in picked
    ]
    meaning = _meaning(kind, e.name)
    head = f"{e.name} [{e.unit}]{': ' + meaning if meaning else ''}"
    return [head, f"  {sparkline(median.tolist())}", *table(("local time", "median", "50 %", "90 %"), rows)]


def _quantities(items: Iterable[Ensemble], kind: AbstractKind) -> list[str]:
    rows = []
    for e in items:
        if e.is_window and e.values.ndim == 2:
            median, low, high = (float(e.quantile(q)[0]) for q in (0.5, 0.05, 0.95))
            rows.append((e.name, number(median), span(low, high), e.unit, _meaning(kind, e.name)))
    return (
        ["", "Over the whole window:", *table(("quantity", "median", "90 %", "unit", "meaning"), rows)] if rows else []
    )


def _difference(answer: Comparison, option: str, name: str, where: slice) -> str:
    if option == answer.against:
        return ""
    d = answer.difference(option, name)
    median, low, high = (float(d.quantile(q)[where][0]) for q in (0.5, 0.05, 0.95))
    sign = "+" if median > 0 else ""
    return f"{sign}{number(median)} ({span(low, high)})"


def _meaning(kind: AbstractKind, name: str) -> str:
    return next((t.meaning for t in (*kind.observables, *kind.quantities) if t.name == name), "")


def _local(answer: Forecast, seconds: float) -> str:
    return answer.origin.moment(float(seconds)).strftime("%Y-%m-%d %H:%M")
