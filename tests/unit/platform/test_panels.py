"""What kinds ask a client to show: of types that it draws, each thing once."""

import json
import re
from collections import Counter
from importlib.metadata import entry_points

import pytest

from needs import ROOT
from vitruvian.platform import registry
from vitruvian.platform.described import panels

pytestmark = pytest.mark.fast
KINDS = sorted(point.name for point in entry_points(group="vitruvian.kinds"))
SHOWN = {
    "timeline",
    "goal",
    "map",
    "quantities",
    "parameters",
    "scale",
    "names",
}  # drawn or kept by the twin's own pages
DRAWN = SHOWN | set(re.findall(r"^  (\w+): lazily", (ROOT / "web/src/panels/registry.tsx").read_text("utf-8"), re.M))


@pytest.mark.parametrize("name", KINDS)
def test_every_panel_is_one_that_the_client_draws(name: str) -> None:
    made = panels(registry.get(name))
    assert {p["type"] for p in made} <= DRAWN
    json.dumps(made)


@pytest.mark.parametrize("name", KINDS)
def test_no_panel_stands_twice_and_no_observable_has_two_timelines(name: str) -> None:
    made = panels(registry.get(name))
    assert [i for i, n in Counter(p["id"] for p in made).items() if n > 1] == []
    assert [of for of, n in Counter(p["of"][0] for p in made if p["type"] == "timeline").items() if n > 1] == []
