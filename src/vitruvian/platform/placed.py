"""YAML whose every value knows its place, so that an error can name file, line and column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.core.errors import ParseError

_SCALARS: Mapping[str, Callable[[str], Any]] = {
    "int": lambda text: int(text.replace("_", ""), 0),
    "float": lambda text: float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan")),
    "bool": lambda text: text.lower() in ("yes", "true", "on"),
    "null": lambda text: None,
}


@dataclass(frozen=True)
class Placed:
    """A scalar's text, a list's items or a mapping's entries, and where it stands."""

    where: str
    text: str = ""
    tag: str = "str"
    items: tuple[Placed, ...] | None = None
    entries: tuple[tuple[Placed, Placed], ...] | None = None

    @property
    def form(self) -> str:
        """What it is, in words."""
        return "a mapping" if self.entries is not None else "a list" if self.items is not None else f"'{self.text}'"

    def mapping(self, what: str) -> dict[str, tuple[Placed, Placed]]:
        """name -> (its key, its value); ParseError when this is no mapping or a name is there twice."""
        if self.entries is None:
            raise ParseError(f"{what} must be a mapping, not {self.form}", where=self.where, fix="write name: value")
        out: dict[str, tuple[Placed, Placed]] = {}
        for key, value in self.entries:
            if key.text in out:
                raise ParseError(f"'{key.text}' is there twice", where=key.where, fix="keep one of the two")
            out[key.text] = (key, value)
        return out

    def listing(self, what: str) -> tuple[Placed, ...]:
        """The items; ParseError when this is no list."""
        if self.items is None:
            raise ParseError(f"{what} must be a list, not {self.form}", where=self.where, fix="start items with '- '")
        return self.items

    def scalar(self, what: str) -> str:
        """The text; ParseError when this is a list or mapping."""
        if self.items is not None or self.entries is not None:
            raise ParseError(f"{what} must be one value, not {self.form}", where=self.where, fix="write one value")
        return self.text


def plain(node: Placed) -> Any:
    """The values as YAML means them; times stay text, for they need a zone."""
    if node.entries is not None:
        return {name: plain(value) for name, (_, value) in node.mapping("this").items()}
    if node.items is not None:
        return [plain(item) for item in node.items]
    return _SCALARS[node.tag](node.text) if node.tag in _SCALARS else node.text


def places(node: Placed, path: str = "") -> dict[str, str]:
    """{path: where it stands}, paths as in "constraints[0].low"; a field of `- Name: {...}` also without the name."""
    out = {path: node.where}
    for key, value in node.entries or ():
        out |= places(value, f"{path}.{key.text}".lstrip("."))
    for i, item in enumerate(node.items or ()):
        out |= places(item, f"{path}[{i}]")
        for _, body in (item.entries or ())[:1]:
            out |= {k: v for k, v in places(body, f"{path}[{i}]").items() if k not in out}
    return out


def place(known: Mapping[str, str], path: str) -> str:
    """Where this path stands, or what it stands in."""
    while path and path not in known:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return known[path]


def load(path: Path) -> Placed:
    """Read a file; ParseError when it is not there or not text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise ParseError(f"cannot be read ({err.strerror})", where=str(path), fix="check the path") from err
    except UnicodeDecodeError as err:
        line = err.object[: err.start].count(b"\n") + 1
        raise ParseError("is not UTF-8 text", where=f"{path}, line {line}", fix="save it as UTF-8") from err
    return read(text, path.name)


def read(text: str, name: str) -> Placed:
    """Parse one YAML document; ParseError names line and column of what is wrong."""
    import yaml  # lazy: only commands with such files need it

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        where = name if mark is None else _where(name, mark)
        what = f"is not YAML: {err.problem or err.context}"
        raise ParseError(what, where=where, fix="check quotes and indentation") from None
    except yaml.YAMLError as err:
        raise ParseError(f"is not YAML: {err}".splitlines()[0], where=name, fix="save it as plain UTF-8 text") from None
    if node is None:
        raise ParseError("is empty", where=name, fix="see `vitruvian compare --help` for an example")
    return _placed(node, name, set())


def _placed(node: object, name: str, seen: set[int]) -> Placed:
    import yaml

    assert isinstance(node, yaml.Node)
    where = _where(name, node.start_mark)
    if id(node) in seen:
        raise ParseError("aliases (*name) are not read here", where=where, fix="write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        pairs = tuple((_placed(k, name, seen), _placed(v, name, seen)) for k, v in node.value)
        return Placed(where, entries=pairs)
    if isinstance(node, yaml.SequenceNode):
        return Placed(where, items=tuple(_placed(v, name, seen) for v in node.value))
    return Placed(where, text=str(node.value), tag=str(node.tag).rpartition(":")[2])


def _where(name: str, mark: object) -> str:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return f"{name}, line {line + 1}, column {column + 1}"
