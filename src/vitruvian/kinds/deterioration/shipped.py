"""The weights that come with the package, fitted on PhysioNet 2012 set A, checked against their hash.

Silva I, Moody G, Scott DJ, Celi LA, Mark RG. Predicting in-hospital mortality of ICU patients: the PhysioNet/Computing
in Cardiology Challenge 2012. Comput Cardiol 2012;39:245. Data: Open Data Commons Attribution License 1.0, which lets
works made from the data be passed on with this notice. The eICU and MIMIC demos (Open Database License) are used for
scoring alone: no weights fitted on them are shipped, and sepsis, which only they label, has none.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from vitruvian.kinds.deterioration.weights import Weights

FILE = "weights.npz"  # what evidence/shipping.py wrote


@cache
def shipped_weights() -> Weights:
    """From the file beside this one, none where it was left out; KindError if it is not what was fitted."""
    file = files("vitruvian.kinds.deterioration") / FILE
    return Weights.from_bytes(file.read_bytes(), f"deterioration/{FILE}") if file.is_file() else Weights()
