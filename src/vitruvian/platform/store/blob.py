"""Trees of plain values and arrays as bytes: an npz file whose entry "tree" is the JSON skeleton. Never pickle."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.core.errors import StoreError

SKELETON = "tree"
MARKS = ("$array", "$tuple", "$map")


def pack(tree: Any) -> bytes:
    """Bytes of a tree of None, bool, int, float, str, list, tuple, mapping and numeric or text arrays."""
    arrays: dict[str, np.ndarray] = {}
    skeleton = json.dumps(_plain(tree, arrays, "tree"), separators=(",", ":"))
    arrays[SKELETON] = np.frombuffer(skeleton.encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(blob: bytes) -> Any:
    """The tree that `pack` was given: dicts, lists, tuples, plain values and numpy arrays."""
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as files:
            arrays = {name: files[name] for name in files.files}
        return _tree(json.loads(arrays[SKELETON].tobytes()), arrays)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as err:
        raise StoreError(
            f"a stored tree is damaged ({err})", where="store", fix="restore the database from a backup"
        ) from err


def _plain(value: Any, arrays: dict[str, np.ndarray], where: str) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item(), arrays, where)
    if isinstance(value, Mapping):
        pairs = {k: _plain(v, arrays, f"{where}.{k}") for k, v in value.items()}
        if all(isinstance(k, str) and k not in MARKS for k in pairs):
            return pairs
        return {"$map": [[_plain(k, arrays, where), v] for k, v in pairs.items()]}
    if isinstance(value, tuple):
        return {"$tuple": [_plain(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]}
    if isinstance(value, list):
        return [_plain(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in "biufcU":
            name = f"a{len(arrays)}"
            arrays[name] = array
            return {"$array": name}
    raise StoreError(
        f"a {type(value).__name__} cannot be stored",
        where=where,
        fix="use numbers, text, lists, mappings and numeric arrays",
    )


def _tree(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_tree(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return arrays[value["$array"]]
    if "$tuple" in value:
        return tuple(_tree(v, arrays) for v in value["$tuple"])
    if "$map" in value:
        return {_tree(k, arrays): _tree(v, arrays) for k, v in value["$map"]}
    return {k: _tree(v, arrays) for k, v in value.items()}
