"""A person's circulation over months: slow states move the inputs of a beat that is always on its limit cycle.

    beat      models/circulation/loop.py at rest, by its emulator (models/circulation/emulator.py), at a BSA of 1.9 m2
              and scaled to the subject's: volumes, flows by s = BSA / 1.9, pressures as they are
    r'        = progression / year                        log pulmonary resistance won since the start
    e'        = (adaptation max(r + drugs, -1) - e) / 60 d,   f' = failing / year   log RV elastance: adapts, and fails
    p', s', v', b', m'   what drugs do to lungs, arteries, volume, rate, shape: each comes to its dose's effect
    exercise  holds while it lasts: faster, wider, stronger

Reflexes over months are reset (baroreflex.py). A beat takes 1000 steps, a year 40 million beats: so the beat's
limit cycle is a function of slow inputs, learned once, with what conservation fixes kept exact; its error is in
`discrepancies`. Holds for adults in sinus rhythm between visits weeks to two years apart; leaves out valve disease,
arrhythmia, shunts, gas exchange, acute illness, and minutes (waveforms: models/circulation/loop.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior, State
from vitruvian.core.case import Case
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import Causal, Example, Outputs, Theta
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.circulation import beat as beats
from vitruvian.kinds.circulation import parameters as par
from vitruvian.kinds.circulation import seen
from vitruvian.kinds.circulation.actions import (
    ACTIONS,
    BetaBlocker,
    Diuretic,
    Exercise,
    Fluid,
    Nitrate,
    Pacing,
    Patient,
    PDE5Inhibitor,
    Prostacyclin,
)
from vitruvian.kinds.circulation.example import example
from vitruvian.models.beats import Beat, Beating
from vitruvian.models.circulation import doubt, emulator
from vitruvian.models.doubting import Doubting
from vitruvian.models.icu.doubt import Doubts

DAY, YEAR = 86400.0, 365.25
BSA = 1.9  # m2, of the emulator's hearts
UNBELIEVED = 1e6  # sd of a doubted reading, in its own unit
STEP = 1e-4  # in z, of the differences
STATES = ("risen", "adapted", "failed", "lungs", "arteries", "volume", "block", "shape", "bolus")


class Circulation(AbstractOdeKind, Causal, Beating, Doubting):
    """The circulation of a person at rest, week after week."""

    name, version = "circulation", "1"
    states, step, time_unit = STATES, 5 * DAY, DAY
    context_of_use, envelope = seen.CONTEXT, seen.ENVELOPE
    parameters = par.PARAMETERS
    observables, quantities, noises = seen.OBSERVABLES, seen.QUANTITIES, seen.NOISES
    discrepancies = seen.DISCREPANCIES
    actions, subject = ACTIONS, Patient
    traces, loops, told, beat_source = beats.TRACES, beats.LOOPS, beats.TOLD, beats.SOURCE

    def __init__(self, told: Callable[[], Example] = example) -> None:
        """told: the example case; another one is another density of readings to calibrate on."""
        self._example = told

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        known, patient = case.until(known_at), case.subject
        assert isinstance(patient, Patient)
        schedules = {
            "pde5": _holding(known.actions(PDE5Inhibitor), "dose"),
            "prostacyclin": _holding(known.actions(Prostacyclin), "dose"),
            "nitrate": _holding(known.actions(Nitrate), "dose"),
            "diuretic": _holding(known.actions(Diuretic), "dose"),
            "target": _holding(known.actions(BetaBlocker), "target"),
            "correction": _holding(known.actions(Pacing), "correction"),
            "lower_rate": _holding(known.actions(Pacing), "lower_rate"),
            "power": _exercise([a for a in known.actions(Exercise) if isinstance(a, Exercise)]),
        }
        given = [a for a in known.actions(Fluid) if isinstance(a, Fluid)]
        fluid = (np.array([a.at for a in given]), np.array([a.volume for a in given]))
        arrays = {"size": np.array(patient.bsa / BSA), "start": np.array(t0)}
        return Forcing(t0, t1, arrays=arrays, impulses={"fluid": fluid}, schedules=schedules)

    def population(self, case: Case) -> PopulationPrior:
        assert isinstance(case.subject, Patient)
        return par.population(case.subject)

    def doubts(self, record: Record) -> Doubts:
        return doubt.doubts(record)

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        """Doubted rows with an error so large that they move nothing."""
        found = self.doubts(record)
        return record if found.believed.all() else replace(record, sd=np.where(found.believed, record.sd, UNBELIEVED))

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        return seen.sections(self.doubts(record), case)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        kinds = {type(a) for a in (*case.timeline, *plan) if getattr(a, "dose", 0.0) > 0}
        if PDE5Inhibitor in kinds and Nitrate in kinds and any(isinstance(a, PDE5Inhibitor | Nitrate) for a in plan):
            return ("a PDE5 inhibitor with a nitrate is contraindicated: US label of sildenafil, section 4",)
        return ()

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(0.0 * th["rate"] for _ in STATES)

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (*x[:-1], x[-1] + par.KEPT * u["fluid"] / u["size"])

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        risen, adapted, _, lungs, arteries, volume, block, shape, bolus = x
        k = th["response"]
        pde5 = par.PDE5 * u["pde5"] / (u["pde5"] + par.PDE5_HALF)
        to_lungs = -k * (pde5 + par.PROSTACYCLIN * u["prostacyclin"])
        to_arteries = -k * (par.PROSTACYCLIN_SYS * u["prostacyclin"] + par.NITRATE_SYS * u["nitrate"])
        diuretic = par.DIURETIC * u["diuretic"] / (u["diuretic"] + par.DIURETIC_HALF)
        to_volume = -k * (diuretic + par.NITRATE_VEIN * u["nitrate"])
        to_shape = k * (par.REMODEL_BLOCK * u["target"] / 100.0 + par.REMODEL_PACE * u["correction"] * _late(th))
        return (
            th["progression"] / YEAR + 0.0 * risen,
            (th["adaptation"] * jnp.maximum(risen + lungs, -1.0) - adapted) / par.TAU_RV,
            th["failing"] / YEAR + 0.0 * risen,
            (to_lungs - lungs) / par.TAU_DRUG,
            (to_arteries - arteries) / par.TAU_DRUG,
            (to_volume - volume) / par.TAU_VOLUME,
            (k * u["target"] / 100.0 - block) / par.TAU_DRUG,
            (to_shape - shape) / par.TAU_REMODEL,
            -bolus / par.TAU_VOLUME,
        )

    def inputs(self, x: Any, th: Any, u: Mapping[str, Any]) -> dict[str, Any]:
        """The beat's inputs by the names of emulator.RANGES, at a BSA of 1.9 m2."""
        risen, adapted, failed, lungs, arteries, volume, block, shape, bolus = x
        W = u["power"]
        rv = jnp.clip(adapted - failed, *par.LIMIT_RV)
        unmatched = jnp.maximum(risen + lungs - 2.0 * rv, -0.8)
        slow = th["rate"] * jnp.exp(-par.BLOCK_RATE * block + par.WATT_RATE * W * (1.0 - 0.3 * block))
        return {
            "rate": jnp.maximum(slow, u["lower_rate"]),
            "stressed": th["stressed"] * jnp.exp(volume + par.WATT_VEIN * W) + bolus,
            "E_lv": th["E_lv"] * jnp.exp(par.WATT_FORCE * W - par.BLOCK_FORCE * block * jnp.exp(-shape / 0.1)),
            "V0_lv": th["V0_lv"] - shape * jnp.maximum(th["V0_lv"] - 20.0, 0.0),
            "A_lv": th["A_lv"],
            "delay": th["delay"] * (1.0 - u["correction"]),
            "E_rv": th["E_rv"] * jnp.exp(rv + par.WATT_FORCE * W),
            "V0_rv": th["V0_rv"] * (1.0 + par.DILATING * unmatched),
            "A_rv": th["A_rv"],
            "R_sys": th["R_sys"] * jnp.exp(arteries + par.WATT_SYS * W),
            "C_sys": th["C_sys"],
            "R_pul": th["R_pul"] * jnp.exp(risen + lungs + par.WATT_PUL * W),
            "RC_pul": th["RC_pul"],
        }

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        values = self.inputs(x, th, u)
        return seen.of_beat(emulator.steady(values), values, th, u["size"])

    def sensitivities(
        self, padded_z: np.ndarray, forcing: Forcing | Batch, request: Request, start: State | None = None
    ) -> tuple[Outputs, Outputs]:
        """By central differences in one run: tangents through the network take the compiler minutes.

        They err by 1e-8 of a third derivative, a run of 37 members takes 20 ms, and the gradient law checks them.
        """
        count, width = padded_z.shape
        shifts = np.concatenate([np.zeros((1, width)), STEP * np.eye(width), -STEP * np.eye(width)])
        z = (padded_z[:, None, :] + shifts[None]).reshape(-1, width)
        which = np.repeat(np.arange(count), len(shifts))
        batched = isinstance(forcing, Batch)
        driving = Batch(forcing.forcings, forcing.index[which]) if batched else forcing
        theta = Latents.of(self.parameters, forcing.forcings[0] if batched else forcing).theta(z)
        began = None if start is None else start.take(which)
        outputs, _ = self.run(theta, driving, request, np.zeros(len(z), dtype=np.uint64), began)
        values, slopes = {}, {}
        for name, out in outputs.items():
            each = np.asarray(out).reshape(count, len(shifts), *np.shape(out)[1:])
            up, down = each[:, 1 : width + 1], each[:, width + 1 :]
            values[name] = each[:, 0]
            slopes[name] = np.moveaxis((up - down) / (2.0 * STEP), 1, -1)
        return values, slopes

    def beat(self, theta: Theta, state: State, forcing: Forcing) -> Beat:
        return beats.beat(self, theta, state, forcing)

    def example(self) -> Example:
        return self._example()


def _late(th: Any) -> Any:
    """How much there is to resynchronise: nothing at a delay of 20 ms, all of it at 80 ms (assumed)."""
    return 1.0 / (1.0 + jnp.exp(-(th["delay"] - 0.05) / 0.01))


def _holding(actions: Sequence[Action], name: str) -> Schedule:
    """Each action's field from its time on until the next."""
    return Schedule(np.array([a.at for a in actions]), np.array([float(getattr(a, name)) for a in actions]), 0.0)


def _exercise(actions: Sequence[Exercise]) -> Schedule:
    """Power from each start to its end or the next start."""
    times, values = [], []
    for k, a in enumerate(actions):
        end = a.at + 60.0 * a.minutes
        times.append(a.at)
        values.append(a.power)
        if k + 1 == len(actions) or actions[k + 1].at > end:
            times.append(end)
            values.append(0.0)
    return Schedule(np.array(times), np.array(values), 0.0)
