"""Tidepool's JSON export: an array of device data, each with a `type` and a `time` in UTC with `timezoneOffset` (min).

cbg (sensor) and smbg (meter): `value` in `units`, stored as mmol/L whatever the device showed; an annotation
bg/out-of-range marks a reading at the device's limit. food: `nutrition.carbohydrate.net`, `protein.total`, `fat.total`
in grams; wizard (bolus calculator): `carbInput` in grams. bolus: `normal` and `extended` units; insulin (pen):
`dose.total`. basal: `rate` in units per hour over `duration` in ms. physicalActivity: `duration` and
`reportedIntensity`. Source: Tidepool's developer documentation, Device Data Types and Data API v1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import clock, number
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.jsonstream import Object, Objects

TYPES = (
    "cbg|smbg|food|wizard|bolus|insulin|basal|physicalActivity|upload|pumpSettings|cgmSettings|deviceEvent|"
    "dosingDecision|bloodKetone|reportedState|controllerSettings|controllerStatus|cgmStatus|pumpStatus|alert|water|"
    "urinalysis|automated"
)
_TYPE = re.compile(rb'"type"\s*:\s*"(?:' + TYPES.encode() + rb')"')
_NIGHTSCOUT = re.compile(rb'"(?:sgv|mbg|eventType|dateString)"\s*:')
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "milliseconds": 0.001}
# how much a dose of each acting type is of which kind: Tidepool, insulin formulation, actingType
_ACTING = {"rapid": "fast", "short": "fast", "intermediate": "basal", "long": "basal"}
_INTENSITY = {"low": "light", "medium": "moderate", "high": "vigorous"}
_FAMILIES = (("dex", "dexcom"), ("libre", "libre"))


def is_export(head: bytes) -> bool:
    """Whether a JSON file begins as Tidepool's data do."""
    return _TYPE.search(head) is not None and _NIGHTSCOUT.search(head) is None


class Tidepool:
    """The data of one export."""

    name = "Tidepool"

    def __init__(self, source: Objects, how: How) -> None:
        self.source = source
        self.notes: tuple[str, ...] = ()

    def items(self) -> Iterator[Item]:
        """Every object as readings, events, kept aside or ignored."""
        for found in self.source:
            if not isinstance(found, Object):
                yield found
                continue
            try:
                yield from self._read(found)
            except ParseError as err:
                yield Aside(self.source.name, found.line, "", found.raw, err.what, err.fix)

    def _read(self, found: Object) -> Iterator[Item]:
        kind = str(found.value.get("type") or "")
        if kind in ("cbg", "smbg"):
            yield _reading(found, kind)
        elif kind in _EVENTS:
            made = list(_EVENTS[kind](found.value))
            if not made:
                yield Ignored(f"{kind} entries without an amount")
            for name, amounts, words in made:
                yield _event(found, name, amounts, words)
        elif kind:
            yield Ignored(f"{kind} entries")
        else:
            raise ParseError("an object without a type", fix="export the data from Tidepool as JSON again")


Amounts = dict[str, tuple[float, str]]
Made = tuple[str, Amounts, dict[str, str]]


def _reading(found: Object, kind: str) -> Timed:
    entry = found.value
    wall, offset = _when(entry)
    unit = number.unit_in(str(entry.get("units") or ""))
    if not unit:
        raise ParseError(f"{kind} without its unit", fix="export it with units mmol/L or mg/dL")
    device = str(entry.get("deviceId") or "")
    sensor = "fingerstick" if kind == "smbg" else _family(device)
    out = _beyond(entry)
    value, limit = number.glucose(str(entry.get("value", "")), unit, "" if out else sensor)
    what = BLOOD if kind == "smbg" else INTERSTITIAL
    body = Reading(wall, 0, what, value, unit, sensor, "", out or limit, None, found.line, found.raw)
    return Timed(wall, offset, kind, None, body)


def _event(found: Object, name: str, amounts: Amounts, words: dict[str, str]) -> Timed:
    wall, offset = _when(found.value)
    own = f"{found.value.get('id') or ''}"
    body = Event(wall, 0, name, amounts, words, own, None, found.line, found.raw)
    return Timed(wall, offset, "events", None, body)


def _food(entry: Mapping[str, Any]) -> Iterator[Made]:
    nutrition = entry.get("nutrition") or {}
    amounts: Amounts = {}
    for name, key in (("carbohydrate", "net"), ("protein", "total"), ("fat", "total")):
        part = nutrition.get(name) or {}
        if part.get(key):
            if part.get("units", "grams") != "grams":
                raise ParseError(f"{name} in '{part['units']}'", fix="give it in grams")
            amounts[name] = (number.number(str(part[key])), "g")
    fibre = (nutrition.get("carbohydrate") or {}).get("dietaryFiber")
    if fibre:
        amounts["fibre"] = (number.number(str(fibre)), "g")
    if amounts:
        yield "Meal", {"carbohydrate": (0.0, "g"), **amounts}, {}


def _wizard(entry: Mapping[str, Any]) -> Iterator[Made]:
    if entry.get("carbInput"):
        unit = str(entry.get("carbUnits") or "grams")
        if unit != "grams":
            raise ParseError(f"carbohydrate in '{unit}'", fix="give it in grams: an exchange is 10 to 15 g by country")
        yield "Meal", {"carbohydrate": (number.number(str(entry["carbInput"])), "g")}, {}


def _bolus(entry: Mapping[str, Any]) -> Iterator[Made]:
    given = [number.number(str(entry[k])) for k in ("normal", "extended") if entry.get(k)]
    if given:  # the part that is given over hours is told as given at once: noted by the kind's own delay
        yield "Insulin", {"units": (sum(given), "[iU]")}, {"formulation": "fast"}


def _pen(entry: Mapping[str, Any]) -> Iterator[Made]:
    total = (entry.get("dose") or {}).get("total")
    if total:
        simple = (entry.get("formulation") or {}).get("simple") or {}
        acting = str(simple.get("actingType") or "rapid")
        yield "Insulin", {"units": (number.number(str(total)), "[iU]")}, {"formulation": _ACTING.get(acting, "fast")}


def _basal(entry: Mapping[str, Any]) -> Iterator[Made]:
    if entry.get("duration") and entry.get("rate") is not None:
        seconds = number.number(str(entry["duration"])) / 1000
        rate = number.number(str(entry["rate"]))
        yield "Basal", {"rate": (rate, "[iU]/h"), "duration": (seconds, "s")}, {}


def _activity(entry: Mapping[str, Any]) -> Iterator[Made]:
    duration = entry.get("duration") or {}
    if not duration.get("value"):
        return
    unit = str(duration.get("units") or "")
    if unit not in _SECONDS:
        raise ParseError(f"a duration in '{unit}'", fix="give seconds, minutes or hours")
    seconds = number.number(str(duration["value"])) * _SECONDS[unit]
    said = str(entry.get("reportedIntensity") or "").lower()
    words = {"intensity": _INTENSITY[said]} if said in _INTENSITY else {}
    yield "Exercise", {"duration": (seconds, "s")}, words


_EVENTS = {
    "food": _food,
    "wizard": _wizard,
    "bolus": _bolus,
    "insulin": _pen,
    "basal": _basal,
    "physicalActivity": _activity,
}


def _when(entry: Mapping[str, Any]) -> tuple[int, int | None]:
    """(wall us, offset s): UTC with the subject's offset where it is said, else the device's own local time."""
    said, device = str(entry.get("time") or ""), str(entry.get("deviceTime") or "")
    if not (said or device):
        raise ParseError("has no time", fix="export it with time")
    if not said:
        return clock.read(device)
    wall, offset = clock.read(said)
    minutes = entry.get("timezoneOffset")
    if offset == 0 and isinstance(minutes, int) and abs(minutes) <= 14 * 60:
        return wall + minutes * 60_000_000, minutes * 60
    return wall, offset


def _beyond(entry: Mapping[str, Any]) -> int:
    """-1 or +1 where the device said that glucose was beyond its limit."""
    notes = entry.get("annotations")
    for note in notes if isinstance(notes, list) else []:
        if isinstance(note, dict) and note.get("code") == "bg/out-of-range":
            return -1 if note.get("value") == "low" else 1
    return 0


def _family(device: str) -> str:
    low = device.lower()
    return next((family for word, family in _FAMILIES if word in low), "cgm")
