"""Nightscout's entries and treatments, as JSON (an array, one object a line, API v3's wrapper) or as CSV.

Entries: `date` in ms of UTC, `dateString`, `type` sgv (sensor) or mbg (meter), the value in mg/dL whatever the screen
shows; sgv below 39 is a Dexcom error code, 39 means low and 401 high. Treatments: `created_at` (ISO with offset),
`carbs`, `protein`, `fat` in g, `insulin` in units, `duration` in minutes, `eventType`. The id's first four bytes are
the second in which the server stored the row: when it became known. Sources: cgm-remote-monitor,
lib/server/swagger.yaml, lib/plugins/errorcodes.js and careportal.js; MongoDB, ObjectId.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import clock, number
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.jsonstream import Object, Objects
from vitruvian.platform.connect.table import Row, Table, plain

ERROR_CODES = 39  # below: errorcodes.js
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
LATE_S = 900  # stored so much later than measured: known only then; less is the delay of upload
# The text and CSV forms of older servers have no header: dateString, date, sgv, direction, device.
HEADERLESS = ("dateString", "date", "sgv", "direction", "device")


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are the columns of exported entries or treatments."""
    names = {plain(f) for f in fields}
    entries = bool(names & {"sgv", "mbg"}) and bool(names & {"date", "datestring"})
    return entries or {"eventtype", "created at"} <= names


def is_headerless(fields: Sequence[str]) -> bool:
    """Whether a first row is an entry in the server's own text form."""
    return (
        len(fields) >= 3 and ":" in fields[0] and len(fields[1]) == 13 and fields[1].isdigit() and fields[2].isdigit()
    )


class Nightscout:
    """The entries and treatments of one file."""

    name = "Nightscout"

    def __init__(self, source: Objects | Table, how: How) -> None:
        self.source, self.how = source, how
        self.notes: tuple[str, ...] = ()
        self._file = source.name if isinstance(source, Objects) else source.file
        if how.unit not in ("", number.MG):
            raise ParseError(
                f"Nightscout stores mg/dL, you said {how.unit}", where=self._file, fix="leave the unit out"
            )

    def items(self) -> Iterator[Item]:
        """Every object as readings, events, kept aside or ignored."""
        for found in self._objects():
            if not isinstance(found, Object):
                yield found
                continue
            try:
                yield from self._read(found)
            except ParseError as err:
                yield Aside(self._file, found.line, "", found.raw, err.what, err.fix)

    def _objects(self) -> Iterator[Object | Aside | Ignored]:
        if isinstance(self.source, Objects):
            for found in self.source:
                plain_values = {k: _bare(v) for k, v in found.value.items()} if isinstance(found, Object) else {}
                yield found._replace(value=plain_values) if isinstance(found, Object) else found
            return
        names, cut = self.source.header, Cut(self.source)
        for row in self.source.rows():
            if not isinstance(row, Row):
                yield row
            elif (broken := cut.broken(row)) is not None:
                yield broken
            else:
                values = {n: v for n, v in zip(names, row.fields, strict=False) if v not in ("", "null", "undefined")}
                yield Object(row.line, values, row.raw)

    def _read(self, found: Object) -> Iterator[Item]:
        entry = found.value
        if "sgv" in entry or "mbg" in entry:
            yield self._reading(found, "mbg" if "sgv" not in entry else "sgv")
        elif entry.get("eventType") is not None or "created_at" in entry:
            yield from self._treatment(found)
        elif entry.get("type") == "cal":
            yield Ignored("calibration entries")
        else:
            raise ParseError("neither an entry nor a treatment", fix="export entries and treatments only")

    def _reading(self, found: Object, kind: str) -> Timed:
        entry = found.value
        wall, offset = _when(entry, ("date", "mills", "dateString", "sysTime"))
        device = str(entry.get("device") or "")
        sensor = "fingerstick" if kind == "mbg" else _family(device)
        text = str(entry[kind])
        value = number.number(text)
        if value < ERROR_CODES and "." in text:
            raise ParseError(
                f"{text} is no value in mg/dL, which is what Nightscout stores",
                fix="name the unit: give it as CSV with a column 'glucose (mmol/L)'",
            )
        if kind == "sgv" and value < ERROR_CODES:
            raise ParseError(f"sgv {text} is an error code of the sensor, no glucose", fix="nothing to do")
        if kind == "sgv" and value in (39, 401):  # Dexcom's low and high, passed on for every sensor
            sensor_limits, limit = number.LIMITS["dexcom"], 1 if value == 401 else -1
            value = sensor_limits[limit == 1]
        else:
            value, limit = number.glucose(text, number.MG, sensor if sensor != "dexcom" else "")
        what = BLOOD if kind == "mbg" else INTERSTITIAL
        known = _known(entry, wall, offset)
        # One site is one person's: what two uploaders say of one instant is one reading, so the device is left out.
        body = Reading(wall, 0, what, value, number.MG, sensor, "", limit, known, found.line, found.raw)
        return Timed(wall, offset, kind, None, body)

    def _finger(self, found: Object) -> Timed:
        entry = found.value
        units = str(entry.get("units") or "").lower()
        unit = number.MMOL if units == "mmol" else number.unit_in(units)
        if not unit:
            raise ParseError("a glucose check without its unit", fix="add units: mg/dL or mmol/L")
        wall, offset = _when(entry, ("mills", "created_at", "timestamp", "date"))
        value, limit = number.glucose(str(entry["glucose"]), unit, "fingerstick")
        known = _known(entry, wall, offset)
        body = Reading(wall, 0, BLOOD, value, unit, "fingerstick", "", limit, known, found.line, found.raw)
        return Timed(wall, offset, "mbg", None, body)

    def _treatment(self, found: Object) -> Iterator[Item]:
        entry = found.value
        kind = str(entry.get("eventType") or "")
        if kind == "BG Check" and entry.get("glucose"):
            yield self._finger(found)
            return
        wall, offset = _when(entry, ("mills", "created_at", "timestamp", "date"))
        made = {name: amounts for name, amounts in _amounts(entry, kind).items() if amounts}
        if not made:
            raise ParseError(f"'{kind}' carries nothing that is read", fix="nothing to do")
        own = str(entry.get("_id") or entry.get("identifier") or "")
        known = _known(entry, wall, offset)
        for name, amounts in made.items():
            words = {"eventType": kind} | ({"formulation": _formulation(entry)} if name == "Insulin" else {})
            body = Event(wall, 0, name, amounts, words, own, known, found.line, found.raw)
            yield Timed(wall, offset, "events", None, body)


def _bare(value: Any) -> Any:
    """MongoDB's extended JSON, {"$numberLong": "1501559880000"}, as the value it wraps."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("$"):
        return next(iter(value.values()))
    return value


def _amounts(entry: Mapping[str, Any], kind: str) -> dict[str, dict[str, tuple[float, str]]]:
    """What a treatment says was done, by type."""
    meal = {
        name: (number.number(str(entry[key])), "g")
        for key, name in (("carbs", "carbohydrate"), ("protein", "protein"), ("fat", "fat"))
        if entry.get(key) not in (None, "", 0, "0")
    }
    made = {"Meal": meal}
    if entry.get("insulin") not in (None, "", 0, "0"):
        made["Insulin"] = {"units": (number.number(str(entry["insulin"])), "[iU]")}
    if kind == "Exercise" and entry.get("duration"):
        made["Exercise"] = {"duration": (number.number(str(entry["duration"])), "min")}
    if kind.startswith("Temp Basal") and entry.get("duration"):
        rate = entry.get("absolute", entry.get("rate"))
        if rate is None:
            raise ParseError("a basal rate in percent of a profile that is not here", fix="export absolute rates")
        duration = (number.number(str(entry["duration"])), "min")
        made["Basal"] = {"rate": (number.number(str(rate)), "[iU]/h"), "duration": duration}
    return made


def _formulation(entry: Mapping[str, Any]) -> str:
    said = f"{entry.get('insulinType') or ''} {entry.get('notes') or ''} {entry.get('eventType') or ''}".lower()
    long_acting = (
        "lantus",
        "toujeo",
        "levemir",
        "tresiba",
        "basaglar",
        "degludec",
        "glargine",
        "detemir",
        "long-acting",
    )
    return "basal" if any(word in said for word in long_acting) else "fast"


def _when(entry: Mapping[str, Any], keys: Sequence[str]) -> tuple[int, int | None]:
    """(wall us, offset s) of the first of these keys that is there; local time when the row says its offset."""
    text = next((str(entry[k]) for k in keys if entry.get(k) not in (None, "")), "")
    if not text:
        raise ParseError("has no time", fix="export it with date or created_at")
    if re.fullmatch(r"\d{13}\.\d*", text):  # 1501559880000.0
        text = text.partition(".")[0]
    wall, offset = clock.read(text)
    minutes = entry.get("utcOffset")
    if offset == 0 and isinstance(minutes, int) and abs(minutes) <= 14 * 60:
        return wall + minutes * 60_000_000, minutes * 60
    return wall, offset


def _known(entry: Mapping[str, Any], wall: int, offset: int | None) -> int | None:
    """When the server stored the row, if that is clearly after its time."""
    own = str(entry.get("_id") or "")
    if offset is None or not _OBJECT_ID.fullmatch(own):
        return None
    stored_s, at_s = int(own[:8], 16), wall // 1_000_000 - offset
    return stored_s * 1_000_000 if stored_s - at_s > LATE_S else None


def _family(device: str) -> str:
    low = device.lower()
    if any(word in low for word in ("dexcom", "share2", "g5", "g6", "g7")):
        return "dexcom"
    return "libre" if "libre" in low else "cgm"
