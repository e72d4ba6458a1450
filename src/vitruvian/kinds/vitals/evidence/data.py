"""PhysioNet 2012 stays under a root laid out like data/icu: any set_*.parquet with its outcomes_*.csv."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.icu import physionet2012
from vitruvian.models.icu.stays import Stays


class AbsentError(RecordError):
    """The data set is not under this root."""


@cache
def physionet(root: Path) -> Stays:
    """All sets of the folder together."""
    try:
        import pyarrow.parquet
    except ImportError as err:
        raise RecordError("pyarrow is not installed", where="vitals", fix="pip install 'vitruvian[parquet]'") from err
    places = (root / "icu" / "physionet2012", root / "physionet2012", root)
    place = next((p for p in places if list(p.glob("set_*.parquet")) and list(p.glob("outcomes_*.csv"))), None)
    if place is None:
        fix = "lay it out like data/icu/physionet2012: set_a.parquet with outcomes_a.csv"
        raise AbsentError("there is no icu/physionet2012", where=root.name, fix=fix)
    read = [pyarrow.parquet.read_table(p) for p in sorted(place.glob("set_*.parquet"))]
    table = {c: np.concatenate([t[c].to_numpy() for t in read]) for c in ("rid", "min", "val")}
    table["par"] = np.concatenate([np.array(t["par"].cast("string").to_pylist()) for t in read])
    rows = [r for p in sorted(place.glob("outcomes_*.csv")) for r in csv.DictReader(p.read_text("utf-8").splitlines())]
    names = ("RecordID", *physionet2012.OUTCOMES.values())
    return physionet2012.stays(table, {k: np.array([float(r.get(k) or -1) for r in rows]) for k in names})
