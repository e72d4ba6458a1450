"""An infusion feeding a queue: the teaching couple.

    dA/dt = R(t) - (CL / V) A,  C = A / (V w)   ->   calls at rate lambda (1 + g C), answered by c nurses in m h each

A patient is infused, the higher the drug level the more often an alarm calls a nurse, and calls wait in line. The level
is read every ten minutes and held until the next (Jacobi exchange, one way). References: US label of theophylline in
5 % dextrose; Erlang 1917. Holds for one watched patient; leaves out that a late answer changes the infusion.
"""

from __future__ import annotations

from vitruvian.core.kind import ContextOfUse, Effect
from vitruvian.engines.couple import couple
from vitruvian.engines.ports import Link
from vitruvian.kinds.infusion_queue.calls import Calls
from vitruvian.kinds.infusion_queue.infusion import HOUR, Drug, Infuse

INTERVAL = 600.0  # s; halving it moves the mean queue by less than 2 % (evidence: infusion_queue.interval)

KIND = couple(
    "infusion_queue",
    {"infusion": Drug(), "queue": Calls()},
    (Link("infusion.concentration", "queue.drug"),),
    INTERVAL,
    ContextOfUse(
        "What does this infusion do to the nurses' work, and is another nurse needed?",
        "engineers learning the contract",
        "none: teaching",
        "care, or staffing a real ward",
    ),
    effects=(
        Effect(
            Infuse(at=12 * HOUR, rate=30.0, duration=12.0),
            "queue.answered",
            12 * HOUR,
            10.0,
            76.0,
            "assumed: 30 / h x 0.03 L/mg x 2 to 7 mg/L (the infusion's own effect) x 12 h = 22 to 76 more calls come",
        ),
    ),
)
