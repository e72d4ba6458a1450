"""Runs the package treat-sim (MIT; peers extra) and keeps means and standard errors of its six scenarios.

`python tests/science/references/treat_sim_package.py 200` made kinds/hospital/evidence/treat_sim.json.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def measured(replications: int) -> dict[str, Any]:
    """{scenario: {metric: [mean, standard error]}} of the package's own runs of 19 h."""
    from treat_sim.model import get_scenarios, multiple_replications

    out: dict[str, Any] = {"package": "treat-sim 3.0.0", "replications": replications, "scenarios": {}}
    for name, scenario in get_scenarios().items():
        frame: Any = multiple_replications(scenario, rc_period=19 * 60, n_reps=replications)
        out["scenarios"][name] = {
            str(c): [float(frame[c].mean()), float(frame[c].std(ddof=1) / replications**0.5)] for c in frame.columns
        }
    return out


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(int(sys.argv[1])), indent=1) + "\n")
