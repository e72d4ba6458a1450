"""kill -9 at random moments: of the server under HTTP, MLLP and MQTT at once, and of PostgreSQL under a running server.

The same facts go into a store that nothing happens to and into one whose server (or database) is killed again and
again, in another random order, some of them twice. Between two kills the acknowledged facts are looked for; at the end
the two stores must hold the same: readings with their corrections, the belief of a followed twin to the last bit,
resources, messages.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from vitruvian.platform.claims import held
from vitruvian.platform.claims.beside import Absent, Postgres, broker, postgres
from vitruvian.platform.claims.senders import ORIGIN, Http, Mllp, Mqtt, levels, messages, points, readings
from vitruvian.platform.claims.server import Server
from vitruvian.platform.freeport import free_port

SEED = 20261126
PERSON = {"kind": "infusion", "origin": ORIGIN.isoformat(), "fields": {"weight": "80 kg"}}
LEARNED = range(1, 7)  # hours whose levels the followed twin is calibrated on
FOLLOWED = range(7, 31)
LONGEST = 0.6  # s from the first answer after a start to the kill, at most
PACE = {"http": 0.08, "mllp": 0.05, "mqtt": 0.4}  # s: so that there are facts on their way until the last kill
Progress = Callable[[float], None]


def server(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress, kills: int | None = None
) -> Mapping[str, Any]:
    """The server is killed while three protocols bring facts."""
    count = kills or (3 if quick else 200)
    try:
        with tempfile.TemporaryDirectory() as place:
            return _server(count, Path(place), progress)
    except Absent as err:
        return err.row


def database(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress, kills: int | None = None
) -> Mapping[str, Any]:
    """PostgreSQL is stopped at once, or one of its processes killed, under a server that stays."""
    count = kills or (2 if quick else 50)
    try:
        with postgres() as running, tempfile.TemporaryDirectory() as place:
            return _database(count, running, Path(place), progress)
    except Absent as err:
        return err.row


class _Story:
    """What is told, to whom: two twins and three protocols."""

    def __init__(
        self, served: Server, size: int, dice: random.Random, ports: tuple[int, int] | None, *, calm: bool = False
    ) -> None:
        self.served, pace = served, dict.fromkeys(PACE, 0.0) if calm else PACE
        self.bulk = served.ask("POST", "/v1/twins", json={**PERSON, "subject": "bulk"})["id"]
        self.followed = served.ask("POST", "/v1/twins", json={**PERSON, "subject": "followed"})["id"]
        first = [row for _, rows in levels(self.followed, LEARNED) for row in rows]
        served.ask("POST", f"/v1/twins/{self.followed}/records", json={"observations": first})
        job = served.ask("POST", "/v1/jobs", json={"type": "calibrate", "twin": self.followed})
        while (state := served.ask("GET", f"/v1/jobs/{job['id']}")["state"]) != "done":
            assert state in ("queued", "running"), state
            time.sleep(0.1)
        served.ask("PUT", f"/v1/twins/{self.followed}/following", json={"hours": 1.0})
        self.batches = readings(self.bulk, 25 * size, 10, random.Random(SEED)) + levels(self.followed, FOLLOWED)
        self.http = Http(served.url, served.token, self.batches, dice, pace["http"])
        self.senders: list[Any] = [self.http]
        self.mllp: Mllp | None = None
        if ports is not None:
            self.mllp = Mllp(ports[0], messages(4 * size), dice, pace["mllp"])
            self.senders += [self.mllp, Mqtt(ports[1], "omh/p1", points(4 * size), dice, pace["mqtt"])]
        for sender in self.senders:
            sender.start()

    def acknowledged(self) -> tuple[set[str], set[str]]:
        """Ids of the bulk twin's readings, and numbers of messages."""
        sent = [self.batches[n] for n in tuple(self.http.acknowledged)]
        numbers = {str(n) for n in tuple(self.mllp.acknowledged)} if self.mllp else set()
        return {row["id"] for twin, rows in sent if twin == self.bulk for row in rows}, numbers

    def finish(self) -> None:
        """Everything is acknowledged, what the broker held is taken, and the followed twin knows all."""
        for sender in self.senders:
            assert sender.wait(300), f"a sender could not finish: {sender.left} are left"
        told = sum(len(set(sender.things)) for sender in self.senders if sender is not self.http)
        deadline = time.monotonic() + 120
        while not (held.taken(self.served.place) == told and self._follows()):
            assert time.monotonic() < deadline, "the server does not catch up"
            time.sleep(0.3)

    def _follows(self) -> bool:
        following = self.served.ask("GET", f"/v1/twins/{self.followed}/following")
        rows = self.served.ask("GET", f"/v1/twins/{self.followed}/observations", params={"limit": 5000})["items"]
        if following["failed"] is not None:
            raise AssertionError(following["failed"])
        return len(rows) == len(LEARNED) + len(FOLLOWED) and following["done_seq"] >= rows[-1]["seq"]


def _server(kills: int, place: Path, progress: Progress) -> Mapping[str, Any]:
    size = 40 + kills  # senders outlast the last kill on a busy machine too
    calm = _untouched(str(place / "calm"), size, devices=True)
    with broker() as queue:
        return _killed(kills, size, calm, str(place / "killed"), queue, progress)


def _devices(queue: int) -> tuple[int, tuple[str, ...]]:
    """A port for MLLP, and what makes a server listen there and to the broker."""
    port = free_port()
    return port, ("--mllp", str(port), "--mqtt", f"mqtt://127.0.0.1:{queue}/omh")


def _killed(
    kills: int, size: int, calm: Mapping[str, Any], place: str, queue: int, progress: Progress
) -> Mapping[str, Any]:
    dice = random.Random(SEED)
    port, options = _devices(queue)
    served = Server(place, options)
    served.start()
    lost = doubled = between = 0
    try:
        story = _Story(served, size, dice, (port, queue))
        for number in range(kills):
            time.sleep(dice.uniform(0.0, LONGEST))
            served.kill()
            ids, numbers = story.acknowledged()
            more = held.faults(served.place, ids, story.bulk, numbers)
            lost, doubled = lost + more[0], doubled + more[1]
            between += any(sender.left for sender in story.senders)
            progress((number + 1) / (kills + 1))
            served.start()
        story.finish()
        refused = story.http.refused
    finally:
        served.stop()
    return _row(kills, lost, doubled, between, calm == held.state(served.place), refused)


def _database(kills: int, running: Postgres, place: Path, progress: Progress) -> Mapping[str, Any]:
    size = 10 + 10 * kills
    calm = _untouched(str(place / "calm"), size, devices=False)
    dice = random.Random(SEED + 1)
    served = Server(running.url)
    served.start()
    lost = doubled = between = 0
    try:
        story = _Story(served, size, dice, None)
        for number in range(kills):
            time.sleep(dice.uniform(0.0, LONGEST))
            between += any(sender.left for sender in story.senders)
            if number % 2:
                running.kill_child(dice)
            else:
                running.stop()
                running.start()
            running.wait()
            ids, numbers = story.acknowledged()
            more = held.faults(served.place, ids, story.bulk, numbers)
            lost, doubled = lost + more[0], doubled + more[1]
            progress((number + 1) / (kills + 1))
        story.finish()
        refused = story.http.refused
    finally:
        served.stop()
    return _row(kills, lost, doubled, between, calm == held.state(served.place), refused)


def _untouched(place: str, size: int, *, devices: bool) -> dict[str, list[tuple[Any, ...]]]:
    """What a store holds that was told everything and had no accident."""
    with broker() if devices else nullcontext(0) as queue:
        port, options = _devices(queue) if devices else (0, ())
        served = Server(place, options)
        served.start()
        try:
            ports = (port, queue) if devices else None
            _Story(served, size, random.Random(SEED - 1), ports, calm=True).finish()
        finally:
            served.stop()
    return held.state(place)


def _row(kills: int, lost: int, doubled: int, between: int, same: bool, refused: list[str]) -> Mapping[str, Any]:
    measured = {"lost": lost, "doubled": doubled, "other state": int(not same), "wrong refusals": len(refused)}
    told = f"{between} of {kills} kills fell while facts were on their way"
    enough = between >= 0.8 * kills
    return {
        "measured": measured,
        "met": not any(measured.values()) and enough,
        "n": kills,
        "baseline": told,
        "detail": refused[:3],
    }
