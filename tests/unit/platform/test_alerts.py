"""Alerts: raised once, never lost, told until confirmed; acknowledged, escalated, silenced with a reason."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import Connection, text

from levels import CASE, FILE, level
from vitruvian.core.errors import ConflictError, FieldError, MissingError
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.alerts import delivery, episodes, rules
from vitruvian.platform.alerts.rules import Rule
from vitruvian.platform.store import Store, TwinRow
from vitruvian.platform.store.database import Joined

MINUTE = 60_000_000
HIGH = Rule("reading", "concentration", high=20.0, escalate_minutes=15)


@pytest.fixture
def twin(c: Connection) -> TwinRow:
    made = Store(Joined(c)).create_twin("S1", KIND, CASE)
    rules.add(c, "local", None, "infusion", "level", HIGH, "ada", 0)
    delivery.add_channel(c, "ch-now", "local", "webhook", {"url": "http://localhost:1/now"}, 0, "ada", 0)
    delivery.add_channel(c, "ch-late", "local", "webhook", {"url": "http://localhost:1/late"}, 1, "ada", 0)
    return made


def see(c: Connection, twin: TwinRow, hours: float, value: float, now: int) -> list[dict[str, Any]]:
    """A level comes, and the rules are looked at: the alerts."""
    Store(Joined(c)).append_observations(twin.id, [level(hours, value)], FILE)
    rules.evaluate(c, twin, None, now)
    return episodes.page(c, "local", 0, 100)


def owed(c: Connection, now: int) -> list[tuple[str, str]]:
    return sorted((str(o.target["url"])[-4:].strip("/"), str(o.message["what"])) for o in delivery.owed(c, now, 100))


def test_one_episode_one_alert(c: Connection, twin: TwinRow) -> None:
    assert see(c, twin, 1, 9.0, 1) == []
    (alert,) = see(c, twin, 2, 21.0, 2)
    assert (alert["state"], alert["said"]) == ("open", "level: concentration 21 mg/L is above 20")
    assert len(see(c, twin, 3, 25.0, 3)) == 1, "it still holds"
    assert owed(c, 3) == [("now", "raised")]
    (alert,) = see(c, twin, 4, 12.0, 4)
    assert alert["state"] == "resolved"
    again = see(c, twin, 5, 30.0, 5)
    assert [a["state"] for a in again] == ["open", "resolved"]
    assert [s["what"] for s in episodes.steps(c, alert["id"])] == ["raised", "resolved"]


def test_a_back_filled_reading_does_not_speak_for_the_present(c: Connection, twin: TwinRow) -> None:
    see(c, twin, 5, 9.0, 1)
    assert see(c, twin, 2, 40.0, 2) == []


def test_what_nobody_acknowledges_is_escalated_once(c: Connection, twin: TwinRow) -> None:
    (alert,) = see(c, twin, 1, 21.0, 0)
    assert episodes.tick(c, 14 * MINUTE) == 0
    assert episodes.tick(c, 15 * MINUTE) == 1
    assert episodes.tick(c, 99 * MINUTE) == 0
    assert owed(c, 99 * MINUTE) == [("late", "escalated"), ("now", "raised")]
    episodes.acknowledge(c, "local", alert["id"], "seen", "grace", 100 * MINUTE)
    last = episodes.steps(c, alert["id"])[-1]
    assert (last["what"], last["actor"], last["reason"]) == ("acknowledged", "grace", "seen")


def test_an_acknowledged_alert_is_not_escalated(c: Connection, twin: TwinRow) -> None:
    (alert,) = see(c, twin, 1, 21.0, 0)
    episodes.acknowledge(c, "local", alert["id"], "", "grace", MINUTE)
    assert episodes.tick(c, 99 * MINUTE) == 0


def test_silence_has_a_reason_and_an_end(c: Connection, twin: TwinRow) -> None:
    (alert,) = see(c, twin, 1, 21.0, 0)
    with pytest.raises(FieldError, match="say why"):
        episodes.silence(c, "local", alert["id"], " ", 30 * MINUTE, "grace", MINUTE)
    with pytest.raises(FieldError, match="past"):
        episodes.silence(c, "local", alert["id"], "pump", 0, "grace", MINUTE)
    episodes.silence(c, "local", alert["id"], "pump is changed", 30 * MINUTE, "grace", MINUTE)
    assert episodes.tick(c, 29 * MINUTE) == 0, "neither escalated nor opened"
    assert episodes.tick(c, 30 * MINUTE) == 1
    assert episodes.find(c, "local", alert["id"])["state"] == "open"
    assert owed(c, 30 * MINUTE) == [("now", "opened"), ("now", "raised")]


def test_a_resolved_alert_is_over_and_anothers_is_not_there(c: Connection, twin: TwinRow) -> None:
    (alert,) = see(c, twin, 1, 21.0, 0)
    episodes.resolve(c, "local", alert["id"], "by hand", "grace", 1)
    with pytest.raises(ConflictError, match="resolved"):
        episodes.acknowledge(c, "local", alert["id"], "", "grace", 2)
    with pytest.raises(MissingError):
        episodes.find(c, "other", alert["id"])


POLICY = {"persistence": 2, "of": 3, "refractory_hours": 4.0, "margin": 3.0}


@pytest.fixture
def watched(c: Connection) -> TwinRow:
    made = Store(Joined(c)).create_twin("S1", KIND, CASE)
    rules.add(
        c, "local", made.id, "infusion", "level", Rule("reading", "concentration", high=20.0, policy=POLICY), "a", 0
    )
    return made


def raised(c: Connection) -> int:
    return sum(s["what"] == "raised" for a in episodes.page(c, "local", 0, 100) for s in episodes.steps(c, a["id"]))


def test_a_policy_raises_at_the_edge_and_resolves_when_armed_again(c: Connection, watched: TwinRow) -> None:
    assert see(c, watched, 1, 21.0, 1) == [], "one look is not two of three"
    (alert,) = see(c, watched, 2, 22.0, 2)
    assert alert["detail"]["policy"].startswith("risk at least")
    (alert,) = see(c, watched, 3, 18.0, 3)
    assert alert["state"] == "open", "18 is not 3 below 20"
    (alert,) = see(c, watched, 4, 16.0, 4)
    assert alert["state"] == "resolved"
    see(c, watched, 4.5, 22.0, 5)
    assert len(see(c, watched, 5, 22.0, 6)) == 1, "within the refractory time"
    again = see(c, watched, 6, 22.0, 7)
    assert [a["state"] for a in again] == ["open", "resolved"], "still due when that time is over"


def test_what_a_policy_raised_and_a_person_resolved_is_not_raised_again(c: Connection, watched: TwinRow) -> None:
    see(c, watched, 1, 21.0, 1)
    (alert,) = see(c, watched, 2, 22.0, 2)
    episodes.resolve(c, "local", alert["id"], "the drip is changed", "grace", 3)
    for hours in range(3, 12):
        see(c, watched, hours, 23.0, hours)
        rules.evaluate(c, watched, None, hours)  # a second renewal without a new reading
    assert raised(c) == 1


def test_a_look_that_is_taken_back_with_its_transaction_is_looked_again(c: Connection, watched: TwinRow) -> None:
    see(c, watched, 1, 21.0, 1)
    cut_off = c.begin_nested()
    see(c, watched, 2, 22.0, 2)
    assert raised(c) == 1
    cut_off.rollback()
    assert raised(c) == 0
    see(c, watched, 2, 22.0, 2)
    rules.evaluate(c, watched, None, 3)
    assert raised(c) == 1, "neither lost nor twice"


def test_silent_hours_are_the_subjects(c: Connection) -> None:
    twin = Store(Joined(c)).create_twin("S1", KIND, CASE)
    silent = Rule("reading", "concentration", high=20.0, policy={"silent": [[22, 6]]})
    rules.add(c, "local", twin.id, "infusion", "level", silent, "a", 0)
    night, morning = (int(h * 3600e6) for h in (3, 7))  # 1970, UTC
    assert CASE.origin.zone == "UTC"
    assert see(c, twin, 1, 21.0, night) == []
    assert len(see(c, twin, 2, 21.0, morning)) == 1


def test_a_rule_is_checked_against_its_kind() -> None:
    for rule, where in (
        (Rule("reading", "concentration", high=1.0, policy={"patience": 2}), "policy"),
        (Rule("reading", "concentration", high=1.0, policy={"persistence": 3, "of": 2}), "AlarmPolicy.persistence"),
        (Rule("risk", "mean_level"), "of"),
        (Rule("reading", "concentration"), "low"),
        (Rule("reading", "mean_level", high=1.0), "kind 'infusion'"),
        (Rule("forecast", "sodium", high=1.0), "kind 'infusion'"),
        (Rule("guess", "concentration", high=1.0), "on"),
    ):
        with pytest.raises(Exception) as refused:
            rule.checked(KIND)
        assert refused.value.where == where  # pyright: ignore[reportAttributeAccessIssue]
    assert Rule("forecast", "peak_level", high=20.0).checked(KIND).range == "above 20"


class Receiver(BaseHTTPRequestHandler):
    """Refuses the first request, then confirms."""

    got: list[tuple[str, dict[str, Any]]] = []
    answers: list[int] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.headers["Idempotency-Key"], body))
        self.send_response(self.answers.pop(0))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_what_is_owed_is_told_until_it_is_confirmed_and_then_never_again(c: Connection, twin: TwinRow) -> None:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Receiver.got, Receiver.answers = [], [500, 200]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    c.execute(text("UPDATE channels SET target = :t WHERE id = 'ch-now'"), {"t": json.dumps({"url": url})})
    see(c, twin, 1, 21.0, 0)
    for now, waiting in ((0, 1), (MINUTE // 120, 0), (MINUTE, 1), (2 * MINUTE, 0)):
        due = delivery.owed(c, now)
        assert len(due) == waiting
        for what in due:
            delivery.told(c, what, delivery.send(what), now)
    server.shutdown()
    server.server_close()
    keys = {key for key, _ in Receiver.got}
    assert (len(Receiver.got), len(keys)) == (2, 1), "the second try has the first one's key"
    body = Receiver.got[1][1]
    assert (body["twin"], body["what"], body["said"]) == (twin.id, "raised", "level: concentration 21 mg/L is above 20")
    assert "S1" not in json.dumps(body), "a message does not name the subject"
    (told,) = delivery.of_alert(c, body["alert"])
    assert (told["attempts"], told["sent_us"], told["error"]) == (2, MINUTE, None)


def test_a_receiver_that_is_away_is_tried_less_and_less_often(c: Connection, twin: TwinRow) -> None:
    see(c, twin, 1, 21.0, 0)
    now, waits = 0, []
    for _ in range(16):
        (what,) = delivery.owed(c, now)
        delivery.told(c, what, "refused", now)
        due = delivery.of_alert(c, what.message["alert"])[0]["next_us"]
        waits.append((due - now) // 1_000_000)
        now = due
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 3600, "never given up"


def test_an_ended_channel_gives_up_what_it_is_owed(c: Connection, twin: TwinRow) -> None:
    see(c, twin, 1, 21.0, 0)
    delivery.end_channel(c, "local", "ch-now", 1)
    assert delivery.owed(c, MINUTE) == []


@pytest.mark.parametrize(
    ("type_", "target"), [("fax", {}), ("webhook", {"url": "ftp://x"}), ("smtp", {"host": "localhost", "port": 25})]
)
def test_a_channel_that_cannot_work_is_refused(c: Connection, type_: str, target: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        delivery.add_channel(c, "ch-x", "local", type_, target, 0, "ada", 0)
