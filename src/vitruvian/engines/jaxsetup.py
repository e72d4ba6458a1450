"""JAX, set up once: float64, one disk cache of compiled code keyed by the package's sources.

Import `jax` and `jnp` from here and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu,cuda" if os.environ.get("VITRUVIAN_GPU") else "cpu")

import jax
import jax.numpy as jnp
import platformdirs
from jax.core import Tracer

__all__ = ["Tracer", "cache_dir", "jax", "jnp", "sources_hash"]


@cache
def sources_hash() -> str:
    """Hash of every source file of the package: edit a member, and nothing old is found again."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for folder in ("core", "engines", "models", "kinds"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_dir() -> Path:
    """Where compiled code lies: $VITRUVIAN_CACHE, else the user's cache directory, by source hash."""
    base = os.environ.get("VITRUVIAN_CACHE") or platformdirs.user_cache_dir("vitruvian")
    return Path(base) / "compiled" / sources_hash()


jax.config.update("jax_enable_x64", True)
jax.config.update("jax_compilation_cache_dir", str(cache_dir()))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
