"""Kinds by name: found through entry points, loaded when asked for, checked before they are used."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from threading import RLock

from vitruvian.core.errors import KindError
from vitruvian.core.kind import AbstractKind, check_kind

GROUP = "vitruvian.kinds"
_LOADING = RLock()


def names() -> tuple[str, ...]:
    """The names of all installed kinds, sorted; none of them is imported."""
    return tuple(sorted(_points()))


@cache
def get(name: str) -> AbstractKind:
    """The kind of this name. KindError when there is none, when it cannot be imported or breaks the contract."""
    points = _points()
    if name not in points:
        raise KindError(f"there is no kind '{name}'", where="registry", fix=f"use one of {', '.join(sorted(points))}")
    with _LOADING:  # a server's first requests come together, and neither imports nor units are made for that
        return _checked(name, points[name])


def _checked(name: str, point: EntryPoint) -> AbstractKind:
    try:
        kind = point.load()
    except Exception as err:
        raise KindError(
            f"cannot be loaded from '{point.value}' ({type(err).__name__}: {err})",
            where=f"kind '{name}'",
            fix="repair the package that declares it, or uninstall that package",
        ) from err
    if not isinstance(kind, AbstractKind):
        raise KindError(
            f"'{point.value}' is a {type(kind).__name__}, not a kind",
            where=f"kind '{name}'",
            fix="let the entry point name an instance of AbstractKind",
        )
    check_kind(kind)
    return kind


def _points() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise KindError(
                f"is declared twice, by '{other.value}' and '{point.value}'",
                where=f"kind '{point.name}'",
                fix="uninstall one of the two packages",
            )
        found[point.name] = point
    return found
