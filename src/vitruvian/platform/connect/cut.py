"""A file that stops in the middle of a row: the last field may be the beginning of a longer one."""

from __future__ import annotations

from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.table import Row, Table

REASON = "the file breaks off in this row"
FIX = "export the file again; if the row is whole, end it with a line break"


class Cut:
    """Remembers the last whole row of each kind, to judge one that has no line end.

    A number cut short is at most a tenth of itself, or has fewer decimals. Where the last field has as many decimals as
    the one before and is no less than half of it, it is whole: glucose does not rise five-fold from row to row.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._before: dict[str, Row] = {}

    def broken(self, row: Row, kind: str = "") -> Aside | None:
        """The row kept aside when it may be broken; None when it is whole."""
        before = self._before.get(kind)
        if not row.cut:
            self._before[kind] = row
            return None
        if before is not None and len(row.fields) >= len(before.fields) and _whole(row.fields[-1], before.fields[-1]):
            return None
        return self._table.aside(row, None, REASON, FIX)


def _whole(text: str, before: str) -> bool:
    if text == before:
        return True
    try:
        value, last = float(text.replace(",", ".")), float(before.replace(",", "."))
    except ValueError:
        return False
    return _decimals(text) == _decimals(before) and value >= last / 2


def _decimals(text: str) -> int:
    return len(text.replace(",", ".").partition(".")[2])
