"""A heart's twelve-lead ECG: drawn with bands, a pacing option beside it, all options in one table."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, heart

pytestmark = pytest.mark.service
READ = {  # of one ECG: simulated from the kind's own example, rounded
    "qrs": (140.0, "ms"), "qt": (400.0, "ms"), "area_I": (36.0, "mV.ms"), "area_aVF": (2.0, "mV.ms"),
    "area_V1": (-115.0, "mV.ms"), "area_V2": (-130.0, "mV.ms"), "area_V4": (-70.0, "mV.ms"), "area_V6": (60.0, "mV.ms"),
}  # fmt: skip


@pytest.fixture(scope="module", name="heart")
def one_heart(place: Place) -> str:
    with place.server.client() as api:
        return heart(api, "Heart (synthetic)", READ)


def test_twelve_leads_are_drawn_and_leads_for_pacing_stand_side_by_side(page: Page, heart: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{heart}")
    card = page.get_by_role("region", name="Twelve-lead ECG")
    for lead in ("I", "aVF", "V1", "V6"):
        drawn = card.get_by_role("img", name=re.compile(f"^Lead {lead} over one beat.*As planned, Both"))
        expect(drawn).to_be_visible(timeout=120_000)
    for option in ("As planned", "Right apex alone", "Both, mid inferolateral", "Left first by 40 ms"):
        expect(card.get_by_role("row", name=re.compile(f"^{option}"))).to_contain_text(re.compile(r"\d+ – \d+"))
    card.get_by_label("Drawn beside it").select_option("Both, apical lateral")
    expect(card.get_by_role("img", name=re.compile("^Bull's eye of the left ventricle, Both, apical"))).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    accessible(page)


def test_the_heart_is_stimulated_and_what_was_tried_stays_when_it_is_cancelled(page: Page, heart: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{heart}")
    card = page.get_by_role("region", name="Programmed stimulation")
    card.get_by_label("First coupling").fill("0.4")
    card.get_by_role("button", name="Stimulate").click()
    expect(card.get_by_text("0.4 s is 400")).to_be_visible()
    card.get_by_label("First coupling").fill("420")
    card.get_by_role("button", name="Stimulate").click()
    expect(card.get_by_role("rowheader", name="420", exact=True)).to_be_visible(timeout=300_000)
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(card.get_by_role("rowheader", name="420", exact=True)).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    accessible(page)
