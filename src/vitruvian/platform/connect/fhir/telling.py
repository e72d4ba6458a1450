"""What twins say, as resources: a RiskAssessment for every risk of a renewed forecast, a Flag for every alert.

Only of twins that follow a Patient held here. They are versions like any other, written in the transaction of the
renewal or of the alert's step; what says the same as before makes no version. Ids: risk-TWIN-QUANTITY, the alert's own.
R4: RiskAssessment 3.1.0 (prediction.probabilityDecimal is the mean over the ensemble, the band is in its rationale).
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, select

from vitruvian.core.kind import AbstractKind, Fittable
from vitruvian.models.alarms.risks import risks
from vitruvian.platform.connect.fhir import search, written
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.instant import text
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema_live import alerts
from vitruvian.platform.store.twins import by_ids
from vitruvian.verbs.result import Ensemble, Forecast

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
CATEGORY = "http://terminology.hl7.org/CodeSystem/flag-category"
ACTIVE = ("open", "acknowledged", "silenced")
SOURCE = "twin"


def assess(connection: Connection, twin: TwinRow, kind: AbstractKind, forecast: Forecast, now_us: int) -> int:
    """The risks of a forecast of this twin; how many. None of a twin that follows no patient."""
    names = [n for n in risks(kind) if n in forecast.items and forecast[n].is_window and forecast[n].values.ndim == 2]
    archive = Archive(connection, twin.tenant, now_us, SOURCE, SOURCE)
    patient = _patient(archive, twin.subject) if names else None
    if patient is None:
        return 0
    told = f"{kind.name} {kind.version}"
    told += f" ({kind.artefact[:12]})" if isinstance(kind, Fittable) and kind.artefact else ""
    for name in names:
        body = {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": {"reference": f"Patient/{patient}"},
            "occurrenceDateTime": forecast.origin.moment(forecast.at).isoformat(),
            "method": {"text": f"digital twin, {told}; research use, not clinically validated"},
            "prediction": [_prediction(kind, name, forecast[name], forecast)],
        }
        archive.put(body, re.sub(r"[^A-Za-z0-9\-.]", "-", f"risk-{twin.id}-{name}")[:64])
    archive.flush()
    return len(names)


def _prediction(kind: AbstractKind, name: str, e: Ensemble, forecast: Forecast) -> dict[str, Any]:
    start, end = (forecast.origin.moment(float(t)).isoformat() for t in e.times[-1])
    low, mean, high = float(e.quantile(0.05)[-1]), float(e.mean()[-1]), float(e.quantile(0.95)[-1])
    return {
        "outcome": {"text": kind.quantity(name).meaning or name},
        "probabilityDecimal": written.Number(f"{min(max(mean, 0.0), 1.0):.6f}"),
        "whenPeriod": {"start": start, "end": end},
        "rationale": f"90 % of the twin's members say {low:.4f} to {high:.4f}",
    }


def flag(connection: Connection, alert_id: str, now_us: int) -> bool:
    """The alert as it stands now; False when its twin follows no patient."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    twin = by_ids(connection, row["tenant"], [row["twin_id"]])[row["twin_id"]]
    archive = Archive(connection, row["tenant"], now_us, SOURCE, SOURCE)
    patient = _patient(archive, twin.subject)
    if patient is None:
        return False
    active = row["state"] in ACTIVE
    period = {"start": text(row["raised_us"])} | ({} if active else {"end": text(row["changed_us"])})
    archive.put(
        {
            "resourceType": "Flag",
            "status": "active" if active else "inactive",
            "category": [{"coding": [{"system": CATEGORY, "code": "clinical"}], "text": row["severity"]}],
            "code": {"text": row["said"]},
            "subject": {"reference": f"Patient/{patient}"},
            "period": period,
        },
        alert_id,
    )
    archive.flush()
    return True


def _patient(archive: Archive, subject: str) -> str | None:
    """The id of the patient whom a twin of this subject follows: by id, else by its only match of an identifier."""
    name = subject.removeprefix("Patient/")
    if ID.fullmatch(name):
        head = archive.head("Patient", name)
        if head is not None and not head.deleted:
            return name
    if "," in subject or not subject.strip("|"):
        return None
    found = search.matches(archive.connection, "Patient", [("identifier", subject)], archive.tenant)
    return found[0].id if len(found) == 1 else None
