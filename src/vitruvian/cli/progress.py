"""Progress of long work, on stderr and only for a person who watches: never in a pipe, never on stdout."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType

import click

WIDTH = 24
TURN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Progress:
    """`with Progress("Calibrating") as show: show(0.3)`; without a share it turns and counts the seconds."""

    def __init__(self, label: str) -> None:
        self.label, self.share = label, -1.0
        self._live = sys.stderr.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __call__(self, share: float, label: str = "") -> None:
        """Say how much is done, 0 to 1."""
        self.share, self.label = share, label or self.label

    def above(self, lines: Iterable[str]) -> None:
        """Print lines on stdout; the progress goes on below them."""
        if self._live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
        for line in lines:
            click.echo(line)

    def __enter__(self) -> Progress:
        if self._live:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live:
            self._thread.join()
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def _draw(self) -> None:
        start, turn = time.monotonic(), 0
        while not self._stop.wait(0.1):
            passed = time.monotonic() - start
            if passed < 0.4:  # quick work shows nothing
                continue
            if self.share >= 0:
                full = round(WIDTH * min(self.share, 1.0))
                middle = f"{'█' * full}{'░' * (WIDTH - full)} {100 * min(self.share, 1.0):3.0f} %"
            else:
                middle = TURN[turn % len(TURN)]
            turn += 1
            sys.stderr.write(f"\r\033[K{self.label} {middle} {passed:.0f} s")
            sys.stderr.flush()
