"""What is charted of a patient in intensive care: names, units, LOINC codes, and limits of what can be true.

`rest`: the middle of an adult's reference range. `sd`: of one reading about the patient's own recent level (assumed).
`low`, `high`: no living adult's monitor or laboratory shows less or more; beyond them a value is kept and not believed
(assumed, wide). `more`: which direction means sicker, where medicine knows one direction for the whole range, else 0.
Columns of data sets: PhysioNet 2012 (Silva et al., Comput Cardiol 2012;39:245) and the hourly demo tables of YAIB (van
de Water et al., ICLR 2024), whose units are those of ricu (Bennett et al., GigaScience 2023;12:giad041).
"""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core.quantity import Observable


@dataclass(frozen=True)
class Channel:
    """One thing that is charted; physionet: its parameters there; demo: its column there, times `demo_scale`."""

    name: str
    unit: str
    code: str
    rest: float
    sd: float
    low: float
    high: float
    more: int = 0
    physionet: tuple[str, ...] = ()
    scale: float = 1.0
    demo: str = ""
    meaning: str = ""

    @property
    def observable(self) -> Observable:
        """As a kind declares it: the last value seen."""
        return Observable(
            self.name, self.unit, self.code, low=self.low, high=self.high, meaning=self.meaning or self.name
        )


MMHG = "mm[Hg]"
VITALS = (
    Channel("heart_rate", "/min", "8867-4", 80, 8, 10, 260, 0, ("HR",), 1, "hr", "heart rate"),
    Channel("systolic", MMHG, "8480-6", 120, 12, 30, 280, 0, ("SysABP", "NISysABP"), 1, "sbp", "systolic pressure"),
    Channel("diastolic", MMHG, "8462-4", 65, 8, 10, 180, 0, ("DiasABP", "NIDiasABP"), 1, "dbp", "diastolic pressure"),
    Channel("mean_pressure", MMHG, "8478-0", 82, 9, 15, 220, 0, ("MAP", "NIMAP"), 1, "map", "mean arterial pressure"),
    Channel("respiratory_rate", "/min", "9279-1", 18, 3, 2, 80, 0, ("RespRate",), 1, "resp", "breaths"),
    Channel("spo2", "%", "59408-5", 97, 1.5, 40, 100, -1, ("SaO2",), 1, "o2sat", "oxygen saturation"),
    Channel("temperature", "Cel", "8310-5", 36.9, 0.3, 25, 43.5, 0, ("Temp",), 1, "temp", "body temperature"),
    Channel("gcs", "{score}", "9269-2", 15, 1, 3, 15, -1, ("GCS",), 1, "", "Glasgow coma score"),
    Channel("urine", "mL", "9187-6", 90, 60, 0, 3000, 0, ("Urine",), 1, "urine", "urine passed since the last entry"),
    Channel("fio2", "%", "19994-3", 21, 5, 21, 100, 1, ("FiO2",), 100, "fio2", "inspired oxygen"),
)
TREATMENT = (
    Channel("ventilated", "1", "", 0, 0.1, 0, 1, 1, ("MechVent",), 1, "", "1: mechanical ventilation is charted"),
    Channel("arterial_line", "1", "", 0, 0.1, 0, 1, 0, ("MAP",), 0, "", "a pressure read from an arterial line"),
    Channel("weight", "kg", "29463-7", 80, 2, 25, 300, 0, ("Weight",), 1, "", "body weight"),
)
LABS = (
    Channel("ph", "1", "2744-1", 7.40, 0.03, 6.5, 7.9, 0, ("pH",), 1, "ph", "arterial pH"),
    Channel("pco2", MMHG, "2019-8", 40, 4, 8, 200, 0, ("PaCO2",), 1, "pco2", "arterial carbon dioxide"),
    Channel("po2", MMHG, "2703-7", 95, 20, 20, 600, 0, ("PaO2",), 1, "po2", "arterial oxygen"),
    Channel("bicarbonate", "mmol/L", "1963-8", 25, 1.5, 2, 60, 0, ("HCO3",), 1, "bicar", "bicarbonate"),
    Channel("base_excess", "mmol/L", "1925-7", 0, 1.5, -35, 35, 0, (), 1, "be", "base excess"),
    Channel("bun", "mg/dL", "3094-0", 14, 2, 1, 250, 1, ("BUN",), 1, "bun", "urea nitrogen"),
    Channel("creatinine", "mg/dL", "2160-0", 0.9, 0.1, 0.1, 25, 1, ("Creatinine",), 1, "crea", "creatinine"),
    Channel("sodium", "mmol/L", "2951-2", 139, 1.5, 95, 190, 0, ("Na",), 1, "na", "sodium"),
    Channel("potassium", "mmol/L", "2823-3", 4.1, 0.3, 1.2, 10, 0, ("K",), 1, "k", "potassium"),
    Channel("chloride", "mmol/L", "2075-0", 103, 2, 60, 150, 0, (), 1, "cl", "chloride"),
    Channel("calcium", "mg/dL", "17861-6", 9.2, 0.3, 3, 18, 0, (), 1, "ca", "calcium"),
    Channel("magnesium", "mg/dL", "19123-9", 2.0, 0.2, 0.4, 10, 0, ("Mg",), 1, "mg", "magnesium"),
    Channel("phosphate", "mg/dL", "2777-1", 3.5, 0.4, 0.2, 20, 0, (), 1, "phos", "phosphate"),
    Channel("glucose", "mg/dL", "2345-7", 110, 20, 10, 1500, 0, ("Glucose",), 1, "glu", "glucose"),
    Channel("lactate", "mmol/L", "2524-7", 1.2, 0.3, 0.1, 35, 1, ("Lactate",), 1, "lact", "lactate"),
    Channel("wbc", "10*3/uL", "6690-2", 8, 1.5, 0, 400, 0, ("WBC",), 1, "wbc", "white cells"),
    Channel("platelets", "10*3/uL", "777-3", 240, 25, 1, 2000, -1, ("Platelets",), 1, "plt", "platelets"),
    Channel("hematocrit", "%", "4544-3", 40, 2, 5, 75, 0, ("HCT",), 1, "", "haematocrit"),
    Channel("hemoglobin", "g/dL", "718-7", 13.5, 0.7, 2, 25, 0, (), 1, "hgb", "haemoglobin"),
    Channel("bilirubin", "mg/dL", "1975-2", 0.7, 0.15, 0, 80, 1, ("Bilirubin",), 1, "bili", "bilirubin, total"),
    Channel("ast", "U/L", "1920-8", 25, 5, 1, 30000, 1, ("AST",), 1, "ast", "aspartate aminotransferase"),
    Channel("alt", "U/L", "1742-6", 25, 5, 1, 30000, 0, ("ALT",), 1, "alt", "alanine aminotransferase"),
    Channel("alp", "U/L", "6768-6", 75, 8, 1, 5000, 0, ("ALP",), 1, "alp", "alkaline phosphatase"),
    Channel("albumin", "g/dL", "1751-7", 4.0, 0.2, 0.5, 7, -1, ("Albumin",), 1, "alb", "albumin"),
    Channel("inr", "1", "6301-6", 1.1, 0.1, 0.5, 25, 1, (), 1, "inr_pt", "prothrombin time ratio"),
    Channel("ptt", "s", "3173-2", 30, 3, 10, 250, 0, (), 1, "ptt", "partial thromboplastin time"),
    Channel("troponin_t", "ug/L", "6598-7", 0.01, 0.01, 0, 100, 1, ("TroponinT",), 1, "tnt", "troponin T"),
    Channel("troponin_i", "ug/L", "10839-9", 0.02, 0.02, 0, 500, 1, ("TroponinI",), 1, "", "troponin I"),
)
CHANNELS = (*VITALS, *TREATMENT, *LABS)
BY_NAME = {c.name: c for c in CHANNELS}


def believable(name: str, value: float) -> bool:
    """Whether a value lies between the limits of its channel."""
    return BY_NAME[name].low <= value <= BY_NAME[name].high
