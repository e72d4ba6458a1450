"""Vital signs and laboratory values of one patient, followed and foreseen: a linear-Gaussian state space of channels.

    z_c(t) = m_c + l_c(t) + f_c(t) + d_c(t) + e         a reading of channel c, on its own scale (channels.py)
    l: the patient's own levels, Ornstein-Uhlenbeck, tau_level = 96 h, covariance L between channels
    f: swings, Ornstein-Uhlenbeck at each channel's own rate 1 / tau_c, covariance v^2 F;   e ~ N(0, r_c^2)
    d: what oxygen, noradrenaline and fluid that were given move (given.py: directions known, sizes assumed)

m, r, L, F, tau: a population prior learned from many stays (learning.py: variograms); v: how restless this patient is
against the population, lognormal. Readings update levels and swings exactly, one by one, at any time (engines/
ouchannels.py: Kalman 1960; multivariate OU: Särkkä & Solin 2019). Where nothing is charted the bands widen back to the
population's: that is what missing readings do, and `sections` shows which they are.

Predictive, not causal: what is given is context, in which the forecasts hold; its size is no evidence of an effect.
Holds for adults in intensive care, some hours ahead. Leaves out rhythm, waveforms, all other drugs, and the body's own
limits: a linear state does not know that a heart stops.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import (
    AbstractKind,
    ContextOfUse,
    Effect,
    Envelope,
    Example,
    Filterable,
    Fittable,
    Outputs,
    Reconstructible,
    Theta,
)
from vitruvian.core.noise import AbstractNoise, Gaussian
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal
from vitruvian.core.quantity import Quantity, Request
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.engines.ouchannels import Population
from vitruvian.kinds.vitals import walk
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.kinds.vitals.gaps import gaps_section
from vitruvian.kinds.vitals.given import ACTIONS, GiveFluid, SetNoradrenaline, SetOxygen, given, shift
from vitruvian.kinds.vitals.learning import learn_population
from vitruvian.kinds.vitals.patient import Patient
from vitruvian.kinds.vitals.tracking import Errors, Track, at_hour, prognosis
from vitruvian.models.icu.doubt import doubts

HOUR = 3600.0
RESTLESSNESS = LogNormal.around(1.0, 0.3)
CLASSES = np.array([0.62, 0.79, 1.0, 1.27, 1.61])  # restlessness for which the exact filter is run: +-0.8, 1.6 sd
UNBELIEVED = 1e6  # sd of a doubted reading, as a multiple of its channel's: it moves nothing
EXTREMES = {  # quantity: channel, lowest or highest, meaning
    "lowest_mean_pressure": ("mean_pressure", np.minimum, "lowest mean arterial pressure"),
    "lowest_systolic": ("systolic", np.minimum, "lowest systolic pressure"),
    "lowest_spo2": ("spo2", np.minimum, "lowest oxygen saturation"),
    "highest_heart_rate": ("heart_rate", np.maximum, "highest heart rate"),
    "highest_respiratory_rate": ("respiratory_rate", np.maximum, "most breaths"),
    "highest_temperature": ("temperature", np.maximum, "highest body temperature"),
}


@dataclass(frozen=True, eq=False)
class Vitals(AbstractKind, Filterable, Reconstructible, Fittable):
    """The state-space twin of one patient's chart."""

    population_: Population
    errors: Errors = field(default_factory=Errors)
    digest: str = ""

    name, version = "vitals", "2"
    context_of_use = ContextOfUse(
        "Where are this patient's vital signs heading in the next hours, and how sure is that?",
        "clinicians and engineers who evaluate early-warning methods",
        "a change missed or announced wrongly; it informs, it never decides",
        "decisions on treatment; asking what an intervention would do; children",
    )
    envelope = Envelope(
        {"Patient.age": (16, 91.4)},
        "PhysioNet 2012 set A: adults in one hospital's units, first 48 h (Silva et al., Comput Cardiol 2012;39:245)",
    )
    parameters = (
        Parameter(
            "restlessness",
            "1",
            RESTLESSNESS,
            "assumed",
            "how far this patient's values swing, against the population's",
        ),
    )
    observables = tuple(s.channel.observable for s in SCALES)
    quantities = tuple(
        Quantity(name, SCALES[FOLLOWED.index(c)].channel.unit, f"{meaning} at full hours and the window's ends", low=0)
        for name, (c, _, meaning) in EXTREMES.items()
    )
    actions, subject = ACTIONS, Patient
    stochastic = True
    window = 7 * 24 * HOUR

    def __post_init__(self) -> None:
        object.__setattr__(self, "noises", tuple(_noise(self.population_, name) for name in FOLLOWED))

    noises: tuple[AbstractNoise, ...] = field(init=False)

    @property
    def artefact(self) -> str:
        return self.digest

    @property
    def state_version(self) -> str:
        return f"vitals 1, {len(FOLLOWED)} channels"

    def fit(self, table: Any, seed: int) -> Vitals:
        """The population of these stays (models/icu/stays.py), and the errors their own forecasts make."""
        from vitruvian.kinds.vitals.errors import learn_errors
        from vitruvian.kinds.vitals.shipped import digest_of

        found = learn_population(table, f"{len(table)} stays")
        errors = learn_errors(found, table, seed)
        return Vitals(found, errors, digest_of(found, errors))

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return given(case, t0, t1, known_at)

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        """Doubted rows with an error so large that they move nothing."""
        found = doubts(record)
        if found.believed.all():
            return record
        large = np.array([UNBELIEVED * _width(n) for n in record.observable.tolist()])
        return dataclasses.replace(record, sd=np.where(found.believed, record.sd, large))

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        first = forcing.forcings[0] if isinstance(forcing, Batch) else forcing
        restless = np.asarray(theta["restlessness"])
        if start is None:
            x = walk.beginning(self.population_, seeds, restless)
        elif start.version != self.state_version or start.at != first.t0:
            raise BeliefError("the state is of another layout or time", where="kind 'vitals'", fix="recalibrate")
        else:
            x = np.asarray(start.tree["x"])
        wanted = {n: request.times(n) if n in FOLLOWED else request.windows(n) for n in request.items}
        stops = np.unique(np.concatenate([np.ravel(t) for t in wanted.values()])) if wanted else np.zeros(0)
        last = max(first.t1, float(stops[-1])) if len(stops) else first.t1
        cells = np.arange(np.floor(first.t0 / HOUR) + 1, np.floor(last / HOUR) + 1) * HOUR
        path: dict[float, np.ndarray] = {first.t0: x}
        end = x
        now = first.t0
        for t in np.unique(np.concatenate([cells, stops, [first.t1]])).tolist():
            if t <= first.t0:
                path[t] = x
                continue
            edge = max(np.floor(now / HOUR) * HOUR, now)
            at = path[now] if t <= first.t1 else end
            path[t] = walk.step(self.population_, at, seeds, restless, edge / HOUR, t / HOUR)
            if t in cells or t == first.t1:
                now, end = (t, path[t]) if t in cells else (now, path[t])
        forcings = forcing.forcings if isinstance(forcing, Batch) else (forcing,)
        index = forcing.index if isinstance(forcing, Batch) else np.zeros(len(seeds), dtype=int)

        def seen(name: str, t: float) -> np.ndarray:
            moved = np.array([shift(f, name, t) for f in forcings])[index]
            return self._seen(name, path[t], moved)

        return self._outputs(wanted, path, seen), State(first.t1, self.state_version, {"x": path[first.t1]})

    def _outputs(
        self, wanted: dict[str, np.ndarray], path: dict[float, np.ndarray], seen: Callable[[str, float], np.ndarray]
    ) -> dict[str, np.ndarray]:
        out = {}
        for name, times in wanted.items():
            if name in FOLLOWED:
                out[name] = np.stack([seen(name, float(t)) for t in times], axis=1)
                continue
            if name not in EXTREMES:
                raise KindError(f"there is no quantity '{name}'", where="kind 'vitals'")
            channel, worse, _ = EXTREMES[name]
            columns = []
            for a, b in times:
                inside = [t for t in path if a <= t <= b]
                columns.append(worse.reduce([seen(channel, t) for t in inside], axis=0))
            out[name] = np.stack(columns, axis=1)
        return out

    def _seen(self, name: str, x: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """A channel of states (member, 2c) moved by what is given (member,), in its unit, without a reading's noise."""
        c, i = len(FOLLOWED), FOLLOWED.index(name)
        return SCALES[i].back(self.population_.mean[i] + x[:, i] + x[:, c + i] + moved)

    def to_vector(self, state: State) -> np.ndarray:
        return np.asarray(state.tree["x"])

    def from_vector(self, vector: np.ndarray, state: State) -> State:
        return State(state.at, state.version, {"x": vector})

    def track(self, record: Record, at: float, volatility: float = 1.0, case: Case | None = None) -> Track:
        """The exact filter over the believed readings up to `at` (s), and how restless the patient has been.

        case: with what was given, whose part is taken off the readings.
        """
        treated = given(case, 0.0, at, np.inf) if case is not None and case.timeline else None
        population = self.population_.scaled(volatility) if volatility != 1.0 else self.population_
        rows = record.between(-np.inf, at)
        rows = rows.where(doubts(rows).believed & np.isin(rows.observable.astype(str), FOLLOWED))
        begin = float(rows.valid_time[0]) / HOUR if len(rows) else at / HOUR
        out = Track.begin(population, begin)
        for t, name, value in zip(rows.valid_time.tolist(), rows.observable.tolist(), rows.value.tolist(), strict=True):
            i = FOLLOWED.index(name)
            z = float(SCALES[i].to(np.array(value))) - (0.0 if treated is None else shift(treated, name, t))
            out = out.read(population, t / HOUR, i, z)
        return at_hour(population, out, at / HOUR)

    def state_from(self, case: Case, record: Record, at: float, theta: Theta, seeds: np.ndarray) -> State:
        """Draws from the exact posterior of the state given all readings; each member by its nearest restlessness."""
        nearest = np.abs(np.log(np.asarray(theta["restlessness"]))[:, None] - np.log(CLASSES)).argmin(axis=1)
        x = np.empty((len(seeds), self.population_.width))
        for k in np.unique(nearest).tolist():
            f = self.track(record, at, float(CLASSES[k]), case).state
            mine = np.flatnonzero(nearest == k)
            z = np.stack([walk.normals(int(s), -2, self.population_.width) for s in seeds[mine]])
            x[mine] = f.mean + walk.product(z, walk.root(f.covariance))
        return State(at, self.state_version, {"x": x})

    def foreseen(self, record: Record, at: float, name: str, hours: Sequence[float]) -> np.ndarray:
        """Quantiles (n, level) of readings of a channel, `hours` after `at`, from what was known then: the calibrated
        forecast (tracking.py), of patients to whom nothing is given that is not given yet."""
        track = self.track(record.until(at), at)
        return prognosis(self.population_, self.errors, track, name, np.asarray(hours, dtype=np.float64)).values

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        """What is charted, how long ago, and what is kept but not believed."""
        return gaps_section(record)

    def example(self) -> Example:
        times = np.arange(1.0, 24.0, 2.0) * HOUR
        at, source = 12 * HOUR, "assumed: kinds/vitals/given.py"
        effects = (  # of the worst of seven moments, of which the first knows nothing of it yet
            Effect(SetOxygen(at=at, fraction=40.0), "lowest_spo2", 6 * HOUR, 0.1, 4.0, source),
            Effect(SetNoradrenaline(at=at, rate=0.2), "lowest_mean_pressure", 6 * HOUR, 3.0, 14.6, source),
            Effect(GiveFluid(at=at, volume=500.0), "highest_heart_rate", 6 * HOUR, -3.0, -0.05, source),
        )
        return Example(Case(Patient()), 0.0, 24 * HOUR, dict.fromkeys(("heart_rate", "mean_pressure"), times), effects)


def _noise(population: Population, name: str) -> Gaussian:
    """Of a sensor, in the channel's unit: its sd on the transformed scale, at the population's mean."""
    i = FOLLOWED.index(name)
    scale = SCALES[i]
    m, r = population.mean[i], population.noise[i]
    around = abs(float(scale.back(np.array(m + r))) - float(scale.back(np.array(m - r)))) / 2.0
    return Gaussian(name, sd=max(around, 1e-3))


def _width(name: str) -> float:
    return SCALES[FOLLOWED.index(name)].channel.sd if name in FOLLOWED else 1.0
