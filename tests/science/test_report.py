"""The report of a twin: self-contained, complete, and honest about what it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.report import Content, gather, render, write_report
from vitruvian.verbs.calibrate import calibrate

SECTIONS = ["Profile", "Fit", "Forecast", "What if", "What was learned", "Evidence", "Limits"]


@pytest.fixture(scope="module")
def content() -> Content:
    example = KIND.example()
    times = example.observed["concentration"]
    values = 9.0 + np.cos(np.arange(len(times)))
    twin = calibrate(Twin(KIND, example.case, Record.of("concentration", times, values)))
    return gather(twin, "<Ada & co>", hours=6, synthetic=True, kept_aside=["a.csv line 3: no time"])


class Page(HTMLParser):
    """Collects ids, references and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.outside: list[str] = []
        self.open: list[str] = []
        self.void = {"meta", "br", "link", "img"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("src", "href", "xlink:href") and value and not value.startswith(("#", "data:")):
                self.outside.append(value)
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_complete_well_formed_and_fetches_nothing(content: Content):
    text = render(content)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.outside == []
    assert len(page.ids) == len(set(page.ids))
    assert re.findall(r"<h2>(.*?)</h2>", text) == SECTIONS
    assert "<script" not in text
    assert text.count("<svg") >= 4


def test_it_labels_what_is_synthetic_and_says_what_it_rests_on(content: Content):
    text = render(content)
    assert "synthetic subject" in text
    assert "&lt;Ada &amp; co&gt;" in text
    assert "For research use" in text
    assert "Learned from 12 readings of this subject" in text
    assert "a.csv line 3: no time" in text
    assert "clinically validated" not in text.lower()


def test_the_numbers_are_the_forecasts(content: Content):
    e = content.forecast["peak_level"]
    assert f"{e.quantile(0.5)[0]:.3g} ({e.quantile(0.05)[0]:.3g} to {e.quantile(0.95)[0]:.3g}) mg/L" in render(content)


def test_it_is_written_where_asked(content: Content, tmp_path: Path):
    path = write_report(content, tmp_path / "new" / "report.html")
    assert path.is_absolute()
    assert path.read_text(encoding="utf-8") == render(content)
