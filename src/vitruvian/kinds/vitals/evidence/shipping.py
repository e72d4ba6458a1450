"""Learn the population that is shipped: `python -m vitruvian.kinds.vitals.evidence.shipping ROOT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vitruvian.kinds.vitals import shipped
from vitruvian.kinds.vitals.errors import learn_errors
from vitruvian.kinds.vitals.evidence.data import physionet
from vitruvian.kinds.vitals.learning import learn_population

SEED = 20260402

if __name__ == "__main__":
    stays = physionet(Path(sys.argv[1]))
    found = learn_population(stays, f"PhysioNet 2012 set A (ODC-By 1.0): {len(stays)} stays")
    errors = learn_errors(found, stays, SEED)
    told = shipped.to_json(found, errors)
    population, errors = shipped.from_json(told)  # as it will be read, rounded
    stored = {"digest": shipped.digest_of(population, errors), "population": told}
    text = json.dumps(stored, indent=None, separators=(",", ":")) + "\n"
    (Path(shipped.__file__).parent / shipped.FILE).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{found.origin}\n{sorted(errors.by)}\n")
