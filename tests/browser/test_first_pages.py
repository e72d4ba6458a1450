"""Home, a twin's timeline, alerts: each page's main job, in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from browsing import DRUG, PERSON, Place, accessible, now
from vitruvian.client import Reading

pytestmark = pytest.mark.service
SHOWN = PERSON.removesuffix(" (synthetic)")


def test_home_says_first_what_needs_attention_and_why(page: Page, place: Place) -> None:
    page.goto("/")
    concern = page.get_by_role("link", name="glucose above 60")
    expect(concern).to_be_visible()
    expect(page.locator(".twin-card", has_text=SHOWN)).to_contain_text("Synthetic")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    accessible(page)
    concern.click()
    expect(page.get_by_role("button", name="Acknowledge", exact=True)).to_be_visible()


def test_a_reading_arrives_while_one_watches(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}")
    figure = page.locator(".figures b").first
    expect(figure).to_be_visible()
    expect(page.get_by_text("Over the forecast’s hours")).to_be_visible()
    accessible(page)
    with place.server.client() as api:
        api.send(place.person, [Reading("glucose", now() - timedelta(minutes=1), 123.0, unit="mg/dL", sensor="dexcom")])
    expect(figure).to_have_text("123")
    expect(page.get_by_text(re.compile(r"Last reading (just now|\d+ min ago)")).first).to_be_visible()


def test_one_walks_back_in_time_and_sees_what_was_said_then_and_what_came(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}")
    slider = page.get_by_label("As of")
    expect(slider).to_be_visible()
    slider.focus()
    for _ in range(12):  # an hour, by keyboard
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("As it was known on")).to_be_visible()
    expect(page.locator(".legend")).to_contain_text("What came")
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_role("columnheader", name="What came")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Back to now").click()
    expect(page.get_by_text("As it was known on")).to_be_hidden()


def test_a_kind_without_panels_of_its_own_is_shown_whole(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.drug}")
    expect(page.get_by_role("heading", name=DRUG.removesuffix(" (synthetic)"))).to_be_visible()
    expect(page.get_by_role("group", name="Timeline")).to_be_visible()
    accessible(page)


def test_an_alert_is_acknowledged_with_a_reason_by_keyboard_alone(page: Page, place: Place) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Twins")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Alerts", exact=True)).to_be_visible()
    row = page.locator(".alert-row").filter(has_text=SHOWN).first
    expect(row).to_be_visible()
    row.focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Acknowledge", exact=True)
    expect(button).to_be_visible()
    accessible(page)
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("seen, dose checked")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator(".alert-one")).to_contain_text("seen, dose checked")
    expect(page.locator(".alert-one")).to_contain_text("Acknowledged")


def test_search_finds_a_twin_and_the_theme_stays(page: Page, place: Place) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Twins")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type(SHOWN)
    expect(page.get_by_role("option").first).to_contain_text(SHOWN)
    accessible(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=SHOWN)).to_be_visible()
    for name, theme in (("Dark", "dark"), ("High contrast", "contrast"), ("Light", "light")):
        page.get_by_role("button", name="Account and display").click()
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.keyboard.press("Escape")
        expect(page.get_by_role("group", name="Account and display")).to_be_hidden()
        accessible(page)
    page.get_by_role("button", name="Account and display").click()
    page.get_by_role("button", name="mmol/L").click()
    page.reload()
    expect(page.locator(".figures")).to_contain_text("mmol/L")


def test_the_tour_leads_from_page_to_page_and_is_offered_once(page: Page, place: Place) -> None:
    page.goto("/")
    page.get_by_role("button", name="Take the tour").click()
    guide = page.get_by_role("dialog", name="Three-minute tour")
    seen = set()
    for step in range(1, 9):
        expect(guide).to_contain_text(f"{step} of 8")
        seen.add(page.url.split("?")[0])
        if step in (1, 4):
            accessible(page)
        guide.get_by_role("button", name="Done" if step == 8 else "Next").click()
    expect(guide).to_be_hidden()
    assert len(seen) >= 5, "first page, timeline, what if, why, how do you know"
    page.goto("/")
    expect(page.get_by_role("heading", name="Twins")).to_be_visible()
    expect(page.get_by_role("button", name="Take the tour")).to_be_hidden()
