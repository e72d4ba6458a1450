"""Reads a VTK XML surface (PolyData, appended base64, zlib blocks): what the KIT-IBT example heart is kept in."""

import base64
import re
import zlib
from pathlib import Path

import numpy as np

KINDS = {"UInt8": np.uint8, "Float64": np.float64, "Int64": np.int64}


def read(path: Path) -> dict[str, np.ndarray]:
    """Arrays by "section/name": "Points/Points", "Polys/connectivity", "CellData/class", ..."""
    head, _, rest = path.read_bytes().partition(b"<AppendedData")
    body = rest[rest.index(b"_") + 1 :]
    out = {}
    for section in re.finditer(rb"<(PointData|CellData|Points|Polys)>(.*?)</\1>", head, re.DOTALL):
        for array in re.finditer(rb"<DataArray ([^>]*)/>", section[2]):
            told = dict(re.findall(r'(\w+)="([^"]*)"', array[1].decode()))
            values = np.frombuffer(_blocks(body[int(told["offset"]) :]), KINDS[told["type"]])
            wide = int(told.get("NumberOfComponents", "1"))
            out[f"{section[1].decode()}/{told['Name']}"] = values.reshape(-1, wide) if wide > 1 else values
    return out


def _blocks(text: bytes) -> bytes:
    """Header (count, size, last size, compressed sizes; UInt32) in base64 of its own, then all blocks in one."""
    count = int(np.frombuffer(base64.b64decode(text[:16])[:4], np.uint32)[0])
    length = 4 * (3 + count)
    coded = -(-length // 3) * 4
    sizes = np.frombuffer(base64.b64decode(text[:coded])[:length], np.uint32)[3:].astype(int)
    raw = base64.b64decode(text[coded : coded + -(-int(sizes.sum()) // 3) * 4])
    ends = np.cumsum(sizes)
    return b"".join(zlib.decompress(raw[end - size : end]) for size, end in zip(sizes, ends, strict=True))
