"""The sizes of one design: what the history told, and the protocol's assumptions, to patients, power and savings.

Pure and quick (milliseconds), so that a design can be explored by hand: the same function makes the plan. Sizes:
size.py; events: Schoenfeld (1981) less the share r^2. The history's own uncertainty of the correlation is Fisher's
(Biometrika 10:507, 1915), taken of the out-of-fold correlation.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtri

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova import size
from vitruvian.studies.procova.protocol import Protocol
from vitruvian.studies.procova.survival import events_needed

CURVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DRIFTS = ((1.0, 1.0), (1.0, 0.9), (1.0, 0.75), (1.1, 1.0), (1.1, 0.9), (1.25, 0.75))  # of sd and correlation: assumed
SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)  # of the planned size, at which power is shown
BOTH = "score and covariates"


@dataclass(frozen=True)
class Told:
    """What the history told of the outcome: mean, sd, patients; correlation of each analysis' prediction with it."""

    mean: float
    sd: float
    patients: int
    correlation: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**dataclasses.asdict(self), "correlation": dict(self.correlation)}

    def band(self, name: str = BOTH, level: float = 0.95) -> tuple[float, float]:
        """Of a correlation, by Fisher's z; never below 0."""
        z = math.atanh(min(self.correlation.get(name, 0.0), 0.99))
        half = float(ndtri(0.5 + level / 2)) / math.sqrt(max(self.patients - 3, 1))
        return max(0.0, math.tanh(z - half)), math.tanh(z + half)


@dataclass(frozen=True)
class Sized:
    """sizes by analysis; point: the plan's own on the curve, with its band; sensitivity: power at the planned size
    under each drift; curve: patients by correlation; power: by patients.
    """

    sizes: dict[str, dict[str, Any]]
    control_only: dict[str, int]
    point: dict[str, float]
    sensitivity: list[dict[str, float]]
    curve: list[dict[str, float]]
    power: list[dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return dataclasses.asdict(self)


def sized(protocol: Protocol, told: Told) -> Sized:
    """All sizes of this protocol's design. InferenceError where the design has no effect or no finite size."""
    made = _events(protocol, told) if protocol.outcome.type == "time" else _patients(protocol, told)
    left = 1 - protocol.design.dropout
    key = "events" if protocol.outcome.type == "time" else "patients"
    for row in made.sizes.values():
        if key == "patients":
            arms = {n: math.ceil(row[n] / left - 1e-9) for n in ("treated", "control")}
            row |= {"randomised": sum(arms.values()), "randomised treated": arms["treated"]}
            row |= {"randomised control": arms["control"]}
    return made


def assumptions(protocol: Protocol, told: Told, correlation: float) -> tuple[float, size.Assumptions]:
    """Effect on the scale of means, and what is assumed; a ratio is planned as the difference it makes at
    the history's risk.
    """
    d = protocol.design
    sd0 = d.sd or told.sd
    effect, sd1 = d.effect, sd0
    if protocol.outcome.type == "binary":
        p0 = told.mean
        p1 = _treated_mean(protocol, p0)
        if not 0 < p1 < 1:
            fix = "plan for another effect"
            raise InferenceError(f"the treated risk would be {p1:.3g}", where="design.effect", fix=fix)
        effect, sd0, sd1 = p1 - p0, math.sqrt(p0 * (1 - p0)), math.sqrt(p1 * (1 - p1))
    elif protocol.estimand == "ratio":
        effect = _treated_mean(protocol, told.mean) - told.mean
    if effect == 0:
        fix = "give the effect the trial is to find"
        raise InferenceError("no effect is planned for", where="design.effect", fix=fix)
    rho = min(correlation, 0.99)
    given = {"inflation": d.inflation, "deflation": d.deflation, "interaction": protocol.interaction}
    return effect, size.Assumptions(sd0=sd0, sd1=sd1, correlation0=rho, correlation1=rho, **given)


def _treated_mean(protocol: Protocol, control: float) -> float:
    effect = protocol.design.effect
    if protocol.estimand == "ratio":
        return control * effect
    if protocol.estimand == "odds ratio":
        odds = control / (1 - control) * effect
        return odds / (1 + odds)
    return control + effect


def _patients(protocol: Protocol, told: Told) -> Sized:
    d, k = protocol.design, len(protocol.beside)
    counts = {"unadjusted": 0, "covariates": k, "score": 1, BOTH: 1 + k}
    effect, assumed = assumptions(protocol, told, told.correlation[BOTH])
    target = size.Target(effect=effect, ratio=d.ratio, alpha=d.alpha, power=d.power, margin=d.margin, covariates=1 + k)
    sizes = {}
    for name, covariates in counts.items():
        _, mine = assumptions(protocol, told, told.correlation.get(name, 0.0))
        sizes[name] = size.plan_size(dataclasses.replace(target, covariates=covariates), mine).to_json()
    chosen, plain = sizes[BOTH], sizes["covariates" if k else "unadjusted"]
    only = size.control_saving(plain["treated"], target, assumed)
    drift = []
    for sd, rho in DRIFTS:
        there = dataclasses.replace(assumed, inflation=sd * assumed.inflation, deflation=rho * assumed.deflation)
        power = size.t_power(chosen["total"], target, there)
        drift.append({"sd times": sd, "correlation times": rho, "power": power})
    curve = size.savings_curve(target, assumed, list(CURVE))
    low, high = told.band()
    ends = [_with(assumed, rho) for rho in (low, high)]
    most, fewest = (size.plan_size(target, a).total for a in ends)
    point = {"correlation": told.correlation[BOTH], "low": low, "high": high, "total": chosen["total"]}
    point |= {"most": most, "fewest": fewest, "level": 0.95}
    saved = {"treated": plain["treated"], "controls with covariates": plain["control"], "controls with the score": only}
    rest = _with(assumed, told.correlation.get("covariates", 0.0))
    by_n = [_power_at(math.ceil(share * chosen["total"]), target, assumed, rest, k) for share in SHARES]
    return Sized(sizes, saved, point, drift, curve, by_n)


def _with(assumed: size.Assumptions, rho: float) -> size.Assumptions:
    rho = min(rho, 0.99)
    return dataclasses.replace(assumed, correlation0=rho, correlation1=rho)


def _power_at(n: int, target: size.Target, score: size.Assumptions, rest: size.Assumptions, k: int) -> dict[str, float]:
    plain = dataclasses.replace(target, covariates=k)
    return {"patients": n, BOTH: size.t_power(n, target, score), "covariates": size.t_power(n, plain, rest)}


def _events(protocol: Protocol, told: Told) -> Sized:
    d = protocol.design
    if d.effect <= 0 or d.effect == 1:
        fix = "give, for example, 0.75"
        raise InferenceError("a hazard ratio is positive and not 1", where="design.effect", fix=fix)

    def needed(rho: float) -> int:
        left = (d.deflation * min(rho, 0.99)) ** 2
        exact = events_needed(d.effect, ratio=d.ratio, alpha=d.alpha, power=d.power, r2=left)
        if not exact < size.LARGEST:
            raise InferenceError("more than ten million events", where="design.effect", fix="check the effect")
        return math.ceil(exact)

    def power_at(events: float, rho: float) -> float:
        left = 1 - (d.deflation * min(rho, 0.99)) ** 2
        z = math.sqrt(events * d.ratio / (1 + d.ratio) ** 2 * math.log(d.effect) ** 2 / left)
        return size.power_of(z, d.alpha)

    rho = told.correlation[BOTH]
    rows = {n: needed(told.correlation.get(n, 0.0)) for n in ("unadjusted", "covariates", "score", BOTH)}
    sizes: dict[str, dict[str, Any]] = {
        n: {"total": e, "power": power_at(e, told.correlation.get(n, 0.0)), "method": "events, Schoenfeld less r^2"}
        for n, e in rows.items()
    }
    none = needed(0.0)
    curve = [
        {"correlation": r, "events": needed(r), "saved": none - needed(r), "share": 1 - needed(r) / none} for r in CURVE
    ]
    drift = [
        {"sd times": 1.0, "correlation times": times, "power": power_at(rows[BOTH], times * rho)}
        for sd, times in DRIFTS
        if sd == 1.0
    ]
    low, high = told.band()
    point = {"correlation": rho, "low": low, "high": high, "total": rows[BOTH]}
    point |= {"most": needed(low), "fewest": needed(high), "level": 0.95}
    by_n = []
    for share in SHARES:
        n = math.ceil(share * rows[BOTH])
        plain = power_at(n, told.correlation.get("covariates", 0.0))
        by_n.append({"events": n, BOTH: power_at(n, rho), "covariates": plain})
    return Sized(sizes, {}, point, drift, curve, by_n)
