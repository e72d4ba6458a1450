"""What is handed to the store and what comes back: small frozen values, times in UTC microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from vitruvian.core.case import Origin

SUBJECT = "Subject"  # the type of a deed that says fields of the subject from its time on, such as a laboratory's


class Observation(msgspec.Struct, frozen=True, kw_only=True):  # made at a sixth of a frozen dataclass's cost
    """One reading. `known_us` None: known when valid, or, if it changes an earlier one, now.

    Rows of one `reading_id` are versions of one reading. `idempotency_key`: the sender's own, else made here.
    `limit` is -1, 0 or 1 as in core.Record. `row` is the line or message it came in, `raw` its text.
    """

    reading_id: str
    observable: str
    valid_us: int
    value: float
    unit: str
    known_us: int | None = None
    sd: float | None = None
    limit: int = 0
    sensor: str = ""
    device: str = ""
    removed: bool = False
    idempotency_key: str = ""
    row: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One action of the kind's type `type` with its fields in `body`; otherwise as Observation."""

    action_id: str
    type: str
    at_us: int
    body: Mapping[str, Any]
    known_us: int | None = None
    removed: bool = False
    idempotency_key: str = ""
    row: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The file, message or hand that brings facts, and who brought it."""

    name: str
    format: str = ""
    digest: str = ""
    actor: str = "local"


class Receipt(NamedTuple):
    """What became of one row: "new", "changed" (a further version) or "duplicate" (nothing written)."""

    id: str
    status: str
    seq: int
    version: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """Receipts in the order of the rows; what they acknowledge is on disk."""

    observations: tuple[Receipt, ...] = ()
    actions: tuple[Receipt, ...] = ()
    kept_aside: int = 0

    def count(self, status: str) -> int:
        """How many rows, readings and actions together, have this status."""
        return sum(r.status == status for rows in (self.observations, self.actions) for r in rows)


@dataclass(frozen=True, slots=True)
class TwinRow:
    """A stored twin: its names, what kind it is, where its time begins. Its data are read by the store's functions."""

    id: str
    tenant: str
    subject: str
    kind: str
    kind_version: str
    artefact: str
    origin: Origin
    created_us: int
    case_document: Mapping[str, Any] = field(repr=False)


class Extent(NamedTuple):
    """How many readings, the first and last time they are valid for, and when the last fact became known (or None)."""

    readings: int
    first_us: int | None
    last_us: int | None
    known_us: int | None


@dataclass(frozen=True, slots=True)
class StoredForecast:
    """A forecast as it was said: what was asked, what was known, on which belief it rests, what came out (a tree)."""

    version: int
    known_us: int
    created_us: int
    belief_version: int
    request: Mapping[str, Any]
    result: Any


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a twin's history."""

    at_us: int
    seq: int
    what: str
    detail: str
    actor: str
