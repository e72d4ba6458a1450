"""Ctrl-C that is heard wherever it falls.

What is raised in a destructor or in a callback of the collector (jax has one) Python prints and drops: a Ctrl-C that
fell there would be lost, and the work go on to its end.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 0.01  # s: time to leave the place that dropped it


@contextmanager
def heard() -> Iterator[None]:
    """While this is open an interrupt that was dropped is sent again, until it is raised in the work itself."""
    before, pending = sys.unraisablehook, list[threading.Timer]()

    def hook(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        main = threading.main_thread().ident
        assert main is not None
        again = threading.Timer(AGAIN, signal.pthread_kill, (main, signal.SIGINT))
        again.daemon = True
        pending.append(again)
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in pending:
            timer.cancel()
