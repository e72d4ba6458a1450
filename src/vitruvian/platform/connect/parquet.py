"""Parquet, for observations in bulk: the same columns as the table of observations and actions, in and out.

    time (timestamp), observable, value, unit, sensor, device, known_at, limit      or      time, action, its fields

A file is read in pieces, in bounded memory. Needs pyarrow (Apache-2.0): pip install 'vitruvian[parquet]'.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.lines import AbstractLines, Line

MAGIC = b"PAR1"
ROWS = 20_000  # in a piece
COLUMNS = ("time", "observable", "value", "unit", "sensor", "device", "known_at", "limit", "sd", "id", "version")
NEEDED = "pip install 'vitruvian[parquet]'"


class ParquetLines(AbstractLines):
    """The rows of a Parquet file as lines of CSV under a header, so that one reader serves both."""

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.encoding, self.done = path, path.name, "utf-8", 0
        self.size = path.stat().st_size
        pq = _pyarrow("pyarrow.parquet", path.name)
        try:
            self._file = pq.ParquetFile(path)
            self.head = ",".join(self._file.schema_arrow.names).encode()
        except (OSError, ValueError) as err:  # pyarrow's errors are both
            raise _broken(path.name, err) from None
        nested = [f.name for f in self._file.schema_arrow if _pyarrow("pyarrow", "").types.is_nested(f.type)]
        if nested:
            raise ParseError(
                f"column '{nested[0]}' is nested", where=path.name, fix="write plain columns: text, numbers, timestamps"
            )

    def __iter__(self) -> Iterator[Line]:
        yield Line(1, _line(self._file.schema_arrow.names), cut=False)
        number, total = 1, max(self._file.metadata.num_rows, 1)
        try:
            for piece in self._file.iter_batches(batch_size=ROWS):
                columns = [_text(column.to_pylist()) for column in piece.columns]
                for fields in zip(*columns, strict=True):
                    number += 1
                    yield Line(number, _line(fields), cut=False)
                self.done = self.size * (number - 1) // total
        except (OSError, ValueError) as err:
            raise _broken(self.name, err) from None
        self.done = self.size


def write(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A Parquet file of readings: rows with COLUMNS; times are aware datetimes."""
    pa, pq = _pyarrow("pyarrow", "parquet"), _pyarrow("pyarrow.parquet", "parquet")
    moment, text, real, whole = pa.timestamp("us", tz="UTC"), pa.string(), pa.float64(), pa.int64()
    types = (moment, text, real, text, text, text, moment, whole, real, text, whole)
    schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
    table = pa.Table.from_pylist([{name: row.get(name) for name in COLUMNS} for row in rows], schema=schema)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _text(values: Sequence[Any]) -> list[str]:
    """As a CSV file would say them; times in ISO 8601."""
    return ["" if v is None else v.isoformat() if hasattr(v, "isoformat") else str(v) for v in values]


def _line(fields: Sequence[str]) -> str:
    if not any(c in field for field in fields for c in ',"\r\n'):
        return ",".join(fields)
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([" ".join(field.splitlines()) for field in fields])
    return out.getvalue()


def _broken(name: str, err: Exception) -> ParseError:
    what = f"cannot be read as Parquet ({str(err).splitlines()[0][:200]})"
    return ParseError(what, where=name, fix="copy or write it again")


def _pyarrow(module: str, name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as err:
        raise ParseError("Parquet needs pyarrow, which is not here", where=name, fix=NEEDED) from err
