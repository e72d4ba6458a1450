"""Keyed random numbers: a generator is a pure function of (seed, purpose...), so no draw depends on call order."""

from __future__ import annotations

import hashlib

import numpy as np


def key(*parts: object) -> int:
    """A 128-bit key of the parts (their text); namespaces differ because the parts are length-prefixed."""
    text = "".join(f"{len(s)}:{s}" for s in map(_text, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")


def generator(*parts: object) -> np.random.Generator:
    """A counter-based (Philox) generator for this purpose alone."""
    return np.random.Generator(np.random.Philox(key=key(*parts)))


def member_seeds(seed: int, count: int, purpose: str = "member") -> np.ndarray:
    """`count` seeds (uint64); the first n are the same whatever `count` is."""
    return np.array([key(seed, purpose, i) & (2**63 - 1) for i in range(count)], dtype=np.uint64)


def _text(part: object) -> str:
    return repr(float(part)) if isinstance(part, (float, np.floating)) else str(part)
