"""Cases made from a log: the next activity by history, the time to it by the law of that pair of activities.

This is all that a log of completions can say of how cases go on: it holds service, waiting and delay in one time, and
it does not know load. Laws of pairs seen often are their own, others are those of the next activity, else of all
steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.models import routing, survival
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import EventLog
from vitruvian.models.routing import END, Routing
from vitruvian.models.survival import Durations, LearnedLaw

OFTEN = 30  # steps of a pair from which it has its own law
LONGEST = 2000  # activities of a case after which a simulated one is cut; the longest real ones have some hundreds
Pair = tuple[str, str]


@dataclass(frozen=True)
class Traces:
    """Routing, and laws (s) of the time from one activity to the next: by pair, by next activity, of all."""

    routing: Routing
    pairs: Mapping[Pair, LearnedLaw]
    nexts: Mapping[str, LearnedLaw]
    any: LearnedLaw

    def law(self, before: str, after: str) -> Law:
        """The law of the time from `before` to `after`."""
        found = self.pairs.get((before, after)) or self.nexts.get(after) or self.any
        return found.law

    def simulate(self, cases: int, seed: int) -> list[tuple[list[str], np.ndarray]]:
        """(activities, s since the first) of each case; a case's draws are its own, whatever other cases do."""
        cache: dict[tuple[str, ...], tuple[list[str], np.ndarray]] = {}
        return [self._case(generator(seed, "trace", i), cache) for i in range(cases)]

    def _case(
        self, rng: np.random.Generator, cache: dict[tuple[str, ...], tuple[list[str], np.ndarray]]
    ) -> tuple[list[str], np.ndarray]:
        done: list[str] = []
        times: list[float] = []
        while len(done) < LONGEST:
            past = tuple(done[-self.routing.order :])
            if past not in cache:
                chance = self.routing.probabilities(past)
                if not done:  # smoothing gives an empty case a chance: there is none
                    chance.pop(END, None)
                cache[past] = list(chance), np.cumsum(list(chance.values()))
            names, upto = cache[past]
            name = names[min(int(np.searchsorted(upto, rng.random() * upto[-1])), len(names) - 1)]
            if name == END:
                break
            step = float(self.law(done[-1], name).sample(rng, 1)[0]) if done else 0.0
            times.append((times[-1] if times else 0.0) + step)
            done.append(name)
        return done, np.array(times)


def learn(log: EventLog) -> Traces:
    """From the finished cases of a log; the last row of a case ends it."""
    sequences, names, steps = [], [], {}
    when = np.where(np.isfinite(log.complete), log.complete, log.start)
    for case, rows in log.traces():
        order = rows[np.argsort(when[rows], kind="stable")]
        sequences.append(log.activity[order].tolist())
        names.append(case)
        for a, b in pairwise(order):
            steps.setdefault((str(log.activity[a]), str(log.activity[b])), []).append(when[b] - when[a])
    if not steps:
        raise InferenceError("no case has two steps", where="traces.learn", fix="give a log of longer cases")
    second = log.resolution
    pairs = {k: _law(v, second) for k, v in steps.items() if len(v) >= OFTEN}
    by_next: dict[str, list[float]] = {}
    for (_, after), v in steps.items():
        by_next.setdefault(after, []).extend(v)
    nexts = {k: _law(v, second) for k, v in by_next.items()}
    every = _law([x for v in steps.values() for x in v], second)
    return Traces(routing.learn(sequences, names), pairs, nexts, every)


def _law(times: list[float], resolution: float) -> LearnedLaw:
    return survival.learn(Durations.of(times, resolution=resolution))
