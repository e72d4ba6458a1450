"""Rows of a native batch into facts of a twin: checked, units converted once; what cannot be used is kept aside.

A batch is read whole by a compiled decoder. Only when a row of it is malformed are its rows read one by one, so that
one bad row never takes the others with it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from vitruvian.core.errors import FieldError, ParseError, VitruvianError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import Observable
from vitruvian.core.units import convert
from vitruvian.platform.aside import Aside
from vitruvian.platform.instant import EPOCH, text
from vitruvian.platform.mapping import CODES
from vitruvian.platform.store.facts import Deed, Observation

GLUCOSE = frozenset(code for codes in CODES.values() for code in codes)
AHEAD_US = 300 * 1_000_000  # how far a sender's clock may run ahead of ours; assumed
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC) - EPOCH  # nothing a twin follows is older
ROWS = 20_000  # in one request
REMEMBERED = 10_000  # conversions

Name = Annotated[str, msgspec.Meta(max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ReadingRow(msgspec.Struct, forbid_unknown_fields=True):
    """One reading as it is sent."""

    observable: Name
    time: Moment
    value: float
    unit: Name = ""
    id: Name = ""
    sensor: Name = ""
    device: Name = ""
    sd: float | None = None
    limit: int = 0
    known_at: Moment | None = None
    key: Name = ""
    twin: Name = ""


class ActionRow(msgspec.Struct, forbid_unknown_fields=True):
    """One action as it is sent."""

    type: Name
    time: Moment
    fields: dict[str, Any] = {}
    id: Name = ""
    known_at: Moment | None = None
    key: Name = ""
    twin: Name = ""


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    observations: list[ReadingRow] = []
    actions: list[ActionRow] = []
    source: Name = ""


class _RawRows(msgspec.Struct, forbid_unknown_fields=True):
    observations: list[msgspec.Raw] = []
    actions: list[msgspec.Raw] = []
    source: Name = ""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last: nested beyond all reason
_WHOLE, _RAW = msgspec.json.Decoder(_Rows), msgspec.json.Decoder(_RawRows)
_READING, _ACTION = msgspec.json.Decoder(ReadingRow), msgspec.json.Decoder(ActionRow)
_WHERE = msgspec.json.Decoder(dict[str, Any])


@dataclasses.dataclass(frozen=True, slots=True)
class Bad:
    """A row that could not be read: its text, why, and the twin it was for ("" when that cannot be told)."""

    raw: str
    why: str
    twin: str


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it was sent, in its order."""

    observations: Sequence[ReadingRow | Bad]
    actions: Sequence[ActionRow | Bad]
    source: str


def decode(body: bytes) -> Sent:
    """Read a batch. ParseError when it is no JSON of this form at all, or too long."""
    try:
        rows: Any = _WHOLE.decode(body)
    except UNREADABLE as err:
        try:
            raw = _RAW.decode(body)
        except UNREADABLE:
            fix = "send {'observations': [...], 'actions': [...]} as UTF-8 JSON"
            raise ParseError(str(err), where="body", fix=fix) from None
        readings = [_one(_READING, r) for r in raw.observations]
        rows = Sent(readings, [_one(_ACTION, r) for r in raw.actions], raw.source)
    count = len(rows.observations) + len(rows.actions)
    if not 0 < count <= ROWS:
        raise ParseError(f"holds {count} rows", where="body", fix=f"send 1 to {ROWS} rows in a batch")
    return Sent(rows.observations, rows.actions, rows.source)


def _one(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> Any:
    text = bytes(raw)
    try:
        return decoder.decode(text)
    except UNREADABLE as err:
        try:
            twin = _WHERE.decode(text).get("twin", "")
        except UNREADABLE:
            twin = ""
        return Bad(text.decode("utf-8", "replace"), str(err), twin if isinstance(twin, str) else "")


MISTAKEN = {  # unit: what is often sent under its name, and how that reads in it
    "Cel": (("Fahrenheit", 1.0 / 1.8, -32.0 / 1.8),),
    "mm[Hg]": (("kPa", 7.50062, 0.0),),
    "%": (("a fraction", 100.0, 0.0),),
    "mL": (("L", 1000.0, 0.0),),
    "L/min": (("mL/min", 1e-3, 0.0),),
    "kg": (("pounds", 0.45359237, 0.0),),
}


def looks_like(observable: Observable, value: float) -> str:
    """What a value beyond the limits would be in a unit that is often mistaken for the observable's; "" if nothing.

    It is said and not done: a value is never converted on a guess.
    """
    for name, scale, offset in MISTAKEN.get(observable.unit, ()):
        converted = value * scale + offset
        if observable.low <= converted <= observable.high and converted > 0.0:
            return f": it looks like {name} ({converted:.4g} {observable.unit})"
    return ""


class Intake:
    """Checks and converts rows for twins of one kind. Remembers conversions; holds nothing else."""

    def __init__(self, kind: AbstractKind) -> None:
        self.kind = kind
        self._seen: dict[tuple[str, str, str], tuple[Observable, float, float]] = {}
        self._clean: set[tuple[str, str, str]] = set()

    def reading(self, row: ReadingRow, now_us: int) -> Observation:
        """The observation; VitruvianError says why it cannot be used."""
        key = (row.observable, row.sensor, row.unit)
        if key not in self._seen:
            if len(self._seen) >= REMEMBERED:  # a sender that makes up sensors does not fill the memory
                self._seen.clear()
                self._clean.clear()
            self._seen[key] = self._conversion(*key)
        observable, scale, offset = self._seen[key]
        valid, value = _micros(row.time, now_us), row.value * scale + offset
        if not observable.low <= value <= observable.high or not math.isfinite(value):
            raise FieldError(
                f"{row.value:g} {row.unit} is {value:g} {observable.unit}, outside {observable.low:g} to "
                f"{observable.high:g}",
                where="value",
                fix=f"check value and unit{looks_like(observable, value)}",
            )
        if row.sd is not None and not 0 < row.sd < math.inf:
            raise FieldError("must be more than 0", where="sd", fix="leave it out where the sensor's noise speaks")
        if row.limit not in (-1, 0, 1):
            raise FieldError("must be -1, 0 or 1", where="limit", fix="-1: at or below the sensor's lower limit")
        if row.id or row.device or row.key or key not in self._clean:  # most rows differ in their time only
            _clean(row.id, row.sensor, row.device, row.key)
            self._clean.add(key)
        return Observation(
            reading_id=row.id or "|".join((observable.name, row.sensor, row.device, text(valid))),
            observable=observable.name,
            valid_us=valid,
            value=value,
            unit=observable.unit,
            known_us=None if row.known_at is None else _micros(row.known_at, now_us),
            sd=None if row.sd is None else row.sd * abs(scale),
            limit=row.limit,
            sensor=row.sensor,
            device=row.device,
            idempotency_key=row.key,
        )

    def action(self, row: ActionRow, now_us: int) -> Deed:
        """The deed; VitruvianError says why it cannot be used. An action may lie ahead: a plan."""
        cls = self.kind.action_type(row.type)
        at = _since_epoch(row.time)
        body = cls.from_json({**row.fields, "at": 0.0}).to_json()
        _clean(row.id, row.key)
        return Deed(
            action_id=row.id or f"{row.type}|{text(at)}",
            type=row.type,
            at_us=at,
            body={name: value for name, value in body.items() if name not in ("type", "at", "known_at")},
            known_us=None if row.known_at is None else _micros(row.known_at, now_us),
            idempotency_key=row.key,
        )

    def _conversion(self, name: str, sensor: str, unit: str) -> tuple[Observable, float, float]:
        """(observable, scale, offset): every unit of one quantity is an affine map of another."""
        observable = self.kind.observable(name)
        self.kind.noise(name, sensor)
        if unit in ("", observable.unit):
            return observable, 1.0, 0.0
        analyte = "glucose" if observable.code in GLUCOSE else ""
        zero, one = (float(convert(v, unit, observable.unit, analyte)) for v in (0.0, 1.0))
        return observable, one - zero, zero


def aside(source: str, index: int, row: Any, why: VitruvianError | Bad) -> Aside:
    """A row that could not be used, as it is listed; `index` counts from 0."""
    if isinstance(why, Bad):
        return Aside(source, index + 1, "", _printable(why.raw), why.why, "send it in the form that /docs shows")
    raw = msgspec.json.encode(row).decode()
    return Aside(source, index + 1, why.where, _printable(raw), why.what, why.fix or "correct it and send it again")


def _micros(moment: datetime, now_us: int) -> int:
    us = _since_epoch(moment)
    if us > now_us + AHEAD_US:
        raise FieldError(f"{moment.isoformat()} is in the future", where="time", fix="check clock and time zone")
    return us


def _since_epoch(moment: datetime) -> int:
    delta = moment - EPOCH
    if delta < EARLIEST:
        raise FieldError(f"{moment.isoformat()} is before 1900", where="time", fix="check the date")
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _clean(*texts: str) -> None:
    if any("\x00" in t for t in texts):
        raise FieldError("holds a NUL character", where="text", fix="send plain text")


def _printable(raw: str) -> str:
    return raw.replace("\x00", "\\u0000")[:2000]
