"""HL7 over MLLP and devices over MQTT as services beside the requests of a server.

    create_app(place, parts=[Part(services=[mllp("127.0.0.1", 2575), mqtt("mqtt://localhost/omh")])])

MLLP has no log-in of its own: keep its port inside the hospital's network, or behind TLS of a tunnel.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from vitruvian.api.beside import beside
from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.platform.trust.policy import Principal

if TYPE_CHECKING:
    from vitruvian.api.site import Service, Site

SIDE_BY_SIDE = 32  # messages that are read and written at once: they share a commit
LOG = logging.getLogger("vitruvian.connect")


def mllp(host: str, port: int, *, tenant: str = "local", zone: str = "UTC") -> Service:
    """HL7 v2 messages on this port; times without an offset are of `zone`."""

    @asynccontextmanager
    async def service(site: Site) -> AsyncIterator[None]:
        from vitruvian.platform.connect.hl7v2 import Intake
        from vitruvian.platform.connect.hl7v2.mllp import listening

        intake = Intake(_writing(site), site.clock, tenant, ZoneInfo(zone))
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="hl7") as pool:
            loop = asyncio.get_running_loop()

            async def take(data: bytes) -> Sequence[bytes]:
                return await loop.run_in_executor(pool, intake.take, data)

            async with listening(take, host, port) as bound:
                site.parts["mllp"] = bound
                LOG.info("HL7 over MLLP on %s:%d", host, bound)
                yield

    return service


def mqtt(url: str, *, tenant: str = "local", identifier: str = "vitruvian") -> Service:
    """Data points of Open mHealth from this broker. `identifier` names the session: one for each server process."""

    @asynccontextmanager
    async def service(site: Site) -> AsyncIterator[None]:
        from vitruvian.platform.connect.mqtt import Broker, Gateway, subscribe

        gateway = Gateway(_writing(site), site.clock, tenant)
        ready = asyncio.Event()
        site.parts["mqtt"] = ready
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="mqtt") as pool:
            loop = asyncio.get_running_loop()

            async def take(topic: str, payload: bytes) -> Any:
                return await loop.run_in_executor(pool, gateway.take, topic, payload)

            async with beside(subscribe(Broker.of(url), take, identifier, ready)):
                yield

    return service


def monitors(url: str, *, tenant: str = "local", identifier: str = "vitruvian-waveforms") -> Service:
    """Waveforms from this broker: PREFIX/waveforms/TWIN carries the body of POST /v1/twins/TWIN/waveforms.

    Send them with QoS 0: what nobody takes at once is worth nothing later, and a broker would keep it.
    """

    @asynccontextmanager
    async def service(site: Site) -> AsyncIterator[None]:
        from vitruvian.platform.connect.mqtt import Broker, subscribe

        broker = Broker.of(url)
        ready = asyncio.Event()
        site.parts["mqtt waveforms"] = ready
        source = dataclasses.replace(broker, prefix=f"{broker.prefix}/waveforms")

        async def take(topic: str, payload: bytes) -> None:
            _waveforms(site, tenant, topic.rpartition("/")[2], payload)

        async with beside(subscribe(source, take, identifier, ready)):
            yield

    return service


def _waveforms(site: Site, tenant: str, twin: str, payload: bytes) -> None:
    """Into the ring; what cannot be read is told to the log, for a monitor repeats itself ten times a second."""
    from vitruvian.api.waveforms import NewWaveforms, take

    try:
        who = Principal(tenant, "mqtt", "clinician")
        take(site, site.twin(who, twin).id, NewWaveforms.model_validate_json(payload))
    except VitruvianError as err:
        LOG.warning("waveforms not taken: %s", err.message)
    except ValidationError as err:
        LOG.warning("waveforms not taken: %s", err.errors(include_input=False, include_url=False)[0]["msg"])


def services(mllp_at: str | None, zone: str, broker: str | None) -> list[Service]:
    """Those that a command line asks for; FieldError for an address that is none."""
    from vitruvian.platform.session import checked_zone

    out = []
    if mllp_at is not None:
        host, _, port = mllp_at.rpartition(":")
        if not port.isdigit() or int(port) > 65535:
            raise FieldError(f"'{mllp_at}' is no port", where="--mllp", fix="write it like 2575 or 0.0.0.0:2575")
        out.append(mllp(host or "127.0.0.1", int(port), zone=checked_zone(zone)))
    if broker is not None:
        from vitruvian.platform.connect.mqtt import Broker

        Broker.of(broker)
        out += [mqtt(broker), monitors(broker)]
    return out


def _writing(site: Site) -> Any:
    """In the next group commit."""
    return lambda work: site.writer.submit(work).result()
