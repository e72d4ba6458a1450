"""The ECG: leads by their laws, the chest in closed form, the fast tier against its own sum, blocks as they look."""

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.eikonal import arrival
from vitruvian.engines.monodomain import Tissue
from vitruvian.engines.reaction_eikonal import STEP, Blocks, Muscle, Paths, traces
from vitruvian.kinds.electrophysiology import KIND, Heart, Pacing
from vitruvian.models.cells import TenTusscherPanfilov
from vitruvian.models.ecg import LEADS, STANDARD, twelve
from vitruvian.models.ecg.leads import free
from vitruvian.models.ecg.measure import bounds
from vitruvian.models.ecg.sites import LEADS_LV, RV_APEX, SEGMENTS, segments
from vitruvian.models.ecg.template import template
from vitruvian.models.ecg.torso import R, lead_field, neumann, slopes, sources
from vitruvian.models.heart.ideal import IdealBiventricle

pytestmark = pytest.mark.science


def test_twelve_leads_obey_einthoven_and_goldberger():
    leads = dict(zip(LEADS, twelve(np.random.default_rng(0).normal(size=(9, 4))), strict=True))
    np.testing.assert_allclose(leads["I"] + leads["III"], leads["II"])
    np.testing.assert_allclose(leads["aVR"] + leads["aVL"] + leads["aVF"], 0.0, atol=1e-12)
    np.testing.assert_allclose(twelve(np.ones((9, 1))), 0.0, atol=1e-12)  # a potential alike everywhere: none sees it


def test_a_dipole_in_the_middle_of_the_chest_is_three_times_that_of_an_unbounded_one():
    """3 p . x / R^3 (Wilson & Bayley 1950); and the slope is that of the potential anywhere."""
    np.testing.assert_allclose(slopes(np.zeros((1, 3)), STANDARD)[0], 3.0 * STANDARD / R**3)
    place, h = np.array([[30.0, -50.0, 10.0]]), 1e-3
    for axis, step in enumerate(h * np.eye(3)):
        across = (neumann(place + step, STANDARD) - neumann(place - step, STANDARD))[:, 0] / (2 * h)
        np.testing.assert_allclose(slopes(place, STANDARD)[0, :, axis], across, rtol=1e-6, atol=1e-12)


def test_nodes_and_voxels_see_the_same_of_a_linear_potential():
    tissue = Tissue.slab((8.0, 6.0, 4.0), 1.0, np.diag([0.0953, 0.0126, 0.0126]))
    slope = np.array([1.0, -2.0, 0.5])
    by_voxel = np.einsum("vei,i->e", sources(tissue), slope)
    np.testing.assert_allclose(lead_field(tissue) @ (tissue.nodes @ slope), by_voxel, rtol=0.02)


def test_blocks_give_the_trace_that_every_node_s_own_action_potential_sums_to():
    """Coarse blocks of a slab against lead field times potentials of nodes four times as close."""
    D, shown = np.diag([0.0953, 0.0126, 0.0126]), template(TenTusscherPanfilov())
    speed = np.diag([0.36, 0.0576, 0.0576])
    coarse, fine = (Tissue.slab((24.0, 12.0, 6.0), h, D) for h in (2.0, 0.5))
    a = [arrival(t, dict.fromkeys(np.flatnonzero(t.nodes[:, 0] == 0.0).tolist(), 0.0), speed) for t in (coarse, fine)]
    t = np.arange(100) * STEP - 20.0 + 2.0 / 0.6  # a trace begins 20 ms before the first block's middle is reached
    V = shown.swing * np.interp(t[None] - a[1][:, None], np.arange(len(shown.v)) * STEP, shown.v, left=0.0)
    exact = free(lead_field(fine) @ V)
    blocks = Blocks.group(coarse, np.zeros(len(coarse.centres), dtype=int))
    S = blocks.total(np.moveaxis(free(np.moveaxis(-shown.swing * sources(coarse), 1, 0)), 0, 2))
    late = np.zeros((blocks.count, 1, 4), dtype=np.float32)
    late[:, 0, 0] = shown.duration
    muscle = Muscle(S[:, None].astype(np.float32), late, 4.0, np.zeros(blocks.count, dtype=np.int64), 1,
                    shown.up, shown.down, shown.lead_in, 100, 20.0)  # fmt: skip
    one = np.ones((1, 1))
    path = Paths(blocks.linear(a[0])[None, None].astype(np.float32))
    leads, seen, first = traces(path, one, 0.0 * one, one[0], one, one, muscle)
    assert np.corrcoef(leads[0].ravel(), exact.ravel())[0, 1] > 0.98
    np.testing.assert_allclose(np.abs(leads[0]).max(axis=1), np.abs(exact).max(axis=1), rtol=0.08)
    assert seen[0, 0, 2] == pytest.approx((24.0 - 2.0) / 0.6)  # the last block's middle
    assert first[0] == pytest.approx(2.0 / 0.6)


def test_action_potential_keeps_its_duration():
    shown = template(TenTusscherPanfilov())
    assert 290.0 < shown.duration < 320.0  # epicardial, 1 Hz: ten Tusscher & Panfilov 2006, about 300 ms
    assert shown.up.sum() == pytest.approx(shown.down.sum(), rel=0.02)  # what rises falls


def test_the_17_segments_lie_where_their_names_say():
    heart = IdealBiventricle(rv_wall=4.0).anatomy(2.0)
    number = segments(heart)
    assert set(number.tolist()) == set(range(18))
    front = -heart.tissue(1.0, 0.2).centres[:, 1]  # y runs to the back
    where = {name: front[number == k].mean() for k, name in enumerate(SEGMENTS)}
    assert where["mid anterior"] > where["mid inferior"]
    assert where["mid anteroseptal"] > where["mid inferoseptal"]
    for name, site in LEADS_LV.items():
        assert SEGMENTS[number[site.voxel(heart)]] == name
    assert number[RV_APEX.voxel(heart)] in (14, 17)


@pytest.fixture(scope="module")
def beats():
    """Prior median of a normal heart, of the same with a blocked left bundle, and of that paced from both sides."""
    theta = {p.name: np.array([float(p.prior.value(0.0))]) for p in KIND.parameters}
    out = {}
    for name, case in {
        "normal": Case(Heart()),
        "LBBB": Case(Heart(conduction="LBBB")),
        "paced": Case(Heart(conduction="LBBB"), (Pacing(at=0.0),)),
    }.items():
        forcing = KIND.compile(case, Record.empty(), 0.0, 1.0, np.inf)
        asked = Request({o.name: np.array([0.5]) for o in KIND.observables})
        out[name] = {k: v[0, 0] for k, v in KIND.run(theta, forcing, asked, np.zeros(1, np.uint64))[0].items()}
    return out


def lead(beat, name):
    return beat["ecg"][LEADS.index(name)]


def test_a_normal_heart_s_ecg_is_normal(beats):
    """Surawicz et al., J Am Coll Cardiol 2009;53:976: QRS below 110 ms, axis -30 to 90 degrees."""
    normal = beats["normal"]
    assert 60 < normal["qrs"] < 110
    assert -30 < normal["qrs_axis"] < 90
    assert lead(normal, "V1")[:70].min() < -lead(normal, "V1")[:70].max()  # rS
    assert lead(normal, "V6")[:70].max() > -lead(normal, "V6")[:70].min()


def test_a_blocked_left_bundle_looks_like_one(beats):
    """Same source: broad R in I, aVL, V5, V6, none but a small one in V1; T opposes QRS."""
    block, normal = beats["LBBB"], beats["normal"]
    assert block["qrs"] > normal["qrs"] + 30
    assert block["lateral_delay"] > normal["lateral_delay"] + 30
    assert lead(block, "V1")[:90].min() < -5 * lead(block, "V1")[:90].max()
    for name in ("I", "aVL", "V6"):
        assert lead(block, name)[:90].sum() > 0
        assert lead(block, name)[110:].sum() < 0


def test_pacing_both_sides_brings_the_lateral_wall_forward(beats):
    assert beats["paced"]["lateral_delay"] < beats["LBBB"]["lateral_delay"] - 30
    assert lead(beats["paced"], "V1")[:90].max() > 2 * lead(beats["LBBB"], "V1")[:90].max()  # R in V1: from the left


def test_qrs_bounds_are_those_of_a_known_pulse():
    t = np.arange(300) * STEP
    pulse = np.where((t > 100) & (t < 200), np.sin(np.pi * (t - 100) / 100) ** 2, 0.0)
    found = bounds(np.tile(pulse, (1, 12, 1)), STEP, np.array([500.0]))[0]
    np.testing.assert_allclose(found, [100.0, 200.0], atol=8.0)
