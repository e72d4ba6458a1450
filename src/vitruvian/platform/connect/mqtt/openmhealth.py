"""Data points of Open mHealth and IEEE 1752.1 as Observation resources: checked as their schemas say, coded by LOINC.

A data point is {"header": {id, creation_date_time, schema_id, ...}, "body": {measure: {value, unit}, ...}}. What a
schema leaves open (a time frame in early versions) is left open here. A statistic over time (average, maximum) is not
a reading: it is stored under a code of its own, which no twin takes for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir.coding import LOINC, UCUM
from vitruvian.platform.connect.fhir.values import span
from vitruvian.platform.instant import moment
from vitruvian.platform.store.chain import digest


@dataclass(frozen=True)
class Measure:
    """A schema: fields that hold values with their LOINC codes, {unit: UCUM}, and from which versions it is strict."""

    fields: Mapping[str, str]  # field -> LOINC
    units: Mapping[str, str]
    timed: float  # from this version on a time frame is required
    ieee: float = 99.0  # from this version on times are of IEEE 1752.1: no part of a day


_BEATS, _BREATHS = {"beats/min": "/min"}, {"breaths/min": "/min"}
_MASS = {"kg": "kg", "g": "g", "mg": "mg", "lb": "[lb_av]", "oz": "[oz_av]", "Metric Ton": "t"}
_LENGTH = {"m": "m", "cm": "cm", "mm": "mm", "km": "km", "in": "[in_i]", "ft": "[ft_i]", "yd": "[yd_i]", "mi": "[mi_i]"}
_TIMES = {"sec": "s", "min": "min", "h": "h"}
MEASURES = {
    "blood-glucose": Measure({"blood_glucose": "2339-0"}, {"mg/dL": "mg/dL", "mmol/L": "mmol/L"}, 3.0, 4.0),
    "blood-pressure": Measure(
        {"systolic_blood_pressure": "8480-6", "diastolic_blood_pressure": "8462-4"}, {"mmHg": "mm[Hg]"}, 3.0, 4.0
    ),
    "body-temperature": Measure({"body_temperature": "8310-5"}, {"C": "Cel", "F": "[degF]", "K": "K"}, 3.0, 4.0),
    "heart-rate": Measure({"heart_rate": "8867-4"}, _BEATS, 2.0),
    "oxygen-saturation": Measure({"oxygen_saturation": "59408-5"}, {"%": "%"}, 2.0),
    "respiratory-rate": Measure({"respiratory_rate": "9279-1"}, _BREATHS, 2.0),
    "rr-interval": Measure({"rr_interval": "8637-1"}, {"ms": "ms"}, 2.0),
    "body-weight": Measure({"body_weight": "29463-7"}, _MASS, 2.0, 3.0),
    "body-height": Measure({"body_height": "8302-2"}, _LENGTH, 2.0),
    "sleep-duration": Measure({"sleep_duration": "93832-4"}, _TIMES, 1.0),
    "step-count": Measure({"step_count": "55423-8"}, {"steps": "1"}, 1.0),
}
SINGLE = ("systolic-blood-pressure", "diastolic-blood-pressure")
# specimen -> LOINC of the mass and of the substance concentration; 99504-3 stands for both in interstitial fluid
SPECIMENS = {
    "interstitial fluid": ("99504-3", "99504-3"),
    "capillary blood": ("41653-7", "14743-9"),
    "plasma": ("2345-7", "14749-6"),
    "serum": ("2345-7", "14749-6"),
    "whole blood": ("2339-0", "15074-8"),
    "": ("2339-0", "15074-8"),
}
STATISTICS = (
    "average", "count", "maximum", "median", "minimum", "standard deviation", "sum", "variance", "20th percentile",
    "80th percentile", "lower quartile", "upper quartile", "quartile deviation", "1st quintile", "2nd quintile",
    "3rd quintile", "4th quintile",
)  # fmt: skip
WORDS = {
    "descriptive_statistic": STATISTICS,
    "specimen_source": (*[s for s in SPECIMENS if s], "tears"),
    "blood_specimen_type": ("plasma", "whole blood", "capillary blood", "interstitial fluid", "serum", "tears"),
    "temporal_relationship_to_meal": (
        "fasting", "not fasting", "before meal", "after meal", "before breakfast", "after breakfast", "before lunch",
        "after lunch", "before dinner", "after dinner", "2 hours postprandial", "with meal", "with food",
    ),
    "temporal_relationship_to_sleep": ("before sleeping", "during sleep", "on waking"),
    "temporal_relationship_to_physical_activity": (
        "at rest", "active", "before exercise", "after exercise", "during exercise",
    ),
    "system": ("peripheral capillary",),
    "oxygen_therapy_mode_of_administration": ("nasal cannula",),
    "measurement_method": ("pulse oximetry",),
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}", re.ASCII)
_VERSION = re.compile(r"(\d+\.\d+)(?:\.\w+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECONDS = {"ms": 1e-3, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}


def observation(point: Any, subject: str, received: str) -> dict[str, Any]:
    """The resource of a data point about Patient/subject; ParseError says where it breaks its schema."""
    header, body = _two(point)
    name, version = _schema(header)
    created = _header_time(header) or received
    checked(name, version, body)
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"omh-{digest(subject, _id(header))[:24]}",
        "status": "final",
        "subject": {"reference": f"Patient/{subject}"},
        "issued": created,
    }
    made |= _effective(body.get("effective_time_frame"))
    made |= _coded(name, body)
    source = header.get("acquisition_provenance", {}).get("source_name") if isinstance(header, dict) else None
    return made | ({"device": {"display": source}} if isinstance(source, str) and source.strip() else {})


def checked(name: str, version: float, body: Mapping[str, Any]) -> None:
    """ParseError where a body breaks the schema of this name and version."""
    measure = _measure(name)
    if not isinstance(body, dict):
        raise _wrong("body", "is not an object", "send the measure's fields")
    for field in measure.fields:
        _quantity(body, field, measure.units)
    if "supplemental_oxygen_flow_rate" in body:
        _quantity(body, "supplemental_oxygen_flow_rate", {"L/min": "L/min"})
    for field, words in WORDS.items():
        if field in body and body[field] not in words:
            raise _wrong(field, f"'{str(body[field])[:40]}' is not known", f"use one of {', '.join(words[:6])} ...")
    if "effective_time_frame" in body:
        _frame(body["effective_time_frame"], part_of_day=version < measure.ieee)
    elif version >= measure.timed:
        raise _wrong("effective_time_frame", "is missing", "send date_time or time_interval")


def _measure(name: str) -> Measure:
    if name in MEASURES:
        return MEASURES[name]
    if name in SINGLE:
        field = name.replace("-", "_")
        return Measure({field: MEASURES["blood-pressure"].fields[field]}, {"mmHg": "mm[Hg]"}, 99.0)
    raise _wrong("header.schema_id.name", f"the schema '{name[:60]}' is not read", f"use one of {', '.join(MEASURES)}")


def _two(point: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(point, dict) or not all(isinstance(point.get(part), dict) for part in ("header", "body")):
        raise _wrong("", "is no data point", "send an object with header and body")
    return point["header"], point["body"]


def _schema(header: Mapping[str, Any]) -> tuple[str, float]:
    said = header.get("schema_id")
    if not isinstance(said, dict):
        raise _wrong("header.schema_id", "is missing", "send namespace, name and version")
    name, version = said.get("name"), said.get("version")
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name) or found is None:
        raise _wrong("header.schema_id", "has no name and version", "e.g. heart-rate and 2.0")
    return name, float(found[1])


def _header_time(header: Mapping[str, Any]) -> str:
    for key in ("creation_date_time", "source_creation_date_time"):
        if key in header:
            return _instant(header[key], f"header.{key}")
    return ""


def _id(header: Mapping[str, Any]) -> str:
    said = header.get("id") or header.get("uuid")
    if isinstance(said, str) and said:
        return said
    raise _wrong("header.id", "is missing", "give every data point its own id")


def _quantity(body: Mapping[str, Any], field: str, units: Mapping[str, str]) -> None:
    held = body.get(field)
    if not isinstance(held, dict):
        raise _wrong(field, "is missing", f"send {field} with value and unit")
    value = held.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _wrong(f"{field}.value", "is not a number", "send a number without quotes")
    if held.get("unit") not in units:
        raise _wrong(f"{field}.unit", f"'{str(held.get('unit'))[:20]}' is not known", f"use {' or '.join(units)}")


def _frame(frame: Any, *, part_of_day: bool) -> None:
    where = "effective_time_frame"
    if not isinstance(frame, dict) or ("date_time" in frame) == ("time_interval" in frame):
        raise _wrong(where, "is neither a date_time nor a time_interval", "send one of them")
    if "date_time" in frame:
        _instant(frame["date_time"], f"{where}.date_time")
        return
    interval = frame["time_interval"]
    given = set(interval) if isinstance(interval, dict) else set()
    pairs = [{"start_date_time", "end_date_time"}, {"start_date_time", "duration"}, {"end_date_time", "duration"}]
    pairs += [{"date", "part_of_day"}] if part_of_day else []
    if sum(pair <= given for pair in pairs) != 1:
        raise _wrong(
            f"{where}.time_interval", "does not say when", "send two of start_date_time, end_date_time, duration"
        )
    for key in ("start_date_time", "end_date_time"):
        if key in interval:
            _instant(interval[key], f"{where}.time_interval.{key}")
    if "duration" in interval:
        _quantity(interval, "duration", dict.fromkeys((*_SECONDS, "ps", "ns", "us", "Mo", "yr"), ""))
    if "date" in interval and not _DATE.fullmatch(str(interval["date"])):
        raise _wrong(f"{where}.time_interval.date", "is no date", "e.g. 2026-03-01")


def _instant(text: Any, where: str) -> str:
    """With a zone; without one it is UTC, as the schema says."""
    found = span(text) if isinstance(text, str) and "T" in text else None
    if found is None:
        raise _wrong(where, f"'{str(text)[:40]}' is no date and time", "e.g. 2026-03-01T08:00:00Z")
    return text if text.endswith("Z") or text[-6] in "+-" else f"{text}Z"


def _effective(frame: Any) -> dict[str, Any]:
    if frame is None:
        return {}
    if "date_time" in frame:
        return {"effectiveDateTime": _seconds(_instant(frame["date_time"], ""))}
    interval = frame["time_interval"]
    if "date" in interval:
        return {"effectiveDateTime": interval["date"]}
    ends = {
        k: _seconds(_instant(interval[f"{k}_date_time"], "")) for k in ("start", "end") if f"{k}_date_time" in interval
    }
    length = interval.get("duration", {})
    if len(ends) == 1 and length.get("unit") in _SECONDS:
        step = timedelta(seconds=float(length["value"]) * _SECONDS[length["unit"]])
        (key, known), other = next(iter(ends.items())), "end" if "start" in ends else "start"
        at = datetime.fromisoformat(known) + (step if key == "start" else -step)
        ends[other] = at.isoformat()
    return {"effectivePeriod": {key: ends[key] for key in ("start", "end") if key in ends}}


def _seconds(text: str) -> str:
    """FHIR's times have seconds."""
    found = span(text)
    return text if text.count(":") > 2 or found is None else moment(found[0]).isoformat()


def _coded(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    measure = _measure(name)
    statistic = body.get("descriptive_statistic")
    values = {}
    for field, loinc in measure.fields.items():
        unit = measure.units[body[field]["unit"]]
        code = _glucose(body, unit) if field == "blood_glucose" else loinc
        coding = (
            {"system": LOINC, "code": code}
            if statistic is None
            else {"system": "urn:omh", "code": f"{name}:{statistic}"}
        )
        quantity = {"value": body[field]["value"], "unit": body[field]["unit"], "system": UCUM, "code": unit}
        values[field] = {"code": {"coding": [coding], "text": field.replace("_", " ")}, "valueQuantity": quantity}
    if len(values) == 1:
        return next(iter(values.values()))
    panel = {"coding": [{"system": LOINC, "code": "85354-9"}], "text": name.replace("-", " ")}
    return {"code": panel, "component": list(values.values())}


def _glucose(body: Mapping[str, Any], unit: str) -> str:
    said = body.get("specimen_source") or body.get("blood_specimen_type") or ""
    mass, substance = SPECIMENS.get(said, SPECIMENS[""])
    return substance if unit == "mmol/L" else mass


def _wrong(where: str, what: str, fix: str) -> ParseError:
    return ParseError(what, where=where or "data point", fix=fix)
