"""A twin over months: outlook, a programme changed by dragging and keys, targets, and which medicine could go."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, now
from vitruvian.client import Action, Reading

pytestmark = pytest.mark.service
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def months(place: Place) -> str:
    """Weighed and measured over half a year, on two medicines since before; calibrated."""
    start = (now() - 182 * DAY).replace(minute=0, second=0)
    readings = [Reading("weight", start + k * 14 * DAY, 96.0 - 0.15 * k, unit="kg") for k in range(13)]
    readings += [Reading("hba1c", start + k * 90 * DAY, v, unit="%") for k, v in enumerate((7.2, 6.9, 6.8))]
    taken = [Action("Metformin", start - DAY, {"dose": 1000.0}), Action("Glimepiride", start - DAY, {"dose": 2.0})]
    fields = {"weight": "96 kg", "height": "172 cm", "age": 57.0, "hba1c": "7.2 %"}
    with place.server.client() as api:
        twin = api.create_twin("metabolic_slow", "Months (synthetic)", fields=fields, origin=start - DAY).id
        outcome = api.send(twin, readings, taken, source="clinic (synthetic)")
        assert outcome.kept_aside == 0
        assert api.calibrate(twin).state == "done"
    return twin


def test_a_programme_is_changed_and_seen_against_what_is_planned(page: Page, months: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{months}")
    outlook = page.get_by_role("region", name="Outlook and programme")
    table = outlook.locator(".chances table")
    expect(table).to_contain_text("12 months", timeout=120_000)
    kept = table.get_by_role("row", name=re.compile("HbA1c ≤ 7 %"))
    expect(kept).to_contain_text(re.compile(r"\d %"), timeout=120_000)
    expect(table.get_by_role("row", name=re.compile("^Remission"))).to_contain_text("not while a medicine is taken")

    end = outlook.get_by_role("slider", name=re.compile("^Metformin: end"))
    expect(end).to_have_attribute("aria-valuetext", "goes on")
    end.focus()
    for _ in range(2):
        page.keyboard.press("PageDown")  # by keys: four weeks earlier, twice
    expect(end).not_to_have_attribute("aria-valuetext", "goes on")
    before = end.get_attribute("aria-valuetext")
    expect(table).to_contain_text("As changed", timeout=120_000)

    box, track = end.bounding_box(), outlook.locator(".bar-track").first.bounding_box()
    assert box is not None
    assert track is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + 0.6 * track["width"], box["y"] + 5, steps=4)
    page.mouse.up()
    expect(end).not_to_have_attribute("aria-valuetext", before or "")
    outlook.get_by_label("Begin…").select_option("Semaglutide")
    expect(outlook.get_by_role("slider", name=re.compile("^Semaglutide: start"))).to_be_visible()
    outlook.get_by_label("Target: HbA1c at most").fill("6.5")
    expect(table.get_by_role("row", name=re.compile("HbA1c ≤ 6.5 %"))).to_contain_text(
        re.compile(r"\d %.*\d %"), timeout=120_000
    )
    accessible(page)

    outlook.get_by_role("link", name="Open in What if").click()
    expect(page.get_by_label("Name").first).to_have_value("Changed programme")
    expect(page.locator(".step legend").filter(has_text="Semaglutide")).to_be_visible()
    expect(page.get_by_role("button", name="12 months")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".outcomes")).to_contain_text("Over 12 months", timeout=120_000)


def test_the_ladder_says_which_medicine_could_go_and_what_to_watch(page: Page, months: str) -> None:
    page.goto(f"/twins/{months}")
    card = page.get_by_role("region", name="Which medicine could go")
    first = card.locator(".ladder > li").first
    expect(first).to_contain_text(re.compile("Stop |Lower "), timeout=120_000)
    expect(first).to_contain_text("80 % asked")
    expect(card).to_contain_text("HbA1c three months after every change")
    card.get_by_label("Target").fill("19")
    card.get_by_role("button", name="Work it out").click()
    expect(card.get_by_role("alert")).to_contain_text("5.5")  # to 9, at its field
    card.get_by_label("Target").fill("6.9")
    card.get_by_role("button", name="Work it out").click()
    expect(card.locator(".ladder > li").first).to_be_visible(timeout=120_000)
    accessible(page)
