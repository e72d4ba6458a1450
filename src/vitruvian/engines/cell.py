"""What a tissue asks of a membrane model: its states, its currents, and one step of them beside a given current.

Units ms, mV (or the model's own for a phenomenological one) and, for currents, mV/ms: pA/pF.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class AbstractCell(ABC):
    """A membrane model; `states` names its states, the potential V first.

    A tissue holds `variants` of it (epicardial, mid-myocardial, ...): every node names its own by number. V crosses
    `threshold` upwards at activation; `rest` and `peak` bound what a wave does, for scaling maps and ECGs.
    """

    states = ("V",)
    variants = ("cell",)
    threshold = 0.0  # activation: V crosses it upwards
    rest, peak = -85.0, 40.0  # mV
    gain = 1.0  # stimulus and diffusive current in mV/ms -> the model's own unit of V per ms

    @abstractmethod
    def start(self, variant: np.ndarray) -> np.ndarray:
        """States at rest, (state, node), float64; variant (node,) numbers of `variants`."""

    @abstractmethod
    def step(self, y: Any, variant: Any, flow: Any, dt: float) -> Any:
        """States after dt ms on JAX arrays (state, node); flow (node,) is what enters V, mV/ms."""

    @abstractmethod
    def stepper(self, variant: np.ndarray, dt: float) -> AbstractStepper:
        """The same step compiled for this machine's processor, in place."""


class AbstractStepper(ABC):
    """A cell model's step on the processor: `V` (node,) float32 is shared with the tissue; all else is its own."""

    V: np.ndarray

    @abstractmethod
    def load(self, y: np.ndarray) -> None:
        """Take states (state, node)."""

    @abstractmethod
    def save(self) -> np.ndarray:
        """States (state, node), float64."""

    @abstractmethod
    def step(self, flow: np.ndarray) -> None:
        """One step; flow (node,) float32 mV/ms."""
