"""Units: UCUM strings, converted once at the boundary by pint; analyte conversions are declared with their source."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from vitruvian.core.errors import UnitError

# molar mass, g/mol: PubChem CID 5793 (glucose), 5997 (cholesterol), 5991-type triolein convention (triglycerides),
# 16157840 (human C-peptide, 31 residues)
MOLAR_MASS = {"glucose": 180.156, "cholesterol": 386.65, "triglycerides": 885.4, "c_peptide": 3020.3}
# insulin: 1 mIU/L = 6.00 pmol/L, WHO standard 83/500 (Knopp et al., J Diabetes Sci Technol 2019;13:597)
INSULIN_PMOL_PER_MIU = 6.00
# HbA1c: NGSP % = 0.09148 IFCC + 2.152 (IFCC-NGSP master equation, Hoelzel et al., Clin Chem 2004;50:166)
HBA1C_SLOPE, HBA1C_OFFSET = 0.09148, 2.152

_MASS = {"g/L": 1.0, "g/dL": 10.0, "mg/dL": 0.01, "mg/L": 1e-3, "ug/mL": 1e-3}  # in g/L
_SUBSTANCE = {"mol/L": 1.0, "mmol/L": 1e-3, "umol/L": 1e-6}  # in mol/L

# atoms of ucum.org, table 3 on; metric ones take a prefix, all an exponent
_EVERYDAY = re.compile(
    r"(?:\d+|%|min|h|d|wk|mo|a|Cel|(?:[munpkMGdc]|da)?"
    r"(?:g|L|l|m|s|mol|eq|osm|Pa|Hz|N|J|W|V|A|K|Ohm|S|F|C|cal|\[iU\]|U|m\[Hg\]))(?:-?\d)?"
)

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

_SPOKEN = {  # how people and exports write units -> UCUM
    "%": "%",
    "bpm": "/min",
    "mmhg": "mm[Hg]",
    "mg/dl": "mg/dL",
    "mmol/l": "mmol/L",
    "u": "[iU]",
    "iu": "[iU]",
    "units": "[iU]",
    "uiu/ml": "u[iU]/mL",
    "miu/l": "m[iU]/L",
    "c": "Cel",
    "lb": "[lb_av]",
    "in": "[in_i]",
}


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # lazy: pint and lark cost 0.5 s

    return PintUcumRegistry(cache_folder=None)


@cache
def parse(unit: str) -> Any:
    """The pint unit of a UCUM string; raises UnitError when it is none."""
    text = _bare(unit)
    if text in ("1", "%"):
        return _registry().Unit("percent" if text == "%" else "dimensionless")
    try:
        return _registry().from_ucum(text).units
    except Exception as err:
        raise UnitError(f"'{unit}' is not a UCUM unit", fix="write it as in ucum.org, e.g. mg/dL, /min, [iU]") from err


def _bare(unit: str) -> str:
    """Without annotations: {beats}/min is 1/min, mL/min/{1.73_m2} is mL/min/1."""
    alone = re.sub(r"(^|[./])\{[^}]*\}", r"\g<1>1", unit.strip())
    return re.sub(r"\{[^}]*\}", "", alone) or "1"


def check(unit: str) -> None:
    """Raise UnitError unless this is a UCUM unit; units of everyday atoms are recognised without loading pint."""
    flat = re.sub(r"\(([^()]+)\)", r"\1", _bare(unit))  # whether brackets change the meaning does not matter here
    terms = re.split(r"[./]", flat)
    if terms[0] == "" and len(terms) > 1:  # "/min"
        terms = terms[1:]
    if not all(_EVERYDAY.fullmatch(term) for term in terms):
        parse(unit)


def spoken(unit: str) -> str:
    """UCUM for a unit as people write it ("mg/dl", "bpm"); unknown text is returned unchanged."""
    return _SPOKEN.get(unit.strip().lower(), unit.strip())


def factor(source: str, target: str, analyte: str = "") -> tuple[float, float]:
    """(slope, offset) with value_target = slope * value_source + offset."""
    if source == target:
        return 1.0, 0.0
    if source in _SECONDS and target in _SECONDS:  # times and rates convert without loading pint
        return _SECONDS[source] / _SECONDS[target], 0.0
    if source[:1] == target[:1] == "/" and source[1:] in _SECONDS and target[1:] in _SECONDS:
        return _SECONDS[target[1:]] / _SECONDS[source[1:]], 0.0
    if analyte == "hba1c":
        if (source, target) == ("mmol/mol", "%"):
            return HBA1C_SLOPE, HBA1C_OFFSET
        if (source, target) == ("%", "mmol/mol"):
            return 1 / HBA1C_SLOPE, -HBA1C_OFFSET / HBA1C_SLOPE
    if analyte in MOLAR_MASS and (bridge := _molar(source, target, MOLAR_MASS[analyte])):
        return bridge, 0.0
    if analyte == "insulin" and (bridge := _insulin(source, target)):
        return bridge, 0.0
    ureg = _registry()
    try:
        zero = ureg.Quantity(0.0, parse(source)).to(parse(target)).magnitude
        one = ureg.Quantity(1.0, parse(source)).to(parse(target)).magnitude
    except UnitError:
        raise
    except Exception as err:
        of = f" of {analyte}" if analyte else ""
        raise UnitError(
            f"cannot convert '{source}' to '{target}'{of}", fix="give the value in the second unit"
        ) from err
    return float(one - zero), float(zero)


def convert(value: Any, source: str, target: str, analyte: str = "") -> Any:
    """Convert a number or array between UCUM units, by analyte where mass and substance meet."""
    slope, offset = factor(source, target, analyte)
    return value * slope + offset


def _dimension(unit: str) -> str:
    return str(_registry().Quantity(1.0, parse(unit)).dimensionality)


def _molar(source: str, target: str, grams: float) -> float:
    if source in _SUBSTANCE and target in _MASS:  # what every glucose export needs, without loading pint
        return _SUBSTANCE[source] * grams / _MASS[target]
    if source in _MASS and target in _SUBSTANCE:
        return _MASS[source] / grams / _SUBSTANCE[target]
    ureg = _registry()
    mass, substance = "[mass] / [length] ** 3", "[substance] / [length] ** 3"
    kinds = (_dimension(source), _dimension(target))
    if kinds == (mass, substance):
        return float(ureg.Quantity(1.0, parse(source)).to("g/L").magnitude / grams) / _to("mol/L", target)
    if kinds == (substance, mass):
        return float(ureg.Quantity(1.0, parse(source)).to("mol/L").magnitude * grams) / _to("g/L", target)
    return 0.0


def _to(base: str, unit: str) -> float:
    return float(_registry().Quantity(1.0, parse(unit)).to(base).magnitude)


def _insulin(source: str, target: str) -> float:
    miu = {"m[iU]/L": 1.0, "u[iU]/mL": 1.0, "[iU]/L": 1000.0}
    pmol = {"pmol/L": 1.0, "nmol/L": 1000.0}
    if source in miu and target in pmol:
        return miu[source] * INSULIN_PMOL_PER_MIU / pmol[target]
    if source in pmol and target in miu:
        return pmol[source] / INSULIN_PMOL_PER_MIU / miu[target]
    return 0.0
