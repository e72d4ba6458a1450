"""What a store holds, without version numbers and times of arrival: equal for two stores that were told the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from vitruvian.platform.store.database import Database

READINGS = """SELECT s.pseudonym, o.reading_id, o.known_us, o.valid_us, o.observable, o.value, o.unit, o.removed
FROM observations o JOIN twins t ON t.id = o.twin_id JOIN subjects s ON s.id = t.subject_id ORDER BY 1, 2, 3, 6"""
BELIEFS = """SELECT s.pseudonym, b.kind, b.digest FROM beliefs b JOIN twins t ON t.id = b.twin_id
JOIN subjects s ON s.id = t.subject_id
WHERE b.version = (SELECT max(version) FROM beliefs WHERE twin_id = b.twin_id) ORDER BY 1"""
RESOURCES = "SELECT v.type, v.id, v.body FROM fhir_versions v JOIN fhir_heads h ON h.seq = v.seq ORDER BY 1, 2"
MESSAGES = "SELECT protocol, digest FROM messages ORDER BY 1, 2"
SAME = "SELECT 1 FROM observations GROUP BY twin_id, reading_id, known_us, value HAVING count(*) > 1"
DOUBLED = f"SELECT count(*) FROM ({SAME}) d"


def state(place: str) -> dict[str, list[tuple[Any, ...]]]:
    """Readings with their versions, newest beliefs to the last bit, resources, and which messages were taken."""
    database = Database.open(place)
    try:
        with database.read() as connection:
            found = {
                "readings": _rows(connection, READINGS),
                "beliefs": _rows(connection, BELIEFS),
                "resources": [(kind, name, _plain(body)) for kind, name, body in _rows(connection, RESOURCES)],
                "messages": _rows(connection, MESSAGES),
            }
            assert _rows(connection, DOUBLED) == [(0,)]
    finally:
        database.close()
    return found


def taken(place: str) -> int:
    """How many messages were taken."""
    database = Database.open(place)
    try:
        with database.read() as connection:
            return int(_rows(connection, "SELECT count(*) FROM messages")[0][0])
    finally:
        database.close()


def faults(place: str, acknowledged: Iterable[str], twin: str, messages: Iterable[str]) -> tuple[int, int]:
    """How many acknowledged readings and messages are not there, and how many facts are there twice."""
    database = Database.open(place)
    try:
        with database.read() as connection:
            query = text("SELECT DISTINCT reading_id FROM observations WHERE twin_id = :twin")
            held = {row[0] for row in connection.execute(query, {"twin": twin})}
            numbers = _rows(connection, "SELECT message_id FROM messages WHERE protocol <> 'mqtt'")
            taken = [row[0] for row in numbers]
            (doubled,) = _rows(connection, DOUBLED)[0]
    finally:
        sound = database.check()
        database.close()
    lost = len(set(acknowledged) - held) + len(set(messages) - set(taken)) + len(sound)
    return lost, int(doubled) + len(taken) - len(set(taken))


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


def _plain(body: Any) -> str:
    resource = json.loads(body)
    resource.pop("meta", None)
    return json.dumps(resource, sort_keys=True)
