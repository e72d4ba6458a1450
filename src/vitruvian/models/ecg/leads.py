"""Twelve leads from nine electrodes: Einthoven's three, Goldberger's three, Wilson's six."""

from __future__ import annotations

import numpy as np

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
FREE = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")  # the others follow from these
_OF_ELECTRODES = np.zeros((8, 9))  # in the order RA, LA, LL, V1 to V6
_OF_ELECTRODES[0, [1, 0]] = 1.0, -1.0
_OF_ELECTRODES[1, [2, 0]] = 1.0, -1.0
_OF_ELECTRODES[2:, :3] = -1.0 / 3.0  # Wilson's terminal
_OF_ELECTRODES[2:, 3:] = np.eye(6)


def free(potentials: np.ndarray) -> np.ndarray:
    """(9, ...) potentials of the electrodes -> (8, ...): I, II, V1 to V6."""
    return np.tensordot(_OF_ELECTRODES, potentials, axes=1)


def whole(leads: np.ndarray) -> np.ndarray:
    """(..., 8, time) -> (..., 12, time); sums written out, so that a member's bits know no batch."""
    limb, second = leads[..., 0, :], leads[..., 1, :]
    six = [second - limb, -0.5 * (limb + second), limb - 0.5 * second, second - 0.5 * limb]
    return np.concatenate([leads[..., :2, :], np.stack(six, axis=-2), leads[..., 2:, :]], axis=-2)


def twelve(potentials: np.ndarray) -> np.ndarray:
    """(9, time) potentials of the electrodes -> (12, time) leads."""
    return whole(free(potentials))
