"""Guide points: what is read, what goes aside and is listed, what is refused; and the pose they tell."""

from dataclasses import replace

import numpy as np
import pytest

from heart_points import drawn
from vitruvian.core.errors import KindError, ParseError, RecordError
from vitruvian.models.heart import base
from vitruvian.models.heart.anatomy import Surface
from vitruvian.models.heart.cholesky import solved
from vitruvian.models.heart.guidepoints import VALVES, frames, read
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.pose import pose

pytestmark = pytest.mark.fast
HEART = IdealBiventricle()
FRAME = HEART.labelled(1.5).frame


@pytest.fixture(scope="module")
def texts():
    s = HEART.surfaces()
    lv = FRAME.local(s["lv_endo"].points)
    outer = Surface(FRAME.patient(lv * np.array([1.25, 1.25, 1.07])), s["lv_endo"].triangles)
    contours = {"LV_ENDOCARDIAL": s["lv_endo"], "LV_EPICARDIAL": outer, "RV_FREEWALL": s["rv_endo"]}
    rim = FRAME.patient(np.array([[25.0, 0, 0], [-25.0, 0, 0], [0, 25.0, 0], [0, -25.0, 0]]))
    return drawn(contours, FRAME, levels=np.arange(-85.0, 0.0, 10.0), valves={"MITRAL_VALVE": rim})


def changed(texts, scale=(1, 1, 1)):
    lines = texts[0].splitlines()
    out = [lines[0]]
    for line in lines[1:]:
        cells = line.split("\t")
        out.append("\t".join([*(str(float(c) * k) for c, k in zip(cells[:3], scale, strict=True)), *cells[3:]]))
    return "\n".join(out)


def test_what_is_drawn_is_read_and_its_pose_told(texts):
    points = read(*texts)
    assert points.frame == 0
    assert set(points.on) == {"lv_endo", "lv_epi", "rv_free", "mitral"}
    at = pose(points)
    assert np.abs(np.array(at.frame.angles) - np.array(FRAME.angles)).max() < 6.0
    assert at.length == pytest.approx(HEART.long_axis, abs=5.0)
    assert at.frame.base == pytest.approx(FRAME.base, abs=6.0)


def test_without_planes_and_valves_the_pose_is_told_too(texts):
    points = read(texts[0])
    at = pose(points.keep(points.on != "mitral"))
    assert at.frame.axes[2] @ FRAME.axes[2] > 0.97


def test_broken_rows_and_unknown_types_go_aside_and_are_listed(texts):
    bad = "nan\t1\t2\tMITRAL_VALVE\t1\t1.0\t0\n1\t2\t3\tLAX_LA\t1\t1.0\t0\n1\t2\n"
    points = read(texts[0] + bad, texts[1])
    assert any("2 rows without numbers" in line for line in points.aside)
    assert "1 points of the unknown contour type LAX_LA" in points.aside


def test_what_of_the_base_was_not_drawn_is_said_with_its_cost_and_the_fix(texts):
    points = read(*texts)
    assert base.undrawn(points) == ("aorta", "tricuspid", "pulmonary")
    assert base.share(points)["rv"] == pytest.approx(0.080 + 0.097 + 0.052)
    (said,) = base.warnings(points)
    assert said.startswith("no point on the valves aorta, tricuspid, pulmonary. There the base")
    assert "rv 23 %" in said
    assert "Fix: mark where the leaflets" in said
    bare = points.keep(points.on != "mitral")
    assert all(base.share(bare)[name] > base.share(points)[name] for name in ("lv", "muscle"))
    assert "probably too large" in base.warnings(bare)[0]
    stack = bare.keep(bare.short)
    assert "and no long-axis contour" in base.warnings(stack)[0]
    assert all(base.share(stack)[name] > part for name, part in base.share(bare).items())


def test_a_base_that_was_drawn_costs_nothing(texts):
    points = read(*texts)
    four = replace(
        points, on=np.where(np.arange(len(points.on)) < 4, np.array(VALVES)[np.arange(len(points.on)) % 4], "lv_endo")
    )
    assert base.share(four) == {"lv": 0.0, "rv": 0.0, "muscle": 0.0}
    assert base.warnings(four) == ()


def test_a_slanted_short_axis_slice_goes_aside(texts):
    lines = texts[1].splitlines()
    lines[2] = lines[-1].replace("frameID: 11", "frameID: 3")
    points = read(texts[0], "\n".join(lines))
    assert any("slice 3, whose plane is 90 degrees off" in line for line in points.aside)
    assert 3 not in points.slices[points.short]


@pytest.mark.parametrize(
    ("scale", "unit"), [((0.1, 0.1, 0.1), "cm"), ((1e-3, 1e-3, 1e-3), " m"), ((1e3, 1e3, 1e3), "um")]
)
def test_other_units_are_refused_and_named(texts, scale, unit):
    with pytest.raises(RecordError, match=f"they look like {unit.strip()}.*give millimetres"):
        read(changed(texts, scale), texts[1])


@pytest.mark.parametrize("flip", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, 1)])
def test_flipped_axes_are_refused_and_named(texts, flip):
    axes = " and ".join(name for name, sign in zip("xyz", flip, strict=True) if sign < 0)
    with pytest.raises(KindError, match=f"with {axes} flipped the heart would lie.*Fix: flip {axes}:"):
        pose(read(changed(texts, flip)))


def test_empty_frames_and_tables_that_are_none_are_refused(texts):
    assert frames(texts[0]) == [0]
    with pytest.raises(RecordError, match="no row of time frame 7; there are \\[0\\]"):
        read(*texts, frame=7)
    with pytest.raises(ParseError, match="line 1: the first line must name"):
        read("x,y,z\n1,2,3\n")
    with pytest.raises(RecordError, match="fewer than 20 points on the right ventricle"):
        read("\n".join(line for line in texts[0].splitlines() if "RV_" not in line), texts[1])
    with pytest.raises(ParseError, match="slice information, line 1"):
        read(texts[0], "slice1 frameID: 1 ImagePositionPatient 1 2\n")


def test_dense_systems_are_solved_as_elsewhere():
    rng = np.random.default_rng(4)
    G = rng.standard_normal((150, 100))
    A, b = G.T @ G, rng.standard_normal(100)
    assert solved(A.copy(), b) == pytest.approx(np.linalg.solve(A, b), rel=1e-9)
    with pytest.raises(KindError, match="contour more slices"):
        solved(-A, b)
