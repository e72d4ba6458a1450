"""What a report says: gathered from the verbs, without any layout."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.kind import Causal
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.core.twin import Twin
from vitruvian.models.beats import Beating
from vitruvian.platform.evidence import results
from vitruvian.verbs.compare import compare
from vitruvian.verbs.fitted import Fitted, fitted
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.loops import loops
from vitruvian.verbs.result import Comparison, Forecast

LEAD = 1800.0  # s from now to a what-if's action, when the caller names no option
POINTS = 73  # forecast points: five minutes apart over six hours


@dataclass(frozen=True)
class Content:
    """Everything a report shows. `synthetic` labels simulated subjects; `kept_aside` lists what could not be read."""

    subject: str
    twin: Twin
    now: float
    forecast: Forecast
    fitted: Fitted | None
    comparison: Comparison | None
    observable: str
    quantities: Mapping[str, np.ndarray]  # of the readings themselves
    evidence: Sequence[Mapping[str, Any]]
    kept_aside: Sequence[str] = ()
    imported: Sequence[str] = ()
    synthetic: bool = False
    whole: Twin | None = None
    sections: Sequence[Section] = ()

    @property
    def record(self) -> Record:
        """All readings known, back to the first."""
        return (self.whole or self.twin).record.until(self.twin.believed().known_at)

    @property
    def timeline(self) -> Sequence[Action]:
        """All actions, back to the first."""
        return (self.whole or self.twin).case.timeline


def gather(
    twin: Twin,
    subject: str,
    *,
    hours: float = 3.0,
    options: Mapping[str, Sequence[Action]] | None = None,
    seed: int = 0,
    kept_aside: Sequence[str] = (),
    imported: Sequence[str] = (),
    synthetic: bool = False,
    whole: Twin | None = None,
) -> Content:
    """Ask the twin everything a report shows; options default to two typical actions of the kind.

    whole: the twin with all its readings, for the profile, where `twin` holds only what its answers need.
    """
    kind, belief = twin.kind, twin.believed()
    grid = [o.name for o in kind.observables if o.axis == "grid" and not o.dims]
    seen = [n for n in grid if (twin.record.observable == n).any()]
    observable = (seen or grid)[0]
    end = belief.at + hours * 3600.0
    items: dict[str, Any] = {observable: np.linspace(belief.at, end, POINTS)}
    items |= {q.name: [(belief.at, end)] for q in kind.quantities}
    request = Request.of(items)
    ahead = forecast(twin, request, seed=seed)
    comparison = None
    if isinstance(kind, Causal):
        chosen = options if options is not None else typical_options(twin)
        comparison = compare(twin, chosen, request, seed=seed) if chosen else None
    return Content(
        subject=subject,
        twin=twin,
        now=belief.at,
        forecast=ahead,
        fitted=fitted(twin) if seen else None,
        comparison=comparison,
        observable=observable,
        quantities=of_readings(whole or twin, twin.believed().known_at, observable),
        evidence=results(kind.name),
        kept_aside=kept_aside,
        imported=imported,
        synthetic=synthetic,
        whole=whole,
        sections=(
            *kind.sections(twin.case, (whole or twin).record.until(belief.known_at)),
            *(loops(twin, seed=seed).sections() if isinstance(kind, Beating) else ()),
        ),
    )


def typical_options(twin: Twin, most: int = 2) -> dict[str, list[Action]]:
    """The first typical actions of the kind's documented effects, half an hour from now."""
    at = twin.believed().at + LEAD
    out: dict[str, list[Action]] = {}
    for effect in twin.kind.example().effects:
        name = type(effect.action).__name__
        if name not in out and len(out) < most:
            out[name] = [dataclasses.replace(effect.action, at=at, known_at=None)]
    return out


def of_readings(twin: Twin, known_at: float, observable: str) -> dict[str, np.ndarray]:
    """Quantities of the readings themselves, each reading with equal weight: no curve is drawn between them."""
    rows = twin.record.until(known_at).only(observable)
    if len(rows) < 2:
        return {}
    out = {}
    for q in twin.kind.quantities:
        if q.of != observable or q.reducer is None or "area" in type(q.reducer).__name__.lower():
            continue
        total = q.reducer.initial(rows.value[:1])
        for a, b in zip(rows.value[:-1], rows.value[1:], strict=True):
            total = q.reducer.step(total, a, b, 1.0)
        out[q.name] = np.asarray(q.reducer.final(total, float(len(rows) - 1)) * q.scale).reshape(-1)[:1]
    return out
