"""The idealised bi-ventricle: volumes, sides, walls, directions."""

import numpy as np
import pytest

from vitruvian.core.errors import KindError
from vitruvian.models.heart.anatomy import LEFT, RIGHT, SEPTUM, Anatomy
from vitruvian.models.heart.build import build
from vitruvian.models.heart.contour import enclosed
from vitruvian.models.heart.frame import HeartFrame
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.labels import ABOVE, LV, RV, Labelled

pytestmark = pytest.mark.fast
HEART = IdealBiventricle()


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return HEART.anatomy(1.5)


def test_the_volumes_are_those_asked_for(anatomy):
    labelled = HEART.labelled(1.5)
    assert labelled.volume(LV) == pytest.approx(HEART.lv_volume, rel=0.01)
    assert labelled.volume(RV) == pytest.approx(HEART.rv_volume, rel=0.01)
    surfaces = {name: enclosed(s) for name, s in anatomy.surfaces.items()}
    assert surfaces["lv_endo"] == pytest.approx(HEART.lv_volume, rel=0.015)
    assert surfaces["rv_endo"] == pytest.approx(HEART.rv_volume, rel=0.05)  # cells of 2 mm cut the crescent's edges
    muscle = surfaces["epi"] - surfaces["lv_endo"] - surfaces["rv_endo"]
    assert muscle == pytest.approx(anatomy.volume, rel=0.05)


def test_the_heart_lies_in_the_chest_as_in_people(anatomy):
    centres = anatomy.tissue(1.0, 1.0).centres
    middle = {wall: centres[anatomy.wall == wall].mean(axis=0) for wall in (LEFT, SEPTUM, RIGHT)}
    apex, base = centres[anatomy.height < 0.05].mean(axis=0), centres[anatomy.height > 0.95].mean(axis=0)
    assert apex[0] > base[0]  # to the left,
    assert apex[1] < base[1]  # to the front,
    assert apex[2] < base[2]  # and down
    assert middle[RIGHT][0] < middle[SEPTUM][0] < middle[LEFT][0]
    front = centres[(np.abs(anatomy.turn - np.pi / 2) < 0.5) & (anatomy.wall == LEFT)].mean(axis=0)
    back = centres[(np.abs(anatomy.turn - 1.5 * np.pi) < 0.5) & (anatomy.wall == LEFT)].mean(axis=0)
    assert front[1] < back[1]


def test_walls_have_their_thickness_and_depth_runs_through_them(anatomy):
    for wall, thick in ((LEFT, HEART.lv_wall), (SEPTUM, HEART.lv_wall), (RIGHT, HEART.rv_wall)):
        depth = anatomy.depth[anatomy.wall == wall]
        assert 0 < depth.min() < 1.5 / thick
        assert 1 - 1.5 / thick < depth.max() < 1
    septal = (anatomy.wall == SEPTUM) & (anatomy.height > 0.5)
    assert np.abs(np.mod(anatomy.turn[septal] + np.pi, 2 * np.pi) - np.pi).max() < np.pi / 2


def test_directions_are_unit_and_square(anatomy):
    assert np.linalg.norm(anatomy.fibre, axis=1) == pytest.approx(1.0)
    assert np.linalg.norm(anatomy.sheet, axis=1) == pytest.approx(1.0)
    assert np.abs(np.einsum("vi,vi->v", anatomy.fibre, anatomy.sheet)).max() < 1e-9


def test_a_mirrored_heart_is_refused():
    axes = HeartFrame.pointing().axes * np.array([[1.0], [-1.0], [1.0]])
    with pytest.raises(KindError, match=r"wrong side.*flip one axis"):
        HeartFrame(np.zeros(3), axes)


def test_angles_come_back():
    assert HeartFrame.pointing(40.0, 25.0, 12.0).angles == pytest.approx((40.0, 25.0, 12.0))


def test_too_coarse_and_impossible_are_refused():
    with pytest.raises(KindError, match=r"spacing of at most 1\.5 mm"):
        HEART.labelled(2.0)
    with pytest.raises(KindError, match="lv_volume must be 30 to 600 mL"):
        IdealBiventricle(lv_volume=0.166)


def changed(labels=None, spacing=None):
    heart = HEART.labelled(1.5)
    return Labelled(
        heart.labels if labels is None else labels, spacing or heart.spacing, heart.origin, heart.frame, heart.source
    )


def test_labelled_voxels_that_are_no_heart_are_refused():
    labels = HEART.labelled(1.5).labels
    with pytest.raises(KindError, match=r"labels \[7\] mean nothing"):
        changed(np.where(labels == 1, 7, labels))
    with pytest.raises(KindError, match="there is no left cavity"):
        changed(np.where(labels == LV, 0, labels))
    with pytest.raises(KindError, match="there is no base"):
        changed(np.where(labels == ABOVE, 0, labels))
    with pytest.raises(KindError, match="give mm"):
        changed(spacing=(0.0015, 0.0015, 0.0015))
    with pytest.raises(KindError, match="on an \\(i, j, k\\) grid"):
        changed(labels[0])


def test_a_wall_of_one_voxel_and_loose_muscle_are_refused():
    labels = HEART.labelled(1.5).labels
    with pytest.raises(KindError, match="one voxel thick"):
        build(changed(labels[::3, ::3, ::3], (2.9, 2.9, 2.9)), {})
    loose = labels.copy()
    loose[1, 1, 1] = 1
    with pytest.raises(KindError, match="pieces"):
        build(changed(loose), {}).tissue(1.0, 0.2)
