"""Random draws as pure functions of (member's key, entity, purpose), and durations by their laws. Compiled code.

    draw = m(m(k + c e) + c p)     k = m(seed), e entity's number, p purpose, c odd, m splitmix64's finaliser

Steele, Lea and Flood, OOPSLA 2014. For one key e -> m(k + c e) is a bijection, and so is p -> draw for one entity; the
purpose packs (step, round, repeat, what, sub) in disjoint bit fields, so no two draws share a counter, by construction.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.inline import hot
from vitruvian.engines.event.ziggurat import STRIPS, TRIES, R, edges, heights

_C = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64, variant 13 of Stafford
_S1, _S2, _S3, _TOP, _STRIP = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12), np.uint64(STRIPS - 1)


@hot
def mixed(z: np.uint64) -> np.uint64:
    """splitmix64's finaliser, a bijection."""
    z = (z ^ (z >> _S1)) * _M1
    z = (z ^ (z >> _S2)) * _M2
    return z ^ (z >> _S3)


@numba.njit
def member_key(seed: np.uint64) -> Any:
    """Key of a member, as a signed word."""
    return np.int64(mixed(seed + _C))


@hot
def entity_hash(key: int, number: int) -> Any:
    """What an entity's draws start from, as a signed word."""
    return np.int64(mixed(np.uint64(key) + _C * np.uint64(number)))


@hot
def purpose(step: int, round_: int, repeat: int, what: int) -> int:
    """One number for what a draw is for; the lowest bits are for further draws of one purpose."""
    top = ((step << at.ROUND_BITS) | (round_ & 0xFFFF)) << at.REPEAT_BITS | (repeat & 0xFF)
    return ((top << at.WHAT_BITS) | what) << at.SUB_BITS


@hot
def word_of(start: int, aim: int) -> Any:
    """64 random bits."""
    return mixed(np.uint64(start) + _C * np.uint64(aim))


@hot
def unit(word: np.uint64) -> float:
    """The 52 highest bits as a number in (0, 1), never an end."""
    return (np.float64(word >> _TOP) + 0.5) * 2.0**-52


@hot
def uniform(start: int, aim: int) -> float:
    """Uniform in (0, 1)."""
    return unit(word_of(start, aim))


@hot
def exponential(start: int, aim: int) -> float:
    """Exponential with mean 1, by the ziggurat; takes sub-draws from aim on, two a try."""
    word = word_of(start, aim)
    strip = np.int64(word & _STRIP)
    x = unit(word) * edges[strip]
    return x if x < edges[strip + 1] else not_below(start, aim)


@numba.njit
def not_below(start: int, aim: int) -> float:
    """The rest of `exponential`: the tail, a strip's part near the curve, or the next try."""
    for k in range(TRIES):
        word = word_of(start, aim + 2 * k)
        strip = np.int64(word & _STRIP)
        x = unit(word) * edges[strip]
        if x < edges[strip + 1]:
            return x
        u = uniform(start, aim + 2 * k + 1)
        if strip == 0:
            return R - math.log(u)
        if heights[strip] + u * (heights[strip + 1] - heights[strip]) < math.exp(-x):
            return x
    return 1.0


@numba.njit
def normal(start: int, aim: int) -> float:
    """Standard normal (Box and Muller 1958); takes sub-draws aim and aim + 1."""
    return math.sqrt(-2.0 * math.log(uniform(start, aim))) * math.cos(2.0 * math.pi * uniform(start, aim + 1))


@numba.njit
def gamma(shape: float, start: int, aim: int) -> float:
    """Gamma with scale 1 (Marsaglia and Tsang, ACM TOMS 2000;26:363), three sub-draws a try."""
    boost = 1.0
    if shape < 1.0:
        boost = math.exp(math.log(uniform(start, aim + 255)) / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for k in range(80):  # a try fails once in 20 at most
        x = normal(start, aim + 3 * k)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if math.log(uniform(start, aim + 3 * k + 2)) < 0.5 * x * x + d - d * v + d * math.log(v):
                return d * v * boost
    return d * boost


@numba.njit
def other(ti: Any, tf: Any, law: int, start: int, aim: int) -> float:
    """Duration, s, by the less frequent laws, without its shift."""
    family, a, b, c = ti[law + at.FAMILY], tf[law + at.A_F], tf[law + at.B_F], tf[law + at.C_F]
    if family == 2:
        return a * math.exp(b * normal(start, aim) + c)
    if family == 3:
        return a * gamma(b, start, aim) if b > 0.0 else a
    if family == 4:
        return a * math.exp(b * math.log(exponential(start, aim)))
    if family == 5:
        return max(a + b * normal(start, aim), 0.0)
    u = uniform(start, aim)
    if family == 6:
        return a + b * u
    if family == 7:
        left = math.sqrt(u * c) if u < c else 1.0 - math.sqrt((1.0 - u) * (1.0 - c))
        return a + b * left
    first = ti[law + at.VALUES]
    parts = ti[first] - 1
    place = u * parts
    k = min(int(place), parts - 1)
    low, high = tf[first + 1 + k], tf[first + 2 + k]
    return low + (high - low) * (place - k)


@hot
def draw(ti: Any, tf: Any, law: int, start: int, aim: int) -> float:
    """Duration, s, by the law at this address of the tables."""
    family = ti[law + at.FAMILY]
    if family == 0:
        return tf[law + at.SHIFT_F] + tf[law + at.A_F] * exponential(start, aim)
    if family == 1:
        return tf[law + at.SHIFT_F] + tf[law + at.A_F]
    return tf[law + at.SHIFT_F] + other(ti, tf, law, start, aim)
