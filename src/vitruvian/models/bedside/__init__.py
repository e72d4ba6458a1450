"""What a bedside monitor shows of a heart: ECG, arterial pressure, plethysmogram; synthetic, in chunks."""

from vitruvian.models.bedside.monitor import Heart, Monitor

__all__ = ["Heart", "Monitor"]
