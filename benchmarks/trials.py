"""20,000 simulated trials of 200 patients with analysis: this package's compiled ANCOVA beside statsmodels, one run.

Both sides simulate outcome and score, fit ANCOVA with HC3, and give effect, interval and p by t. statsmodels (BSD)
runs a stated subsample and is scaled; the two are compared on the same trials first. CPU seconds, one thread, after
compilation.
"""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from vitruvian.studies.procova.many import ancova_many
from vitruvian.studies.procova.simulate import Scenario, analysed, blocks

TRIALS, PATIENTS, SUBSAMPLE = 20_000, 200, 250
SCENARIO = Scenario(PATIENTS, correlation=0.5, effect=0.3)


def ours() -> tuple[float, float]:
    """Share rejected, CPU seconds of all trials."""
    analysed(SCENARIO, 8, 0)
    start = time.process_time()
    found = analysed(SCENARIO, TRIALS, 1)
    found.interval()
    return float((found.p() < 0.05).mean()), time.process_time() - start


def theirs() -> tuple[float, float, float]:
    """Share rejected, CPU seconds scaled to all trials, largest difference of standard errors from ours."""
    import statsmodels.api as sm

    y, arm, score = next(blocks(SCENARIO, SUBSAMPLE, 1))
    own = np.sqrt(ancova_many(y, arm, score).variance["HC3"])
    rng = np.random.default_rng(1)
    rejected, apart = 0, 0.0
    for k in range(20):  # warm
        sm.OLS(y[:, k], sm.add_constant(np.column_stack([arm[:, k], score[:, k]]))).fit(cov_type="HC3", use_t=True)
    start = time.process_time()
    for k in range(SUBSAMPLE):
        rng.standard_normal(2 * PATIENTS)  # it simulates too
        d = sm.add_constant(np.column_stack([arm[:, k], score[:, k]]))
        fit = sm.OLS(y[:, k], d).fit(cov_type="HC3", use_t=True)
        fit.conf_int()
        rejected += fit.pvalues[1] < 0.05
        apart = max(apart, abs(fit.bse[1] - own[k]))
    return rejected / SUBSAMPLE, (time.process_time() - start) * TRIALS / SUBSAMPLE, apart


def main() -> None:
    """Measure both sides in one process and write the result."""
    (power, fast), (other, slow, apart) = ours(), theirs()
    result = {
        "workload": f"{TRIALS} trials of {PATIENTS}, simulated and analysed (ANCOVA, HC3)",
        "ours": {"cpu_s": fast, "rejected": power},
        "peer": {"name": "statsmodels", "cpu_s_scaled": slow, "measured_trials": SUBSAMPLE, "rejected": other},
        "standard_errors_agree_within": apart,
        "times_peer": slow / fast,
        "target": 100,
        "machine": f"{platform.machine()} x {os.cpu_count()}, load {os.getloadavg()[0]:.0f}",
    }
    text = json.dumps(result, indent=1)
    (Path(__file__).parent / "results" / "trials.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
