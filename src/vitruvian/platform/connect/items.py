"""What a source yields row by row, before and after its times are placed: readings, events, rows kept aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vitruvian.platform.aside import Aside

RAW = 300  # characters of a row that are kept with it

INTERSTITIAL, BLOOD = "interstitial glucose", "blood glucose"


class Reading(NamedTuple):
    """A glucose value as the file gives it: its own unit; local time is UTC + offset.

    `sensor` is the family ("dexcom", "libre", "libre_scan", "fingerstick", "cgm"), `device` the one on the body.
    `limit`: -1 at or below the sensor's lower limit (`value` is that limit), +1 at or above its upper.
    `known_us`: when it became known, where the file says so.
    """

    utc_us: int
    offset_s: int
    what: str
    value: float
    unit: str
    sensor: str
    device: str
    limit: int
    known_us: int | None
    line: int
    raw: str


class Event(NamedTuple):
    """Something done: "Meal", "Insulin", "Exercise" or what the source calls it.

    `amounts`: {field: (value, unit)}; `words`: {field: text}. `id`: the source's own, if it has one.
    """

    utc_us: int
    offset_s: int
    type: str
    amounts: Mapping[str, tuple[float, str]]
    words: Mapping[str, str]
    id: str
    known_us: int | None
    line: int
    raw: str


class Timed(NamedTuple):
    """A reading or an event with its time as the file shows it: microseconds of that clock, as if it were UTC.

    `offset_s`: the clock's distance from UTC, None when it is local time of a zone yet to be applied. Rows of one
    `stream` were written in order. `ticks`: seconds of the transmitter's own clock, which knows no daylight saving.
    """

    wall_us: int
    offset_s: int | None
    stream: str
    ticks: int | None
    body: Reading | Event


class Ignored(NamedTuple):
    """A row that says nothing to store (a heading, an alert setting): counted by reason, its text is not kept."""

    reason: str


Item = Timed | Aside | Ignored


@dataclass(frozen=True, slots=True)
class How:
    """What only the user can say: the zone of local times, the unit, the order of dates ("dmy", "mdy"), the sensor.

    `now_us`: nothing can have been measured after it.
    """

    now_us: int
    zone: ZoneInfo | None = None
    unit: str = ""
    dates: str = ""
    sensor: str = ""
