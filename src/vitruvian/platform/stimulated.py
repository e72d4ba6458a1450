"""Programmed stimulation as it is asked: of a twin or a heart on file, sequence by sequence, kept as they are tried."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitruvian.core.errors import CapabilityError, FieldError

if TYPE_CHECKING:
    from vitruvian.models.heart.anatomy import Anatomy
    from vitruvian.models.heart.stimulated import Stimulated
    from vitruvian.models.heart.stimulation import Muscle, Preparation
    from vitruvian.platform.live import LiveTwin

Kept = list[dict[str, Any]]
KIND = "electrophysiology"
NUMBER = (int, float)
ARGUMENTS = {  # what a job takes, with its types; the twin knows the rest
    "site": (str,),
    **dict.fromkeys(("cycle", "first", "step", "lasting"), NUMBER),
    **dict.fromkeys(("drive", "extra"), (int,)),
    **dict.fromkeys(("border", "isthmus"), NUMBER),
    "seed": (int,),
}
OF_MUSCLE = ("border", "isthmus")


def asked(live: LiveTwin, arguments: Mapping[str, Any]) -> Preparation:
    """A twin's heart and scar at its belief's time, of the member in the middle, ready for the protocol."""
    from vitruvian.models.heart.stimulation import Preparation, Protocol

    rest = dict(arguments)
    seed = rest.pop("seed", 0)
    of = {name: float(rest.pop(name)) for name in OF_MUSCLE if name in rest}
    protocol = Protocol(**rest)
    heart, muscle = of_twin(live, seed)
    return Preparation(heart, dataclasses.replace(muscle, **of), protocol)


def checked(arguments: Mapping[str, Any]) -> None:
    """FieldError for what no heart can be asked."""
    from vitruvian.models.heart.stimulation import Muscle, Protocol

    try:
        Protocol(**{n: v for n, v in arguments.items() if n not in (*OF_MUSCLE, "seed")})
        muscle = {n: v for n, v in arguments.items() if n in OF_MUSCLE}
        Muscle(segment="apex", transmurality=1.0, **muscle)  # whether there is a scar the twin knows
    except FieldError as err:
        raise FieldError(err.what, where=f"arguments.{err.where}", fix=err.fix) from None


def of_twin(live: LiveTwin, seed: int = 0) -> tuple[Anatomy, Muscle]:
    """Errors: CapabilityError for a twin without such a heart; BeliefError for one that was never calibrated."""
    import numpy as np

    from vitruvian.kinds.electrophysiology import Electrophysiology
    from vitruvian.kinds.electrophysiology.model import ideal
    from vitruvian.models.ecg.sites import SEGMENTS
    from vitruvian.models.heart.stimulation import Muscle
    from vitruvian.verbs.loops import placed
    from vitruvian.verbs.picture import in_the_middle

    if not isinstance(live.kind, Electrophysiology):
        raise CapabilityError(
            f"a twin of kind '{live.row.kind}' has no heart to stimulate",
            where="stimulate",
            fix=f"ask a twin of kind {KIND}",
        )
    twin = live.value()
    belief = twin.believed()
    theta, state, forcing = placed(twin, in_the_middle(belief), twin.case, belief.at, seed)
    place = int(np.searchsorted(forcing.arrays["from"], state.at, side="right")) - 1
    number, depth = (float(forcing.arrays[f"state:{name}"][place]) for name in ("scar", "depth"))
    told = {name: float(np.asarray(theta[name])[0]) for name in ("cv", "ratio", "apd", "apex_base", "transmural")}
    segment = SEGMENTS[int(number)] if number else "none"
    return ideal(tuple(forcing.arrays["form"].tolist())), Muscle(**told, segment=segment, transmurality=depth)


def stimulate(
    prepared: Preparation,
    kept: Sequence[Mapping[str, Any]] = (),
    keep: Callable[[Kept], None] = lambda rows: None,
    progress: Callable[[float, str], None] = lambda share, said: None,
) -> Stimulated:
    """All sequences until one induces. What was `kept` is not run again; `keep` is told all so far after each."""
    from vitruvian.engines.induction import Induction, Tried
    from vitruvian.models.heart.stimulated import Stimulated, spelled

    before = {tuple(row["coupling_ms"]): row for row in kept}
    known = {c: Tried(c, row["captured"], row["lasted_ms"]) for c, row in before.items()}
    progress(0.0, "preparing the heart")
    stimulation = prepared.stimulation
    speeds = prepared.carried()
    most = prepared.protocol.extra * len(stimulation.couplings)
    progress(0.0, f"driving {len(prepared.tissue.nodes)} nodes")
    rows: Kept = []
    tried, course, begun = [], None, time.process_time()
    for one, made in stimulation.sequences(known):
        cpu = round(time.process_time() - begun, 2) if made else before[one.coupling]["cpu_s"]
        rows.append(
            {"coupling_ms": list(one.coupling), "captured": one.captured, "lasted_ms": one.lasted, "cpu_s": cpu}
        )
        tried.append(one)
        if made is not None and (one.captured or course is None):
            course = made
        if made is not None:
            keep(rows)
        level = len(one.coupling) - 1
        at = stimulation.couplings.index(one.coupling[-1]) + 1
        share = (level * len(stimulation.couplings) + at) / most
        progress(min(share, 0.99), f"{spelled(one.coupling)} ms tried, {cpu:.1f} CPU-s a sequence")
        begun = time.process_time()
    found = Induction(tuple(tried), prepared.protocol.lasting)
    best = found.inducing or next((t for t in reversed(tried) if t.captured), tried[-1])
    if course is None or course.tried != best:
        progress(0.99, f"running {spelled(best.coupling)} ms again for its activation")
        course = stimulation.course(best.coupling)
    return Stimulated(prepared, found, course, tuple(row["cpu_s"] for row in rows), speeds)
