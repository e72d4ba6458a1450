"""Text for people: aligned tables, small plots of blocks, numbers with as many digits as they deserve."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Aligned lines; a column is set to the right when every cell of it looks like a number."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    right = [len(column) > 1 and all(_numeric(cell) for cell in column[1:]) for column in columns]
    lines = [_line(header, widths, right, indent)]
    if any(header):
        lines.append(indent + "  ".join("-" * w for w in widths))
    return [*(lines if any(header) else []), *(_line(row, widths, right, indent) for row in rows)]


def sparkline(values: Sequence[float], width: int = 60) -> str:
    """The course of the values in one line of blocks."""
    finite = [v for v in values if v == v and abs(v) != float("inf")]
    if not finite:
        return ""
    step = max(1.0, len(values) / width)
    picked = [values[int(i * step)] for i in range(min(width, len(values)))]
    low, high = min(finite), max(finite)
    span = (high - low) or 1.0
    return "".join(" " if v != v else BLOCKS[min(7, int(8 * (v - low) / span))] for v in picked)


def number(value: float) -> str:
    """Three significant digits, but never fewer than the integer part has."""
    if value != value:
        return "-"
    size = abs(value)
    if size >= 100 or value == 0:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def span(low: float, high: float) -> str:
    """An interval: 110 to 180."""
    return f"{number(low)} to {number(high)}"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], indent: str) -> str:
    pieces = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - _width(cell))
        pieces.append(gap + cell if to_right else cell + gap)
    return (indent + "  ".join(pieces)).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal; East Asian wide characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _numeric(cell: str) -> bool:
    bare = cell.replace(",", "").replace("%", "").replace("+", "").strip()
    try:
        float(bare)
    except ValueError:
        return cell in ("", "-")
    return True
