"""The learned correction: per lead, trees for the centre, trees for the spread, and what the errors were in its units.

    reading(t + lead) = now + f(x) + g(x) own(t) e,   e ~ errors of people left out, in units of g (split conformal)

f: mean of forests, each grown without one part of the people; g: expected absolute error; Vovk et al., Algorithmic
Learning in a Random World (2005), normalised by g: Lei et al., J Am Stat Assoc 113:1094 (2018). own: how much more or
less than g the forecasts that have come missed this person, shrunk to 1; without it bands that cover 90 % of people's
readings cover 80 % of some person's. Content-hashed.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.boosting import Forest
from vitruvian.kinds.metabolic.population import Population
from vitruvian.kinds.metabolic.residual.columns import HELD, Told, Wearer, origins
from vitruvian.kinds.metabolic.residual.tracking import follow

LEVELS = np.concatenate([[0.005, 0.01, 0.025], np.arange(0.05, 0.951, 0.025), [0.975, 0.99, 0.995]])
NARROW, WIDE = 1.0, 60.0  # mg/dL, least and greatest expected error (assumed)


@dataclass(frozen=True, eq=False)
class Ahead:
    """What was learned for one lead (s): centre and spread forests, errors (level,) in units of the spread."""

    lead: float
    centre: tuple[Forest, ...]
    spread: tuple[Forest, ...]
    errors: np.ndarray

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Expected change from now, mg/dL (n,)."""
        return np.mean([f.predict(x) for f in self.centre], axis=0)

    def scale(self, x: np.ndarray) -> np.ndarray:
        """Expected absolute error, mg/dL (n,)."""
        return np.clip(np.mean([f.predict(x) for f in self.spread], axis=0), NARROW, WIDE)

    def said(self, told: Told, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre and expected absolute error of the readings after those at positions `at` (n,), the person's own
        misses counted."""
        w = told.wearer
        before = origins(w, self.lead)
        before = before[w.times[before] + self.lead <= np.max(w.times[at], initial=-np.inf)]
        names, x = told.columns(np.concatenate([before, at]), self.lead)
        if names != self.centre[0].names:
            raise KindError("columns are not those that were learned from", where="correction", fix="learn again")
        change, scale = self.mean(x), self.scale(x)
        miss = np.abs(w.trace.target(w.times[before], self.lead) - w.values[before] - change[: len(before)])
        own = self.own(miss / scale[: len(before)], w.times[before], w.times[at], w.trace.interval)
        return w.values[at] + change[len(before) :], scale[len(before) :] * own

    def own(self, misses: np.ndarray, when: np.ndarray, at: np.ndarray, interval: float) -> np.ndarray:
        """Mean miss in units of g over forecasts made at `when` (n,) that have come by `at` (m,), shrunk to 1."""
        known = np.searchsorted(when + self.lead + 0.5 * interval, at, side="right")
        pull = HELD * self.lead / interval
        return (np.append(0.0, np.cumsum(misses))[known] + pull) / (known + pull)


@dataclass(frozen=True, eq=False)
class Correction:
    """A population for the filter, what was learned for each lead, and from whom."""

    population: Population
    aheads: tuple[Ahead, ...]
    source: str

    def told(self, wearer: Wearer, known_at: float = np.inf) -> Told:
        """The person followed, forecast from every reading by the mechanism."""
        prior = self.population.prior(wearer.person)
        one = follow([(wearer.case, wearer.times, wearer.values)], [prior], known_at)[0]
        return Told.of(wearer, one)

    def quantiles(self, told: Told, at: np.ndarray) -> np.ndarray:
        """Readings after the readings at positions `at`: (lead, LEVELS, n)."""
        out = []
        for a in self.aheads:
            centre, scale = a.said(told, at)
            out.append(centre + a.errors[:, None] * scale)
        return np.stack(out)

    @property
    def digest(self) -> str:
        """SHA-256 over the population, all forests and errors."""
        whole = hashlib.sha256(json.dumps(self.population.to_json(), sort_keys=True).encode())
        for a in self.aheads:
            whole.update(repr(a.lead).encode() + np.ascontiguousarray(a.errors).tobytes())
            for forest in (*a.centre, *a.spread):
                whole.update(forest.digest.encode())
        return whole.hexdigest()

    def to_bytes(self) -> bytes:
        """A compressed npz without pickles."""
        told = {"population": self.population.to_json(), "source": self.source, "digest": self.digest}
        told |= {"leads": [[a.lead, len(a.centre), len(a.spread)] for a in self.aheads]}
        arrays: dict[str, np.ndarray] = {"told": np.array(json.dumps(told))}
        for k, a in enumerate(self.aheads):
            arrays[f"{k}_errors"] = a.errors
            for part in ("centre", "spread"):
                for j, forest in enumerate(getattr(a, part)):
                    arrays |= forest.to_arrays(f"{k}_{part}{j}_")
        kept = io.BytesIO()
        np.savez_compressed(kept, **arrays)  # type: ignore[arg-type]
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Correction:
        """Back from `to_bytes`; KindError if it is not what was learned."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                told = json.loads(str(arrays["told"]))
                aheads = tuple(_ahead(arrays, k, *row) for k, row in enumerate(told["leads"]))
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as err:
            raise KindError(f"the weights cannot be read: {err}", where=where, fix="reinstall the package") from err
        out = cls(Population.from_json(told["population"]), aheads, told["source"])
        if out.digest != told["digest"]:
            raise KindError("the weights are not those that were learned", where=where, fix="reinstall the package")
        return out


def _ahead(arrays: Mapping[str, np.ndarray], k: int, lead: float, centre: int, spread: int) -> Ahead:
    forests = [
        tuple(Forest.from_arrays(arrays, f"{k}_{part}{j}_") for j in range(count))
        for part, count in (("centre", centre), ("spread", spread))
    ]
    return Ahead(float(lead), forests[0], forests[1], np.asarray(arrays[f"{k}_errors"]))
