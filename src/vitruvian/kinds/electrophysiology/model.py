"""The ventricles' activation, recovery and ECG, beat by beat of one state, from anatomy, conduction, scar and pacing.

    a(x) = min over sites of (t_s + T_s(x) / c)     fascicles at t = PR + their delay, leads at AV and VV delay
    lead(t) as in engines/reaction_eikonal.py       action potential: ten Tusscher-Panfilov 2006, epicardial, 1 Hz

The heart is two ventricles of the subject's size with rule-based fibres (models/heart), 2 mm voxels in 4 mm blocks, a
fast layer under the endocardia, in a uniform conducting chest (models/ecg/torso.py). Time is when an ECG is taken:
between actions nothing changes. Holds for a regular beat; leaves out ectopy, re-entry, capture failure, rate, atria.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import State as Resumed
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing, bucket, padded
from vitruvian.core.kind import AbstractKind, Causal, Example, Outputs, Resumable, Theta
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.electrophysiology import parameters as par
from vitruvian.kinds.electrophysiology import seen
from vitruvian.kinds.electrophysiology.actions import (
    ACTIONS,
    CONDUCTION,
    LEFT_LEADS,
    NONE,
    WALLS,
    Heart,
    Infarct,
    Pacing,
)
from vitruvian.kinds.electrophysiology.beat import Anatomies, State, beat
from vitruvian.kinds.electrophysiology.example import example
from vitruvian.kinds.electrophysiology.picture import picture
from vitruvian.kinds.electrophysiology.questions import QUESTIONS, SCAR
from vitruvian.models.beats import Beat, Beating
from vitruvian.models.ecg.conduction import Scar
from vitruvian.models.heart import Anatomy
from vitruvian.models.heart.ideal import IdealBiventricle
from vitruvian.models.heart.mesh import Painted
from vitruvian.models.pictured import Pictured

SPACING = 2.0  # mm
DENSE = 0.5  # transmurality from which a lead over scar is refused: Bleeker et al., Circulation 2006;113:969
_STATE = ("conduction", "right", "left", "av", "vv", "scar", "depth")
FORM = ("lv_volume", "rv_volume", "long_axis", "lv_wall", "rv_wall", "azimuth", "dip")


@lru_cache(maxsize=8)
def ideal(form: tuple[float, ...]) -> Anatomy:
    """The idealised bi-ventricle of this form."""
    return IdealBiventricle(**dict(zip(FORM, form, strict=True))).anatomy(SPACING)


class Electrophysiology(AbstractKind, Causal, Resumable, Beating, Pictured):
    """The heart's electrics; `anatomies` gives the anatomy of a form, an image's whatever the form."""

    name, version = "electrophysiology", "1"
    context_of_use, envelope = seen.CONTEXT, seen.ENVELOPE
    parameters = par.PARAMETERS
    observables, quantities, noises = seen.OBSERVABLES, seen.QUANTITIES, seen.NOISES
    actions, subject, questions = ACTIONS, Heart, QUESTIONS
    traces, loops, told, beat_source = seen.TRACES, seen.LOOPS, seen.TOLD, seen.BEAT
    picture_source = seen.PICTURE
    points = seen.SAMPLES

    def __init__(self, anatomies: Anatomies = ideal) -> None:
        self._anatomies = anatomies

    @property
    def state_version(self) -> str:
        return f"{self.name}-1"

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        heart, known = case.subject, case.until(known_at)
        assert isinstance(heart, Heart)
        given = known.actions(*ACTIONS)
        room = bucket(1 + len(given))
        rows = np.array([_row(heart, [a for a in given if a.at <= at]) for at in (-np.inf, *(a.at for a in given))])
        arrays = {f"state:{name}": padded(column.tolist(), room) for name, column in zip(_STATE, rows.T, strict=True)}
        arrays["from"] = padded([-np.inf, *(a.at for a in given)], room, np.inf)
        arrays["form"] = np.array([getattr(heart, name) for name in FORM])
        return Forcing(t0, t1, arrays=arrays)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        heart, said = case.subject, []
        assert isinstance(heart, Heart)
        for pacing in (a for a in plan if isinstance(a, Pacing)):
            dead = [a for a in case.actions(Infarct) if isinstance(a, Infarct) and a.at <= pacing.at]
            segment, depth = (dead[-1].segment, dead[-1].transmurality) if dead else (heart.scar, heart.transmurality)
            if pacing.left == segment and depth >= DENSE:
                said.append(f"the left lead lies over scar in the {segment} wall: {SCAR}")
        return tuple(said)

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: Resumed | None = None
    ) -> tuple[Outputs, Resumed | None]:
        count = len(seeds)
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(count, dtype=int))
        if len(batch.index) != count:
            raise KindError(f"forcing has {len(batch.index)} members, theta {count}", where=f"kind '{self.name}'")
        at0, at1 = batch.forcings[0].t0, batch.forcings[0].t1
        if start is not None and (start.version, start.at) != (self.state_version, at0):
            said = f"state is {start.version} at {start.at:g} s, wanted {self.state_version} at {at0:g} s"
            raise BeliefError(said, where=self.name, fix="recalibrate, or compile from the state's time")
        out: dict[str, np.ndarray] = {}
        for k, one in enumerate(batch.forcings):
            members = np.flatnonzero(batch.index == k)
            mine = {name: np.asarray(value, dtype=np.float64)[members] for name, value in theta.items()}
            for name, values in self._answers(mine, one, request).items():
                out.setdefault(name, np.empty((count, *values.shape[1:])))[members] = values
        return out, Resumed(at1, self.state_version, {"beat": np.zeros(count)})  # nothing lasts but what is held

    def beat(self, theta: Theta, state: Resumed, forcing: Forcing) -> Beat:
        return seen.shown(beat(self._anatomies, *_held(state, forcing), _floats(theta)))

    def picture(self, theta: Theta, state: Resumed, forcing: Forcing) -> Painted:
        return picture(self._anatomies, *_held(state, forcing), _floats(theta))

    def example(self) -> Example:
        return example()

    def _answers(self, theta: Theta, forcing: Forcing, request: Request) -> dict[str, np.ndarray]:
        """A beat of every state that is asked for, and each answer put together from them."""
        form = tuple(forcing.arrays["form"].tolist())
        beats: dict[State, dict[str, np.ndarray]] = {}

        def of(place: int, name: str) -> np.ndarray:
            state = _state(forcing.arrays, place)
            if state not in beats:
                beats[state] = beat(self._anatomies, form, state, theta)
            return beats[state][name]

        names, since, out = {o.name for o in self.observables}, forcing.arrays["from"], {}
        for name in request.items:
            if name in names:
                at = np.searchsorted(since, request.times(name), side="right") - 1
                out[name] = np.stack([of(int(k), name) for k in at], axis=1)
            else:
                what = self.quantity(name).of
                out[name] = np.stack([_mean(of, what, since, w) for w in request.windows(name)], axis=1)
        return out


def _mean(of: Callable[[int, str], np.ndarray], what: str, since: np.ndarray, window: np.ndarray) -> np.ndarray:
    """(member,) over a window: states weigh by how long they hold in it; an instant is its own mean."""
    start, end = window
    first = int(np.searchsorted(since, start, side="right")) - 1
    if end <= start:
        return of(first, what)
    total = 0.0
    for k in range(first, int(np.searchsorted(since, end, side="left"))):
        held = min(float(since[k + 1]), end) - max(float(since[k]), start)
        total = total + of(k, what) * (held / (end - start))
    return np.asarray(total)


def _row(heart: Heart, held: Sequence[Action]) -> tuple[float, ...]:
    """Of _STATE, what holds after these actions."""
    paced = next((a for a in reversed(held) if isinstance(a, Pacing)), None)
    dead = next((a for a in reversed(held) if isinstance(a, Infarct)), None)
    segment, depth = (dead.segment, dead.transmurality) if dead else (heart.scar, heart.transmurality)
    there = segment != NONE and depth > 0
    pacing = (0.0, 0.0, 0.0, 0.0) if paced is None else (
        float(paced.right != NONE), float(LEFT_LEADS.index(paced.left)), paced.av_delay, paced.vv_delay
    )  # fmt: skip
    return (
        float(CONDUCTION.index(heart.conduction)),
        *pacing,
        float(WALLS.index(segment)) if there else 0.0,
        depth if there else 0.0,
    )


def _held(at: Resumed, forcing: Forcing) -> tuple[tuple[float, ...], State]:
    """The form, and what holds at the state's time."""
    place = int(np.searchsorted(forcing.arrays["from"], at.at, side="right")) - 1
    return tuple(forcing.arrays["form"].tolist()), _state(forcing.arrays, place)


def _floats(theta: Theta) -> Theta:
    return {name: np.asarray(value, dtype=np.float64) for name, value in theta.items()}


def _state(arrays: Mapping[str, np.ndarray], place: int) -> State:
    conduction, right, left, av, vv, segment, depth = (float(arrays[f"state:{n}"][place]) for n in _STATE)
    return State(int(conduction), right > 0, int(left), av, vv, Scar(int(segment), depth))
