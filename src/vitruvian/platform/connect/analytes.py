"""What laboratories and practices measure that a subject's fields hold: LOINC codes, names, conversions.

A field of a subject is filled by the analyte of its name, whatever the kind, in the field's own unit. Codes: LOINC
2.77, loinc.org. Per analyte, mass and substance meet by its own molar mass, HbA1c by the IFCC-NGSP equation
(core/units.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Analyte:
    """`name` is that of the subject's field; `bridge` what core.units converts it as; `note` is said where used."""

    name: str
    codes: tuple[str, ...]
    words: tuple[str, ...]
    bridge: str = ""
    note: str = ""


NOT_SAID = "insulin and C-peptide are taken as fasting: their codes do not say"
ANALYTES = (
    Analyte(
        "fasting_glucose",
        ("1558-6", "14771-0", "76629-5", "1556-0"),  # serum or plasma, mass and substance; capillary
        ("fasting glucose", "fasting plasma glucose", "fasting blood glucose", "fpg", "fbg", "glucose fasting"),
        "glucose",
    ),
    Analyte(
        "fasting_insulin",
        ("27873-9", "20448-7", "14796-9"),
        ("fasting insulin", "insulin", "insulin fasting", "serum insulin"),
        "insulin",
        NOT_SAID,
    ),
    Analyte(
        "c_peptide",
        ("42180-0", "1986-9"),
        ("c peptide", "fasting c peptide", "c peptide fasting", "cpeptide"),
        "c_peptide",
        NOT_SAID,
    ),
    Analyte(
        "hba1c",
        ("4548-4", "17856-6", "59261-8", "4549-2"),  # NGSP, by HPLC, IFCC, by electrophoresis
        ("hba1c", "a1c", "hb a1c", "hemoglobin a1c", "haemoglobin a1c", "glycated haemoglobin", "glycated hemoglobin"),
        "hba1c",
    ),
    Analyte(
        "total_cholesterol",
        ("2093-3", "14647-2"),
        ("total cholesterol", "cholesterol", "cholesterol total"),
        "cholesterol",
    ),
    Analyte(
        "ldl",
        ("18262-6", "13457-7", "2089-1", "22748-8", "39469-2", "69419-0"),
        ("ldl", "ldl cholesterol", "ldl c", "low density lipoprotein cholesterol", "ldl (cal)"),
        "cholesterol",
    ),
    Analyte(
        "hdl",
        ("2085-9", "14646-4"),
        ("hdl", "hdl cholesterol", "hdl c", "high density lipoprotein cholesterol"),
        "cholesterol",
    ),
    Analyte(
        "triglycerides",
        ("2571-8", "14927-8", "3043-7"),
        ("triglycerides", "triglyceride", "tg", "trigs"),
        "triglycerides",
    ),
    Analyte(
        "egfr",
        ("33914-3", "62238-1", "98979-8", "48642-3", "77147-7", "69405-9", "88293-6"),
        ("egfr", "gfr", "estimated glomerular filtration rate", "estimated gfr"),
    ),
    Analyte("weight", ("29463-7", "3141-9", "3142-7"), ("weight", "body weight", "body mass")),
    Analyte("height", ("8302-2", "3137-7", "3138-5"), ("height", "body height", "stature")),
)
BY_CODE = {code: a for a in ANALYTES for code in a.codes}
BY_WORD = {word: a for a in ANALYTES for word in (*a.words, a.name, a.name.replace("_", " "))}

# how laboratories write units that core.units does not know as spoken
_UNITS = {
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}",
    "ml/min/1.73 m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m²": "mL/min/{1.73_m2}",
    "ml/min/{1.73m2}": "mL/min/{1.73_m2}",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "ml/min": "mL/min/{1.73_m2}",  # an estimated rate is per 1.73 m2 of body surface by its formula (CKD-EPI, MDRD)
    "mmol/mol": "mmol/mol",
    "% (ngsp)": "%",
    "percent": "%",
    "pmol/l": "pmol/L",
    "nmol/l": "nmol/L",
    "ng/ml": "ng/mL",
    "ug/l": "ug/L",
    "mu/l": "m[iU]/L",
    "mu/ml": "m[iU]/mL",
    "uu/ml": "u[iU]/mL",
    "µu/ml": "u[iU]/mL",
    "µiu/ml": "u[iU]/mL",
    "miu/l": "m[iU]/L",
    "uiu/ml": "u[iU]/mL",
    "[iu]/l": "[iU]/L",
    "g/l": "g/L",
    "kg": "kg",
    "lbs": "[lb_av]",
    "lb": "[lb_av]",
    "m": "m",
    "cm": "cm",
    "inches": "[in_i]",
}


def ucum(unit: str) -> str:
    """UCUM for a unit as laboratories write it; unknown text is returned as it is."""
    from vitruvian.core.units import spoken

    return _UNITS.get(re.sub(r"\s+", " ", unit.strip().lower()), spoken(unit))


def named(text: str) -> Analyte | None:
    """The analyte of a name or a LOINC code."""
    bare = text.strip()
    if bare in BY_CODE:
        return BY_CODE[bare]
    words = re.sub(r"[\s_\-]+", " ", bare.lower()).strip()
    return BY_WORD.get(words) or BY_WORD.get(re.sub(r"\s*\([^)]*\)", "", words).strip())
