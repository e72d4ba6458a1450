"""First arrivals: the exact anisotropic distance from a point to first order, around corners, from several sources."""

import numpy as np
import pytest

from vitruvian.core.errors import KindError
from vitruvian.engines.eikonal import arrival
from vitruvian.engines.monodomain import Tissue

pytestmark = pytest.mark.science
AXIS = np.array([2.0, 1.0, 0.5]) / np.linalg.norm([2.0, 1.0, 0.5])  # oblique to the grid
C = 0.2**2 * np.eye(3) + (0.6**2 - 0.2**2) * np.outer(AXIS, AXIS)  # 0.6 along, 0.2 mm/ms across fibres


def error(h):
    tissue = Tissue.slab((8.0, 8.0, 8.0), h, C)
    middle = int(tissue.nearest(np.array([(4.0, 4.0, 4.0)]))[0])
    t = arrival(tissue, {middle: 0.0})
    d = tissue.nodes - tissue.nodes[middle]
    exact = np.sqrt(np.einsum("ni,ij,nj->n", d, np.linalg.inv(C), d))
    return float(np.abs(t - exact).mean() / exact.max())


def test_the_exact_distance_from_a_point_is_met_to_first_order():
    """A point source costs a logarithm: h log h (Zhao, Math Comput 2005;74:603)."""
    coarse, fine = error(0.5), error(0.25)
    assert fine < 0.01
    assert 1.5 < coarse / fine < 2.5


def test_a_plane_front_is_exact():
    tissue = Tissue.slab((6.0, 3.0, 3.0), 0.5, np.diag([0.36, 0.04, 0.04]))
    face = np.flatnonzero(tissue.nodes[:, 0] == 0.0)
    t = arrival(tissue, dict.fromkeys(face.tolist(), 2.0))
    np.testing.assert_allclose(t, 2.0 + tissue.nodes[:, 0] / 0.6, atol=1e-9)


def test_the_front_goes_around_what_does_not_conduct():
    voxels = np.ones((20, 20, 2), dtype=bool)
    voxels[10, :16] = False
    tissue = Tissue(voxels, (0.5, 0.5, 0.5), np.eye(3))
    start, end = tissue.nearest(np.array([(2.0, 2.0, 0.5), (8.0, 2.0, 0.5)]))
    t = arrival(tissue, {int(start): 0.0})
    around = np.hypot(3.0, 6.0) + 0.5 + np.hypot(2.5, 6.0)  # over the wall's two upper corners
    assert t[end] == pytest.approx(around, rel=0.05)
    both = arrival(tissue, {int(start): 0.0, int(end): 1.0})
    np.testing.assert_allclose(both, np.minimum(t, 1.0 + arrival(tissue, {int(end): 0.0})), atol=1e-9)


def test_sources_that_are_none_are_refused():
    tissue = Tissue.slab((4.0, 4.0, 4.0), 1.0, np.eye(3))
    for sources in ({}, {10_000: 0.0}):
        with pytest.raises(KindError, match="sources must be some of"):
            arrival(tissue, sources)
