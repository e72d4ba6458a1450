"""The process in which one job is done: an order on stdin, lines of JSON on stdout.

It can be killed at any moment, and it ends by itself when its server does: stdin is closed then.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

from vitruvian.core.errors import VitruvianError

QUIET = 0.2  # s between two lines of progress


def main() -> None:
    """Read the order, do it, tell the end."""
    order = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not look like a line of ours
    threading.Thread(target=_end_with_server, daemon=True).start()
    last = 0.0

    def put(line: dict[str, Any]) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    def progress(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            put({"progress": share})

    def keep(kept: Any) -> None:
        put({"kept": plain(kept)})

    from vitruvian.platform import executors
    from vitruvian.platform.jobs import work
    from vitruvian.platform.jsonable import plain

    try:
        executors.use(order.get("executor", ""))
        put({"result": plain(work.run(order["place"], order, progress, keep))})
    except VitruvianError as err:
        put({"error": {"what": err.what, "where": err.where, "fix": err.fix}})
    except Exception as err:
        put({"error": {"what": f"a fault of the program ({type(err).__name__})", "fix": "see the server's log"}})
        raise


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
