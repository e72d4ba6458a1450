"""The family of hearts and the scars in them."""

import numpy as np
import pytest

from vitruvian.core.errors import FieldError, KindError
from vitruvian.models.ecg.sites import SEGMENTS, segments
from vitruvian.models.heart.anatomy import LEFT, SEPTUM
from vitruvian.models.heart.family import DENSITY, POPULATIONS, draw, shell
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.scar import BORDER, CORE, HEALTHY, TERRITORIES, scar

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def heart():
    return IdealBiventricle().anatomy(1.5)


@pytest.mark.parametrize("name", POPULATIONS)
def test_a_population_has_the_means_and_spreads_it_is_drawn_from(name):
    hearts, p = draw(name, 600, seed=1), POPULATIONS[name]
    for field, (mean, sd) in (("lv_volume", p.lv), ("rv_volume", p.rv), ("mass", p.mass)):
        values = np.array([getattr(h, field) for h in hearts])
        assert values.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(600))
        assert values.std() == pytest.approx(sd, rel=0.2)
    assert np.corrcoef([h.lv_volume for h in hearts], [h.rv_volume for h in hearts])[0, 1] > 0.7
    infarcts = np.mean([h.scar != "none" for h in hearts])
    assert infarcts == pytest.approx(p.infarct, abs=0.08)


def test_heart_k_is_the_same_whatever_the_count_and_every_heart_can_be_built():
    assert draw("dilated", 50)[7] == draw("dilated", 8)[7]
    for name in POPULATIONS:
        for shape in draw(name, 8, seed=2):
            assert shape.heart.reach > 0
            assert shell(shape.heart, shape.lv_wall) * DENSITY == pytest.approx(shape.mass, rel=1e-6)


def test_the_wall_weighs_on_voxels_what_it_should():
    shape = draw("men", 1, seed=3)[0]
    anatomy = shape.heart.anatomy(1.25)
    left = np.isin(anatomy.wall, (LEFT, SEPTUM)).sum() * 1.25**3 / 1e3 * DENSITY
    assert left == pytest.approx(shape.mass, rel=0.06)


def test_an_unknown_population_is_refused():
    with pytest.raises(FieldError, match="use men, women"):
        draw("giants", 1)


def test_a_core_lies_inside_its_segments_and_a_border_around_it(heart):
    labels = scar(heart, TERRITORIES["circumflex"], 0.5, border=4.0)
    core = labels == CORE
    assert set(np.unique(segments(heart)[core]).tolist()) == set(TERRITORIES["circumflex"])
    assert heart.depth[core].max() <= 0.5
    centres = (np.argwhere(heart.voxels) + 0.5) * 1.5
    far = np.linalg.norm(centres[labels == BORDER][::50, None] - centres[core][None], axis=2).min(axis=1)
    assert far.max() <= 4.0
    healthy = np.linalg.norm(centres[labels == HEALTHY][::200, None] - centres[core][None], axis=2).min(axis=1)
    assert healthy.min() > 4.0
    deeper = scar(heart, TERRITORIES["circumflex"], 1.0)
    assert (deeper == CORE).sum() > 1.5 * core.sum()


def test_territories_are_the_17_segments_once_each(heart):
    every = sorted(n for t in TERRITORIES.values() for n in t)
    assert every == list(range(1, 18))
    assert (scar(heart, ["mid anterior"], 1.0) == CORE).sum() == (
        segments(heart) == SEGMENTS.index("mid anterior")
    ).sum()
    with pytest.raises(KindError, match=r"segments \[18\] are none"):
        scar(heart, [18], 0.5)
    with pytest.raises(KindError, match="transmurality must be above 0"):
        scar(heart, [1], 0.0)
