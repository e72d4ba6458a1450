"""Alarms against the person's own baseline beside the guideline's rule, on simulated persons of three programmes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.home.artefacts import POSSIBLE, doubted
from vitruvian.kinds.home.generator import Life, lives
from vitruvian.kinds.home.programmes import LIMIT, PROGRAMMES, by_guideline
from vitruvian.kinds.home.trend import departures, score
from vitruvian.models.alarms.choose import choose
from vitruvian.models.alarms.policy import DAY, HOUR, AlarmPolicy
from vitruvian.models.alarms.promise import clopper_pearson, promised
from vitruvian.models.alarms.score import AlarmScore
from vitruvian.models.alarms.score import score as scored
from vitruvian.models.alarms.stays import Watched

Progress = Callable[[float], None]
Root = Path | None
FITTING, OTHERS = 101, 202  # seeds of the persons chosen on, and of those scored on
HORIZON, EVERY, BEGIN = 7 * DAY, 12 * HOUR, 14 * DAY  # BEGIN: days in which the baseline is learned
TEMPLATES = tuple(AlarmPolicy(1.0, k, k, refractory=2 * DAY, margin=m) for k in (1, 2) for m in (0.0, 0.3))


@cache
def persons(programme: str, count: int, seed: int) -> tuple[Life, ...]:
    """Simulated persons, made once."""
    return tuple(lives(count, seed, programme))


def _looks(life: Life) -> np.ndarray:
    return np.arange(BEGIN + 9 * HOUR, life.end, EVERY)


def _watched(some: Sequence[Life], values: Callable[[Life, np.ndarray], np.ndarray]) -> Watched:
    held = [life for life in some if len(_looks(life))]
    series = [(_looks(life), values(life, _looks(life))) for life in held]
    return Watched.of(series, np.array([life.event for life in held]), end=np.array([life.end for life in held]))


@cache
def both(programme: str, count: int, seed: int) -> tuple[Watched, Watched]:
    """The trend's score and the rule's number of the same persons."""

    def own(life: Life, looks: np.ndarray) -> np.ndarray:
        return score(programme, departures(programme, life.record, 0.0), looks)

    def rule(life: Life, looks: np.ndarray) -> np.ndarray:
        return by_guideline(programme, life.record, looks)

    some = persons(programme, count, seed)
    return _watched(some, own), _watched(some, rule)


def _count(quick: bool) -> int:
    return 60 if quick else 600


def _rule(programme: str) -> AlarmPolicy:
    return AlarmPolicy(float(np.nextafter(LIMIT[programme], np.inf)), refractory=2 * DAY)


def recall(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """The policy is chosen for the load that the rule has on the fitting persons; both are scored on others."""
    count, measured, baseline, met = _count(quick), {}, {}, True
    over = 2.0 if quick else 1.1  # of the rule's load: few persons raise few alarms
    for k, programme in enumerate(PROGRAMMES):
        own, rule = both(programme, count, FITTING)
        load = scored(_rule(programme), rule, horizon=HORIZON).load
        policy = choose(own, load, TEMPLATES, horizon=HORIZON).policy
        own, rule = both(programme, count, OTHERS)
        ours, theirs = scored(policy, own, horizon=HORIZON), scored(_rule(programme), rule, horizon=HORIZON)
        low, high = _interval(policy, _rule(programme), own, rule)
        measured[programme] = {"recall": ours.recall, "more by": [low, high], **_told(ours)}
        baseline[programme] = {"recall": theirs.recall, **_told(theirs)}
        met &= bool(low > 0.0 and ours.load <= over * theirs.load)
        progress((k + 1) / len(PROGRAMMES))
    return {"measured": measured, "met": met, "n": count * len(PROGRAMMES), "baseline": baseline}


def _told(found: AlarmScore) -> dict[str, float]:
    return {"load": found.load, "precision": found.precision, "lead, h": found.lead}


def _interval(one: AlarmPolicy, other: AlarmPolicy, a: Watched, b: Watched, draws: int = 400) -> tuple[float, float]:
    """95 % interval of the difference in event recall, resampled by person."""
    from vitruvian.models.alarms.stays import edges

    caught = []
    for policy, watched in ((one, a), (other, b)):
        found = edges(policy, watched)
        ahead = watched.event[found.stay] - found.raised
        stood = (ahead > 0.0) & (found.ended > watched.event[found.stay] - HORIZON)
        caught.append(np.isin(np.arange(len(watched.event)), found.stay[stood]).astype(float))
    has = ~np.isnan(a.event)
    apart = (caught[0] - caught[1])[has]
    pick = generator(5, "interval").integers(0, len(apart), size=(draws, len(apart)))
    low, high = np.quantile(apart[pick].mean(axis=1), (0.025, 0.975)).tolist()
    return low, high


def promised_bound(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """Many small studies of other persons, each with its bound, against the precision over all of them."""
    studies, held, naive = 200, {}, {}
    for k, programme in enumerate(PROGRAMMES):
        own, rule = both(programme, _count(quick), FITTING)
        load = scored(_rule(programme), rule, horizon=HORIZON).load
        policy = choose(own, max(load, 0.03), TEMPLATES, horizon=HORIZON).policy
        own, _ = both(programme, _count(quick), OTHERS)
        truth = scored(policy, own, horizon=HORIZON).precision
        ok = plain = n = 0
        for s in range(studies):
            pick = generator(7, "study", programme, s).integers(0, len(own.event), 80)
            found = scored(policy, own.only(pick), horizon=HORIZON)
            if not found.alarms:
                continue
            n += 1
            ok += promised(found).bound <= truth
            plain += clopper_pearson(found.right.sum(), found.alarms, 0.95) <= truth
        held[programme], naive[programme] = ok / n, plain / n
        progress((k + 1) / len(PROGRAMMES))
    worst = min(held.values())
    return {"measured": worst, "met": bool(worst >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / studies)), "n": 3 * studies,
            "baseline": {"as if independent": min(naive.values())}, "detail": held}  # fmt: skip


def artefacts(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """Counted over all readings of simulated persons."""
    hit = missed = false = true = possible = 0
    for programme in PROGRAMMES:
        for life in persons(programme, _count(quick), OTHERS)[:100]:
            rows = life.record
            wrong = np.isin(rows.id.astype(str), list(life.artefacts))
            found = np.isfinite(doubted(rows).sd)
            low, high = (np.array([POSSIBLE[n][i] for n in rows.observable]) for i in (0, 1))
            possible += int(np.sum(wrong & ((rows.value < low) | (rows.value > high))))
            hit, missed = hit + int(np.sum(wrong & found)), missed + int(np.sum(wrong & ~found))
            false, true = false + int(np.sum(found & ~wrong)), true + int(np.sum(~wrong))
        progress((PROGRAMMES.index(programme) + 1) / 3)
    measured = {"doubted of artefacts": hit / (hit + missed), "doubted of others": false / true}
    met = measured["doubted of artefacts"] >= 0.8 and measured["doubted of others"] <= 0.01
    return {"measured": measured, "met": bool(met), "n": hit + missed + true,
            "baseline": {"impossible values alone": possible / (hit + missed)}}  # fmt: skip
