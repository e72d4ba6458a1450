"""A payload in: stored as it came, with its data points as Observations, in one transaction; a bad one with the reason.

The topic ends with the patient: "omh/p1". A payload is one data point or an array of them; the same payload again
changes nothing. What cannot be read is kept (table messages) and acknowledged: to refuse it would only bring it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.platform.connect.fhir import arrival, primitives, written
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.connect.fhir.validate import structure
from vitruvian.platform.connect.mqtt.openmhealth import observation
from vitruvian.platform.instant import micros, text
from vitruvian.platform.store import chain
from vitruvian.platform.store.schema_fhir import messages

WRITING = Callable[[Callable[[Connection], Any]], Any]
LARGEST = 4 << 20  # bytes of a payload
TAKEN = "taken"


@dataclass(frozen=True)
class Gateway:
    """Takes payloads of one tenant; `writing` runs work in a transaction."""

    writing: WRITING
    clock: Callable[[], datetime]
    tenant: str = "local"

    def take(self, topic: str, payload: bytes) -> str:
        """ "taken", or why it was not; either is on disk when this returns."""
        key = chain.digest(self.tenant, topic, payload.hex())
        try:
            resources = self._read(topic, payload)
            said = TAKEN
        except VitruvianError as err:
            resources, said = [], err.message
        return self.writing(lambda connection: self._write(connection, topic, payload, key, resources, said))

    def _read(self, topic: str, payload: bytes) -> list[dict[str, Any]]:
        subject = topic.rpartition("/")[2]
        if wrong := primitives.check("id", subject):
            raise ParseError(f"the patient in it {wrong}", where=f"topic {topic[:100]}", fix="end it with an id")
        if len(payload) > LARGEST:
            raise ParseError(f"is longer than {LARGEST >> 20} MB", where=f"topic {topic[:100]}", fix="send it in parts")
        points = written.loads(payload, f"topic {topic[:100]}")
        received = text(micros(self.clock()))
        made = [observation(point, subject, received) for point in (points if isinstance(points, list) else [points])]
        for resource in made:
            if issues := structure(resource):
                raise ParseError(f"{issues[0].expression} {issues[0].what}", where=topic[:100], fix=issues[0].fix)
        return made

    def _write(
        self, connection: Connection, topic: str, payload: bytes, key: str, resources: list[dict[str, Any]], said: str
    ) -> str:
        own = messages.c
        held = select(own.answer).where(own.tenant == self.tenant, own.protocol == "mqtt", own.digest == key)
        before = connection.execute(held).scalar()
        if before is not None:
            return str(before)
        now_us = micros(self.clock())
        seq = chain.take_lock(connection) + 1
        chain.give_out(connection, seq)
        row = {"seq": seq, "tenant": self.tenant, "protocol": "mqtt", "sender": topic[:200], "message_id": key[:32]}
        row |= {"digest": key, "raw": payload[:LARGEST], "answer": said, "received_us": now_us}
        connection.execute(insert(messages).values(row))
        archive = Archive(connection, self.tenant, now_us, "mqtt", f"mqtt {topic}")
        for resource in resources:
            arrival.keep(archive, resource)
        archive.release()
        feed(archive)
        return said
