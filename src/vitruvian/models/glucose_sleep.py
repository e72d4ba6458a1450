"""What a night does to insulin's action on the day after it: how long it was, and when. Shared by the kinds of glucose.

    factor = max(LEAST, 1 - PER_HOUR max(0, NEED - hours)) max(LATEST, 1 - PER_SHIFT max(0, |middle - MIDDLE| - FREE))

middle: the middle of the sleep on the local clock, |.| around the clock. It holds from the end of a night to the end of
the next, for LASTING at most. Hours: 3.8 h less in one night, disposal -25 % (Donga et al., J Clin Endocrinol Metab
95:2963, 2010); a week of 5 h in bed, -20 % (Buxton et al., Diabetes 59:2126, 2010). When: bedtimes later by 8.5 h on
half of eight short nights, sensitivity -58 % against -32 % of as short nights in time (Leproult et al., Diabetes
63:1860, 2014): a further factor 0.62. That one late night does what half a week did is assumed, as is a line between.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.forcing import Schedule
from vitruvian.models.glucose_actions import Sleep

DAY, HOUR = 86400.0, 3600.0
NEED, PER_HOUR, LEAST = 7.5, 0.25 / 3.8, 0.7  # h, /h, 1: Donga 2010
MIDDLE, FREE = (
    3.0,
    1.5,
)  # h of the local clock, h: middle of sleep on work days (Roenneberg et al., Curr Biol 2004); assumed
PER_SHIFT, LATEST = 0.38 / 8.5, 0.62  # /h, 1: Leproult 2014
LASTING = 30 * HOUR  # s for which a night acts if no other is recorded: assumed


def action(night: Sleep, offset: float) -> float:
    """Factor of insulin's action after this night; offset: s to add to core time for the local clock."""
    short = max(LEAST, 1.0 - PER_HOUR * max(0.0, NEED - night.hours))
    middle = (night.at + offset) / HOUR + night.hours / 2
    apart = abs((middle - MIDDLE + 12.0) % 24.0 - 12.0)
    return short * max(LATEST, 1.0 - PER_SHIFT * max(0.0, apart - FREE))


def rested(nights: Sequence[Sleep], offset: Schedule) -> Schedule:
    """Factor of insulin's action over time, 1 where no night is recorded."""
    times: list[float] = []
    values: list[float] = []
    shift = offset.at(np.array([n.at for n in nights]))
    ends = [n.at + HOUR * n.hours for n in nights]
    for night, end, s in sorted(zip(nights, ends, shift.tolist(), strict=True), key=lambda row: row[1]):
        while times and times[-1] >= end:
            times.pop()
            values.pop()
        times += [end, end + LASTING]
        values += [action(night, s), 1.0]
    return Schedule(np.array(times), np.array(values), before=1.0)
