"""Who is who: which twins a patient's data are for, merges of patients, and how a wrong merge is undone.

A twin's subject is named after the patient's id ("p1", "Patient/p1") or one of its identifiers ("system|value"). A
reference to another server names nobody here. A merge says that two patients are one: from then on the twins of either
get the data of both. It is a row that is never changed; to undo it is a further row, and what came by it is taken back.
In FHIR it is said by Patient.link (replaced-by, replaces), and undone by removing the link; in HL7 by A40 and A37.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from vitruvian.core.errors import MissingError
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.store import chain
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema_fhir import merges
from vitruvian.platform.store.twins import named

M = merges.c


class Merge(NamedTuple):
    """`patient` is `into`, since it was said."""

    seq: int
    patient: str
    into: str
    said_us: int


class Owner(NamedTuple):
    """A twin that a patient's data are for; `since_us`: by a merge that was said then, None: by its own name."""

    twin: TwinRow
    since_us: int | None


def in_force(connection: Connection, tenant: str) -> list[Merge]:
    """Merges that were not undone."""
    rows = connection.execute(select(merges).where(M.tenant == tenant).order_by(M.seq)).mappings().all()
    undone = {row["undoes"] for row in rows if row["undoes"] is not None}
    return [
        Merge(row["seq"], row["patient"], row["into"], row["said_us"])
        for row in rows
        if row["undoes"] is None and row["seq"] not in undone
    ]


def merge(archive: Archive, patient: str, into: str, said_us: int) -> Merge | None:
    """Say that two patients (ids) are one; None when that is known already."""
    held = in_force(archive.connection, archive.tenant)
    if patient == into or any((m.patient, m.into) == (patient, into) for m in held):
        return None
    return Merge(_write(archive, patient, into, None, said_us), patient, into, said_us)


def undo(archive: Archive, patient: str, into: str, said_us: int) -> Merge:
    """Take the merge back; MissingError when there is none."""
    for held in in_force(archive.connection, archive.tenant):
        if (held.patient, held.into) == (patient, into):
            _write(archive, patient, into, held.seq, said_us)
            return held
    what = f"Patient/{patient} is not merged into Patient/{into}"
    raise MissingError(what, where="merges", fix="check both ids")


def _write(archive: Archive, patient: str, into: str, undoes: int | None, said_us: int) -> int:
    archive.release()
    seq = chain.take_lock(archive.connection) + 1
    row = {"seq": seq, "tenant": archive.tenant, "patient": patient, "into": into, "undoes": undoes}
    own = {"said_us": said_us, "source": archive.source[:200], "actor": archive.actor[:200]}
    archive.connection.execute(insert(merges).values(**row, **own, received_us=archive.now_us))
    chain.give_out(archive.connection, seq)
    return seq


def links(patient: Mapping[str, Any] | None) -> set[tuple[str, str]]:
    """{(patient, into)} that a Patient resource says by link: replaced-by, or replaces."""
    out = set()
    for link in (patient or {}).get("link", ()):
        kind, _, other = link.get("other", {}).get("reference", "").rpartition("/")
        if kind == "Patient" and link["type"] == "replaced-by":
            out.add((str((patient or {})["id"]), other))
        elif kind == "Patient" and link["type"] == "replaces":
            out.add((other, str((patient or {})["id"])))
    return out


class Identities:
    """Looks up the twins of patients within one transaction, each once."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._merges = in_force(archive.connection, archive.tenant)
        self._owners: dict[str, tuple[Owner, ...]] = {}

    def owners(self, reference: str) -> tuple[Owner, ...]:
        """The twins that "Patient/p1" (or "Location/ward", any subject) is followed by."""
        if reference not in self._owners:
            self._owners[reference] = tuple(self._find(reference))
        return self._owners[reference]

    def same(self, patient: str) -> dict[str, int | None]:
        """The ids that are this patient, with when that was said (the latest of the merges between them)."""
        found: dict[str, int | None] = {patient: None}
        ahead = [patient]
        while ahead:
            one = ahead.pop()
            for m in self._merges:
                other = m.into if m.patient == one else m.patient if m.into == one else None
                if other is not None and other not in found:
                    before = found[one]
                    found[other] = m.said_us if before is None else max(before, m.said_us)
                    ahead.append(other)
        return found

    def _find(self, reference: str) -> Iterable[Owner]:
        kind, _, name = reference.rpartition("/")
        if ":" in reference or reference.startswith("#"):
            return ()
        group = self.same(name) if kind == "Patient" else {name: None}
        found: dict[str, Owner] = {}
        for one, since in group.items():
            for twin in named(self.archive.connection, self.archive.tenant, self._names(kind, one)):
                held = found.get(twin.id)
                if held is None or (held.since_us is not None and since is None):
                    found[twin.id] = Owner(twin, since)
        return found.values()

    def _names(self, kind: str, name: str) -> list[str]:
        names = [name, f"{kind}/{name}"]
        version = self.archive.newest(kind, name) if kind else None
        if version is None or version.deleted:
            return names
        for identifier in version.resource.get("identifier", ()):
            if isinstance(identifier, dict) and "value" in identifier:
                system = identifier.get("system", "")
                names.append(f"{system}|{identifier['value']}" if system else identifier["value"])
        return names
