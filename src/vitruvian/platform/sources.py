"""Which sources a result depends on, and their hash: comments and docstrings do not count, imports are followed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

DATA_SUFFIXES = (".toml", ".json", ".csv", ".npz")
MADE = ("results.json", "panels.json")  # what is measured; how a client shows it


def sources_hash(package: str, folder: Path, behind: Sequence[str] = ()) -> str:
    """Hash of a package's files and of every vitruvian module that they or the modules `behind` them import."""
    digest = hashlib.sha256()
    for name, path in sorted(_closure(package, folder, behind).items()):
        digest.update(name.encode())
        digest.update(meaning(path.read_text(encoding="utf-8")).encode())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in DATA_SUFFIXES and p.name not in MADE):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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


def _closure(package: str, folder: Path, behind: Sequence[str]) -> dict[str, Path]:
    """{module name or path: file} of the package and everything it imports from vitruvian."""
    todo = [(f"{package}/{p.relative_to(folder).as_posix()}", p) for p in folder.rglob("*.py")]
    todo += [(module, path) for module in behind if (path := _file(module)) is not None]
    found: dict[str, Path] = {}
    while todo:
        name, path = todo.pop()
        if name in found:
            continue
        found[name] = path
        for module in _imported(path):
            if (origin := _file(module)) is not None and folder not in origin.parents:
                todo.append((module, origin))
    return found


def _imported(path: Path) -> set[str]:
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {a.name for a in node.names if a.name.startswith("vitruvian")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vitruvian"):
            out |= {str(node.module), *(f"{node.module}.{a.name}" for a in node.names)}
    return out


def _file(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
