"""Times and rates convert without loading pint, to what pint says."""

import subprocess
import sys

import pytest

from vitruvian.core.units import _registry, factor, parse

TIMES = ("s", "min", "h", "d")


@pytest.mark.parametrize("sign", ["", "/"])
def test_as_pint_says(sign: str) -> None:
    for source in TIMES:
        for target in TIMES:
            slope, offset = factor(sign + source, sign + target)
            expected = _registry().Quantity(1.0, parse(sign + source)).to(parse(sign + target)).magnitude
            assert slope == pytest.approx(expected, rel=1e-15)
            assert offset == 0.0


def test_without_loading_it() -> None:
    code = "import sys; from vitruvian.core.units import factor; factor('/h', '/s'); assert 'pint' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
