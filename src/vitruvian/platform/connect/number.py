"""Numbers and glucose values as exports write them. What could be read in two ways is refused."""

from __future__ import annotations

import re

from vitruvian.core.errors import ParseError
from vitruvian.core.units import convert

MG, MMOL = "mg/dL", "mmol/L"
# What glucose meters and sensors report, mg/dL: 20 to 600 (range of blood glucose meters; sensors 40 to 400 or 500)
LOWEST, HIGHEST = 20.0, 600.0
# Reporting limits, mg/dL: Dexcom Web API ("estimated glucose values"): 40 to 400, 39 and 401 stand for below and above;
# FreeStyle Libre: 40 to 500, 400 in the US and Canada (user manuals). A value at the limit means: at or beyond it.
LIMITS = {"dexcom": (40.0, 400.0), "libre": (40.0, 500.0), "libre_scan": (40.0, 500.0)}
LIBRE_US_HIGH = 400.0
_BY = {"dexcom": "a Dexcom", "libre": "a Libre", "libre_scan": "a Libre", "fingerstick": "a meter"}
LOW, HIGH = ("low", "lo", "below range"), ("high", "hi", "above range")

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d{1,2}", re.ASCII)
_UNITS = {MG: r"mg\s*[/_ ]?\s*d\s*l", MMOL: r"mmol\s*[/_ ]?\s*l"}


def unit_in(name: str) -> str:
    """The glucose unit that a column's name or a field states: mg/dL, mmol/L or "" (none, or both)."""
    found = [unit for unit, form in _UNITS.items() if re.search(form + r"(?![a-z])", name, re.IGNORECASE)]
    return found[0] if len(found) == 1 else ""


def unit_of_column(name: str, said: str, where: str) -> str:
    """The unit of a glucose column by its name or by what the user said; never a guess."""
    found = unit_in(name)
    if found and said and found != said:
        raise ParseError(
            f"column '{name}' says {found}, you said {said}", where=where, fix=f"leave the unit out, or say {found}"
        )
    if not (found or said):
        raise ParseError(
            f"column '{name}' does not say its unit",
            where=where,
            fix="say the unit, mg/dL or mmol/L: --unit, in Python unit=",
        )
    return found or said


def without_unit(name: str) -> str:
    """A column's name without its unit and brackets."""
    for form in _UNITS.values():
        name = re.sub(r"[(\[]?\s*" + form + r"(?![a-z])\s*[)\]]?", " ", name, flags=re.IGNORECASE)
    return re.sub(r"[\s_\-]+", " ", name).strip()


def number(text: str) -> float:
    """A plain decimal number; a decimal comma is read, a thousands separator is not."""
    if _NUMBER.fullmatch(text):
        return float(text)
    if _COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    raise ParseError(f"'{text[:40]}' is not a number", fix="write digits and one decimal point")


def glucose(text: str, unit: str, sensor: str) -> tuple[float, int]:
    """(value in `unit`, limit flag) of a reading; ParseError says what is wrong with it."""
    word = text.lower()
    if word in LOW or word in HIGH:
        return _beyond(word in HIGH, unit, sensor)
    if text[:1] in "<>":
        return number(text[1:].lstrip("= ")), -1 if text[0] == "<" else 1
    value = number(text)
    mg = value if unit == MG else convert(value, MMOL, MG, "glucose")
    if sensor == "dexcom" and round(mg) in (39, 401):
        return _beyond(mg > 100, unit, sensor)
    low, high = LIMITS.get(sensor, (LOWEST, HIGHEST))
    slack = 1.0 if unit == MMOL else 0.0  # 2.2 mmol/L is 39.6 mg/dL, 27.8 is 500.8
    if not low - slack <= mg <= high + slack:
        raise ParseError(
            f"{text} {unit} is outside what {_BY.get(sensor, 'a sensor or meter')} reports ({_range(low, high, unit)})",
            fix=f"check the unit: is it {MMOL if unit == MG else MG}?",
        )
    return value, _at_limit(mg, sensor)


def _at_limit(mg: float, sensor: str) -> int:
    if not sensor.startswith("libre"):
        return 0
    low, high = LIMITS["libre"]
    return -1 if mg <= low else 1 if mg >= high - 1.0 or abs(mg - LIBRE_US_HIGH) < 0.5 else 0


def _beyond(high: bool, unit: str, sensor: str) -> tuple[float, int]:
    if sensor not in LIMITS:
        raise ParseError(
            f"'{'High' if high else 'Low'}' without the sensor's limit", fix="write the limit, e.g. <40 or >400"
        )
    mg = LIMITS[sensor][high]
    value = mg if unit == MG else round(convert(mg, MG, MMOL, "glucose"), 1)
    return value, 1 if high else -1


def _range(low: float, high: float, unit: str) -> str:
    if unit == MG:
        return f"{low:g} to {high:g} {unit}"
    return f"{convert(low, MG, MMOL, 'glucose'):.1f} to {convert(high, MG, MMOL, 'glucose'):.1f} {unit}"
