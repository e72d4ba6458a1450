"""The data sets of the claims: tables below the data root, and those of another root that are for testing only."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.trialtable import Frame


def table(root: Path | None, folder: str, pattern: str) -> Frame:
    """The first file of trials/`folder` that fits the pattern; RecordError where there is none."""
    found = found_table(root, folder, pattern)
    if found is None:
        where = f"{root}/trials/{folder}/{pattern}" if root else f"trials/{folder}"
        raise RecordError("there is no such file", where=where, fix="lay the root out like the root of the data sets")
    return found


def found_table(root: Path | None, folder: str, pattern: str) -> Frame | None:
    """The same, or None."""
    paths = [] if root is None else sorted((root / "trials" / folder).glob(pattern))
    if not paths:
        return None
    return _parquet(paths[0]) if paths[0].suffix == ".parquet" else _csv(paths[0])


def _csv(path: Path) -> Frame:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        return Frame.of_rows(next(rows), rows, path.name)


def _parquet(path: Path) -> Frame:
    import pyarrow.parquet as pq

    columns = {}
    for name, values in pq.read_table(path).to_pydict().items():
        if any(isinstance(v, str) for v in values):
            columns[name] = np.array(["" if v is None else v for v in values], dtype=object)
        else:
            columns[name] = np.array([np.nan if v is None else float(v) for v in values])
    return Frame(columns, path.name)


def without(frame: Frame, other: Frame, identity: str) -> Frame:
    """The rows of `frame` whose patient is not in `other`: nobody is fitted on and judged."""
    if identity not in frame.columns or identity not in other.columns:
        return frame
    return frame.take(~np.isin(frame.factor(identity), other.factor(identity)))


def independent(x: np.ndarray) -> np.ndarray:
    """The columns of x that are no combination of a constant and the columns before them."""
    centred = np.column_stack([np.ones(len(x)), x])
    r = np.abs(np.diag(np.linalg.qr(centred)[1]))[1:]
    return x[:, r > 1e-8 * np.sqrt((x**2).sum(axis=0))]
