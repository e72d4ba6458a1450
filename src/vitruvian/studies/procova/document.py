"""The section of a statistical analysis plan: every formula, assumption, table and figure, as one self-contained HTML
page.

Made from a Plan and, once the trial is over, an Analysis; the same inputs give the same page. Pictures are SVG
inside it.
"""

from __future__ import annotations

import base64
import html
import io
import math
from typing import Any

from vitruvian.kinds.prognosis.columns import RULE
from vitruvian.studies.procova.analysis import Analysis
from vitruvian.studies.procova.planning import Plan

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ccc;padding:.3rem .8rem;text-align:left}
pre{background:#f4f4f4;padding:.8rem;white-space:pre-wrap}figure{margin:1rem 0}figcaption{color:#555}
.warn{border-left:4px solid #b45309;padding-left:.8rem}img{max-width:100%;height:auto}
@page{margin:18mm}@media print{body{margin:0;max-width:none}h2,figure,table{break-inside:avoid}h2{break-after:avoid}}"""

FORMULAS = {
    "difference": """Y = b0 + b1 A + b2 (m - mean m) + b3'(X - mean X) + e;   effect = b1
V = (D'D)^-1 [sum_i e_i^2 / (1 - h_i)^2 d_i d_i'] (D'D)^-1   (HC3);   95 % interval by t, n - p df
MacKinnon & White 1985; Lin 2013; Schuler et al. 2022""",
    "ratio": """Psi_a = mean_i mu(a, X_i, m_i), mu a GLM with canonical link;   effect = Psi_1 / Psi_0
phi_a = 1{A=a}/pi_a (Y - mu_a) + mu_a - Psi_a;   Var = mean (r1' phi_1 + r0' phi_0)^2 / n
Rosenblum & van der Laan 2010; FDA 2023""",
    "hazard ratio": """U = mean_i [A_i (O_1i - b1'(X_i - mean X)) - (1 - A_i)(O_0i - b0'(X_i - mean X))]
z = U / se(U)
hazard ratio: the root of the adjusted marginal Cox score;   Ye, Shao & Yi 2024
score: expected martingale residual delta - Lambda0(T) of the history;   Therneau et al. 1990""",
}
MISSING = {
    "refuse": "a missing outcome stops the analysis",
    "complete": "patients without outcome are left out; valid only if missing completely at random",
    "impute": """Each arm's visits ~ N(mu_a, S_a), drawn by data augmentation (Schafer 1997); missing visits from their
conditional given those seen and the baseline; 20 sets, Rubin 1987 with the df of Barnard & Rubin 1999
Sensitivity after a treated patient leaves (Carpenter, Roger & Kenward 2013): j2r the control's mean at once;
cir the own last level with the control's increments; cr the control's mean throughout""",
    "mmrm": """Y_i = X_i b + e_i, e_i ~ N(0, S),  X: visit, arm x visit, covariate x visit; S unstructured, by REML
last visit's arm difference, df by Satterthwaite;   Mallinckrodt et al. 2008; reference-based imputation beside it""",
}
VARIANCE = {
    "HC3": "w_i = 1 / (1 - h_i)^2, t with n - p degrees of freedom",
    "HC2": "w_i = 1 / (1 - h_i), t with n - p degrees of freedom",
    "HC1": "w_i = n / (n - p), t with n - p degrees of freedom",
    "HC2-BM": """w_i = 1 / (1 - h_i);  df = (sum a_i^2)^2 / sum_ij v_i v_j (1{i=j} - h_ij)^2,  v_i = a_i^2 / (1 - h_i),
a_i the weight of Y_i in b1;   Bell & McCaffrey 2002, Imbens & Kolesar 2016""",
}
MULTIPLE = {
    "gatekeeping": "serial gates: the primary, then family by family; Holm within a family (Bretz et al. 2009)",
    "holm": "Holm over the primary and all secondary outcomes (Holm 1979)",
    "fixed sequence": "the primary, then the secondary outcomes in the order given; nothing after the first that fails",
}
SIZES = {
    "patients": """n Var = (s1^2 - 2 b q1 + b^2)/pi1 + (s0^2 - 2 b q0 + b^2)/pi0
q_a = l rho_a g s_a,  b = pi1 q1 + pi0 q0
g inflation of the sd, l deflation of the correlation;   power: noncentral t, df = n - 2 - covariates""",
    "events": """events = (z_{1-a/2} + z_{1-b})^2 (1 - (l rho)^2) / (pi0 pi1 log(HR)^2)
Schoenfeld 1981, less the share r^2""",
}


def document(plan: Plan, analysis: Analysis | None = None) -> str:
    """The page."""
    p = plan.protocol
    kind = "hazard ratio" if p.outcome.type == "time" else ("difference" if p.estimand == "difference" else "ratio")
    key = "events" if p.outcome.type == "time" else "patients"
    parts = [
        f"<h1>{_e(p.title)}</h1><p>Statistical analysis plan: covariate adjustment by a prognostic score (PROCOVA)</p>",
        "<h2>1 Estimand</h2>", _estimand(plan),
        "<h2>2 The score</h2>", _score(plan),
        figure(plan_calibration(plan), "Calibration of the score, out of fold, by tenth"),
        "<h2>3 Formulas</h2>", _formulas(plan, kind, key),
        "<h2>4 Size</h2>", _sizes(plan),
        figure(plan.plot(), f"{key.capitalize()} needed by the correlation of the prediction"),
        "<h2>5 By how much the plan can fail</h2>", _sensitivity(plan),
    ]  # fmt: skip
    if plan.looks is not None:
        parts += ["<h2>6 Interim looks</h2>", _looks(plan)]
    parts += ["<h2>7 Assumptions and rules</h2>", _rules(plan)]
    if analysis is not None:
        parts += ["<h2>8 Results</h2>", _results(analysis), figure(analysis.plot(), "Primary analysis and comparisons")]
        parts += ["<h2>9 Guard-rails</h2>", _guards(analysis)]
    parts += ["<h2>10 To make this page again</h2>", _reproduce(plan, analysis)]
    body = "\n".join(parts)
    head = f"<meta charset='utf-8'><title>{_e(p.title)}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def _formulas(plan: Plan, kind: str, key: str) -> str:
    p = plan.protocol
    told = [FORMULAS[kind]]
    if kind == "difference":
        told.append(f"{p.variance}: {VARIANCE[p.variance]}")
    if p.interaction:
        told.append("with the centred interaction A (m - mean m), A (X - mean X); Var(b1) + b3' S b3 / n (Lin 2013)")
    told += [SIZES[key], f"missing outcomes: {MISSING[p.missing]}"]
    if p.secondary:
        told.append(f"several outcomes: {MULTIPLE[p.multiplicity]}")
    if p.arm.others:
        told.append("several arms: Dunnett's single-step p (1955) on t statistics that share one control arm")
    if p.subgroups:
        told.append("subgroups: estimates by level; Cochran's Q of heterogeneity, Holm over columns; descriptive")
    if plan.looks is not None:
        how = f"alpha spending ({p.design.spending}), Lan & DeMets 1983; boundaries by recursive integration"
        told.append(f"interim looks: {how}")
    return "".join(f"<pre>{_e(t)}</pre>" for t in told)


def plan_calibration(plan: Plan) -> Any:
    """Observed against predicted by tenth of the score (matplotlib axes)."""
    import matplotlib.pyplot as plt

    ax = plt.subplots(figsize=(5.0, 3.6), layout="constrained")[1]
    rows = plan.stack.report["deciles"]
    x, y = [r["predicted"] for r in rows], [r["observed"] for r in rows]
    ax.plot([min(x), max(x)], [min(x), max(x)], color="0.6", lw=0.8)
    ax.plot(x, y, "o", color="C0")
    ax.set_xlabel("predicted")
    ax.set_ylabel("observed")
    return ax


def figure(ax: Any, caption: str) -> str:
    """The axes' picture with its caption: an SVG within the page, whose own styles are not the page's."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "vitruvian", "svg.fonttype": "none"}):
        ax.figure.savefig(out, format="svg", metadata={"Date": None})
    plt.close(ax.figure)
    data = base64.b64encode(out.getvalue()).decode()
    image = f"<img alt='{_e(caption)}' src='data:image/svg+xml;base64,{data}'>"
    return f"<figure>{image}<figcaption>{_e(caption)}</figcaption></figure>"


def _estimand(plan: Plan) -> str:
    p = plan.protocol
    rows = [
        ("outcome", f"{p.outcome.column} ({p.outcome.type}, {p.outcome.unit})"),
        ("effect", p.estimand),
        ("treatment", f"{p.arm.treated} against {p.arm.control} (column {p.arm.column})"),
        ("covariates beside the score", ", ".join(p.beside) or "none"),
        ("missing outcomes", p.missing),
        ("variance", f"{p.variance}{', centred interaction' if p.interaction else ''}"),
        ("secondary outcomes", "; ".join(", ".join(f) for f in p.secondary) or "none"),
        ("further arms", ", ".join(p.arm.others) or "none"),
        ("subgroups", ", ".join(p.subgroups) or "none"),
    ]
    return table(("", ""), rows)


def _score(plan: Plan) -> str:
    r = plan.stack.report
    found = plan.correlation
    rows = [(n, number(w), number(r["learners"][n])) for n, w in plan.stack.weights.items()]
    best = r["best single covariate"]
    text = (
        f"<p>Learned on {plan.history['patients']} control patients ({_e(plan.history['source'])}); columns: "
        f"{_e(', '.join(plan.protocol.covariates))}. Out of fold the prediction from score and covariates correlates "
        f"{found['score and covariates']:.3f} with the outcome, from the covariates alone {found['covariates']:.3f}; "
        f"the best single column ({_e(best['name'])}) {best['correlation']:.3f}. "
        f"Calibration slope {r['calibration']['slope']:.2f} (se {r['calibration']['slope_sd']:.2f}).</p>"
    )
    return text + table(("learner", "weight", "correlation, out of fold"), rows)


def _sizes(plan: Plan) -> str:
    shown = ("total", "treated", "control", "randomised")
    rows = [
        (n, number(plan.correlation.get(n, 0.0)), *(str(s.get(k, "")) for k in shown), number(s.get("power")))
        for n, s in plan.sizes.items()
    ]
    out = table(("analysis", "correlation", "in all", "treated", "control", "randomised", "power"), rows)
    p = plan.sized.point
    out += (
        f"<p>The history's own 95 % band of the correlation ({p['low']:.2f} to {p['high']:.2f}, Fisher) makes "
        f"{p['total']} as many as {p['most']} or as few as {p['fewest']}.</p>"
    )
    out += "".join(f"<p>{_e(a[0].upper() + a[1:])}.</p>" for a in plan.advice)
    if plan.sized.control_only:
        c = plan.sized.control_only
        out += (
            f"<p>Saved in the control arm only: with {c['treated']} treated, {c['controls with the score']} controls "
            f"instead of {c['controls with covariates']}.</p>"
        )
    return out + "<p>The honest comparison is the row of the covariates, not the unadjusted one.</p>"


def _sensitivity(plan: Plan) -> str:
    rows = [(number(s["sd times"]), number(s["correlation times"]), number(s["power"])) for s in plan.sized.sensitivity]
    said = "<p>Power at the planned size if the trial's outcome or the score's correlation differ from the plan:</p>"
    return said + table(("sd times", "correlation times", "power"), rows)


def _looks(plan: Plan) -> str:
    assert plan.looks is not None
    rows = list(
        zip(
            *(
                map(number, v)
                for v in (plan.looks.information, plan.looks.boundary, plan.looks.alpha, plan.looks.power)
            ),
            strict=True,
        )
    )
    note = f"<p>Size times {plan.looks.inflation:.4f}; expected information {plan.looks.expected:.2f} of the final.</p>"
    return table(("information", "|z| to stop", "alpha spent", "power by then"), rows) + note


def _rules(plan: Plan) -> str:
    d = plan.protocol.design
    items = [
        "arms are randomised, patients independent; nothing else is needed for the estimate to be unbiased",
        "the score is fixed before the trial is unblinded and sees the baseline only",
        f"missing baseline: {RULE}",
        f"planned effect {d.effect:g}, margin {d.margin:g}, alpha {d.alpha:g} two-sided, power {d.power:g}",
        f"allocation {d.ratio:g} : 1",
        f"inflation of the sd {d.inflation:g}, deflation of the correlation {d.deflation:g}, dropout {d.dropout:g}",
        "a column that tells the outcome, is missing by outcome, or differs between arms is refused",
        f"columns named as measured after baseline: {', '.join(plan.protocol.post_baseline) or 'none'}",
    ]
    return "<ul>" + "".join(f"<li>{_e(i)}</li>" for i in items) + "</ul>"


def _results(a: Analysis) -> str:
    named = {"score and covariates (primary)": a.primary, **a.comparisons}
    rows = []
    for name, e in named.items():
        low, high = e.interval()
        rows.append((name, number(e.shown), f"{number(low)} to {number(high)}", number(e.se), _p(e.p), e.method))
    out = "".join(f"<p>{_e(n)}</p>" for n in a.notes) + table(
        ("analysis", a.primary.name, "95 %", "se", "p", "method"), rows
    )
    if a.sensitivity:
        told = [(e.name, number(e.shown), number(e.se), e.method) for e in a.sensitivity]
        out += table(("missing outcomes", "effect", "se", "method"), told)
    out += _further(a)
    gain = a.gain()
    said = "the covariates alone" if "covariates" in a.comparisons else "no adjustment"
    return (
        out if gain is None else out + f"<p>Variance of the analysis with {said}, over the primary's: {gain:.3f}.</p>"
    )


def _further(a: Analysis) -> str:
    out = ""
    if a.further.secondary:
        rows = [(str(r["family"]), r["outcome"], *_row(r)) for r in a.further.secondary]
        out += table(("family", "secondary outcome", "effect", "95 %", "p", "adjusted p"), rows)
    if a.further.arms:
        rows = [(r["arm"], *_row(r)) for r in a.further.arms]
        how = f"adjusted ({a.further.arms[0]['adjustment']})"
        out += table(("arm against control", "effect", "95 %", "p", how), rows)
    for group in a.further.subgroups:
        rows = [
            (r["group"], f"{r['treated']} / {r['control']}", number(r.get("estimate")), r.get("note") or _band(r))
            for r in group["levels"]
        ]
        out += table((f"subgroup: {group['column']}", "treated / control", "effect", "95 %"), rows)
        if group["heterogeneity_p"] is not None:
            out += f"<p>Heterogeneity p {_p(group['heterogeneity_p'])}. Descriptive: not sized for subgroups.</p>"
    return out


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    return number(row["estimate"]), _band(row), _p(row["p"]), _p(row["adjusted_p"])


def _band(row: dict[str, Any]) -> str:
    return f"{number(row['low'])} to {number(row['high'])}"


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _guards(a: Analysis) -> str:
    g = a.guards
    t = g.type_one
    out = (
        f"<p>Under permuted arms the primary analysis rejects in {100 * t['rejected']:.1f} % of {t['permutations']:g} "
        f"(alpha {100 * t['alpha']:g} %, Monte Carlo se {100 * t['se']:.1f}). "
        f"The permutation test of this trial: p = {_p(t['permutation p'])}.</p>"
    )
    out += table(("drift of the score", ""), [(n, number(v)) for n, v in g.drift.items()])
    out += table(
        ("score in its place", "estimate", "se"),
        [(n, number(v["estimate"]), number(v["se"])) for n, v in g.bad_scores.items()],
    )
    v = g.virtual_control
    rows = [(n, number(x) if isinstance(x, float) else str(x)) for n, x in v.items() if n != "label"]
    return out + f"<div class='warn'><p>{_e(v['label'])}</p>{table(('virtual control arm', ''), rows)}</div>"


def _reproduce(plan: Plan, analysis: Analysis | None) -> str:
    rows = [("seed", str(plan.protocol.seed)), ("history", plan.history["hash"]), ("score", plan.stack.digest[:16])]
    if analysis is not None:
        rows.append(("trial", analysis.trial["hash"]))
    return table(("", "SHA-256, or number"), rows)


def table(head: tuple[str, ...], rows: list[Any]) -> str:
    """An HTML table."""
    top = "".join(f"<th>{_e(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{_e(str(c))}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def number(value: float | None) -> str:
    """Four digits, or nothing."""
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def _e(text: str) -> str:
    return html.escape(text, quote=True)
