"""Laboratory values into a twin: each becomes a dated fact about its subject, in the unit of the field of its name.

Facts are appended like everything else: what was known of the subject at a past moment can still be asked for. The
newest value of each field holds. A value that the kind has no field for, or that is out of the field's bounds, is kept
aside and listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.core.fields import FieldInfo, infos
from vitruvian.core.units import convert
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import how
from vitruvian.platform.connect.labs import Lab, Labs, read_labs
from vitruvian.platform.instant import moment, text
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Deed, Source
from vitruvian.platform.store.facts import SUBJECT


@dataclass(frozen=True)
class LabReport:
    """What became of one file: how many values are new, and the newest of each field (value, unit, local date)."""

    file: str
    format: str
    new: int
    known: int
    newest: dict[str, tuple[float, str, str]]
    kept_aside: tuple[Aside, ...]
    passed_over: dict[str, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        newest = {n: {"value": v, "unit": u, "at": at} for n, (v, u, at) in self.newest.items()}
        counts = {"new": self.new, "known": self.known, "kept_aside": [a._asdict() for a in self.kept_aside]}
        about = {"file": self.file, "format": self.format, "passed_over": self.passed_over, "notes": [*self.notes]}
        return {**about, **counts, "newest": newest}


def take_labs(live: LiveTwin, *files: str | Path, dates: str = "") -> tuple[LabReport, ...]:
    """Laboratory values and weights of the files into the twin's subject."""
    if not files:
        raise FieldError("no file is named", where="files", fix="name a CSV or a FHIR bundle")
    told = how(zone=live.row.origin.zone, dates=dates, now=live.clock())
    found = [read_labs(file, told) for file in files]  # a wrong file leaves nothing behind
    return tuple(_take(live, labs) for labs in found)


def _take(live: LiveTwin, labs: Labs) -> LabReport:
    known = infos(live.kind.subject)
    deeds: list[Deed] = []
    asides = list(labs.kept_aside)
    newest: dict[str, tuple[int, float]] = {}
    for lab in labs.found:
        name = lab.analyte.name
        try:
            value = _value(lab, known.get(name), live.kind.name)
        except VitruvianError as err:
            asides.append(Aside(labs.file, lab.line, name, lab.raw, err.what, err.fix or "nothing to do"))
            continue
        deeds.append(_deed(lab, value))
        if name not in newest or lab.utc_us >= newest[name][0]:
            newest[name] = (lab.utc_us, value)
    source = Source(labs.file, labs.format)
    receipts = live.store.append(live.row.id, source, (), deeds, asides, now=live.clock())
    zone = live.row.origin
    shown = {
        n: (v, known[n].unit, zone.moment(zone.seconds(moment(us))).date().isoformat()) for n, (us, v) in newest.items()
    }
    notes = sorted({lab.analyte.note for lab in labs.found if lab.analyte.note and lab.analyte.name in newest})
    new = receipts.count("new") + receipts.count("changed")
    known_before = receipts.count("duplicate")
    passed = dict(labs.passed_over)
    return LabReport(labs.file, labs.format, new, known_before, shown, tuple(asides), passed, tuple(notes))


def _value(lab: Lab, info: FieldInfo | None, kind: str) -> float:
    """The value in the field's unit, within its bounds."""
    name = lab.analyte.name
    if info is None:
        raise FieldError(f"a {kind} twin's subject has no {name}", where=name, fix="nothing to do")
    value = float(convert(lab.value, lab.unit, info.unit, lab.analyte.bridge))
    if not info.low <= value <= info.high:
        raise FieldError(
            f"{name} of {lab.value:g} {lab.unit} is outside {info.low:g} to {info.high:g} {info.unit}",
            where=name,
            fix="check the value and its unit",
        )
    return round(value, 6)


def _deed(lab: Lab, value: float) -> Deed:
    name = lab.analyte.name
    return Deed(
        action_id=f"{SUBJECT}|{name}|{text(lab.utc_us)}",
        type=SUBJECT,
        at_us=lab.utc_us,
        body={name: value},
        known_us=lab.known_us,
        row=str(lab.line),
        raw=lab.raw,
    )


def lines(report: LabReport, shown: int = 5) -> Sequence[str]:
    """Sentences for a person."""
    out = [f"{report.file} ({report.format}): {report.new} new, {report.known} known before"]
    out += [f"  {name}: {value:.4g} {unit} ({at})" for name, (value, unit, at) in report.newest.items()]
    if report.passed_over:
        count = sum(report.passed_over.values())
        out.append(f"  {count} entries are of other things: {', '.join(sorted(report.passed_over)[:shown])}")
    out += [f"  note: {note}" for note in report.notes]
    for aside in report.kept_aside[:shown]:
        out.append(f"  kept aside, line {aside.line}: {aside.reason}. Fix: {aside.fix}")
    return out
