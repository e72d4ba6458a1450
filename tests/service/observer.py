"""Observes files, each in a process of its own, and says what is acknowledged as soon as it is: the victim of a kill.

Reads lines "STORE FILE" (a FILE of "-" only opens the store), answers "child PID", "ack ID" for every row that is on
disk, and "end STATUS". Everything is imported before the first fork, so that a kill falls into the work.
"""

import os
import sys
import traceback
from datetime import UTC, datetime

from vitruvian.platform import registry
from vitruvian.platform.ingest import observe
from vitruvian.platform.store import Receipts, Store


def acknowledge(receipts: Receipts) -> None:
    """One write a batch, after its commit."""
    os.write(1, "".join(f"ack {r.id}\n" for r in receipts.observations).encode())


def work(place: str, file: str) -> None:
    with Store.open(place) as store:
        if file != "-":
            observe(store, "Ada", [file], now=datetime(2026, 1, 1, tzinfo=UTC), acknowledge=acknowledge)


def main() -> None:
    registry.get("metabolic")
    os.write(1, b"ready\n")
    for line in sys.stdin:
        place, file = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            status = 0
            try:
                work(place, file)
            except BaseException:  # noqa: BLE001 told to the test, which fails
                traceback.print_exc()
                status = 1
            os._exit(status)
        os.write(1, f"child {child}\n".encode())
        status = os.waitpid(child, 0)[1]
        os.write(1, f"\nend {status}\n".encode())  # the line before may be cut short


if __name__ == "__main__":
    main()
