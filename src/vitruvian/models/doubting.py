"""A kind that doubts readings: they are kept and listed, and nothing is learned from them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from vitruvian.core.case import Origin
from vitruvian.core.record import Record
from vitruvian.models.icu.doubt import Doubts

TOLD = 5  # readings named in a note


class Doubting(ABC):
    """Says which readings cannot be, each with what to do about it. What holds its readings leaves these out."""

    @abstractmethod
    def doubts(self, record: Record) -> Doubts:
        """Of every row, from what is known: rows at or before its moment, and of the same visit."""

    def believed(self, record: Record) -> Record:
        """The record without the rows that are doubted; itself where none is."""
        found = self.doubts(record)
        return record if found.believed.all() else record.where(found.believed)


def notes(found: Doubts, origin: Origin) -> tuple[str, ...]:
    """What is not believed, in sentences that can stand beside an answer."""
    rows = np.flatnonzero(~found.believed)
    if not len(rows):
        return ()
    r, said = found.record, []
    for i in rows[-TOLD:][::-1]:
        day = origin.moment(float(r.valid_time[i])).strftime("%Y-%m-%d")
        said.append(f"{r.observable[i]} {r.value[i]:g} of {day}: {found.why[i]}")
    more = f" and {len(rows) - TOLD} more" if len(rows) > TOLD else ""
    verb = "reading is" if len(rows) == 1 else "readings are"
    return (f"{len(rows)} {verb} kept and not believed{more}: " + "; ".join(said),)
