"""What was learned from many stays: an ensemble an outcome, and when outcomes come; as one file with a hash."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.crossfit import Ensemble
from vitruvian.kinds.deterioration.timing import Ends, Onset

PRIOR = {  # logit and its sd before any fit: assumed
    "death": (-1.9, 0.5),
    "aki": (-3.5, 0.7),
    "sepsis": (-4.5, 0.7),
    "circulatory": (-4.0, 0.7),
    "respiratory": (-4.0, 0.7),
    "icu_transfer": (-4.5, 0.7),
}
SIMULATED = "simulated"  # how the origin of a fit begins that saw no real patient


@dataclass(frozen=True, eq=False)
class Weights:
    """ensembles {outcome: Ensemble}; ends: times of death and discharge; onsets {outcome: Onset}; leaving {outcome:
    Ensemble}: of leaving without it, where its stays say who left. Empty: unfitted."""

    ensembles: Mapping[str, Ensemble] = field(default_factory=dict)
    ends: Ends | None = None
    onsets: Mapping[str, Onset] = field(default_factory=dict)
    leaving: Mapping[str, Ensemble] = field(default_factory=dict)

    def is_simulated(self, outcome: str) -> bool:
        """Whether this outcome was learned from simulated stays alone."""
        return outcome in self.ensembles and self.ensembles[outcome].origin.startswith(SIMULATED)

    def having(self, other: Weights) -> Weights:
        """With the outcomes of another fit in place of, or beside, one's own."""
        return Weights(
            {**self.ensembles, **other.ensembles},
            other.ends or self.ends,
            {**self.onsets, **other.onsets},
            {**{n: e for n, e in self.leaving.items() if n not in other.ensembles}, **other.leaving},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything; "" when nothing was fitted."""
        if not self.ensembles:
            return ""
        told = hashlib.sha256()
        for name in sorted(self.ensembles):
            told.update(name.encode() + self.ensembles[name].digest.encode())
        if self.ends:
            told.update(self.ends.q.tobytes() + self.ends.r.tobytes())
        for name in sorted(self.onsets):
            told.update(self.onsets[name].a.tobytes() + self.onsets[name].b.tobytes())
        for name in sorted(self.leaving):
            told.update(name.encode() + self.leaving[name].digest.encode())
        return told.hexdigest()

    @property
    def origin(self) -> str:
        """On what each outcome was fitted, in a sentence."""
        return "; ".join(f"{name}: {e.origin}" for name, e in sorted(self.ensembles.items())) or "nothing: unfitted"

    def to_bytes(self) -> bytes:
        """A compressed npz without pickles."""
        arrays: dict[str, Any] = {"digest": np.array(self.digest)}
        arrays["outcomes"] = np.array(sorted(self.ensembles))
        arrays["onsets"] = np.array(sorted(self.onsets), dtype=str)
        arrays["leaving"] = np.array(sorted(self.leaving), dtype=str)
        for name, e in self.ensembles.items():
            arrays |= e.to_arrays(f"{name}|")
        if self.ends:
            arrays |= {"ends|q": self.ends.q, "ends|r": self.ends.r}
        for name, o in self.onsets.items():
            arrays |= {f"onset|{name}|a": o.a, f"onset|{name}|b": o.b}
        for name, e in self.leaving.items():
            arrays |= e.to_arrays(f"leaving|{name}|")
        kept = io.BytesIO()
        np.savez_compressed(kept, **arrays)
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Weights:
        """Back from `to_bytes`; KindError if it is not what was fitted."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                arrays = {n: kept[n] for n in kept.files}
            ensembles = {str(n): Ensemble.from_arrays(arrays, f"{n}|") for n in arrays["outcomes"]}
            ends = Ends(arrays["ends|q"], arrays["ends|r"]) if "ends|q" in arrays else None
            told = {str(n): Onset(arrays[f"onset|{n}|a"], arrays[f"onset|{n}|b"]) for n in arrays["onsets"]}
            leaving = {str(n): Ensemble.from_arrays(arrays, f"leaving|{n}|") for n in arrays["leaving"]}
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as err:
            raise KindError(f"the weights cannot be read: {err}", where=where, fix="reinstall the package") from err
        out = cls(ensembles, ends, told, leaving)
        if out.digest != str(arrays["digest"]):
            raise KindError("the weights are not those that were fitted", where=where, fix="reinstall the package")
        return out
