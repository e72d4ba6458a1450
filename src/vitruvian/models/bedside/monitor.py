"""A heart at rest as a bedside monitor shows it, in chunks without end: ECG, arterial pressure, plethysmogram.

Beat by beat: RR = 60 / rate + what breathing and blood pressure's slow waves add, both with the spectrum of McSharry et
al. 2003 (two Gaussians at 0.1 and 0.25 Hz, width 0.01 Hz, LF/HF 0.5), drawn here as a sum of sinusoids with random
phases, so that it has no end. The pulse reaches artery and finger 0.12 and 0.2 s after the R wave (assumed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.core.keys import generator
from vitruvian.models.bedside.ecg import BASELINE, TURN, Electrocardiogram, scale
from vitruvian.models.bedside.pulse import Windkessel, plethysmogram, windkessel

LF, HF, WIDTH, RATIO = 0.1, 0.25, 0.01, 0.5  # Hz, Hz, Hz, LF/HF: McSharry et al. 2003, section III
LINES = 12  # sinusoids in each of the two bands; assumed
DELAY = {"arterial pressure": 0.12, "pleth": 0.20}  # s after the R wave; assumed
CHANNELS = {"II": "mV", "arterial pressure": "mm[Hg]", "pleth": "1"}


@dataclass(frozen=True)
class Heart:
    """rate (/min), its standard deviation (/min), blood pressure (mm[Hg]), breaths (/min)."""

    rate: float = 72.0
    variation: float = 2.0
    systolic: float = 124.0
    diastolic: float = 76.0
    breaths: float = 15.0

    def __post_init__(self) -> None:
        if not 30.0 <= self.rate <= 200.0 or not 0.0 <= self.variation <= 0.2 * self.rate:
            raise FieldError(
                f"{self.rate:g} +- {self.variation:g} /min is no rhythm", where="rate", fix="30 to 200 /min"
            )

    @property
    def rr(self) -> float:
        """Mean length of a beat (s)."""
        return 60.0 / self.rate


@dataclass
class Monitor:
    """Draws on from where it stands. `rate`: samples a second of every channel. The same seed, the same course."""

    heart: Heart
    seed: int
    rate: float = 250.0
    _n: int = field(default=0, init=False)
    _z: float = field(default=0.0, init=False)
    _since: float = field(init=False)  # s since the last R wave
    _rr: float = field(init=False)
    _before: float = field(init=False)  # length of the beat before (s)

    def __post_init__(self) -> None:
        self._offset, self._factor = scale(self.heart.rr, self.rate)
        self._ecg = Electrocardiogram(self.rate, self.heart.breaths / 60.0, BASELINE / self._factor)
        self._vessel: Windkessel = windkessel(self.heart.systolic, self.heart.diastolic, self.heart.rr)
        self._pressure = self.heart.diastolic
        rng = generator(self.seed, "bedside", "rr")
        frequencies = np.concatenate([rng.normal(LF, WIDTH, LINES), rng.normal(HF, WIDTH, LINES)])
        weights = np.repeat([math.sqrt(RATIO / (1 + RATIO)), math.sqrt(1 / (1 + RATIO))], LINES)
        sd = self.heart.rr * self.heart.variation / self.heart.rate
        self._lines = np.abs(frequencies) * TURN
        self._sizes = sd * weights * math.sqrt(2 / LINES)
        self._phases = rng.uniform(0, TURN, 2 * LINES)
        self._since, self._rr = 0.0, self._length(0.0)
        self._before = self._rr

    @property
    def time(self) -> float:
        """Seconds drawn so far."""
        return self._n / self.rate

    def draw(self, count: int) -> dict[str, np.ndarray]:
        """The next `count` samples of every channel, in the units of CHANNELS."""
        out = {name: np.empty(count) for name in CHANNELS}
        dt = 1.0 / self.rate
        for k in range(count):
            time = self.time
            theta = TURN * self._since / self._rr
            self._z = self._ecg.step(self._z, theta if theta <= math.pi else theta - TURN, self._rr, time)
            breath = math.sin(TURN * self._ecg.breathing * time)
            phase, rr = self._behind("arterial pressure")
            self._pressure = self._vessel.step(self._pressure, phase, rr, dt)
            out["II"][k] = self._offset + self._factor * self._z
            out["arterial pressure"][k] = self._pressure
            out["pleth"][k] = plethysmogram(*self._behind("pleth"), breath)
            self._n += 1
            self._since += dt
            if self._since >= self._rr:
                self._since -= self._rr
                self._before, self._rr = self._rr, self._length(self.time)
        return out

    def _behind(self, name: str) -> tuple[float, float]:
        """(s since the pulse's upstroke, length of its beat), for a pulse that comes after the R wave."""
        phase = self._since - DELAY[name]
        return (phase, self._rr) if phase >= 0 else (phase + self._before, self._before)

    def _length(self, time: float) -> float:
        """Of the beat that begins then (s)."""
        return self.heart.rr + float(np.sum(self._sizes * np.sin(self._lines * time + self._phases)))
