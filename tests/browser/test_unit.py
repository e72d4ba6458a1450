"""A unit's board, a patient's risk, where twins are; a hospital's floor in 3D, its movements, rooms and machines."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from browsing import Place, accessible, now
from vitruvian.client import Client, Reading
from vitruvian.platform.instant import micros
from vitruvian.platform.store import Observation, Source, Store
from vitruvian.platform.store.database import Database

pytestmark = pytest.mark.service
WARD = "Ward 3 (synthetic)"
STEPS = ((1.0, 90), (2.0, 40), (3.0, 20))  # triage, first look, assessment: minutes ago


@pytest.fixture(scope="module")
def ward(place: Place) -> str:
    """Two patients on a ward; one of them is getting worse. The id of that one."""
    with place.server.client() as api:
        patient(api, "Bed 5 (synthetic)", worse=False)
        return patient(api, "Bed 6 (synthetic)", worse=True)


def patient(api: Client, subject: str, *, worse: bool) -> str:
    twin = api.create_twin("risk", subject, fields={"age": 70}, origin=now() - timedelta(hours=12)).id
    usual = {"heart_rate": 82.0, "respiratory_rate": 16.0, "spo2": 96.0, "systolic": 124.0}
    ill = {"heart_rate": 124.0, "respiratory_rate": 31.0, "spo2": 87.0, "systolic": 92.0}
    readings = [
        Reading(name, now() - timedelta(hours=h), (ill if worse and h < 2 else usual)[name])
        for h in (8, 6, 5, 4, 3, 1)
        for name in usual
    ]
    api.send(twin, readings, source="ward (synthetic)")
    assert api.calibrate(twin).state == "done"
    api.follow(twin, hours=12)
    return twin


@pytest.fixture(scope="module")
def house(place: Place) -> str:
    """A hospital with three patients, as its admission system's messages leave them; two walked on within the hour."""
    with place.server.client() as api:
        fields = {"model": "emergency"}
        twin = api.create_twin("hospital", "House (synthetic)", fields=fields, origin=now() - timedelta(days=1)).id
    database = Database.open(place.server.place)
    for who, count in (("a", 3), ("b", 2), ("c", 1)):
        for step, minutes in STEPS[:count]:
            at = micros(now() - timedelta(minutes=minutes))
            row = Observation(reading_id=who, observable="patient", valid_us=at, value=step, unit="1", sensor="orange")
            source = Source(name="ADT (synthetic)", format="hl7v2", digest=f"{who}{minutes}")
            Store(database, "local").append_observations(twin, [row], source)
    database.close()
    return twin


def test_the_ill_stand_first_and_why_is_said(page: Page, place: Place, ward: str) -> None:
    page.goto(f"/twins/{ward}")
    page.get_by_role("button", name="Where it is").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Ward, unit or clinic").fill(WARD)
    form.get_by_label("Bed or room").fill("6")
    form.get_by_role("button", name="Save").click()
    risk = page.get_by_role("region", name="Risk")
    expect(risk).to_contain_text("90 %:")
    expect(risk).to_contain_text("Alarms")
    accessible(page)
    page.get_by_role("link", name="Unit board").click()
    rows = page.locator(".unit-board tbody tr")
    expect(rows.first).to_contain_text("Bed 6")
    expect(rows.first).to_contain_text("%")
    expect(page.locator(".unit-board")).to_contain_text("Bed 5")
    accessible(page)
    page.get_by_label("Place").select_option(WARD)
    expect(rows).to_have_count(1)
    page.goto("/")
    expect(page.get_by_role("region", name=WARD)).to_contain_text("Bed 6")
    page.get_by_role("button", name="By kind").click()
    expect(page.get_by_role("region", name="Risk")).to_contain_text("Bed 5")
    accessible(page)


def test_the_floor_has_movements_a_3d_view_by_keyboard_and_rooms_over_time(
    page: Page, place: Place, house: str
) -> None:
    page.goto(f"/twins/{house}")
    floor = page.get_by_role("region", name="Who is where")
    expect(floor).to_contain_text("Assessment")
    floor.get_by_label("Movements of the last hour").check()
    expect(floor.locator(".moves path").first).to_be_attached()
    expect(floor).to_contain_text("1 from First look to Assessment")
    accessible(page)
    floor.get_by_role("button", name="3D").click()
    solid = floor.get_by_role("application").or_(floor.get_by_text("draws no 3D"))
    expect(solid).to_be_visible()
    if floor.get_by_role("application").count():
        expect(solid.locator("canvas")).to_be_visible()
        before = solid.get_attribute("data-turn")
        solid.focus()
        page.keyboard.press("ArrowRight")
        expect(solid).not_to_have_attribute("data-turn", before or "")
    accessible(page)
    rooms = page.get_by_role("region", name="Rooms and machines")
    expect(rooms.locator(".stay").first).to_be_attached()
    rooms.get_by_role("button", name="Table").click()
    expect(rooms.get_by_role("row", name="Cubicles")).to_contain_text("30")
    accessible(page)
