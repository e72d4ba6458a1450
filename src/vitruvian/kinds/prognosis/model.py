"""What would become of this patient under control treatment: the prognostic score (super covariate) of a trial.

    E[Y | x] = g^-1(a + b g(m(x))),  m the stack (stack.py), (a, b) = c + L u,  u ~ N(0, I) the parameters;
    time to event: P(event by t | x) = 1 - exp(-Lambda0(t) exp(a + b m(x)))

g the canonical link; c, L L' mean and covariance of the calibration, by the fit. Predictive, not causal: it knows
control patients only. Schuler et al., Int J Biostat 18:329 (2022); van der Laan et al., Stat Appl Genet Mol Biol
6:25 (2007). Leaves out what happens after randomisation. A score need not be true to be safe: a wrong one costs
precision, never validity.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import KindError
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import ContextOfUse, Envelope, Example, Fittable, Theta
from vitruvian.core.noise import AbstractNoise, Binary, Count, Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Observable
from vitruvian.core.record import Record
from vitruvian.engines.vector import AbstractVectorKind
from vitruvian.kinds.prognosis.columns import Column, Columns
from vitruvian.kinds.prognosis.stack import History, Stack, fit_stack
from vitruvian.models.trialtable import Frame

DAY = 86400.0
FIT = "fit to the history; kinds/prognosis/README.md"
WIDE = 0.5  # how far beyond the history's range a value is still taken for a value, in ranges: assumed


@dataclasses.dataclass(frozen=True, eq=False)
class Prognosis(AbstractVectorKind, Fittable):
    """The stack of one history; subject, observable and envelope are those of its columns and outcome."""

    stack: Stack
    subject: type[Subject] = dataclasses.field(init=False)
    observables: tuple[Observable, ...] = dataclasses.field(init=False)
    noises: tuple[AbstractNoise, ...] = dataclasses.field(init=False)
    envelope: Envelope = dataclasses.field(init=False)

    name, version = "prognosis", "1"
    context_of_use = ContextOfUse(
        "What would become of this patient under control treatment, judged by the baseline alone?",
        "trial statisticians",
        "low as a covariate: a wrong score costs precision, not validity; high as a virtual control arm",
        "care of a patient; replacing a control arm; asking what a treatment would do",
    )
    parameters = (
        Parameter("level", "1", Normal(0.0, 1.0), FIT, "what the fit left open about the calibration's intercept"),
        Parameter("slope", "1", Normal(0.0, 1.0), FIT, "what the fit left open about the calibration's slope"),
    )
    quantities, actions = (), ()

    def __post_init__(self) -> None:
        s = self.stack
        bounded = s.family in ("binary", "time")
        meaning = {"binary": "probability of", "time": "probability, by then, of", "count": "expected count of"}
        said = f"{meaning.get(s.family, 'expected')} {s.outcome} under control treatment"
        low, high = (0.0, 1.0) if bounded else ((0.0, np.inf) if s.family == "count" else (-np.inf, np.inf))
        given = {
            "subject": subject_of(s.columns),
            "observables": (Observable("outcome", "1" if bounded else s.unit, low=low, high=high, meaning=said),),
            "noises": (noise_of(s),),
            "envelope": envelope_of(s),
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)

    @property
    def artefact(self) -> str:
        return self.stack.digest

    def fit(self, table: Any, seed: int) -> Prognosis:
        """The stack of another History: same contract, its own columns."""
        assert isinstance(table, History)
        return Prognosis(fit_stack(table, seed))

    def score(self, frame: Frame) -> np.ndarray:
        """The score (n,) of the patients of a table."""
        return self.stack.score(frame)

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, arrays={"m": self.stack.raw(frame_of(case.subject, self.stack.columns))})

    def at(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], times: np.ndarray) -> np.ndarray:
        s = self.stack
        root = np.linalg.cholesky(s.covariance)
        a = s.calibration[0] + theta["level"] * root[0, 0]
        b = s.calibration[1] + theta["level"] * root[1, 0] + theta["slope"] * root[1, 1]
        value = s.calibrated(arrays["m"][:1], np.stack([a, b], axis=-1))
        if s.family != "time":
            return np.repeat(value, len(times), axis=1)
        known, hazard = s.hazard
        base = np.append(0.0, hazard)[np.searchsorted(known, times / DAY, side="right")]
        return -np.expm1(-base * np.exp(np.clip(value, -20.0, 20.0)))

    def over(self, name: str, theta: Theta, arrays: dict[str, np.ndarray], windows: np.ndarray) -> np.ndarray:
        raise KindError(f"there is no quantity '{name}'", where=f"kind '{self.name}'", fix="ask for `outcome`")

    def example(self) -> Example:
        middle = {c.name: (c.levels[-1] if c.factor else c.centre) for c in self.stack.columns.items}
        subject = self.subject(**{field_name(n): v for n, v in middle.items()})
        at = self.stack.horizon * DAY
        return Example(Case(subject), 0.0, at, {"outcome": np.array([at])}, ())


def field_name(column: str) -> str:
    """A column's name as a field: letters, digits and underscores."""
    plain = "".join(c if c.isalnum() else "_" for c in column)
    return f"c_{plain}" if not plain or plain[0].isdigit() or plain.startswith("_") else plain


def subject_of(columns: Columns) -> type[Subject]:
    """A subject type with a field a column; numbers may be missing (None)."""
    fields: list[Any] = []
    for c in columns.items:
        if c.factor:
            text = field_(meaning=f"{c.name} at baseline", choices=c.levels, default=c.levels[-1])
            fields.append((field_name(c.name), str, text))
        else:
            low, high = _bounds(c)
            number = field_("1", low, high, typical=c.centre, meaning=f"{c.name} at baseline", default=c.centre)
            fields.append((field_name(c.name), float | None, number))
    made = dataclasses.make_dataclass("Participant", fields, bases=(Subject,), frozen=True, kw_only=True)
    made.__doc__ = "A participant at baseline."
    made.__module__ = __name__
    return made


def frame_of(subject: Subject, columns: Columns) -> Frame:
    """One row from a subject."""
    cells: dict[str, np.ndarray] = {}
    for c in columns.items:
        value = getattr(subject, field_name(c.name))
        cells[c.name] = np.array([value], dtype=object) if c.factor else np.array([np.nan if value is None else value])
    return Frame(cells, "subject")


def noise_of(stack: Stack) -> AbstractNoise:
    """Of the outcome around its expectation: the out-of-fold spread, or what the outcome's type implies."""
    if stack.family in ("binary", "time"):
        return Binary("outcome")
    return Count("outcome") if stack.family == "count" else Gaussian("outcome", sd=stack.spread)


def envelope_of(stack: Stack) -> Envelope:
    """The range of the history."""
    ranges = {f"Participant.{field_name(c.name)}": (c.low, c.high) for c in stack.columns.items if not c.factor}
    return Envelope(ranges, f"range of the history ({stack.origin})")


def _bounds(c: Column) -> tuple[float, float]:
    room = WIDE * (c.high - c.low) + c.scale
    return c.low - room, c.high + room
