"""What was known by a moment: of each reading the newest version, checked against a plain replay."""

import numpy as np
import pytest

from vitruvian.core.keys import generator
from vitruvian.core.record import Record


@pytest.mark.parametrize("seed", range(5))
def test_until_equals_a_replay_of_the_versions(seed: int) -> None:
    rng, n = generator(seed, "versions"), 60
    ids = np.array([f"r{i}" for i in rng.integers(0, 20, n)], dtype=object)
    valid = np.array([float(i[1:]) for i in ids])
    known, value = rng.integers(0, 30, n).astype(float), rng.standard_normal(n)
    record = Record.of("x", valid, value, known_at=known, id=ids, removed=rng.uniform(size=n) < 0.2)
    for moment in (*np.arange(-1.0, 31.0), np.inf):
        told: dict[str, tuple[float, bool]] = {}
        for i in np.argsort(record.known_at, kind="stable"):
            if record.known_at[i] <= moment:
                told[record.id[i]] = (float(record.value[i]), bool(record.removed[i]))
        seen = record.until(moment)
        expected = {name: v for name, (v, removed) in told.items() if not removed}
        assert dict(zip(seen.id.tolist(), seen.value.tolist(), strict=True)) == expected
