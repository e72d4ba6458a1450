"""Evidence: what a kind claims, measured by running it, kept beside it, and shown stale when its sources change."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import platformdirs

from vitruvian.core.errors import KindError, VitruvianError
from vitruvian.platform.registry import GROUP
from vitruvian.platform.sources import sources_hash

PLATFORM = "platform"  # no kind: under this name stands what the running server claims
STUDIES = {
    "trials": "vitruvian.studies.procova",
    "unit": "vitruvian.studies.unit",
}  # no kinds either: studies over many twins, with claims of their own
BEHIND = {PLATFORM: ("vitruvian.api.app", "vitruvian.api.command")}  # modules a result depends on unimported
CLASSES = ("verification", "validation")
NEEDED = ("id", "class", "statement", "metric", "target", "data", "budget_cpu_s", "measure")
SHOWN = ("id", "class", "statement", "metric", "target", "measured", "met", "n", "data", "baseline")


@dataclass(frozen=True)
class Claim:
    """One line of claims.toml. `data` is a path below the data root, or "" where none is needed."""

    id: str
    klass: str
    statement: str
    metric: str
    target: str
    data: str
    budget_cpu_s: float
    measure: str
    citation: str = ""

    def function(self, package: str) -> Callable[..., Mapping[str, Any]]:
        """The function that measures it."""
        module, _, name = self.measure.partition(":")
        return getattr(importlib.import_module(f"{package}.{module}"), name)


def package_of(kind: str) -> str:
    """The package a kind lives in, by its entry point; the platform's own claims have one too."""
    if kind == PLATFORM:
        return "vitruvian.platform.claims"
    if kind in STUDIES:
        return STUDIES[kind]
    for point in entry_points(group=GROUP):
        if point.name == kind:
            return point.value.partition(":")[0]
    raise KindError(f"there is no kind '{kind}'", fix="see `vitruvian kinds`")


@cache
def folder(kind: str) -> Path:
    """The folder of a kind; the kind itself is not imported."""
    spec = find_spec(package_of(kind))
    if spec is None or not spec.submodule_search_locations:
        raise KindError("is not a package", where=f"kind '{kind}'", fix="give it a folder with __init__.py")
    return Path(next(iter(spec.submodule_search_locations)))


def claims(kind: str) -> tuple[Claim, ...]:
    """What the kind claims; KindError names the claim and the field at fault."""
    path = folder(kind) / "evidence" / "claims.toml"
    where = f"{kind}/evidence/claims.toml"
    if not path.exists():
        raise KindError("is missing", where=where, fix="a kind states what it claims; see docs/how-to/add-a-kind.md")
    rows = []
    for file in (path, *sorted(path.parent.glob("claims_*.toml"))):  # a family of claims may have a file of its own
        try:
            rows += tomllib.loads(file.read_text(encoding="utf-8")).get("claim", [])
        except tomllib.TOMLDecodeError as err:
            raise KindError(str(err), where=f"{kind}/evidence/{file.name}", fix="correct the TOML") from err
    out = []
    for row in rows:
        if missing := [f for f in NEEDED if f not in row]:
            raise KindError(f"claim '{row.get('id', '?')}' lacks {', '.join(missing)}", where=where)
        if row["class"] not in CLASSES:
            raise KindError(f"claim '{row['id']}' has class '{row['class']}'", where=where, fix=f"use {CLASSES}")
        plain = {f: row[f] for f in NEEDED if f != "class"}
        out.append(Claim(**plain, klass=row["class"], citation=row.get("citation", "")))
    return tuple(out)


def data_root(given: Path | None = None) -> Path | None:
    """Root of the data sets: given, else VITRUVIAN_DATA, else ../shared/data, else the user's cache; None if absent."""
    if given is not None:
        if not given.is_dir():
            raise VitruvianError(f"no such folder: {given}", where="--data", fix="name the root of the data sets")
        return given
    repository = Path(__file__).parents[3]
    tried = [
        os.environ.get("VITRUVIAN_DATA"),
        Path.cwd().parent / "shared" / "data",
        repository.parent / "shared" / "data",
        Path(platformdirs.user_cache_dir("vitruvian")) / "data",
    ]
    return next((Path(p) for p in tried if p and Path(p).is_dir()), None)


@cache
def source_hash(kind: str, claim: Claim) -> str:
    """Hash of everything a claim's result depends on: the code, and what was claimed (its wording aside)."""
    code = sources_hash(package_of(kind), folder(kind), claim.measure.partition(":")[0], BEHIND.get(kind, ()))
    said = json.dumps([code, claim.klass, claim.metric, claim.target, claim.data, claim.measure])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@cache
def data_hash(root: Path | None, name: str) -> str:
    """Hash of a data set's files; "" without data."""
    if root is None or not name or not (root / name).exists():
        return ""
    digest = hashlib.sha256()
    for path in sorted(p for p in (root / name).rglob("*") if p.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def results(kind: str) -> list[dict[str, Any]]:
    """Stored results of all claims in order, unmeasured ones with measured None; "stale" where the sources differ."""
    kept = _kept(kind)
    out = []
    for claim in claims(kind):
        row = kept.get(claim.id)
        if row is None:
            row = {**_said(claim), "measured": None, "met": None, "n": None, "baseline": None}
        out.append({**row, **_said(claim), "stale": row.get("source_hash") not in (source_hash(kind, claim), None)})
    return out


def tally(kind: str) -> dict[str, int]:
    """How many claims there are, and how many are met and not met by what was measured last; stale ones too."""
    kept, ids = _kept(kind), [claim.id for claim in claims(kind)]
    met = [kept[i].get("met") for i in ids if i in kept]
    return {"claims": len(ids), "met": met.count(True), "not_met": met.count(False)}


def run_claims(
    kind: str,
    *,
    data: Path | None = None,
    test: Path | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
    resume: bool = False,
    progress: Callable[[str, float], None] = lambda claim, share: None,
    done: Callable[[dict[str, Any]], None] = lambda row: None,
) -> list[dict[str, Any]]:
    """Measure the claims and return one row each; full results without `test` are kept in results.json.

    resume: a claim whose kept result has the same sources and data is not measured again.
    """
    chosen = _chosen(kind, only)
    root, package = data_root(data), package_of(kind)
    kept = _kept(kind)
    out = []
    for claim in chosen:
        stamp = {"source_hash": source_hash(kind, claim), "data_hash": data_hash(root, claim.data)}
        old = kept.get(claim.id, {})
        if resume and not quick and test is None and all(old.get(k) == v for k, v in stamp.items()):
            row = {**old, **_said(claim)}
        else:
            row = {**_said(claim), **_measured(claim, package, root, test, quick, progress), **stamp, "quick": quick}
            row |= {"date": datetime.now(UTC).isoformat(timespec="seconds"), "version": version("vitruvian")}
            if not quick and test is None:
                _keep(kind, {**_kept(kind), claim.id: row})  # read again: other claims may be measured beside
        out.append(row)
        done(row)
    return out


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a result that are printed and written to --json."""
    return {k: row.get(k) for k in (*SHOWN, *(k for k in ("notes", "detail") if k in row))}


def _chosen(kind: str, only: Sequence[str]) -> list[Claim]:
    known = claims(kind)
    chosen = [c for c in known if not only or any(c.id == o or c.id.startswith(f"{o}.") for o in only)]
    if not chosen:
        ids = ", ".join(c.id for c in known)
        raise KindError(f"has no claim '{', '.join(only)}'", where=f"kind '{kind}'", fix=f"use one of {ids}")
    return chosen


def _measured(
    claim: Claim,
    package: str,
    root: Path | None,
    test: Path | None,
    quick: bool,
    progress: Callable[[str, float], None],
) -> dict[str, Any]:
    if claim.data and (root is None or not (root / claim.data).exists()):
        reason = f"not measured: the data set {claim.data} is not here (set VITRUVIAN_DATA)"
        return {"measured": reason, "met": None, "n": 0, "baseline": None}
    start = time.process_time()
    found = claim.function(package)(claim.id, root, test, quick, lambda share: progress(claim.id, share))
    return {**_plain(dict(found)), "cpu_s": round(time.process_time() - start, 1)}


def _said(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "class": claim.klass,
        "statement": claim.statement,
        "metric": claim.metric,
        "target": claim.target,
        "data": claim.data,
    }


def _results_path(kind: str) -> Path:
    """Beside the claims in a source checkout; in the user's data directory where the package is read-only."""
    beside = folder(kind) / "evidence" / "results.json"
    if os.access(beside.parent, os.W_OK) and "site-packages" not in beside.parts:
        return beside
    return Path(platformdirs.user_data_dir("vitruvian")) / "evidence" / f"{kind}.json"


def _kept(kind: str) -> dict[str, Any]:
    for path in (_results_path(kind), folder(kind) / "evidence" / "results.json"):
        if path.exists():
            return {row["id"]: row for row in json.loads(path.read_text(encoding="utf-8"))}
    return {}


def _keep(kind: str, rows: Mapping[str, Any]) -> None:
    path = _results_path(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [rows[c.id] for c in claims(kind) if c.id in rows]
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(order, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(path)


def _plain(value: Any) -> Any:
    """numpy scalars and arrays to JSON."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value
