"""Rule-based fibres: a closed form on a half shell, the septum seen from both sides, and the KIT-IBT example heart."""

import numpy as np
import pytest

from needs import require_data
from vitruvian.core.errors import KindError
from vitruvian.models.heart.anatomy import LEFT, RIGHT, SEPTUM, Anatomy, Surface
from vitruvian.models.heart.build import build
from vitruvian.models.heart.coordinates import Coordinates
from vitruvian.models.heart.fibres import FibreRule, bislerp, fibres
from vitruvian.models.heart.frame import HeartFrame
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.labels import ABOVE, LV, MUSCLE, OUTSIDE, RV, Labelled, grid, slabs
from vitruvian.models.heart.voxelise import classed
from vtk_polygons import read

pytestmark = pytest.mark.science
IN, OUT = 20.0, 32.0  # mm: radii of the half shell


def unit(v):
    return v / np.linalg.norm(v, axis=1)[:, None]


def between(a, b):
    """Degrees between lines."""
    return np.degrees(np.arccos(np.clip(np.abs(np.einsum("vi,vi->v", a, b)), 0, 1)))


def half_shell(spacing: float) -> Labelled:
    """The lower half of a ball's shell: harmonic shares are a (1 / r - 1 / OUT) exactly."""
    frame = HeartFrame.pointing()
    shape, origin = grid(np.full(3, -OUT), np.full(3, OUT), spacing)
    labels = np.zeros(shape, dtype=np.uint8)
    for slab, (x, y, z) in zip(labels, slabs(shape, spacing, origin, frame), strict=True):
        r = np.sqrt(x * x + y * y + z * z)
        slab[:] = np.where(z > 0, ABOVE, np.where(r < IN, LV, np.where(r < OUT, MUSCLE, OUTSIDE)))
    return Labelled(labels, (spacing,) * 3, origin, frame, "synthetic: a half shell")


def test_a_half_shell_has_its_closed_form():
    heart = half_shell(1.0)
    at = Coordinates.of(heart)
    fibre, sheet = fibres(at, FibreRule())
    p = heart.frame.local(heart.centres())
    r = np.linalg.norm(p, axis=1)
    left = (1 / r - 1 / OUT) / (1 / IN - 1 / OUT)
    assert np.abs(at.shares[:, 0] - left).mean() < 0.015
    assert np.abs(at.shares[:, 1]).max() < 1e-3  # nothing is right of it

    outwards = p / r[:, None]
    up = unit(np.array([0.0, 0.0, 1.0]) - outwards * outwards[:, 2:])
    around = np.cross(up, outwards)
    inside = (at.height > 0.15) & (at.height < 0.97)  # the axis is singular, the base's plane a staircase
    angle = np.radians(120.0 * left - 60.0)[:, None]
    known = (np.cos(angle) * around + np.sin(angle) * up) @ heart.frame.axes
    off = between(fibre, known)[inside]
    assert np.median(off) < 2.0
    assert np.percentile(off, 95) < 7.0
    tilt = np.radians(-65.0 * left + 25.0 * (1 - left))[:, None]
    third = np.cos(angle) * up - np.sin(angle) * around
    leaf = (np.cos(tilt) * outwards + np.sin(tilt) * third) @ heart.frame.axes
    assert np.median(between(sheet, leaf)[inside]) < 3.0


def test_halving_the_voxels_brings_the_fibres_nearer():
    worst = []
    for spacing in (2.4, 1.2):
        heart = half_shell(spacing)
        at = Coordinates.of(heart)
        r = np.linalg.norm(heart.centres(), axis=1)
        left = (1 / r - 1 / OUT) / (1 / IN - 1 / OUT)
        worst.append(np.abs(at.shares[:, 0] - left).mean())
    assert worst[1] < 0.7 * worst[0]


@pytest.fixture(scope="module")
def ideal() -> Anatomy:
    return IdealBiventricle().anatomy(1.0)


def helix(heart: Anatomy, outwards: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Degrees from around to up, seen along `outwards`, in (-90, 90]."""
    up = unit(axis - outwards * (outwards @ axis)[:, None])
    around = np.cross(up, outwards)
    a = np.degrees(np.arctan2((heart.fibre * up).sum(1), (heart.fibre * around).sum(1)))
    return np.mod(a + 90.0, 180.0) - 90.0


def test_the_septum_is_60_degrees_from_either_side_and_level_between(ideal):
    frame = IdealBiventricle().labelled(1.0).frame
    septal = (ideal.wall == SEPTUM) & (ideal.height > 0.4) & (ideal.height < 0.9)
    septal &= np.abs(np.angle(np.exp(1j * ideal.turn))) < 0.6
    out = unit(np.cross(np.cross(frame.axes[2], frame.axes[0]), frame.axes[2])[None])  # to the right
    a = helix(ideal, np.repeat(out, len(ideal.wall), axis=0), frame.axes[2])
    for low, high, wanted in ((0.0, 0.12, 60.0), (0.4, 0.6, 0.0), (0.88, 1.0, -60.0)):
        here = septal & (ideal.depth >= low) & (ideal.depth <= high)
        assert np.median(a[here]) == pytest.approx(wanted, abs=10.0)
    seen_from_the_right = helix(ideal, np.repeat(-out, len(ideal.wall), axis=0), frame.axes[2])
    assert np.median(seen_from_the_right[septal & (ideal.depth > 0.88)]) == pytest.approx(60.0, abs=10.0)


def neighbours_angle(heart: Anatomy) -> np.ndarray:
    """Degrees between the fibres of voxels that share a face."""
    number = np.full(heart.voxels.shape, -1)
    number[heart.voxels] = np.arange(len(heart.wall))
    out = []
    for axis in range(3):
        a, b = np.moveaxis(number, axis, 0)[:-1], np.moveaxis(number, axis, 0)[1:]
        both = (a >= 0) & (b >= 0)
        out.append(between(heart.fibre[a[both]], heart.fibre[b[both]]))
    return np.concatenate(out)


def test_fibres_turn_no_faster_than_walls_allow(ideal):
    turned = neighbours_angle(ideal)
    assert np.median(turned) < 12.0  # 120 degrees through 7 mm and 3 mm walls
    assert np.percentile(turned, 95) < 50.0
    for wall, thick in ((LEFT, 7.0), (RIGHT, 3.0)):
        assert (ideal.wall == wall).sum() > 1000 * thick


@pytest.fixture(scope="module")
def example() -> tuple[Anatomy, HeartFrame]:
    """The KIT-IBT bi-ventricle (GPL, test data, read in place): classes 1 base, 2 epicardium, 3 left, 4 right."""
    d = read(require_data("heart", "kit-ldrb", "input_coarse", "heart.vtp"))
    surface = Surface(d["Points/Points"], d["Polys/connectivity"].reshape(-1, 3))
    middle = {k: surface.points[surface.triangles[d["CellData/class"] == k]].mean(axis=(0, 1)) for k in (3, 4)}
    left = surface.points[np.unique(surface.triangles[d["CellData/class"] == 3])]
    top = np.array([*middle[3][:2], left[:, 2].max()])
    frame = HeartFrame.through(left[np.argmin(left[:, 2])], top, middle[4])
    classes = np.array([OUTSIDE, ABOVE, OUTSIDE, LV, RV])[d["CellData/class"]]
    return build(classed(surface, classes, 1.5, frame, "KIT-IBT example"), {}), frame


def test_the_example_heart_gets_fibres_that_lie_in_its_walls(example):
    heart, frame = example
    heart.tissue(1.0, 0.2)  # in one piece
    assert heart.volume == pytest.approx(219.2, rel=0.01)  # mL, of the surface
    assert {LEFT, SEPTUM, RIGHT} == set(np.unique(heart.wall).tolist())
    assert np.linalg.norm(heart.fibre, axis=1) == pytest.approx(1.0)
    assert np.abs((heart.fibre * heart.sheet).sum(1)).max() < 1e-9
    turned = neighbours_angle(heart)
    assert np.median(turned) < 15.0
    free = (heart.wall == LEFT) & (heart.height > 0.3) & (heart.height < 0.9)
    centres = (np.argwhere(heart.voxels) + 0.5) * np.array(heart.spacing) + np.array(heart.origin)
    local = frame.local(centres)
    out = unit(np.column_stack([local[:, :2], np.zeros(len(local))])) @ frame.axes
    a = helix(heart, out, frame.axes[2])
    for low, high, wanted in ((0.0, 0.15, 60.0), (0.4, 0.6, 0.0), (0.85, 1.0, -60.0)):
        here = free & (heart.depth >= low) & (heart.depth <= high)
        assert np.median(a[here]) == pytest.approx(wanted, abs=15.0)


def test_classes_that_are_none_are_refused(example):
    d = read(require_data("heart", "kit-ldrb", "input_coarse", "heart.vtp"))
    surface = Surface(d["Points/Points"], d["Polys/connectivity"].reshape(-1, 3))
    with pytest.raises(KindError, match=r"classes \[1, 2, 3, 4\].*epicardium"):
        classed(surface, d["CellData/class"], 2.0, example[1], "")
    with pytest.raises(KindError, match="the surface is open"):
        classed(Surface(surface.points, surface.triangles[5:]), d["CellData/class"][5:], 2.0, example[1], "")


def test_bislerp_takes_the_nearest_of_four():
    rng = np.random.default_rng(3)
    q = rng.standard_normal((200, 4))
    q /= np.linalg.norm(q, axis=1)[:, None]
    half = np.stack([-q[:, 1], q[:, 0], q[:, 3], -q[:, 2]], axis=1)  # turned half about its first axis
    same = bislerp(half, q, np.full(200, 0.5))
    assert np.abs(np.abs((same * q).sum(1)) - 1).max() < 1e-9
    ends = bislerp(q[:100], q[100:], np.ones(100))
    assert np.abs(np.abs((ends * q[100:]).sum(1)) - 1).max() < 1e-9


def test_angles_beyond_a_right_angle_are_refused():
    with pytest.raises(KindError, match="must be -90 to 90"):
        FibreRule(helix_endo=120.0)
