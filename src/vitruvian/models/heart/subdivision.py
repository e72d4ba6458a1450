"""A bi-ventricular surface that 388 control points steer: subdivision, fixed once, makes vertices linear in them.

vertices = M @ controls, M (5810, 388) sparse. Surfaces, valves and the strips between them are triangles with labels.
Reference: Mauger et al., J Cardiovasc Magn Reson 2018 (biv-me, Apache-2.0); its tables are read, not part of this code.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from vitruvian.core.errors import ParseError
from vitruvian.models.heart.anatomy import Surface
from vitruvian.models.heart.contour import enclosed

# Triangles as the tables orient them; the right side of the septum faces the left ventricle there.
_VALVES = ("MITRAL_VALVE", "AORTA_VALVE", "TRICUSPID_VALVE", "PULMONARY_VALVE")
STRIPS = ("MITRAL_VALVE_CUT", "AORTA_VALVE_CUT", "TRICUSPID_VALVE_CUT", "PULMONARY_VALVE__CUT")
CLOSED = {
    "lv_endo": ("LV_ENDOCARDIAL", "MITRAL_VALVE", "AORTA_VALVE"),
    "rv_endo": ("RV_SEPTUM", "RV_FREEWALL", "TRICUSPID_VALVE", "PULMONARY_VALVE"),
    "epi": ("LV_EPICARDIAL", "RV_EPICARDIAL", *STRIPS, *_VALVES),
}
LIDS = frozenset((*STRIPS, *_VALVES))  # where the muscle ends at the base
_TEMPLATE_UNIT = 10.0  # mm: the template is in centimetres (its left ventricle is 7.7 long)


@dataclass(frozen=True, eq=False)
class SubdivisionSurface:
    """matrix (vertex, control); triangles (m, 3); labels (m,) of them; template (control, 3) mm."""

    matrix: sparse.csr_array
    triangles: np.ndarray
    labels: np.ndarray
    template: np.ndarray

    @classmethod
    def parse(cls, matrix: bytes, triangles: str, labels: str, template: str) -> SubdivisionSurface:
        """From the contents of subdivision_matrix_sparse.mat (MATLAB 5), ETIndicesSorted.txt, ETIndicesMaterials.txt
        and a template's control points.

        Errors: ParseError when the four do not belong together or a surface they close is open.
        """
        M, faces = _matrix(matrix), _faces(triangles)
        names = np.array([line.split()[-1] for line in labels.splitlines() if line.strip()])
        controls = read_controls(template)
        rows, columns = M.shape or (0, 0)
        if len(faces) != len(names) or faces.max() >= rows or faces.min() < 0 or columns != len(controls):
            raise ParseError(
                f"{len(faces)} triangles, {len(names)} labels, a matrix {rows} x {columns} and {len(controls)} control"
                " points do not belong together",
                where="surface tables",
                fix="take all four files from one release",
            )
        out = cls(M, faces, names, controls * _TEMPLATE_UNIT)
        for name in CLOSED:
            gaps = open_edges(out.faces(name))
            if gaps:
                raise ParseError(f"{name} is open: {gaps} edges have one triangle", where="surface tables")
        return out

    @property
    def vertex_count(self) -> int:
        return (self.matrix.shape or (0, 0))[0]

    def vertices(self, controls: np.ndarray) -> np.ndarray:
        """(vertex, 3) mm."""
        return self.matrix @ controls

    def faces(self, name: str) -> np.ndarray:
        """Triangles of a closed surface, all facing out."""
        parts = [self.labelled(label) for label in CLOSED[name]]
        return np.concatenate(parts)

    def labelled(self, *names: str) -> np.ndarray:
        """Triangles with these labels; the septum's turned so that it faces out of the right ventricle."""
        return np.concatenate([self.triangles[self.labels == n][:, :: -1 if n == "RV_SEPTUM" else 1] for n in names])

    def surfaces(self, controls: np.ndarray) -> dict[str, Surface]:
        """The closed ones: "lv_endo", "rv_endo", "epi"."""
        points = self.vertices(controls)
        return {name: compact(points, self.faces(name)) for name in CLOSED}

    def volumes(self, controls: np.ndarray) -> dict[str, float]:
        """mL: "lv", "rv" cavities and "muscle" between them and the epicardium."""
        points = self.vertices(controls)
        v = {name: enclosed(Surface(points, self.faces(name))) for name in CLOSED}
        return {"lv": v["lv_endo"], "rv": v["rv_endo"], "muscle": v["epi"] - v["lv_endo"] - v["rv_endo"]}

    @cached_property
    def rims(self) -> dict[str, np.ndarray]:
        """Vertices around each valve, in no order."""
        walls = np.unique(self.labelled("LV_ENDOCARDIAL", "RV_FREEWALL", "RV_SEPTUM"))
        names = dict(zip(("mitral", "aorta", "tricuspid", "pulmonary"), _VALVES, strict=True))
        return {key: np.intersect1d(np.unique(self.labelled(label)), walls) for key, label in names.items()}


def _matrix(content: bytes) -> sparse.csr_array:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return sparse.csr_array(loadmat(io.BytesIO(content))["S"])
    except (LookupError, ValueError, TypeError, OSError, NotImplementedError, zlib.error, MatReadError) as error:
        raise ParseError(
            f"no sparse matrix S in a MATLAB 5 file ({error})",
            where="subdivision_matrix_sparse.mat",
            fix="take it from biv-me again: it may be cut short; a file of MATLAB 7.3 is saved anew with save -v7",
        ) from None


def _faces(text: str) -> np.ndarray:
    try:
        faces = np.array([[int(float(v)) for v in line.split()] for line in text.splitlines() if line.strip()]) - 1
    except ValueError as error:
        raise ParseError(f"{error}", where="ETIndicesSorted.txt", fix="three whole numbers a line") from None
    if faces.shape[1:] != (3,) or not len(faces):
        raise ParseError("no triangles", where="ETIndicesSorted.txt", fix="three whole numbers a line")
    return faces


def read_controls(text: str) -> np.ndarray:
    """(388, 3) control points from a comma-separated table x, y, z, frame, in the units it has."""
    try:
        table = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, ndmin=2)
    except ValueError as error:
        raise ParseError(f"{error}", where="control points", fix="a line of x,y,z,frame, then numbers") from None
    if not np.isfinite(table).all() or table.shape[1] < 3:
        raise ParseError("control points must be finite x, y, z", where="control points")
    return table[:, :3]


def open_edges(triangles: np.ndarray) -> int:
    """How many edges lack the opposite edge of a neighbour: 0 on a closed surface whose triangles agree."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = int(edges.max()) + 1 if len(edges) else 1
    one, times = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    back = one % count * count + one // count
    at = np.minimum(np.searchsorted(one, back), max(len(one) - 1, 0))
    return int(np.sum((one[at] != back) | (times[at] != times)))


def compact(points: np.ndarray, triangles: np.ndarray) -> Surface:
    """Only the points that are used."""
    used, renamed = np.unique(triangles, return_inverse=True)
    return Surface(points[used], renamed.reshape(triangles.shape))
