"""Data, evidence, drivers, jobs, cohort, admin: each page's main job, in a real browser."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import DRUG, PERSON, Place, accessible
from vitruvian.platform.evidence import folder

pytestmark = pytest.mark.service
EXPORT = folder("metabolic") / "demo" / "clarity_export.csv"


def test_a_twin_is_made_from_an_uploaded_export(page: Page, place: Place, tmp_path: Path) -> None:
    page.goto("/data")
    accessible(page)
    wrong = tmp_path / "notes.csv"
    wrong.write_text("a,b\n1,2\n")
    page.get_by_label("Choose a file").set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text("notes.csv")
    page.get_by_label("Choose a file").set_input_files(EXPORT)
    expect(page.get_by_role("region", name="What is in the file")).to_contain_text("2859 readings")
    page.get_by_label("Subject").fill("S-upload")
    page.get_by_label("Weight").fill("900")
    page.get_by_label("Calibrate and follow it").uncheck()
    page.get_by_role("button", name="Make the twin from this file").click()
    expect(page.get_by_role("alert")).to_contain_text("30")  # to 250 kg, at its field
    accessible(page)
    page.get_by_label("Weight").fill("91")
    page.get_by_role("button", name="Make the twin from this file").click()
    expect(page.get_by_role("heading", name="S-upload")).to_be_visible()
    expect(page.get_by_role("group", name="Timeline")).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).last.click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("region", name="Readings (2859)").last).to_contain_text("mg/dL")
    accessible(page)


def test_the_evidence_shows_what_is_not_met_too(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}/trust")
    expect(page.get_by_text("Context of use")).to_be_visible()
    claims = page.get_by_role("region", name="What this kind claims")
    expect(claims).to_be_visible(timeout=60_000)
    claims.get_by_role("button", name="Not met").click()
    first = claims.locator("summary").first
    expect(first).to_contain_text("target:")
    first.click()
    expect(claims.locator("details[open]")).to_contain_text("Metric")
    accessible(page)


def test_why_shares_a_quantity_out_and_shows_what_was_learned(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.drug}/why")
    expect(page.locator(".gauges li").first).to_contain_text("%")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator(".shares tbody tr").first).to_contain_text("±", timeout=90_000)
    accessible(page)
    page.get_by_role("button", name="Readings", exact=True).click()
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator(".shares tbody tr").first).to_contain_text("readings", timeout=90_000)
    accessible(page)


def test_a_job_is_seen_and_cancelled(page: Page, place: Place) -> None:
    page.goto("/jobs")
    with place.server.client() as api:
        api.start("backtest", place.person)
    row = page.get_by_role("row").filter(has_text="Backtest").first
    expect(row).to_be_visible()
    accessible(page)
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("Cancelled")


def test_a_cohort_is_ranked_filtered_and_exported(page: Page, place: Place) -> None:
    page.goto("/cohort")
    page.get_by_role("button", name="Metabolic", exact=True).click()
    expect(page.get_by_role("row").filter(has_text=PERSON.removesuffix(" (synthetic)"))).to_be_visible()
    accessible(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert PERSON in {row["subject"] for row in rows}
    assert any(name.startswith("mean_glucose_q50") for name in rows[0])
    page.get_by_label("at least (mg/dL)").fill("100000")
    expect(page.get_by_text("0 of")).to_be_visible()


def test_an_admin_makes_a_token_and_sees_it_in_the_audit_log(page: Page, place: Place) -> None:
    page.goto("/admin")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name").fill("gateway 7")
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="New token").click()
    expect(page.locator(".secret")).to_contain_text("vt_")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("row").filter(has_text="gateway 7")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Audit log").last).to_contain_text("POST /v1/tokens")
    page.get_by_role("button", name="New user").click()
    page.get_by_label("Name").fill("grace")
    page.get_by_label("Password, at least 12 characters").fill("short")
    page.get_by_role("dialog").get_by_role("button", name="New user").click()
    expect(page.get_by_role("alert")).to_contain_text("Must have 12")
    accessible(page)


def test_a_kind_without_panels_can_be_asked_what_if(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.drug}/what-if")
    expect(page.locator(".outcomes")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("slider", name="Infuse")).to_be_visible()
    expect(page.get_by_role("heading", name=DRUG.removesuffix(" (synthetic)"))).to_be_visible()
    accessible(page)
