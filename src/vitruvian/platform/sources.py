"""Which sources a result depends on, and their hash: comments and docstrings do not count, imports are followed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

DATA_SUFFIXES = (".toml", ".json", ".csv", ".npz")
EVIDENCE = "evidence"  # the folder of claims and of the code that measures them
MADE = ("results.json", "panels.json")  # what is measured; how a client shows it
_ONE = Lock()  # two threads in ast.parse make CPython 3.11 fail ("recursion depth mismatch"); and work is done once


def sources_hash(package: str, folder: Path, measure: str = "", behind: Sequence[str] = ()) -> str:
    """Hash of what a measurement rests on: the package, its module `measure`, and every vitruvian module they import.

    Of the package's evidence only what `measure` imports counts: a change to one claim's code leaves the others' rows.
    """
    digest = hashlib.sha256()
    for name, path in sorted(_closure(package, folder, measure, behind).items()):
        digest.update(name.encode())
        digest.update(_digest(path, path.stat().st_mtime_ns))
    for path in sorted(p for p in folder.rglob("*") if p.suffix in DATA_SUFFIXES and not _made_or_said(p)):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _made_or_said(path: Path) -> bool:
    return path.name in MADE or (path.parent.name == EVIDENCE and path.name.startswith("claims"))


def _digest(path: Path, written: int) -> bytes:
    with _ONE:
        return _digested(path, written)


@lru_cache(maxsize=4096)
def _digested(path: Path, written: int) -> bytes:
    """Of a module's meaning, once for every writing of its file."""
    return hashlib.sha256(meaning(path.read_text(encoding="utf-8")).encode()).digest()


def meaning(source: str) -> str:
    """A module's syntax tree as text, without docstrings, comments and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _has_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _closure(package: str, folder: Path, measure: str, behind: Sequence[str]) -> dict[str, Path]:
    """{module name: file} of the package, the module `measure` and everything they import from the same roots."""
    inside = {_name(package, folder, p): p for p in folder.rglob("*.py")}
    evidence = f"{package}.{EVIDENCE}"
    todo = [(n, p) for n, p in inside.items() if n != evidence and not n.startswith(f"{evidence}.")]
    todo += [(n, inside[n]) for n in (evidence, f"{package}.{measure}") if n in inside]
    todo += [(module, path) for module in behind if (path := _file(module)) is not None]
    found: dict[str, Path] = {}
    while todo:
        name, path = todo.pop()
        if name in found:
            continue
        found[name] = path
        for module in _imported(path, path.stat().st_mtime_ns, ("vitruvian", package.partition(".")[0])):
            if (origin := inside.get(module) or _file(module)) is not None:
                todo.append((module, origin))
    return found


def _name(package: str, folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def _imported(path: Path, written: int, roots: tuple[str, ...]) -> set[str]:
    with _ONE:
        return _imports(path, written, roots)


@lru_cache(maxsize=4096)
def _imports(path: Path, written: int, roots: tuple[str, ...]) -> set[str]:
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {a.name for a in node.names if a.name.partition(".")[0] in roots}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in roots:
            out |= {str(node.module), *(f"{node.module}.{a.name}" for a in node.names)}
    return out


@lru_cache(maxsize=8192)
def _file(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
