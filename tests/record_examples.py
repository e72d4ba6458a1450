"""Records the examples of the OpenAPI document: real requests to a real server, and its real answers, cut short.

    .venv/bin/python tests/record_examples.py     # writes src/vitruvian/api/examples.json; about a minute

tests/unit/api/test_examples.py holds them against the schemas: an answer that changes its form asks for new ones.
"""

import json
import re
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

import failing_kidneys
from running import Running
from trial_tables import columns, csv_of, protocol_text
from vitruvian.platform.evidence import folder
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people

OUT = Path(__file__).resolve().parents[1] / "src" / "vitruvian" / "api" / "examples.json"
MOST = 2  # of a list
LONGEST = 300  # characters of a text
HOUR = timedelta(hours=1)
SECRET = re.compile(r"vt_[\w-]{20,}")


def short(value: Any) -> Any:
    """Without what only makes it long, and without secrets."""
    if isinstance(value, dict):
        return {k: short(v) for k, v in list(value.items())[:40]}
    if isinstance(value, list):
        return [short(v) for v in value[:MOST]]
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, str):
        return SECRET.sub("vt_a-secret-that-is-told-once", value)[:LONGEST]
    return value


class Recorder:
    """Sends requests and keeps what was said: {path of the document: {method: {request, status: answer}}}."""

    def __init__(self, client: httpx.Client, paths: list[str]) -> None:
        self.client = client
        forms = {p: re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(p)) for p in paths}
        self.forms = sorted(forms.items(), key=lambda f: (f[0].count("{"), -len(f[0])))
        self.said: dict[str, dict[str, dict[str, Any]]] = {}

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.client.request(method, path, **({"json": body} if body is not None else {}), **more)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        name = next(p for p, form in self.forms if re.fullmatch(form, path.partition("?")[0]))
        kept = self.said.setdefault(name, {}).setdefault(method.lower(), {})
        if body is not None:
            kept.setdefault("request", short(body))
        if "json" in answer.headers.get("content-type", ""):
            read = answer.json()
            kept.setdefault(str(answer.status_code), short(read))
            return read
        return answer.content

    def until(self, path: str, done: Any) -> Any:
        """Ask again and again; only the last answer counts."""
        while not done(self.client.get(path).json()):
            time.sleep(0.2)
        return self("GET", path)


def scenario(do: Recorder, server: Running) -> None:
    """One visit to every operation."""
    now = datetime.now(UTC).replace(microsecond=0)
    do("GET", "/health/live")
    do("GET", "/health/ready")
    do("GET", "/v1/sessions/current")
    database = Database.open(server.place)
    with database.write() as connection:
        setup = str(people.setup_token(connection, 0))
    me = {"name": "ada", "password": "correct horse battery staple"}
    do("POST", "/v1/setup", {"token": setup, **me})
    with database.write() as connection:
        link = people.login_token(connection, "local", "grace", "clinician", int(now.timestamp() * 1e6))
    database.close()
    do("POST", "/v1/sessions/one-time", {"token": link})
    csrf = do("POST", "/v1/sessions", me)["csrf"]
    do.client.headers["X-CSRF-Token"] = csrf
    do("GET", "/v1/me")
    user = do("POST", "/v1/users", {"name": "lise", "password": "another long password", "role": "viewer"})["id"]
    do("GET", "/v1/users")
    do("DELETE", f"/v1/users/{user}")
    token = do("POST", "/v1/tokens", {"name": "glucose gateway", "role": "clinician", "scopes": ["records:write"]})[
        "id"
    ]
    do("GET", "/v1/tokens")
    do("DELETE", f"/v1/tokens/{token}")
    do("GET", "/v1/kinds")
    do("GET", "/v1/kinds/infusion")
    do("GET", "/v1/kinds/infusion/evidence")
    do("GET", "/v1/kinds/infusion/drift")
    twins(do, now)
    answers(do)
    waveforms(do, now)
    alerts(do, now)
    metabolic(do)
    fits(do, now)
    fhir(do)
    heart(do, now)
    trials(do)
    do("GET", "/v1/jobs")
    do("GET", "/v1/overview?ahead=true")
    unit(do, now)
    do("GET", "/v1/attention")
    do("GET", "/v1/messages")
    do("GET", "/v1/audit")
    do("DELETE", "/v1/sessions/current")


def trials(do: Recorder) -> None:
    """A synthetic trial: planned, explored, analysed, planned anew, taken back."""
    history = {"name": "history.csv", "text": csv_of(columns(60, 1, trial=False))}
    trial = do("POST", "/v1/trials", {"protocol": protocol_text(), "history": history})["id"]
    path = f"/v1/trials/{trial}"

    def ended(told: Any) -> bool:
        return told["job"]["state"] == "done"

    do.until(path, ended)
    do.said.pop("/v1/trials/{trial_id}")  # the example is the whole trial, below
    do("POST", f"{path}/designs", {"power": 0.8, "dropout": 0.1})
    do("GET", f"{path}/score")
    do("POST", f"{path}/data", {"data": {"name": "trial.csv", "text": csv_of(columns(60, 2, trial=True))}})
    do.until(path, ended)
    do("GET", f"{path}/report")
    do("GET", "/v1/trials")
    do("PUT", f"{path}/protocol", {"protocol": protocol_text(title="Another title")})
    do("DELETE", path)


TWIN = {"kind": "infusion", "subject": "S1", "zone": "Europe/Berlin", "fields": {"weight": "82 kg"}}


def twin_of(do: Recorder) -> str:
    return do.client.get("/v1/twins").json()["items"][0]["id"]


def twins(do: Recorder, now: datetime) -> None:
    """A twin, its readings in and out."""
    twin = do("POST", "/v1/twins", {**TWIN, "origin": (now - 12 * HOUR).isoformat()})["id"]
    levels = [9.1, 8.6, 8.0, 7.5, 7.1, 6.8]
    rows = [
        {"observable": "concentration", "time": (now - (7 - h) * HOUR).isoformat(), "value": v, "unit": "mg/L"}
        for h, v in enumerate(levels)
    ]
    dose = {"type": "Bolus", "time": (now - 8 * HOUR).isoformat(), "fields": {"dose": 300}}
    late = {**rows[0], "time": "yesterday"}
    do("POST", f"/v1/twins/{twin}/records", {"source": "ward 3", "observations": [*rows[:1], late], "actions": [dose]})
    do("POST", "/v1/records", {"observations": [{**row, "twin": twin} for row in rows[1:]]})
    do("GET", "/v1/twins")
    job = do("POST", "/v1/jobs", {"type": "calibrate", "twin": twin, "arguments": {"days": 1}})["id"]
    do.until(f"/v1/jobs/{job}", lambda j: j["state"] == "done")
    stopped = do.client.post("/v1/jobs", json={"type": "backtest", "twin": twin}).json()["id"]
    do("POST", f"/v1/jobs/{stopped}/cancel")
    for what in (
        "",
        "/belief",
        "/fit",
        "/history",
        "/observations",
        "/actions",
        "/kept-aside",
        "/timeline",
        "/sources",
    ):
        do("GET", f"/v1/twins/{twin}{what}")
    do("GET", f"/v1/twins/{twin}/observations.parquet")
    do("GET", f"/v1/twins/{twin}/stays?observable=concentration")
    do("GET", f"/v1/twins/{twin}/report?hours=1")
    files = [("files", ("levels.csv", b"time,observable,value,unit\n2026-03-01T09:00Z,concentration,9.1,mg/L\n"))]
    form = {"kind": "infusion", "subject": "S2", "fields": '{"weight": "70 kg"}'}
    other = do("POST", "/v1/twins/from-files", data=form, files=files)["twin"]["id"]
    table = b"time,observable,value,unit\n2026-03-01T10:00Z,concentration,8.1,mg/L\n"
    do("POST", "/v1/files?name=levels.csv&kind=infusion", content=table)
    do("POST", f"/v1/twins/{other}/files?name=levels.csv", content=table)
    reading = do.client.get(f"/v1/twins/{other}/observations").json()["items"][0]["id"]
    do("DELETE", f"/v1/twins/{other}/observations/{reading}")
    action = do.client.get(f"/v1/twins/{twin}/actions").json()["items"][0]["id"]
    do("DELETE", f"/v1/twins/{twin}/actions/{action}")
    do.client.post(f"/v1/twins/{twin}/records", json={"actions": [{**dose, "id": "again"}]}).raise_for_status()


def waveforms(do: Recorder, now: datetime) -> None:
    """A chunk of a monitor."""
    twin = twin_of(do)
    channel = {"name": "II", "unit": "mV", "rate": 250.0, "samples": [0.02, 0.03]}
    chunk = {"start": now.isoformat(), "source": "monitor, bed 7", "channels": [channel]}
    do("POST", f"/v1/twins/{twin}/waveforms", chunk)
    do("GET", f"/v1/twins/{twin}/waveforms")
    do("GET", "/v1/waveforms")


def heart(do: Recorder, now: datetime) -> None:
    """A patient with pulmonary hypertension, and the beat behind the twin."""
    body = {"kind": "circulation", "subject": "S4", "origin": (now - 2400 * HOUR).isoformat()}
    twin = do.client.post("/v1/twins", json={**body, "fields": {"condition": "PAH mild"}}).json()["id"]
    seen = {"sbp": (118.0, "mm[Hg]"), "dbp": (74.0, "mm[Hg]"), "mpap": (31.0, "mm[Hg]"), "rv_ef": (47.0, "%")}
    rows = [
        {"observable": name, "time": (now - 2300 * HOUR).isoformat(), "value": value, "unit": unit}
        for name, (value, unit) in seen.items()
    ]
    swapped = (now - 2200 * HOUR).isoformat()
    rows += [{"observable": n, "time": swapped, "value": v} for n, v in (("sbp", 71.0), ("dbp", 104.0))]
    do.client.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
    do("GET", f"/v1/twins/{twin}/doubted")
    job = do.client.post("/v1/jobs", json={"type": "calibrate", "twin": twin}).json()["id"]
    while do.client.get(f"/v1/jobs/{job}").json()["state"] in ("queued", "running"):
        time.sleep(0.2)
    given = [{"PDE5Inhibitor": {"at": "+1d", "dose": "60 mg/d"}}]
    do("POST", f"/v1/twins/{twin}/loops", {"at": "+90d", "options": {"sildenafil": given}})
    body = {"kind": "electrophysiology", "subject": "S5", "origin": (now - 240 * HOUR).isoformat()}
    twin = do.client.post("/v1/twins", json=body).json()["id"]
    rows = [{"observable": "qrs", "time": (now - 200 * HOUR).isoformat(), "value": 158.0, "unit": "ms"}]
    do.client.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
    do("POST", f"/v1/twins/{twin}/picture", {})


def unit(do: Recorder, now: datetime) -> None:
    """A patient on a ward, with a risk."""
    body = {"kind": "risk", "subject": "S3", "origin": (now - 12 * HOUR).isoformat(), "fields": {"age": 67}}
    twin = do.client.post("/v1/twins", json=body).json()["id"]
    rows = [
        {"observable": name, "time": (now - h * HOUR).isoformat(), "value": value + step * (6 - h)}
        for name, value, step in (("heart_rate", 92.0, 3.0), ("respiratory_rate", 20.0, 1.5), ("spo2", 94.0, -0.5))
        for h in (6, 4, 2, 1)
    ]
    do.client.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
    job = do.client.post("/v1/jobs", json={"type": "calibrate", "twin": twin}).json()["id"]
    while do.client.get(f"/v1/jobs/{job}").json()["state"] in ("queued", "running"):
        time.sleep(0.2)
    do.client.post(f"/v1/twins/{twin}/forecasts", json={"hours": 12.0}).raise_for_status()
    do("PUT", f"/v1/twins/{twin}/place", {"place": "Ward 3", "bed": "7"})
    do("GET", "/v1/board?place=Ward%203")
    do("GET", f"/v1/twins/{twin}/risk")


def fits(do: Recorder, now: datetime) -> None:
    """A kind that is fitted again from the tenant's own patients, taken into use, taken back."""
    for i in range(failing_kidneys.COUNT):
        twin = do.client.post("/v1/twins", json=failing_kidneys.person(i, now)).json()["id"]
        rows = failing_kidneys.chart(i, now)
        do.client.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
    path = failing_kidneys.KINDS
    job = do("POST", path, {"reason": "kidneys fail more often than was said"})["id"]
    while do.client.get(f"/v1/jobs/{job}").json()["state"] in ("queued", "running"):
        time.sleep(0.2)
    made = do.client.get(path).json()["fits"][0]["id"]
    do("POST", f"{path}/{made}/use", {"reason": "better on patients that it was not made from"})
    do("GET", path)
    do("POST", f"{path}/back", {"reason": "it alarmed too often at night"})


def answers(do: Recorder) -> None:
    """What will happen, what if, what is best, why."""
    twin = twin_of(do)
    dose = [{"Bolus": {"at": "+30min", "dose": "100 mg"}}]
    said = do("POST", f"/v1/twins/{twin}/forecasts", {"hours": 2.0, "of": ["concentration", "peak_level"]})
    do("GET", f"/v1/twins/{twin}/forecasts")
    do("GET", f"/v1/twins/{twin}/forecasts/{said['version']}")
    do("POST", f"/v1/twins/{twin}/comparisons", {"options": {"dose": dose}, "hours": 2.0, "of": ["concentration"]})
    goal = {
        "horizon": "+4h",
        "objective": {"quantity": "mean_level", "sense": "target", "target": 12},
        "constraints": [{"quantity": "peak_level", "high": "20 mg/L", "probability": 0.9}],
        "candidates": {"dose": dose},
    }
    do("POST", f"/v1/twins/{twin}/recommendations", {"goal": goal})
    kept = do("POST", f"/v1/twins/{twin}/what-ifs", {"name": "a dose in half an hour", "options": {"dose": dose}})["id"]
    do("GET", f"/v1/twins/{twin}/what-ifs")
    do("GET", f"/v1/what-ifs/{kept}")
    do("PUT", f"/v1/what-ifs/{kept}", {"name": "a dose soon", "options": {"dose": dose}, "hours": 2.0})
    do("DELETE", f"/v1/what-ifs/{kept}")
    do("POST", f"/v1/twins/{twin}/explanations", {"quantity": "mean_level", "hours": 2.0, "over": ["parameters"]})


def alerts(do: Recorder, now: datetime) -> None:
    """A rule, a channel, an alert and what is done about it; the twin's own forecasts against what came."""
    twin = twin_of(do)
    rule = {"name": "level too high", "twin": twin, "on": "reading", "of": "concentration", "high": 20.0}
    made = do("POST", "/v1/alert-rules", {**rule, "escalate_minutes": 15.0})["id"]
    channel = do("POST", "/v1/alert-channels", {"type": "webhook", "target": {"url": "http://127.0.0.1:9/alerts"}})[
        "id"
    ]
    do("GET", "/v1/alert-rules")
    do("GET", "/v1/alert-channels")
    do("PUT", f"/v1/alert-rules/{made}", {**rule, "escalate_minutes": 30.0})
    target = {"type": "webhook", "target": {"url": "http://127.0.0.1:9/ward-3"}}
    do("PUT", f"/v1/alert-channels/{channel}", target)
    do("POST", f"/v1/alert-channels/{channel}/test")
    do("PUT", f"/v1/twins/{twin}/following", {"hours": 3.0, "of": []})
    version = do.client.get(f"/v1/twins/{twin}/forecasts").json()["items"][0]["version"]
    do.until(f"/v1/twins/{twin}/forecasts", lambda f: f["items"][0]["version"] > version)
    high = {"observable": "concentration", "time": now.isoformat(), "value": 24.0, "unit": "mg/L"}
    do.client.post(f"/v1/twins/{twin}/records", json={"observations": [high]}).raise_for_status()
    alert = do.until("/v1/alerts", lambda a: a["items"])["items"][0]["id"]
    do("POST", f"/v1/alerts/{alert}/acknowledge", {"reason": "seen, dose reduced"})
    do("POST", f"/v1/alerts/{alert}/silence", {"reason": "sensor is being changed", "until": "2099-01-01T00:00:00Z"})
    do("GET", f"/v1/alerts/{alert}")
    do("POST", f"/v1/alerts/{alert}/resolve", {"reason": "sensor was wet"})
    do("GET", f"/v1/twins/{twin}/following")
    do.until(f"/v1/twins/{twin}/live-calibration", lambda c: c["items"])
    do("DELETE", f"/v1/twins/{twin}/following")
    do("DELETE", f"/v1/alert-rules/{made}")
    do("DELETE", f"/v1/alert-channels/{channel}")


def metabolic(do: Recorder) -> None:
    """A ready question of a kind that has some."""
    export = folder("metabolic") / "demo" / "clarity_export.csv"
    form = {"kind": "metabolic", "subject": "Demonstration (synthetic)", "zone": "America/Chicago"}
    files = [("files", (export.name, export.read_bytes()))]
    twin = do("POST", "/v1/twins/from-files", data=form, files=files)["twin"]["id"]
    asked = {"question": "Walk", "fields": {"at": "+30min", "carbohydrate": "60 g"}}
    do("POST", f"/v1/twins/{twin}/decisions", asked)


def fhir(do: Recorder) -> None:
    """The shape of what goes in and out."""
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "77"}], "gender": "female"}
    name = do("POST", "/fhir/Patient", patient)["id"]
    do("GET", f"/fhir/Patient/{name}")
    do("PUT", f"/fhir/Patient/{name}", {**patient, "id": name, "active": True})
    do("GET", "/fhir/Patient?identifier=urn:mrn|77")
    do("GET", f"/fhir/Patient/{name}/_history")
    do("GET", f"/fhir/Patient/{name}/_history/1")
    do("GET", "/fhir/Patient/_history")
    do("POST", "/fhir/Patient/$validate", patient)
    entry = {"resource": patient, "request": {"method": "POST", "url": "Patient"}}
    do("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def main() -> None:
    """Record and write."""
    with tempfile.TemporaryDirectory() as place:
        server = Running(place)
        server.start()
        try:
            with httpx.Client(base_url=server.url, timeout=120) as client:
                do = Recorder(client, list(client.get("/openapi.json").json()["paths"]))
                scenario(do, server)
        finally:
            server.stop()
    OUT.write_text(json.dumps(do.said, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{sum(len(m) for m in do.said.values())} operations")


if __name__ == "__main__":
    main()
