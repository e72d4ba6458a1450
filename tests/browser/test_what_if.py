"""What if: an action is dragged and compared, shared, taken into the plan; a wrong value is refused at its field."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible

pytestmark = pytest.mark.service


def settled(page: Page) -> None:
    """The comparison of what is on the page is there."""
    expect(page.locator(".outcomes")).to_be_visible(timeout=60_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=60_000)


def test_a_meal_is_dragged_and_the_comparison_follows(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}/what-if")
    settled(page)
    when, meal = page.get_by_label("When"), page.get_by_role("slider", name=re.compile("^Meal: Meal"))
    before, mean = when.input_value(), page.get_by_role("row", name=re.compile("^Mean glucose")).inner_text()
    box = meal.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 10, steps=5)
    page.mouse.up()
    assert when.input_value() > before, "an hour or so later"
    settled(page)
    dragged = page.get_by_role("row", name=re.compile("^Mean glucose")).inner_text()
    assert dragged != mean
    expect(page.get_by_text("Difference from what is planned")).to_be_visible()
    there = when.input_value()
    meal.focus()
    page.keyboard.press("ArrowRight")
    moved = when.input_value()
    assert moved > there, "five minutes later, by keyboard"
    settled(page)
    accessible(page)
    page.reload()  # the address carries the options
    expect(page.get_by_label("When")).to_have_value(moved)


def test_a_wrong_value_is_refused_at_its_field_with_the_servers_reason(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}/what-if")
    page.get_by_label("Carbohydrate").first.fill("900")
    expect(page.get_by_role("alert").first).to_contain_text("must be between 0 and 200 g (got 900)", timeout=60_000)
    expect(page.get_by_label("Carbohydrate").first).to_have_attribute("aria-invalid", "true")
    accessible(page)


def test_a_recommended_option_is_accepted_into_the_plan_and_taken_back(page: Page, place: Place) -> None:
    page.goto(f"/twins/{place.person}/what-if")
    page.get_by_role("button", name="Would a walk after this meal help").click()
    page.get_by_role("button", name="Ask", exact=True).click()
    answers = page.get_by_role("region", name="Recommended options")
    expect(answers).to_be_visible(timeout=90_000)
    expect(answers).to_contain_text("walks of 15 min after meals")  # what it rests on
    accessible(page)
    answers.get_by_role("listitem").filter(has_text="Walk 30 min after").get_by_role("button", name="Accept").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Exercise")
    dialog.get_by_role("button", name="Accept into plan").click()
    expect(page.get_by_text("Accepted into the plan.")).to_be_visible()
    page.get_by_role("link", name="Now", exact=True).click()
    planned = page.get_by_role("region", name="Planned")
    expect(planned).to_contain_text("Exercise")
    expect(planned).to_contain_text("Meal")
    planned.get_by_role("button", name="Take back: Exercise").click()
    expect(planned).not_to_contain_text("Exercise")


def test_one_is_saved_and_opened_by_its_link_by_another_who_changes_it(
    page: Page, colleague: Page, place: Place
) -> None:
    page.goto(f"/twins/{place.person}/what-if")
    settled(page)
    page.get_by_label("Carbohydrate").first.fill("37")
    settled(page)
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("at least 1 character")  # the server's reason, at its field
    accessible(page)
    dialog.get_by_label("Name").fill("small supper")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="small supper")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(r"/what-if\?saved=wi-\w+$"))
    accessible(page)
    colleague.goto(page.url)
    expect(colleague.get_by_label("Carbohydrate").first).to_have_value("37")
    settled(colleague)
    colleague.get_by_label("Carbohydrate").first.fill("41")
    expect(colleague.get_by_text("(changed)")).to_be_visible()
    colleague.get_by_role("button", name="Save", exact=True).click()
    colleague.get_by_role("button", name="Save changes").click()
    expect(colleague.get_by_text("(changed)")).to_be_hidden()
    page.get_by_label("Carbohydrate").first.fill("45")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save changes").click()
    expect(dialog.get_by_role("alert")).to_contain_text("It has changed since")
    dialog.get_by_role("button", name="Cancel").click()
    page.reload()
    colleague.get_by_role("button", name="Remove: small supper").click()
    colleague.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(colleague.get_by_role("link", name="small supper")).to_have_count(0)
    page.goto(page.url)
    expect(page.get_by_role("alert").first).to_contain_text("There is no what-if")
