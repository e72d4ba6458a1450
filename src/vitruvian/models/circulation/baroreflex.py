"""The baroreflex: one tone that answers arterial pressure within a minute (Zenker et al., PLoS Comput Biol 2007).

    dS/dt = (1 / 20 s) (1 - 1 / (1 + exp(-k (P_a - P_set))) - S),  k = 0.1838 /mmHg;  rate, resistance and
    unstressed venous volume are linear in S

For minutes: a bleed, a tilt, an infusion. Over days the set point follows the pressure (Krieger, Circ Res 1970): the
months of kind `circulation` leave it out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vitruvian.engines.jaxsetup import jnp

TAU, K, P_SET = 20.0, 0.1838, 70.0  # s, /mmHg, mmHg: Zenker 2007
RATE, RESISTANCE, UNSTRESSED = (40.0, 180.0), (0.5335, 2.134), (3100.0, 2700.0)  # /min, mmHg s/mL, mL at S = 0 and 1


class Answer(NamedTuple):
    """What a tone does: rate /min, resistance mmHg s/mL, unstressed venous volume mL."""

    rate: Any
    resistance: Any
    unstressed: Any


def tone(S: Any, pressure: Any, dt: Any, P_set: float = P_SET) -> Any:
    """Tone after dt (s) at this arterial pressure, exactly for a pressure that stays."""
    goal = 1.0 - 1.0 / (1.0 + jnp.exp(-K * (pressure - P_set)))
    return goal + (S - goal) * jnp.exp(-dt / TAU)


def answer(S: Any) -> Answer:
    """Linear between no tone and full tone."""
    return Answer(*(low + (high - low) * S for low, high in (RATE, RESISTANCE, UNSTRESSED)))
