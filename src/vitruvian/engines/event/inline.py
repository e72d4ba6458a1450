"""How functions of the kernel are compiled: what every event passes through becomes one piece, the rest is called.

A call of a numba function costs some 3 ns (status, result by address, no registers kept) and the kernel made twenty an
event: in one piece it is half as fast again. What is rare stays a call, or compiling takes minutes.
"""

from __future__ import annotations

from typing import Any

import numba

hot: Any = numba.njit(forceinline=True)
