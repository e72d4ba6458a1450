"""Alert rules and channels: made, changed, tried, ended; what the server refuses stands at its field."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import PERSON, Place, accessible

pytestmark = pytest.mark.service


def test_a_rule_with_a_policy_is_made_refused_changed_and_ended(page: Page, place: Place) -> None:
    page.goto("/alerts")
    page.get_by_role("link", name="Rules and channels").click()
    expect(page.get_by_role("row").filter(has_text="glucose above 60")).to_contain_text("above 60 mg/dL")
    accessible(page)
    page.get_by_role("button", name="New rule").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("low soon")
    form.get_by_label("Kind").select_option("metabolic")
    form.get_by_label("Looks at").select_option("forecast")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("A rule needs low, high or both")
    expect(form.get_by_label("Below", exact=True)).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Below", exact=True).fill("70")
    form.get_by_label("Raise at rising edges only").check()
    form.get_by_label("Looks that must be high").fill("2")
    form.get_by_label("of the last").fill("99")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("less than or equal to 64")
    accessible(page)
    form.get_by_label("of the last").fill("3")
    form.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="low soon")
    expect(row).to_contain_text("below 70 mg/dL, with probability 50 % within 3 h, 2 of 3 looks, once in 6 h")
    page.get_by_role("button", name="Change: low soon").click()
    form.get_by_label("Below", exact=True).fill("65")
    form.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("below 65 mg/dL")
    page.get_by_role("button", name="End: low soon").click()
    form.get_by_role("button", name="End", exact=True).click()
    expect(row).to_have_count(0)


def test_a_channel_is_made_and_tried(page: Page, place: Place) -> None:
    page.goto("/alerts/rules")
    page.get_by_role("button", name="New channel").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Address").fill("ftp://ward")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("no http address")  # the server's reason, at its field
    form.get_by_label("Address").fill("http://127.0.0.1:9/alerts")
    form.get_by_label("Told").select_option("1")
    form.get_by_role("button", name="Save").click()
    channel = page.get_by_role("listitem").filter(has_text="127.0.0.1:9")
    expect(channel).to_contain_text("what nobody acknowledged in time")
    channel.get_by_role("button", name="Send a test").click()
    expect(channel.get_by_role("status")).to_contain_text("The test did not arrive: ConnectError")
    accessible(page)
    page.get_by_role("button", name=re.compile("^End: http")).click()
    accessible(page)
    form.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("No channel yet")).to_be_visible()


def test_who_may_not_set_rules_sees_them(colleague: Page, place: Place) -> None:
    colleague.goto("/alerts/rules")
    expect(colleague.get_by_role("row").filter(has_text="glucose above 60")).to_contain_text(
        PERSON.removesuffix(" (synthetic)")
    )
    expect(colleague.get_by_role("button", name="New rule")).to_have_count(0)
    expect(colleague.get_by_role("region", name="Channels")).to_have_count(0)
    accessible(colleague)
