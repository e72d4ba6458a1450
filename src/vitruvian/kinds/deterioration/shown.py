"""What a report of a patient shows apart: what was never charted, and readings that are kept and not believed."""

from __future__ import annotations

import numpy as np

from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.kinds.deterioration.patient import HOUR
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.doubt import doubts


def sections_of(record: Record) -> tuple[Section, ...]:
    """What was charted and how long ago, what never was, and the doubted readings; nothing of an empty record."""
    if not len(record):
        return ()
    last, rows, never = float(record.valid_time.max()), [], []
    for channel in CHANNELS:
        mine = record.only(channel.name)
        if len(mine):
            value = f"{mine.value[np.argmax(mine.valid_time)]:g}"
            age = f"{(last - mine.valid_time.max()) / HOUR:.1f}"
            rows.append((channel.meaning, channel.unit, value, age, str(len(mine))))
        else:
            never.append(channel.meaning)
    said = ["That something was not measured is information, and the risk uses it as such."]
    if never:
        said.append(f"Never charted: {', '.join(never)}.")
    head = ("charted", "unit", "last value", "hours before the last of all", "readings")
    out = [Section("What was charted, and what was not", tuple(said), head, tuple(rows))]
    odd = [(r["observable"], f"{r['at'] / HOUR:.1f}", f"{r['value']:g}", r["why"]) for r in doubts(record).to_json()]
    if odd:
        kept = (f"{len(odd)} readings are kept and move nothing.",)
        out.append(Section("Readings that are not believed", kept, ("charted", "hour", "value", "why"), tuple(odd)))
    return tuple(out)
