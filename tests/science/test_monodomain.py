"""The monodomain engine: its two forms and two machines agree, fronts travel as in the limit, bad input is refused."""

import numpy as np
import pytest

from vitruvian.core.errors import KindError
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.elements import lumped, rows
from vitruvian.engines.monodomain.scheme import Scheme
from vitruvian.models.cells import MitchellSchaeffer, TenTusscherPanfilov

pytestmark = pytest.mark.science
D = np.diag([0.0953, 0.0126, 0.0126])
MS, TP06 = MitchellSchaeffer(), TenTusscherPanfilov()


def masked(spacing=0.5):
    """A block with a corner cut out and fibres that turn."""
    voxels = np.ones((8, 6, 5), dtype=bool)
    voxels[5:, 3:, 2:] = False
    angle = np.linspace(0, np.pi / 2, int(voxels.sum()))
    f = np.stack([np.cos(angle), np.sin(angle), 0.2 * np.ones_like(angle)], axis=1)
    f /= np.linalg.norm(f, axis=1, keepdims=True)
    return Tissue(voxels, (spacing,) * 3, 0.0126 * np.eye(3) + 0.0827 * np.einsum("vi,vj->vij", f, f))


def test_stiffness_is_symmetric_positive_and_keeps_what_there_is():
    tissue = masked()
    K = np.zeros((len(tissue.nodes),) * 2)
    around = Scheme.of(tissue).flow.around
    for k in range(27):
        np.add.at(K, (np.arange(len(K)), around[:, k]), rows(tissue, tissue.tensors)[:, k])
    np.testing.assert_allclose(K, K.T, atol=1e-14)
    np.testing.assert_allclose(K.sum(axis=1), 0.0, atol=1e-14)
    assert np.linalg.eigvalsh(K).min() > -1e-12
    x, g = tissue.nodes, np.array([1.0, -2.0, 0.5])  # a linear field: energy g . D g in every voxel
    energy = np.einsum("vpq,p,q->", tissue.tensors, g, g) * np.prod(tissue.spacing)
    assert (x @ g) @ K @ (x @ g) == pytest.approx(energy)
    assert lumped(tissue).sum() == pytest.approx(tissue.voxels.sum() * 0.125)


@pytest.mark.parametrize("cell", [MS, TP06], ids=["MS", "TP06"])
def test_box_rows_processor_and_jax_agree(cell):
    box = Tissue.slab((4.0, 3.0, 2.0), 0.25, D)
    rows_ = Tissue(box.voxels, box.spacing, np.tile(D, (int(box.voxels.sum()), 1, 1)))
    corner = Stimulus(box.share((0, 0, 0), (1.0, 1.0, 1.0)))
    a, b = (solve(t, cell, [corner], 6.0).activation for t in (box, rows_))
    np.testing.assert_allclose(a, b, atol=1e-3)
    other = solve(rows_, cell, [corner], 6.0, on="jax").activation
    np.testing.assert_allclose(a, other, atol=2e-3)


def test_a_turned_mask_with_turning_fibres_agrees_on_both_machines():
    tissue = masked()
    where = Stimulus((tissue.nodes[:, 0] < 0.6).astype(float))
    a = solve(tissue, MS, [where], 15.0, dt=0.05)
    b = solve(tissue, MS, [where], 15.0, dt=0.05, on="jax")
    np.testing.assert_allclose(a.activation, b.activation, atol=2e-3)
    assert a.reached > 0.9
    assert a.to_json()["reached"] == a.reached
    assert a.plot().axes


@pytest.mark.parametrize(("axis", "limit", "tolerance"), [(0, 0.6155, 0.02), (1, 0.2226, 0.02)])
def test_a_front_at_a_quarter_millimetre_is_as_fast_as_in_the_limit(axis, limit, tolerance):
    """Limits: plain second-order differences at 0.05 to 0.0125 mm, extrapolated (seven-point 0.1236 at this grid)."""
    d = D[axis, axis]
    length = 14.0 if axis == 0 else 5.0
    tissue = Tissue.slab((length, 0.25, 0.25), 0.25, np.diag([d, d, d]))
    wave = solve(tissue, TP06, [Stimulus(tissue.share((0, -1, -1), (1.5, 9, 9)))], 40.0, dt=0.01, stop=True)
    a, b = wave.at(np.array([(0.4 * length, 0, 0), (0.8 * length, 0, 0)]))
    x = tissue.nodes[tissue.nearest(np.array([(0.4 * length, 0, 0), (0.8 * length, 0, 0)])), 0]
    assert (x[1] - x[0]) / (b - a) == pytest.approx(limit, rel=tolerance)


def test_a_run_in_two_parts_is_the_run():
    tissue = masked()
    where = Stimulus((tissue.nodes[:, 0] < 0.6).astype(float))
    whole = solve(tissue, TP06, [where], 12.0)
    first = solve(tissue, TP06, [where], 6.0)
    second = solve(tissue, TP06, [], 6.0, start=first.states)
    np.testing.assert_allclose(second.states, whole.states, rtol=1e-6, atol=1e-6)


def test_bad_geometry_and_steps_are_refused_with_the_fix():
    box = np.ones((8, 6, 5), dtype=bool)
    apart = box.copy()
    apart[3] = False
    for voxels, spacing, tensor, said in (
        (np.zeros_like(box), 0.5, D, "no tissue"),
        (apart, 0.5, D, "2 pieces"),
        (box, 500.0, D, "millimetres"),
        (np.ones((2, 2, 2), bool), 0.02, D, "unit of the spacing"),
        (box, 0.5, -D, "positive"),
        (box, 0.5, np.tile(D, (3, 1, 1)), "one a voxel"),
        (box.astype(int), 0.5, D, "boolean"),
    ):
        with pytest.raises(KindError, match=said):
            Tissue(voxels, (spacing,) * 3, tensor)
    tissue = Tissue(box, (0.5,) * 3, D)
    with pytest.raises(KindError, match=r"unstable.*dt <= "):
        solve(tissue, MS, [], 5.0, dt=3.0)
    blast = Stimulus(np.ones(len(tissue.nodes)), current=1e5)
    with pytest.raises(KindError, match="not finite after"):
        solve(tissue, TP06, [blast], 5.0)
    with pytest.raises(KindError, match="from any tissue"):
        tissue.nearest(np.array([(100.0, 0.0, 0.0)]))
