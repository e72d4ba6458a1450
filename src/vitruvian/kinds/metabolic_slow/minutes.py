"""The fast layer of the coupled twin: a day of glucose by the minute, for the states of the slow layer.

    core     models.dallaman, its published type 2 set, with
             Gb = Gb0 exp(level - level0);  Ib by the settled insulin of the slow layer;  BW the weight now
             Vmx, kp3 x action / (0.4 SI of Topp);  K, beta x cells / those of the set
    meals    30, 35, 35 % of the day's carbohydrate at 7:30, 12:30 and 18:30, each within 20 min
    slower   emptying x 0.65 (fat and protein of mixed meals) x what a GLP-1 receptor agonist leaves of it
    alarm    + 0.10 (78 - G)+, less that at Gb, 3 at most: the liver's answer to hypoglycaemia
    urine    - 0.5 cleared VG ((G - 40)+ - (Gb - 40)+) with an SGLT2 inhibitor: peaks; the level knows the mean
    insulin  a third of the mealtime units under the skin at each meal

Dalla Man, Rizza & Cobelli, IEEE Trans Biomed Eng 54:1740 (2007). Regular days: nothing differs from day to day. Leaves
out snacks, exercise by the minute, dawn, glucagon (models.dallaman says what more). Elementwise over members.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vitruvian.engines.jaxsetup import jnp
from vitruvian.kinds.metabolic_slow import parameters as par
from vitruvian.models import betacell, dayrange
from vitruvian.models.dallaman import NUMBERS, STATES, TYPE2, Basal, ParameterSet, basal, begin
from vitruvian.models.dallaman import Now as Acting
from vitruvian.models.dallaman import rate as core
from vitruvian.models.dallaman.many import UNIT
from vitruvian.models.glucose_medicines import IN_A_DAY, Empagliflozin

MINUTES = 1440
MEALS = ((450, 0.30), (750, 0.35), (1110, 0.35))  # minute of the day, share of its carbohydrate: assumed
BITE = 20  # min: assumed
MIXED = 0.65  # factor of emptying by fat and protein: kind metabolic_fast, 600 kcal halve it; a mean meal
# mg/kg/min per mg/dL below; mg/dL at which own insulin begins to stop (Cryer, N Engl J Med 369:362, 2013); most of it
COUNTER, ALARM, MOST = 0.10, 78.0, 3.0  # sizes assumed
LOWEST, HIGHEST = 75.0, 450.0  # mg/dL of basal glucose that the set holds for
ACTIONS, SECRETIONS = (0.3, 2.5), (0.2, 2.3)  # over those of type 2: the published normal set has 1.4 to 1.8, and 2.3
KIDNEYS = IN_A_DAY[Empagliflozin]
SINGLE = jnp.float32  # the fast layer's numbers: within 0.01 mg/dL of float64 in a day, at half the time
AT = {name: STATES.index(name) for name in ("Q1", "Q2", "D", "Gp", "S1", "Ip")}


class Frozen(NamedTuple):
    """What the slow layer says of a day, (member,)."""

    level: Any  # mg/dL, basal glucose
    insulin: Any  # pmol/L, basal
    action: Any  # over that of the set
    secretion: Any  # over that of the set
    weight: Any  # kg
    carbohydrate: Any  # g/day that is absorbed
    emptying: Any  # factor
    urine: Any  # 1: a full dose of an SGLT2 inhibitor at an eGFR of 90
    units: Any  # before meals, a day


class Seen(NamedTuple):
    """Sums over a day's minutes, divided by their number at its end."""

    G: Any
    log_G: Any
    log_G2: Any
    inside: Any
    below: Any
    urine: Any  # mg/kg/min that kidneys let go beyond the usual
    insulin: Any  # pmol/L


def person(frozen: Frozen) -> tuple[ParameterSet, Basal]:
    """The published set as the slow layer has it now, and its basal state."""
    numbers = {n: jnp.asarray(getattr(TYPE2, n), SINGLE) for n in NUMBERS}
    numbers |= {n: numbers[n] * frozen.action for n in ("Vmx", "kp3")}
    numbers |= {n: numbers[n] * frozen.secretion for n in ("K", "beta")}
    numbers |= {"Gb": frozen.level, "Ib": frozen.insulin, "BW": frozen.weight}
    p = ParameterSet(name="", source="", **numbers)
    return p, basal(p)


def start(frozen: Frozen) -> tuple[Any, ...]:
    """The basal state."""
    return begin(person(frozen)[1])


def meal_inputs(parts: int) -> dict[str, Any]:
    """Per step of 1 / parts minutes: share of the day's carbohydrate a minute, and whether a meal starts (step,)."""
    minute = jnp.arange(MINUTES * parts) / parts
    eaten, begins = jnp.zeros(MINUTES * parts), jnp.zeros(MINUTES * parts)
    for at, share in MEALS:
        eaten = eaten + jnp.where((minute >= at) & (minute < at + BITE), share / BITE, 0.0)
        begins = begins + jnp.where(minute == at, 1.0, 0.0)
    return {"eaten": eaten.astype(SINGLE), "begins": begins.astype(SINGLE)}


def jump(y: tuple[Any, ...], frozen: Frozen, begins: Any) -> tuple[Any, ...]:
    """A meal begins: the stomach's brake counts from what is in it, and insulin is given."""
    out = list(y)
    out[AT["D"]] = jnp.where(begins > 0, y[AT["Q1"]] + y[AT["Q2"]], y[AT["D"]])
    out[AT["S1"]] = y[AT["S1"]] + begins * frozen.units / len(MEALS) * UNIT / frozen.weight
    return tuple(out)


def rate(y: tuple[Any, ...], frozen: Frozen, own: tuple[ParameterSet, Basal], eaten: Any) -> tuple[Any, ...]:
    """dy/dt per minute; eaten: share of the day's carbohydrate a minute."""
    p, b = own
    G, mg = y[AT["Gp"]] / p.VG, 1000.0 * frozen.carbohydrate * eaten
    above = jnp.maximum(G - KIDNEYS.threshold, 0.0) - jnp.maximum(p.Gb - KIDNEYS.threshold, 0.0)
    let_go = (1.0 - par.COMPENSATED) * KIDNEYS.cleared * frozen.urine * p.VG * above
    now = Acting(eaten=mg, emptying=MIXED * frozen.emptying, production=_counter(G) - _counter(p.Gb) - let_go)
    rows = list(core(y, p, b, now))
    rows[AT["D"]] = mg + 0.0 * G
    return tuple(rows)


def _counter(G: Any) -> Any:
    """mg/kg/min: the liver's answer to hypoglycaemia."""
    return jnp.minimum(MOST, COUNTER * jnp.maximum(0.0, ALARM - G))


def seen(y: tuple[Any, ...], p: ParameterSet, new_urine: Any) -> Seen:
    """What counts of this minute; new_urine: SGLT2 inhibition begun since the start."""
    G = jnp.maximum(y[AT["Gp"]] / p.VG, 1.0)
    inside = (G >= dayrange.LOW) & (G < dayrange.HIGH)
    lost = KIDNEYS.cleared * new_urine * p.VG * jnp.maximum(G - KIDNEYS.threshold, 0.0)
    one = jnp.ones_like(G)
    return Seen(
        G,
        jnp.log(G),
        jnp.log(G) ** 2,
        jnp.where(inside, one, 0.0),
        jnp.where(G < dayrange.LOW, one, 0.0),
        lost,
        y[AT["Ip"]] / p.VI,
    )


def settled_insulin(level: Any, cells: Any, reference: Any) -> Any:
    """pmol/L at the basal level, against the set's own."""
    return jnp.clip(TYPE2.Ib * betacell.insulin(level, cells) / reference, 8.0, 400.0)
