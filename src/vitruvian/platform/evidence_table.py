"""The table of kinds with their evidence, as Markdown, and its place in a page: python -m ... README.md"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from vitruvian.core.errors import VitruvianError
from vitruvian.platform import evidence, registry

BEGIN, END = "<!-- evidence: begin (made by `make evidence`) -->", "<!-- evidence: end -->"


def table() -> str:
    """One row a claim: kind, what it claims, target, measured, baseline, met or not."""
    rows = ["| kind | claim | class | target | measured | baseline | |", "|---|---|---|---|---|---|---|"]
    for kind in (*registry.names(), evidence.PLATFORM, *evidence.STUDIES):
        for k, row in enumerate(evidence.results(kind)):
            name = f"**{kind}**" if k == 0 else ""
            claim = f"`{row['id']}` {row['statement']}"
            cells = (name, claim, row["class"], row["target"], said(row["measured"]), said(row["baseline"]), met(row))
            rows.append("| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in cells) + " |")
    return "\n".join(rows)


def met(row: dict[str, Any]) -> str:
    """Met, not met, or not measured; and stale where the sources have changed since."""
    word = {True: "met", False: "**not met**", None: "not measured"}[row["met"]]
    return f"{word} (stale)" if row.get("stale") else word


def said(value: Any) -> str:
    """A measured value in few words."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict):
        return "; ".join(f"{k} {said(v)}" for k, v in value.items())
    return str(value)


def update(page: Path) -> None:
    """Put the table between its marks in a page."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise VitruvianError("has no place for the table", where=str(page), fix=f"add the lines {BEGIN} and {END}")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    page.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    update(Path(sys.argv[1]))
