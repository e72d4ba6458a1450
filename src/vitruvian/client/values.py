"""What goes to the server and what comes back, as frozen values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Value:
    """Base: made from the server's JSON; fields that a newer server adds are ignored."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From JSON."""
        names = {f.name for f in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in body.items() if k in names})


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading to be sent. `time` is aware. Rows of one `id` are versions of one reading."""

    observable: str
    time: datetime
    value: float
    unit: str = ""
    sensor: str = ""
    device: str = ""
    id: str = ""
    sd: float | None = None
    limit: int = 0
    known_at: datetime | None = None
    key: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One action to be sent: a type of the twin's kind, with its fields. It may lie ahead: a plan."""

    type: str
    time: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    known_at: datetime | None = None
    key: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True)
class RowOutcome(_Value):
    """What became of one row: new, changed, duplicate, kept_aside or refused."""

    status: str
    id: str = ""
    seq: int = 0
    version: int = 0
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch; it is on disk."""

    new: int
    changed: int
    duplicate: int
    kept_aside: int
    refused: int
    outcomes: Sequence[RowOutcome]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Outcome:
        """From JSON."""
        counts = {k: body[k] for k in ("new", "changed", "duplicate", "kept_aside", "refused")}
        return cls(**counts, outcomes=tuple(RowOutcome.of(o) for o in body["outcomes"]))


@dataclass(frozen=True, slots=True)
class Twin(_Value):
    """A twin; `readings` and what follows are known when one twin is asked for."""

    id: str
    subject: str
    kind: str
    kind_version: str
    zone: str
    created: str
    synthetic: bool = False
    fields: Mapping[str, Any] | None = None
    readings: int | None = None
    first: str | None = None
    last: str | None = None
    known: str | None = None
    belief: int | None = None


@dataclass(frozen=True, slots=True)
class FromFiles:
    """A twin that was made from files, what became of each, and the rows that could not be used."""

    twin: Twin
    files: Sequence[Mapping[str, Any]]
    kept_aside: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(Twin.of(body["twin"]), body["files"], body["kept_aside"])


@dataclass(frozen=True, slots=True)
class Job(_Value):
    """A job: queued, running, done, failed or cancelled."""

    id: str
    type: str
    state: str
    progress: float
    twin: str | None
    arguments: Mapping[str, Any]
    result: Any
    error: Mapping[str, str] | None
    attempt: int

    @property
    def ended(self) -> bool:
        """Whether anything more will come of it."""
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Alert(_Value):
    """An alert: open, acknowledged, silenced or resolved."""

    id: str
    seq: int
    twin: str
    rule: str
    state: str
    severity: str
    said: str
    detail: Mapping[str, Any]
    raised: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `seq` is from where a stream goes on."""

    seq: int
    type: str
    twin: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, and where the next one begins (None: this was the last)."""

    items: Sequence[T]
    next: str | None
