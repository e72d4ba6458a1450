"""A process that answers quickly: few collections of garbage, short turns between its threads.

JAX and numba bring half a million objects that never go, and JAX hooks into every collection: by default one pass of
the young comes every 700 new objects, ten requests or so, and a pass of all of them stops everything for a fifth of a
second. Nothing here makes cycles a request, so passes may be rare. And the thread that writes lets go of the
interpreter with every row: each time it waits for the event loop as long as a turn is.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitruvian.api.site import Site

PASSES = (50_000, 20, 50)  # objects between passes of the young; passes of each generation between those of the next
TURN = 0.0005  # s; Python's own is 0.005
LOOK = 5.0  # s between two looks whether a kind was loaded


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """For as long as the server runs; what was set before is set again afterwards."""
    before = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(*PASSES)
    sys.setswitchinterval(TURN)
    task = asyncio.create_task(_freeze())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        gc.unfreeze()
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])


async def _freeze() -> None:
    """Whatever modules brought is never looked at again."""
    seen = 0
    while True:
        if len(sys.modules) != seen:
            seen = len(sys.modules)
            gc.freeze()
        await asyncio.sleep(LOOK)
