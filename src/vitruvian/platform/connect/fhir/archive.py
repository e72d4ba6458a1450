"""Every version of every resource, appended within a transaction; the newest are indexed for search."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orjson import Fragment
from sqlalchemy import Connection, delete, insert, select, update

from vitruvian.platform.connect.fhir import written
from vitruvian.platform.connect.fhir.terms import terms
from vitruvian.platform.instant import text
from vitruvian.platform.store import chain
from vitruvian.platform.store.schema_fhir import fhir_heads, fhir_terms, fhir_versions

V = fhir_versions.c
H = fhir_heads.c
FULL = 500  # rows that wait before they are written together


class Version(NamedTuple):
    """One version of a resource; `body` is its JSON as served, empty for a deletion."""

    seq: int
    type: str
    id: str
    version: int
    deleted: bool
    body: str
    updated_us: int
    method: str

    @property
    def resource(self) -> dict[str, Any]:
        """The parsed body."""
        return written.loads(self.body)


class Head(NamedTuple):
    """Which version of a resource is the newest."""

    seq: int
    version: int
    deleted: bool
    updated_us: int


COLUMNS = tuple(V[name] for name in Version._fields)


@dataclass
class Archive:
    """One tenant's resources within one transaction. Nothing is written before `flush`, which reads call first.

    Not frozen: it gathers rows, so that a bundle costs a few statements and not several per entry.
    """

    connection: Connection
    tenant: str
    now_us: int
    actor: str = "local"
    source: str = "fhir"
    said_us: int | None = None  # when the message that brought it was sent; None: now
    changed: list[tuple[Version, dict[str, Any]]] = field(default_factory=list)  # what was put, in order
    _last: int | None = None
    _versions: list[dict[str, Any]] = field(default_factory=list)
    _heads: dict[tuple[str, str], Head] = field(default_factory=dict)
    _new: set[tuple[str, str]] = field(default_factory=set)
    _dirty: dict[tuple[str, str], int | None] = field(default_factory=dict)  # head changed; seq of the one indexed
    _terms: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    # reading

    def head(self, kind: str, name: str) -> Head | None:
        """The newest version's row; None when there never was such a resource."""
        if (kind, name) in self._heads:
            return self._heads[kind, name]
        match = select(H.seq, H.version, H.deleted, H.updated_us).where(
            H.tenant == self.tenant, H.type == kind, H.id == name
        )
        row = self.connection.execute(match).first()
        return None if row is None else Head(*row)

    def newest(self, kind: str, name: str) -> Version | None:
        """The newest version, a deletion included."""
        head = self.head(kind, name)
        return None if head is None else self.version(kind, name, head.version)

    def version(self, kind: str, name: str, number: int) -> Version | None:
        """That version."""
        self.flush()
        match = select(*COLUMNS).where(V.tenant == self.tenant, V.type == kind, V.id == name, V.version == number)
        row = self.connection.execute(match).first()
        return None if row is None else Version(*row)

    def history(self, kind: str, name: str, before: int, count: int) -> list[Version]:
        """Versions older than the sequence `before`, newest first; of all of a type when `name` is empty."""
        self.flush()
        match = select(*COLUMNS).where(V.tenant == self.tenant, V.type == kind, V.seq < before)
        match = match.where(V.id == name) if name else match
        return [Version(*row) for row in self.connection.execute(match.order_by(V.seq.desc()).limit(count))]

    def every(self, kind: str, since_us: int, until_seq: int) -> Iterator[Version]:
        """The newest versions of a type changed after `since_us`, none later than `until_seq`."""
        match = (
            select(*COLUMNS)
            .join(fhir_heads, H.seq == V.seq)
            .where(H.tenant == self.tenant, H.type == kind, H.deleted.is_(False))
            .where(H.updated_us > since_us, H.seq <= until_seq)
            .order_by(V.seq)
            .execution_options(yield_per=FULL)
        )
        return (Version(*row) for row in self.connection.execute(match))

    # writing

    def put(self, resource: Mapping[str, Any], name: str = "", *, method: str = "PUT") -> Version:
        """A further version of `name`, or a new resource; a resource that says what the newest says makes none."""
        kind = str(resource["resourceType"])
        name = name or new_id()
        head = None if method == "POST" else self.head(kind, name)
        if head is not None and not head.deleted:
            held = self.version(kind, name, head.version)
            if held is not None and _content(held.resource) == _content({**resource, "id": name}):
                return held
        number = head.version + 1 if head else 1
        served = _served(resource, name, number, self.now_us)
        body = written.dumps(served).decode()
        made = Version(self._take(), kind, name, number, False, body, self.now_us, method)
        self._write(made, head, served)
        return made

    def remove(self, kind: str, name: str) -> Version | None:
        """A version that says it is deleted; None when there is nothing to delete."""
        head = self.head(kind, name)
        if head is None or head.deleted:
            return None
        made = Version(self._take(), kind, name, head.version + 1, True, "", self.now_us, "DELETE")
        self._write(made, head, {})
        return made

    def flush(self) -> None:
        """Write what waits."""
        if not self._versions:
            return
        self.connection.execute(insert(fhir_versions), self._versions)
        self._versions = []
        made = [self._head_row(key) for key in self._dirty if key in self._new]
        if made:
            self.connection.execute(insert(fhir_heads), made)
        for key in self._dirty:
            if key not in self._new:
                row = self._head_row(key)
                match = [fhir_heads.c[k] == row.pop(k) for k in ("tenant", "type", "id")]
                self.connection.execute(update(fhir_heads).where(*match).values(row))
        old = [seq for seq in self._dirty.values() if seq is not None]
        for start in range(0, len(old), FULL):
            self.connection.execute(delete(fhir_terms).where(fhir_terms.c.seq.in_(old[start : start + FULL])))
        rows = [row for key in self._dirty for row in self._terms.get(key, ())]
        if rows:
            self.connection.execute(insert(fhir_terms), rows)
        self._dirty, self._terms = {}, {}
        self._new = set()
        if self._last is not None:
            chain.give_out(self.connection, self._last)

    def _take(self) -> int:
        if self._last is None:
            self._last = chain.take_lock(self.connection)
        self._last += 1
        return self._last

    def release(self) -> None:
        """Write what waits; others in this transaction may then give out sequences."""
        self.flush()
        self._last = None

    def _write(self, made: Version, head: Head | None, served: dict[str, Any]) -> None:
        key = (made.type, made.id)
        own = {"tenant": self.tenant, "source": self.source[:200], "actor": self.actor[:200]}
        self._versions.append({**made._asdict(), **own})
        if head is None:
            self._new.add(key)
        self._dirty.setdefault(key, head.seq if head else None)
        self._heads[key] = Head(made.seq, made.version, made.deleted, made.updated_us)
        found = () if made.deleted else terms(served)
        self._terms[key] = [
            {"seq": made.seq, "n": n, "tenant": self.tenant, "type": made.type, **term._asdict()}
            for n, term in enumerate(found)
        ]
        self.changed.append((made, served))
        if len(self._versions) >= FULL:
            self.flush()

    def _head_row(self, key: tuple[str, str]) -> dict[str, Any]:
        return {"tenant": self.tenant, "type": key[0], "id": key[1], **self._heads[key]._asdict()}


def new_id() -> str:
    """A fresh id, not to be guessed."""
    return secrets.token_hex(12)


def _served(resource: Mapping[str, Any], name: str, version: int, now_us: int) -> dict[str, Any]:
    """The resource with its id, version and time; the rest as it came."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": text(now_us)}
    first = {"resourceType": resource["resourceType"], "id": name, "meta": meta}
    return first | {key: value for key, value in resource.items() if key not in first}


def _content(resource: Mapping[str, Any]) -> bytes:
    """What a resource says, apart from what the server adds."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    rest = {k: resource[k] for k in sorted(resource) if k != "meta"}
    return written.dumps({**rest, **({"meta": meta} if meta else {})})


def bundle_entries(versions: Sequence[Version], base: str) -> list[dict[str, Any]]:
    """History entries: the resource, the request that made it, what was answered."""
    out = []
    for v in versions:
        url = v.type if v.method == "POST" else f"{v.type}/{v.id}"
        status = "204" if v.deleted else "201" if v.version == 1 else "200"
        entry: dict[str, Any] = {"fullUrl": f"{base}/{v.type}/{v.id}"}
        entry |= {} if v.deleted else {"resource": Fragment(v.body)}
        entry["request"] = {"method": v.method, "url": url}
        entry["response"] = {"status": status, "etag": f'W/"{v.version}"', "lastModified": text(v.updated_us)}
        out.append(entry)
    return out
