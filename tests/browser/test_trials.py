"""A trial statistician's job in the browser: plan from two files, explore designs by keyboard, analyse, report."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import accessible
from trial_tables import columns, csv_of, protocol_text

pytestmark = pytest.mark.service
TITLE = "Active against placebo (synthetic)"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial")
    (folder / "protocol.yaml").write_text(protocol_text(title=TITLE, subgroups=["sex"]), encoding="utf-8")
    (folder / "wrong.csv").write_text("id,age\np1,1,2\n", encoding="utf-8")
    (folder / "history.csv").write_text(csv_of(columns(60, 1, trial=False)), encoding="utf-8")
    (folder / "trial.csv").write_text(csv_of(columns(80, 2, trial=True)), encoding="utf-8")
    return folder


def test_a_trial_is_planned_explored_and_analysed(page: Page, files: Path) -> None:
    page.goto("/trials")
    expect(page.get_by_text("No trial yet")).to_be_visible()
    accessible(page)
    page.get_by_label("Protocol", exact=True).set_input_files(files / "protocol.yaml")
    page.get_by_label("History", exact=True).set_input_files(files / "wrong.csv")
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("wrong.csv, line 2")
    page.get_by_label("History", exact=True).set_input_files(files / "history.csv")
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.get_by_role("img", name="This plan:")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("img", name="Observed against predicted")).to_be_visible()
    accessible(page)

    total = page.get_by_test_id("total")
    planned = int(total.inner_text())
    power = page.get_by_role("slider", name="Power")
    power.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Power, exact")).to_have_value("0.86")
    expect(total).not_to_have_text(str(planned))
    assert int(total.inner_text()) < planned
    page.get_by_label("Effect, exact").fill("0")
    expect(page.get_by_role("alert")).to_contain_text("No effect is planned for")
    page.get_by_role("button", name="Back to the protocol").click()
    expect(total).to_have_text(str(planned))

    page.get_by_label("Data of the trial").set_input_files(files / "trial.csv")
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="Guard-rails")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("row", name="Score and covariates (primary)")).to_be_visible()
    expect(page.get_by_text("Exploratory only")).to_be_visible()
    accessible(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Report").click()
    expect(opened.value.get_by_role("heading", name="Guard-rails")).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("No trial yet")).to_be_visible()
