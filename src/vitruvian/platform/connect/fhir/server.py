"""The R4 server without HTTP: a method, an address and a body in, an answer out. The web mounts it (api/fhir.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection

from vitruvian.core.errors import ConflictError, MissingError, ParseError, StoreError, VitruvianError
from vitruvian.platform.connect.fhir import bulk, capability, definitions, interactions, written
from vitruvian.platform.connect.fhir.answer import JSON, Answer, of_json, of_refusal, refuse
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.connect.fhir.bundle import Bundles
from vitruvian.platform.connect.fhir.outcome import Issue, Refusal, outcome, said
from vitruvian.platform.connect.fhir.search import Query
from vitruvian.platform.connect.fhir.validate import validate
from vitruvian.platform.instant import micros
from vitruvian.platform.store.database import AbstractDatabase

T = TypeVar("T")
Writing = Callable[[Callable[[Connection], T]], T]
Follower = Callable[[Archive], None]  # sees what a transaction changed before it ends: it feeds the twins
ACCEPTED = (JSON, "application/json", "text/json", "*/*", "application/*")

STATUS = ((MissingError, 404, "not-found"), (ConflictError, 409, "conflict"), (StoreError, 503, "transient"))


@dataclass(frozen=True)
class Request:
    """An HTTP request below the base; header names in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def lenient(self) -> bool:
        """Whether unknown search parameters are to be ignored."""
        return "handling=lenient" in self.headers.get("prefer", "")


@dataclass(frozen=True)
class FhirServer:
    """R4 of one tenant. `writing` runs a function in a transaction, alone or grouped with others'."""

    database: AbstractDatabase
    clock: Callable[[], datetime]
    base: str
    tenant: str = "local"
    actor: str = "local"
    writing: Writing[Any] | None = None
    followers: tuple[Follower, ...] = ()

    def handle(self, request: Request) -> Answer:
        """Never raises for what a sender did wrong: the answer is an OperationOutcome."""
        try:
            _acceptable(request)
            return _preferred(request, self._route(request))
        except Refusal as err:
            return of_refusal(err)
        except ParseError as err:
            return of_refusal(Refusal(400, Issue("structure", f"{err.where} {err.what}", "", err.fix)))
        except VitruvianError as err:
            status, code = next((s for kind, *s in STATUS if isinstance(err, kind)), (422, "processing"))
            return of_refusal(Refusal(int(status), Issue(str(code), f"{err.where} {err.what}", "", err.fix)))

    def _route(self, r: Request) -> Answer:
        steps = [s for s in r.path.split("/") if s]
        match steps:
            case []:
                return self._bundle(r)
            case ["metadata"] if r.method == "GET":
                return of_json(200, capability.statement(self.base, self.clock()))
            case ["$import"] if r.method == "POST":
                return bulk.take_in(self.write, r.body)
            case ["$export", *rest] if r.method == "GET":
                return bulk.give_out(self.database, self.tenant, self.base, rest, r.query, self.clock())
        if steps[0] not in definitions.resource_types():
            raise refuse(404, "not-supported", f"'{steps[0][:60]}' is not an R4 resource type", "e.g. Observation")
        return self._type(r, steps[0], steps[1:])

    def _type(self, r: Request, kind: str, rest: list[str]) -> Answer:
        match (r.method, rest):
            case ("GET", []):
                return self.read(lambda a: interactions.find(a, kind, r.query, self.base, lenient=r.lenient))
            case ("POST", ["_search"]):
                form = parse_qsl(r.body.decode("utf-8", "replace"), keep_blank_values=True)
                both = [*r.query, *form]
                return self.read(lambda a: interactions.find(a, kind, both, self.base, lenient=r.lenient))
            case ("POST", []):
                made, condition = self._body(r, kind), r.headers.get("if-none-exist", "")
                return self.write(lambda a: interactions.create(a, made, condition, self.base))
            case ("POST", ["$validate"]):
                issues = validate(written.loads(r.body))
                return of_json(200, outcome(issues) if issues else said("valid R4"))
            case ("PUT", []):
                made, query = self._body(r, kind), urlencode(list(r.query))
                match_ = r.headers.get("if-match", "")
                return self.write(lambda a: interactions.update_where(a, kind, query, made, match_, self.base))
            case ("GET", ["_history"]):
                return self.read(lambda a: interactions.history(a, kind, "", r.query, self.base))
            case (_, [name, *more]):
                return self._instance(r, kind, interactions.checked_id(kind, name), more)
        raise _no_such(r)

    def _instance(self, r: Request, kind: str, name: str, rest: list[str]) -> Answer:
        match (r.method, rest):
            case ("GET", []):
                tag = r.headers.get("if-none-match", "")
                return self.read(lambda a: interactions.read(a, kind, name, tag))
            case ("PUT", []):
                made, tag = self._body(r, kind), r.headers.get("if-match", "")
                return self.write(lambda a: interactions.update(a, kind, name, made, tag, self.base))
            case ("DELETE", []):
                tag = r.headers.get("if-match", "")
                return self.write(lambda a: interactions.remove(a, kind, name, tag))
            case ("GET", ["_history"]):
                return self.read(lambda a: interactions.history(a, kind, name, r.query, self.base))
            case ("GET", ["_history", version]):
                return self.read(lambda a: interactions.vread(a, kind, name, version))
        raise _no_such(r)

    def _bundle(self, r: Request) -> Answer:
        if r.method != "POST":
            raise _no_such(r)
        body = self._parsed(r)
        if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
            raise refuse(400, "invalid", "here only a Bundle can be posted", "post a resource to its type's address")
        kind, answers = Bundles(self.write, self.base).do(body)
        entries = [answer.as_entry() for answer in answers]
        made = {"resourceType": "Bundle", "type": kind}
        return of_json(200, made | ({"entry": entries} if entries else {}))

    def _body(self, r: Request, kind: str) -> dict[str, Any]:
        resource = self._parsed(r)
        if issues := validate(resource):
            raise Refusal(422 if isinstance(resource, dict) else 400, *issues)
        if resource["resourceType"] != kind:
            said_ = f"the body is a {resource['resourceType']}, the address says {kind}"
            raise refuse(400, "invalid", said_, "send it to its own type's address")
        return resource

    def _parsed(self, r: Request) -> Any:
        media = r.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media not in ACCEPTED[:3]:
            raise refuse(415, "not-supported", f"the content type {media[:60]} is not read", f"send {JSON}")
        return written.loads(r.body)

    def read(self, ask: Callable[[Archive], T]) -> T:
        """What `ask` finds in one snapshot."""
        with self.database.read() as connection:
            return ask(Archive(connection, self.tenant, 0))

    def write(self, work: Callable[[Archive], T]) -> T:
        """What `work` and the followers write in one transaction; on disk when this returns."""

        def within(connection: Connection) -> T:
            archive = Archive(connection, self.tenant, micros(self.clock()), self.actor)
            done = work(archive)
            archive.release()
            for follow in self.followers:
                follow(archive)
            return done

        if self.writing is not None:
            return self.writing(within)
        with self.database.write() as connection:
            return within(connection)


def _acceptable(r: Request) -> None:
    wanted = [part.partition(";")[0].strip().lower() for part in r.headers.get("accept", "*/*").split(",")]
    form = dict(r.query).get("_format", "")
    known = ("", "json", "application/json", JSON, "application/fhir json", "text/json")
    if form not in known or (not form and not any(w in ACCEPTED or "json" in w for w in wanted)):
        raise refuse(406, "not-supported", "only JSON is served", f"accept {JSON}")


def _preferred(r: Request, answer: Answer) -> Answer:
    """Prefer: return=minimal leaves the body out."""
    if answer.version is None or r.method not in ("POST", "PUT"):
        return answer
    prefer = r.headers.get("prefer", "")
    if "return=minimal" in prefer:
        return Answer(answer.status, b"", answer.headers, answer.version)
    if "return=OperationOutcome" in prefer:
        return Answer(answer.status, written.dumps(said("stored")), answer.headers, answer.version)
    return answer


def _no_such(r: Request) -> Refusal:
    return refuse(405, "not-supported", f"{r.method[:20]} {r.path[:80]} is not offered", "see /metadata")
