"""Free-living sensor glucose: the minimal model with secretion, meals, doses, exercise and sleep (per minute, mg/dL).

    dG/dt = SG (Gb' - G) - s(X) (1 + E/4) rested G - walk E G + Ra + beyond(G)
    dZ/dt = ke (e(D' ((G - Gb) + Td max(0, dG/dt))) - Z)            secretion, in units of the action it will have
    dX/dt = p2 (Z + dose_action' ke P - X)                          remote insulin action, /min
    dC/dt = (G - C) / lag                                           interstitial glucose, what a sensor sees
    dL/dt = slow m(t) - kl L;  dQ1/dt = fast m(t) + kl L - kq Q1;  dQ2/dt = kq (Q1 - Q2);  Ra = 1000 F kq Q2 / (VG W)
    dF1/dt = -kd F1;  dF2/dt = kd F1 - ka2 F2;  dB/dt = -kb B;  dP/dt = ka2 F2 + kb B - ke P   insulin
    dE/dt = (mets - 1 - E) / 15                                     exercise

m(t): each meal enters as a smooth pulse of 20 min from its time + delay, times amplitude; its slow share
1 - exp(-(s0 + s_mix (fat + protein)/carb)). ' = with a daily rhythm (first harmonic of the local clock).
s saturates at X_MAX, e(u) = u above 0 and never below -X_BASAL. At G = Gb, without meals or doses, nothing moves.
rested: factor of insulin's action after a short or late night (models/glucose_sleep.py).

References: Bergman et al., Am J Physiol 236:E667 (1979); secretion of the oral minimal model, Cobelli et al., Diabetes
63:1203 (2014); free-living use, meal and dose kinetics: ReplayBG, Cappon et al., IEEE TBME 70:3105 (2023).
D is insulin sensitivity times beta-cell responsivity: sensor glucose alone cannot part the two. Holds for adults in
daily life over hours to days; leaves out drugs by mouth, illness, stress, alcohol, the menstrual cycle, beta-cell loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import PopulationPrior
from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Causal, ContextOfUse, Corrected, Envelope, Example, Margins
from vitruvian.core.noise import Discrepancy, Gaussian
from vitruvian.core.record import Record
from vitruvian.core.section import Section
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.ode import AbstractOdeKind
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.kinds.metabolic.example import example
from vitruvian.kinds.metabolic.inputs import compiled
from vitruvian.kinds.metabolic.population import shipped
from vitruvian.kinds.metabolic.questions import QUESTIONS
from vitruvian.models import insulin_labels
from vitruvian.models.glucose_observables import OBSERVABLES, QUANTITIES
from vitruvian.models.glycaemia.artefacts import doubted
from vitruvian.models.glycaemia.sections import sections

if TYPE_CHECKING:
    from vitruvian.kinds.metabolic.residual.correction import Correction

HOUR = 3600.0
DAY = 86400.0
WHITE = 2.0  # mg/dL, white part of a sensor's error; the rest of it cannot be told from the model's
LATELY, JUST = 3 * HOUR, 900.0  # s in which an artefact is looked for; in which it spoils a learned forecast
ON_BOARD = 0.05  # units of rapid insulin under the skin that may still move glucose: assumed
STATES = ("G", "C", "Z", "X", "L", "Q1", "Q2", "F1", "F2", "B", "P", "E")


class Metabolic(AbstractOdeKind, Causal, Corrected):
    """A person's sensor glucose in daily life. correction: what residual/ learned (default: what is shipped)."""

    def __init__(self, correction: Correction | None = None) -> None:
        self._correction = correction

    name, version = "metabolic", "1"
    states, step, time_unit = STATES, 300.0, 60.0
    window, warmup = DAY, 4 * HOUR  # three days forecast no better than one (CGMacros): people change from day to day
    context_of_use = ContextOfUse(
        "Where is this person's glucose going in the next hours, and what would a meal, a dose or a walk change?",
        "researchers and developers working with sensor data",
        "medium: a wrong answer could suggest a wrong meal or dose, so none may be acted on without a clinician",
        "treatment decisions, dosing, alarms; research use, not clinically validated",
    )
    envelope = Envelope(
        {
            "Person.weight": (45, 140),
            "Person.age": (18, 70),
            "Person.fasting_glucose": (70, 250),
            "Person.hba1c": (4.8, 11),
            "Meal.carbohydrate": (0, 150),
            "Insulin.units": (0, 30),
            "Exercise.mets": (1, 8),
            "Exercise.duration": (0, 90),
            "Sleep.hours": (3.5, 9),
        },
        "adults of CGMacros (no insulin doses in it); doses, sleep and type 1 from published work only",
    )
    parameters = par.PARAMETERS
    observables, quantities = OBSERVABLES, QUANTITIES
    actions, subject, questions = (Meal, Insulin, Exercise, Sleep), Person, QUESTIONS
    noises = (
        Gaussian("glucose", sd=WHITE),
        Gaussian("glucose", "libre", "libre_bias", sd=WHITE, sd_ar=12.0, tau=4500.0),  # CGMacros, Libre less Dexcom
        Gaussian("glucose", "libre_scan", "libre_bias", sd=WHITE, sd_ar=12.0, tau=4500.0),  # the same sensor
        Gaussian("blood_glucose", sd=6.0),  # a meter: within 15 % in 95 % (ISO 15197:2013), about 6 at 90 mg/dL
    )
    discrepancies = {"glucose": Discrepancy(25.0, 7200.0, "CGMacros, forecasts of half of its subjects")}

    def compile(self, case: Case, record: Record, t0: float, t1: float, known_at: float) -> Forcing:
        return compiled(case, t0, t1, known_at)

    def population(self, case: Case) -> PopulationPrior:
        assert isinstance(case.subject, Person)
        return shipped().prior(case.subject)

    def trusted(self, record: Record, forcing: Forcing) -> Record:
        """Likely compression lows are given a larger error, unless rapid insulin acts: then a fall may be real."""
        dosed = len(forcing.impulses["fast"][0]) or forcing.arrays["f1"] + forcing.arrays["f2"] > ON_BOARD
        return record if dosed else doubted(record, forcing.schedules["offset"], WHITE)

    def sections(self, case: Case, record: Record) -> Sequence[Section]:
        return sections(case, record)

    def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
        return insulin_labels.refusals(case, plan)

    @property
    def correction(self) -> Correction:
        """What was learned across people about what these equations leave out."""
        if self._correction is None:
            from vitruvian.kinds.metabolic.residual.shipped import shipped  # it follows these equations

            return shipped()
        return self._correction

    @property
    def correction_artefact(self) -> str:
        return f"{self.correction.digest[:12]}: {self.correction.source}"

    def margins(self, name: str, case: Case, record: Record, at: float) -> Margins | None:
        from vitruvian.kinds.metabolic.residual.shipped import margins

        if name != "glucose" or self._doubts(case, record.between(at - LATELY, at), at):
            return None  # the trees believe every reading
        return margins(self.correction, case, record, at)

    def _doubts(self, case: Case, record: Record, at: float) -> bool:
        """Whether a reading of the last minutes looks like an artefact."""
        known = self.trusted(record, compiled(case, at - LATELY, at, at))
        late = known.between(at - JUST, at)
        return bool(np.any(late.sd > 2 * WHITE))

    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        entered = _entered((u["t"] - u["meal_at"]) / 60 - th["delay"])
        dose, slow = _split(th, u)
        eaten = dose * th["amplitude"] * entered
        g = th["Gb"] * jnp.exp(th["start"])
        x = 0.0 * g + th["dose_action"] * par.KE * u["p"]
        fast = jnp.sum((1 - slow) * eaten, axis=0)
        return (g, g, 0.0, x, jnp.sum(slow * eaten, axis=0), fast, 0.0, u["f1"], u["f2"], u["b"], u["p"], 0.0)

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        return (*x[:7], x[7] + u["fast"], x[8], x[9] + u["basal"], x[10], x[11])

    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        G, C, Z, X, L, Q1, Q2, F1, F2, B, P, E = x
        angle = 2 * jnp.pi * (t + u["offset"]) / DAY
        level = th["Gb"] * (1 + th["level_cos"] * jnp.cos(angle) + th["level_sin"] * jnp.sin(angle))
        rhythm = jnp.exp(th["action_cos"] * jnp.cos(angle) + th["action_sin"] * jnp.sin(angle))
        ra = 1000 * par.F * th["kq"] * Q2 / (par.VG * u["weight"])
        beyond = _beyond(G) - _beyond(th["Gb"])  # so that Gb is the steady state
        acting = jnp.where(X > 0, X / (1 + jnp.abs(X) / par.X_MAX), X) * (1 + E / 4) * u["rested"]
        dG = th["SG"] * (level - G) - (acting + th["walk"] * E) * G + ra + beyond
        urge = th["D"] * rhythm * (G - th["Gb"] + th["Td"] * _rise(dG))
        secreted = jnp.where(urge > 0, urge, par.X_BASAL * jnp.expm1(jnp.minimum(urge, 0.0) / par.X_BASAL))
        fast, slow = _entering(t, th, u)
        return (
            dG,
            (G - C) / par.LAG,
            par.KE * (secreted - Z),
            th["p2"] * (Z + th["dose_action"] * rhythm * par.KE * P - X),
            slow - th["kl"] * L,
            fast + th["kl"] * L - th["kq"] * Q1,
            th["kq"] * (Q1 - Q2),
            -par.KD * F1,
            par.KD * F1 - par.KA2 * F2,
            -par.KB * B,
            par.KA2 * F2 + par.KB * B - par.KE * P,
            (u["mets"] - E) / par.TAU_E,
        )

    def entering(self, t: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Of each slot (slot, member) at t: g/min entering the stomach, g in all, the slow share."""
        dose, slow = _split(th, u)
        return _pulse((t - u["meal_at"]) / 60 - th["delay"]) * dose * th["amplitude"], dose, slow

    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"glucose": x[1], "blood_glucose": x[0]}

    def example(self) -> Example:
        return example()


def _beyond(G: Any) -> Any:
    """The liver's answer to hypoglycaemia less what the kidney loses, mg/dL/min."""
    lost = par.RENAL * par.SPLAY * jax.nn.softplus((G - par.TUBULAR) / par.SPLAY)
    given = par.COUNTER * par.WIDTH * jax.nn.softplus((par.ALARM - G) / par.WIDTH)
    return given - lost


def _rise(slope: Any) -> Any:
    """max(0, slope) with its corner rounded over 0.1 mg/dL/min, 0 at 0."""
    return 0.5 * (slope + jnp.sqrt(slope**2 + 0.01) - 0.1)


def _split(th: Any, u: Mapping[str, Any]) -> tuple[Any, Any]:
    """Glucose (g) of each meal and its slow share, (slot, member)."""
    carb = u["carb"] + 1.0
    x = th["s0"] + th["s_mix"] * (u["fat"] + u["protein"]) / carb
    return u["carb"] + th["y_protein"] * u["protein"], 1 - jnp.exp(-x)


def _entering(t: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, Any]:
    """Fast and slow glucose entering the stomach, g/min: the slots in the lanes of this step."""
    dose, slow = _split(th, u)
    total_fast = total_slow = 0.0
    for name in sorted(k for k in u if k.startswith("lane")):
        index = jnp.maximum(u[name], 0.0).astype(int)
        age = (t - _pick(u["meal_at"], index)) / 60 - _pick(th["delay"], index)
        pulse = jnp.where(u[name] >= 0, _pulse(age), 0.0) * _pick(dose * th["amplitude"], index)
        share = _pick(slow, index)
        total_fast += (1 - share) * pulse
        total_slow += share * pulse
    return total_fast, total_slow


def _pick(slots: Any, index: Any) -> Any:
    """Entry `index` (member,) or (1,) of slots (slot, member)."""
    return jnp.take_along_axis(slots, jnp.broadcast_to(index, (1, slots.shape[1])), axis=0)[0]


def _pulse(age: Any) -> Any:
    """Share per min at `age` min: 140 s^3 (1 - s)^3 / PULSE, twice continuously differentiable, area 1."""
    s = jnp.clip(age / par.PULSE, 0.0, 1.0)
    return 140 * s**3 * (1 - s) ** 3 / par.PULSE


def _entered(age: Any) -> Any:
    """Share entered by `age` min: the integral of the pulse."""
    s = jnp.clip(age / par.PULSE, 0.0, 1.0)
    return s**4 * (35 - 84 * s + 70 * s**2 - 20 * s**3)
