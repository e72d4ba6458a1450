"""The client: one method a question. It tries again what may be tried again, and streams without losing an event."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from vitruvian.client.errors import Refused
from vitruvian.client.values import Action, Alert, Event, FromFiles, Job, Outcome, Page, Reading, Twin

T = TypeVar("T")
AGAIN = (429, 503)  # the server asks to come back
TRIES = 5
LONGEST = 10.0  # s between two tries
BATCH = 5000  # rows in one request


class Client:
    """A server and who one is to it. Every change carries an idempotency key, so a try again does nothing twice."""

    def __init__(
        self, url: str, *, token: str, timeout: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    # kinds and twins

    def kinds(self) -> Sequence[Mapping[str, Any]]:
        """All kinds, each with the question it answers."""
        return self._get("/v1/kinds")["items"]

    def kind(self, name: str) -> Mapping[str, Any]:
        """A kind: schemas of its subject and actions, what it sees and answers, panels."""
        return self._get(f"/v1/kinds/{name}")

    def evidence(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """The kind's claims and what was measured, those that are not met too."""
        return self._get(f"/v1/kinds/{kind}/evidence")["items"]

    def drift(self, kind: str) -> Mapping[str, Any]:
        """Whether inputs or outcomes of all twins of a kind have changed, and what is proposed."""
        return self._get(f"/v1/kinds/{kind}/drift")

    def fits(self, kind: str) -> Mapping[str, Any]:
        """The fits of a kind from one's own subjects: the one in use, the line of uses, those that were made."""
        return self._get(f"/v1/kinds/{kind}/fits")

    def create_twin(
        self,
        kind: str,
        subject: str,
        *,
        zone: str = "UTC",
        fields: Mapping[str, Any] | None = None,
        origin: datetime | None = None,
    ) -> Twin:
        """A new twin of a kind for a subject."""
        body = {"kind": kind, "subject": subject, "zone": zone, "fields": dict(fields or {})}
        return Twin.of(self._post("/v1/twins", {**body, "origin": _time(origin)}))

    def from_files(
        self,
        kind: str,
        subject: str,
        *files: str | Path,
        zone: str = "UTC",
        fields: Mapping[str, Any] | None = None,
        **how: str,
    ) -> FromFiles:
        """A twin with what is in the files: exports, tables, Parquet, event logs. how: unit, dates, sensor."""
        form = {"kind": kind, "subject": subject, "zone": zone, "fields": json.dumps(dict(fields or {})), **how}
        sent = [("files", (Path(f).name, Path(f).read_bytes())) for f in files]
        answer = self._http.post("/v1/twins/from-files", data=form, files=sent)
        if not answer.is_success:
            raise _refused(answer)
        return FromFiles.of(answer.json())

    def twin(self, twin: str) -> Twin:
        """Who it is and how much is known of it."""
        return Twin.of(self._get(f"/v1/twins/{twin}"))

    def twins(self, kind: str = "") -> Iterator[Twin]:
        """All twins, page by page."""
        return self._pages("/v1/twins", Twin.of, kind=kind)

    # records

    def send(
        self, twin: str, observations: Iterable[Reading] = (), actions: Iterable[Action] = (), *, source: str = ""
    ) -> Outcome:
        """Send records of one twin, in batches; on disk when this returns. One outcome a row: readings first."""
        return self._send(f"/v1/twins/{twin}/records", list(observations), list(actions), source)

    def send_many(
        self, observations: Iterable[Reading] = (), actions: Iterable[Action] = (), *, source: str = ""
    ) -> Outcome:
        """Send records of many twins; each row names its twin."""
        return self._send("/v1/records", list(observations), list(actions), source)

    def observations(self, twin: str, after: int = 0) -> Iterator[Mapping[str, Any]]:
        """All versions of all readings in the order of ingestion, after a sequence."""
        return self._pages(f"/v1/twins/{twin}/observations", dict, after=after)

    def kept_aside(self, twin: str) -> Iterator[Mapping[str, Any]]:
        """Rows that could not be used, each with reason and fix."""
        return self._pages(f"/v1/twins/{twin}/kept-aside", dict)

    def timeline(self, twin: str, **query: str) -> Mapping[str, Any]:
        """Readings and actions in force; since, until, as_of."""
        return self._get(f"/v1/twins/{twin}/timeline", **query)

    def sources(self, twin: str) -> Iterator[Mapping[str, Any]]:
        """Where its data come from and how fresh they are, the freshest first."""
        return self._pages(f"/v1/twins/{twin}/sources", dict)

    def take_back(self, twin: str, reading: str) -> Mapping[str, Any]:
        """A further version that removes the reading."""
        return self._ask("DELETE", f"/v1/twins/{twin}/observations/{reading}")

    # answers

    def forecast(self, twin: str, hours: float = 3.0, **how: Any) -> Mapping[str, Any]:
        """What will happen: bands, what they rest on, warnings. of, as_of, noise, sensor, seed."""
        return self._post(f"/v1/twins/{twin}/forecasts", {"hours": hours, **how})

    def forecasts(self, twin: str, as_of: str = "") -> Iterator[Mapping[str, Any]]:
        """What was said, newest first."""
        return self._pages(f"/v1/twins/{twin}/forecasts", dict, as_of=as_of)

    def compare(self, twin: str, options: Mapping[str, Sequence[Mapping[str, Any]]], **how: Any) -> Mapping[str, Any]:
        """What if: options by name, each a list of {Action: {at, field: value}}."""
        return self._post(f"/v1/twins/{twin}/comparisons", {"options": dict(options), **how})

    def recommend(self, twin: str, goal: Mapping[str, Any], **how: Any) -> Mapping[str, Any]:
        """What is best under a goal."""
        return self._post(f"/v1/twins/{twin}/recommendations", {"goal": dict(goal), **how})

    def loops(self, twin: str, at: str | None = None, **how: Any) -> Mapping[str, Any]:
        """The beat behind a twin with a heart: loops, courses and numbers, with `options` beside it."""
        return self._post(f"/v1/twins/{twin}/loops", {"at": at, **how})

    def explain(self, twin: str, quantity: str, **how: Any) -> Mapping[str, Any]:
        """Why a quantity is what is forecast."""
        return self._post(f"/v1/twins/{twin}/explanations", {"quantity": quantity, **how})

    # live

    def follow(self, twin: str, hours: float = 3.0, of: Sequence[str] = ()) -> Mapping[str, Any]:
        """From now on its belief, forecast and alerts are renewed when data come."""
        return self._ask("PUT", f"/v1/twins/{twin}/following", {"hours": hours, "of": list(of)})

    def live_calibration(self, twin: str) -> Mapping[str, Any]:
        """How good the twin's own past forecasts were."""
        return self._get(f"/v1/twins/{twin}/live-calibration")

    def stream(
        self, after: int | None = None, *, twin: str = "", types: Sequence[str] = (), patience: float = 120.0
    ) -> Iterator[Event]:
        """What happens, as it happens. A lost connection is taken up where it was cut off, for `patience` seconds."""
        wanted = {k: v for k, v in {"twin": twin, "type": list(types)}.items() if v}
        failed, heard = 0, time.monotonic()
        while True:
            headers = {} if after is None else {"Last-Event-ID": str(after)}
            timeout = httpx.Timeout(10.0, read=60.0)
            try:
                with self._http.stream("GET", "/v1/stream", params=wanted, headers=headers, timeout=timeout) as answer:
                    if not answer.is_success:
                        answer.read()
                        raise _refused(answer)
                    for event in _events(answer.iter_lines()):
                        failed, heard, after = 0, time.monotonic(), event.seq
                        if event.type:
                            yield event
            except httpx.TransportError:
                failed += 1
                if time.monotonic() - heard > patience:
                    raise
            time.sleep(min(LONGEST, 0.2 * 2**failed))

    # jobs and alerts

    def start(self, type: str, twin: str | None = None, **arguments: Any) -> Job:
        """Queue a job: calibrate, assimilate, backtest, explain, recommend, evidence."""
        return Job.of(self._post("/v1/jobs", {"type": type, "twin": twin, "arguments": arguments}))

    def job(self, job: str) -> Job:
        """How far it is."""
        return Job.of(self._get(f"/v1/jobs/{job}"))

    def wait(self, job: Job, *, timeout: float = 600.0, progress: Callable[[float], None] | None = None) -> Job:
        """The job when it has ended; TimeoutError when it takes longer."""
        deadline = time.monotonic() + timeout
        while not job.ended:
            if time.monotonic() > deadline:
                raise TimeoutError(f"job {job.id} is {job.state} after {timeout:g} s")
            time.sleep(0.3)
            job = self.job(job.id)
            if progress:
                progress(job.progress)
        return job

    def cancel(self, job: str) -> Job:
        """Its process is killed."""
        return Job.of(self._post(f"/v1/jobs/{job}/cancel", None))

    def calibrate(self, twin: str, *, timeout: float = 600.0, **how: Any) -> Job:
        """Learn from the twin's readings, and wait for it."""
        return self.wait(self.start("calibrate", twin, **how), timeout=timeout)

    def alerts(self, state: str = "", twin: str = "") -> Iterator[Alert]:
        """Alerts, the last changed first."""
        return self._pages("/v1/alerts", Alert.of, state=state, twin=twin)

    def attention(self, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Twins that need somebody, the worst first, with reasons."""
        return self._get("/v1/attention", limit=limit)["items"]

    def add_rule(self, name: str, **rule: Any) -> str:
        """An alert rule: twin or kind, on, of, low, high, probability, hours, severity, escalate_minutes, policy."""
        return self._post("/v1/alert-rules", {"name": name, **rule})["id"]

    def acknowledge(self, alert: str, reason: str = "") -> Mapping[str, Any]:
        """Somebody has seen it and takes care."""
        return self._post(f"/v1/alerts/{alert}/acknowledge", {"reason": reason})

    # trials

    def plan_trial(self, protocol: str | Path, history: str | Path, *, timeout: float = 600.0) -> Mapping[str, Any]:
        """A protocol (YAML) and control patients of the past (CSV) become a plan; waits for it."""
        told, past = Path(protocol), Path(history)
        body = {"protocol": told.read_text(encoding="utf-8"), "protocol_name": told.name, "history": _file(past)}
        return self._worked(self._post("/v1/trials", body), timeout)

    def analyse_trial(self, trial: str, data: str | Path, *, timeout: float = 600.0) -> Mapping[str, Any]:
        """The trial's own data (CSV), analysed by its plan; waits for it."""
        return self._worked(self._post(f"/v1/trials/{trial}/data", {"data": _file(Path(data))}), timeout)

    def trials(self) -> Sequence[Mapping[str, Any]]:
        """Trials, the last changed first."""
        return self._get("/v1/trials")["items"]

    def trial(self, trial: str) -> Mapping[str, Any]:
        """Its protocol, job, plan and analysis."""
        return self._get(f"/v1/trials/{trial}")

    def design(self, trial: str, **design: float) -> Mapping[str, Any]:
        """Sizes of another design: effect, alpha, power, ratio, margin, inflation, deflation, dropout, correlation."""
        return self._post(f"/v1/trials/{trial}/designs", design)

    def trial_report(self, trial: str) -> str:
        """The section of the statistical analysis plan, HTML."""
        answer = self._http.get(f"/v1/trials/{trial}/report")
        if not answer.is_success:
            raise _refused(answer)
        return answer.text

    def _worked(self, trial: Mapping[str, Any], timeout: float) -> Mapping[str, Any]:
        """The trial once its job is done; Refused with the job's reason where it failed."""
        job = self.wait(Job.of(trial["job"]), timeout=timeout)
        if job.state != "done":
            told = job.error or {}
            raise Refused(409, {"detail": told.get("what", job.state), **told})
        return self.trial(trial["id"])

    # how

    def _send(self, path: str, readings: list[Reading], actions: list[Action], source: str) -> Outcome:
        parts = [(readings[i : i + BATCH], []) for i in range(0, len(readings), BATCH)]
        parts += [([], actions[i : i + BATCH]) for i in range(0, len(actions), BATCH)]
        made = []
        for some, done in parts:
            body = {"source": source, "observations": list(map(_row, some)), "actions": list(map(_row, done))}
            made.append(Outcome.of(self._post(path, body, key=False)))  # rows are known by their ids
        names = ("new", "changed", "duplicate", "kept_aside", "refused")
        counts = {name: sum(getattr(m, name) for m in made) for name in names}
        return Outcome(**counts, outcomes=tuple(o for m in made for o in m.outcomes))

    def _get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query={k: v for k, v in query.items() if v not in ("", None)})

    def _post(self, path: str, body: Any, *, key: bool = True) -> Any:
        return self._ask("POST", path, body, key=key)

    def _pages(self, path: str, made: Callable[[Any], T], **query: Any) -> Iterator[T]:
        after = query.pop("after", None)
        while True:
            page: Page[Any] = Page(**self._get(path, **query, after=after))
            yield from map(made, page.items)
            if page.next is None:
                return
            after = page.next

    def _ask(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None, key: bool = False
    ) -> Any:
        headers = {"Idempotency-Key": str(uuid.uuid4())} if key else {}
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = self._http.request(method, path, json=body, params=query, headers=headers)
            except httpx.TransportError:
                if last:
                    raise
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code not in AGAIN or last:
                    raise _refused(answer)
            time.sleep(min(LONGEST, 0.2 * 2**attempt))
        raise AssertionError("the loop ends above")


def _refused(answer: httpx.Response) -> Refused:
    try:
        return Refused(answer.status_code, answer.json())
    except ValueError:
        return Refused(answer.status_code, {"detail": answer.text[:200]})


def _file(path: Path) -> dict[str, str]:
    return {"name": path.name, "text": path.read_text(encoding="utf-8-sig")}


def _row(row: Reading | Action) -> dict[str, Any]:
    body = {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
    body |= {name: _time(body[name]) for name in ("time", "known_at")}
    return {k: dict(v) if k == "fields" else v for k, v in body.items() if v not in ("", None)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _events(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events; one without data only moves the cursor (its type is "")."""
    seq, kind, data = 0, "", ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            seq = int(value)
        elif name == "event":
            kind = value
        elif name == "data":
            data = value
        elif not line and seq:
            body = json.loads(data) if data else {"twin": ""}
            yield Event(seq, kind, body.pop("twin"), body)
            seq, kind, data = 0, "", ""
