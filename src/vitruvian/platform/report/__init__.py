"""One self-contained HTML page about a twin: what it saw, believes, forecasts, and how well that is known."""

from vitruvian.platform.report.content import Content, gather
from vitruvian.platform.report.page import render, write_report

__all__ = ["Content", "gather", "render", "write_report"]
