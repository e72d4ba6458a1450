"""A synthetic electrocardiogram: a point that runs around a limit cycle and is pulled up and down by P, Q, R, S and T.

    x' = a x - w y,   y' = a y + w x,   a = 1 - sqrt(x^2 + y^2)
    z' = - sum_i a_i d_i exp(-d_i^2 / (2 b_i^2)) - (z - z0),   d_i = (theta - theta_i) mod 2 pi,   theta = atan2(y, x)
    z0 = A sin(2 pi f2 t)

On the cycle (r = 1), where every solution ends, theta' = w: that is integrated here, w = 2 pi / RR of the present beat.
PE McSharry, GD Clifford, L Tarassenko, LA Smith, IEEE Trans Biomed Eng 50 (2003) 289-294, equation 1 and table I.

Holds for a regular rhythm of about 40 to 150 a minute at rest. Leaves out arrhythmia, ischaemia, leads (one lead only),
noise of electrodes and muscle, and that waves of a fast heart lie closer together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vitruvian.core.errors import FieldError

TURN = 2 * math.pi
WAVES = (  # theta_i (rad), a_i, b_i (rad): table I
    (-math.pi / 3, 1.2, 0.25),
    (-math.pi / 12, -5.0, 0.1),
    (0.0, 30.0, 0.1),
    (math.pi / 12, -7.5, 0.1),
    (math.pi / 2, 0.75, 0.4),
)
BASELINE = 0.15  # A, mV: section III; here of the scaled trace
LOW, HIGH = -0.4, 1.2  # mV between which the trace is scaled: section IV


@dataclass(frozen=True)
class Electrocardiogram:
    """One lead at `rate` (Hz); `breathing` (Hz) is f2, `baseline` is A in the units of z."""

    rate: float
    breathing: float = 0.0
    baseline: float = 0.0

    def __post_init__(self) -> None:
        if not 50.0 <= self.rate <= 1000.0:
            raise FieldError(f"{self.rate:g} Hz draws no QRS complex", where="rate", fix="use 50 to 1000 Hz")

    def step(self, z: float, theta: float, rr: float, time: float) -> float:
        """z (scaled by `millivolt`) one sample later: the fourth-order Runge-Kutta step that the paper takes."""
        dt, w = 1.0 / self.rate, TURN / rr

        def slope(held: float, ahead: float) -> float:
            at, base = theta + w * ahead, self.baseline * math.sin(TURN * self.breathing * (time + ahead))
            pull = 0.0
            for centre, a, b in WAVES:
                d = (at - centre + math.pi) % TURN - math.pi
                pull += a * d * math.exp(-d * d / (2 * b * b))
            return -pull - (held - base)

        k1 = slope(z, 0.0)
        k2 = slope(z + dt * k1 / 2, dt / 2)
        k3 = slope(z + dt * k2 / 2, dt / 2)
        k4 = slope(z + dt * k3, dt)
        return z + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def scale(rr: float, rate: float) -> tuple[float, float]:
    """(offset, factor) that bring a beat of this length (s), without its baseline's wander, to LOW ... HIGH mV."""
    made, z, seen = Electrocardiogram(rate), 0.0, []
    beats = 4
    for n in range(int(beats * rr * rate)):
        time = n / rate
        z = made.step(z, (TURN * time / rr + math.pi) % TURN - math.pi, rr, time)
        if time > (beats - 2) * rr:
            seen.append(z)
    low, high = min(seen), max(seen)
    factor = (HIGH - LOW) / (high - low)
    return LOW - low * factor, factor
