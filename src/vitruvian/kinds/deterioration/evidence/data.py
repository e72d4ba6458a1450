"""The shared stays of data/icu, and those of `--test`, laid out alike: read once a process.

DIR is laid out like the root of the data sets; the folder `icu`, or one set's folder, may also stand directly in it.
Any set_*.parquet with its outcomes_*.csv is read, so that other sets of the challenge need no new name.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.icu import hourly, physionet2012
from vitruvian.models.icu.stays import Stays

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
SOURCES = ("eicu_demo", "mimic_demo")


class AbsentError(RecordError):
    """A data set, or a part of it, is not under this root."""


def placed(root: Path, name: str) -> Path:
    """Where a set's folder lies under a root."""
    for place in (root / "icu" / name, root / name, root):
        if place.is_dir() and (place.name == name or list(place.glob("set_*.parquet"))):
            return place
    raise AbsentError(f"there is no icu/{name}", where=root.name, fix=f"lay it out like data/icu/{name}")


@cache
def physionet(root: Path) -> Stays:
    """PhysioNet 2012 stays under this root, all sets of the folder together."""
    place = placed(root, "physionet2012")
    tables, outcomes = sorted(place.glob("set_*.parquet")), sorted(place.glob("outcomes_*.csv"))
    if not tables or not outcomes:
        raise AbsentError("no set_*.parquet with its outcomes_*.csv", where=str(place.name), fix="copy both files")
    read = [parquet(t) for t in tables]
    table = {c: np.concatenate([t[c] for t in read]) for c in ("rid", "min", "par", "val")}
    rows = [row for o in outcomes for row in csv.DictReader(o.read_text(encoding="utf-8").splitlines())]
    names = ("RecordID", *physionet2012.OUTCOMES.values())
    return physionet2012.stays(table, {k: np.array([float(r.get(k) or -1) for r in rows]) for k in names})


@cache
def demo(root: Path, task: str) -> Stays:
    """Stays of both demos with the labels of a task ("aki", "mortality24", "sepsis"), those that are there."""
    place, parts = placed(root, "icu_demo"), []
    for source in SOURCES:
        folder = place / task / source
        if (folder / "dyn.parquet").exists():
            dynamic, static, outcome = (parquet(folder / f"{n}.parquet") for n in ("dyn", "sta", "outc"))
            parts.append(hourly.stays(dynamic, static, outcome, source))
    if not parts:
        raise AbsentError(
            f"there is no icu_demo/{task}", where=root.name, fix=f"lay it out like data/icu/icu_demo/{task}"
        )
    return Stays.join(parts)


def parquet(path: Path) -> dict[str, np.ndarray]:
    """Columns of a file; `time`, a duration, becomes `hour`. RecordError without pyarrow."""
    try:
        import pyarrow.parquet
    except ImportError as err:
        raise RecordError("pyarrow is not installed", where=path.name, fix="pip install 'vitruvian[parquet]'") from err
    table = pyarrow.parquet.read_table(path)
    out = {}
    for name in table.column_names:
        kind = table.schema.field(name).type
        if name == "time":
            out["hour"] = table[name].cast("int64").to_numpy() / (3600.0 * UNITS[kind.unit])
        elif "string" in str(kind):
            out[name] = np.array(table[name].cast("string").to_pylist())
        else:
            out[name] = table[name].to_numpy()
    return out
