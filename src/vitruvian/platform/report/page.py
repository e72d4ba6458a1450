"""The report's page: plain HTML with inline pictures; nothing is fetched, nothing runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from vitruvian.core.fields import infos
from vitruvian.core.latents import Latents
from vitruvian.core.section import Section
from vitruvian.platform.report import charts
from vitruvian.platform.report.content import Content
from vitruvian.verbs.result import Ensemble, weighted_quantile

STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;color:#1c2530;background:#fff;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem}h1{margin:0;font-size:1.7rem}
h2{margin:2.2rem 0 .4rem;font-size:1.2rem;border-bottom:1px solid #d5dbe1;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e6eaee;vertical-align:top}td.n,th.n{text-align:right;
font-variant-numeric:tabular-nums}
.note{background:#eef4f8;border-left:4px solid #0b6e99;padding:.6rem .9rem;margin:.8rem 0}
.warn{background:#fdf3e7;border-left-color:#b5480f}.tag{display:inline-block;padding:0 .5rem;border-radius:.6rem;
background:#e6eaee;font-size:.85rem}.met{background:#dcefdc}.not{background:#fbe0d6}.big{font-size:1.15rem}
svg{width:100%;height:auto}p{max-width:46rem}.scroll{overflow-x:auto}
@page{margin:14mm}@media print{main{max-width:none;padding:0}h2,h3{break-after:avoid}svg,tr,.note{break-inside:avoid}
body{font-size:10.5pt}}
"""


def write_report(content: Content, path: Path) -> Path:
    """Write the page; returns its absolute path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(content), encoding="utf-8")
    return path.absolute()


def render(content: Content) -> str:
    """The whole page as text."""
    title = f"{content.subject}: {content.twin.kind.name} twin"
    parts = [
        _head(content),
        _data(content),
        *(_section(part.title, _added(part)) for part in content.sections),
        _section("Fit", _fit(content)),
        _section("Forecast", _forecast(content)),
        _section("What if", _options(content)),
        _section("What was learned", _learned(content)),
        _section("Evidence", _evidence(content)),
        _section("Limits", _limits(content)),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<link rel="icon" href="data:,">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _head(content: Content) -> str:
    origin, use = content.twin.case.origin, content.twin.kind.context_of_use
    tag = '<span class="tag not">synthetic subject</span> ' if content.synthetic else ""
    when = origin.moment(content.now).strftime("%Y-%m-%d %H:%M %Z")
    lines = [
        f"<h1>{escape(content.subject)}</h1>",
        f'<p>{tag}<span class="tag">{escape(content.twin.kind.name)} twin</span> as of {escape(when)}</p>',
        '<div class="note">For research use. Not a medical device; no treatment should rest on this page. '
        f"<b>Question it is for:</b> {escape(use.question)} <b>Not for:</b> {escape(use.not_for)}.</div>",
    ]
    lines += [f'<div class="note warn">{escape(w)}</div>' for w in content.forecast.warnings]
    return "".join(lines)


def _data(content: Content) -> str:
    twin = content.twin
    subject = twin.case.subject
    rows = []
    for name, info in infos(type(subject)).items():
        value = getattr(subject, name)
        if value is not None:
            told = _number(value) if isinstance(value, (int, float)) else value
            rows.append((info.meaning or name, told, "" if info.unit == "1" else info.unit))
    known = content.record
    body = [_table(("Subject", "value", "unit"), rows, numeric=(1,))] if rows else []
    counted = [(f"{o} ({s or 'any sensor'})", len(known.only(o, s)), "readings") for o, s in known.groups()]
    actions: dict[str, int] = {}
    for a in content.timeline:
        actions[type(a).__name__] = actions.get(type(a).__name__, 0) + 1
    counted += [(name, count, "actions") for name, count in sorted(actions.items())]
    body.append(_table(("Data", "count", ""), counted, numeric=(1,)))
    body += [f"<p>{escape(line)}</p>" for line in content.imported]
    if content.quantities:
        of = [
            (twin.kind.quantity(q).meaning, _number(float(v[0])), twin.kind.quantity(q).unit)
            for q, v in content.quantities.items()
        ]
        body.append(_table(("Of the readings", "value", "unit"), of, numeric=(1,)))
    body.append(charts.record(content))
    if not content.sections and (shape := charts.profile(content)):  # the kind's own sections say it better
        body.append(f"<h3>By time of day</h3>{shape}")
    return _section("Profile", "".join(body))


def _added(part: Section) -> str:
    """A section that the kind adds."""
    said = "".join(f"<p>{escape(line)}</p>" for line in part.said)
    table = f'<div class="scroll">{_table(part.head, part.rows)}</div>' if part.rows else ""
    return f"{said}{charts.added(part) or ''}{table}"


def _fit(content: Content) -> str:
    picture, f = charts.fit(content), content.fitted
    if picture is None or f is None:
        return "<p>No reading lies in the window of this belief.</p>"
    basis, origin = content.forecast.basis, content.twin.case.origin
    window = " to ".join(origin.moment(t).strftime("%Y-%m-%d %H:%M") for t in basis.window)
    name = content.observable
    positive = bool((f.readings(name)[1] > 0).all())  # a share of a reading of nought says nothing
    relative = f", {_number(f.mard(name))} % on average (MARD)" if positive else ""
    said = (
        f"Calibrated by {escape(basis.method)} on {basis.rows} readings, {window}. The model alone, without the "
        f"discrepancy that a forecast adds, misses the readings by {_number(f.rmse(name))} "
        f"{escape(content.twin.kind.unit_of(name))} (RMSE){relative}."
    )
    return f"<p>{said}</p>{picture}"


def _forecast(content: Content) -> str:
    e = content.forecast[content.observable]
    end = len(e.times) - 1
    span = (e.times[end] - content.now) / 3600.0
    said = f"In {span:g} h: {_band(e, end)} (median, 90 % band)."
    rows = [(q.meaning, _band(content.forecast[q.name], 0)) for q in content.twin.kind.quantities]
    table = _table((f"Over the next {span:g} h", "median (90 % band)"), rows)
    return (
        f'<p class="big">{said}</p>{charts.forecast(content)}{table}<p>{escape(content.forecast.basis.sentence())}</p>'
    )


def _options(content: Content) -> str:
    comparison = content.comparison
    if comparison is None:
        return "<p>This kind predicts but is not causal: it does not answer what-ifs.</p>"
    others = [option for option in comparison.options if option != comparison.against]
    rows = [
        (q.meaning, *(_band(comparison.difference(option, q.name), 0) for option in others))
        for q in content.twin.kind.quantities
    ]
    table = _table((f"Difference from “{comparison.against}” (90 % band)", *others), rows)
    said = "Every option is run with the same draws, so differences are the options' own."
    warnings = "".join(f'<div class="note warn">{escape(w)}</div>' for w in comparison.warnings)
    return f"<p>{said}</p>{charts.options(content)}{table}{warnings}<p>{escape(comparison.basis.sentence())}</p>"


def _learned(content: Content) -> str:
    twin, belief = content.twin, content.twin.believed()
    layout = Latents(tuple(p for p in twin.kind.parameters if not p.dims), {}, {})
    columns = [belief.names.index(n) for n in layout.names]
    theta = layout.theta(belief.z[:, columns])
    rows = []
    for p in layout.parameters:
        low, mid, high = (float(weighted_quantile(theta[p.name], belief.weights, q)) for q in (0.05, 0.5, 0.95))
        prior = [float(p.prior.value(z)) for z in (-1.645, 0.0, 1.645)]
        rows.append(
            (
                p.name,
                p.meaning,
                f"{_number(prior[1])} ({_number(prior[0])} to {_number(prior[2])})",
                f"{_number(mid)} ({_number(low)} to {_number(high)})",
                p.unit,
                f"{100 * content.forecast.basis.learned[p.name]:.0f} %",
                p.source,
            )
        )
    head = ("Parameter", "meaning", "before (90 %)", "now (90 %)", "unit", "learned", "source of the prior")
    return f'{charts.learned(content)}<div class="scroll">{_table(head, rows, numeric=(5,))}</div>'


def _evidence(content: Content) -> str:
    if not content.evidence:
        return "<p>This kind has no measured claim.</p>"
    rows = []
    for row in content.evidence:
        met = row.get("met")
        word = "not measured here" if met is None else "met" if met else "not met"
        mark = f'<span class="tag {"met" if met else "not" if met is not None else ""}">{word}</span>'
        stale = " (measured on older sources)" if row.get("stale") else ""
        cells = (row["id"], row["class"], row["statement"], row["target"], f"{_said(row['measured'])}{stale}")
        rows.append((*cells, _said(row.get("baseline")), _Html(mark)))
    head = ("Claim", "class", "statement", "target", "measured", "baseline", "")
    return f'<div class="scroll">{_table(head, rows)}</div>'


def _limits(content: Content) -> str:
    kind = content.twin.kind
    use = kind.context_of_use
    ranges = [(k, f"{lo:g} to {hi:g}") for k, (lo, hi) in kind.envelope.ranges.items()]
    body = [
        f"<p><b>Users:</b> {escape(use.users)}. <b>Risk of a wrong answer:</b> {escape(use.risk)}.</p>",
        f"<p>Evidence holds within these ranges ({escape(kind.envelope.source)}):</p>",
        _table(("Field", "range"), ranges),
    ]
    if content.kept_aside:
        rows = "".join(f"<li>{escape(line)}</li>" for line in content.kept_aside)
        body.append(f"<p>Kept aside, not used:</p><ul>{rows}</ul>")
    version = f"{kind.name} {kind.version}, seed {content.forecast.seed}"
    return "".join(body) + f"<p>{escape(version)}. {escape(content.forecast.disclaimer)}</p>"


@dataclasses.dataclass(frozen=True)
class _Html:
    """Text that is already HTML."""

    text: str


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]], numeric: Sequence[int] = ()) -> str:
    def cell(tag: str, k: int, value: Any) -> str:
        text = value.text if isinstance(value, _Html) else escape(str(value))
        scope = ' scope="col"' if tag == "th" else ""
        align = ' class="n"' if k in numeric else ""
        return f"<{tag}{scope}{align}>{text}</{tag}>"

    top = "".join(cell("th", k, h) for k, h in enumerate(head))
    body = "".join("<tr>" + "".join(cell("td", k, v) for k, v in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _band(e: Ensemble, index: int) -> str:
    low, middle, high = (_number(float(e.quantile(q)[index])) for q in (0.05, 0.5, 0.95))
    return f"{middle} ({low} to {high}) {e.unit}"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "; ".join(f"{k} {_said(v)}" for k, v in value.items())
    return _number(value) if isinstance(value, float) else str(value)
