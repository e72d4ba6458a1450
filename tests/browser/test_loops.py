"""The pressure-volume loop of a twin: it runs, is asked beside a drug; readings that cannot be are listed."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, now
from vitruvian.client import Reading

pytestmark = pytest.mark.service
DAY = timedelta(days=1)
VISIT = {"sbp": (116.0, "mm[Hg]"), "dbp": (72.0, "mm[Hg]"), "mpap": (38.0, "mm[Hg]"), "rv_ef": (38.0, "%")}


@pytest.fixture(scope="module")
def heart(place: Place) -> str:
    """Two visits of a patient with pulmonary hypertension, and a cuff read the wrong way round; calibrated."""
    start = (now() - 200 * DAY).replace(minute=0, second=0)
    readings = [Reading(n, start + ago * DAY, v, unit=u) for ago in (10, 100) for n, (v, u) in VISIT.items()]
    readings += [
        Reading("sbp", start + 50 * DAY, 70.0, unit="mm[Hg]"),
        Reading("dbp", start + 50 * DAY, 118.0, unit="mm[Hg]"),
    ]
    with place.server.client() as api:
        fields = {"condition": "PAH moderate"}
        twin = api.create_twin("circulation", "Heart (synthetic)", fields=fields, origin=start).id
        assert api.send(twin, readings, [], source="clinic (synthetic)").kept_aside == 0
        assert api.calibrate(twin).state == "done"
    return twin


def test_the_loop_is_seen_moved_by_keys_and_asked_beside_a_drug(page: Page, heart: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{heart}")
    card = page.get_by_role("region", name="Pressure-volume loop")
    expect(card.get_by_role("img", name=re.compile("^Pressure-volume loop of the left ventricle"))).to_be_visible(
        timeout=120_000
    )
    expect(card.get_by_role("row", name=re.compile("^Ejection fraction")).first).to_contain_text(
        re.compile(r"\d+ .*48 – 68")
    )
    play, moment = card.get_by_role("button", name="Play"), card.get_by_role("slider", name="Moment of the beat")
    expect(play).to_have_attribute("aria-pressed", "false")  # the reader asked for less motion
    before = moment.get_attribute("aria-valuetext") or ""
    moment.focus()
    page.keyboard.press("ArrowRight")
    expect(moment).not_to_have_attribute("aria-valuetext", before)
    play.focus()
    page.keyboard.press("Space")
    stop = card.get_by_role("button", name="Pause")
    expect(stop).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    expect(card.get_by_role("button", name="Play")).to_be_visible()

    card.get_by_label("Beside it").select_option("Prostacyclin")
    card.get_by_label("Dose").fill("20")
    card.get_by_role("button", name="Show").click()
    row = card.get_by_role("row", name=re.compile("^Mean pulmonary artery pressure"))
    expect(row).to_contain_text("−", timeout=120_000)  # it falls
    page.evaluate("scrollTo(0, 0)")
    accessible(page)


def test_a_cuff_the_wrong_way_round_is_listed_and_not_believed(page: Page, heart: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"/twins/{heart}")
    expect(page.get_by_text("2 readings are kept and not believed").first).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Data").last.click()
    table = page.get_by_role("region", name="Kept, not believed").last
    expect(table).to_contain_text("they may be swapped")
    expect(table).to_contain_text("Diastolic blood pressure")
