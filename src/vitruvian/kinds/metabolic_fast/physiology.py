"""What daily life adds to the published meal model: mixed food, effort, the clock, the answer to hypoglycaemia.

    dN/dt  = 9 fat + 4 protein + 15 fibre - N / 130;  emptying x 1 / (1 + N / 600)          kcal in the stomach
    dA1/dt = protein - A1 / 60;  dA2/dt = A1 / 60 - A2 / 120                                 g of amino acids
             production + 0.08 A2 / 120;  K, beta x (1 + A2 / 12)
    dF1/dt = fat - F1 / 120;  dF2/dt = F1 / 120 - F2 / 240;  action x 1 / (1 + F2 / 60)      g of fat in blood
    dE1/dt = (mets - 1 - E1) / 5;  uptake x (1 + walk E1)                                    exercise
    dE2/dt = E1 / 60 - E2 / 600;  action x (1 + 0.05 E2)                                     MET-hours
    action x rested(t) exp(morning cos(2 pi (clock - 8 h) / 24 h))                           sleep, clock
    dB/dt  = -kb B, into plasma                                                              long-acting insulin

Numbers and sources: parameters.py. No open fast model has fat or protein; directions here are published, sizes mostly
assumed. Course order follows: what is eaten first is in the stomach, and in the blood, when the rest arrives.
"""

from __future__ import annotations

from typing import Any

from vitruvian.engines.jaxsetup import jnp
from vitruvian.kinds.metabolic_fast import parameters as par

DAY = 86400.0
ROWS = ("B", "N", "A1", "A2", "F1", "F2", "E1", "E2")


def rates(x: tuple[Any, ...], eaten: dict[str, Any], effort: Any) -> tuple[Any, ...]:
    """d(ROWS)/dt per minute; eaten: g/min of each nutrient, effort: METs above rest."""
    B, N, A1, A2, F1, F2, E1, E2 = x
    return (
        -par.KB * B,
        sum(kcal * eaten[n] for n, kcal in par.ENERGY.items()) - N / par.LEAVING,
        eaten["protein"] - A1 / par.DIGESTED,
        A1 / par.DIGESTED - A2 / par.USED,
        eaten["fat"] - F1 / par.LYMPH,
        F1 / par.LYMPH - F2 / par.CLEARED,
        (effort - E1) / par.TAU_E1,
        E1 / 60.0 - E2 / par.TAU_E2,
    )


def emptying(N: Any) -> Any:
    """Factor of the stomach's rates."""
    return 1.0 / (1.0 + N / par.BRAKE)


def action(F2: Any, E2: Any, rested: Any, morning: Any, clock: Any) -> Any:
    """Factor of insulin's action above basal; clock in s after midnight."""
    phase = 2 * jnp.pi * (clock / DAY - par.PEAK / 24.0)
    return rested * jnp.exp(morning * jnp.cos(phase)) * (1.0 + par.AFTER * E2) / (1.0 + F2 / par.LIPID)


def gain(A2: Any) -> Any:
    """Factor of secretion's answer to glucose."""
    return 1.0 + A2 / par.INCRETIN


def production(A2: Any, G: Any, Gb: Any, BW: Any) -> Any:
    """mg/kg/min: glucose from protein, and the liver's answer to hypoglycaemia (nothing at Gb)."""
    protein = 1000.0 * par.GLUCOSE_FROM_PROTEIN * A2 / par.USED / BW
    return protein + _counter(G) - _counter(Gb)


def _counter(G: Any) -> Any:
    return jnp.minimum(par.COUNTER_MOST, par.COUNTER * jnp.maximum(0.0, par.ALARM - G))
