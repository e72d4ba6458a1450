"""What a kind adds to a report: data of its own, drawn by the page, nothing where there is too little."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from vitruvian.core.case import Case, Origin, Subject
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.models.glycaemia.sections import sections
from vitruvian.platform.report import charts
from vitruvian.platform.report.page import _added

CASE = Case(Subject(), origin=Origin(datetime(2026, 3, 1, tzinfo=UTC)))


def record(days: float) -> Record:
    t = np.arange(0, days * 86400, 300.0)
    return Record.of("glucose", t, 150 - 40 * np.cos(2 * np.pi * t / 86400), sensor="dexcom")


def test_a_kind_of_glucose_shows_profile_metrics_and_episodes_of_the_last_fortnight() -> None:
    found = sections(CASE, record(20))
    assert [s.title for s in found] == ["Ambulatory glucose profile", "Glucose metrics", "Episodes"]
    assert "Enough for a report by the consensus" in found[1].said[0]
    assert any("> 70 %, met" in cell for row in found[1].rows for cell in row)


def test_two_days_have_no_profile_and_an_hour_has_nothing() -> None:
    assert [s.title for s in sections(CASE, record(1.9))] == ["Glucose metrics", "Episodes"]
    assert sections(CASE, record(1 / 24)) == ()
    assert sections(CASE, Record.empty()) == ()


def test_a_section_becomes_html_with_its_text_escaped_and_its_picture() -> None:
    part = Section("T", ("a < b",), ("x",), (("<i>",),), draw=lambda ax: ax.plot([0, 1]), shows="a line")
    html = _added(part)
    assert "a &lt; b" in html
    assert "&lt;i&gt;" in html
    assert 'aria-label="a line"' in html
    assert charts.added(Section("T")) is None
