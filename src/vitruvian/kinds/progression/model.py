"""The untreated course of a patient's markers from the baseline alone: the digital-twin generator of a trial.

    y_d(t) = T_d(w) h(t) + a_d + b_d s + o_d(t),   s = t / horizon,   do_d = -o_d / tau_d dt + q_d sqrt(2 / tau_d) dW_d

on the transformed scale of marker d; w the baseline; (a_d, b_d) = P_d^{1/2} u_d the parameters, u ~ N(0, I)
correlated across markers by R; o the Ornstein-Uhlenbeck state, exact on a grid of one week. Laird & Ware,
Biometrics 38:963 (1982); Taylor, Cumberland & Sy, JASA 89:727 (1994). Predictive, not causal. Leaves out treatment,
events, and what the baseline does not say; the shape of residuals and who leaves are in `Population.draws`, which
the generator's checks judge.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.special import ndtri

from vitruvian.core.belief import State
from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import BeliefError
from vitruvian.core.fields import field_
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, ContextOfUse, Envelope, Example, Filterable, Fittable, Outputs, Theta
from vitruvian.core.noise import AbstractNoise, Gaussian, LogNormal
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import Normal
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record
from vitruvian.kinds.progression.latent import Course
from vitruvian.kinds.progression.population import Population, fit_population
from vitruvian.kinds.progression.visits import Visits, backward
from vitruvian.models.trialtable import Frame

DAY, STEP = 86400.0, 7 * 86400.0  # grid of the OU state: a week, far below any tau that visits can tell
FIT = "fit to control patients; kinds/progression/README.md"
LAYOUT = "ou-1"


@dataclasses.dataclass(frozen=True, eq=False)
class Progression(AbstractKind, Filterable, Fittable):
    """The population's course around one patient's baseline."""

    learned: Population
    subject: type[Subject] = dataclasses.field(init=False)
    parameters: tuple[Parameter, ...] = dataclasses.field(init=False)
    observables: tuple[Observable, ...] = dataclasses.field(init=False)
    noises: tuple[AbstractNoise, ...] = dataclasses.field(init=False)
    envelope: Envelope = dataclasses.field(init=False)

    name, version = "progression", "1"
    context_of_use = ContextOfUse(
        "How would this patient's markers go on without the treatment under trial?",
        "trial statisticians",
        "low as a covariate; high as a virtual control arm, which is exploratory only",
        "care of a patient; replacing a control arm; asking what a treatment would do",
    )
    quantities, actions = (), ()
    stochastic = True

    def __post_init__(self) -> None:
        p = self.learned
        given = {
            "subject": subject_of(p),
            "parameters": tuple(_parameter(c, which) for c in p.courses for which in ("level", "slope")),
            "observables": tuple(_observable(c, u) for c, u in zip(p.courses, p.unit, strict=True)),
            "noises": tuple(_noise(c) for c in p.courses),
            "envelope": Envelope({}, p.origin),
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)

    @property
    def artefact(self) -> str:
        return self.learned.digest

    @property
    def state_version(self) -> str:
        return f"{LAYOUT}:{self.artefact[:12]}"

    def fit(self, table: Any, seed: int) -> Progression:
        """The course of another history of Visits over the same horizon; maximum likelihood, so the seed changes
        nothing.
        """
        assert isinstance(table, Visits)
        return Progression(fit_population(table, self.learned.horizon))

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return Forcing(t0, t1, arrays={"w": self.learned.coding.w(frame_of(case.subject, self.learned))[0]})

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        if start is not None and start.version != self.state_version:
            raise BeliefError(
                f"state is {start.version}, wanted {self.state_version}", where=self.name, fix="recalibrate"
            )
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(len(seeds), dtype=int))
        out: dict[str, np.ndarray] = {}
        states: list[tuple[np.ndarray, State]] = []
        for k, one in enumerate(batch.forcings):
            mine = np.flatnonzero(batch.index == k)
            if start is not None and abs(start.at - one.t0) > 1e-6:
                raise BeliefError(
                    f"state is at {start.at:g} s, wanted {one.t0:g} s", where=self.name, fix="recalibrate"
                )
            part = {n: np.asarray(v)[mine] for n, v in theta.items()}
            values, state = self._one(part, one, request, seeds[mine], None if start is None else start.take(mine))
            for name, value in values.items():
                out.setdefault(name, np.empty((len(seeds), value.shape[1])))[mine] = value
            states.append((mine, state))
        whole = np.empty((len(seeds), len(self.learned.courses)))
        for mine, state in states:
            whole[mine] = state.tree["o"]
        return out, State(states[0][1].at, self.state_version, {"o": whole})

    def _one(
        self, theta: Theta, forcing: Forcing, request: Request, seeds: np.ndarray, start: State | None
    ) -> tuple[dict[str, np.ndarray], State]:
        p, w = self.learned, forcing.arrays["w"]
        first, last = grid(forcing.t0), grid(max(forcing.t1, request.last()))
        root = np.linalg.cholesky(p.correlation)
        keep = np.array([np.exp(-STEP / DAY / c.spread.tau) for c in p.courses])
        sd = np.array([c.spread.wander for c in p.courses])
        wanted = {k for n in request.items for k in grid(request.times(n)).tolist()} | {grid(forcing.t1)}
        o = sd * mixed(normals(seeds, first, len(sd)), root) if start is None else start.tree["o"].copy()
        kept = {first: o}
        for k in range(first + 1, last + 1):
            o = keep * o + sd * np.sqrt(1 - keep**2) * mixed(normals(seeds, k, len(sd)), root)
            if k in wanted:
                kept[k] = o
        own = self._own(theta, root)
        out = {}
        for name in request.items:
            j = p.markers.index(self.observable(name).name)
            times = request.times(name)
            s = times / DAY / p.horizon
            fixed = p.mean(w[None, :], times / DAY)[0, :, j]
            wander = np.stack([kept[k][:, j] for k in np.atleast_1d(grid(times)).tolist()], axis=1)
            level, slope = own[j]
            y = fixed + level[:, None] + slope[:, None] * s + wander
            out[name] = backward(p.courses[j].transform, np.clip(y, *LIMITS[p.courses[j].transform]))
        return out, State(forcing.t1, self.state_version, {"o": kept[grid(forcing.t1)]})

    def _own(self, theta: Theta, root: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Level and slope (member,) of each marker."""
        out = []
        levels = mixed(np.stack([theta[f"level_{c.marker}"] for c in self.learned.courses], axis=1), root)
        slopes = mixed(np.stack([theta[f"slope_{c.marker}"] for c in self.learned.courses], axis=1), root)
        for j, c in enumerate(self.learned.courses):
            r = c.spread.correlation
            level = c.spread.level * levels[:, j]
            slope = c.spread.slope * (r * levels[:, j] + np.sqrt(1 - r * r) * slopes[:, j])
            out.append((level, slope))
        return out

    def to_vector(self, state: State) -> np.ndarray:
        return state.tree["o"]

    def from_vector(self, vector: np.ndarray, state: State) -> State:
        return State(state.at, state.version, {"o": vector})

    def example(self) -> Example:
        times = np.arange(1, 7) * self.learned.horizon / 6 * DAY
        subject = self.subject()
        observed = {c.marker: times for c in self.learned.courses}
        return Example(Case(subject), 0.0, self.learned.horizon * DAY, observed, ())


LIMITS = {"identity": (-1e12, 1e12), "sqrt": (0.0, 1e6), "log": (-50.0, 50.0)}  # beyond these a number is no marker


def grid(t: Any) -> Any:
    """Index of the last grid point at or before t (s)."""
    k = np.floor(np.asarray(t) / STEP + 1e-9).astype(int)
    return int(k) if k.ndim == 0 else k


def mixed(z: np.ndarray, root: np.ndarray) -> np.ndarray:
    """z (member, d) correlated by root root', column by column: a member's bits know no other member."""
    out = np.zeros_like(z)
    for j in range(z.shape[1]):
        for k in range(j + 1):
            out[:, j] += root[j, k] * z[:, k]
    return out


def normals(seeds: np.ndarray, step: int, count: int) -> np.ndarray:
    """(member, count) standard normals of this grid step, by counter: splitmix64 of (seed, step, column)."""
    with np.errstate(over="ignore"):
        columns = np.arange(count, dtype=np.uint64)
        x = seeds.astype(np.uint64)[:, None] + np.uint64((step + 7) * 0x9E3779B97F4A7C15 % 2**64)
        x = x + columns * np.uint64(0xD1B54A32D192ED03)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x = x ^ (x >> np.uint64(31))
    return ndtri(((x >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def subject_of(population: Population) -> type[Subject]:
    """A subject type with a field a baseline column; the default is the history's mean patient."""
    fields: list[Any] = []
    seen: dict[str, list[str]] = {}
    for name, level, centre, scale, how in population.coding.items:
        if level:
            seen.setdefault(name, []).append(level)
        else:
            middle = float(backward(how, np.array(centre)))
            ends = backward(how, np.array([centre - 6 * scale, centre + 6 * scale]))
            number = field_(
                "1", float(ends[0]), float(ends[1]), typical=middle, meaning=f"{name} at baseline", default=middle
            )
            fields.append((name, float | None, number))
    for name, levels in seen.items():
        choices = ("other", *levels)
        fields.append((name, str, field_(meaning=f"{name} at baseline", choices=choices, default=choices[0])))
    made = dataclasses.make_dataclass("Participant", fields, bases=(Subject,), frozen=True, kw_only=True)
    made.__doc__ = "A participant at baseline."
    made.__module__ = __name__
    return made


def frame_of(subject: Subject, population: Population) -> Frame:
    """One row from a subject."""
    cells: dict[str, np.ndarray] = {}
    for name, level, *_ in population.coding.items:
        value = getattr(subject, name)
        cells[name] = np.array([value], dtype=object) if level else np.array([np.nan if value is None else value])
    return Frame(cells, "subject")


def _parameter(c: Course, which: str) -> Parameter:
    said = {"level": "own level above or below what the baseline says", "slope": "own slope beside the population's"}
    return Parameter(f"{which}_{c.marker}", "1", Normal(0.0, 1.0), FIT, f"{said[which]}, {c.marker}, in its sd")


def _observable(c: Course, unit: str) -> Observable:
    low = -np.inf if c.transform == "identity" else 0.0
    return Observable(c.marker, unit, low=low, meaning=f"{c.marker} under control treatment")


def _noise(c: Course) -> AbstractNoise:
    if c.transform == "log":
        return LogNormal(c.marker, sigma=c.spread.noise)
    if c.transform == "identity":
        return Gaussian(c.marker, sd=c.spread.noise)
    centre = float(np.asarray(c.coefficients)[0])  # sqrt: d y = 2 sqrt(y) d sqrt(y), at the mean patient's start
    return Gaussian(c.marker, sd=max(2.0 * abs(centre) * c.spread.noise, 1e-9))
