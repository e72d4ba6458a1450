"""The heart in 3D: turned by keys, run through time, inside and outside, a pacing option beside it and in the table."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, heart

pytestmark = pytest.mark.service
READ = {"qrs": (150.0, "ms"), "qt": (410.0, "ms")}


@pytest.fixture(scope="module", name="heart")
def one_heart(place: Place) -> str:
    with place.server.client() as api:
        return heart(api, "Painted heart (synthetic)", READ)


def test_a_heart_is_turned_run_and_asked_beside_pacing(page: Page, heart: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{heart}")
    card = page.get_by_role("region", name="Heart, coloured by activation")
    scene = card.get_by_role("application", name=re.compile(r"^Heart in 3D, As planned, \d+ ms"))
    expect(scene).to_be_visible(timeout=120_000)
    expect(scene.locator("canvas")).to_be_visible()

    before = scene.get_attribute("data-turn") or ""
    scene.focus()
    page.keyboard.press("ArrowRight")
    expect(scene).not_to_have_attribute("data-turn", before)

    moment = card.get_by_role("slider", name="Moment of the activation")
    whole = moment.get_attribute("aria-valuetext") or ""
    expect(card.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    moment.focus()
    page.keyboard.press("Home")
    expect(moment).to_have_attribute("aria-valuetext", re.compile("^0 of"))
    assert whole.endswith((moment.get_attribute("aria-valuetext") or "").split(" of ")[1])
    card.get_by_role("button", name="Inside").click()
    expect(card.get_by_role("button", name="Inside")).to_have_attribute("aria-pressed", "true")

    card.get_by_label("Beside it").select_option("Both, mid inferolateral")
    beside = card.get_by_role("application", name=re.compile("^Heart in 3D, Both, mid inferolateral"))
    expect(beside).to_be_visible(timeout=120_000)  # two new groups of sites are solved first
    row = card.get_by_role("row", name=re.compile("^Mid inferolateral", re.IGNORECASE))
    expect(row).to_contain_text(re.compile(r"[-−]\d+"))  # the lead there wakes it earlier
    expect(row).to_contain_text(re.compile(r"\d+ to \d+"))  # the interval over members
    card.get_by_role("button", name="How sure that is").click()
    sure = card.get_by_role("application", name=re.compile("coloured by the standard deviation .*, 0 to [1-9]"))
    expect(sure).to_have_count(2, timeout=120_000)  # more members are painted first
    expect(card.get_by_role("status")).to_have_text(re.compile(r"over 16 members of the belief, ms$"))
    expect(card.get_by_role("slider")).to_have_count(0)  # a spread has no moments
    page.evaluate("scrollTo(0, 0)")
    accessible(page)
