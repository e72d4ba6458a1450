"""The data points of Open mHealth: all that should pass pass, all that should fail fail."""

from pathlib import Path

from needs import require_data
from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir import written
from vitruvian.platform.connect.mqtt.openmhealth import checked


def test_pass_and_fail_points() -> None:
    root = require_data("interop", "openmhealth", "test-data", "omh")
    files = sorted(root.glob("*/*/should*/*.json"))
    assert len(files) > 100
    wrong = [str(path.relative_to(root)) for path in files if _passes(path) != (path.parent.name == "shouldPass")]
    assert wrong == []


def _passes(path: Path) -> bool:
    body = written.loads(path.read_bytes())
    name = path.parts[-4]
    if name in ("systolic-blood-pressure", "diastolic-blood-pressure"):  # their schema is of the value itself
        body = {name.replace("-", "_"): body}
    try:
        checked(name, float(path.parts[-3]), body)
    except ParseError:
        return False
    return True
