"""The weights that come with the package, checked against their hash: of real stays, and of simulated ones beside them.

Death and kidney injury were fitted on PhysioNet 2012 set A. Circulatory and respiratory failure and transfer to
intensive care were fitted on simulated stays alone (models/stays), and every name of theirs says so.

Silva I, Moody G, Scott DJ, Celi LA, Mark RG. Predicting in-hospital mortality of ICU patients: the PhysioNet/Computing
in Cardiology Challenge 2012. Comput Cardiol 2012;39:245. Data: Open Data Commons Attribution License 1.0, which lets
works made from the data be passed on with this notice. The eICU and MIMIC demos (Open Database License) are used for
scoring alone: no weights fitted on them are shipped, and sepsis, which only they label, has none.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from vitruvian.kinds.deterioration.weights import Weights

FILE, SIMULATED_FILE = "weights.npz", "weights_simulated.npz"  # what evidence/shipping.py wrote


@cache
def shipped_weights() -> Weights:
    """From the files beside this one, none where they were left out; KindError if one is not what was fitted."""
    out = Weights()
    for name in (SIMULATED_FILE, FILE):
        file = files("vitruvian.kinds.deterioration") / name
        if file.is_file():
            out = out.having(Weights.from_bytes(file.read_bytes(), f"deterioration/{name}"))
    return out
