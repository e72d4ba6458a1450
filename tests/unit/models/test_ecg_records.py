"""Beats and records: every format comes back as written, damage is said, a detector meets noise and lost leads."""

import re
import struct

import numpy as np
import pytest

from needs import require_data
from vitruvian.core.errors import RecordError
from vitruvian.models.bedside.ecg import Electrocardiogram
from vitruvian.models.ecg.detect import beats, matched
from vitruvian.models.ecg.wfdb import BEATS, header, marks, signals

RATE = 250.0


def trace(seconds: float = 60.0, rr: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """A synthetic lead at rest and where its R waves are."""
    made, z, out = Electrocardiogram(RATE), 0.0, []
    for n in range(int(seconds * RATE)):
        z = made.step(z, (2 * np.pi * n / RATE / rr + np.pi) % (2 * np.pi) - np.pi, rr, n / RATE)
        out.append(z)
    peaks = (np.arange(int(seconds / rr)) * rr * RATE).astype(int)
    return np.array(out), peaks[(peaks > RATE) & (peaks < (seconds - 1) * RATE)]


def scored(leads: np.ndarray, told: np.ndarray) -> tuple[int, int, int]:
    found = beats(leads, RATE)
    found = found[(found > told[0] - 20) & (found < told[-1] + 20)]
    return matched(found, told, 0.15 * RATE)


@pytest.mark.parametrize("rr", [0.45, 0.8, 1.4])
def test_every_beat_is_found_in_noise_and_with_a_lost_lead(rr):
    lead, told = trace(rr=rr)
    size, rng = np.ptp(lead), np.random.default_rng(1)
    noisy = lead + 0.04 * size * rng.standard_normal(len(lead)) + 0.5 * size * np.sin(np.arange(len(lead)) / RATE)
    lost = np.full(len(lead), np.nan)
    for leads in (lead, noisy, np.stack([noisy, lost]), np.stack([0.05 * lead, 0 * lead])):
        hit, false, missed = scored(leads, told)
        assert (false, missed) == (0, 0)
        assert hit == len(told)


def test_nothing_is_found_where_nothing_is():
    assert len(beats(np.zeros((2, 2000)), RATE)) == 0
    with pytest.raises(RecordError, match="shows no QRS"):
        beats(np.zeros(100), 50.0)


def test_matching_gives_each_annotation_one_detection():
    assert matched(np.array([10, 12, 50]), np.array([11, 52, 90]), 5.0) == (2, 1, 1)


def pack(pairs: np.ndarray) -> bytes:
    """Format 212."""
    out = bytearray()
    for a, b in pairs.astype(int) & 0xFFF:
        out += bytes([a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF])
    return bytes(out)


def test_formats_come_back_as_written():
    values = np.random.default_rng(0).integers(-2000, 2000, (5, 2))
    values[3, 1] = -2048
    head = header("r 2 360 5\nr.dat 212 200(24)/mV 11 1024 0 0 0 MLII\nr.dat 212 100 11 0 0 0 0 V5\n# said\n")
    assert head.comments == ("said",)
    got = signals(head, {"r.dat": pack(values)})
    np.testing.assert_allclose(got[0], (values[:, 0] - 24) / 200)
    assert np.isnan(got[1, 3])  # the lowest number says there is none
    sixteen = header("r 1 500 5\nr.dat 16+4 1000 16 0 0 0 0 I\n")
    data = b"mark" + values[:, 0].astype("<i2").tobytes()
    np.testing.assert_allclose(signals(sixteen, {"r.dat": data})[0], values[:, 0] / 1000)


def word(code, value):
    """Of an annotation file."""
    return struct.pack("<H", code << 10 | value)


def test_annotations_skip_and_note():
    data = word(1, 100) + word(59, 0) + struct.pack("<HH", 1, 0) + word(5, 7) + word(63, 3) + b"abc\0" + word(1, 50)
    at, codes = marks(data + word(0, 0))
    assert at.tolist() == [100, 100 + 65536 + 7, 100 + 65536 + 57]
    assert codes.tolist() == [1, 5, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no record line"),
        ("r/3 2 360", "in segments"),
        ("r 1 360 5\nr.dat 310 200 11 0 0 0 0 I", "'310' is not read"),
        ("r 2 360 5\nr.dat 16 200 11 0 0 0 0 I", "2 signals, 1 lines"),
    ],
)
def test_a_header_that_cannot_be_read_says_why(text, said):
    with pytest.raises(RecordError, match=re.escape(said)):
        header(text)


def test_missing_and_short_files_are_said():
    head = header("r 1 360 5\nr.dat 16 200 16 0 0 0 0 I\n")
    with pytest.raises(RecordError, match="is missing"):
        signals(head, {})
    with pytest.raises(RecordError, match="holds 2 of 5 samples"):
        signals(head, {"r.dat": bytes(4)})


def test_five_minutes_of_a_real_record():
    folder = require_data("heart") / "ecg-wfdb"
    head = header((folder / "100.hea").read_text("utf-8"))
    leads = signals(head, {"100.dat": (folder / "100.dat").read_bytes()})[:, : int(300 * head.rate)]
    at, code = marks((folder / "100.atr").read_bytes())
    told = at[np.isin(code, list(BEATS)) & (at < leads.shape[1])]
    assert matched(beats(leads, head.rate), told, 0.15 * head.rate) == (len(told), 0, 0)
