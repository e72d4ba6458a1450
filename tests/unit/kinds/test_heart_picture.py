"""The painted heart: arrivals as the beat tells them, surfaces that a client can draw, options beside as planned."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, FieldError
from vitruvian.core.keys import generator
from vitruvian.core.latents import Latents
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.electrophysiology import KIND
from vitruvian.kinds.electrophysiology.actions import Heart, Pacing
from vitruvian.kinds.infusion import KIND as INFUSION
from vitruvian.models.heart.contour import enclosed
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.mesh import coarse, painted
from vitruvian.models.heart.subdivision import open_edges
from vitruvian.verbs.loops import loops
from vitruvian.verbs.picture import in_the_middle, picture

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def twin() -> Twin:
    """Believed to be anyone with a left bundle branch block."""
    case = Case(Heart(conduction="LBBB"))
    names = Latents.of(KIND.parameters, KIND.compile(case, Record.empty(), 0.0, 1.0, 1.0)).names
    z = generator(3, "persons").standard_normal((16, len(names)))
    held = Belief(KIND.name, KIND.version, names, z, np.full(16, 1 / 16), 1.0, 1.0, "prior", 0, window=(0.0, 1.0))
    return Twin(KIND, case, Record.empty(), held)


OPTIONS = {"both": [Pacing(at=1.0, right="apex", left="mid inferolateral")]}


def test_the_map_is_the_beat_seen_at_each_place(twin: Twin) -> None:
    answer = picture(twin, options=OPTIONS)
    one = Twin(twin.kind, twin.case, twin.record, in_the_middle(twin.believed()))
    told = loops(one, options=OPTIONS)
    for option, shown in answer.options.items():
        for region, mean in shown.regions.items():
            assert mean == pytest.approx(float(told.number(f"arrival {region}", option)[0]), abs=6.0), region
        values = np.concatenate([*shown.values.values()])
        assert np.nanmin(values) >= 0
        last = max(float(told.number(f"{side}_activation", option)[0]) for side in ("lv", "rv"))
        assert np.nanmax(values) == pytest.approx(last, abs=12.0)
    late = {name: shown.regions["mid inferolateral"] for name, shown in answer.options.items()}
    assert late["both"] < late["as planned"] - 20  # a lead there wakes it first


def test_its_json_is_small_and_whole(twin: Twin) -> None:
    told = picture(twin, options=OPTIONS).to_json()
    assert len(json.dumps(told)) < 600_000
    assert {s["name"] for s in told["surfaces"]} == {"lv_endo", "rv_endo", "epi"}
    for surface in told["surfaces"]:
        count = len(surface["points"]) // 3
        assert max(surface["triangles"]) < count
        assert {len(v) for v in surface["values"].values()} == {count}
        known = [v for v in surface["values"]["as planned"] if v is not None]
        assert len(known) > 0.5 * count
        assert told["span"][0] <= min(known) <= max(known) <= told["span"][1]
    assert "curvature" in told["source"]


def test_every_region_says_how_well_it_is_known_as_the_beat_does(twin: Twin) -> None:
    answer, told = picture(twin, options=OPTIONS), loops(twin, options=OPTIONS)
    for option in answer.options:
        for region in answer.options[option].regions:
            assert answer.interval(region, option) == told.interval(f"arrival {region}", option)
    shift = answer.difference("mid inferolateral", "both")
    assert shift == told.difference("arrival mid inferolateral", "both")
    assert shift[2] < 0  # a lead there wakes it first, whatever the member
    plain = answer.to_json()
    known = plain["known"]["both"]["mid inferolateral"]
    assert known["q05"] < known["q50"] < known["q95"]
    assert plain["members"] == 16
    assert plain["painted"] == 1
    assert set(plain["differences"]) == {"both"}
    assert "spread" not in plain["surfaces"][0]


def test_the_spread_at_a_place_is_that_over_members(twin: Twin) -> None:
    answer = picture(twin, spread=True)
    every = [picture(_one(twin, k)).options["as planned"].values["epi"] for k in range(16)]
    spread = answer.spread["as planned"]["epi"]
    assert spread == pytest.approx(np.std(every, axis=0, ddof=1), nan_ok=True)
    early = np.nanargmin(answer.options["as planned"].values["epi"])
    assert spread[early] < np.nanmax(spread) / 2  # times are from the first: the last are the least sure
    plain = answer.to_json()
    assert plain["painted"] == 16
    epi = next(s for s in plain["surfaces"] if s["name"] == "epi")
    assert len(epi["spread"]["as planned"]) == len(epi["points"]) // 3
    assert len(json.dumps(plain)) < 600_000
    assert "sd over members" in answer.plot(spread=True).figure.axes[-1].get_ylabel()
    with pytest.raises(FieldError, match=r"picture\(twin, spread=True\)"):
        picture(twin).plot(spread=True)


def _one(twin: Twin, k: int) -> Twin:
    belief = twin.believed()
    return Twin(twin.kind, twin.case, twin.record, replace(belief, z=belief.z[[k]], weights=np.ones(1)))


def test_fewer_triangles_enclose_the_same() -> None:
    for surface in IdealBiventricle().surfaces().values():
        fewer = coarse(surface)
        assert len(fewer.points) < 0.4 * len(surface.points)
        assert enclosed(fewer) == pytest.approx(enclosed(surface), rel=0.04)
        assert open_edges(fewer.triangles) == 0
        each = np.sort(fewer.triangles, axis=1)
        assert len(np.unique(each, axis=0)) == len(each)  # none lies back to back with another


def test_values_and_scar_are_carried_to_the_nearest_places() -> None:
    heart = IdealBiventricle().anatomy(1.5)
    shown = painted(heart, 100 * heart.height, np.where(heart.height < 0.3, 2, 0), {}, "ms", "height")
    epi, values = shown.surfaces["epi"].points, shown.values["epi"]
    up = IdealBiventricle().labelled(1.5).frame.local(epi)[:, 2]
    ok = np.isfinite(values)
    assert np.corrcoef(up[ok], values[ok])[0, 1] > 0.99
    assert set(shown.scar["epi"][ok & (values < 20)].tolist()) == {2}
    assert not shown.scar["epi"][ok & (values > 40)].any()
    assert (~ok).any()  # lids over the cavities


def test_it_is_drawn(twin: Twin) -> None:
    ax = picture(twin).plot()
    assert "electrophysiology" in ax.get_title()


def test_a_kind_without_a_place_says_so(twin: Twin) -> None:
    with pytest.raises(CapabilityError, match="has no picture"):
        picture(Twin(INFUSION, twin.case, twin.record, twin.belief))
