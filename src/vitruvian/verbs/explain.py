"""explain: why this answer. Shapley shares of parameters, actions and data, and where the spread comes from.

parameters  what is believed of this subject against the population's mean, one parameter (all its slots) a player;
            for an observable with discrepancy, what the newest readings say of it is a player too
actions     each action of the timeline, done or not, everything else as it is believed to be (Causal kinds only)
data        each part of the calibration window's readings, used or not: the belief is calibrated anew without it
spread      of the members' answers: over parameters, by regression (spread.py)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.core.fields import infos
from vitruvian.core.kind import Causal, Fittable, Reconstructible
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.explained import Breakdown, Explanation, Share
from vitruvian.verbs.population import believe_prior
from vitruvian.verbs.posterior import METHODS
from vitruvian.verbs.replay import Replay, thinned
from vitruvian.verbs.result import Basis, weighted_quantile
from vitruvian.verbs.shapley import Coalition, Shared, shapley, shapley_by_member
from vitruvian.verbs.spread import NEWEST, latent_columns, spread

OVER = ("parameters", "actions", "data")
PLAYERS = 10  # actions told one by one; what is older is told together
COALITIONS = 64  # runs that shares of actions may cost


def explain(
    twin: Twin,
    quantity: str,
    window: tuple[float, float],
    *,
    over: Sequence[str] = OVER,
    blocks: int = 4,
    members: int = 64,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> Explanation:
    """Why `quantity` over `window` (start, end; s since origin, from the belief's time on) is what is forecast.

    over: which breakdowns; "data" calibrates anew 2^blocks times, which `progress` tells of. blocks: in how many parts
    of equal length the readings are cut. members: at most so many are run again. Errors: KindError for an unknown
    quantity; FieldError for a window before the belief's time.
    """
    kind, belief = twin.kind, thinned(twin.believed(), members)
    unit = kind.quantity(quantity).unit
    if wrong := [o for o in over if o not in OVER]:
        raise FieldError(f"no shares of {wrong[0]}", where="explain", fix=f"use {', '.join(OVER)}")
    if not belief.at <= window[0] < window[1]:
        raise FieldError(
            f"window {window} does not lie after the belief's time {belief.at:g} s", where="explain", fix="ask later"
        )
    replay = Replay(twin, belief, quantity, window, seed)
    whole = dataclasses.replace(replay, belief=twin.believed())
    weights = whole.belief.weights
    answers = whole.values([(twin.case, whole.belief.z, np.ones(len(weights)))])[0]
    low, high = (float(weighted_quantile(answers, weights, q)) for q in (0.05, 0.95))
    told: dict[str, Breakdown] = {}
    notes: list[str] = []
    if "parameters" in over:
        told["parameters"] = _parameters(replay)
    if "actions" in over:
        if isinstance(kind, Causal):
            told |= _actions(replay, notes)
        else:
            notes.append(f"No shares of actions: kind '{kind.name}' predicts but is not Causal.")
    if "data" in over:
        told |= _data(twin, belief, replay, blocks, notes, progress)
    if replay.from_state:
        notes.append("The state now was seen or filtered: parameters and actions are told apart from now on only.")
    return Explanation(
        kind.name,
        quantity,
        unit,
        window,
        twin.case.origin,
        float(weights @ answers),
        (low, high),
        told,
        spread(whole, answers),
        Basis.of(twin.believed(), twin.kind),
        seed,
        tuple(notes),
    )


def _parameters(replay: Replay) -> Breakdown:
    belief, kind, players = replay.belief, replay.twin.kind, latent_columns(replay)
    mean, _ = belief.prior.moments(belief.names)
    names = [*players, NEWEST] if replay.observable else list(players)

    def values(masks: np.ndarray) -> np.ndarray:
        runs = []
        for mask in masks:  # (member, player)
            z = np.tile(mean, (belief.members, 1))
            for k, columns in enumerate(players.values()):
                z[np.ix_(mask[:, k], columns)] = belief.z[np.ix_(mask[:, k], columns)]
            runs.append((replay.twin.case, z, mask[:, -1].astype(float) if replay.observable else mask[:, 0] * 1.0))
        return replay.values(runs)

    shared = shapley_by_member(len(names), values, belief.weights, seed=replay.seed)
    meaning = {p.name: p.meaning for p in kind.parameters} | {NEWEST: "what they say of the model's error now"}
    told = "each parameter as believed of this subject, against the population's mean"
    return _breakdown("parameters", shared, names, [meaning[n] for n in names], told)


def _actions(replay: Replay, notes: list[str]) -> dict[str, Breakdown]:
    twin, belief = replay.twin, replay.belief
    known = twin.case.until(belief.known_at)
    acting = [a for a in known.timeline if replay.t0 <= a.at < replay.window[1]]
    if not acting:
        notes.append("No action acts in what was run: there are no shares of actions.")
        return {}
    split = max(len(acting) - PLAYERS + 1, 0) if len(acting) > PLAYERS else 0
    groups = ([tuple(acting[:split])] if split else []) + [(a,) for a in acting[split:]]

    def values(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        runs = []
        for present in coalitions:
            absent = {id(a) for k, group in enumerate(groups) if k not in present for a in group}
            timeline = tuple(a for a in known.timeline if id(a) not in absent)
            runs.append((dataclasses.replace(known, timeline=timeline), belief.z, np.ones(belief.members)))
        return list(replay.values(runs))

    shared = shapley(len(groups), values, belief.weights, most=COALITIONS, seed=replay.seed)
    names = [_told(twin, group) for group in groups]
    doubled = [n if names.count(n) == 1 else f"{n} ({k + 1})" for k, n in enumerate(names)]
    told = "each action done, against not done, for this subject as far as it is known"
    return {"actions": _breakdown("actions", shared, doubled, [""] * len(names), told)}


def _told(twin: Twin, group: tuple[Action, ...]) -> str:
    """Bolus 300 mg, 03-01 12:30; or how many earlier ones."""
    if len(group) > 1:
        return f"{len(group)} earlier actions"
    action = next(iter(group))
    numbers = [(getattr(action, n), i.unit) for n, i in infos(type(action)).items() if not i.choices]
    size = next((f" {v:g} {unit}".removesuffix(" 1") for v, unit in numbers if isinstance(v, (int, float))), "")
    return f"{type(action).__name__}{size}, {twin.case.origin.moment(action.at):%m-%d %H:%M}"


def _data(
    twin: Twin, belief: Belief, replay: Replay, blocks: int, notes: list[str], progress: Callable[[float], None]
) -> dict[str, Breakdown]:
    if isinstance(twin.kind, Fittable) or belief.rows == 0:
        notes.append("No shares of data: nothing was learned from this subject's readings.")
        return {}
    rows = twin.record.until(belief.known_at).between(*belief.window)
    first, last = float(rows.valid_time.min()), float(rows.valid_time.max())
    edges = np.linspace(first, last, blocks + 1)
    which = np.clip(np.searchsorted(edges, rows.valid_time, side="right") - 1, 0, blocks - 1)
    kept = [k for k in range(blocks) if (which == k).any()]

    def values(coalitions: Sequence[Coalition]) -> list[np.ndarray]:
        out = []
        for done, c in enumerate(coalitions, 1):
            out.append(_without(twin, belief, replay, rows.where(np.isin(which, [kept[k] for k in c]))))
            progress(done / len(coalitions))
        return out

    try:
        shared = shapley(len(kept), values, belief.weights, most=2**4, seed=replay.seed)
    except VitruvianError as err:
        notes.append(f"No shares of data: without some of it the belief cannot be made ({err.message}).")
        return {}
    at = [twin.case.origin.moment(t) for t in edges]
    names = [f"{at[k]:%m-%d %H:%M} to {at[k + 1]:%m-%d %H:%M}" for k in kept]
    counts = [f"{int((which == k).sum())} readings" for k in kept]
    told = "the readings of each time, used against not: the belief calibrated anew"
    return {"data": _breakdown("data", shared, names, counts, told)}


def _without(twin: Twin, belief: Belief, replay: Replay, rows: Record) -> np.ndarray:
    """The answers of members calibrated on these rows alone, on the same window."""
    alone = Twin(twin.kind, twin.case, rows)
    start, at = belief.window
    if len(rows) == 0:
        made = believe_prior(alone, at, start=start, prior=belief.prior, seed=belief.seed, members=belief.members)
    else:
        method = belief.method if belief.method in METHODS else None
        made = calibrate(
            alone,
            method=method,
            window=belief.window,
            known_at=belief.known_at,
            prior=belief.prior,
            seed=belief.seed,
            members=belief.members,
        )
    new = dataclasses.replace(made.believed(), at=belief.at, known_at=belief.known_at)
    if isinstance(twin.kind, Reconstructible):
        new = dataclasses.replace(new, state=belief.state)
    again = dataclasses.replace(replay, belief=new)
    told = again.values([(twin.case, new.z, np.ones(new.members))])[0]
    # members of unequal weight are no pairs of others: only their mean is told
    return told if np.allclose(new.weights, 1.0 / new.members) else np.full(belief.members, new.weights @ told)


def _breakdown(over: str, shared: Shared, names: Sequence[str], meanings: Sequence[str], told: str) -> Breakdown:
    shares = [
        Share(n, float(s), float(e), shared.all - float(w), m)
        for n, s, e, w, m in zip(names, shared.shares, shared.errors, shared.without, meanings, strict=True)
    ]
    shares.sort(key=lambda s: -abs(s.share))
    return Breakdown(over, shared.none, shared.all, tuple(shares), shared.how, told)
