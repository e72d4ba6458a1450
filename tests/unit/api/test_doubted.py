"""What cannot be true reaches a followed bed over HTTP: each reading is kept, flagged with why, and moves nothing.

Negative pressure, saturation 140, Fahrenheit, kPa, a clock that is ahead, two patients on one monitor, a flat sensor.
"""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from served import NOW, Served
from vitruvian.kinds.deterioration import KIND as DETERIORATION
from vitruvian.kinds.deterioration.past import Past
from vitruvian.models.icu.doubt import doubts
from vitruvian.platform.trust.policy import Principal

pytestmark = pytest.mark.science  # dozens of patients: seconds, not fractions of one
HOURS = 12
USUAL = {"heart_rate": 80.0, "systolic": 120.0, "mean_pressure": 82.0, "respiratory_rate": 16.0, "spo2": 97.0}
LAST = NOW - timedelta(minutes=15)


def row(name: str, value: float, ago: float, *, ahead: float = 0.0) -> dict[str, Any]:
    """A reading `ago` hours before now; ahead: min by which the monitor's clock is wrong."""
    at = NOW - timedelta(hours=ago)
    taken = (at + timedelta(minutes=ahead)).isoformat()
    return {"observable": name, "time": taken, "known_at": at.isoformat(), "value": value, "sensor": "bed 4"}


def bed(served: Served, kind: str) -> str:
    """Twelve quiet hours, a reading of everything each half hour."""
    twin = served.make_twin(kind=kind, subject=f"bed 4, {kind}", origin=(NOW - timedelta(hours=HOURS + 1)).isoformat())
    rows = [row(name, value + (k % 3), HOURS - 0.5 * k) for k in range(2 * HOURS) for name, value in USUAL.items()]
    sent = served.call("POST", f"/v1/twins/{twin}/records", json={"observations": rows}).json()
    assert sent["new"] == len(rows)
    return twin


FAULTS = {  # the readings, and what is said of them
    "negative pressure": ([row("mean_pressure", -40.0, 0.6)], "outside 15 to 220"),
    "saturation 140": ([row("spo2", 140.0, 0.6)], "outside 40 to 100"),
    "Fahrenheit": ([row("temperature", 100.4, 0.6)], "it looks like Fahrenheit (38 Cel)"),
    "kPa": ([row("systolic", 16.0, 0.6)], "it looks like kPa (120 mm[Hg])"),
    "clock": ([row("heart_rate", 150.0, 0.9, ahead=20.0)], "ahead of time"),
    "two patients": (
        [row("heart_rate", 150.0, 0.7), row("systolic", 200.0, 0.7), row("respiratory_rate", 40.0, 0.7)],
        "someone else",
    ),
}


@pytest.mark.parametrize("kind", ["deterioration", "vitals"])
def test_what_cannot_be_true_is_kept_flagged_and_not_believed(served: Served, kind: str) -> None:
    twin = bed(served, kind)
    live = served.site.live(Principal("local", "t", "admin"), twin)
    before = known(live)
    for name, (rows, why) in FAULTS.items():
        sent = served.call("POST", f"/v1/twins/{twin}/records", json={"observations": rows}).json()
        assert sent["new"] + sent["kept_aside"] == len(rows), (name, sent)
        aside = served.call("GET", f"/v1/twins/{twin}/kept-aside").json()["items"]
        said = [f"{a['reason']} {a['fix']}" for a in aside] + list(doubts(live.store.record(twin)).why)
        assert any(why in w for w in said), (name, said)
    assert known(live) == before, "nothing that is not believed moves what is known"
    page = served.call("GET", f"/v1/twins/{twin}/report?hours=1").text
    assert "Readings that are not believed" in page
    assert "someone else: 3 vital signs jumped away and came back" in page


def test_a_flat_sensor_is_not_believed_after_a_while(served: Served) -> None:
    twin = bed(served, "deterioration")
    flat = [row("heart_rate", 61.0, 10.0 - 0.25 * k) for k in range(38)]
    served.call("POST", f"/v1/twins/{twin}/records", json={"observations": [{**r, "sensor": "bed 5"} for r in flat]})
    live = served.site.live(Principal("local", "t", "admin"), twin)
    found = doubts(live.store.record(twin)).counts()
    assert found["flat"] == len(flat) - 24, "those from the sixth hour on"


def known(live: Any) -> Any:
    """What the kind knows of the bed now, as numbers."""
    record = live.store.record(live.row.id)
    at = live.row.origin.seconds(NOW)
    if live.kind.name == "deterioration":
        assert live.kind is DETERIORATION
        row = Past.of(live.store.case(live.row.id), record, at).known(np.array([at]))
        return row.x.tobytes()
    state = live.kind.track(record, live.row.origin.seconds(LAST)).state
    return state.mean.tobytes()
