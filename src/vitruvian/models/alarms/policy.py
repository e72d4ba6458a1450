"""An alarm policy: when a risk that is looked at again and again is worth a person's attention.

    due(i)     = armed and risk_i >= threshold and at least k of the last n looks had risk >= threshold
    raised(i)  = due(i) and t_i - t_last >= refractory and t_i outside the silent hours;   then it is not armed
    armed again at the first look with risk < threshold - margin, which also forgets the looks before it

So an alarm is a rising edge: a risk that stays high is one alarm, however often it is looked at. Silence and refractory
time delay, they do not drop: what is still due when they end is raised then. k of n as in "m of n" of process control;
margin as in a Schmitt trigger. A look without a risk (NaN) is no look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from vitruvian.core.errors import FieldError

HOUR, DAY = 3600.0, 86400.0
MOST = 64  # looks that persistence may reach back


@dataclass(frozen=True)
class Standing:
    """Where a policy stands with one series: its last looks (time s, high or not), armed or not, last alarm (s)."""

    looks: tuple[tuple[float, bool], ...] = ()
    armed: bool = True
    last: float | None = None
    raised: bool = field(default=False, compare=False)  # by the look that led here

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` reads it."""
        return {"looks": [list(look) for look in self.looks], "armed": self.armed, "last": self.last}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Standing:
        """What `to_json` wrote."""
        return cls(tuple((float(t), bool(h)) for t, h in said["looks"]), bool(said["armed"]), said["last"])


@dataclass(frozen=True)
class AlarmPolicy:
    """threshold: of the risk, in its unit; persistence of `of` looks; refractory (s); margin below the threshold at
    which it is armed again; silent: local hours [from, to), over midnight when from > to; escalate: s until an alarm
    that nobody acknowledged is told to more people (None: never)."""

    threshold: float
    persistence: int = 1
    of: int = 1
    refractory: float = 6.0 * HOUR  # assumed: half a shift
    margin: float = 0.0
    silent: tuple[tuple[float, float], ...] = ()
    escalate: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.persistence <= self.of <= MOST:
            said = f"{self.persistence} of {self.of} looks cannot be"
            raise FieldError(said, where="AlarmPolicy.persistence", fix=f"need 1 <= persistence <= of <= {MOST}")
        for name in ("refractory", "margin"):
            if not getattr(self, name) >= 0.0:
                raise FieldError(f"{getattr(self, name):g} is negative", where=f"AlarmPolicy.{name}", fix="give >= 0")
        for hours in self.silent:
            if len(hours) != 2 or not all(0.0 <= h <= 24.0 for h in hours) or hours[0] == hours[1]:
                raise FieldError(f"{hours} are no hours", where="AlarmPolicy.silent", fix="give (from, to), 0 to 24")

    def at(self, threshold: float) -> AlarmPolicy:
        """The same with another threshold."""
        return replace(self, threshold=threshold)

    def is_silent(self, clock: float) -> bool:
        """Whether it holds its tongue at this local time, s after midnight."""
        hour = (clock % DAY) / HOUR
        return any((a <= hour < b) if a < b else (hour >= a or hour < b) for a, b in self.silent)

    def look(self, before: Standing, time: float, risk: float, clock: float | None = None) -> Standing:
        """Where it stands after a look at `time` (s); clock: local s after midnight (default: of `time`).

        A look at the time of the last one takes its place (the reading was corrected); an older one says nothing.
        """
        if risk != risk or (before.looks and time < before.looks[-1][0]):
            return replace(before, raised=False)
        kept = before.looks[:-1] if before.looks and before.looks[-1][0] == time else before.looks
        armed = before.armed
        if not armed and risk < self.threshold - self.margin:
            armed, kept = True, ()
        high = risk >= self.threshold
        looks = (*kept, (time, high))[-self.of :]
        due = armed and high and sum(h for _, h in looks) >= self.persistence
        waited = before.last is None or time - before.last >= self.refractory
        if due and waited and not self.is_silent(time if clock is None else clock):
            return Standing(looks, False, time, True)
        return Standing(looks, armed, before.last)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "silent": [list(hours) for hours in self.silent]}

    def sentence(self) -> str:
        """In words."""
        said = f"risk at least {self.threshold:.3g} at {self.persistence} of {self.of} looks"
        said += f", at most once in {self.refractory / HOUR:g} h, again only after it was below "
        said += f"{self.threshold - self.margin:.3g}"
        if self.silent:
            said += ", silent " + " and ".join(f"{a:g} to {b:g} h" for a, b in self.silent)
        return said
