"""The electrocardiogram: where electrodes lie, what they see of the muscle, and what is read off twelve leads."""

from vitruvian.models.ecg.leads import LEADS, twelve
from vitruvian.models.ecg.torso import ELECTRODES, STANDARD

__all__ = ["ELECTRODES", "LEADS", "STANDARD", "twelve"]
