"""MQTT 5 with QoS 1: a payload is acknowledged to the broker when it is on disk, not before.

The session is persistent and the broker holds back after RECEIVE unacknowledged messages: what was not acknowledged
when this process died is delivered again, and taken once (mqtt.intake).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from vitruvian.core.errors import FieldError, StoreError

RECEIVE = 200  # messages in flight
EXPIRY = 30 * 86400  # s that the broker keeps the session of a gateway that is away
LONGEST_WAIT = 30.0  # s between attempts to connect again
AGAIN = 1.0  # s between attempts to store a payload
LOG = logging.getLogger("vitruvian.mqtt")
Take = Callable[[str, bytes], Awaitable[Any]]


@dataclass(frozen=True)
class Broker:
    """Where to listen: mqtt://user:password@host:1883/omh subscribes to omh/+ (mqtts: over TLS)."""

    host: str
    port: int
    prefix: str
    user: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Broker:
        """From its address."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or not prefix or {"#", "+"} & set(url):
            raise FieldError(f"'{url}' is no broker", where="--mqtt", fix="write it like mqtt://localhost:1883/omh")
        tls = parts.scheme == "mqtts"
        user, password = (unquote(p) if p else None for p in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), prefix, user, password, tls)


async def subscribe(broker: Broker, take: Take, identifier: str, ready: asyncio.Event | None = None) -> None:
    """Take payloads until cancelled; after a broken connection, connect again."""
    wait = 0.5
    while True:
        try:
            async with _client(broker, identifier) as client:
                await client.subscribe(f"{broker.prefix}/+", qos=1)
                if ready is not None:
                    ready.set()
                wait = 0.5
                await _follow(client, take)
        except (aiomqtt.MqttError, OSError) as err:
            LOG.warning("broker lost: %s; again in %.1f s", type(err).__name__, wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def _client(broker: Broker, identifier: str) -> aiomqtt.Client:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = EXPIRY
    properties.ReceiveMaximum = RECEIVE
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.user,
        password=broker.password,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        tls_params=aiomqtt.TLSParameters() if broker.tls else None,
    )
    client._client.manual_ack_set(True)  # aiomqtt has no switch of its own; paho would acknowledge on arrival
    return client


async def _follow(client: aiomqtt.Client, take: Take) -> None:
    """Messages of one connection side by side, so that they share commits; each acknowledged when it is on disk."""
    async with asyncio.TaskGroup() as group:
        async for message in client.messages:
            group.create_task(_one(client, take, message))


async def _one(client: aiomqtt.Client, take: Take, message: aiomqtt.Message) -> None:
    payload = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
    while True:
        try:
            await take(str(message.topic), payload)
            break
        except StoreError as err:  # a full disk, a database that is away: the broker holds it until we do
            LOG.warning("not taken: %s; again in %.1f s", err.what, AGAIN)
            await asyncio.sleep(AGAIN)
    client._client.ack(message.mid, message.qos)
