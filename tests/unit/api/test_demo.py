"""The demonstration's sources: the same whoever asks and how far; the server takes all they say; a link works once."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hl7_messages import Hospital, said
from served import Served
from vitruvian.api import command
from vitruvian.api.demo import broker, others, senders
from vitruvian.api.demo.house import SITE, House
from vitruvian.api.demo.people import PEOPLE, Course
from vitruvian.core.case import Case, Origin
from vitruvian.kinds.hospital import KIND, Site
from vitruvian.platform import registry
from vitruvian.platform.store import Store
from vitruvian.platform.trust import people

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_was_said_does_not_change_when_more_is_asked() -> None:
    short, long = Course(NOW), Course(NOW)
    long.between(NOW, NOW + 30 * HOUR)
    told = short.between(NOW - 48 * HOUR, NOW + 5 * HOUR)
    assert told == long.between(NOW - 48 * HOUR, NOW + 5 * HOUR)
    halves = [*short.between(NOW - 48 * HOUR, NOW - HOUR), *short.between(NOW - HOUR, NOW + 5 * HOUR)]
    assert halves == told
    assert {s.what for s in told} == {"glucose", "meal", "fast", "basal"}
    assert all(s.known_at >= s.at for s in told)


def test_one_heads_low_and_one_goes_high() -> None:
    said = Course(NOW).between(NOW - HOUR, NOW + 2 * HOUR)
    by = {p.id: [s.value for s in said if s.person is p and s.what == "glucose"] for p in PEOPLE}
    assert min(by["demo-cleo"]) < 75
    assert max(by["demo-ben"]) > 250
    assert 70 < min(by["demo-ada"]) <= max(by["demo-ada"]) < 180


def test_visits_told_by_messages_are_who_is_in_the_house(tmp_path: Path) -> None:
    taker = Hospital(tmp_path)
    now = taker.clock()
    house = House(now)
    store = Store(taker.database)
    case = Case(Site(), origin=Origin(now - timedelta(days=1)))
    twin = store.create_twin(SITE, KIND, case, now=now - timedelta(days=1))
    events = [e for e in house.between(now - 3 * HOUR, now) if e.code == "A04" or e.visit.startswith("P")]
    visits = {e.visit for e in events}
    events = [e for e in house.between(now - 3 * HOUR, now) if e.visit in visits]
    for event in reversed(events):  # in any order
        assert said(taker.take(event.message.encode())[0]) == "AA"
    rows = store.record(twin.id, None)
    known = rows.until(float("inf")).only("patient")
    last = {e.visit: e for e in events}
    steps = [s.name for s in KIND.model.steps]
    told = sorted(0 if e.code == "A03" else steps.index(e.step) + 1 for e in last.values())
    assert sorted(known.value.tolist()) == told
    urgent = {str(s) for s in known.sensor}
    assert urgent <= {"red", "orange", "yellow", "green"}
    assert store.kept_aside(twin.id) == ()
    taker.database.close()


@pytest.mark.parametrize("name", ["infusion", "metabolic_fast"])
def test_a_twin_of_another_kind_is_taken_in_whole(served: Served, name: str) -> None:
    made = others.sample(registry.get(name), NOW)
    body = {"kind": name, "subject": made.subject, "fields": made.fields, "origin": made.origin.isoformat()}
    twin = served.call("POST", "/v1/twins", json=body)
    assert twin.status_code == 201, twin.text
    assert twin.json()["synthetic"] is True
    rows = {"observations": made.observations, "actions": made.actions}
    sent = served.call("POST", f"/v1/twins/{twin.json()['id']}/records", json=rows).json()
    assert sent["new"] == len(made.observations) + len(made.actions) > 0, sent


def test_a_link_logs_in_once(served: Served) -> None:
    def link() -> str:
        with served.site.database.write() as connection:
            return people.login_token(connection, "local", "demo", "viewer", served.site.now_us)

    stale, token = link(), link()
    assert served.call("GET", "/enter", token="", params={"token": stale}).status_code == 404
    first = served.call("GET", "/enter", token="", params={"token": token})
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
    assert served.call("GET", "/v1/me", token="", headers=cookie).json()["actor"] == "demo"
    assert served.call("GET", "/enter", token="", params={"token": token}).status_code == 404
    other = link()
    assert served.call("GET", "/v1/me", token=other).status_code == 401, "it is no token of the interface"
    answer = served.call("POST", "/v1/sessions/one-time", token="", json={"token": other})
    assert (answer.status_code, answer.json()["role"]) == (201, "viewer")
    assert all(t["name"] != "demo" for t in served.call("GET", "/v1/tokens").json()["items"])
    password = {"name": "demo", "password": "!"}
    assert served.call("POST", "/v1/sessions", token="", json=password).status_code == 401


def test_without_a_broker_it_says_so_and_sensors_post_over_http(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], served: Served
) -> None:
    monkeypatch.setattr(broker.shutil, "which", lambda *_, **__: None)
    with ExitStack() as stack:
        assert command._broker(stack) is None
    assert "No MQTT broker: mosquitto is not installed" in capsys.readouterr().out
    ada = PEOPLE[0]
    twin = served.make_twin(kind="metabolic", subject=ada.subject, origin=(NOW - 2 * HOUR).isoformat())
    told = [s for s in Course(NOW).between(NOW - HOUR, NOW) if s.person is ada]

    async def send(client: httpx.AsyncClient) -> None:
        await senders.people_say(told, {ada.id: twin}, senders.Fhir(client), senders.Native(client), None)

    served.run(send)
    found = served.call("GET", f"/v1/twins/{twin}").json()
    assert found["readings"] == sum(s.what == "glucose" for s in told) == 12
    assert [s["name"] for s in served.call("GET", f"/v1/twins/{twin}/sources").json()["items"]] == [
        "sensor reader (synthetic)"
    ]
