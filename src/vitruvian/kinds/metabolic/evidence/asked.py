"""Whose glucose a claim on CGMacros forecasts, and from whom it learns: the shared subjects, or those of `--test`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vitruvian.core.errors import RecordError
from vitruvian.kinds.metabolic.evidence import others
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject, study, subjects

HOUR = 3600.0
SENSOR = "dexcom"
LEAST = 12 * HOUR  # of readings: less is no forecast worth a figure (assumed)
EVERY = 300.0  # s between readings


@dataclass(frozen=True)
class Asked:
    """Subjects that may be learned from, subjects that are scored, and what to say of others."""

    known: tuple[Subject, ...]
    people: tuple[Subject, ...]
    notes: tuple[str, ...] = ()

    def few(self, count: int) -> Asked:
        """At most so many of each, spread over all."""
        known = others.spread(self.known, count)
        return Asked(known, known if self.people is self.known else others.spread(self.people, count), self.notes)

    def parts(self, folds: int) -> Iterator[tuple[list[int], list[int]]]:
        """Positions of those learned from and of those scored, part by part: nobody is in both."""
        known = [whose(s) for s in self.known]
        people = known if self.people is self.known else [whose(s) for s in self.people]
        for part in others.parts(known, people, folds):
            yield list(part.learners), list(part.tested)


@cache
def asked(data: Path | None, test: Path | None, least: float = LEAST) -> Asked:
    """With `test`: its subjects with `least` s of Dexcom readings or more; else everybody is both.

    Errors: RecordError without data; NobodyError where nobody under `test` can be scored.
    """
    if data is None:
        raise RecordError(
            "CGMacros is needed", where="metabolic", fix="set VITRUVIAN_DATA to the root of the data sets"
        )
    known = subjects(data)
    if test is None:
        return Asked(known, known)
    there = study(test)
    aside, kept, notes = dict(there.aside), [], {}
    for s in there.subjects:
        count = len(s.sensor(SENSOR))
        if count * EVERY < least:
            aside[s.name] = f"not scored: {count} readings of Dexcom, {least / EVERY:.0f} are needed"
            continue
        kept.append(s)
        if s.notes:
            notes[s.name] = "; ".join(s.notes)
    if not kept:
        said = "; ".join(others.aside(aside)) or "no subject"
        raise others.NobodyError(f"nobody can be scored ({said})", where="--test", fix="name a root with other people")
    met = others.held_out([whose(s) for s in known], [whose(s) for s in kept])
    return Asked(known, tuple(kept), (*met, *others.aside(aside), *others.aside(notes)))


def whose(subject: Subject) -> others.Whose:
    """Who it is: its number and its Dexcom's readings, by the calendar."""
    rows, start = subject.sensor(SENSOR), subject.case.origin.utc.timestamp()
    return others.Whose.of(subject.name, start + rows.valid_time, rows.value)
