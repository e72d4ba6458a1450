"""The draws of `hashing` in plain Python integers and `math`: the same bits, written again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vitruvian.engines.event.law import Law
from vitruvian.engines.event.ziggurat import EDGES, HEIGHTS, STRIPS, TRIES, R

_WORD = 2**64 - 1
_C, _M1, _M2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
GAP, ACCEPT, SHARE, TRAIT, HOLD, ROUTE, PATIENT, SHOW, PUNCTUAL, LIFE, LEAD_TIME = range(11)


def mixed(z: int) -> int:
    """splitmix64's finaliser."""
    z = ((z ^ (z >> 30)) * _M1) & _WORD
    z = ((z ^ (z >> 27)) * _M2) & _WORD
    return z ^ (z >> 31)


def _unit(word: int) -> float:
    """The 52 highest bits as a number in (0, 1)."""
    return (float(word >> 12) + 0.5) * 2.0**-52


@dataclass(frozen=True)
class Stream:
    """The draws of one entity of one member."""

    start: int

    @classmethod
    def of(cls, seed: int, number: int) -> Stream:
        key = mixed((seed + _C) & _WORD)
        return cls(mixed((key + _C * number) & _WORD))

    def uniform(self, what: int, sub: int = 0, step: int = 0, round_: int = 0, repeat: int = 0) -> float:
        """Uniform in (0, 1)."""
        return _unit(self._word(what, sub, step, round_, repeat))

    def _word(self, what: int, sub: int = 0, step: int = 0, round_: int = 0, repeat: int = 0) -> int:
        aim = ((step * 65536 + round_ % 65536) * 256 + repeat % 256) * 16 + what
        return mixed((self.start + _C * (aim * 256 + sub)) & _WORD)

    def exponential(self, what: int, **at: int) -> float:
        """Exponential with mean 1: a strip, then a place in it, and a second look where it crosses the curve."""
        for k in range(TRIES):
            word = self._word(what, 2 * k, **at)
            strip = word % STRIPS
            x = _unit(word) * EDGES[strip]
            if x < EDGES[strip + 1]:
                return x
            u = self.uniform(what, 2 * k + 1, **at)
            if strip == 0:
                return R - math.log(u)
            if HEIGHTS[strip] + u * (HEIGHTS[strip + 1] - HEIGHTS[strip]) < math.exp(-x):
                return x
        return 1.0

    def normal(self, what: int, sub: int = 0, **at: int) -> float:
        """Standard normal from two sub-draws."""
        first, second = self.uniform(what, sub, **at), self.uniform(what, sub + 1, **at)
        return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)

    def duration(self, law: Law, what: int, **at: int) -> float:
        """By a law, s."""
        a, b, c = law.numbers
        shift = law.shift * law.scale
        if law.law == "exponential":
            return shift + a * self.exponential(what, **at)
        if law.law == "fixed":
            return shift + a
        if law.law == "lognormal":
            return shift + a * math.exp(b * self.normal(what, **at) + c)
        if law.law == "gamma":
            return shift + (a * self._gamma(b, what, **at) if b > 0 else a)
        if law.law == "weibull":
            return shift + a * math.exp(b * math.log(self.exponential(what, **at)))
        if law.law == "normal":
            return shift + max(a + b * self.normal(what, **at), 0.0)
        u = self.uniform(what, **at)
        if law.law == "uniform":
            return shift + (a + b * u)
        if law.law == "triangular":
            return shift + (a + b * (math.sqrt(u * c) if u < c else 1.0 - math.sqrt((1.0 - u) * (1.0 - c))))
        return shift + between([v * law.scale for v in law.values], u)

    def _gamma(self, shape: float, what: int, **at: int) -> float:
        boost = 1.0
        if shape < 1.0:
            boost = math.exp(math.log(self.uniform(what, 255, **at)) / shape)
            shape += 1.0
        d = shape - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        for k in range(80):
            x = self.normal(what, 3 * k, **at)
            v = 1.0 + c * x
            if v > 0.0:
                v = v * v * v
                if math.log(self.uniform(what, 3 * k + 2, **at)) < 0.5 * x * x + d - d * v + d * math.log(v):
                    return d * v * boost
        return d * boost


def between(values: Sequence[float], u: float) -> float:
    """The quantile at u of values at equal steps of probability."""
    place = u * (len(values) - 1)
    k = min(int(place), len(values) - 2)
    return values[k] + (values[k + 1] - values[k]) * (place - k)
