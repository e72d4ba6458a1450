"""Arrays as bare pointers for the kernel: no bounds, no reference counts, one machine word to pass. Compiled code.

The kernel makes some twenty calls an event. An array is seven words and two atomic counts a call; a pointer is one.
Whoever makes one keeps the array alive and its indices within it: `kernel.advance` does.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


def _ints(context: Any, address: Any) -> Any:
    """The int64 words at an address."""
    return types.CPointer(types.int64)(types.intp), _cast


def _floats(context: Any, address: Any) -> Any:
    """The float64 words at an address."""
    return types.CPointer(types.float64)(types.intp), _cast


def _cast(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.inttoptr(args[0], context.get_value_type(signature.return_type))


ints: Any = intrinsic(_ints)
floats: Any = intrinsic(_floats)
