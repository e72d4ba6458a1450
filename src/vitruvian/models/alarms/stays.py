"""Risk series of many stays and what came of them: what an alarm policy is chosen on and scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.models.alarms.policy import DAY, AlarmPolicy


@dataclass(frozen=True)
class Watched:
    """Stays end to end: stay s has the looks starts[s] to starts[s + 1].

    times (look,) s, in order within a stay and before its event; risk (look,); event (stay,) s, NaN without one;
    end (stay,) s of the watch; patient (stay,): stays of one patient are one cluster; midnight (stay,): s from the
    last local midnight to the stay's time 0.
    """

    starts: np.ndarray
    times: np.ndarray
    risk: np.ndarray
    event: np.ndarray
    end: np.ndarray
    patient: np.ndarray
    midnight: np.ndarray

    @classmethod
    def of(
        cls,
        series: Sequence[tuple[np.ndarray, np.ndarray]],
        event: np.ndarray,
        *,
        patient: np.ndarray | None = None,
        end: np.ndarray | None = None,
        midnight: np.ndarray | None = None,
    ) -> Watched:
        """From (times, risk) a stay; looks at or after the event are left out. Without `end`: to the event, else to
        the last look."""
        n, event = len(series), np.asarray(event, dtype=float)
        if len(event) != n:
            raise FieldError(f"{len(event)} for {n} stays", where="Watched.event", fix="give one a stay, NaN for none")
        kept = []
        for i, (times, risk) in enumerate(series):
            if len(times) > 1 and not (np.diff(times) > 0).all():
                raise FieldError("times are not in order", where=f"stay {i}", fix="sort the looks; one a time")
            before = np.full(len(times), True) if np.isnan(event[i]) else times < event[i]
            kept.append((np.asarray(times, dtype=float)[before], np.asarray(risk, dtype=float)[before]))
        last = np.array([t[-1] if len(t) else 0.0 for t, _ in kept])
        if end is None:
            end = np.where(np.isnan(event), last, event)
        return cls(
            np.concatenate([[0], np.cumsum([len(t) for t, _ in kept])]).astype(np.int64),
            np.concatenate([t for t, _ in kept]) if n else np.array([]),
            np.concatenate([r for _, r in kept]) if n else np.array([]),
            event,
            np.asarray(end, dtype=float),
            np.arange(n) if patient is None else np.unique(patient, return_inverse=True)[1].ravel(),
            np.zeros(n) if midnight is None else np.asarray(midnight, dtype=float),
        )

    @property
    def stay(self) -> np.ndarray:
        """The stay of each look, (look,)."""
        return np.repeat(np.arange(len(self.event)), np.diff(self.starts))

    @property
    def days(self) -> float:
        """Patient-days under watch: from each stay's first look to its end."""
        some = np.diff(self.starts) > 0
        first = self.times[self.starts[:-1][some]]
        return float(np.sum(np.maximum(self.end[some] - first, 0.0)) / DAY)

    def silent(self, policy: AlarmPolicy) -> np.ndarray:
        """Looks within the policy's silent hours, (look,)."""
        out = np.zeros(len(self.times), dtype=np.bool_)
        hour = ((self.times + self.midnight[self.stay]) % DAY) / 3600.0 if policy.silent else np.array([])
        for a, b in policy.silent:
            out |= ((hour >= a) & (hour < b)) if a < b else ((hour >= a) | (hour < b))
        return out

    def coming(self, horizon: float) -> np.ndarray:
        """Whether the event comes within the horizon (s) after each look, (look,)."""
        ahead = self.event[self.stay] - self.times
        return (ahead > 0.0) & (ahead <= horizon)

    def only(self, patients: np.ndarray) -> Watched:
        """The stays of these patients, in order; a patient named twice comes twice, as another one (bootstrap)."""
        order = np.argsort(self.patient, kind="stable")
        left = np.searchsorted(self.patient[order], patients, side="left")
        right = np.searchsorted(self.patient[order], patients, side="right")
        stays = np.concatenate([order[a:b] for a, b in zip(left, right, strict=True)]).astype(np.int64)
        new = np.repeat(np.arange(len(patients)), right - left)
        count = np.diff(self.starts)[stays]
        starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        looks = np.arange(starts[-1]) + np.repeat(self.starts[stays] - starts[:-1], count)
        same = (self.event[stays], self.end[stays], new, self.midnight[stays])
        return Watched(starts, self.times[looks], self.risk[looks], *same)


@dataclass(frozen=True)
class Edges:
    """Alarms of a policy over many stays: stay, look (index), time raised (s), time armed again (inf: never)."""

    stay: np.ndarray
    look: np.ndarray
    raised: np.ndarray
    ended: np.ndarray

    def __len__(self) -> int:
        return len(self.stay)


def edges(policy: AlarmPolicy, watched: Watched) -> Edges:
    """The rising edges of all stays, by the compiled walk: the same as `policy.look` look by look."""
    from vitruvian.models.alarms.kernel import walk

    if not len(watched.times):
        none = np.array([], dtype=np.int64)
        return Edges(none, none, np.array([]), np.array([]))
    how = (policy.threshold, policy.persistence, policy.of, policy.refractory, policy.margin)
    found = walk(watched.times, watched.risk, watched.silent(policy), watched.starts, *how)
    stay, look, armed = found.T
    return Edges(stay, look, watched.times[look], np.where(armed >= 0, watched.times[armed], np.inf))
