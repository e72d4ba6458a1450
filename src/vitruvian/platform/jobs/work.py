"""What a job can be: one function a type, from arguments to a JSON result. Arguments are checked beforehand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from vitruvian.core.errors import FieldError
from vitruvian.platform import stimulated
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Store

Progress = Callable[[float], None]
Keep = Callable[[Any], None]


def _unchecked(arguments: Mapping[str, Any]) -> None:
    """Names and types say all."""


@dataclasses.dataclass(frozen=True)
class Type:
    """A type of job: whether it is about a twin, the arguments it takes with their types, what it does, and whether it
    works on the tenant's store. kind: the only one it is for. check: of the arguments' values. keeps: it is given what
    it kept before its process died, `kept`, and tells of more by `keep`."""

    of_twin: bool
    arguments: Mapping[str, tuple[type, ...]]
    work: Callable[..., Any]
    meaning: str
    of_store: bool = False
    kind: str = ""
    check: Callable[[Mapping[str, Any]], None] = _unchecked
    keeps: bool = False


def calibrate(live: LiveTwin, progress: Progress, **how: Any) -> Any:
    """From the population to this subject."""
    return live.calibrate(**how).to_json()


def assimilate(live: LiveTwin, progress: Progress) -> Any:
    """What came since, into the belief."""
    return live.assimilate().to_json()


def backtest(live: LiveTwin, progress: Progress, horizons: Any = None, **how: Any) -> Any:
    """What would have been said then, scored against what came."""
    given = {} if horizons is None else {"horizons": horizons}
    return live.backtest(**given, **how, progress=progress).to_json()


def explain(live: LiveTwin, progress: Progress, **how: Any) -> Any:
    """Why a quantity is what is forecast."""
    return live.explain(**how, progress=progress).to_json()


def recommend(live: LiveTwin, progress: Progress, goal: Any, **how: Any) -> Any:
    """What is best under a goal."""
    return live.recommend(goal, **how).to_json()


def stimulate(live: LiveTwin, progress: Progress, keep: Keep, kept: Any = None, **arguments: Any) -> Any:
    """Programmed stimulation of the twin's heart; sequences tried are kept."""
    before = (kept or {}).get("tried", [])
    prepared = stimulated.asked(live, arguments)
    found = stimulated.stimulate(
        prepared, before, lambda rows: keep({"tried": rows}), lambda share, said: progress(share)
    )
    return found.to_json()


def measure(progress: Progress, kind: str, quick: bool = True, claims: Any = ()) -> Any:
    """Measure the claims of a kind; a quick result is not kept beside them."""
    from vitruvian.platform import evidence

    chosen = [c for c in evidence.claims(kind) if not claims or c.id in claims]
    done = {c.id: 0.0 for c in chosen}

    def told(claim: str, share: float) -> None:
        done[claim] = share
        progress(sum(done.values()) / max(len(done), 1))

    rows = evidence.run_claims(kind, only=tuple(claims), quick=quick, progress=told)
    return {"kind": kind, "claims": [evidence.shown(row) for row in rows]}


def refit(store: Store, progress: Progress, kind: str, now: datetime, actor: str, **how: Any) -> Any:
    """A new fit from the tenant's own subjects, compared with the one in use on others; it is not taken into use."""
    from vitruvian.platform import fits

    return fits.make(store, kind, **how, now=now, actor=actor, progress=progress)


def plan_trial(store: Store, progress: Progress, trial: str, now: datetime, actor: str) -> Any:
    """Of a trial that was sent to the server."""
    from vitruvian.platform.trials import work

    return work.plan(store, progress, trial, now)


def analyse_trial(store: Store, progress: Progress, trial: str, now: datetime, actor: str) -> Any:
    """Of a trial that was planned."""
    from vitruvian.platform.trials import work

    return work.analyse(store, progress, trial, now)


_AS_OF = {"as_of": (str,), "seed": (int,)}
TYPES: Mapping[str, Type] = {
    "calibrate": Type(True, {"method": (str,), "days": (int, float), **_AS_OF}, calibrate, "learn from its readings"),
    "assimilate": Type(True, {}, assimilate, "take in what came since"),
    "backtest": Type(
        True,
        {"horizons": (list,), "step": (str, int, float), "days": (int, float), "observable": (str,), "seed": (int,)},
        backtest,
        "score what would have been said against what came",
    ),
    "explain": Type(True, {"quantity": (str,), "hours": (int, float), "over": (list,), **_AS_OF}, explain, "why"),
    "recommend": Type(True, {"goal": (dict,), **_AS_OF}, recommend, "what is best"),
    "stimulate": Type(
        True,
        stimulated.ARGUMENTS,
        stimulate,
        "programmed stimulation: does activity outlive early beats?",
        kind=stimulated.KIND,
        check=stimulated.checked,
        keeps=True,
    ),
    "refit": Type(
        False,
        {"kind": (str,), "reason": (str,), "seed": (int,)},
        refit,
        "fit a kind again from the tenant's own subjects, and compare",
        of_store=True,
    ),
    "plan_trial": Type(False, {"trial": (str,)}, plan_trial, "learn a trial's score and size it", of_store=True),
    "analyse_trial": Type(False, {"trial": (str,)}, analyse_trial, "analyse a trial's data", of_store=True),
    "evidence": Type(False, {"kind": (str,), "quick": (bool,), "claims": (list,)}, measure, "measure a kind's claims"),
}
NEEDED = {
    "explain": ("quantity",),
    "recommend": ("goal",),
    "evidence": ("kind",),
    "refit": ("kind",),
    "plan_trial": ("trial",),
    "analyse_trial": ("trial",),
}


def checked(type_: str, arguments: Mapping[str, Any], has_twin: bool) -> Type:
    """The type; FieldError for an unknown one, an unknown argument, one of the wrong type, or one that lacks."""
    if type_ not in TYPES:
        raise FieldError(f"there is no job '{type_}'", where="type", fix=f"use one of {', '.join(TYPES)}")
    found = TYPES[type_]
    if found.of_twin != has_twin:
        fix = "name one in twin" if found.of_twin else "leave twin out"
        raise FieldError(f"{type_} is {'' if found.of_twin else 'not '}about a twin", where="twin", fix=fix)
    for name, value in arguments.items():
        if name not in found.arguments:
            known = ", ".join(found.arguments) or "none"
            raise FieldError(f"{type_} takes no '{name}'", where=f"arguments.{name}", fix=f"it takes {known}")
        fits = isinstance(value, found.arguments[name]) and (bool in found.arguments[name] or value is not True)
        if not fits:
            wanted = " or ".join(t.__name__ for t in found.arguments[name])
            raise FieldError(f"must be {wanted}", where=f"arguments.{name}", fix="give that type")
    for name in NEEDED.get(type_, ()):
        if name not in arguments:
            raise FieldError("is missing", where=f"arguments.{name}", fix="give it")
    found.check(arguments)
    return found


def run(place: str, order: Mapping[str, Any], progress: Progress, keep: Keep = lambda kept: None) -> Any:
    """Do a job on the store in `place`: the JSON result. keep: told what a job that `keeps` has found so far."""
    type_ = TYPES[order["type"]]
    if not type_.of_twin and not type_.of_store:
        return type_.work(progress, **order["arguments"])
    with Store.open(place, tenant=order["tenant"]) as store:
        if type_.of_store:
            return type_.work(store, progress, **order["arguments"], now=datetime.now(UTC), actor=order["actor"])
        row = store.find_twin(order["twin"])
        live = LiveTwin(store, row, lambda: datetime.now(UTC), order["actor"])
        how = {"keep": keep, "kept": order.get("kept")} if type_.keeps else {}
        return type_.work(live, progress, **how, **order["arguments"])
