"""Every installed kind under every law."""

from functools import cache

import pytest

from vitruvian.conformance import LAWS, QUICK, Law, Trial
from vitruvian.core.errors import VitruvianError
from vitruvian.platform import registry


@cache
def trial(name: str) -> Trial:
    return Trial(registry.get(name), QUICK)


def applicable() -> list[tuple[str, Law]]:
    """Kinds that do not even load are reported by the test below."""
    found = []
    for name in registry.names():
        try:
            kind = registry.get(name)
        except VitruvianError:
            continue
        found += [(name, law) for law in LAWS if law.applies(kind) and not law.full_only]
    return found


@pytest.mark.parametrize("name", registry.names())
def test_the_kind_loads(name: str) -> None:
    assert registry.get(name).name == name


@pytest.mark.parametrize(("name", "law"), [pytest.param(n, law, id=f"{n}-{law.name}") for n, law in applicable()])
def test_the_law_holds(name: str, law: Law) -> None:
    print(f"{law.sentence} (seed {trial(name).seed})")
    law.check(trial(name))
