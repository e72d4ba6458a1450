"""A bed with a monitor: ECG, arterial pressure and plethysmogram of a heart that does not exist, as they are drawn.

Over MQTT a fifth of a second at a time; over HTTP, where every request is audited, a second at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiomqtt
import httpx

from vitruvian.api.demo import others
from vitruvian.core.errors import VitruvianError
from vitruvian.core.keys import generator
from vitruvian.models.bedside import Heart, Monitor
from vitruvian.models.bedside.monitor import CHANNELS
from vitruvian.platform import registry
from vitruvian.platform.connect.mqtt import Broker
from vitruvian.platform.synthetic import MARK

if TYPE_CHECKING:
    from vitruvian.api.demo.living import Living

LOG = logging.getLogger("vitruvian.demo")
SUBJECT = f"Bed 4, on a monitor {MARK}"
KINDS = ("risk", "deterioration", "infusion")  # the first that is installed
SEED, RATE = 2026, 250.0  # Hz
CHUNK, POSTED = 0.2, 1.0  # s in one message, over MQTT and over HTTP
HISTORY, STEP, AHEAD = timedelta(hours=12), timedelta(minutes=15), 12.0  # of the numbers; h of the forecast
PLACE = {"place": "Ward 3 (synthetic)", "bed": "4"}
BEHIND = 2.0  # s after which what was missed is left out: a gap, as of a lead that was off


def numbers(heart: Heart, at: datetime) -> dict[str, float]:
    """What the monitor counts (names of the risk's vital signs), with a spread of a few per cent that is assumed."""
    rng = generator(SEED, "demo numbers", int(at.timestamp()))
    usual = {"heart_rate": heart.rate, "respiratory_rate": heart.breaths, "spo2": 96.0, "systolic": heart.systolic}
    return {name: round(float(value * (1 + 0.02 * rng.standard_normal())), 1) for name, value in usual.items()}


class Bedside:
    """The monitor of one bed."""

    def __init__(self, living: Living) -> None:
        self.living = living
        url = None if living.mqtt is None else living.mqtt.broker
        self.broker: Broker | None = url
        self.monitor = Monitor(Heart(), SEED, RATE)

    async def run(self) -> None:
        """Until cancelled; a server that is busy gets a gap, and the trace goes on."""
        try:
            twin = await self._twin()
            if self.broker is None:
                await self._send(POSTED, lambda body: self._post(twin, body))
                return
            topic = f"{self.broker.prefix}/waveforms/{twin}"
            while True:
                try:
                    async with aiomqtt.Client(self.broker.host, self.broker.port) as client:
                        await self._send(CHUNK, lambda body, c=client: c.publish(topic, json.dumps(body), qos=0))
                except aiomqtt.MqttError:
                    await asyncio.sleep(1.0)
        except (VitruvianError, httpx.HTTPError, OSError) as err:
            LOG.warning(json.dumps({"demonstration": "bedside", "left_out": str(err)[:300]}))

    async def _twin(self) -> str:
        """The patient in that bed, with the numbers that the monitor told every quarter of an hour so far."""
        name = next(k for k in KINDS if k in registry.names())
        kind, now = registry.get(name), self.living.now
        made = await asyncio.to_thread(lambda: others.sample(kind, now))
        twin = await self.living.twin(name, SUBJECT, now - HISTORY, zone="UTC", fields=made.fields)
        await self.living.client.put(f"/v1/twins/{twin}/place", json=PLACE)
        seen = {o.name for o in kind.observables}
        begin = self.monitor.heart
        rows = [
            {"observable": n, "time": at.isoformat(), "known_at": at.isoformat(), "value": v, "sensor": "monitor"}
            for at in (now - k * STEP for k in range(int(HISTORY / STEP), 0, -1))
            for n, v in numbers(begin, at).items()
            if n in seen
        ]
        state = (await self.living.client.get(f"/v1/twins/{twin}")).raise_for_status().json()
        if state["readings"] == 0:
            await self.living.native.send(twin, "bedside monitor", rows)
        if await self.living.job("calibrate", twin):
            await self.living.follow(twin, AHEAD)
        return twin

    async def _post(self, twin: str, body: dict[str, Any]) -> None:
        (await self.living.client.post(f"/v1/twins/{twin}/waveforms", json=body)).raise_for_status()

    async def _send(self, length: float, publish: Any) -> None:
        count, at = int(length * RATE), datetime.now(UTC)
        while True:
            late = (datetime.now(UTC) - at).total_seconds()
            if late > BEHIND:
                at = datetime.now(UTC)
            elif late < length:
                await asyncio.sleep(length - late)
            drawn = self.monitor.draw(count)
            channels = [
                {"name": name, "unit": CHANNELS[name], "rate": RATE, "samples": [round(float(v), 4) for v in values]}
                for name, values in drawn.items()
            ]
            await publish({"start": at.isoformat(), "source": f"bedside monitor {MARK}", "channels": channels})
            at += timedelta(seconds=length)
