"""What a base that nobody drew costs a fit: shares of each volume, measured by leaving valves' points out.

Source: both frames of patient_1 of biv-me (Apache-2.0), fitted with and without the points; the larger of the two
changes is taken as a standard deviation. One person: it may be more in others. No frame has points on the pulmonary
valve: its cost is that on the template drawn with noise (tests/heart_points.py). Without any, all six volumes of the
two frames came out larger, never smaller.
"""

from __future__ import annotations

from collections.abc import Mapping

from vitruvian.models.heart.guidepoints import VALVES, GuidePoints

COST: Mapping[str, Mapping[str, float]] = {
    "mitral": {"lv": 0.124, "rv": 0.069, "muscle": 0.035},
    "aorta": {"lv": 0.006, "rv": 0.080, "muscle": 0.068},
    "tricuspid": {"lv": 0.010, "rv": 0.097, "muscle": 0.019},
    "pulmonary": {"lv": 0.002, "rv": 0.052, "muscle": 0.013},
}
NONE = {"lv": 0.164, "rv": 0.191, "muscle": 0.170}  # no point on any valve
SHORT = {"lv": 0.185, "rv": 0.206, "muscle": 0.205}  # nor a long-axis contour
_MEASURED = "measured on one patient's two frames by leaving the points out"


def undrawn(points: GuidePoints) -> tuple[str, ...]:
    """Valves without a point."""
    return tuple(v for v in VALVES if not len(points.of(v)))


def share(points: GuidePoints) -> dict[str, float]:
    """Standard deviation of each volume, as a share of it, for what of the base is missing; several valves add up."""
    missing = undrawn(points)
    if len(missing) < len(VALVES):
        return {name: sum(COST[v][name] for v in missing) for name in NONE}
    return dict(SHORT if points.short.all() else NONE)


def warnings(points: GuidePoints) -> tuple[str, ...]:
    """What of the base is missing, what that does to the volumes, and the fix; () when nothing is."""
    missing = undrawn(points)
    if not missing:
        return ()
    costs = ", ".join(f"{name} {100 * part:.0f} %" for name, part in share(points).items())
    also = ""
    if len(missing) == len(VALVES):
        also = " and no long-axis contour" if points.short.all() else ""
        also += ": the volumes are probably too large"
    return (
        f"no point on the valves {', '.join(missing)}{also}. There the base is where contours end and the template"
        f" says; each sd is widened by what that costs ({costs}; {_MEASURED})."
        " Fix: mark where the leaflets meet the wall on the long-axis images",
    )
