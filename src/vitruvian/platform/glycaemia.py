"""Glucose of a stored twin, or of an export that nobody stored, as a trace; and pairs of a meter and a sensor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vitruvian.core.case import Origin
from vitruvian.core.errors import ParseError, RecordError
from vitruvian.core.record import Record
from vitruvian.core.units import convert
from vitruvian.models.glycaemia.trace import DAY, Trace
from vitruvian.platform.connect import how
from vitruvian.platform.connect.exports import Export
from vitruvian.platform.connect.items import BLOOD, Reading
from vitruvian.platform.connect.lines import Lines
from vitruvian.platform.connect.number import MG, number, unit_in, without_unit
from vitruvian.platform.connect.table import Row, find, plain
from vitruvian.platform.instant import moment
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.session import checked_zone, machine_zone

APART = 300.0  # s between a meter's reading and the sensor's that is compared with it: assumed
REFERENCE = ("reference", "ref", "meter", "fingerstick", "ysi", "laboratory", "lab", "capillary", "blood glucose")
READING = ("reading", "sensor", "cgm", "device", "prediction", "predicted", "forecast", "estimate", "glucose")


def of_twin(live: LiveTwin) -> tuple[Record, Origin]:
    """Everything the twin has seen."""
    twin = live.know.twin(None, -float("inf"))
    return twin.record.until(float("inf")), twin.case.origin


def of_file(path: Path, *, zone: str = "", unit: str = "", dates: str = "", sensor: str = "") -> tuple[Record, Origin]:
    """The readings of an export, mg/dL: of sensors as "glucose", of meters as "blood_glucose"."""
    place = checked_zone(zone or machine_zone())
    export = Export(path, how(zone=place, unit=unit, dates=dates, sensor=sensor))
    found = [r for batch in export.batches() for r in batch.readings]
    if len(found) < 2:
        raise ParseError(f"has {len(found)} glucose readings", where=path.name, fix="give an export of a sensor")
    origin = Origin(moment(min(r.utc_us for r in found)), place)
    return _record(found, origin), origin


def trace(record: Record, origin: Origin, *, sensor: str = "", days: float | None = None) -> Trace:
    """One sensor's readings, of the last `days` where that is said."""
    rows = record.only("glucose")
    if days is not None and len(rows):
        if not days > 0:
            raise RecordError(f"{days:g} days hold no readings", where="--days", fix="give more than 0")
        last = float(rows.valid_time.max())
        rows = rows.between(last - days * DAY, last)
    return Trace.of_record(rows, origin, sensor=sensor or None)


def meter_pairs(record: Record, sensor: str = "") -> tuple[np.ndarray, np.ndarray]:
    """(meter, sensor) mg/dL (n,): each meter reading with the sensor's nearest one, at most 5 min apart."""
    meter, mine = record.only("blood_glucose"), record.only("glucose", sensor or None)
    if not len(meter) or not len(mine):
        raise RecordError(
            f"there are {len(meter)} readings of a meter and {len(mine)} of a sensor",
            where="error grid",
            fix="take in both, or give a file with the columns reference and reading",
        )
    right = np.clip(np.searchsorted(mine.valid_time, meter.valid_time), 1, len(mine) - 1) if len(mine) > 1 else [0]
    right = np.asarray(right)
    left = np.maximum(right - 1, 0)
    gaps = np.abs(mine.valid_time[np.stack([left, right])] - meter.valid_time)
    nearest = np.where(gaps[0] <= gaps[1], left, right)
    close = gaps.min(axis=0) <= APART
    if not close.any():
        raise RecordError("no reading of the meter is within 5 min of one of the sensor", where="error grid")
    return meter.value[close], mine.value[nearest][close]


def file_pairs(path: Path, unit: str = "") -> tuple[np.ndarray, np.ndarray]:
    """(reference, reading) mg/dL (n,) of a CSV file with these two columns, whose unit they or the user name."""
    table = find(Lines(path), lambda fields: _columns(fields) is not None)
    if table is None or (columns := _columns(table.header)) is None:
        raise ParseError(
            "has no columns 'reference' and 'reading'",
            where=path.name,
            fix="head them e.g. reference (mg/dL), reading (mg/dL)",
        )
    units = [unit_in(table.header[c]) or unit_in(unit) for c in columns]
    if "" in units:
        bare = table.header[columns[units.index("")]]
        raise ParseError(f"column '{bare}' does not say its unit", where=path.name, fix="say --unit mg/dL or mmol/L")
    rows: list[tuple[float, float]] = []
    for row in table.rows():
        if isinstance(row, Row) and all(row.get(c) for c in columns):
            try:
                x, y = (
                    float(convert(number(row.get(c)), u, MG, "glucose")) for c, u in zip(columns, units, strict=True)
                )
            except ParseError as err:
                raise ParseError(err.what, where=f"{path.name}, line {row.line}", fix=err.fix) from None
            rows.append((x, y))
    if not rows:
        raise ParseError("has no pair of reference and reading", where=path.name, fix="give at least one row")
    x, y = np.array(rows).T
    return x, y


def _columns(fields: Sequence[str]) -> tuple[int, int] | None:
    names = [plain(without_unit(f)).strip("()[] ") for f in fields]
    first = next((names.index(n) for n in REFERENCE if n in names), None)
    second = next((names.index(n) for n in READING if n in names and names.index(n) != first), None)
    return None if first is None or second is None else (first, second)


def _record(found: list[Reading], origin: Origin) -> Record:
    return Record.of(
        np.array(["blood_glucose" if r.what == BLOOD else "glucose" for r in found], dtype=object),
        np.array([origin.seconds(moment(r.utc_us)) for r in found]),
        np.array([float(convert(r.value, r.unit, MG, "glucose")) for r in found]),
        sensor=np.array([r.sensor for r in found], dtype=object),
        limit=np.array([r.limit for r in found]),
    )
