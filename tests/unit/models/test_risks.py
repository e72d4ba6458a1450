"""A share of patients or of time is no risk; a probability is."""

import pytest

from vitruvian.models.alarms.risks import risks
from vitruvian.platform import registry

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("kind", "first"), [("risk", ("risk",)), ("hospital", ()), ("queue", ()), ("infusion", ())])
def test_what_counts_as_a_risk(kind: str, first: tuple[str, ...]) -> None:
    assert risks(registry.get(kind)) == first
