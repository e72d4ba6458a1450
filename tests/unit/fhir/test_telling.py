"""What twins say is readable under /fhir: a RiskAssessment a risk, a Flag an alert, of twins that follow a patient."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fhir_examples import Client, parsed
from vitruvian.core.case import Origin
from vitruvian.kinds import infusion, risk
from vitruvian.kinds.risk.generator import ward
from vitruvian.platform.alerts import episodes, rules
from vitruvian.platform.alerts.rules import Rule
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.connect.fhir.validate import validate
from vitruvian.platform.follow import renew, standing
from vitruvian.platform.instant import micros
from vitruvian.platform.store import Observation, Source, Store

MINUTE = 60_000_000
PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:mrn", "value": "9"}]}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path, followers=(feed,))
    yield made
    made.database.close()


def get(client: Client, path: str) -> Any:
    answer = client("GET", path)
    assert answer.status == 200, answer.body
    return parsed(answer)


def test_an_alert_is_a_flag_of_its_patient(client: Client) -> None:
    client("PUT", "Patient/p1", PATIENT)
    case = infusion.KIND.example().case
    store = Store(client.database)
    twins = [store.create_twin(name, infusion.KIND, case) for name in ("urn:mrn|9", "not a patient")]
    with client.database.write() as c:
        for twin in twins:
            made = rules.add(
                c, "local", twin.id, "infusion", "level", Rule("reading", "concentration", high=20.0), "a", 0
            )
            episodes.see(
                c, twin, made, Rule("reading", "concentration", high=20.0), True, "level: 21 is above 20", dict, 0
            )
        alert = episodes.page(c, "local", 0, 9, twin_id=twins[0].id)[0]["id"]
    said = get(client, f"Flag/{alert}")
    assert validate(said) == ()
    assert (said["status"], said["subject"]["reference"], said["code"]["text"]) == (
        "active", "Patient/p1", "level: 21 is above 20",
    )  # fmt: skip
    with client.database.write() as c:
        episodes.acknowledge(c, "local", alert, "seen", "grace", MINUTE)
        episodes.resolve(c, "local", alert, "over", "grace", 2 * MINUTE)
    over = get(client, f"Flag/{alert}")
    assert (over["status"], over["period"]["end"], over["meta"]["versionId"]) == (
        "inactive",
        "1970-01-01T00:02:00Z",
        "2",
    )
    assert get(client, "Flag?patient=p1")["total"] == 1, "of the other twin's patient nothing is known"


def test_a_renewed_risk_is_an_assessment_of_its_patient(client: Client) -> None:
    client("PUT", "Patient/p1", PATIENT)
    store, patient, now = Store(client.database), ward(1, 5).patients[0], client.clock()
    origin = Origin(now - timedelta(days=4), "Europe/Berlin")
    case = type(patient.case)(patient.case.subject, origin=origin)
    twins = [store.create_twin(name, risk.KIND, case, now=now).id for name in ("p1", "nobody")]
    rows = patient.record
    readings = [
        Observation(
            valid_us=micros(origin.moment(float(rows.valid_time[i]))), value=float(rows.value[i]), reading_id=f"r{i}",
            observable=str(rows.observable[i]), unit=risk.KIND.unit_of(str(rows.observable[i])),
        )
        for i in range(len(rows)) if rows.observable[i] != "deterioration"
    ]  # fmt: skip
    for name in twins:
        store.append_observations(name, readings, Source("ward"), now=now)
        store_belief(store, name)
        with client.database.write() as c:
            standing.begin(c, "local", name, {"hours": 6, "of": ["risk"]}, "test", 0)
    with client.database.read() as c:
        due = standing.of(c, twins)
    made = renew.renewed(client.database, lambda: now, due)
    assert [m.failed for m in made] == [None, None]
    with client.database.write() as c:
        assert all(renew.keep(c, one, now) for one in made)
    said = get(client, "RiskAssessment?patient=p1")
    assert said["total"] == get(client, "RiskAssessment")["total"] == 1
    one = said["entry"][0]["resource"]
    assert validate(one) == ()
    forecast = made[0].forecast
    assert forecast is not None
    (prediction,) = one["prediction"]
    assert float(prediction["probabilityDecimal"]) == pytest.approx(float(forecast["risk"].mean()[0]), abs=1e-6)
    assert "probability of deterioration" in prediction["outcome"]["text"]
    assert risk.KIND.artefact[:12] in one["method"]["text"]


def store_belief(store: Store, name: str) -> None:
    """The first belief of a twin, as a calibration job makes it."""
    from vitruvian.platform.knowing import Knowing
    from vitruvian.verbs.calibrate import calibrate

    know = Knowing(store, store.find_twin(name), risk.KIND, lambda: datetime.now(UTC))
    store.save_belief(name, calibrate(know.twin(None, -float("inf")), seed=1).believed())
