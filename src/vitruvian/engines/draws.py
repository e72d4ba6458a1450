"""Random draws as pure functions of (seed, entity, purpose): no stream, no order, no state.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11): a bijection of the counter for every key. The key is the member's
seed, the counter is (entity, purpose): two different (entity, purpose) can never meet, by construction. Compiled code.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)  # multipliers, Salmon et al. 2011, table 2
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)  # Weyl constants: golden ratio, sqrt(3) - 1
_TOP = np.uint64(12)
_ROUNDS = 10

# What a draw is for: the low bits of a purpose; the high bits count the entity's visits.
GAP, ACCEPT, SERVICE, ROUTE = 0, 1, 2, 3
_VISIT = 4  # bits below the visit


@numba.njit
def philox(seed: np.uint64, entity: np.uint64, purpose: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Two 64-bit words for counter (entity, purpose) under key seed."""
    k0, k1 = seed & _LOW, seed >> _HALF
    c0, c1, c2, c3 = entity & _LOW, entity >> _HALF, purpose & _LOW, purpose >> _HALF
    for _ in range(_ROUNDS):
        a, b = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ k0, b & _LOW, (a >> _HALF) ^ c3 ^ k1, a & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0 | (c1 << _HALF), c2 | (c3 << _HALF)


@numba.njit
def purpose(visit: int, what: int) -> np.uint64:
    """One number for what a draw is for on the entity's n-th visit."""
    return np.uint64((visit << _VISIT) | what)


@numba.njit
def uniform(seed: np.uint64, entity: int, visit: int, what: int) -> float:
    """Uniform in (0, 1), 52 bits, never an end."""
    word, _ = philox(seed, np.uint64(entity), purpose(visit, what))
    return (np.float64(word >> _TOP) + 0.5) * 2.0**-52


@numba.njit
def exponential(seed: np.uint64, entity: int, visit: int, what: int) -> float:
    """Exponential with mean 1."""
    return -math.log(uniform(seed, entity, visit, what))


@numba.njit
def normal(seed: np.uint64, entity: int, visit: int, what: int) -> float:
    """Standard normal (Box and Muller 1958) from the draw's two words."""
    first, second = philox(seed, np.uint64(entity), purpose(visit, what))
    u = (np.float64(first >> _TOP) + 0.5) * 2.0**-52
    v = (np.float64(second >> _TOP) + 0.5) * 2.0**-52
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
