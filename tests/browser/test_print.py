"""On paper: a report, and a page of the client as it stands; read back from the PDF that Chromium makes of them."""

import io
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from browsing import DRUG, PERSON, Place

pytestmark = pytest.mark.service
PAPER = 718  # px at 96 to the inch: A4 within a browser's margins of a centimetre


def printed(page: Page) -> PdfReader:
    return PdfReader(io.BytesIO(page.pdf(format="A4")))


def text_of(paper: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in paper.pages).split())


def test_a_report_is_opened_from_the_twin_and_prints_whole(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.drug}")
    link = page.get_by_role("link", name="Report", exact=True)
    expect(link).to_be_visible()
    said: list[str] = []
    page.context.on("page", lambda new: new.on("console", lambda m: said.append(m.text)))
    with page.expect_popup(timeout=120_000) as opened:
        link.click()
    report = opened.value
    report.wait_for_load_state()
    expect(report.get_by_role("heading", name=DRUG)).to_be_visible(timeout=120_000)
    assert report.locator("svg").count() >= 3
    look: Any = report.evaluate(
        """() => [getComputedStyle(document.querySelector("h2")).borderBottomStyle,
          [...document.querySelectorAll("svg path")].some(p => getComputedStyle(p).stroke === "rgb(0, 114, 178)"
            || !["none", "rgb(0, 0, 0)"].includes(getComputedStyle(p).stroke))]"""
    )
    assert look == ["solid", True], "its styles are allowed by its own policy"
    paper = printed(report)
    text = text_of(paper)
    assert 2 <= len(paper.pages) <= 12
    for part in ("For research use", "synthetic subject", "Forecast", "What was learned", "Evidence", "Limits"):
        assert part in text, part
    assert not said, said
    report.close()


def test_a_page_prints_in_light_with_its_charts_within_the_paper(page: Page, place: Place) -> None:
    page.goto("/")
    page.evaluate("localStorage.setItem('vitruvian.settings', JSON.stringify({theme: 'dark'}))")
    page.goto(f"/twins/{place.person}")
    expect(page.get_by_role("group", name="Timeline")).to_be_visible()
    expect(page.locator(".profile-plot")).to_be_visible()
    paper = printed(page)
    text = text_of(paper)
    assert 1 <= len(paper.pages) <= 6
    for part in (PERSON.removesuffix(" (synthetic)"), "Synthetic", "Ambulatory glucose profile", "Research use only"):
        assert part in text, part
    assert "Search twins" not in text
    assert page.evaluate("document.documentElement.dataset.theme") == "dark", "the screen is as it was"

    page.emulate_media(media="print")  # what the paper shows, as a picture: dark points on a light ground
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    chart = page.locator(".chart-area").first
    box = chart.bounding_box()
    assert box is not None
    assert box["width"] <= PAPER
    drawn = Image.open(io.BytesIO(chart.locator("canvas").screenshot())).convert("L")
    shades = drawn.histogram()
    assert sum(shades[:100]) > 200, "readings"
    assert sum(shades[200:]) > 0.7 * drawn.width * drawn.height, "ground"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
