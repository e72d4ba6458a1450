"""The heart's own axes inside the patient's: the long axis of the left ventricle, the way to the septum, the front.

Patient's axes are those of DICOM: x to the left, y to the back, z to the head; millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError

# Of the long axis, base to apex: from the left towards the front, and below the horizontal. Read off the short-axis
# planes of patient_1 of biv-me (Apache-2.0): (0.578, -0.645, -0.499). One person; the family draws around it.
AZIMUTH, DIP = 48.1, 29.9  # degrees


@dataclass(frozen=True, eq=False)
class HeartFrame:
    """base (3,): middle of the left ventricle's base, mm. axes (3, 3), rows: to the septum, to the front, to the base.

    The three are right-handed: seen from the apex, septum on the left hand, front above (Cerqueira, Circulation
    2002;105:539). A mirrored picture breaks this, and is refused.
    """

    base: np.ndarray
    axes: np.ndarray

    def __post_init__(self) -> None:
        if np.abs(self.axes @ self.axes.T - np.eye(3)).max() > 1e-6:
            raise KindError("a heart's axes must be orthonormal", where="heart frame", fix="use HeartFrame.pointing")
        if np.linalg.det(self.axes) < 0:
            raise KindError(
                "the right ventricle is on the wrong side: the picture is mirrored",
                where="heart frame",
                fix="flip one axis; x runs to the patient's left, y to the back, z to the head",
            )

    @classmethod
    def pointing(
        cls, azimuth: float = AZIMUTH, dip: float = DIP, roll: float = 0.0, base: tuple[float, float, float] = (0, 0, 0)
    ) -> HeartFrame:
        """By angles, degrees: `roll` lifts the septum's middle from the horizontal towards the front wall."""
        a, d, r = np.radians((azimuth, dip, roll))
        to_base = -np.array([np.cos(d) * np.cos(a), -np.cos(d) * np.sin(a), -np.sin(d)])
        level = np.cross([0.0, 0.0, 1.0], to_base)
        level /= np.linalg.norm(level)
        septal = np.cos(r) * level + np.sin(r) * np.cross(to_base, level)
        return cls(np.array(base, dtype=float), np.stack([septal, np.cross(to_base, septal), to_base]))

    @classmethod
    def through(cls, apex: np.ndarray, base: np.ndarray, right: np.ndarray) -> HeartFrame:
        """From three places, mm: apex and middle of the base of the left ventricle, middle of the right one.

        Errors: KindError when they lie on a line, or when the front wall then faces the back: a mirrored picture.
        """
        to_base = np.asarray(base, dtype=float) - apex
        if np.linalg.norm(to_base) < 1e-6:
            raise KindError("apex and base are the same place", where="heart frame", fix="check the two points")
        to_base = to_base / np.linalg.norm(to_base)
        septal = np.asarray(right, dtype=float) - base
        septal = septal - to_base * (septal @ to_base)
        if np.linalg.norm(septal) < 1.0:
            raise KindError(
                "the right ventricle's middle lies on the long axis of the left",
                where="heart frame",
                fix="check which label is left and which is right",
            )
        septal = septal / np.linalg.norm(septal)
        return cls(np.asarray(base, dtype=float), np.stack([septal, np.cross(to_base, septal), to_base]))

    def local(self, places: np.ndarray) -> np.ndarray:
        """(..., 3) mm of the patient -> mm to the septum, to the front, above the base (below is negative)."""
        return (places - self.base) @ self.axes.T

    def patient(self, places: np.ndarray) -> np.ndarray:
        """The way back."""
        return places @ self.axes + self.base

    @property
    def angles(self) -> tuple[float, float, float]:
        """Azimuth, dip and roll, degrees, as `pointing` takes them."""
        to_apex = -self.axes[2]
        level = np.cross([0.0, 0.0, 1.0], self.axes[2])
        level /= np.linalg.norm(level)
        roll = np.arctan2(self.axes[0] @ np.cross(self.axes[2], level), self.axes[0] @ level)
        return (
            float(np.degrees(np.arctan2(-to_apex[1], to_apex[0]))),
            float(np.degrees(np.arcsin(-to_apex[2]))),
            float(np.degrees(roll)),
        )
