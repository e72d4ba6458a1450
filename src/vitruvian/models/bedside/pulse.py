"""The pulse in the artery and at the finger, for a rate and a pressure that are given.

Arterial pressure: a two-element windkessel that the heart fills for a part of each beat,

    C P' = Q - P / R,   Q = q sin(pi t / T) for t < T, else 0;   T = 0.3 sqrt(RR) s

(O Frank, Z Biol 37 (1899) 483; N Westerhof, JW Lankhaar, BE Westerhof, Med Biol Eng Comput 47 (2009) 131-141; the time
of ejection falls with the square root of the beat's length, HC Bazett, Heart 7 (1920) 353, its 0.3 s assumed). tau = RC
and q / C are those with which a regular rhythm runs between the given systolic and diastolic pressure.

Plethysmogram: two Gaussians a beat, the pulse and its reflection (MC Baruch et al., BioMed Eng OnLine 10 (2011) 1,
decomposition; the numbers here are assumed), deeper while breathing out (assumed 10 %).

Leaves out the dicrotic notch, waves that travel and are reflected (the pressure's own), and damping of a catheter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from vitruvian.core.errors import FieldError

EJECTION = 0.3  # s at one beat a second; assumed
PULSES = ((0.16, 0.055, 1.0), (0.42, 0.10, 0.42))  # centre (s after the upstroke), width (s), height; assumed
DEEPER = 0.10  # of the pulse with a breath; assumed


@dataclass(frozen=True)
class Windkessel:
    """tau (s), and q / C (mm[Hg]/s) of the filling."""

    tau: float
    filling: float

    def step(self, pressure: float, phase: float, rr: float, dt: float) -> float:
        """Pressure (mm[Hg]) after dt (s), `phase` (s) into a beat of rr (s); exact for a filling held over dt."""
        ejection = EJECTION * math.sqrt(rr)
        middle = phase + dt / 2
        q = self.filling * math.sin(math.pi * middle / ejection) if middle < ejection else 0.0
        kept = math.exp(-dt / self.tau)
        return pressure * kept + q * self.tau * (1 - kept)


@cache
def windkessel(systolic: float, diastolic: float, rr: float) -> Windkessel:
    """The one that runs between these pressures (mm[Hg]) at this beat (s); tau by bisection, q / C by linearity."""
    if not 0 < diastolic < systolic:
        raise FieldError(
            f"{systolic:g}/{diastolic:g} is no blood pressure", where="systolic", fix="give the higher first"
        )
    low, high = 0.05, 60.0
    for _ in range(60):
        tau = math.sqrt(low * high)
        bottom, top = _range(tau, rr)
        low, high = (tau, high) if bottom / top < diastolic / systolic else (low, tau)
    tau = math.sqrt(low * high)
    return Windkessel(tau, systolic / _range(tau, rr)[1])


def _range(tau: float, rr: float, dt: float = 0.002) -> tuple[float, float]:
    """Lowest and highest pressure of the periodic beat with q / C = 1."""
    made, count = Windkessel(tau, 1.0), max(int(rr / dt), 1)
    step = rr / count
    through = 0.0
    for n in range(count):
        through = made.step(through, n * step, rr, step)
    start = through / (1 - math.exp(-rr / tau))  # where a beat ends as it began
    seen = [start]
    for n in range(count):
        seen.append(made.step(seen[-1], n * step, rr, step))
    return min(seen), max(seen)


def plethysmogram(phase: float, rr: float, breath: float) -> float:
    """The pulse at the finger (1), `phase` (s) into a beat of rr (s); `breath` in [-1, 1]."""
    stretch = math.sqrt(rr)
    out = 0.0
    for centre, width, height in PULSES:
        for beat in (0.0, rr):  # the tail of the beat before
            d = phase + beat - centre * stretch
            out += height * math.exp(-d * d / (2 * (width * stretch) ** 2))
    return out * (1 + DEEPER * breath)
