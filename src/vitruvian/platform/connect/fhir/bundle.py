"""Bundles that do something: a transaction holds as a whole or not at all, of a batch each entry by itself.

Linear in the number of entries: every resource is validated once, references between entries go through one dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from vitruvian.platform.connect.fhir import definitions, interactions
from vitruvian.platform.connect.fhir.answer import Answer, of_refusal, refuse
from vitruvian.platform.connect.fhir.archive import Archive, new_id
from vitruvian.platform.connect.fhir.outcome import At, Issue, Refusal
from vitruvian.platform.connect.fhir.validate import structure, validate

MOST = 100_000  # entries
TOGETHER = 1_000  # entries of a batch in one transaction
ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3}  # in which a transaction is done (R4, 3.1.0.11.2)
Run = Callable[[Callable[[Archive], list[Answer]]], list[Answer]]


class Entry(NamedTuple):
    """What one entry asks for. `where` is its place; `problem` says why it cannot be done."""

    where: str
    method: str
    kind: str
    name: str
    query: str
    resource: Mapping[str, Any] | None
    full_url: str
    request: Mapping[str, Any]
    problem: Refusal | None


@dataclass(frozen=True)
class Bundles:
    """Does bundles; `run` gives a function an archive within one transaction."""

    run: Run
    base: str

    def do(self, bundle: Any) -> tuple[str, list[Answer]]:
        """The type of the response and the answers in the order of the entries."""
        shell = {**bundle, "entry": [_shell(e) for e in bundle.get("entry", [])]} if "entry" in bundle else bundle
        if issues := structure(shell):
            raise Refusal(400, *issues)
        kind = bundle["type"]
        if kind not in ("transaction", "batch"):
            raise refuse(
                400, "invalid", f"a Bundle of type {kind} does nothing", "send a batch or a transaction", "Bundle.type"
            )
        entries = bundle.get("entry", [])
        if len(entries) > MOST:
            raise refuse(413, "too-long", f"holds {len(entries)} entries", f"send at most {MOST}", "Bundle.entry")
        read = [_entry(i, entry) for i, entry in enumerate(entries)]
        if kind == "transaction":
            return "transaction-response", self._transaction(read)
        out: list[Answer] = []
        for start in range(0, len(read), TOGETHER):
            some = read[start : start + TOGETHER]
            out += self.run(lambda archive, some=some: [self._alone(archive, entry) for entry in some])
        return "batch-response", out

    def _transaction(self, entries: Sequence[Entry]) -> list[Answer]:
        problems = [issue for e in entries if e.problem for issue in e.problem.issues]
        if problems:
            raise Refusal(next(e.problem.status for e in entries if e.problem), *problems[:100])
        _once_each(entries)
        return self.run(lambda archive: self._together(archive, entries))

    def _together(self, archive: Archive, entries: Sequence[Entry]) -> list[Answer]:
        names = _Names(archive, entries)
        answers: dict[int, Answer] = {}
        for i in sorted(range(len(entries)), key=lambda i: ORDER[entries[i].method]):
            entry = entries[i]
            try:
                answers[i] = self._one(archive, names.resolved(entry, i), names.assigned.get(i, ""))
            except Refusal as err:
                raise Refusal(err.status, *At(entry.where)(err.issues)) from None
        return [answers[i] for i in range(len(entries))]

    def _alone(self, archive: Archive, entry: Entry) -> Answer:
        try:
            if entry.problem:
                raise entry.problem
            if entry.resource is not None:
                _no_loose_ends(entry.resource, entry.where)
            return self._one(archive, entry, "")
        except Refusal as err:
            return of_refusal(err)

    def _one(self, archive: Archive, entry: Entry, assigned: str) -> Answer:
        match, method, kind = entry.request.get("ifMatch", ""), entry.method, entry.kind
        if method == "POST" and entry.resource is not None:
            condition = "" if assigned else entry.request.get("ifNoneExist", "")
            return interactions.create(archive, entry.resource, condition, self.base, assigned)
        if method == "PUT" and entry.resource is not None:
            if entry.query:
                return interactions.update_where(archive, kind, entry.query, entry.resource, match, self.base)
            return interactions.update(archive, kind, entry.name, entry.resource, match, self.base)
        if method == "DELETE":
            return interactions.remove(archive, kind, entry.name, match)
        if entry.name:
            return interactions.read(archive, kind, entry.name, entry.request.get("ifNoneMatch", ""))
        return interactions.find(archive, kind, parse_qsl(entry.query, keep_blank_values=True), self.base)


class _Names:
    """Which resource each fullUrl of a transaction is; ids are given to new ones before anything refers to them."""

    def __init__(self, archive: Archive, entries: Sequence[Entry]) -> None:
        self.archive = archive
        self.known: dict[str, str] = {}
        self.assigned: dict[int, str] = {}
        for i, e in enumerate(entries):
            if e.method == "POST":
                self._post(i, e)
            elif e.method == "PUT" and e.full_url and e.name:
                self.known[e.full_url] = f"{e.kind}/{e.name}"

    def _post(self, i: int, e: Entry) -> None:
        if condition := e.request.get("ifNoneExist", ""):
            found = interactions.only(self.archive, e.kind, condition)
            if found is not None:  # nothing is made: those who refer to it mean the one that is there
                self.known[e.full_url or f"#{i}"] = f"{e.kind}/{found.id}"
                return
        self.assigned[i] = new_id()
        target = f"{e.kind}/{self.assigned[i]}"
        if e.full_url:
            self.known[e.full_url] = target
            tail = "/".join(e.full_url.split("/")[-2:])
            if tail.startswith(f"{e.kind}/"):  # a relative reference is relative to the fullUrl's base
                self.known.setdefault(tail, target)

    def resolved(self, entry: Entry, i: int) -> Entry:
        if entry.resource is None:
            return entry
        return entry._replace(resource=self._value(entry.resource, entry.where, ""))

    def _value(self, value: Any, where: str, key: str) -> Any:
        if isinstance(value, dict):
            return {k: self._value(v, where, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v, where, key) for v in value]
        if type(value) is not str or key in ("value", "div", "fullUrl"):
            return value
        if key == "reference":
            return self._reference(value, where)
        return self.known.get(value, value) if value.startswith("urn:uuid:") else value

    def _reference(self, value: str, where: str) -> str:
        if value in self.known:
            return self.known[value]
        if value.startswith(("urn:uuid:", "urn:oid:")):
            raise _loose(value, where)
        kind, question, query = value.partition("?")
        if question and kind in definitions.resource_types():
            found = interactions.only(self.archive, kind, query)
            if found is None:
                raise refuse(
                    400, "not-found", f"no {kind} matches '{query[:100]}'", "send it too, or correct the criteria"
                )
            self.known[value] = f"{kind}/{found.id}"
            return self.known[value]
        return value


def _shell(entry: Any) -> Any:
    """The entry with a stand-in for its resource, which is validated by itself."""
    if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
        return {**entry, "resource": {"resourceType": "Basic", "code": {"text": "stands in"}}}
    return entry


def _entry(i: int, entry: Mapping[str, Any]) -> Entry:
    where = f"Bundle.entry[{i}]"
    request = entry.get("request", {})
    method, url = request.get("method", ""), request.get("url", "")
    path, _, query = url.lstrip("/").partition("?")
    kind, _, name = path.partition("/")
    resource = entry.get("resource")
    read = Entry(where, method, kind, name, query, resource, entry.get("fullUrl", ""), request, None)
    issues = tuple(_wrong(read))
    if not issues and resource is not None:
        issues = tuple(_within(where, resource, issue) for issue in validate(resource))
    return read._replace(problem=Refusal(400, *issues)) if issues else read


def _within(where: str, resource: Any, issue: Issue) -> Issue:
    own = str(resource.get("resourceType", "")) if isinstance(resource, dict) else ""
    return issue._replace(expression=f"{where}.resource{issue.expression.removeprefix(own)}")


def _wrong(e: Entry) -> Sequence[Issue]:
    at = f"{e.where}.request"
    if not e.request:
        return [
            Issue("required", "lacks the request that says what to do", e.where, "add request.method and request.url")
        ]
    if e.method not in ORDER:
        return [
            Issue("not-supported", f"the method {e.method} is not offered", f"{at}.method", f"use {', '.join(ORDER)}")
        ]
    if e.kind not in definitions.resource_types():
        return [Issue("invalid", f"'{e.kind[:60]}' is not an R4 resource type", f"{at}.url", "e.g. Observation")]
    if e.method in ("POST", "PUT") and e.resource is None:
        return [Issue("required", f"{e.method} needs a resource", f"{e.where}.resource", "add it")]
    if e.method == "POST" and (e.name or e.resource.get("resourceType") != e.kind):  # type: ignore[union-attr]
        return [
            Issue(
                "invalid",
                f"POST goes to the type of its resource, not to '{e.kind}/{e.name}'",
                f"{at}.url",
                "name the type",
            )
        ]
    needs_id = e.method == "DELETE" or (e.method == "PUT" and not e.query)
    if needs_id and (not e.name or "/" in e.name):
        return [Issue("invalid", f"{e.method} needs an address like {e.kind}/123", f"{at}.url", "name the id")]
    if "/" in e.name:
        return [Issue("not-supported", "history is not read through bundles", f"{at}.url", "read it by itself")]
    return []


def _once_each(entries: Sequence[Entry]) -> None:
    """A transaction may say one thing of a resource."""
    seen: dict[str, str] = {}
    urls: dict[str, str] = {}
    for e in entries:
        before = urls.setdefault(e.full_url, e.where) if e.full_url and e.method in ("POST", "PUT") else e.where
        if before != e.where:
            raise refuse(400, "duplicate", f"has the fullUrl of {before}", "give each its own", f"{e.where}.fullUrl")
        if e.method in ("PUT", "DELETE") and e.name:
            key = f"{e.kind}/{e.name}"
            if (before := seen.setdefault(key, e.where)) != e.where:
                raise refuse(400, "duplicate", f"changes {key}, which {before} changes too", "send one change", e.where)


def _loose(value: str, where: str) -> Refusal:
    fix = "add an entry with this fullUrl, or refer to a stored resource"
    return refuse(400, "not-found", f"refers to {value[:80]}, which is not in the bundle", fix, where)


def _no_loose_ends(value: Any, where: str) -> None:
    """Entries of a batch know nothing of each other."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            reference = one.get("reference")
            if isinstance(reference, str) and reference.startswith("urn:uuid:"):
                raise _loose(reference, where)
            todo += one.values()
        elif isinstance(one, list):
            todo += one
