"""A heart over minutes, with its baroreflex: a bleed, an infusion, a drug, beat by beat on the compiled loop.

    every beat: the loop runs once; its mean arterial pressure moves the tone (baroreflex.py, Zenker 2007);
    rate = own rate(S) / rate(S0),  R_sys = own resistance(S) / resistance(S0),  stressed volume += 400 mL (S - S0) size

S0 = 0.2 is the tone at which a resting rate of 68 lies between Zenker's 40 and 180 /min; the set point is where this
heart rests (reset: Krieger, Circ Res 1970), so that without a disturbance nothing moves. Volumes and flows are those of
a body of 1.9 m2. Zenker's gains are a healthy adult's; leaves out the vagus's speed (seconds), contractility, hormones,
and what anaesthesia does. The kind circulation, whose time is weeks, leaves the reflex out: over days it is reset.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.models.circulation import baroreflex, march
from vitruvian.models.circulation.loop import Heart

REST = 0.2  # tone at rest: (68 - 40) / (180 - 40), Zenker's range of rates and a resting 68 /min
SETTLE, MOVED = 400, 1e-4  # beats to rest, mL a beat
VEINS = 3  # compartment of the systemic veins
LEAST = 150.0  # mL of stressed volume below which there is no circulation to speak of; assumed


@dataclass(frozen=True, eq=False)
class Minutes:
    """A heart beat by beat: ends of beats s (beat,), rate /min, mean pressures mmHg, output L/min, tone in [0, 1]."""

    times: np.ndarray
    rate: np.ndarray
    pressure: np.ndarray
    pulmonary: np.ndarray
    output: np.ndarray
    tone: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Plain JSON by columns."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    def plot(self, ax: Any = None) -> Any:
        """Mean arterial pressure and rate over time (matplotlib axes)."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(7, 3), layout="constrained")[1]
        ax.plot(self.times, self.pressure, label="mean arterial pressure, mmHg")
        ax.plot(self.times, self.rate, label="heart rate, /min")
        ax.set(xlabel="s")
        ax.legend(fontsize=8)
        return ax


def minutes(
    h: Heart,
    seconds: float,
    *,
    given: Callable[[float], float] = lambda t: 0.0,
    changed: Callable[[float, Heart], Heart] = lambda t, h: h,
    reflex: bool = True,
) -> Minutes:
    """From rest, for so many s. given(t): mL/s into the veins (below 0: a bleed); changed(t, h): a drug's heart at t.

    reflex False: the same heart without it. Errors: FieldError for more than one heart, no time, or no blood left.
    """
    rows = march.columns(h)
    if rows.shape[1] != 1:
        raise FieldError(f"{rows.shape[1]} hearts", where="reflex.minutes", fix="give one")
    if not (math.isfinite(seconds) and seconds > 0):
        raise FieldError(f"{seconds:g} s", where="reflex.minutes", fix="give more than 0")
    own = Heart(*rows)
    x, _ = march.march(own, march.start(own), SETTLE, tolerance=MOVED, steps=_steps(own))
    rest = march.shown(own, x, _steps(own)).pressures[:, 2].mean()
    # where the goal of the tone is REST: 1 / (1 + e^(-k (p - set))) = 1 - REST
    point = float(rest) + math.log(REST / (1.0 - REST)) / baroreflex.K
    at_rest = baroreflex.answer(REST)
    t, tone, blood, rows_out = 0.0, REST, float(own.stressed[0]), []
    while t < seconds:
        now = baroreflex.answer(tone)
        drug = changed(t, own)
        beat = drug._replace(
            rate=drug.rate * now.rate / at_rest.rate, R_sys=drug.R_sys * now.resistance / at_rest.resistance
        )
        steps = _steps(beat)
        shown = march.shown(beat, x, steps)
        x, _ = march.march(beat, x, 1, steps)
        period = float(60.0 / beat.rate[0])
        pressure = float(shown.pressures[:, 2].mean())
        output = float(((shown.pressures[:, 2] - shown.pressures[:, 3]).mean() / beat.R_sys[0]) * 0.06)
        rows_out.append((t + period, 60.0 / period, pressure, float(shown.pressures[:, 6].mean()), output, tone))
        later = float(baroreflex.tone(tone, pressure, period, point)) if reflex else tone
        recruited = now.unstressed - baroreflex.answer(later).unstressed
        came = given(t) * period
        blood += came
        if blood < LEAST:
            raise FieldError(
                f"{blood:.0f} mL of stressed blood is left at {t:.0f} s", where="reflex.minutes", fix="bleed less"
            )
        x[VEINS] += came + float(recruited)
        t, tone = t + period, later
    return Minutes(*(np.array(column) for column in zip(*rows_out, strict=True)))


def _steps(h: Heart) -> int:
    return max(march.STEPS, int(march.steps_needed(h).max()))
