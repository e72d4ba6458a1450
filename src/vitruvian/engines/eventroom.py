"""The arrays of the event engine's state, and room for more: growth moves nobody and loses nobody."""

from __future__ import annotations

import numpy as np

from vitruvian.engines import eventlayout as col
from vitruvian.engines.network import Network

FIRST_ROOM = 16  # slots for patients before the first growth


def empty(net: Network, at: float, members: int, room: int = FIRST_ROOM) -> dict[str, np.ndarray]:
    """Nobody there at `at`: the state's arrays, member axis first."""
    tree = {
        "own": np.tile([float(at), float(at), -1.0, 0.0], (members, 1)),
        "layers": np.zeros((members, len(net.sources), 1, 2)),
        "slots": np.zeros((members, 0, col.HEAP + 1)),
        "rows": np.zeros((members, len(net.stations), col.LAST + 1)),
    }
    tree["rows"][..., col.TOUCHED] = at
    tree["rows"][..., [col.FIRST, col.LAST]] = -1.0
    return with_room(tree, room)


def with_room(tree: dict[str, np.ndarray], room: int) -> dict[str, np.ndarray]:
    """The same members with at least `room` slots; new ones go to the end of each member's list of free slots."""
    held = tree["slots"].shape[1]
    if room <= held:
        return tree
    slots, own = np.pad(tree["slots"], ((0, 0), (0, room - held), (0, 0))), tree["own"].copy()
    slots[:, held:, col.PLACE] = -1
    slots[:, held:, col.LINK] = np.append(np.arange(held + 1, room), -1)
    for m in range(len(own)):
        last, slot = -1, int(own[m, col.FREE])
        while slot >= 0:
            last, slot = slot, int(slots[m, slot, col.LINK])
        if last < 0:
            own[m, col.FREE] = held
        else:
            slots[m, last, col.LINK] = held
    return tree | {"slots": slots, "own": own}


def with_layers(tree: dict[str, np.ndarray], layers: float) -> dict[str, np.ndarray]:
    """The same members with at least this many layers of arrivals; new ones have drawn nobody yet."""
    more = int(layers) - tree["layers"].shape[2]
    return tree if more <= 0 else tree | {"layers": np.pad(tree["layers"], ((0, 0), (0, 0), (0, more), (0, 0)))}
