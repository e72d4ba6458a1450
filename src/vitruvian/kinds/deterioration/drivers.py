"""What a risk rests on: by how much each charted thing moves it, what changed, and what would make it wrong.

weight of a thing = the logit as it is minus the logit had the thing never been charted (all its columns emptied): what
it says in this patient, beside everything else that is known. Not a cause: treating the number does not treat the risk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from vitruvian.engines.crossfit import Ensemble
from vitruvian.kinds.deterioration.past import Past
from vitruvian.kinds.deterioration.patient import HOUR, MEANING
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.alarms.reasons import BACK, Reasons, Trend, Value
from vitruvian.models.icu.channels import BY_NAME, CHANNELS
from vitruvian.models.icu.columns import Known

SHOWN = 5  # things named: more than a person reads at a bedside (assumed)
STALE = 6.0  # h: a value older than this may have moved since (half a shift; assumed)
DERIVED = {  # columns made of several things
    "shock_index": ("heart_rate", "systolic"),
    "shock_age": ("heart_rate", "systolic"),
    "coma_age": ("gcs",),
    "pulse_pressure": ("systolic", "diastolic"),
    "pf_ratio": ("po2", "fio2"),
    "alveolar_gap": ("po2", "pco2", "fio2"),
    "rox": ("spo2", "fio2", "respiratory_rate"),
    "urea_creatinine": ("bun", "creatinine"),
    "urea_age": ("bun",),
    "liver_kidney": ("bilirubin", "creatinine"),
    "osmolality": ("sodium", "glucose", "bun"),
    "ion_gap": ("sodium", "potassium", "bicarbonate"),
    "bmi": ("weight",),
}


@dataclass(frozen=True)
class Driver:
    """A charted thing and how much it moves the logit, and the risk (difference of probabilities)."""

    of: str
    weight: float
    risk: float


def things(name: str) -> tuple[str, ...]:
    """Of which charted things a column tells."""
    stem = name.partition(".")[0]
    return (stem,) if stem in BY_NAME else DERIVED.get(stem, ())


def drivers(ensemble: Ensemble, row: Known) -> list[Driver]:
    """Every thing that was charted, those that move the logit most first; row: one landmark."""
    x = row.x[0, [row.names.index(n) for n in ensemble.names]]
    there = [c.name for c in CHANNELS if not np.isnan(row[f"{c.name}.last"][0])]
    without = np.tile(x, (len(there) + 1, 1))
    for k, thing in enumerate(there):
        mine = [i for i, n in enumerate(ensemble.names) if thing in things(n)]
        counts = [i for i in mine if ".count" in ensemble.names[i]]
        without[k + 1, mine] = np.nan
        without[k + 1, counts] = 0.0
    eta = ensemble.logit(without)
    found = [
        Driver(thing, float(eta[0] - eta[k + 1]), float(expit(eta[0]) - expit(eta[k + 1])))
        for k, thing in enumerate(there)
    ]
    return sorted(found, key=lambda d: -abs(d.weight))


def reasons_at(weights: Weights, outcomes: Sequence[str], past: Past, at: float) -> Reasons:
    """Of the fitted outcome whose risk is highest against what is usual for it; nothing where nothing was fitted.

    What was learned from simulated stays alone speaks only where nothing else was learned.
    """
    now = past.known(np.array([at]))
    fitted = [o for o in outcomes if o in weights.ensembles]
    fitted = [o for o in fitted if not weights.is_simulated(o)] or fitted
    if not fitted:
        return Reasons(wrong_if=("the weights were never fitted: the risk is what is assumed of everybody",))
    eta = {o: _eta(weights.ensembles[o], now) - weights.ensembles[o].stack[0] for o in fitted}
    outcome = max(fitted, key=lambda o: eta[o])
    ensemble = weights.ensembles[outcome]
    found = [d for d in drivers(ensemble, now) if d.weight > 0.0][:SHOWN]
    values, trends, changed, wrong = [], [], [], []
    earlier = past.known(np.array([at - BACK]))
    for d in found:
        channel = BY_NAME[d.of]
        value, age = float(now[f"{d.of}.last"][0]), float(now[f"{d.of}.age"][0])
        values.append(Value(d.of, value, channel.unit, age * HOUR, d.weight))
        before = float(earlier[f"{d.of}.last"][0])
        if not np.isnan(before) and before != value:
            trends.append(Trend(d.of, value - before, channel.unit, BACK))
        if age > STALE:
            wrong.append(f"{channel.meaning} has moved since it was last seen, {age:.0f} h ago")
        else:
            wrong.append(
                f"{channel.meaning} {value:.3g} {channel.unit} is an artefact: the logit would be {d.weight:.1f} lower"
            )
    changed += _changed(ensemble, outcome, earlier, now)
    return Reasons(tuple(values), tuple(trends), tuple(changed), tuple(wrong))


def _eta(ensemble: Ensemble, row: Known) -> float:
    return float(ensemble.logit(row.x[:, [row.names.index(n) for n in ensemble.names]])[0])


def _changed(ensemble: Ensemble, outcome: str, earlier: Known, now: Known) -> list[str]:
    """How the risk moved in the last hours, and which things moved it."""
    before, after = expit(_eta(ensemble, earlier)), expit(_eta(ensemble, now))
    said = [f"risk of {MEANING[outcome]}: {before:.1%} {BACK / HOUR:.0f} h ago, {after:.1%} now"]
    old = {d.of: d.weight for d in drivers(ensemble, earlier)}
    moved = sorted(((d.weight - old.get(d.of, 0.0), d.of) for d in drivers(ensemble, now)), reverse=True)
    for size, thing in moved[:2]:
        if size > 0.1:  # of the logit: less is not worth a sentence (assumed)
            first = "" if thing in old else ", charted for the first time"
            said.append(f"{BY_NAME[thing].meaning} adds {size:.1f} to the logit since then{first}")
    return said
