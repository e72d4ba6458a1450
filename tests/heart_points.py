"""Guide points as if drawn on images of a heart whose surfaces are known: short-axis and long-axis cuts, with noise."""

import numpy as np

from vitruvian.models.heart.anatomy import Surface
from vitruvian.models.heart.fittedplot import _lines
from vitruvian.models.heart.frame import HeartFrame

SEED = 11


def drawn(surfaces: dict[str, tuple[str, Surface]], frame: HeartFrame, levels, valves, noise=0.5, every=1.5):
    """GPFile and SliceInfoFile texts. surfaces {contour name without SAX_/LAX_: surface}; levels: mm above the base;
    valves {contour name: (n, 3) places}."""
    rng = np.random.default_rng(SEED)
    rows, planes = [], []
    cuts = [("SAX", 2, z) for z in levels] + [("LAX", 1, 0.0), ("LAX", 0, 0.0)]
    for number, (kind, axis, level) in enumerate(cuts, start=1):
        u, v = ((0, 1), (0, 2), (1, 2))[2 - axis]
        centre = np.zeros(3)
        centre[axis] = level
        normal = " ".join(f"{c:.6f}" for c in np.concatenate([frame.axes[u], frame.axes[v]]))
        corner = " ".join(f"{c:.6f}" for c in frame.patient(centre))
        planes.append(f"slice{number} frameID: {number} ImagePositionPatient {corner} ImageOrientationPatient {normal}")
        for name, surface in surfaces.items():
            local = Surface(frame.local(surface.points), surface.triangles)
            ends = _lines(local, axis, level)
            if not len(ends):
                continue
            length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
            count = np.maximum(1, rng.poisson(length / every))
            line = np.repeat(np.arange(len(ends)), count)
            p = ends[line, 0] + rng.random((len(line), 1)) * (ends[line, 1] - ends[line, 0])
            keep = p[:, 2] < -1.0 if kind == "LAX" else slice(None)
            p = p[keep]
            p[:, [u, v]] += noise * rng.standard_normal((len(p), 2))
            rows += [_row(q, f"{kind}_{name}", number) for q in frame.patient(p)]
    for name, places in valves.items():
        rows += [_row(q, name, len(cuts)) for q in places]
    head = "x\ty\tz\tcontour type\tsliceID\tweight\ttime frame"
    return "\n".join([head, *rows]) + "\n", "\n".join(planes) + "\n"


def _row(place, name, number):
    x, y, z = place
    return f"{x:.3f}\t{y:.3f}\t{z:.3f}\t{name}\t{number}\t1.0\t0"
