"""Waveforms: chunks in from bedside monitors, a live stream out that is resumed where it was cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from vitruvian.api.answering import encoded, json_answer, page_answer
from vitruvian.api.gate import need
from vitruvian.api.people import TEXT
from vitruvian.api.problems import answers, documented
from vitruvian.api.site import Site, site_of
from vitruvian.api.stream import BEAT
from vitruvian.api.twins import Reader
from vitruvian.core import units
from vitruvian.platform.instant import micros, text
from vitruvian.platform.synthetic import is_synthetic
from vitruvian.platform.trust.policy import Principal
from vitruvian.platform.waveforms import Channel, Chunk, Waveforms

router = APIRouter(prefix="/v1", tags=["waveforms"])
Sender = Annotated[Principal, need("records:write")]
PAUSE = 0.1  # s between two looks of a stream: a page draws smoothly from chunks of this length
BACK = 10.0  # s that a stream without a beginning starts with
NAME = r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$"
SAMPLES = [0.02, 0.03, 0.05]
EXAMPLE = (
    'id: 1772352000400000\nevent: samples\ndata: {"channel":"II","start":"2026-03-01T08:00:00Z","rate":250.0,...}\n\n'
)
OK = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}}}}


class NewChunk(BaseModel):
    """Samples that follow each other at one rate."""

    name: str = Field(min_length=1, max_length=60, pattern=NAME, examples=["II"])
    unit: str = Field(max_length=40, description="UCUM", examples=["mV"])
    rate: float = Field(gt=0, description="Hz, 1 to 1000", examples=[250.0])
    samples: list[float | None] = Field(max_length=10_001, description="at most 10 s; null: a gap", examples=[SAMPLES])


class NewWaveforms(BaseModel):
    """One chunk of each channel; all begin at the same instant."""

    start: AwareDatetime = Field(examples=["2026-03-01T08:00:00Z"])
    source: str = Field(default="", max_length=200, pattern=TEXT, examples=["monitor, bed 7"])
    channels: list[NewChunk] = Field(min_length=1, max_length=16)


class Taken(BaseModel):
    """How many samples of each channel were new."""

    new: dict[str, int] = Field(examples=[{"II": 3}])


class WaveformChannel(BaseModel):
    """A channel of which the last minutes are held."""

    name: str = Field(examples=["II"])
    unit: str = Field(examples=["mV"])
    rate: float = Field(examples=[250.0])
    source: str = Field(examples=["monitor, bed 7"])
    synthetic: bool = Field(description="true: nothing of it is real")
    first: str = Field(description="the oldest that is held", examples=["2026-03-01T08:00:00Z"])
    last: str = Field(examples=["2026-03-01T08:02:00Z"])


class WaveformChannels(BaseModel):
    """The channels of a twin."""

    items: list[WaveformChannel]
    next: str | None = None


class Monitored(BaseModel):
    """Twins of which waveforms are held."""

    items: list[str] = Field(description="their ids", examples=[["tw-0123456789"]])
    next: str | None = None


@router.get("/waveforms", **answers(Monitored), summary="Twins with waveforms")
def monitored(request: Request, who: Reader) -> Response:
    """Those of the tenant that a monitor sends of."""
    site = site_of(request)
    return page_answer(request, sorted(site.twins(who, waveforms_of(site).twins())), None)


@router.post("/twins/{twin_id}/waveforms", **answers(Taken, 404, 409, 422), summary="Send waveforms")
async def send(request: Request, twin_id: str, body: NewWaveforms, who: Sender) -> Response:
    """The last two minutes are held in memory, none of it in the record. What was sent before changes nothing."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    return json_answer({"new": take(site, twin.id, body)})


def take(site: Site, twin: str, body: NewWaveforms) -> dict[str, int]:
    """New samples by channel."""
    start = micros(body.start)
    for chunk in body.channels:
        units.check(chunk.unit)
    chunks = [Chunk(c.name, c.unit, c.rate, start, np.array(c.samples, dtype=np.float32)) for c in body.channels]
    return waveforms_of(site).put(twin, chunks, body.source, site.now_us)


@router.get("/twins/{twin_id}/waveforms", **answers(WaveformChannels, 404), summary="Channels of a twin")
def list_channels(request: Request, twin_id: str, who: Reader) -> Response:
    """Which waveforms there are now, and from when to when they are held."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    return page_answer(request, [_told(c, twin.subject) for c in waveforms_of(site).channels(twin.id)], None)


@router.get(
    "/twins/{twin_id}/waveforms/stream",
    response_class=StreamingResponse,
    responses={**documented(404, 422), **OK},
    summary="Live waveforms",
)
async def stream(
    request: Request,
    twin_id: str,
    who: Reader,
    channel: Annotated[list[str] | None, Query(max_length=16, description="only these (default: all)")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=2**53, description="begin after this instant (UTC microseconds)")
    ] = None,
    resume: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
) -> Response:
    """Samples as they come, some ten times a second. An event's id is the instant up to which all were told: a client
    that was cut off for less than two minutes sends it and misses no sample."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    start = int(resume) if resume.isascii() and resume.isdigit() else after
    begin = site.now_us - int(BACK * 1e6) if start is None else start
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    body = _events(request, site, twin.id, channel or [], begin)
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


async def _events(request: Request, site: Site, twin: str, names: list[str], begin: int) -> AsyncIterator[bytes]:
    held, beat, seen = waveforms_of(site), time.monotonic(), -1
    told = dict[str, int]()  # up to when, by channel: one may be late
    yield b"retry: 1000\n\n"
    while True:
        if held.counter != seen:
            seen, out = held.counter, list[bytes]()
            for chunk in (c for n in _names(held, twin, names) for c in held.after(twin, told.get(n, begin), [n])):
                last = chunk.start_us + round((len(chunk.samples) - 1) / chunk.rate * 1e6)
                told[chunk.name] = last
                samples = [None if np.isnan(v) else round(float(v), 4) for v in chunk.samples]
                data = {"channel": chunk.name, "unit": chunk.unit, "rate": chunk.rate, "start": text(chunk.start_us)}
                done = min(told.values())
                out.append(b"id: %d\nevent: samples\ndata: %s\n\n" % (done, encoded({**data, "samples": samples})))
            if out:
                yield b"".join(out)
        if time.monotonic() - beat > BEAT:
            beat = time.monotonic()
            if await site.gate.who(request) is None:
                return  # the token or session was taken back
            yield b": alive\n\n"
        await asyncio.sleep(PAUSE)


def _names(held: Waveforms, twin: str, names: list[str]) -> list[str]:
    return [c.name for c in held.channels(twin) if not names or c.name in names]


def _told(channel: Channel, subject: str) -> dict[str, Any]:
    said = {"name": channel.name, "unit": channel.unit, "rate": channel.rate, "source": channel.source}
    times = {"first": text(channel.at(channel.first)), "last": text(channel.at(channel.end - 1))}
    return {**said, "synthetic": is_synthetic(subject) or is_synthetic(channel.source), **times}


def waveforms_of(site: Site) -> Waveforms:
    """The waveforms of this server process."""
    return site.parts.setdefault("waveforms", Waveforms())
