"""Models in the browser: what is claimed, whether it has drifted, a fit made from a site's own patients and undone."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, now
from failing_kidneys import COUNT, chart, person

pytestmark = pytest.mark.service


def test_every_kind_stands_with_its_question_and_its_claims(page: Page, place: Place) -> None:
    page.goto("/kinds")
    row = page.get_by_role("row", name="Metabolic Where is this person")
    expect(row).to_contain_text(" of ")
    accessible(page)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Metabolic", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Drift")).to_be_visible()
    expect(page.get_by_role("region", name="What this kind claims")).to_contain_text("target:")
    expect(page.get_by_role("button", name="Fit again")).to_have_count(0)  # each twin is calibrated instead
    accessible(page)


def test_a_fit_is_made_taken_into_use_and_taken_back(page: Page, place: Place) -> None:
    at = now()
    headers = {"Authorization": f"Bearer {place.server.token}"}
    with httpx.Client(base_url=place.url, headers=headers) as api:
        for i in range(COUNT):
            made = api.post("/v1/twins", json=person(i, at)).raise_for_status()
            rows = {"source": "test", "observations": chart(i, at)}
            api.post(f"/v1/twins/{made.json()['id']}/records", json=rows).raise_for_status()
    page.goto("/kinds/deterioration")
    fits = page.get_by_role("region", name="Fits of this site")
    expect(fits).to_contain_text("No fit has been made here")
    fits.get_by_role("button", name="Fit again").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Fit again")).to_be_disabled()  # nothing has drifted: say why
    dialog.get_by_label("Why").fill("kidneys fail more often than was said")
    accessible(page)
    dialog.get_by_role("button", name="Fit again").click()
    use = fits.get_by_role("button", name="Take into use")
    expect(use).to_be_visible(timeout=120_000)
    expect(fits).to_contain_text("16 subjects held back")
    accessible(page)
    use.click()
    dialog.get_by_label("Reason").fill("better on 16 patients")
    dialog.get_by_role("button", name="Take into use").click()
    expect(fits.get_by_role("cell", name="In use")).to_be_visible()
    fits.get_by_role("button", name="Go back to the fit before").click()
    dialog.get_by_label("Reason").fill("it alarmed too often at night")
    dialog.get_by_role("button", name="Go back to the fit before").click()
    expect(fits.get_by_role("cell", name="In use")).to_have_count(0)
    fits.get_by_text("Line of uses").click()
    expect(fits.get_by_role("row", name="it alarmed too often at night", exact=False)).to_be_visible()
    accessible(page)
