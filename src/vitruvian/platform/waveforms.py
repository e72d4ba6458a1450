"""Waveforms of bedside monitors: the last minutes of each channel in memory, never in the record.

A channel is a ring of KEPT seconds at its own rate; a chunk goes where its time says. What overlaps is what was there
already (a chunk that was sent twice changes nothing), what is missing between two chunks is a gap (nan). Memory is
bounded: MOST_RATE, CHANNELS a twin and TOTAL in one server process, and a channel that was silent for IDLE makes room.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import ConflictError, FieldError

KEPT = 120  # s
SLOWEST, MOST_RATE = 1.0, 1000.0  # Hz
CHANNELS, TOTAL = 16, 512
IDLE = 600  # s
LONGEST = 10.0  # s in one chunk
AHEAD = 60  # s that a monitor's clock may be ahead of ours
SECOND = 1_000_000  # us


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of one channel that follow each other at `rate` (Hz) from `start_us` (UTC microseconds)."""

    name: str
    unit: str
    rate: float
    start_us: int
    samples: np.ndarray  # float32; nan: not measured


class Channel:
    """One channel's ring. Sample n since `zero_us` is valid at zero_us + n / rate."""

    def __init__(self, chunk: Chunk, source: str) -> None:
        self.name, self.unit, self.rate, self.source = chunk.name, chunk.unit, chunk.rate, source
        self.zero_us = chunk.start_us
        self.end = 0  # index after the newest sample
        self._ring = np.full(int(KEPT * chunk.rate), np.nan, dtype=np.float32)

    @property
    def first(self) -> int:
        """Index of the oldest sample that is held."""
        return max(0, self.end - len(self._ring))

    def at(self, index: int) -> int:
        """UTC microseconds of a sample."""
        return self.zero_us + round(index / self.rate * SECOND)

    def put(self, chunk: Chunk) -> int:
        """How many samples were new."""
        begin = round((chunk.start_us - self.zero_us) / SECOND * self.rate)
        known = max(self.end - begin, 0)
        new = chunk.samples[known:]
        if len(new) == 0:
            return 0
        begin += known
        if (missing := begin - self.end) > 0:
            lost = np.arange(max(self.end, begin - len(self._ring)), begin)
            self._ring[lost % len(self._ring)] = np.nan
        assert missing >= 0
        self._ring[np.arange(begin, begin + len(new)) % len(self._ring)] = new
        self.end = begin + len(new)
        return len(new)

    def after(self, us: int) -> Chunk | None:
        """What is valid later than this instant, as far as it is still held."""
        start = max(self.first, int(np.floor((us - self.zero_us) / SECOND * self.rate + 1e-6)) + 1)
        if start >= self.end:
            return None
        samples = self._ring[np.arange(start, self.end) % len(self._ring)]
        return Chunk(self.name, self.unit, self.rate, self.at(start), samples)


class Waveforms:
    """All channels of a server process, by twin; safe for threads. `counter` grows with every new sample's chunk."""

    def __init__(self) -> None:
        self._twins: dict[str, dict[str, Channel]] = {}
        self._lock = threading.Lock()
        self.counter = 0

    def put(self, twin: str, chunks: Sequence[Chunk], source: str, now_us: int) -> dict[str, int]:
        """New samples by channel; FieldError or ConflictError, and then nothing was taken."""
        for chunk in chunks:
            _check(chunk, now_us)
        with self._lock:
            held = self._twins.setdefault(twin, {})
            try:
                self._room(held, {c.name for c in chunks} - set(held), now_us)
                return {c.name: self._one(held, c, source) for c in chunks}
            finally:
                self.counter += 1
                if not held:
                    del self._twins[twin]

    def channels(self, twin: str) -> list[Channel]:
        """Those of a twin, by name."""
        with self._lock:
            return [c for _, c in sorted(self._twins.get(twin, {}).items())]

    def twins(self) -> list[str]:
        """Those that have any."""
        with self._lock:
            return sorted(self._twins)

    def after(self, twin: str, us: int, names: Iterable[str] = ()) -> list[Chunk]:
        """What came after an instant, of the named channels (default: all)."""
        wanted = set(names)
        with self._lock:
            some = [c for n, c in sorted(self._twins.get(twin, {}).items()) if not wanted or n in wanted]
            return [chunk for c in some if (chunk := c.after(us)) is not None]

    def _one(self, held: dict[str, Channel], chunk: Chunk, source: str) -> int:
        channel = held.get(chunk.name)
        far = channel is not None and chunk.start_us < channel.at(channel.first) - KEPT * SECOND
        if channel is None or (channel.rate, channel.unit) != (chunk.rate, chunk.unit) or far:
            channel = held[chunk.name] = Channel(chunk, source)  # new, or a monitor that was set anew
        return channel.put(chunk)

    def _room(self, held: dict[str, Channel], new: set[str], now_us: int) -> None:
        if len(held) + len(new) > CHANNELS:
            raise ConflictError(f"a twin has at most {CHANNELS} channels", where="channels", fix="send fewer of them")
        if new and sum(map(len, self._twins.values())) + len(new) > TOTAL:
            for channels in self._twins.values():
                for name in [n for n, c in channels.items() if c.at(c.end) < now_us - IDLE * SECOND]:
                    del channels[name]
            if sum(map(len, self._twins.values())) + len(new) > TOTAL:
                fix = "send fewer channels, or run another server for them"
                raise ConflictError(f"this server holds {TOTAL} channels already", where="channels", fix=fix)


def _check(chunk: Chunk, now_us: int) -> None:
    where = f"channels.{chunk.name}"
    if not SLOWEST <= chunk.rate <= MOST_RATE:
        fix = f"give {SLOWEST:g} to {MOST_RATE:g} Hz"
        raise FieldError(f"{chunk.rate:g} Hz is no rate of a waveform", where=f"{where}.rate", fix=fix)
    if len(chunk.samples) == 0 or len(chunk.samples) > LONGEST * chunk.rate + 1:
        said = f"{len(chunk.samples)} samples are no chunk"
        raise FieldError(said, where=f"{where}.samples", fix=f"send at least one, and at most {LONGEST:g} s at once")
    if np.isinf(chunk.samples).any():
        raise FieldError("a sample is infinite", where=f"{where}.samples", fix="send null where nothing was measured")
    if chunk.start_us > now_us + AHEAD * SECOND:
        raise FieldError("begins in the future", where=f"{where}.start", fix="set the monitor's clock")
