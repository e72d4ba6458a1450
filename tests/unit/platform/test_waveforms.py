"""Waveforms: rings that hold the last minutes, whatever comes twice, late or with gaps; memory stays bounded."""

import numpy as np
import pytest

from vitruvian.core.errors import ConflictError, FieldError
from vitruvian.platform import waveforms
from vitruvian.platform.waveforms import CHANNELS, IDLE, KEPT, SECOND, Chunk, Waveforms

RATE, NOW = 250.0, 1_772_352_000 * SECOND


def chunk(first: int, count: int, name: str = "II", rate: float = RATE) -> Chunk:
    """Samples whose values are their own numbers, since NOW."""
    start = NOW + round(first / rate * SECOND)
    return Chunk(name, "mV", rate, start, np.arange(first, first + count, dtype=np.float32))


def put(held: Waveforms, *chunks: Chunk, now: int = NOW) -> dict[str, int]:
    return held.put("tw-1", chunks, "monitor", now)


def test_what_is_sent_twice_or_overlaps_is_held_once() -> None:
    held = Waveforms()
    assert [put(held, chunk(*c))["II"] for c in ((0, 50), (50, 50), (50, 50), (80, 40), (0, 10))] == [50, 50, 0, 20, 0]
    (all_,) = held.after("tw-1", 0)
    assert all_.samples.tolist() == list(range(120))
    assert all_.start_us == NOW


def test_a_stream_goes_on_after_the_last_sample_it_saw() -> None:
    held, got = Waveforms(), []
    rng = np.random.default_rng(0)
    at, seen = 0, NOW - 1
    for length in rng.integers(1, 200, 60):
        put(held, chunk(at, int(length)))
        at += int(length)
        if rng.random() < 0.6:
            for c in held.after("tw-1", seen):
                got += c.samples.tolist()
                seen = c.start_us + round((len(c.samples) - 1) / RATE * SECOND)
    got += [v for c in held.after("tw-1", seen) for v in c.samples.tolist()]
    assert got == list(range(at))


def test_what_is_missing_is_a_gap_and_a_long_silence_empties_the_ring() -> None:
    held = Waveforms()
    put(held, chunk(0, 10), chunk(0, 10, "pleth"))
    put(held, chunk(15, 5))
    (ecg, _) = held.after("tw-1", 0)
    assert np.isnan(ecg.samples[10:15]).all()
    assert ecg.samples[15:].tolist() == [15, 16, 17, 18, 19]
    put(held, chunk(int(10 * KEPT * RATE), 10), now=NOW + 10 * KEPT * SECOND)
    (late,) = held.after("tw-1", 0, ["II"])
    assert len(late.samples) == KEPT * RATE
    assert np.isnan(late.samples[:-10]).all()


def test_memory_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Waveforms()
    for second in range(3 * KEPT):
        put(held, chunk(int(second * RATE), int(RATE)), now=NOW + second * SECOND)
    (all_,) = held.after("tw-1", 0)
    assert len(all_.samples) == KEPT * RATE
    assert all_.samples[0] == 2 * KEPT * RATE
    with pytest.raises(ConflictError, match=f"at most {CHANNELS} channels"):
        put(held, *(chunk(0, 1, f"c{k}") for k in range(CHANNELS)))
    monkeypatch.setattr(waveforms, "TOTAL", 2)
    held.put("tw-2", [chunk(0, 1)], "", NOW)
    with pytest.raises(ConflictError, match="2 channels already"):
        held.put("tw-3", [chunk(0, 1)], "", NOW)
    held.put("tw-3", [chunk(0, 1)], "", NOW + (IDLE + 1) * SECOND)
    assert held.channels("tw-2") == []


def test_a_monitor_that_is_set_anew_begins_anew() -> None:
    held = Waveforms()
    put(held, chunk(0, 100))
    put(held, chunk(0, 100, rate=125.0))
    (only,) = held.after("tw-1", 0)
    assert (only.rate, len(only.samples)) == (125.0, 100)
    put(held, Chunk("II", "mV", 125.0, NOW - 3600 * SECOND, np.ones(5, dtype=np.float32)))  # its clock was set back
    assert len(held.after("tw-1", 0)[0].samples) == 5


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (chunk(0, 10, rate=0.5), "rate"),
        (chunk(0, 0), "samples"),
        (chunk(0, 5000), "samples"),
        (Chunk("II", "mV", RATE, NOW, np.array([np.inf], dtype=np.float32)), "samples"),
        (Chunk("II", "mV", RATE, NOW + 3600 * SECOND, np.zeros(1, dtype=np.float32)), "start"),
    ],
)
def test_what_is_no_chunk_is_refused_whole(wrong: Chunk, where: str) -> None:
    held = Waveforms()
    with pytest.raises(FieldError) as told:
        put(held, chunk(0, 1, "pleth"), wrong)
    assert told.value.where == f"channels.II.{where}"
    assert held.channels("tw-1") == []
