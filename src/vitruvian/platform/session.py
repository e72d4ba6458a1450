"""The session: a store that is open and a clock. What the command line, a notebook, a server do, they do through it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError, StoreError
from vitruvian.core.kind import AbstractKind
from vitruvian.platform import fieldtext, registry
from vitruvian.platform.instant import moment
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Store


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Session:
    """Twins of one store. `clock` tells the present, which nothing below asks for."""

    store: Store
    clock: Callable[[], datetime] = field(default=now, repr=False)
    actor: str = "local"  # whose doing is written beside what is stored

    @classmethod
    def begin(cls, place: str | Path | None = None) -> Session:
        """On the store in `place`, by default the one in $VITRUVIAN_HOME."""
        return cls(Store.open(place))

    def open(self, name: str) -> LiveTwin:
        """The twin of this id or subject; StoreError names near ones."""
        try:
            row = self.store.find_twin(name)
        except StoreError as err:
            raise self._near(name, err) from err
        return LiveTwin(self.store, row, self.clock, self.actor)

    def twins(self) -> tuple[LiveTwin, ...]:
        """All twins, in the order in which they were made."""
        rows = self.store.list_twins()
        return tuple(LiveTwin(self.store, row, self.clock, self.actor) for row in rows)

    def create(
        self,
        kind: str,
        subject: str,
        *files: str | Path,
        zone: str = "",
        fields: Mapping[str, Any] | None = None,
        progress: Callable[[float], None] | None = None,
        **how: str,
    ) -> tuple[LiveTwin, tuple[Any, ...]]:
        """A new twin of `subject` with what is in the files, and the reports on them.

        fields: the subject's, e.g. {"weight": "82 kg"}. zone: the IANA zone in which the subject lives (default: this
        machine's). how: as in LiveTwin.observe. A file that cannot be read at all leaves no twin behind.
        """
        found = registry.get(kind)
        chosen = checked_zone(zone or machine_zone())
        person = fieldtext.build(found.subject, fields or {}, lambda name: f"--set {name}".strip())
        case = Case(person, origin=self._origin(found, files, chosen, how))
        row = self.store.create_twin(subject, found, case, now=self.clock(), actor=self.actor)
        twin = LiveTwin(self.store, row, self.clock, self.actor)
        return twin, twin.observe(*files, progress=progress, **how) if files else ()

    def _origin(self, kind: AbstractKind, files: Sequence[str | Path], zone: str, how: Mapping[str, str]) -> Origin:
        """Core time begins at the midnight before the files do (so far as their first rows tell), else before now."""
        first = self.clock()
        if files:
            from vitruvian.platform.connect import how as said
            from vitruvian.platform.ingest import check, first_times

            told = said(zone=zone, now=first, **how)
            check(kind, files, told)
            times = [us for file in files for us in first_times(Path(file), told)]
            first = moment(min(times)) if times else first
        midnight = first.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Origin(midnight.astimezone(UTC), zone)

    def _near(self, name: str, err: StoreError) -> StoreError:
        rows = self.store.list_twins()
        known = [n for row in rows for n in (row.subject, row.id)]
        folded = {n.lower(): n for n in known}
        near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
        if not near or "there is no twin" not in err.what:
            return err
        return type(err)(err.what, where=err.where, fix=f"did you mean {folded[near[0]]}? Or see: vitruvian twin list")


def machine_zone() -> str:
    """The IANA zone of this machine: $TZ, the system's setting, else UTC."""
    said = os.environ.get("TZ", "").lstrip(":")
    place = Path("/etc/localtime")
    linked = str(place.resolve()) if place.exists() else ""
    for name in (said, linked.partition("zoneinfo/")[2]):
        if name and _is_zone(name):
            return name
    return "UTC"


def checked_zone(name: str) -> str:
    """The zone's name; FieldError with near names when there is none."""
    if _is_zone(name):
        return name
    from zoneinfo import available_timezones

    near = difflib.get_close_matches(name, available_timezones(), n=3, cutoff=0.5)
    fix = f"did you mean {' or '.join(near)}?" if near else "write it like Europe/Berlin"
    raise FieldError(f"'{name}' is not a time zone", where="--zone", fix=fix)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
