"""Stays in intensive care as arrays: who, what was charted and when, what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vitruvian.engines.pasts import Readings

STATIC = ("age", "male", "height", "weight")
OLDEST = 91.4  # years: public sets give this age, or 200 or 300, for everybody above 89 (MIMIC documentation)


@dataclass(frozen=True, eq=False)
class Stays:
    """names (s,), static {name: (s,)} (NaN: not known), readings {channel: Readings}, outcomes {name: (s,)}.

    hours (s,): how long each is followed. unit (s,): where the stay was, as far as the data say. doubted {channel: how
    many values beyond its limits were left out}.
    """

    names: np.ndarray
    static: Mapping[str, np.ndarray]
    readings: Mapping[str, Readings]
    outcomes: Mapping[str, np.ndarray]
    hours: np.ndarray
    unit: np.ndarray
    doubted: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.names)

    def of(self, keep: np.ndarray) -> Stays:
        """The stays where `keep` (s,) is true, or at these positions."""
        index = np.flatnonzero(keep) if keep.dtype == bool else np.sort(keep)
        place = np.full(len(self), -1)
        place[index] = np.arange(len(index))
        readings = {}
        for name, r in self.readings.items():
            mine = place[r.whose] >= 0
            readings[name] = Readings(place[r.whose[mine]], r.time[mine], r.value[mine])
        return replace(
            self,
            names=self.names[index],
            static={k: v[index] for k, v in self.static.items()},
            readings=readings,
            outcomes={k: v[index] for k, v in self.outcomes.items()},
            hours=self.hours[index],
            unit=self.unit[index],
        )

    @classmethod
    def join(cls, parts: list[Stays]) -> Stays:
        """All stays of several sets; channels and outcomes that all of them have."""
        offsets = np.cumsum([0, *(len(p) for p in parts)])[:-1]
        channels = [c for c in parts[0].readings if all(c in p.readings for p in parts)]
        told = [o for o in parts[0].outcomes if all(o in p.outcomes for p in parts)]
        readings = {
            c: Readings(
                np.concatenate([p.readings[c].whose + k for p, k in zip(parts, offsets, strict=True)]),
                np.concatenate([p.readings[c].time for p in parts]),
                np.concatenate([p.readings[c].value for p in parts]),
            )
            for c in channels
        }
        return cls(
            np.concatenate([p.names for p in parts]),
            {k: np.concatenate([p.static[k] for p in parts]) for k in STATIC},
            readings,
            {o: np.concatenate([p.outcomes[o] for p in parts]) for o in told},
            np.concatenate([p.hours for p in parts]),
            np.concatenate([p.unit for p in parts]),
            {c: sum(p.doubted.get(c, 0) for p in parts) for c in channels},
        )


def believed_static(static: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Age capped where the set hides it; heights of 120 to 220 cm and weights of 25 to 300 kg, else not known."""
    out = {name: np.asarray(static[name], dtype=np.float64).copy() for name in STATIC}
    out["age"] = np.minimum(out["age"], OLDEST)
    for name, (low, high) in {"height": (120.0, 220.0), "weight": (25.0, 300.0)}.items():  # assumed, wide
        out[name][~((out[name] >= low) & (out[name] <= high))] = np.nan
    return out
