"""A port for a server that is about to be started on this machine."""

from __future__ import annotations

import random
import socket
from pathlib import Path

USUAL = 32768  # lowest port that Linux gives to outgoing connections unless told otherwise (ip(7))
FIRST = 10_000  # assumed: below it stand services with names
TRIES = 200


def free_port() -> int:
    """One that nobody listens on, from below those that outgoing connections are given: none of them takes it before
    the server does."""
    chosen = random.SystemRandom()
    for _ in range(TRIES):
        port = chosen.randrange(FIRST, _first_outgoing())
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _first_outgoing() -> int:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return USUAL
    return lowest if lowest > FIRST + TRIES else USUAL
