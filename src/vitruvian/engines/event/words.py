"""A memory of 64-bit words under construction: integers and floats side by side, things known by their address."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class Words:
    """Grows at the end; `add` returns the address of what was added."""

    def __init__(self) -> None:
        self._int: list[int] = []
        self._float: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._int)

    def add(self, values: Iterable[int | float]) -> int:
        """Append a record; floats stay floats, integers integers."""
        address = len(self._int)
        for k, value in enumerate(values):
            self._int.append(0 if isinstance(value, float) else int(value))
            if isinstance(value, float):
                self._float[address + k] = value
        return address

    def put(self, address: int, value: int | float) -> None:
        """Change a word."""
        if isinstance(value, float):
            self._float[address] = value
        else:
            self._float.pop(address, None)
            self._int[address] = int(value)

    def array(self) -> np.ndarray:
        """The words as int64; view as float64 to see the floats."""
        out = np.array(self._int, dtype=np.int64)
        if self._float:
            where = np.fromiter(self._float, dtype=np.int64)
            out.view(np.float64)[where] = np.fromiter(self._float.values(), dtype=np.float64)
        return out
