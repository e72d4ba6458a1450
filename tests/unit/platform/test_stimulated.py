"""Programmed stimulation of a heart: what cannot be asked is refused, and what was tried before is not tried again."""

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from vitruvian.core.errors import FieldError, KindError
from vitruvian.engines.induction import Stimulation
from vitruvian.models.heart import Anatomy
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.stimulation import Muscle, Preparation, Protocol
from vitruvian.platform.stimulated import checked, stimulate

pytestmark = pytest.mark.science
BRIEF = Protocol(cycle=500.0, drive=1, extra=1, first=320.0, step=40.0, lasting=600.0)


@cache
def heart() -> Anatomy:
    """A child's, so that a sequence takes a second."""
    return IdealBiventricle(lv_volume=40.0, rv_volume=45.0, long_axis=58.0, lv_wall=5.0, rv_wall=4.0).anatomy(2.0)


def test_a_killed_run_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = Preparation(heart(), Muscle(apd=220.0), BRIEF)
    kept: list[list[dict[str, Any]]] = []
    shares: list[float] = []
    whole = stimulate(prepared, (), lambda rows: kept.append(list(rows)), lambda share, said: shares.append(share))
    assert len(kept) == len(whole.found.tried) > 1
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    run: list[tuple[float, ...]] = []
    course = Stimulation.course

    def counted(self: Stimulation, coupling: tuple[float, ...]) -> Any:
        run.append(coupling)
        return course(self, coupling)

    monkeypatch.setattr(Stimulation, "course", counted)
    again = stimulate(Preparation(heart(), Muscle(apd=220.0), BRIEF), kept[-2])
    assert again.found == whole.found
    assert set(run) == {whole.found.tried[-1].coupling, whole.course.tried.coupling}, "the last, and what is shown"
    assert again.course.tried == whole.course.tried
    assert np.array_equal(again.course.last, whole.course.last, equal_nan=True)


def test_the_answer_says_what_it_rests_on() -> None:
    answer = stimulate(Preparation(heart(), Muscle(apd=220.0), dataclasses.replace(BRIEF, first=300.0, step=90.0)))
    told = answer.to_json()
    assert not told["inducible"]
    assert "no patient's risk" in told["disclaimer"]
    assert "2 mm grid" in told["notes"][0]
    assert 0 < told["grid"]["largest_speed_error"] < 0.1
    assert set(told["grid"]["speed_m_per_s"]) == {"along", "across"}
    assert len(told["activation"]["last_ms"]) == 18
    assert answer.plot() is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cycle": 0.6}, "0.6 s is 600"),
        ({"first": 600.0}, "less than the cycle"),
        ({"site": "left ear"}, "right apex"),
        ({"isthmus": 50.0}, "1 cm is 10"),
        ({"step": 0.02}, "0.02 s is 20"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_fix(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FieldError, match=said) as refused:
        checked(given)
    assert refused.value.where == f"arguments.{next(iter(given))}"


def test_a_tissue_that_cannot_be_is_refused() -> None:
    with pytest.raises(KindError, match="unstable"):
        _ = Preparation(heart(), Muscle(), Protocol(), dt=50.0).stimulation
    dead = Preparation(heart(), Muscle(segment="mid anterior", transmurality=1.0), Protocol(site="mid anterior"))
    with pytest.raises(KindError, match="lies in scar"):
        _ = dead.weight
    slow, short = Muscle(apd=400.0), Protocol(lasting=300.0)
    with pytest.raises(FieldError, match="no longer than one beat"):
        Preparation(heart(), slow, short)
    with pytest.raises(FieldError, match="no scar"):
        Muscle(isthmus=5.0)
    cut = dataclasses.replace(heart())
    split = np.abs(np.argwhere(cut.voxels)[:, 2] - cut.voxels.shape[2] // 2) > 0
    two = cut.voxels.copy()
    two[cut.voxels] = split
    parts = {n: getattr(cut, n)[split] for n in ("wall", "depth", "height", "turn", "fibre", "sheet")}
    with pytest.raises(KindError, match="share no face"):
        _ = Preparation(dataclasses.replace(cut, voxels=two, **parts)).alive
