"""The weights that ship, learned from all shared subjects: python -m vitruvian.kinds.metabolic.evidence.shipping DATA.

Licence of the data: CC BY 4.0, attributed in the file, in NOTICE and in README.md. The claims never use these weights:
they learn on their own folds.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from vitruvian.kinds.metabolic.evidence.cgmacros import subjects
from vitruvian.kinds.metabolic.evidence.forecasts import wearers
from vitruvian.kinds.metabolic.residual.learning import learn
from vitruvian.kinds.metabolic.residual.shipped import FILE

SOURCE = "CGMacros (Das et al., PhysioNet 2025, CC BY 4.0), Dexcom of 30 adults"


def write(data: Path) -> Path:
    """Learn from the data set under this root and put the weights where the kind finds them."""
    path = Path(str(files("vitruvian.kinds.metabolic.residual") / FILE))
    path.write_bytes(learn(wearers(subjects(data), quick=False), SOURCE).to_bytes())
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]))
