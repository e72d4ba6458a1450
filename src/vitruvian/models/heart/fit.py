"""The bi-ventricular surface through guide points: least squares, again and again, with slices that may have moved.

Every point meets the place nearest to it on its own surface; controls u away from the template, laid on the last
shape as well as turning, moving and scaling can, minimise
    sum w (n . (M u + v - p))^2  +  t^2 the same along the wall  +  a |L M u|^2  +  b |M_i u - M_j u|^2  +  valves, wall
with n the surface's normal, L the graph Laplacian of its vertices, (i, j) vertices across a wall, w Tukey's biweight.
Between the solutions each slice is moved in its plane (people hold their breath unevenly: Sinclair et al., Med Image
Anal 2017;39:100) and a is lowered. The right ventricle's outer side, if not drawn, is kept 3 mm outside the inner one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from vitruvian.models.heart.cholesky import solved
from vitruvian.models.heart.guidepoints import VALVES, GuidePoints
from vitruvian.models.heart.nearest import nearest, normals
from vitruvian.models.heart.pose import laid, pose, similar
from vitruvian.models.heart.subdivision import SubdivisionSurface

_ON = {
    "lv_endo": ("LV_ENDOCARDIAL",),
    "lv_epi": ("LV_EPICARDIAL", "RV_SEPTUM"),
    "rv_epi": ("RV_EPICARDIAL",),
    "rv_free": ("RV_FREEWALL",),
    "rv_septum": ("RV_SEPTUM",),
    "rv_endo": ("RV_FREEWALL", "RV_SEPTUM"),
}
_APART = 1.5  # mm between points of a contour at which the rule's weights hold: biv-me's, drawn at 1.2 to 1.8
RIGHT_WALL = 3.0  # mm, of a right ventricle whose outside was not drawn: biv-me assumes it; 2 to 5 is normal


@dataclass(frozen=True)
class FitRule:
    """How stiff and how long. Chosen on the template drawn with noise (tests) and on both frames of patient_1."""

    stiffness: tuple[float, ...] = (1e4, 3e3, 1e3, 3e2, 1e2, 5e1, *(7 * (3e1,)))  # a, one a round
    across: float = 0.01  # b
    sliding: float = 0.1  # t: share of a step along the wall
    noise: float = 1.5  # mm: of a contour, assumed
    breath: float = 3.0  # mm: sd of a slice's shift in its plane, assumed
    valve: float = 10.0  # w of a point on a valve's rim
    middle: float = 600.0  # w of a valve's middle, between the points of each slice
    wall: float = 1.0  # w of a vertex that keeps the right wall's thickness


@dataclass(frozen=True, eq=False)
class Fit:
    """base: the template as laid; controls: as fitted, (388, 3) mm. points as moved; shifts {slice: mm (3,)}. used
    (n,): weights of the last round, 0 to 1. gap (n,): mm between each point as moved and its surface, positive outside.
    """

    surface: SubdivisionSurface
    base: np.ndarray
    controls: np.ndarray
    points: GuidePoints
    shifts: dict[int, np.ndarray]
    used: np.ndarray
    gap: np.ndarray


@dataclass(frozen=True, eq=False)
class Fitter:
    """What all fits of one surface share."""

    surface: SubdivisionSurface
    rule: FitRule = field(default_factory=FitRule)

    @cached_property
    def _smooth(self) -> np.ndarray:
        """(control, control): |L M u|^2."""
        faces = self.surface.triangles
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        count = self.surface.vertex_count
        one = np.ones(len(edges))
        near = sparse.csr_array((one, (edges[:, 0], edges[:, 1])), shape=(count, count))
        near = near + near.T
        degree = np.maximum(near.sum(axis=1), 1.0)
        L = sparse.eye_array(count) - sparse.diags_array(1.0 / degree) @ near
        moved = L @ self.surface.matrix
        return (moved.T @ moved).toarray()

    @cached_property
    def _across(self) -> np.ndarray:
        """(control, control): |M_i u - M_j u|^2 over the vertices of each wall's outside and the nearest inside."""
        points = self.surface.vertices(self.surface.template)
        total = np.zeros((len(self.surface.template),) * 2)
        for outer, inner in (
            ("RV_EPICARDIAL", "RV_FREEWALL"),
            ("LV_EPICARDIAL", "LV_ENDOCARDIAL"),
            ("RV_SEPTUM", "LV_ENDOCARDIAL"),
        ):
            i, j = (np.unique(self.surface.labelled(n)) for n in (outer, inner))
            pair = j[KDTree(points[j]).query(points[i])[1]]
            D = self.surface.matrix[i] - self.surface.matrix[pair]
            total += (D.T @ D).toarray()
        return total

    @cached_property
    def _faces(self) -> dict[str, np.ndarray]:
        return {name: self.surface.labelled(*labels) for name, labels in _ON.items()}

    def fit(self, points: GuidePoints) -> Fit:
        """From the template. Errors: those of `pose`."""
        points = _by_length(points)
        # fewer contour points, so that valves count for more while the shape is still the template's
        some = points.keep((np.arange(len(points.on)) % 4 == 0) | np.isin(points.on, VALVES))
        base = self._stiff(laid(self.surface, pose(points)), some)
        return self._rounds(points, base, base, {}, self.rule.stiffness)

    def again(self, before: Fit, points: GuidePoints, rounds: int) -> Fit:
        """Other points, from where a fit ended."""
        return self._rounds(points, before.base, before.controls, before.shifts, self.rule.stiffness[-rounds:])

    def _rounds(
        self,
        points: GuidePoints,
        base: np.ndarray,
        controls: np.ndarray,
        shifts: dict[int, np.ndarray],
        stiffness: tuple[float, ...],
    ) -> Fit:
        every = np.ones(self.surface.vertex_count)
        for a in stiffness:
            scale, rotation, shift = similar(self.surface.vertices(base), self.surface.vertices(controls), every)
            base = scale * base @ rotation + shift
            moved = _moved(points, shifts)
            shifts = self._shifted(points, moved, controls, shifts)
            moved = _moved(points, shifts)
            controls = base + self._step(moved, base, controls, a)
        moved = _moved(points, shifts)
        gap, used = self._gaps(moved, controls)
        return Fit(self.surface, base, controls, moved, shifts, used, gap)

    def settled(self, points: GuidePoints, controls: np.ndarray) -> np.ndarray:
        """(n,) signed mm between points and a given surface once slices have moved to suit it; nan: not met."""
        shifts: dict[int, np.ndarray] = {}
        for _ in range(8):
            shifts = self._shifted(points, _moved(points, shifts), controls, shifts, free=True)
        return self._gaps(_moved(points, shifts), controls)[0]

    def _stiff(self, controls: np.ndarray, points: GuidePoints) -> np.ndarray:
        """Turned, moved and scaled only."""
        middles = _middles(points)
        for _ in range(15):
            place, _, weight, target = self._met(points, controls)
            if middles:
                rims = np.stack([self.surface.vertices(controls)[self.surface.rims[n]].mean(axis=0) for n in middles])
                place, target = np.concatenate([place, rims]), np.concatenate([target, np.stack([*middles.values()])])
                weight = np.concatenate([weight, np.full(len(rims), self.rule.middle)])
            scale, rotation, shift = similar(place, target, weight)
            controls = scale * controls @ rotation + shift
        return controls

    def _met(self, points: GuidePoints, controls: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of the contour points that meet their surface: place on it, normal, weight, the point itself."""
        rows, place, normal, weight = self._meet(points, controls)
        return place, normal, weight, points.points[rows]

    def _meet(self, points: GuidePoints, controls: np.ndarray) -> tuple[np.ndarray, ...]:
        """Rows of contour points; place (n, 3) and normal of the surface there; Tukey's weight, 0 past its edge."""
        rows, matrix, normal = self._matched(points, controls)
        place = matrix @ controls
        away = points.points[rows] - place
        return rows, place, normal, points.weights[rows] * self._trust(away, normal)

    @cached_property
    def _edges(self) -> dict[str, np.ndarray]:
        """(vertex,) bool: on the edge of each surface that contours lie on."""
        out = {}
        for name, faces in self._faces.items():
            edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
            edges, count = np.unique(edges, axis=0, return_counts=True)
            out[name] = np.zeros(self.surface.vertex_count, dtype=bool)
            out[name][edges[count == 1]] = True
        return out

    def _matched(self, points: GuidePoints, controls: np.ndarray) -> tuple[np.ndarray, sparse.csr_array, np.ndarray]:
        vertices = self.surface.vertices(controls)
        rows, verts, shares, ns = [], [], [], []
        for name, faces in self._faces.items():
            at = np.flatnonzero(points.on == name)
            if not len(at):
                continue
            triangle, share = nearest(points.points[at], vertices, faces)
            inside = (share * ~self._edges[name][faces[triangle]]).sum(axis=1) > 1e-3
            at, triangle, share = at[inside], triangle[inside], share[inside]
            rows.append(at)
            verts.append(faces[triangle])
            shares.append(share)
            ns.append(normals(vertices, faces)[triangle])
        at, corner, share = np.concatenate(rows), np.concatenate(verts), np.concatenate(shares)
        lines = np.repeat(np.arange(len(at)), 3)
        pick = sparse.csr_array((share.ravel(), (lines, corner.ravel())), shape=(len(at), len(vertices)))
        return at, pick @ self.surface.matrix, np.concatenate(ns)

    def _trust(self, away: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Tukey's biweight of the gap; 0 where the nearest place is the surface's edge and the point lies beyond it."""
        gap = np.abs(np.einsum("ni,ni->n", away, normal))
        length = np.linalg.norm(away, axis=1)
        beyond = (length > 2.0) & (gap < 0.7 * length)
        scale = max(self.rule.noise, 1.4826 * float(np.median(gap[~beyond])) if (~beyond).any() else self.rule.noise)
        return np.where(beyond, 0.0, np.clip(1 - (gap / (4.685 * scale)) ** 2, 0.0, None) ** 2)

    def _step(self, points: GuidePoints, base: np.ndarray, controls: np.ndarray, a: float) -> np.ndarray:
        """(control, 3): the best displacement from `base`, the surface met where `controls` put it."""
        rows, B, n = self._matched(points, controls)
        away = points.points[rows] - B @ controls
        w = points.weights[rows] * self._trust(away, n)
        blocks = [(B, n, w, points.points[rows] - B @ base)]
        if not len(points.of("rv_epi")):
            blocks.append(self._right_wall(base, controls))
        count = len(self.surface.template)
        shared = a * self._smooth + a * self.rule.across * self._across
        H = np.zeros((3, count, 3, count))
        g = np.zeros((3, count))
        for k in range(3):
            H[k, :, k, :] = shared
        t2 = self.rule.sliding**2
        for Bk, nk, wk, target in blocks:
            for i in range(3):
                for j in range(i, 3):
                    c = wk * ((1 - t2) * nk[:, i] * nk[:, j] + (t2 if i == j else 0.0))
                    part = (Bk.T @ (sparse.diags_array(c) @ Bk)).toarray()
                    H[i, :, j, :] += part
                    if i != j:
                        H[j, :, i, :] += part
                along = (1 - t2) * nk[:, i] * np.einsum("ni,ni->n", nk, target) + t2 * target[:, i]
                g[i] += Bk.T @ (wk * along)
        self._valves(points, base, controls, H, g)
        A = H.reshape(3 * count, 3 * count)
        A[np.diag_indices_from(A)] += 1e-6
        u = solved(A, g.ravel())
        return u.reshape(3, count).T

    def _right_wall(self, base: np.ndarray, controls: np.ndarray) -> tuple:
        """Vertices of the right free wall, RIGHT_WALL outwards, met with the epicardium there."""
        vertices = self.surface.vertices(controls)
        faces = self._faces["rv_free"]
        n = np.zeros_like(vertices)
        np.add.at(n, faces, normals(vertices, faces)[:, None, :])
        inner = np.setdiff1d(np.unique(faces), np.unique(self._faces["rv_septum"]))
        length = np.linalg.norm(n[inner], axis=1)
        target = vertices[inner] + RIGHT_WALL * n[inner] / np.maximum(length, 1e-9)[:, None]
        outer = self._faces["rv_epi"]
        triangle, share = nearest(target, vertices, outer)
        lines = np.repeat(np.arange(len(inner)), 3)
        pick = sparse.csr_array((share.ravel(), (lines, outer[triangle].ravel())), shape=(len(inner), len(vertices)))
        B = pick @ self.surface.matrix
        away = target - B @ controls
        normal = normals(vertices, outer)[triangle]
        gap = np.abs(np.einsum("ni,ni->n", away, normal))
        w = np.where(gap < 0.7 * np.linalg.norm(away, axis=1), 0.0, self.rule.wall)
        return B, normal, w, target - B @ base

    def _valves(
        self, points: GuidePoints, base: np.ndarray, controls: np.ndarray, H: np.ndarray, g: np.ndarray
    ) -> None:
        """Each point drawn on a valve is met by the nearest vertex of its rim, in all directions."""
        vertices = self.surface.vertices(controls)
        for name in VALVES:
            at = points.of(name)
            if not len(at):
                continue
            rim = self.surface.rims[name]
            met = rim[KDTree(vertices[rim]).query(at)[1]]
            B = self.surface.matrix[met].toarray()
            away = np.linalg.norm(at - vertices[met], axis=1)
            w = self.rule.valve * np.clip(1 - (away / 25.0) ** 2, 0.0, None) ** 2
            part = B.T @ (w[:, None] * B)
            for k in range(3):
                H[k, :, k, :] += part
                g[k] += B.T @ (w * (at - B @ base)[:, k])
        for name, middle in _middles(points).items():
            b = self.surface.matrix[self.surface.rims[name]].mean(axis=0)
            for k in range(3):
                H[k, :, k, :] += self.rule.middle * np.outer(b, b)
                g[k] += self.rule.middle * b * (middle - b @ base)[k]

    def _shifted(
        self,
        points: GuidePoints,
        moved: GuidePoints,
        controls: np.ndarray,
        shifts: dict[int, np.ndarray],
        free: bool = False,
    ) -> dict[int, np.ndarray]:
        """Each slice's shift in its plane, by least squares towards the surface, drawn to none. free: the whole stack
        may move too, for a surface that is given and cannot."""
        rows, place, n, _ = self._meet(moved, controls)
        out: dict[int, np.ndarray] = {}
        for s in np.unique(points.slices):
            plane = points.planes.get(int(s))
            if plane is None:
                continue
            E = np.stack([plane.along, plane.down], axis=1)
            own = points.slices[rows] == s
            p, q, m = points.points[rows[own]], place[own], n[own]
            before = shifts.get(int(s), np.zeros(3))
            A, r = m @ E, np.einsum("ni,ni->n", m, q - p)
            t = E.T @ before
            for _ in range(5):
                gap = r - A @ t
                scale = max(self.rule.noise, 1.4826 * float(np.median(np.abs(gap)))) if len(gap) else 1.0
                w = 1.0 / np.maximum(1.0, np.abs(gap) / scale)
                lhs = (
                    A.T @ (w[:, None] * A) / max(len(w), 1) * 20 + np.eye(2) * (self.rule.noise / self.rule.breath) ** 2
                )
                rhs = A.T @ (w * r) / max(len(w), 1) * 20
                t = np.linalg.solve(lhs, rhs)
            out[int(s)] = E @ t
        stack = [int(s) for s in np.unique(points.slices[points.short]) if int(s) in out]
        if len(stack) > 2 and not free:  # what all share is where the heart lies, not breath
            shared = np.median([out[s] for s in stack], axis=0)
            out |= {s: out[s] - shared for s in stack}
        return out

    def _gaps(self, points: GuidePoints, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) signed mm, nan for valves and apex; (n,) weight."""
        rows, place, n, w = self._meet(points, controls)
        gap, used = np.full(len(points.points), np.nan), np.zeros(len(points.points))
        gap[rows] = np.einsum("ni,ni->n", points.points[rows] - place, n)
        used[rows] = w
        return gap, used


def _moved(points: GuidePoints, shifts: dict[int, np.ndarray]) -> GuidePoints:
    if not shifts:
        return points
    by = np.stack([shifts.get(int(s), np.zeros(3)) for s in points.slices])
    return replace(points, points=points.points + by)


def _by_length(points: GuidePoints) -> GuidePoints:
    """Each contour point weighs as the length of contour it stands for, in units of _APART mm."""
    weights = points.weights.copy()
    for s in np.unique(points.slices):
        for name in _ON:
            own = np.flatnonzero((points.slices == s) & (points.on == name))
            if len(own) > 2:
                gap = KDTree(points.points[own]).query(points.points[own], k=3)[0][:, 1:].mean()
                weights[own] *= np.clip(gap / _APART, 0.1, 10.0)
    return replace(points, weights=weights)


def _middles(points: GuidePoints) -> dict[str, np.ndarray]:
    """Of each valve that was drawn: the mean over slices of the middle between the points there."""
    out = {}
    for name in VALVES:
        on = points.on == name
        per = [points.points[on & (points.slices == s)].mean(axis=0) for s in np.unique(points.slices[on])]
        if per:
            out[name] = np.mean(per, axis=0)
    return out
