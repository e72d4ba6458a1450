"""The registry: names without imports, errors that name the kind at fault."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from vitruvian.core.errors import KindError
from vitruvian.platform import registry


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Entry points of a made-up installation."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: found if group == registry.GROUP else [])
    registry.get.cache_clear()
    yield found
    registry.get.cache_clear()


def test_naming_the_kinds_imports_none_of_them() -> None:
    code = (
        "import sys; from vitruvian.platform import registry; assert 'infusion' in registry.names();"
        "print(*[m for m in sys.modules if m.startswith('vitruvian.kinds.') or m in ('jax', 'sqlalchemy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_kind_is_loaded_and_checked() -> None:
    assert registry.get("infusion").name == "infusion"


def test_an_unknown_name_lists_the_known(points: list[EntryPoint]) -> None:
    points.append(EntryPoint("heart", "nowhere:KIND", registry.GROUP))
    with pytest.raises(KindError, match=r"no kind 'hart'.*use one of heart"):
        registry.get("hart")


def test_a_kind_that_fails_to_load_is_named(points: list[EntryPoint]) -> None:
    points.append(EntryPoint("heart", "vitruvian.kinds.not_there:KIND", registry.GROUP))
    with pytest.raises(KindError, match=r"kind 'heart'.*not_there.*ModuleNotFoundError"):
        registry.get("heart")


def test_what_is_no_kind_is_refused(points: list[EntryPoint]) -> None:
    points.append(EntryPoint("pi", "math:pi", registry.GROUP))
    with pytest.raises(KindError, match=r"kind 'pi'.*a float, not a kind"):
        registry.get("pi")


def test_a_name_declared_twice_is_refused(points: list[EntryPoint]) -> None:
    points += [EntryPoint("pi", "math:pi", registry.GROUP), EntryPoint("pi", "cmath:pi", registry.GROUP)]
    with pytest.raises(KindError, match=r"declared twice, by 'math:pi' and 'cmath:pi'"):
        registry.names()
