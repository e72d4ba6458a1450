"""What is missing, shown apart: how long ago each channel was charted, and which readings are not believed."""

from __future__ import annotations

import numpy as np

from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.models.icu.doubt import doubts

HOUR = 3600.0


def gaps_section(record: Record) -> tuple[Section, ...]:
    """One table a channel, one of doubted readings; nothing of an empty record."""
    if not len(record):
        return ()
    last = float(record.valid_time.max())
    rows = []
    for name, scale in zip(FOLLOWED, SCALES, strict=True):
        mine = record.only(name)
        if len(mine):
            gap = np.diff(np.append(mine.valid_time, last)) / HOUR
            told = (f"{(last - mine.valid_time[-1]) / HOUR:.1f}", f"{gap.max():.1f}", f"{mine.value[-1]:g}")
            rows.append((scale.channel.meaning, scale.channel.unit, *told, str(len(mine))))
        else:
            rows.append((scale.channel.meaning, scale.channel.unit, "never", "", "", "0"))
    head = ("charted", "unit", "hours since the last", "longest gap, h", "last value", "readings")
    found = doubts(record)
    odd = tuple(
        (row["observable"], f"{row['at'] / HOUR:.1f}", f"{row['value']:g}", row["why"]) for row in found.to_json()
    )
    said = ("What nobody charts is information: who is well is measured less. The bands widen until it is seen again.",)
    sections = [Section("What is charted, and what is missing", said, head, tuple(rows))]
    if odd:
        kept = (f"{len(odd)} readings are kept and move nothing.",)
        sections.append(Section("Readings that are not believed", kept, ("charted", "hour", "value", "why"), odd))
    return tuple(sections)
