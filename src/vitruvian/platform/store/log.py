"""What the write-ahead log of a store that was not closed holds, read before SQLite opens it.

SQLite goes on after the last whole commit and says nothing of what lies behind it. Two things may: a write that a kill
cut short, which nobody was told of; or, on a damaged disk or a torn file, commits that were acknowledged. They differ
in this: behind a cut-off write there is no further commit of the same log. Format: https://sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEADER, FRAME = 32, 24  # bytes
MAGIC = 0x377F0682  # + 1: checksums of big-endian words


@dataclass(frozen=True)
class Found:
    """A log: commits that hold, bytes behind the last of them, commits among those that cannot be read."""

    commits: int
    behind: int
    lost: int

    @property
    def said(self) -> str:
        """What an operator must know; "" when there is nothing."""
        if self.lost:
            return (
                f"the write-ahead log is damaged: {self.commits} commits of it hold, {self.lost} behind the damage "
                "cannot be read. What was in them is lost: let senders send again, or restore a backup"
            )
        if self.behind:
            return (
                f"the write-ahead log ends in an unfinished write of {self.behind} bytes, which was left out: nobody "
                "had been told that it was kept, unless the file was cut by something else than the end of the program"
            )
        return ""


def inspect(database: Path) -> Found:
    """The log beside this file; nothing found where there is none or it is empty."""
    path = database.with_name(f"{database.name}-wal")
    data = path.read_bytes() if path.exists() else b""
    if len(data) <= HEADER + FRAME:
        return Found(0, max(len(data) - HEADER, 0), 0)
    magic, _, page, _, *salt, sum1, sum2 = struct.unpack(">8I", data[:HEADER])
    order = ">" if magic & 1 else "<"
    checksum = _Checksum(4096 if page > 65536 else page)
    sound = magic & ~1 == MAGIC and checksum.over(_words(data[:24], order), (0, 0)) == (sum1, sum2)
    if not sound:  # the head is gone, and with it everything: what was there is told by the first frame
        page, salt = _page_of(database), list(struct.unpack(">2I", data[HEADER + 8 : HEADER + 16]))
    return _walk(data, page, salt, (sum1, sum2) if sound else None, order, checksum)


def _walk(
    data: bytes, page: int, salt: list[int], sums: tuple[int, int] | None, order: str, checksum: _Checksum
) -> Found:
    """From frame to frame of the same use of the file. `sums` None: a checksum before did not hold."""
    commits, lost, good, at, cut = 0, 0, HEADER, HEADER, False
    while at + FRAME <= len(data) and not cut:
        _, size, *own = struct.unpack(">6I", data[at : at + FRAME])
        if own[:2] != salt:
            break  # of an earlier use: everything behind is too
        end = at + FRAME + page
        cut = end > len(data)  # the last frame: its commit never returned
        if sums is not None and not cut:
            sums = checksum.over(_words(data[at : at + 8] + data[at + FRAME : end], order), sums)
            sums = sums if sums == (own[2], own[3]) else None
        if size and sums is not None and not cut:
            commits, good = commits + 1, end
        elif size and not cut:
            lost += 1
        at = end
    return Found(commits, min(at, len(data)) - good if not cut else len(data) - good, lost)


def _page_of(database: Path) -> int:
    """The page size by the database's own head."""
    with database.open("rb") as file:
        said = int.from_bytes(file.read(18)[16:18], "big")
    return 65536 if said == 1 else said or 4096


def _words(data: bytes, order: str) -> np.ndarray:
    return np.frombuffer(data, dtype=f"{order}u4").astype(np.uint32)


class _Checksum:
    """The log's checksum, s0 += x0 + s1; s1 += x1 + s0 over pairs of words, as sums of Fibonacci multiples mod 2^32."""

    def __init__(self, page: int) -> None:
        fib = np.zeros(2 * (page + 8) // 8 + 8, dtype=np.uint32)
        fib[1] = 1
        with np.errstate(over="ignore"):
            for i in range(2, len(fib)):
                fib[i] = fib[i - 1] + fib[i - 2]
        self._fib = fib

    def over(self, words: np.ndarray, sums: tuple[int, int]) -> tuple[int, int]:
        """The sums after these words."""
        n, f = len(words) // 2, self._fib
        # A pair (a, b) with k pairs behind it adds F(2k+1) a + F(2k) b to s0 and F(2k+2) a + F(2k+1) b to s1.
        k = np.arange(n - 1, -1, -1)
        a, b = words[0::2], words[1::2]
        with np.errstate(over="ignore"):
            s0 = np.sum(f[2 * k + 1] * a + f[2 * k] * b, dtype=np.uint32)
            s1 = np.sum(f[2 * k + 2] * a + f[2 * k + 1] * b, dtype=np.uint32)
            x, y = np.uint32(sums[0]), np.uint32(sums[1])
            s0 += f[2 * n - 1] * x + f[2 * n] * y
            s1 += f[2 * n] * x + f[2 * n + 1] * y
        return int(s0), int(s1)
