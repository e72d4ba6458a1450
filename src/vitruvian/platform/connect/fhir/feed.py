"""Resources into the records of twins, in the transaction that stores them: what is acknowledged is in both or neither.

Every version that changed is looked at with the one before it: facts that it no longer holds (or no longer for this
twin) are taken back. The same resource again, or an older version after a newer one, changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from vitruvian.core.kind import AbstractKind
from vitruvian.platform import registry
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.fhir import flow, search
from vitruvian.platform.connect.fhir.archive import Archive, Version
from vitruvian.platform.connect.fhir.clinical import TYPES, Clinical, Facts
from vitruvian.platform.connect.fhir.identity import Identities, Merge, Owner, in_force, links, merge, undo
from vitruvian.platform.instant import moment
from vitruvian.platform.store import Store, chain
from vitruvian.platform.store.database import Joined
from vitruvian.platform.store.facts import Deed, Observation, Source, TwinRow
from vitruvian.platform.store.schema import twins


def feed(archive: Archive) -> None:
    """A follower of FhirServer: what the transaction changed goes to the twins that follow its subjects."""
    for version, patient in [c for c in archive.changed if c[0].type == "Patient"]:
        _identify(archive, version, patient)
    changed = [(v, resource) for v, resource in archive.changed if v.type in TYPES]
    if not changed or not _has_twins(archive):
        return
    gathered = _Gathered(archive)
    for version, resource in changed:
        before = archive.version(version.type, version.id, version.version - 1) if version.version > 1 else None
        gathered.add(None if version.deleted else resource, _body(before))
    gathered.write()


def _identify(archive: Archive, version: Version, patient: Mapping[str, Any]) -> None:
    """Merges that a version of a Patient says, or no longer says."""
    before = archive.version("Patient", version.id, version.version - 1) if version.version > 1 else None
    said, old = links(None if version.deleted else patient), links(_body(before))
    at = archive.now_us if archive.said_us is None else archive.said_us
    for one, into in sorted(said - old):
        made = merge(archive, one, into, at)
        if made is not None:
            feed_again(archive, made)
    held = {(m.patient, m.into) for m in in_force(archive.connection, archive.tenant)} if old - said else set()
    for one, into in sorted((old - said) & held):
        feed_again(archive, undo(archive, one, into, at), undone=True)


def feed_again(archive: Archive, merge: Merge, *, undone: bool = False) -> None:
    """After a merge, or its undoing: the data of both patients to the twins that are right now."""
    if not _has_twins(archive):
        return
    gathered = _Gathered(archive)
    same = gathered.identities.same
    for patient in {*same(merge.patient), *same(merge.into)}:
        for version in _resources_of(archive, patient):
            gathered.add(version.resource, None)
            if undone:
                gathered.take_from_others(version, merge)
    gathered.write()


def _body(version: Version | None) -> dict[str, Any] | None:
    return None if version is None or version.deleted else version.resource


def _has_twins(archive: Archive) -> bool:
    match = select(func.count()).select_from(twins).where(twins.c.tenant == archive.tenant)
    return bool(archive.connection.execute(match).scalar())


def _resources_of(archive: Archive, patient: str) -> Iterable[Version]:
    archive.flush()
    for kind in TYPES:
        wanted = search.criteria(
            kind, [("patient", f"Patient/{patient}"), ("_count", str(search.MOST))], archive.tenant
        )
        after = 0
        while page := search.find(archive.connection, replace(wanted, after=after)).versions:
            yield from page
            after = page[-1].seq


@dataclass
class _Rows:
    """What goes to one twin."""

    twin: TwinRow
    readings: dict[str, Observation] = field(default_factory=dict)
    older: list[Observation] = field(default_factory=list)
    deeds: dict[str, Deed] = field(default_factory=dict)
    asides: list[Aside] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)


class _Gathered:
    """Rows by twin; written in one append each."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.identities = Identities(archive)
        self._rows: dict[str, _Rows] = {}
        self._kinds: dict[str, AbstractKind] = {}

    def add(self, resource: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> None:
        """The facts of a version to the twins of its subject; those only the version before had, taken back."""
        kept: dict[str, set[str]] = defaultdict(set)
        for owner in self._owners(resource):
            rows = self._of(owner.twin)
            facts = self._facts(owner, resource)
            for reading in facts.readings:
                if (held := rows.readings.get(reading.reading_id)) is not None:
                    rows.older.append(held)
                rows.readings[reading.reading_id] = reading
            rows.deeds |= {deed.action_id: deed for deed in facts.deeds}
            rows.asides += facts.asides
            names = {r.reading_id for r in facts.readings} | {d.action_id for d in facts.deeds}
            rows.gone -= names
            kept[owner.twin.id] |= names
        for owner in self._owners(before):
            facts = self._facts(owner, before)
            names = {r.reading_id for r in facts.readings} | {d.action_id for d in facts.deeds}
            self._of(owner.twin).gone |= names - kept[owner.twin.id]

    def take_from_others(self, version: Version, merge: Merge) -> None:
        """Facts that came to a twin by the merge and are not its own."""
        resource = version.resource
        own = {owner.twin.id for owner in self._owners(resource)}
        for patient in (merge.patient, merge.into):
            for owner in self.identities.owners(f"Patient/{patient}"):
                if owner.twin.id not in own:
                    facts = self._facts(owner, resource)
                    rows = self._of(owner.twin)
                    rows.gone |= {r.reading_id for r in facts.readings} | {d.action_id for d in facts.deeds}

    def write(self) -> None:
        """One append a twin, within the transaction."""
        self.archive.release()
        now = moment(self.archive.now_us)
        store = Store(Joined(self.archive.connection), self.archive.tenant)
        source = Source(self.archive.source[:200], "fhir", actor=self.archive.actor)
        for rows in self._rows.values():
            readings = [*rows.older, *rows.readings.values()]
            if readings or rows.deeds or rows.asides:
                store.append(rows.twin.id, source, readings, list(rows.deeds.values()), rows.asides, now=now)
            for which, remove in ((chain.READINGS, store.remove_observations), (chain.DEEDS, store.remove_actions)):
                held = chain.newest(self.archive.connection, which, rows.twin.id, sorted(rows.gone))
                there = [name for name, row in held.items() if not row["removed"]]
                if there:
                    remove(rows.twin.id, there, source, now=now)

    def _owners(self, resource: Mapping[str, Any] | None) -> tuple[Owner, ...]:
        """The twins of its subject; of a visit also those of the place where it is."""
        if resource is None:
            return ()
        names = [resource.get("subject", {}).get("reference", "")]
        names += flow.facilities(resource) if resource["resourceType"] == "Encounter" else []
        return tuple(owner for name in names if name for owner in self.identities.owners(name))

    def _facts(self, owner: Owner, resource: Mapping[str, Any] | None) -> Facts:
        if resource is None:
            return Facts()
        name = owner.twin.kind
        if name not in self._kinds:
            self._kinds[name] = registry.get(name)
        return Clinical(self._kinds[name], self.archive.now_us, owner.since_us).facts(resource)

    def _of(self, twin: TwinRow) -> _Rows:
        return self._rows.setdefault(twin.id, _Rows(twin))
