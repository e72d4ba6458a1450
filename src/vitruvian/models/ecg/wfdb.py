"""Records in WFDB form: a header, signals in formats 16, 212 or 80, beat annotations in MIT form.

Formats: Goldberger et al., Circulation 2000;101:e215, and the WFDB manual pages header(5), signal(5), annot(5). Only
bytes come in: who reads files is elsewhere. Segments, several samples a frame and other formats are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import RecordError

# normal, bundle branch blocks, aberrant, ventricular, fusion, junctional, atrial, escapes, paced, unknown, ...
BEATS = frozenset({*range(1, 14), 25, 34, 35, 38, 41})
_SKIP, _NUMBER, _SUBTYPE, _CHANNEL, _NOTE = 59, 60, 61, 62, 63
_GAIN = re.compile(r"(?P<gain>[-\d.eE+]*)(\((?P<baseline>-?\d+)\))?(/(?P<unit>\S+))?$")


@dataclass(frozen=True)
class Signal:
    """One line of a header: file, format, bytes before the samples, adu per unit, adu at 0, name."""

    file: str
    format: int
    offset: int
    gain: float
    baseline: float
    unit: str
    name: str


@dataclass(frozen=True)
class Header:
    """rate Hz; samples each; signals in order; comments."""

    record: str
    rate: float
    samples: int
    signals: tuple[Signal, ...]
    comments: tuple[str, ...]


def header(text: str) -> Header:
    """From the text of a .hea file. Errors: RecordError that names the line."""
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    told = [line.split() for line in lines if line and not line.startswith("#")]
    if not told or len(told[0]) < 2:
        raise RecordError("has no record line", where="WFDB header", fix="give the .hea file's text")
    first = told[0]
    if "/" in first[0]:
        raise RecordError(f"'{first[0]}' is in segments", where="WFDB header", fix="read one segment")
    count = int(first[1])
    rate = float(re.split(r"[/(]", first[2])[0]) if len(first) > 2 else 250.0
    samples = int(first[3]) if len(first) > 3 else 0
    if len(told) < 1 + count:
        raise RecordError(f"{count} signals, {len(told) - 1} lines", where="WFDB header", fix="give the whole header")
    return Header(first[0], rate, samples, tuple(_signal(row) for row in told[1 : 1 + count]), comments)


def _signal(row: list[str]) -> Signal:
    form = re.match(r"(\d+)(x\d+)?(:\d+)?(\+\d+)?$", row[1])
    if form is None or form[2] not in (None, "x1") or form[3] or int(form[1]) not in (16, 80, 212):
        raise RecordError(f"'{row[1]}' is not read", where=f"WFDB signal {row[0]}", fix="formats 16, 80, 212")
    told = _GAIN.match(row[2]) if len(row) > 2 else None
    gain = float(told["gain"]) if told and told["gain"] and float(told["gain"]) else 200.0  # header(5): 0 is unknown
    zero = float(row[4]) if len(row) > 4 else 0.0
    baseline = float(told["baseline"]) if told and told["baseline"] else zero
    unit = told["unit"] if told and told["unit"] else "mV"
    return Signal(row[0], int(form[1]), int((form[4] or "+0")[1:]), gain, baseline, unit, " ".join(row[8:]))


def signals(head: Header, files: Mapping[str, bytes]) -> np.ndarray:
    """(signal, time) in each signal's unit; files by the names of the header. Gaps (the lowest number) are NaN."""
    out = []
    for name in dict.fromkeys(s.file for s in head.signals):
        mine = [s for s in head.signals if s.file == name]
        if name not in files:
            raise RecordError(
                f"'{name}' is missing", where=f"WFDB record {head.record}", fix="put it beside the header"
            )
        raw, gap = _samples(files[name][mine[0].offset :], mine[0].format)
        if head.samples and len(raw) < head.samples * len(mine):
            short = f"{len(raw) // len(mine)} of {head.samples} samples"
            raise RecordError(f"'{name}' holds {short}", where=f"WFDB record {head.record}", fix="copy the whole file")
        rows = raw[: len(raw) // len(mine) * len(mine)].reshape(-1, len(mine)).T.astype(np.float64)
        rows = rows[:, : head.samples or None]
        for row, s in zip(rows, mine, strict=True):
            out.append(np.where(row == gap, np.nan, (row - s.baseline) / s.gain))
    return np.stack(out)


def _samples(data: bytes, form: int) -> tuple[np.ndarray, int]:
    """Numbers as they stand, and which of them says that there is none."""
    if form == 16:
        return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2"), -32768
    if form == 80:
        return np.frombuffer(data, dtype=np.uint8).astype(np.int16) - 128, -128
    b = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3).astype(np.int16)
    pair = np.stack([b[:, 0] | (b[:, 1] & 0x0F) << 8, b[:, 2] | (b[:, 1] & 0xF0) << 4], axis=1).ravel()
    return np.where(pair > 2047, pair - 4096, pair), -2048


def marks(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Sample numbers and codes of an annotation file in MIT form."""
    words = np.frombuffer(data[: len(data) // 2 * 2], dtype="<u2").tolist()
    at, k, when, codes = 0, 0, [], []
    while k < len(words):
        code, value = words[k] >> 10, words[k] & 0x3FF
        k += 1
        if code == 0 and value == 0:
            break
        if code == _SKIP:
            if k + 1 >= len(words):
                break
            jump = (words[k] << 16) | words[k + 1]  # high word first
            at += jump - (1 << 32) if jump >= 1 << 31 else jump
            k += 2
        elif code == _NOTE:
            k += (value + 1) // 2
        elif code not in (_NUMBER, _SUBTYPE, _CHANNEL):
            at += value
            when.append(at)
            codes.append(code)
    return np.array(when, dtype=int), np.array(codes, dtype=int)
