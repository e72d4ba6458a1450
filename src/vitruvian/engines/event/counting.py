"""What is counted while the kernel runs, kept as of each row's last change, and the rows of the trace. Compiled code.

Areas are brought up to date only when their level changes, so no bit depends on what is asked or where a run was cut.
"""

from __future__ import annotations

from typing import Any

import numba

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.inline import hot


@hot
def waits_at(ti: Any, step: int, class_: int) -> int:
    """Address of the counts of a step and class."""
    return ti[at.M_WAITS] + (step * ti[at.N_CLASSES] + class_) * at.WAITS


@hot
def more_wait(f: Any, w: int, change: float, t: float) -> None:
    """One more (or fewer) waits."""
    f[w + at.W_AREA] += f[w + at.W_WAITING] * (t - f[w + at.W_TOUCHED])
    f[w + at.W_TOUCHED] = t
    f[w + at.W_WAITING] += change


@hot
def touch(f: Any, g: int, t: float) -> None:
    """Bring the areas of a group to t."""
    dt = t - f[g + at.TOUCHED_F]
    if dt > 0.0:
        f[g + at.BUSY_AREA] += f[g + at.BUSY_F] * dt
        f[g + at.OPEN_AREA] += f[g + at.OPEN_F] * dt
        f[g + at.OVER_AREA] += f[g + at.OVER_F] * dt
        f[g + at.DOWN_AREA] += f[g + at.DOWN_F] * dt
        f[g + at.TOUCHED_F] = t


@numba.njit
def touch_supply(f: Any, g: int, t: float) -> None:
    """Bring the area of a supply's level to t."""
    f[g + at.LEVEL_AREA] += f[g + at.LEVEL_F] * (t - f[g + at.TOUCHED_F])
    f[g + at.TOUCHED_F] = t


@hot
def present(f: Any, p: int, change: float, t: float) -> None:
    """One more (or fewer) at a place."""
    f[p + at.P_AREA] += f[p + at.P_PRESENT] * (t - f[p + at.P_TOUCHED])
    f[p + at.P_TOUCHED] = t
    f[p + at.P_PRESENT] += change


@hot
def place_at(ti: Any, place: int, class_: int) -> int:
    """Address of the counts of a place and class; the place after the last is the whole."""
    return ti[at.M_PLACES] + (place * ti[at.N_CLASSES] + class_) * at.PLACES


@hot
def enter(ti: Any, tf: Any, i: Any, f: Any, e: int, place: int, t: float) -> None:
    """Go to a place, from none or from another."""
    depart(ti, tf, i, f, e, t)
    p = place_at(ti, place, i[e + at.CLASS])
    present(f, p, 1.0, t)
    f[p + at.P_ENTERED] += 1.0
    i[e + at.PLACE] = place
    f[e + at.ENTERED_F] = t


@hot
def depart(ti: Any, tf: Any, i: Any, f: Any, e: int, t: float) -> None:
    """Leave the place one is at, if any."""
    if i[e + at.PLACE] >= 0:
        stayed(ti, tf, f, place_at(ti, i[e + at.PLACE], i[e + at.CLASS]), t, t - f[e + at.ENTERED_F], i[e + at.PLACE])
        i[e + at.PLACE] = -1


@hot
def stayed(ti: Any, tf: Any, f: Any, p: int, t: float, stay: float, place: int) -> None:
    """A stay at a place is over."""
    present(f, p, -1.0, t)
    f[p + at.P_LEFT] += 1.0
    f[p + at.P_STAYED] += stay
    if stay > tf[ti[at.T_TARGETS] + place]:
        f[p + at.P_OVER] += 1.0


@hot
def note(i: Any, f: Any, t: float, what: int, who: int, where: int, unit: int) -> None:
    """A row of the trace, where one is kept."""
    if i[at.TRACE_ROOM] > 0:
        if i[at.TRACED] < i[at.TRACE_ROOM]:
            k = i[at.TRACE] + at.TRACE_ROW * i[at.TRACED]
            f[k], f[k + 1], f[k + 2], f[k + 3], f[k + 4] = t, what, who, where, unit
        i[at.TRACED] += 1
