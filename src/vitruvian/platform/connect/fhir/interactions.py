"""Create, read, update, delete, history, search: R4's interactions on an archive, one function each (R4, 3.1.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from orjson import Fragment

from vitruvian.platform.connect.fhir import search
from vitruvian.platform.connect.fhir.answer import Answer, of_json, of_version, refuse
from vitruvian.platform.connect.fhir.archive import Archive, Head, Version, bundle_entries
from vitruvian.platform.connect.fhir.primitives import CHECKS

PAGE = 100  # versions on a page of history
NEWEST = 2**62


def create(archive: Archive, resource: Mapping[str, Any], if_none_exist: str, base: str, name: str = "") -> Answer:
    """POST. With If-None-Exist the one that matches is answered instead; several are refused."""
    kind = str(resource["resourceType"])
    if if_none_exist:
        found = only(archive, kind, if_none_exist)
        if found is not None:
            return of_version(200, found, base)
    return of_version(201, archive.put(resource, name, method="POST"), base)


def update(archive: Archive, kind: str, name: str, resource: Mapping[str, Any], if_match: str, base: str) -> Answer:
    """PUT: a further version, or a new resource under this id. What changes nothing makes no version."""
    if resource["resourceType"] != kind or resource.get("id") != name:
        said = f"{resource['resourceType']}/{resource.get('id', '')}"
        raise refuse(
            400, "invalid", f"the body is {said}, the address {kind}/{name}", "make them the same", f"{kind}.id"
        )
    head = archive.head(kind, name)
    _unchanged(head, if_match, f"{kind}/{name}")
    new = head is None or head.deleted
    return of_version(201 if new else 200, archive.put(resource, name), base)


def update_where(
    archive: Archive, kind: str, query: str, resource: Mapping[str, Any], if_match: str, base: str
) -> Answer:
    """PUT with criteria: the one that matches is updated, none makes a new one, several are refused."""
    found = only(archive, kind, query)
    named = resource.get("id")
    if found is None:
        if named and archive.head(kind, str(named)) is not None:
            raise refuse(409, "conflict", f"{kind}/{named} is there, and does not match", "leave the id out")
        return of_version(201, archive.put(resource, str(named or "")), base)
    if named and named != found.id:
        raise refuse(
            400, "invalid", f"the match is {found.id}, the body says {named}", "leave the id out", f"{kind}.id"
        )
    return update(archive, kind, found.id, {**resource, "id": found.id}, if_match, base)


def remove(archive: Archive, kind: str, name: str, if_match: str) -> Answer:
    """DELETE: a version that says so; what was there stays in the history. Nothing there is no error."""
    _unchanged(archive.head(kind, name), if_match, f"{kind}/{name}")
    made = archive.remove(kind, name)
    return Answer(204, headers={} if made is None else {"ETag": f'W/"{made.version}"'}, version=made)


def read(archive: Archive, kind: str, name: str, if_none_match: str = "", base: str = "") -> Answer:
    """GET: the newest version, 410 when it is deleted."""
    found = archive.newest(kind, name)
    if found is None:
        raise refuse(404, "not-found", f"there is no {kind}/{name}", "check the id, or search for it")
    if found.deleted:
        raise refuse(410, "deleted", f"{kind}/{name} was deleted", f"see {kind}/{name}/_history")
    answer = of_version(200, found)
    if if_none_match and f'W/"{found.version}"' in if_none_match:
        return Answer(304, headers=answer.headers)
    return answer


def vread(archive: Archive, kind: str, name: str, version: str) -> Answer:
    """GET of one version."""
    found = archive.version(kind, name, int(version)) if version.isascii() and version.isdigit() else None
    if found is None:
        raise refuse(
            404, "not-found", f"there is no version {version[:20]} of {kind}/{name}", f"see {kind}/{name}/_history"
        )
    if found.deleted:
        raise refuse(
            410, "deleted", f"version {version} of {kind}/{name} is its deletion", f"see {kind}/{name}/_history"
        )
    return of_version(200, found)


def history(archive: Archive, kind: str, name: str, query: search.Query, base: str) -> Answer:
    """All versions of a resource or of a type, newest first, with a link to older ones."""
    given = dict(query)
    for key in given:
        if key not in ("_count", "_before", *search.FORMAT):
            raise refuse(400, "not-supported", f"history knows no parameter '{key[:40]}'", "use _count")
    numbers = [given.get("_count", str(PAGE)), given.get("_before", str(NEWEST))]
    if not all(n.isascii() and n.isdigit() and len(n) < 20 for n in numbers):
        raise refuse(400, "invalid", "_count needs a whole number", "e.g. _count=50")
    count = max(1, min(int(numbers[0]), search.MOST))
    found = archive.history(kind, name, int(numbers[1]), count + 1)
    if not found and name and "_before" not in given:
        raise refuse(404, "not-found", f"there is no {kind}/{name}", "check the id, or search for it")
    here = f"{kind}/{name}/_history" if name else f"{kind}/_history"
    links = [("self", query)]
    if len(found) > count:
        found = found[:count]
        links.append(("next", [("_count", str(count)), ("_before", str(found[-1].seq))]))
    return of_json(200, _bundle("history", links, base, here, bundle_entries(found, base)))


def find(archive: Archive, kind: str, query: search.Query, base: str, *, lenient: bool = False) -> Answer:
    """GET with criteria: a page, its total, a link to the next."""
    archive.flush()
    wanted = search.criteria(kind, query, archive.tenant, lenient=lenient)
    page = search.find(archive.connection, wanted)
    links = [("self", wanted.used)] + ([("next", page.next)] if page.next else [])
    entries = [
        {"fullUrl": f"{base}/{v.type}/{v.id}", "resource": Fragment(v.body), "search": {"mode": "match"}}
        for v in page.versions
    ]
    made = _bundle("searchset", links, base, kind, entries)
    return of_json(200, {**made, "total": page.total} if "entry" not in made else _total(made, page.total))


def only(archive: Archive, kind: str, query: str) -> Version | None:
    """The one that matches; none is None, several are refused (412)."""
    archive.flush()
    pairs = parse_qsl(query.partition("?")[2] or query, keep_blank_values=True)
    if not pairs:
        raise refuse(400, "invalid", f"the condition '{query[:60]}' has no criteria", "e.g. identifier=urn:mrn|123")
    found = search.matches(archive.connection, kind, pairs, archive.tenant)
    if len(found) > 1:
        raise refuse(412, "multiple-matches", f"more than one {kind} matches '{query[:100]}'", "give narrower criteria")
    return found[0] if found else None


def checked_id(kind: str, name: str) -> str:
    """The id of an address."""
    if wrong := CHECKS["id"](name):
        raise refuse(400, "value", f"the id {wrong}", "1 to 64 letters, digits, '-' and '.'", f"{kind}.id")
    return name


_TAG = re.compile(r'(?:W/)?"(\d+)"')


def _unchanged(head: Head | None, if_match: str, what: str) -> None:
    """If-Match: the version that was read is still the newest."""
    if not if_match:
        return
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise refuse(400, "invalid", f"If-Match is '{if_match[:40]}'", 'write it like W/"3"')
    if head is None or head.version != int(tag[1]):
        now = "not there" if head is None else f"at version {head.version}"
        raise refuse(
            412, "conflict", f"{what} is {now}, not at version {tag[1]}", "read it again and repeat the change"
        )


def _bundle(
    kind: str, links: list[tuple[str, Any]], base: str, path: str, entries: list[dict[str, Any]]
) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    made["link"] = [{"relation": name, "url": search.link(base, path, query)} for name, query in links]
    return made | ({"entry": entries} if entries else {})


def _total(made: dict[str, Any], total: int) -> dict[str, Any]:
    """The total stands before the entries."""
    entries = made.pop("entry")
    return {**made, "total": total, "entry": entries}
