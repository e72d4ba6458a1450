"""Numba functions compiled once a machine: a disk cache that hits in the next process and never serves an old model.

numba keys its cache by the file of the compiled function alone, so an edit of a module that it calls would go unseen.
Here the cache's folder is named by a hash of every source of this package that the function's module imports.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core import config

_PACKAGE = Path(__file__).parents[1]


def compiled(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile at once for this signature, or load what an earlier process compiled from the same sources."""

    def wrap(function: Callable[..., Any]) -> Any:
        folder = cache_folder(Path(function.__code__.co_filename))
        options = {"cache": _writable(folder), "nogil": True, "error_model": "numpy"}
        settings: dict[str, Any] = config.__dict__  # numba reads the folder here, when a function is decorated
        before = settings["CACHE_DIR"]
        settings["CACHE_DIR"] = str(folder)
        try:
            return numba.njit(signature, **options)(function)
        finally:
            settings["CACHE_DIR"] = before

    return wrap


def _writable(folder: Path) -> bool:
    """Can code be kept there? If not, it is compiled for this process alone: numba's other places may hold old code."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def cache_folder(source: Path) -> Path:
    """$VITRUVIAN_CACHE, else the user's cache directory; then a hash of all that `source` is compiled from."""
    base = os.environ.get("VITRUVIAN_CACHE") or platformdirs.user_cache_dir("vitruvian")
    digest = hashlib.sha256()
    for path in sorted(sources(source)):
        digest.update(path.name.encode() + path.read_bytes())
    return Path(base) / "compiled" / f"{source.stem}-{digest.hexdigest()[:16]}"


def sources(source: Path, known: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """`source` and every module of this package that it imports, directly or not."""
    found = known | {source}
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        for path in _imported(node):
            if path not in found:
                found |= sources(path, found)
    return found


def _imported(node: ast.AST) -> list[Path]:
    """Files a statement takes from: of a package the modules it names, its own file only for names that are none."""
    if isinstance(node, ast.Import):
        return [path for alias in node.names if (path := _file(alias.name))]
    if not isinstance(node, ast.ImportFrom) or not node.module:
        return []
    modules = [_file(f"{node.module}.{alias.name}") for alias in node.names]
    whole = None if all(modules) else _file(node.module)
    return [path for path in (*modules, whole) if path]


def _file(name: str) -> Path | None:
    """The file of a module of this package, None if there is none."""
    if not name.startswith(f"{_PACKAGE.name}."):
        return None
    path = _PACKAGE.joinpath(*name.split(".")[1:])
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)
