"""What every start needs is known without pint, and means the same as with it."""

import subprocess
import sys

import pytest

from vitruvian.core import units
from vitruvian.core.errors import UnitError


def test_glucose_units_convert_without_pint() -> None:
    code = (
        "import sys; from vitruvian.core import units;"
        "print(units.convert(5.55, 'mmol/L', 'mg/dL', 'glucose'));"
        "[units.check(u) for u in ('mg/dL', 'mL/min/{1.73_m2}', '/min', 'm[iU]/L', 'mm[Hg]', 'kg/m2', '/min/(mg/dL)')];"
        "print('pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    value, pint = done.stdout.split()
    assert float(value) == pytest.approx(99.98658, abs=1e-9)  # 5.55 mmol/L x 180.156 g/mol / 10
    assert pint == "False"


@pytest.mark.parametrize(("source", "target"), [("mmol/L", "mg/dL"), ("mg/dL", "umol/L"), ("g/L", "mol/L")])
def test_the_short_way_equals_pint(source: str, target: str) -> None:
    short = units.convert(1.0, source, target, "glucose")
    by_pint = units.convert(1.0, source + "{a}", target, "glucose")  # an annotation is not in the short table
    assert short == pytest.approx(by_pint, rel=1e-12)


@pytest.mark.parametrize("unit", ["mgs", "/", "mg/", "mmHg", "mCel", "foo", "(mg", "()"])
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(UnitError, match="is not a UCUM unit"):
        units.check(unit)


def test_every_everyday_unit_is_a_unit_to_pint() -> None:
    prefixes = ("", "m", "u", "n", "p", "k", "M", "G", "d", "c", "da")
    atoms = (
        "g",
        "L",
        "l",
        "m",
        "s",
        "mol",
        "eq",
        "osm",
        "Pa",
        "Hz",
        "N",
        "J",
        "W",
        "V",
        "A",
        "K",
        "Ohm",
        "S",
        "F",
        "C",
    )
    for unit in [p + a for p in prefixes for a in (*atoms, "cal", "[iU]", "U", "m[Hg]")]:
        units.parse(unit)
    for unit in ("min", "h", "d", "wk", "mo", "a", "%", "Cel", "1"):
        units.parse(unit)


def test_annotations_are_no_units() -> None:
    assert units.parse("mL/min/{1.73_m2}") == units.parse("mL/min")
    assert units.parse("{beats}/min") == units.parse("/min")
