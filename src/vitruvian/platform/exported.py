"""A virtual cohort as a file: CSV, Parquet or JSON, with what it is and how to make it again."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitruvian import __version__
from vitruvian.core.errors import FieldError
from vitruvian.platform import registry
from vitruvian.platform.evidence import folder, package_of
from vitruvian.platform.jsonable import plain
from vitruvian.platform.sources import sources_hash
from vitruvian.verbs.virtual import Virtual

FORMS = (".csv", ".parquet", ".json")


def provenance(cohort: Virtual, command: str = "") -> dict[str, Any]:
    """Of the cohort, with the program's version, the hash of the kind's sources, and the command that makes it."""
    registry.get(cohort.kind)
    code = sources_hash(package_of(cohort.kind), folder(cohort.kind))
    return {**cohort.provenance(), "program": f"vitruvian {__version__}", "sources": code, "command": command}


def refuse(path: Path) -> None:
    """FieldError for a file whose name ends with no known form."""
    if path.suffix.lower() not in FORMS:
        raise FieldError(f"'{path.name}' has no known form", where="--out", fix=f"end it with {', '.join(FORMS)}")


def export(cohort: Virtual, path: Path, command: str = "") -> tuple[Path, ...]:
    """Write it; the files written. A CSV has its provenance beside it, in NAME.provenance.json; others within."""
    refuse(path)
    told, form = provenance(cohort, command), path.suffix.lower()
    if form == ".json":
        path.write_text(json.dumps(plain({**cohort.to_json(), **told}), ensure_ascii=False, indent=1) + "\n", "utf-8")
        return (path,)
    table = _table(cohort)
    if form == ".parquet":
        _parquet(table, told, path)
        return (path,)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    beside = path.with_suffix(".provenance.json")
    beside.write_text(json.dumps(plain(told), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path, beside


def _table(cohort: Virtual) -> dict[str, list[Any]]:
    """Columns by heading: names with units, since a table travels without what stands beside it."""
    out: dict[str, list[Any]] = {
        "synthetic": ["yes"] * len(cohort),
        "set": cohort.which.tolist(),
        "person": cohort.number.tolist(),
    }
    for c in cohort.columns:
        out[c.name if c.unit == "1" else f"{c.name} [{c.unit}]"] = c.values.tolist()
    return out


def _parquet(table: Mapping[str, list[Any]], told: Mapping[str, Any], path: Path) -> None:
    from vitruvian.platform.connect.parquet import NEEDED

    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as err:
        raise FieldError("Parquet needs pyarrow", where="--out", fix=NEEDED) from err
    made = pa.table(dict(table))
    meta = {**(made.schema.metadata or {}), b"vitruvian": json.dumps(plain(told), ensure_ascii=False).encode()}
    pq.write_table(made.replace_schema_metadata(meta), path)
