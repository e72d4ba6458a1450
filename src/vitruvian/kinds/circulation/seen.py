"""What is seen of a circulation: cuff, catheter, echo, MRI, ECG and wearable, with each sensor's noise and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core.case import Case
from vitruvian.core.kind import ContextOfUse, Envelope
from vitruvian.core.noise import Discrepancy, Gaussian, LogNormal
from vitruvian.core.quantity import Final, Maximum, Mean, Minimum, Observable, Quantity
from vitruvian.core.section import Section
from vitruvian.engines.jaxsetup import jnp
from vitruvian.kinds.circulation import parameters as par
from vitruvian.models.icu.doubt import Doubts

DAY = 86400.0

CONTEXT = ContextOfUse(
    "How will pulmonary pressure and the right ventricle be in months, and what would this drug, load or pacing do?",
    "clinicians and researchers who follow pulmonary hypertension or heart failure between visits",
    "medium: a wrong answer could delay an escalation, so none may be acted on without a clinician",
    "valve disease, shunts, arrhythmia, acute illness, dosing; research use only: no real patient was fitted yet",
)
ENVELOPE = Envelope(
    {
        "Patient.bsa": (1.4, 2.4),
        "Patient.age": (18, 85),
        "PDE5Inhibitor.dose": (0, 60),
        "Prostacyclin.dose": (0, 20),
        "Exercise.power": (0, 80),
        "Fluid.volume": (0, 1000),
    },
    "doses of the trials named in parameters.py; body sizes assumed",
)

OBSERVABLES = (
    Observable("sbp", "mm[Hg]", "8480-6", low=50, high=230, meaning="systolic blood pressure"),
    Observable("dbp", "mm[Hg]", "8462-4", low=25, high=150, meaning="diastolic blood pressure"),
    Observable("heart_rate", "/min", "8867-4", low=35, high=190, meaning="heart rate: at rest, or under the load"),
    Observable("qrs", "ms", "8633-0", low=80, high=260, meaning="QRS duration"),
    Observable("lv_edv", "mL", "8821-1", low=40, high=520, meaning="left ventricular end-diastolic volume"),
    Observable("lv_ef", "%", "10230-1", low=5, high=92, meaning="left ventricular ejection fraction"),
    Observable("rv_edv", "mL", "local:rv_edv", low=40, high=520, meaning="right ventricular end-diastolic volume"),
    Observable("rv_ef", "%", "local:rv_ef", low=3, high=92, meaning="right ventricular ejection fraction"),
    Observable("cardiac_output", "L/min", "8741-1", low=1, high=22, meaning="cardiac output"),
    Observable("mpap", "mm[Hg]", "8414-5", low=3, high=130, meaning="mean pulmonary artery pressure"),
    Observable("pasp", "mm[Hg]", "8440-0", low=5, high=230, meaning="systolic pulmonary artery pressure"),
    Observable("pawp", "mm[Hg]", "8587-8", low=-5, high=50, meaning="pulmonary wedge pressure: mean left atrial"),
    Observable("rap", "mm[Hg]", "8400-4", low=-5, high=40, meaning="mean right atrial pressure"),
    Observable("pvr", "mm[Hg].min/L", "8834-4", low=0, high=60, meaning="pulmonary vascular resistance: Wood units"),
    Observable("activity", "/d", "41950-7", low=50, high=60000, meaning="steps a day"),
)
QUANTITIES = (
    Quantity("mpap_mean", "mm[Hg]", "mean pulmonary artery pressure, average", "mpap", Mean()),
    Quantity("mpap_then", "mm[Hg]", "mean pulmonary artery pressure at the end", "mpap", Final()),
    Quantity("rv_ef_mean", "%", "right ventricular ejection fraction, average", "rv_ef", Mean()),
    Quantity("rv_ef_then", "%", "right ventricular ejection fraction at the end", "rv_ef", Final()),
    Quantity("lv_edv_mean", "mL", "left ventricular end-diastolic volume, average", "lv_edv", Mean()),
    Quantity("pawp_mean", "mm[Hg]", "pulmonary wedge pressure, average", "pawp", Mean()),
    Quantity("rate_mean", "/min", "heart rate, average", "heart_rate", Mean()),
    Quantity("rate_highest", "/min", "highest heart rate", "heart_rate", Maximum()),
    Quantity("output_highest", "L/min", "highest cardiac output", "cardiac_output", Maximum()),
    Quantity("qrs_shortest", "ms", "shortest QRS duration", "qrs", Minimum()),
)
NOISES = (
    Gaussian("sbp", "", sd=6.0),  # mmHg: within ISO 81060-2 (mean 5, sd 8), several readings averaged
    Gaussian("dbp", "", sd=4.0),  # mmHg: the same
    Gaussian("heart_rate", "", sd=3.0),  # /min, a wearable at rest: Bent et al., npj Digit Med 3:18 (2020)
    Gaussian("qrs", "", sd=6.0),  # ms: computer readings differ by 4 to 8, de Pooter 2017
    LogNormal("lv_edv", "", sigma=0.08),  # test-retest of echo, 3D 6 to 10 %: Thavendiranathan, JACC 61:77 (2013)
    Gaussian("lv_ef", "", sd=4.0),  # points: the same, 3D 5.6 % to 2D 10 % as limits
    LogNormal("rv_edv", "", sigma=0.06),  # MRI: Grothues, Am Heart J 147:218 (2004): 6.2 %
    Gaussian("rv_ef", "", sd=4.0),  # points, MRI: Grothues 2004, 8.3 % of 52
    LogNormal(
        "cardiac_output", "", sigma=0.08
    ),  # thermodilution, three in a row: Stetz, Am Rev Respir Dis 126:1001 (1982)
    Gaussian("mpap", "", sd=2.0),  # mmHg, a catheter from day to day: Rich, Circulation 71:1191 (1985), lower bound
    Gaussian("pasp", "", sd=8.0),  # mmHg, echo: Fisher, AJRCCM 179:615 (2009), limits near +-20 about half bias
    Gaussian("pawp", "", sd=2.0),  # mmHg: assumed
    Gaussian("rap", "", sd=1.5),  # mmHg: assumed
    LogNormal("activity", "", sigma=0.18),  # a week's mean of steps: assumed, Tudor-Locke 2005
)
DISCREPANCIES = {
    "mpap": Discrepancy(1.5, 60 * DAY, "assumed; the emulator's own error is 0.3 mmHg (evidence circ.emulator)"),
    "rv_ef": Discrepancy(1.5, 60 * DAY, "assumed; the emulator's own error is 0.6 points (evidence circ.emulator)"),
    "heart_rate": Discrepancy(2.0, 20 * DAY, "assumed: weeks differ"),
}


def of_beat(beat: Mapping[str, Any], values: Mapping[str, Any], th: Any, size: Any) -> dict[str, Any]:
    """Observables from a steady beat at 1.9 m2, its inputs, and the subject's size."""
    output = beat["stroke"] * values["rate"] * 1e-3 * size
    index = output / (1.9 * size)
    steps = th["habit"] * (index / 2.8) ** par.ACTIVE * jnp.exp(-par.BACK * jnp.maximum(beat["rap"] - 6.0, 0.0))
    return {
        "sbp": beat["sbp"],
        "dbp": beat["dbp"],
        "heart_rate": values["rate"],
        "qrs": par.QRS0 + par.QRS_DELAY * values["delay"],
        "lv_edv": beat["lv_edv"] * size,
        "lv_ef": 100.0 * beat["stroke"] / beat["lv_edv"],
        "rv_edv": beat["rv_edv"] * size,
        "rv_ef": 100.0 * beat["stroke"] / beat["rv_edv"],
        "cardiac_output": output,
        "mpap": beat["mpap"],
        "pasp": beat["pasp"],
        "pawp": beat["lap"],
        "rap": beat["rap"],
        "pvr": (beat["mpap"] - beat["lap"]) / output,
        "activity": steps,
    }


def sections(found: Doubts, case: Case) -> tuple[Section, ...]:
    """Of a report: the readings that are kept and not believed, each with why and what to do; none where all are."""
    meanings: dict[str, str] = {o.name: o.meaning.partition(":")[0] for o in OBSERVABLES}
    rows = tuple(
        (meanings[r["observable"]], case.origin.moment(r["at"]).strftime("%Y-%m-%d"),
         f"{r['value']:g}", r["why"])
        for r in found.to_json()
    )  # fmt: skip
    said = (f"{len(rows)} readings are kept; nothing is learned from them.",)
    return (Section("Readings that are not believed", said, ("reading", "day", "value", "why"), rows),) if rows else ()
