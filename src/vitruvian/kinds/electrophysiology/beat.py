"""One beat of many members of one heart in one state: when every site fires, and all that is seen of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vitruvian.core.kind import Theta
from vitruvian.engines.reaction_eikonal import STEP, Paths, traces
from vitruvian.kinds.electrophysiology.actions import CONDUCTION, LEFT_LEADS
from vitruvian.kinds.electrophysiology.seen import AREA_LEADS, T_LEADS
from vitruvian.models.ecg.conduction import BEFORE, Conduction, Scar, shape, view
from vitruvian.models.ecg.leads import LEADS, whole
from vitruvian.models.ecg.measure import areas, axis, bounds, t_end
from vitruvian.models.ecg.sites import FASCICLES, LEADS_LV, RV_APEX, SEGMENTS, Site
from vitruvian.models.heart import Anatomy

BLOCKED = {
    "normal": (),
    "LBBB": ("septal", "anterior", "posterior"),
    "RBBB": ("right",),
    "LAFB": ("anterior",),
    "LPFB": ("posterior",),
}
HEALTHY = Scar()
AFTER = 16.0  # ms past the last arrival in which the QRS must end: the upstroke, and the slope's own 10 ms
SEPTAL, LATERAL = (2, 3, 8, 9, 14), (5, 6, 11, 12, 16)  # segments
ST = 60.0  # ms from the end of the QRS to the start of T; assumed

Anatomies = Callable[[tuple[float, ...]], Anatomy]


@dataclass(frozen=True)
class State:
    """What holds at a time: leads by number, delays (ms), scar."""

    conduction: int = 0
    right: bool = False
    left: int = 0
    av: float = 120.0
    vv: float = 0.0
    scar: Scar = HEALTHY

    @property
    def paced(self) -> bool:
        return self.right or self.left > 0


@lru_cache(maxsize=6)
def conduction(anatomies: Anatomies, form: tuple[float, ...], scar: Scar) -> Conduction:
    """Of a heart of this form with this scar."""
    return Conduction(anatomies(form), scar)


@lru_cache(maxsize=64)
def _paths(anatomies: Anatomies, form: tuple[float, ...], scar: Scar, sites: tuple[Site, ...]) -> Paths:
    return conduction(anatomies, form, scar).paths(sites)


def sites(state: State) -> dict[str, tuple[Site, ...]]:
    """What fires in this state."""
    silent = BLOCKED[CONDUCTION[state.conduction]]
    out = {name: where for name, where in FASCICLES.items() if name not in silent}
    if state.right:
        out["paced right"] = (RV_APEX,)
    if state.left:
        out["paced left"] = (LEADS_LV[LEFT_LEADS[state.left]],)
    return out


def times(state: State, theta: Theta) -> dict[str, np.ndarray]:
    """When each site fires, ms after the atrium; the first paced ventricle at the AV delay."""
    pr = np.asarray(theta["pr"])
    lone = not (state.right and state.left)
    return {
        "septal": pr,
        "anterior": pr + theta["anterior"],
        "posterior": pr + theta["posterior"],
        "right": pr + theta["right"],
        "paced right": np.full_like(pr, state.av + (0.0 if lone else max(0.0, -state.vv))),
        "paced left": np.full_like(pr, state.av + (0.0 if lone else max(0.0, state.vv))),
    }


def paths(anatomies: Anatomies, form: tuple[float, ...], state: State) -> Paths:
    """Of all that fires in this state, in the order of `sites`."""
    each = [_paths(anatomies, form, state.scar, where) for where in sites(state).values()]
    joined = each[0]
    for more in each[1:]:
        joined = joined.join(more)
    return joined


def beat(anatomies: Anatomies, form: tuple[float, ...], state: State, theta: Theta) -> dict[str, np.ndarray]:
    """Every observable of `seen` by name, (member, ...)."""
    fired, when = sites(state), times(state, theta)
    late = np.stack([theta["apd"], theta["apex_base"], theta["transmural"]], axis=1)
    muscle = conduction(anatomies, form, state.scar).muscle
    leads, seen, first = traces(
        paths(anatomies, form, state),
        shape(theta["ratio"], theta["fast"]),
        np.stack([when[name] for name in fired], axis=1),
        theta["cv"],  # 1 m/s is 1 mm/ms
        view(theta["tilt"]),
        late,
        muscle,
    )
    arrived = _arrived(seen, first)
    last = np.maximum(arrived["lv_activation"], arrived["rv_activation"])
    return {**_electrical(whole(leads) * theta["amplitude"][:, None, None], BEFORE + last + AFTER), **arrived}


def _electrical(leads: np.ndarray, until: np.ndarray) -> dict[str, np.ndarray]:
    qrs = bounds(leads, STEP, until)
    begin, end = qrs.T
    over = t_end(leads, STEP, end + ST)
    area = areas(leads, STEP, begin, end)
    t_area = areas(leads, STEP, end + ST, over + ST)
    return {
        "ecg": leads,
        "qrs": end - begin,
        "qt": over - begin,
        "qrs_axis": axis(area),
        "t_axis": axis(t_area),
        **{f"area_{n}": area[:, LEADS.index(n)] for n in AREA_LEADS},
        **{f"t_area_{n}": t_area[:, LEADS.index(n)] for n in T_LEADS},
    }


def _arrived(seen: np.ndarray, first: np.ndarray) -> Mapping[str, np.ndarray]:
    """From arrivals by segment (member, segment, 3: mean, first, last); a segment without muscle is never late."""
    there = np.isfinite(seen[:, :, 1])
    mean = np.where(there, seen[:, :, 0] - first[:, None], 0.0)
    last = np.where(there, seen[:, :, 2] - first[:, None], 0.0)

    def over(which: tuple[int, ...]) -> np.ndarray:
        return np.add.reduce([mean[:, s] for s in which]) / len(which)

    return {
        "activation": mean[:, : len(SEGMENTS)],
        "lv_activation": last[:, 1:].max(axis=1),
        "rv_activation": last[:, 0],
        "lateral_delay": over(LATERAL) - over(SEPTAL),
    }
