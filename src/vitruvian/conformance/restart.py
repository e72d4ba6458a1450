"""Laws about states and beliefs: a restart equals no restart, an old state or belief asks for recalibration."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial, largest, tolerance
from vitruvian.core.belief import Belief, State
from vitruvian.core.errors import BeliefError
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Fittable, Resumable
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin

MEMBERS = 8


def _restart(trial: Trial) -> None:
    t0, t1, middle = trial.example.t0, trial.example.t1, trial.middle()
    case = trial.example.case
    for e in trial.effects():  # something must still be going on when the state is taken
        case = case.plus(dataclasses.replace(e.action, at=0.6 * t0 + 0.4 * middle, known_at=t0))
    later = Request({n: v for n, v in trial.everything(middle, t1).items.items() if n not in _since_start(trial)})
    # both ways ask for the same times, so that steps end alike
    whole, first = trial.compile(case), trial.compile(case, t1=middle)
    theta, seeds = trial.theta(whole, MEMBERS), trial.seeds(MEMBERS)
    expected, _ = trial.run(whole, later, theta, seeds)
    _, state = trial.run(first, Request({}), trial.theta(first, MEMBERS), seeds)
    demand(state is not None, "is Resumable but its run returns no state", trial)
    assert state is not None
    belief = through_store(_belief(trial, first, state))
    rest = trial.compile(case, t0=middle)
    layout = Latents.of(trial.kind.parameters, rest)
    # a slot of the second half that the first did not know is drawn as in the whole run
    known = _z_by_name(trial, whole) | dict(zip(belief.names, belief.z.T, strict=True))
    z = [known[n] for n in layout.names]
    theta_rest = layout.theta(layout.pad(np.stack(z, axis=1) if z else np.zeros((MEMBERS, 0))))
    found, _ = trial.run(rest, later, theta_rest, seeds, belief.state)
    for name, values in expected.items():
        a, b = np.asarray(values, dtype=np.float64), np.asarray(found[name], dtype=np.float64)
        size = max(1.0, float(np.max(np.abs(a), initial=0.0)))
        close = a.shape == b.shape and np.allclose(a, b, rtol=0.0, atol=tolerance(values) * size, equal_nan=True)
        demand(close, f"after a restart '{name}' differs by up to {largest(a, b):.3g}", trial, "keep it in the state")


def _since_start(trial: Trial) -> set[str]:
    """Observables without a time axis tell of the run's own start: a restarted run tells of another span."""
    return {o.name for o in trial.kind.observables if o.axis != "grid"}


def _z_by_name(trial: Trial, forcing: Forcing) -> dict[str, np.ndarray]:
    layout = Latents.of(trial.kind.parameters, forcing)
    z = trial.z(forcing, MEMBERS)[:, layout.active]
    return dict(zip(layout.names, z.T, strict=True))


def _belief(trial: Trial, forcing: Forcing, state: State | None) -> Belief:
    kind, layout = trial.kind, Latents.of(trial.kind.parameters, forcing)
    return Belief(
        kind=kind.name,
        version=kind.version,
        names=layout.names,
        z=trial.z(forcing, MEMBERS)[:, layout.active],
        weights=np.full(MEMBERS, 1.0 / MEMBERS),
        at=forcing.t1,
        known_at=forcing.t1,
        method="prior",
        seed=trial.seed,
        state=state,
        artefact=kind.artefact if isinstance(kind, Fittable) else "",
    )


def through_store(belief: Belief) -> Belief:
    """The belief as it comes back from text and numpy's file format."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_packed(belief.to_tree(), arrays))
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as kept:
        return Belief.from_tree(_unpacked(json.loads(text), kept))


def _packed(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(tree, Mapping):
        return {k: _packed(v, arrays) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_packed(v, arrays) for v in tree]
    if isinstance(tree, (np.ndarray, np.generic)) or hasattr(tree, "__array__"):
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(tree)
        return {"array": name}
    return tree


def _unpacked(tree: Any, kept: Mapping[str, np.ndarray]) -> Any:
    if isinstance(tree, dict):
        return kept[tree["array"]] if set(tree) == {"array"} else {k: _unpacked(v, kept) for k, v in tree.items()}
    return [_unpacked(v, kept) for v in tree] if isinstance(tree, list) else tree


def _old(trial: Trial) -> None:
    kind, forcing = trial.kind, trial.compile()
    now = _belief(trial, forcing, None)
    demand(Twin(kind, trial.example.case, belief=now).believed() is now, "its own belief is refused", trial)
    first = now.names[0] if now.names else ""
    stale: dict[str, dict[str, Any]] = {
        "an older version": {"version": f"before {kind.version}"},
        "another kind": {"kind": f"{kind.name}-old"},
    }
    if first and "@" not in first:
        stale["a parameter it no longer has"] = {"names": (f"{first}_old", *now.names[1:])}
    for what, change in stale.items():
        twin = Twin(kind, trial.example.case, belief=dataclasses.replace(now, **change))
        try:
            twin.believed()
        except BeliefError as err:
            demand("recalibrate" in err.message, f"a belief of {what} is refused without saying what to do", trial)
        else:
            demand(False, f"a belief of {what} is taken as its own", trial, "change `version` when the model changes")


def _old_state(trial: Trial) -> None:
    middle = trial.middle()
    first, rest = trial.compile(t1=middle), trial.compile(t0=middle)
    theta = trial.theta(first, MEMBERS)
    _, state = trial.run(first, Request({}), theta)
    assert state is not None
    assert isinstance(trial.kind, Resumable)
    told = state.version == trial.kind.state_version
    demand(told, f"the state is of version '{state.version}', not '{trial.kind.state_version}'", trial)
    older = dataclasses.replace(state, version=f"before {state.version}")
    elsewhere = dataclasses.replace(state, at=middle - 1.0)
    for what, wrong in (("an older layout", older), ("another time", elsewhere)):
        try:
            trial.run(rest, Request({}), trial.theta(rest, MEMBERS), start=wrong)
        except BeliefError:
            continue
        demand(False, f"a state of {what} is taken as its own", trial, "raise BeliefError with fix='recalibrate'")


RESTART = (
    Law("restart", "A run from a stored state is the run that never stopped.", _restart, (Resumable,)),
    Law("old_state", "A state of an older layout or another time is refused.", _old_state, (Resumable,)),
    Law("old_belief", "A stored belief of an older version asks for recalibration.", _old),
)
